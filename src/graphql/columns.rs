//! Look-ahead: which columns of free data an operation shows, so that the others are not read. One set for
//! the whole operation: its loaders share rows, which are then all alike.

use std::collections::HashSet;

use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, Selection, SelectionSet};

use super::outline::{Outline, name_of, root_of};
use crate::domain::columns::Columns;

/// What the fields of a type read.
struct Reads {
    type_name: &'static str,
    /// What its fields read that have no line: all that they could, so that a field that was forgotten here
    /// is slow and not wrong.
    unlisted: Columns,
    /// The lines: what the fields of these names read.
    fields: &'static [(Columns, &'static str)],
}

/// What the fields of the schema read. Types that have no place here are made by a field that has one, of
/// what that field reads.
const READS: &[Reads] = &[
    Reads {
        type_name: "Community",
        unlisted: Columns::COMMUNITY_LEGAL
            .union(Columns::COMMUNITY_LINKS)
            .union(Columns::COMMUNITY_CONTACT)
            .union(Columns::COMMUNITY_SETTINGS)
            .union(Columns::COMMUNITY_EXTRA)
            .union(Columns::COMMUNITY_ENVELOPE)
            .union(GRID),
        fields: &[
            (
                Columns::empty(),
                "id key name description members member assets asset deliveryPoints meters stats revisions version revision createdAt updatedAt",
            ),
            (Columns::COMMUNITY_LEGAL, "legal"),
            (Columns::COMMUNITY_LINKS, "links"),
            (Columns::COMMUNITY_CONTACT, "contact"),
            (Columns::COMMUNITY_SETTINGS, "settings"),
            (Columns::COMMUNITY_OPERATORS, "operators"),
            (Columns::COMMUNITY_AREAS, "areas area"),
            (Columns::COMMUNITY_TOPOLOGY, "topology topologyNode"),
            (Columns::COMMUNITY_EXTRA, "extra"),
        ],
    },
    Reads { type_name: "Operator", unlisted: Columns::COMMUNITY_OPERATORS, fields: &[] },
    Reads {
        type_name: "Area",
        unlisted: GRID,
        fields: &[(
            Columns::COMMUNITY_AREAS,
            "key name boundary location geometry extra community members stats",
        )],
    },
    Reads {
        type_name: "TopologyNode",
        unlisted: GRID,
        fields: &[
            (
                Columns::COMMUNITY_TOPOLOGY,
                "id type name parent children ancestors descendants inCycle geometry extra",
            ),
            (Columns::COMMUNITY_TOPOLOGY.union(Columns::COMMUNITY_OPERATORS), "operator"),
            (Columns::COMMUNITY_TOPOLOGY.union(Columns::COMMUNITY_AREAS), "areas members meters stats"),
        ],
    },
    Reads {
        type_name: "Member",
        unlisted: Columns::MEMBER_EXTRA.union(Columns::COMMUNITY_AREAS),
        fields: &[
            (
                Columns::empty(),
                "id key userId did name type role status areaKey community deliveryPoints assets version createdAt updatedAt",
            ),
            (Columns::COMMUNITY_AREAS, "area"),
            (Columns::MEMBER_EXTRA, "extra"),
        ],
    },
    Reads {
        type_name: "DeliveryPoint",
        unlisted: Columns::DELIVERY_POINT_EXTRA,
        fields: &[
            (Columns::empty(), "id code type description address tariff active member community meters"),
            (Columns::DELIVERY_POINT_EXTRA, "extra"),
        ],
    },
    Reads {
        type_name: ASSET,
        unlisted: Columns::ASSET_PROPERTIES
            .union(Columns::ASSET_DEVICE)
            .union(Columns::ASSET_RELATIONSHIPS)
            .union(Columns::ASSET_EXTRA),
        fields: &[
            (
                Columns::empty(),
                "id key type name sensorId owner community measuredBy version createdAt updatedAt",
            ),
            (Columns::ASSET_DEVICE, "device"),
            (Columns::ASSET_RELATIONSHIPS, "measures pairedWith relationships"),
            (Columns::ASSET_PROPERTIES, "properties"),
            (Columns::ASSET_EXTRA, "extra"),
        ],
    },
];

/// Everything that the grid of a community is made of.
const GRID: Columns =
    Columns::COMMUNITY_OPERATORS.union(Columns::COMMUNITY_AREAS).union(Columns::COMMUNITY_TOPOLOGY);

/// The interface of the kinds of assets.
const ASSET: &str = "Asset";

/// The kinds of assets. The fields that the interface lacks are properties of the kind.
const KINDS: &[&str] =
    &["PvAsset", "StorageAsset", "MeterAsset", "EvChargerAsset", "HeatPumpAsset", "LoadAsset"];

/// What a field reads.
fn columns_of(parent: &str, field: &str, outline: &Outline) -> Columns {
    let parent = match KINDS.contains(&parent) {
        true if outline.field_of(ASSET, field).is_none() => return Columns::ASSET_PROPERTIES,
        true => ASSET,
        false => parent,
    };
    let Some(reads) = READS.iter().find(|reads| reads.type_name == parent) else { return Columns::empty() };
    let line = reads.fields.iter().find(|(_, fields)| fields.split(' ').any(|listed| listed == field));
    line.map_or(reads.unlisted, |(columns, _)| *columns)
}

