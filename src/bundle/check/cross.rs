//! What documents of one body say of the same communities, people, sensors and delivery points. Only
//! what the whole body leaves behind counts, so the order of its documents decides nothing but which of
//! two claims is named.

use std::collections::HashMap;

use super::MAX_REFUSALS_OF_BODY;
use super::document::DocumentFindings;
use crate::bundle::model::{BundledDid, CheckedBody, Held};
use crate::domain::code::Code;
use crate::domain::identifier::MemberKey;
use crate::domain::import::Refusal;

/// Joins the documents of a body and checks them against each other.
pub fn joined(found: Vec<DocumentFindings>) -> CheckedBody {
    let mut body = CheckedBody::default();
    for (index, DocumentFindings { mut document, held, dids }) in found.into_iter().enumerate() {
        for refusal in &mut document.refusals {
            refusal.document = index;
        }
        body.documents.push(document);
        body.held.extend(held.into_iter().map(|held| Held { document: index, ..held }));
        body.dids.extend(dids.into_iter().map(|did| BundledDid { document: index, ..did }));
    }
    let refusals = [same_communities(&body), same_dids(&body), same_holdings(&body)].into_iter().flatten();
    for refusal in refusals.collect::<Vec<_>>() {
        if let Some(document) = body.documents.get_mut(refusal.document) {
            document.bundle = None;
            document.refusals.push(refusal);
        }
    }
    bound(&mut body);
    body
}

fn same_communities(body: &CheckedBody) -> Vec<Refusal> {
    let mut first = HashMap::new();
    let mut refusals = Vec::new();
    for (index, document) in body.documents.iter().enumerate() {
        if document.community_key.is_empty() {
            continue;
        }
        let other = *first.entry(document.community_key.as_str()).or_insert(index);
        if other != index {
            refusals.push(Refusal {
                code: Code::DuplicateKey,
                detail: format!("document {other} of the body holds the same community"),
                document: index,
                path: "community.id".to_owned(),
            });
        }
    }
    refusals
}

fn same_dids(body: &CheckedBody) -> Vec<Refusal> {
    let mut first = HashMap::with_capacity(body.dids.len());
    let mut refusals = Vec::new();
    for (index, did) in body.dids.iter().enumerate() {
        let other = *first.entry(did.did.as_str()).or_insert(index);
        if other != index {
            let holder = holder(body.dids[other].document, &body.dids[other].member, did.document);
            refusals.push(Refusal {
                code: Code::DidTaken,
                detail: format!("{holder} has the same did; a did belongs to one member"),
                document: did.document,
                path: did.path.clone(),
            });
        }
    }
    refusals
}

fn same_holdings(body: &CheckedBody) -> Vec<Refusal> {
    let mut first = HashMap::with_capacity(body.held.len());
    let mut refusals = Vec::new();
    for (index, held) in body.held.iter().enumerate() {
        let other = *first.entry((held.kind, held.folded.as_str())).or_insert(index);
        if other != index {
            let holder = holder(body.held[other].document, &body.held[other].member, held.document);
            let what = held.kind.named();
            refusals.push(Refusal {
                code: held.kind.refusal(),
                detail: format!("{holder} holds the same {what}; only one active member may"),
                document: held.document,
                path: held.path.clone(),
            });
        }
    }
    refusals
}

fn holder(document: usize, member: &MemberKey, seen_from: usize) -> String {
    if document == seen_from {
        format!("the member {member}")
    } else {
        format!("the member {member} of document {document}")
    }
}

/// The document whose refusals reach the limit of the body says how many there are; those behind it
/// say theirs.
fn bound(body: &mut CheckedBody) {
    let mut left = MAX_REFUSALS_OF_BODY;
    for (index, document) in body.documents.iter_mut().enumerate() {
        let unsaid = document.refusals.len().saturating_sub(left);
        left = left.saturating_sub(document.refusals.len());
        if unsaid > 0 {
            document.refusals.truncate(document.refusals.len() - unsaid);
            document.refusals.push(Refusal {
                code: Code::InvalidBundle,
                detail: format!("{unsaid} more problems are not listed"),
                document: index,
                path: String::new(),
            });
        }
    }
}
