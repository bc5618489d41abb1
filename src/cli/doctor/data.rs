//! What is stored: the same that `rec-registry check` finds.

use super::diagnosis::Diagnosis;
use crate::cli::progress::Progress;
use crate::cli::target::{Database, told};
use crate::service::check::{Flaw, check};

/// Holds what is stored to the rules of an import.
pub(super) async fn examine(database: &Database, progress: &Progress, found: &mut Diagnosis) {
    match flaws(database, progress).await {
        Ok(flaws) => {
            let (dangling, broken): (Vec<_>, Vec<_>) = flaws.iter().partition(|flaw| flaw.is_dangling());
            let mend = "rec-registry check names each; import the community again as it should be";
            match broken.first() {
                None => found.ok("data", "what is stored keeps every rule of an import"),
                Some(Flaw { community, detail, .. }) => {
                    let count = broken.len();
                    let what = format!("rules that are broken: {count}; the first in {community}: {detail}");
                    found.error("data", what, mend);
                }
            }
            if let Some(Flaw { community, detail, .. }) = dangling.first() {
                let count = dangling.len();
                let what =
                    format!("references that lead nowhere: {count}; the first in {community}: {detail}");
                found.note("references", what, mend);
            }
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