/// What an operation reads, whatever its variables: a field counts when it may be skipped, too.
pub fn columns_read(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    outline: &Outline,
) -> Columns {
    let mut walk = Walk { document, outline, seen: HashSet::new(), columns: Columns::empty() };
    walk.set(&operation.selection_set.node, root_of(operation.ty));
    walk.columns
}

/// A walk that takes each selection of a document once.
struct Walk<'d> {
    document: &'d ExecutableDocument,
    outline: &'d Outline,
    seen: HashSet<&'d str>,
    columns: Columns,
}

impl<'d> Walk<'d> {
    fn set(&mut self, set: &'d SelectionSet, parent: &'d str) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    let name = field.node.name.node.as_str();
                    if name.starts_with("__") {
                        continue;
                    }
                    self.columns |= columns_of(parent, name, self.outline);
                    match self.outline.field_of(parent, name) {
                        Some(known) => self.set(&field.node.selection_set.node, name_of(&known.field_type)),
                        // The library refuses it; nothing may depend on that here.
                        None => self.columns = Columns::all(),
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let parent = condition.map_or(parent, |condition| condition.node.on.node.as_str());
                    self.set(&fragment.node.selection_set.node, parent);
                }
                Selection::FragmentSpread(spread) => {
                    let name = spread.node.fragment_name.node.as_str();
                    // What a fragment reads depends on its own type alone, so once is enough.
                    if let Some(fragment) = self.document.fragments.get(name)
                        && self.seen.insert(name)
                    {
                        let parent = fragment.node.type_condition.node.on.node.as_str();
                        self.set(&fragment.node.selection_set.node, parent);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;
    use crate::graphql::sdl;

    fn read(query: &str) -> Columns {
        let document = parse_query(query).unwrap();
        let mut operations = document.operations.iter();
        let (_, operation) = operations.find(|(name, _)| name.is_none_or(|name| name == "a")).unwrap();
        columns_read(&document, &operation.node, &Outline::of(&sdl()))
    }

    #[test]
    fn every_line_is_of_a_field_that_the_schema_has() {
        let outline = Outline::of(&sdl());
        for kind in KINDS {
            assert!(outline.has_fields(kind), "{kind}");
        }
        for reads in READS {
            for field in reads.fields.iter().flat_map(|(_, fields)| fields.split(' ')) {
                assert!(outline.field_of(reads.type_name, field).is_some(), "{}.{field}", reads.type_name);
            }
        }
    }

    #[test]
    fn what_is_not_shown_is_not_read() {
        assert_eq!(read("{ members { nodes { key community { name } } totalCount } }"), Columns::empty());
        assert_eq!(read("{ assets { nodes { key } } __schema { types { name } } }"), Columns::empty());
        assert_eq!(read("{ exportYaml(communityKeys: []) }"), Columns::empty());
    }

    #[test]
    fn a_field_is_found_wherever_it_is_selected() {
        let extra = Columns::MEMBER_EXTRA;
        assert_eq!(read("{ members { nodes { other: extra } } }"), extra);
        assert_eq!(read("{ members { edges { node { extra @skip(if: true) } } } }"), extra);
        assert_eq!(
            read("query($x: Boolean!) { members { nodes { ... @include(if: $x) { extra } } } }"),
            extra
        );
        assert_eq!(read("{ node(id: 1) { ...n } } fragment n on Node { ... on Member { extra } }"), extra);
        assert_eq!(read("{ search(text: \"\") { node { ... on Member { extra } } } }"), extra);
        assert_eq!(
            read("subscription { communityChanged { community { legal { vat } } } }"),
            Columns::COMMUNITY_LEGAL
        );
    }

    #[test]
    fn the_kinds_of_assets_read_their_properties() {
        let (properties, device) = (Columns::ASSET_PROPERTIES, Columns::ASSET_DEVICE);
        assert_eq!(read("{ assets { nodes { ... on PvAsset { ratedPower } } } }"), properties);
        assert_eq!(
            read("{ assets { nodes { ... on MeterAsset { key deliveryPoint { code } } } } }"),
            properties
        );
        assert_eq!(read("{ assets { nodes { ... on Asset { device { model } } } } }"), device);
        assert_eq!(read("{ deliveryPoints { nodes { meters { device { model } } } } }"), device);
    }

    #[test]
    fn an_operation_is_asked_alone_and_each_of_its_fragments_once() {
        assert_eq!(
            read(
                "query a { members { nodes { ...m } } } query b { members { nodes { extra } } }
            fragment m on Member { key }"
            ),
            Columns::empty()
        );
        let mut query = "{ members { nodes { ...f0 } } }".to_owned();
        for n in 0..60 {
            let next = n + 1;
            query += &format!(" fragment f{n} on Member {{ ...f{next} ...f{next} }}");
        }
        assert_eq!(
            read(&format!("{query} fragment f60 on Member {{ area {{ key }} }}")),
            Columns::COMMUNITY_AREAS
        );
    }

    #[test]
    fn what_the_schema_does_not_have_reads_everything() {
        assert_eq!(read("{ members { nodes { none } } }"), Columns::all());
    }
}
