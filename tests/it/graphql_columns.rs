//! Look-ahead: what an operation does not show is not read, and what it shows is what it would show beside
//! everything else.

use std::collections::HashMap;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{BaseType, FieldDefinition, Type, TypeKind, TypeSystemDefinition};
use serde_json::{Map, Value, json};

use crate::support::TestApp;
use crate::support::on_both_databases;

/// A community that says everything that the schema has a field for.
const WHOLE: &str = r#"
schema_version: "0.5"
metadata: {updated_by: somebody}
community:
  id: whole
  name: Whole
  description: All of it
  founded: 2021
  legal: {name: L, vat: V, fiscal_code: F, legal_form: G, registration_number: R, registered_office: O, seal: 1.50}
  links: {website: "https://w.example", logo: "https://l.example", privacy_policy: "https://p.example",
    terms: "https://t.example", statute: "https://s.example", regulations: "https://r.example", blog: b}
  contact: {email: a@b.example, pec: p@b.example, phone: "1", address: A, fax: "2"}
  settings: {timezone: Europe/Rome, currency: EUR, energy_unit: kWh, power_unit: kW, theme: dark}
  operators: {dso: {name: A DSO, country: IT, contact: {email: a@dso.example, pec: p@dso.example, phone: "3",
    address: B, fax: "4"}, licence: 7}}
  areas:
    north: {name: North, boundary: {source: gse_cabine_primarie, id: n1, sheet: 5}, topology: [n1],
      location: {lat: 45.5, lon: 7.25, alt: 600}, geometry: {type: Point, coordinates: [7.25, 45.5]}, climate: E}
  topology:
    - {id: n1, type: primary_substation, name: One, operator_id: dso, parent: n0, children: [n2],
       area: {type: Point, coordinates: [7, 45]}, voltage: 132}
    - {id: n0, type: feeder, name: Zero, operator_id: dso, voltage: 20}
    - {id: n2, type: feeder, name: Two, operator_id: dso, parent: n1, voltage: 20}
members:
  alice:
    user_id: alice
    did: "did:web:alice.example"
    name: Alice
    type: "schema:Person"
    role: prosumer
    area: north
    status: active
    hobby: bees
    delivery_points: [{id: IT001, type: pod, description: Home, address: Street 1, tariff: D2, active: true, phases: 3}]
    assets:
      pv: {roof: {name: Roof, sensor_id: S-PV, rated_power: 5.5, panel_type: mono, inverter_power: 5, orientation: 180,
        tilt_angle: 30, installation_date: 2024-02-29, DEVICE, relationships: {measures: [main], paired_with: cell},
        extra: {e: 1}}}
      storage: {cell: {name: Cell, sensor_id: S-ST, capacity: 10, max_charge_power: 5, max_discharge_power: 4, battery_type: LFP,
        round_trip_efficiency: 90, installation_date: 2024-02-29, DEVICE,
        relationships: {measures: [main], paired_with: roof}, extra: {e: 2}}}
      meter: {main: {name: Main, sensor_id: S-ME, meter_type: bidirectional, pod: IT001, protocol: dlms,
        installation_date: 2024-02-29, DEVICE,
        relationships: {measures: [roof, cell, car, heat, oven, main], paired_with: roof}, extra: {e: 3}}}
      ev_charger: {car: {name: Car, sensor_id: S-EV, max_power: 11, charger_type: ac, connector_types: [type2], smart_charging: true,
        bidirectional: true, num_ports: 2, installation_date: 2024-02-29, DEVICE,
        relationships: {measures: [main], paired_with: roof}, extra: {e: 4}}}
      heat_pump: {heat: {name: Heat, sensor_id: S-HP, thermal_power: 8, electrical_power: 2, cop: 4, eer: 3, scop: 4, seer: 5,
        heat_pump_type: air, reversible: true, refrigerant: R290, installation_date: 2024-02-29, DEVICE,
        relationships: {measures: [main], paired_with: roof}, extra: {e: 5}}}
      load: {oven: {name: Oven, sensor_id: S-LO, load_type: kitchen, rated_power: 3, min_power: 1, controllable: true, priority: high,
        flexibility_kw: 2, installation_date: 2024-02-29, DEVICE,
        relationships: {measures: [main], paired_with: roof}, extra: {e: 6}}}
  bob:
    user_id: bob
    name: Bob
    role: consumer
    area: north
    status: pending
    hobby: chess
    delivery_points: [{id: it001, type: pod, active: false, phases: 1}]
