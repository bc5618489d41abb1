//! `rec-registry import`: bundles into the registry.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use bytes::Bytes;
use futures_util::stream;
use reqwest::{Method, header};

use super::outcome::Outcome;
use super::output::write_json;
use super::progress::Progress;
use super::remote::{Remote, Server, send};
use super::target::{Database, Target};
use crate::domain::import::ImportOptions;
use crate::service::import::{Format, import};

/// Import bundles: each community that a bundle names is replaced by what the bundle says.
///
/// A file goes in whole or not at all. Ends with a non-zero status when any file is refused.
#[derive(Debug, clap::Args)]
pub struct Import {
    /// YAML (one or more documents) or JSON bundles; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Check and report, but write nothing.
    #[arg(long)]
    dry_run: bool,
    /// State that communities which exist are to be replaced.
    #[arg(long, conflicts_with = "no_force")]
    force: bool,
    /// Leave communities that exist alone, and say what replacing them would delete.
    #[arg(long)]
    no_force: bool,
    /// A JSON list with one report a file, instead of tables.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: Database,
    #[command(flatten)]
    remote: Remote,
}

/// Bytes of an upload that go out at a time.
const UPLOAD_CHUNK: usize = 64 * 1024;

impl Import {
    /// Imports the files one after the other.
    ///
    /// # Errors
    /// When a file cannot be read, or the registry cannot be reached.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let target = Target::to_write(&self.remote, &self.database).await?;
        let mut outcomes = Vec::new();
        let done = self.import_all(&target, &mut outcomes).await;
        if self.json {
            // What is done is told, also when the rest could not be.
            write_json(&outcomes)?;
        }
        done?;
        let refused = outcomes.iter().any(Outcome::is_refusal);
        Ok(if refused { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    async fn import_all(&self, target: &Target, outcomes: &mut Vec<Outcome>) -> anyhow::Result<()> {
        for file in &self.files {
            let body = read(file).await?;
            let format = format_of(file, &body);
            let name = file.display().to_string();
            let outcome = match target {
                Target::Database(local) => {
                    let _progress = Progress::of(format!("importing {} KiB", body.len().div_ceil(1024)));
                    let said = import(&local.context(), body, format, self.options()).await;
                    Outcome::of_services(name, self.dry_run, said)?
                }
                Target::Server(server) => self.upload(server, name, body, format).await?,
            };
            if !self.json {
                outcome.print()?;
            }
            outcomes.push(outcome);
        }
        Ok(())
    }

    fn options(&self) -> ImportOptions {
        let force = match (self.force, self.no_force) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        };
        ImportOptions { dry_run: self.dry_run, force }
    }

    /// Sends the file's bytes as they are.
    async fn upload(
        &self,
        server: &Server,
        name: String,
        body: Bytes,
        format: Format,
    ) -> anyhow::Result<Outcome> {
        let (path, content_type): (&[&str], _) = match format {
            Format::Yaml => (&["admin", "import", "yaml"], "application/yaml"),
            Format::Json => (&["admin", "import"], "application/json"),
        };
        let options = self.options();
        let mut query = vec![("dry_run", options.dry_run.to_string())];
        query.extend(options.force.map(|force| ("force", force.to_string())));
        let progress = Progress::of_bytes_in_all(body.len() as u64);
        let shown = progress.shared();
        let length = body.len();
        let chunks = (0..length).step_by(UPLOAD_CHUNK).map(move |from| {
            let chunk = body.slice(from..length.min(from + UPLOAD_CHUNK));
            shown.add(chunk.len() as u64);
            if from + UPLOAD_CHUNK >= length {
                shown.now("sent; the server is importing");
            }
            Ok::<_, std::io::Error>(chunk)
        });
        let request = server
            .request(Method::POST, path)
            .query(&query)
            .header(header::CONTENT_TYPE, content_type)
            .header(header::CONTENT_LENGTH, length)
            .body(reqwest::Body::wrap_stream(stream::iter(chunks)));
        Outcome::of_server(name, options.dry_run, send(request).await?).await
    }
}

async fn read(file: &std::path::Path) -> anyhow::Result<Bytes> {
    use tokio::io::AsyncReadExt as _;
    if file.as_os_str() == "-" {
        let mut body = Vec::new();
        tokio::io::stdin().read_to_end(&mut body).await.context("cannot read standard input")?;
        return Ok(body.into());
    }
    let body = tokio::fs::read(file).await;
    Ok(body.with_context(|| format!("cannot read {}", file.display()))?.into())
}

/// JSON by its file name; of standard input, and of names that say nothing, by the first character.
fn format_of(file: &std::path::Path, body: &[u8]) -> Format {
    let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    match extension.to_ascii_lowercase().as_str() {
        "json" => Format::Json,
        "yaml" | "yml" => Format::Yaml,
        _ if body.trim_ascii_start().starts_with(b"{") => Format::Json,
        _ => Format::Yaml,
    }
}
