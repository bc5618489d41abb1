//! `rec-registry export`: the registry as bundles.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::ExitCode;

use anyhow::Context as _;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use reqwest::Method;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use super::output::write_json;
use super::progress::Progress;
use super::remote::{Remote, Server, granted, send};
use super::target::{Database, Target, told};
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
    /// Tell what was written, as JSON: the file, how many bytes of it, and which communities were asked for.
    #[arg(long, requires = "output")]
    json: bool,
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
        let batches: Batches = match Target::to_read(&self.remote, &self.database).await? {
            Target::Database(local) => {
                let keys = self.community.iter().map(|key| CommunityKey::from(key.as_str())).collect();
                let named = (!self.community.is_empty()).then_some(keys);
                export(&local.context(), named).await.map_err(told)?.batches(None).map_err(told).boxed()
            }
            Target::Server(server) => self.download(&server).await?,
        };
        // Beside an export that is shown on the terminal there is nothing to be shown.
        let progress = if self.output.is_some() || !std::io::stdout().is_terminal() {
            Progress::of_bytes("exporting")
        } else {
            Progress::hidden()
        };
        let shown = progress.shared();
        let batches = batches.inspect_ok(move |batch| shown.add(batch.len() as u64)).boxed();
        let Some(file) = &self.output else {
            copy(batches, &mut tokio::io::stdout()).await?;
            return Ok(ExitCode::SUCCESS);
        };
        let bytes = write_file(file, batches).await?;
        drop(progress);
        if self.json {
            write_json(&json!({
                "file": file.display().to_string(),
                "bytes": bytes,
                "communities": (!self.community.is_empty()).then_some(&self.community),
            }))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn download(&self, server: &Server) -> anyhow::Result<Batches> {
        let query: Vec<_> = self.community.iter().map(|key| ("community", key)).collect();
        let request = server.request(Method::GET, &["admin", "export"]).query(&query);
        let answer = granted(send(request).await?).await?;
        Ok(answer.bytes_stream().map_err(anyhow::Error::from).boxed())
    }
}

/// Writes a file as a whole or not at all: beside itself first. How many bytes it has.
pub(super) async fn write_file(file: &Path, batches: Batches) -> anyhow::Result<u64> {
    let mut beside = file.to_path_buf().into_os_string();
    beside.push(".part");
    let beside = PathBuf::from(beside);
    let written = async {
        let mut output = tokio::fs::File::create(&beside).await?;
        let bytes = copy(batches, &mut output).await?;
        output.sync_all().await?;
        tokio::fs::rename(&beside, file).await?;
        anyhow::Ok(bytes)
    };
    let outcome = written.await.with_context(|| format!("{} was not written", file.display()));
    if outcome.is_err() {
        // The half file is of no use; when it cannot be removed, the first error still is the one to tell.
        let _ = tokio::fs::remove_file(&beside).await;
    }
    outcome
}

async fn copy(
    mut batches: Batches,
    output: &mut (impl tokio::io::AsyncWrite + Unpin),
) -> anyhow::Result<u64> {
    let mut bytes = 0;
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        output.write_all(&batch).await?;
        bytes += batch.len() as u64;
    }
    output.flush().await?;
    Ok(bytes)
}