"#;

const DEVICE: &str = "device: {type: T, manufacturer: M, model: N, serial_number: S, mac_address: A,
        firmware_version: F, voltage: 230}";

/// How to come to an object of each type that has a row or a place in a document; what has not is a part of
/// one of these. `*` is where its fields go.
const WAYS: &[(&str, &str)] = &[
    ("Query", "*"),
    ("Viewer", "me { * }"),
    ("Community", "communities { nodes { * } }"),
    ("Operator", r#"community(key: "whole") { operators { * } }"#),
    ("Area", r#"members(filter: {key: {eq: "alice"}}) { nodes { area { * } } }"#),
    ("TopologyNode", r#"community(key: "whole") { topologyNode(id: "n1") { * } }"#),
    ("Member", r#"members(filter: {key: {eq: "alice"}}) { nodes { * } }"#),
    ("DeliveryPoint", r#"deliveryPoints(filter: {active: {eq: true}}) { nodes { * } }"#),
    ("Asset", "assets { nodes { * } }"),
    ("PvAsset", r#"asset: assetBySensorId(sensorId: "S-PV") { ... on PvAsset { * } }"#),
    ("StorageAsset", r#"asset: assetBySensorId(sensorId: "S-ST") { ... on StorageAsset { * } }"#),
    ("MeterAsset", r#"deliveryPointByCode(code: "IT001") { meters { * } }"#),
    ("EvChargerAsset", r#"asset: assetBySensorId(sensorId: "S-EV") { ... on EvChargerAsset { * } }"#),
    ("HeatPumpAsset", r#"asset: assetBySensorId(sensorId: "S-HP") { ... on HeatPumpAsset { * } }"#),
    ("LoadAsset", r#"asset: assetBySensorId(sensorId: "S-LO") { ... on LoadAsset { * } }"#),
    ("Node", r#"search(text: "whole") { node { * } }"#),
];

/// What fields are given that need something; `$id` is the id of a member.
const ARGUMENTS: &[(&str, &str)] = &[
    ("Query.node", "id: $id"),
    ("Query.nodes", "ids: [$id]"),
    ("Query.community", r#"key: "whole""#),
    ("Query.memberByUserId", r#"userId: "alice""#),
    ("Query.memberByDid", r#"did: "did:web:alice.example""#),
    ("Query.assetBySensorId", r#"sensorId: "S-PV""#),
    ("Query.assetsBySensorIds", r#"sensorIds: ["S-PV", "S-ME"]"#),
    ("Query.assetsByUserIds", r#"userIds: ["alice"]"#),
    ("Query.membersByDids", r#"dids: ["did:web:alice.example"]"#),
    ("Query.deliveryPointByCode", r#"code: "IT001""#),
    ("Query.duplicateDeliveryPoints", r#"communityKey: "whole""#),
    ("Query.search", r#"text: "roof""#),
    ("Query.exportYaml", r#"communityKeys: ["whole"]"#),
    ("Query.holderAt", r#"kind: SENSOR, id: "S-PV", at: "2100-01-01T00:00:00Z""#),
    ("Viewer.membership", r#"communityKey: "whole""#),
    ("Community.area", r#"key: "north""#),
    ("Community.topologyNode", r#"id: "n1""#),
    ("Community.member", r#"key: "alice""#),
    ("Community.asset", r#"key: "roof""#),
];

/// Fields that say something else each time: what was looked at, and when.
const NEVER_THE_SAME: &[&str] = &["Query.auditEntries", "Viewer.export"];

/// Everything that has a column: the columns are named in the statements of this and in no others'.
const EVERYTHING: &str = r#"everything: community(key: "whole") {
    legal { extra } links { extra } contact { extra } settings { extra } operators { extra } areas { extra }
    topology { extra } extra members { nodes { extra } } deliveryPoints { nodes { extra } }
    assets { nodes { properties device { extra } relationships extra } } }"#;

/// The columns of free data, as statements name them; the envelope is shown by no field.
const COLUMNS: &[&str] = &[
    r#""community"."legal""#,
    r#""community"."links""#,
    r#""community"."contact""#,
    r#""community"."settings""#,
    r#""community"."operators""#,
    r#""community"."areas""#,
    r#""community"."topology""#,
    r#""community"."extra""#,
    r#""member"."extra""#,
    r#""delivery_point"."extra""#,
    r#""asset"."properties""#,
    r#""asset"."device""#,
    r#""asset"."relationships""#,
    r#""asset"."extra""#,
];

async fn filled(app: &TestApp) {
    app.import(WHOLE.replace("DEVICE", DEVICE)).await;
}

/// The columns of free data that the statements of a query name.
async fn columns_of(app: &TestApp, query: &str) -> Vec<&'static str> {
    let (answer, statements) = app.counted(app.graphql(query, json!({})).admin()).await;
    answer.data();
    let envelope = r#""community"."envelope""#;
    assert!(!statements.iter().any(|sql| sql.contains(envelope)), "{query}: {statements:#?}");
    let is_named = |column: &&&str| statements.iter().any(|sql| sql.contains(**column));
    COLUMNS.iter().filter(is_named).copied().collect()
}

/// The fields of the types of the schema.
struct Schema(HashMap<String, Vec<FieldDefinition>>);

impl Schema {
    fn read() -> Self {
        let definitions = parse_schema(rec_registry::graphql::sdl()).expect("the schema is one").definitions;
        let types = definitions.into_iter().filter_map(|definition| {
            let TypeSystemDefinition::Type(definition) = definition else { return None };
            let fields = match definition.node.kind {
                TypeKind::Object(object) => object.fields,
                TypeKind::Interface(interface) => interface.fields,
                _ => return None,
            };
            Some((
                definition.node.name.node.to_string(),
                fields.into_iter().map(|field| field.node).collect(),
            ))
        });
        Self(types.collect())
    }

    /// A field of a type, under a name that no other has: of a type that has a way only that it is there, of
    /// all others everything.
    fn selected(&self, parent: &str, field: &FieldDefinition) -> String {
        let (name, place) = (&field.name.node, format!("{parent}.{}", field.name.node));
        let given = ARGUMENTS.iter().find(|(of, _)| *of == place).map(|(_, given)| format!("({given})"));
        let leads_to = name_of(&field.ty.node);
        let below = match self.0.get(leads_to) {
            None => String::new(),
            Some(_) if WAYS.iter().any(|(of, _)| *of == leads_to) => "{ __typename }".to_owned(),
            Some(fields) => {
                let fields = fields.iter().map(|field| self.selected(leads_to, field));
                format!("{{ {} }}", fields.collect::<Vec<_>>().join(" "))
            }
        };
        format!("{name}{} {below}", given.unwrap_or_default())
    }
}

fn name_of(of: &Type) -> &str {
    match &of.base {
        BaseType::Named(name) => name,
        BaseType::List(item) => name_of(item),
    }
}

/// Whether a value says nothing: nothing, or nothing of anything.
fn is_silent(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().all(is_silent),
        Value::Object(fields) => fields.values().all(is_silent),
        _ => false,
    }
}

/// The answer to a selection, asked by somebody who is a member and may do everything.
async fn asked(app: &TestApp, query: &str, id: &Value) -> Map<String, Value> {
    let query = format!("{{ {query} }}").replace("$id", &id.to_string());
    let answer = app.graphql(&query, json!({})).by("alice", "rec-registry.admin").await.data();
    answer.as_object().expect("an object").clone()
}

on_both_databases! {
    async fn what_is_not_shown_is_not_read(app: TestApp) {
        filled(&app).await;
        let none: &[&str] = &[];
        for query in [
            "{ communities { nodes { key name stats { memberCount } } } }",
            "{ members { totalCount nodes { key name community { name } deliveryPoints { code } assets { nodes { key owner { name } } } } } }",
            "{ assets(filter: {owner: {key: {eq: \"alice\"}}}, orderBy: NAME_DESC) { nodes { key measuredBy { key } } } }",
            "{ deliveryPoints { nodes { code member { name } meters { key } } } }",
            "{ search(text: \"alice\") { field node { id __typename } } }",
            "{ me { memberships { key community { members { nodes { key } } } } } }",
        ] {
            assert_eq!(columns_of(&app, query).await, none, "{query}");
        }
        assert_eq!(columns_of(&app, &format!("{{ {EVERYTHING} }}")).await, COLUMNS);
    }

    async fn each_document_is_read_for_itself(app: TestApp) {
        filled(&app).await;
        for (query, columns) in [
            ("{ members { nodes { extra community { name } } } }", &[r#""member"."extra""#][..]),
            ("{ members { nodes { area { name } } } }", &[r#""community"."areas""#]),
            ("{ assets { nodes { ...a } } } fragment a on Asset { d: device { model } }", &[r#""asset"."device""#]),
            ("{ assets { nodes { ... on PvAsset { ratedPower } } } }", &[r#""asset"."properties""#]),
            ("{ assets { nodes { measures { key } } } }", &[r#""asset"."relationships""#]),
            ("{ search(text: \"it001\") { node { ... on DeliveryPoint { extra } } } }", &[r#""delivery_point"."extra""#]),
            ("{ communities { nodes { topology { id } } } }", &[r#""community"."topology""#]),
            ("{ communities { nodes { members { nodes { extra @include(if: true) } } } } }", &[r#""member"."extra""#]),
        ] {
            assert_eq!(columns_of(&app, query).await, columns, "{query}");
        }
    }

    async fn every_field_says_alone_what_it_says_beside_everything(app: TestApp) {
        filled(&app).await;
        let found = app.graphql("{ members { nodes { id } } }", json!({})).admin().await.data();
        let id = &found["members"]["nodes"][0]["id"];
        let whole = asked(&app, EVERYTHING, id).await;
        let schema = Schema::read();
        let mut silent = Vec::new();
        for (of, way) in WAYS {
            for field in &schema.0[*of] {
                if NEVER_THE_SAME.contains(&format!("{of}.{}", field.name.node).as_str()) {
                    continue;
                }
                let query = way.replace('*', &schema.selected(of, field));
                let alone = asked(&app, &query, id).await;
                let mut beside = asked(&app, &format!("{query} {EVERYTHING}"), id).await;
                assert_eq!(beside.remove("everything"), whole.get("everything").cloned(), "{query}");
                assert_eq!(alone, beside, "{query}");
                if alone.values().all(is_silent) {
                    silent.push(format!("{of}.{}", field.name.node));
                }
            }
        }
        // What says nothing is not compared. The token names no address.
        assert_eq!(silent, ["Viewer.email"]);
        let whole = Value::Object(whole).to_string();
        assert!(!whole.contains("{}"), "a document is empty: {whole}");
    }

    async fn what_is_written_is_compared_with_all_that_is_stored(app: TestApp) {
        filled(&app).await;
        let query = "mutation($yaml: String!) { importYaml(yaml: $yaml) { reports { unchanged { community member asset } } } }";
        let again = app.graphql(query, json!({"yaml": WHOLE.replace("DEVICE", DEVICE)})).admin().await.data();
        assert_eq!(
            again["importYaml"]["reports"][0]["unchanged"],
            json!({"community": 1, "member": 2, "asset": 6}),
        );
        let exported = app.graphql("{ exportYaml(communityKeys: [\"whole\"]) }", json!({})).admin().await.data();
        let before = app.export().await;
        assert_eq!(exported["exportYaml"].as_str(), Some(before.as_str()));
        let rename = "mutation { updateMember(input: {communityKey: \"whole\", key: \"bob\", name: \"Rob\"}) { member { key } } }";
        app.graphql(rename, json!({})).admin().await.data();
        assert_eq!(app.export().await, before.replace("name: Bob", "name: Rob"));
    }
}
