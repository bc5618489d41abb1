//! What is stored: the same that `rec-registry check` finds.

use super::diagnosis::Diagnosis;
use crate::cli::progress::Progress;
use crate::cli::target::{Database, told};
use crate::service::check::{Flaw, check};

/// Holds what is stored to the rules of an import.
pub(super) async fn examine(database: &Database, progress: &Progress, found: &mut Diagnosis) {
    match flaws(database, progress).await {
        Ok(flaws) if flaws.is_empty() => found.ok("data", "what is stored keeps every rule of an import"),
        Ok(flaws) => {
            let first = &flaws[0];
            found.error(
                "data",
                format!(
                    "{} things are wrong with what is stored, the first in {}: {}",
                    flaws.len(),
                    first.community,
                    first.detail
                ),
                "rec-registry check names each; import the community again as it should be",
            );
        }
        Err(error) => found.unknown(
            "data",
            format!("what is stored cannot be read: {error:#}"),
            "mend what is said of the database",
        ),
    }
}

async fn flaws(database: &Database, progress: &Progress) -> anyhow::Result<Vec<Flaw>> {
    let local = database.open_to_read().await?;
    let told_of =
        |done: usize, of: usize| progress.now(format!("checking what is stored: {done} of {of} communities"));
    check(&local.context(), &told_of).await.map_err(told)
}
