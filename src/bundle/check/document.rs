//! One document: the envelope, the community, the members, and what they name of each other.

use std::collections::HashSet;

use super::community;
use super::fields::{Fields, bounded_text, characters, free_keys};
use super::findings::Findings;
use super::member::{self, Members};
use crate::bundle::keys;
use crate::bundle::model::{BundledDid, CheckedDocument, Held, ReadDocument, Warning};
use crate::bundle::path::{Path, shown};
use crate::domain::digest::ContentDigest;
use crate::domain::document::{Document, ordered};
use crate::domain::identifier::CommunityKey;
use crate::domain::import::{CommunityGraph, Counts};
use crate::domain::node::{Entries, Node};

/// Most warnings of one document that are spelled out.
const MAX_WARNINGS: usize = 10_000;

/// A checked document with what its members hold.
pub struct DocumentFindings {
    pub document: CheckedDocument,
    pub held: Vec<Held>,
    pub dids: Vec<BundledDid>,
}

/// Checks one document, its index left at 0.
pub fn check(read: ReadDocument, limit: usize) -> DocumentFindings {
    let mut findings = Findings::new(read.problems, limit);
    characters(&read.node, &Path::Root, &mut findings);
    let Some(fields) = Fields::of(read.node, Path::Root, "A bundle", &mut findings) else {
        let document = CheckedDocument { refusals: findings.into_refusals(), ..CheckedDocument::default() };
        return DocumentFindings { document, held: Vec::new(), dids: Vec::new() };
    };
    bundle(fields, findings)
}

fn bundle(mut fields: Fields<'_>, mut findings: Findings) -> DocumentFindings {
    let mut warnings = Vec::new();
    let schema_version = fields.text("schema_version", usize::MAX, &mut findings);
    schema_version_warning(schema_version.as_deref(), &mut warnings);
    let is_bounded = schema_version.as_deref() == Some(keys::BOUNDED_AREAS);

    let community_node = fields.take("community");
    let members_node = fields.take("members");
    let envelope = envelope(fields, &mut findings);
    let path = Path::Key(&Path::Root, "community");
    let community = match community_node {
        Some(node) => community::check(node, path, is_bounded, envelope, &mut findings, &mut warnings),
        None => {
            findings.invalid(&path, || "`community` is required, a mapping with `id` and `name`".to_owned());
            community::Checked::default()
        }
    };

    let mut members = Members::new(&community.areas);
    if let Some(node) = members_node {
        members.check(node, &mut findings);
    }
    let counts = Counts { community: u64::from(!community.key.is_empty()), ..members.counts };
    let Members { drafts, held, dids, .. } = members;
    let members = member::finished(drafts, &mut warnings);

    let refusals = findings.into_refusals();
    let bundle = match community.content {
        Some(community) if refusals.is_empty() => Some(CommunityGraph { community, members }),
        _ => None,
    };
    bound(&mut warnings);
    let community_key = community.key;
    let digest = bundle.as_ref().map(ContentDigest::of);
    DocumentFindings {
        document: CheckedDocument { community_key, bundle, digest, counts, warnings, refusals },
        held,
        dids,
    }
}

fn schema_version_warning(claimed: Option<&str>, warnings: &mut Vec<Warning>) {
    let known = keys::SCHEMA_VERSIONS.join(", ");
    match claimed {
        None => {
            let sentence = format!("schema_version is missing; the published versions are {known}");
            warnings.push(Warning::odd(sentence));
        }
        Some(version) if !keys::SCHEMA_VERSIONS.contains(&version) => {
            let version = shown(version);
            let sentence =
                format!("schema_version `{version}` is unknown; the published versions are {known}");
            warnings.push(Warning::odd(sentence));
        }
        Some(_) => {}
    }
}

/// `version`, `metadata` and the unknown keys around the community.
fn envelope(mut fields: Fields<'_>, findings: &mut Findings) -> Document {
    let mut entries = Entries::new();
    let path = fields.path;
    let version = fields.take("version");
    if let Some(version) =
        version.and_then(|node| bounded_text(node, keys::NAME_CHARS, &path.key("version"), findings))
    {
        entries.push(("version".into(), Node::text(version)));
    }
    let metadata = fields.map("metadata", findings);
    if !metadata.is_empty() {
        free_keys(&metadata, &path.key("metadata"), findings);
        entries.push(("metadata".into(), Node::Map(ordered(metadata, keys::METADATA))));
    }
    let mut rest: Entries =
        fields.rest(findings).into_iter().map(|(key, value)| (key, value.sorted())).collect();
    rest.sort_by(|a, b| a.0.cmp(&b.0));
    entries.extend(rest);
    Document::from_canonical(&Node::Map(entries))
}

/// Whether a text is the key of a community, and what is allowed.
pub fn community_key(id: String, path: &Path<'_>, findings: &mut Findings) -> Option<CommunityKey> {
    if CommunityKey::is_valid(&id) {
        return Some(CommunityKey::from(id));
    }
    findings.invalid(path, || {
        format!(
            "the id of a community has 1 to {} characters of a-z, 0-9, `-` and `_`",
            CommunityKey::MAX_CHARS
        )
    });
    None
}

fn bound(warnings: &mut Vec<Warning>) {
    if warnings.len() > MAX_WARNINGS {
        let unsaid = warnings.len() - MAX_WARNINGS;
        warnings.truncate(MAX_WARNINGS);
        warnings.push(Warning::odd(format!("{unsaid} more warnings are not listed")));
    }
}

/// The area keys that members may name.
pub type AreaKeys = HashSet<String>;
