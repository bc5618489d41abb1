//! The delivery points of one member.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::fields::Fields;
use super::findings::Findings;
use crate::bundle::keys;
use crate::bundle::path::Path;
use crate::domain::code::Code;
use crate::domain::delivery_point::DeliveryPointContent;
use crate::domain::document::Document;
use crate::domain::identifier::DeliveryPointCode;
use crate::domain::node::Node;

/// The points of a member, by code, and the place of each by its folded code.
pub struct Points {
    pub contents: Vec<DeliveryPointContent>,
    pub by_folded_code: HashMap<String, usize>,
}

pub fn check(nodes: Vec<Node>, path: &Path<'_>, findings: &mut Findings) -> Points {
    let mut contents = Vec::with_capacity(nodes.len());
    let mut by_folded_code = HashMap::with_capacity(nodes.len());
    for (index, node) in nodes.into_iter().enumerate() {
        let path = path.index(index);
        let Some(mut fields) = Fields::of(node, path, "a delivery point", findings) else { continue };
        let code = fields.required_id("id", keys::KEY_CHARS, findings).map(DeliveryPointCode::from);
        if let Some(code) = &code {
            match by_folded_code.entry(code.folded()) {
                Entry::Vacant(free) => {
                    free.insert(index);
                }
                Entry::Occupied(_) => findings.refuse(Code::DuplicateKey, &path.key("id"), || {
                    "the member has this delivery point already; ids are compared trimmed and ignoring case"
                        .to_owned()
                }),
            }
        }
        contents.extend(check_rest(code, fields, findings));
    }
    contents.sort_by(|a, b| a.code.cmp(&b.code));
    Points { contents, by_folded_code }
}

/// Checks one delivery point.
pub fn check_one(node: Node, path: Path<'_>, findings: &mut Findings) -> Option<DeliveryPointContent> {
    let mut fields = Fields::of(node, path, "a delivery point", findings)?;
    let code = fields.required_id("id", keys::KEY_CHARS, findings).map(DeliveryPointCode::from);
    check_rest(code, fields, findings)
}

/// Checks everything of a point but its code.
fn check_rest(
    code: Option<DeliveryPointCode>,
    mut fields: Fields<'_>,
    findings: &mut Findings,
) -> Option<DeliveryPointContent> {
    let point_type = fields.required_text("type", keys::KEY_CHARS, findings);
    let description = fields.text("description", usize::MAX, findings);
    let address = fields.text("address", usize::MAX, findings);
    let tariff = fields.text("tariff", usize::MAX, findings);
    let active = fields.flag("active", findings).unwrap_or(true);
    let extra = Document::from_entries(fields.rest(findings), &[]);
    let (code, point_type) = code.zip(point_type)?;
    Some(DeliveryPointContent { code, point_type, description, address, tariff, active, extra })
}
