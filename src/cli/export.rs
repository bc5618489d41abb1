//! `rec-registry export`: the registry as bundles.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use tokio::io::AsyncWriteExt as _;

use super::target::{Database, Remote, told};
use crate::domain::identifier::CommunityKey;
use crate::service::export::export;

/// Export communities as YAML bundles that import again to the same bytes.
#[derive(Debug, clap::Args)]
pub struct Export {
    /// The communities, by key; all of them when none is named.
    #[arg(long, value_name = "KEY")]
    community: Vec<String>,
    /// The file to write; standard output when none is named. It is written beside itself and renamed, so
    /// that a failed export leaves the last one as it was.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    database: Database,
    #[command(flatten)]
    remote: Remote,
}

type Batches = Pin<Box<dyn Stream<Item = anyhow::Result<Bytes>> + Send>>;

impl Export {
    /// Writes the export.
    ///
    /// # Errors
    /// When a community is not there, the registry cannot be reached, or the file cannot be written.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let local = match self.remote.api {
            None => Some(self.database.open_to_read().await?),
            Some(_) => None,
        };
        let batches: Batches = match &local {
            Some(local) => {
                let keys = self.community.iter().map(|key| CommunityKey::from(key.as_str())).collect();
                let named = (!self.community.is_empty()).then_some(keys);
                export(&local.context(), named).await.map_err(told)?.batches().map_err(told).boxed()
            }
            None => self.download().await?,
        };
        match &self.output {
            Some(file) => write_file(file, batches).await?,
            None => copy(batches, &mut tokio::io::stdout()).await?,
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn download(&self) -> anyhow::Result<Batches> {
        let api = self.remote.api.as_deref().unwrap_or_default();
        let query: Vec<_> = self.community.iter().map(|key| ("community", key)).collect();
        let request = self.remote.request(api, reqwest::Method::GET, "/admin/export").await?.query(&query);
        let answer = request.send().await.context("the server does not answer: see --api")?;
        let status = answer.status();
        if !status.is_success() {
            bail!("the server answered {status}: {}", answer.text().await.unwrap_or_default());
        }
        Ok(answer.bytes_stream().map_err(anyhow::Error::from).boxed())
    }
}

/// Writes a file as a whole or not at all: beside itself first.
pub(super) async fn write_file(file: &Path, batches: Batches) -> anyhow::Result<()> {
    let mut beside = file.to_path_buf().into_os_string();
    beside.push(".part");
    let beside = PathBuf::from(beside);
    let written = async {
        let mut output = tokio::fs::File::create(&beside).await?;
        copy(batches, &mut output).await?;
        output.sync_all().await?;
        anyhow::Ok(tokio::fs::rename(&beside, file).await?)
    };
    let outcome = written.await.with_context(|| format!("{} was not written", file.display()));
    if outcome.is_err() {
        // The half file is of no use; when it cannot be removed, the first error still is the one to tell.
        let _ = tokio::fs::remove_file(&beside).await;
    }
    outcome
}

async fn copy(mut batches: Batches, output: &mut (impl tokio::io::AsyncWrite + Unpin)) -> anyhow::Result<()> {
    while let Some(batch) = batches.next().await {
        output.write_all(&batch?).await?;
    }
    Ok(output.flush().await?)
}
