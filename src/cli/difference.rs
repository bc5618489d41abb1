//! The difference between what is stored and a bundle, on a terminal: in colours, unless nobody would see them.

use std::io::Write as _;

use anstyle::{AnsiColor, Style};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::output;
use crate::domain::closed_set::ClosedSet as _;
use crate::domain::difference as domain;
use crate::domain::node::Node;

/// What is different, from here or from a server.
#[derive(Debug, Serialize, Deserialize)]
pub struct Difference {
    changes: Vec<EntityChange>,
    unlisted: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct EntityChange {
    entity: String,
    key: String,
    member_key: Option<String>,
    change: String,
    fields: Vec<FieldChange>,
}

#[derive(Debug, Serialize, Deserialize)]
struct FieldChange {
    path: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Value>,
}

impl From<domain::Difference> for Difference {
    fn from(difference: domain::Difference) -> Self {
        let value = |node: Node| serde_json::from_str(&node.to_json()).unwrap_or_default();
        let field = |field: domain::FieldChange| FieldChange {
            path: field.path,
            before: field.before.map(value),
            after: field.after.map(value),
        };
        let change = |change: domain::EntityChange| EntityChange {
            entity: change.entity.as_str().to_owned(),
            key: change.key,
            member_key: change.member_key,
            change: change.change.as_str().to_owned(),
            fields: change.fields.into_iter().map(field).collect(),
        };
        Self { changes: difference.changes.into_iter().map(change).collect(), unlisted: difference.unlisted }
    }
}

impl Difference {
    /// Prints it.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn print(&self) -> anyhow::Result<()> {
        let mut text = Vec::new();
        for change in &self.changes {
            change.write(&mut text)?;
        }
        if self.unlisted > 0 {
            writeln!(text, "  … and {} more changes", self.unlisted)?;
        }
        output::write_styled(&text)
    }
}

impl EntityChange {
    fn write(&self, out: &mut Vec<u8>) -> std::io::Result<()> {
        let (mark, colour) = match self.change.as_str() {
            "added" => ('+', AnsiColor::Green),
            "removed" => ('-', AnsiColor::Red),
            _ => ('~', AnsiColor::Yellow),
        };
        let style = Style::new().fg_color(Some(colour.into()));
        let of = match &self.member_key {
            Some(member) if *member != self.key => format!(" of {member}"),
            _ => String::new(),
        };
        let entity = self.entity.replace('_', " ");
        writeln!(out, "  {style}{mark} {entity} {}{of}{style:#}", self.key)?;
        for field in &self.fields {
            let path = field.path.join(".");
            for (mark, colour, value) in
                [('-', AnsiColor::Red, &field.before), ('+', AnsiColor::Green, &field.after)]
            {
                if let Some(value) = value {
                    let style = Style::new().fg_color(Some(colour.into()));
                    writeln!(out, "      {style}{mark} {path}: {value}{style:#}")?;
                }
            }
        }
        Ok(())
    }
}
