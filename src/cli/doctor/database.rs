//! The database, whichever it is, and its schema.

use std::time::Duration;

use super::diagnosis::Diagnosis;
use super::{Doctor, postgres, sqlite};
use crate::domain::timestamp::Timestamp;
use crate::service::deployment::SchemaState;

/// How much longer than the retention entries of the audit trail may be there: they are deleted some at a time.
const SLACK: Duration = Duration::from_secs(2 * 24 * 60 * 60);

/// Looks at the database. Whether this program can read what is stored in it.
pub(super) async fn examine(doctor: &Doctor, found: &mut Diagnosis) -> bool {
    let url = doctor.database.url();
    let (schema, oldest_audit_at) = match url.file() {
        Some(file) => match sqlite::examine(url, &file, doctor.thorough, found).await {
            Some(state) => (state.schema, state.oldest_audit_at),
            None => return false,
        },
        None if url.expose().starts_with("sqlite:") => {
            found.error(
                "database",
                "the database is in memory, and gone with the process",
                "set DATABASE_URL to sqlite:///var/lib/rec-registry/registry.db?mode=rwc, or to PostgreSQL",
            );
            return false;
        }
        None => match postgres::examine(doctor, found).await {
            Some(state) => (state.schema, state.oldest_audit_at),
            None => return false,
        },
    };
    schema_stands(&schema, found);
    if let Some(oldest) = oldest_audit_at {
        audit_is_pruned(oldest, doctor.audit.audit_retention, found);
    }
    schema.is_current()
}

fn schema_stands(schema: &SchemaState, found: &mut Diagnosis) {
    let SchemaState { applied, pending, newer } = schema;
    match (applied, pending) {
        (_, 0) if !newer.is_empty() => found.note(
            "schema",
            format!("a newer program brought the schema further: it applied {}", newer.join(", ")),
            "replace this program by that one, when all processes are to be of one version",
        ),
        (_, pending) if !newer.is_empty() => found.error(
            "schema",
            format!(
                "a newer program applied {} without {pending} migrations of this one: they may not fit together",
                newer.join(", ")
            ),
            "use that program, or restore a backup: rec-registry backup restore",
        ),
        (0, _) => found.error(
            "schema",
            "there is no schema yet",
            "rec-registry migrate up; serve does it by itself unless --no-migrate is said",
        ),
        (_, 0) => found.ok("schema", format!("all {applied} migrations are applied")),
        (_, pending) => found.error(
            "schema",
            format!("{pending} migrations are pending"),
            "make a backup, then rec-registry migrate up; serve does it by itself unless --no-migrate is said",
        ),
    }
}

fn audit_is_pruned(oldest: Timestamp, kept: Duration, found: &mut Diagnosis) {
    let age = Timestamp::now().as_micros().saturating_sub(oldest.as_micros());
    let most = i64::try_from((kept + SLACK).as_micros()).unwrap_or(i64::MAX);
    if age > most {
        found.warning(
            "audit_retention",
            format!("the audit trail has entries of {oldest}, which is longer ago than they are kept"),
            "let serve run with this REC_REGISTRY_AUDIT_RETENTION: it deletes them in the background",
        );
    }
}
