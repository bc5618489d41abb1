//! What this door shows of its schema, and which operations it runs.

use std::sync::Arc;

use anyhow::{Context as _, bail};

use super::documents::Listed;
use super::limits::Limits;
use super::outline::Outline;
use super::schema::sdl;
use crate::config::GraphqlArgs;

/// What this door shows of its schema, and which operations it runs.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether the schema can be asked for.
    pub introspection: bool,
    /// Whether a refusal says which field or argument may have been meant. It would tell the schema bit by
    /// bit, so without introspection there are none either.
    pub suggestions: bool,
    /// The only operations that are run; any when absent.
    pub listed: Option<Arc<Listed>>,
}

impl Default for Options {
    fn default() -> Self {
        Self { introspection: true, suggestions: true, listed: None }
    }
}

impl Options {
    /// The options that the command line asks for, the manifest of operations read.
    ///
    /// # Errors
    /// When the manifest cannot be read, or an operation of it could not be run.
    pub async fn read(args: &GraphqlArgs, limits: &Limits) -> anyhow::Result<Self> {
        let introspection = args.introspection.is_on();
        let suggestions = introspection && args.suggestions.is_on();
        let Some(file) = &args.persisted_only else {
            return Ok(Self { introspection, suggestions, listed: None });
        };
        let manifest = tokio::fs::read_to_string(file)
            .await
            .with_context(|| format!("cannot read the manifest of operations {}", file.display()))?;
        let options = Self { introspection, suggestions, listed: None };
        match Listed::read(&manifest, &options.outline(&sdl()), limits).await {
            Ok(listed) => Ok(Self { listed: Some(Arc::new(listed)), ..options }),
            Err(reasons) => bail!(
                "the manifest of operations {} cannot be used\n  - {}",
                file.display(),
                reasons.join("\n  - ")
            ),
        }
    }

    /// The outline of what can be asked for.
    pub fn outline(&self, sdl: &str) -> Outline {
        if self.introspection { Outline::of(sdl) } else { Outline::without_introspection(sdl) }
    }
}
