//! `rec-registry import`: bundles into the registry.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use futures_util::stream;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;

use super::output::say;
use super::report::Report;
use super::target::{Database, Remote, told};
use crate::domain::error::Error;
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
        let local = match self.remote.api {
            None => Some(self.database.open_to_write().await?),
            Some(_) => None,
        };
        let mut refused = false;
        for file in &self.files {
            let body = read(file).await?;
            let format = format_of(file, &body);
            let outcome = match &local {
                Some(local) => {
                    let bar = spinner(body.len());
                    let outcome = import(&local.context(), body, format, self.options()).await;
                    bar.finish_and_clear();
                    local_outcome(outcome)?
                }
                None => self.upload(body, format).await?,
            };
            refused |= outcome.print(file)?;
        }
        Ok(if refused { ExitCode::FAILURE } else { ExitCode::SUCCESS })
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
    async fn upload(&self, body: Bytes, format: Format) -> anyhow::Result<Outcome> {
        let api = self.remote.api.as_deref().unwrap_or_default();
        let (path, content_type) = match format {
            Format::Yaml => ("/admin/import/yaml", "application/yaml"),
            Format::Json => ("/admin/import", "application/json"),
        };
        let options = self.options();
        let mut query = vec![("dry_run", options.dry_run.to_string())];
        query.extend(options.force.map(|force| ("force", force.to_string())));
        let bar = ProgressBar::new(body.len() as u64)
            .with_style(ProgressStyle::with_template("{spinner} {bar:30} {bytes}/{total_bytes} {msg}")?);
        bar.enable_steady_tick(Duration::from_millis(100));
        let progress = bar.clone();
        let length = body.len();
        let chunks = (0..length).step_by(UPLOAD_CHUNK).map(move |from| {
            let chunk = body.slice(from..length.min(from + UPLOAD_CHUNK));
            progress.inc(chunk.len() as u64);
            if from + UPLOAD_CHUNK >= length {
                progress.set_message("sent; the server is importing");
            }
            Ok::<_, std::io::Error>(chunk)
        });
        let answer = self
            .remote
            .request(api, reqwest::Method::POST, path)
            .await?
            .query(&query)
            .header(reqwest::header::CONTENT_TYPE, content_type)
            .header(reqwest::header::CONTENT_LENGTH, length)
            .body(reqwest::Body::wrap_stream(stream::iter(chunks)))
            .send()
            .await
            .context("the server does not answer: see --api")?;
        let status = answer.status();
        let text = answer.text().await.context("the server's answer broke off")?;
        bar.finish_and_clear();
        remote_outcome(status, &text, options.dry_run)
    }
}

/// What became of one file.
struct Outcome {
    reports: Vec<Report>,
    dry_run: bool,
    /// Why nothing of it went in, when it was refused as a whole.
    refusal: Option<Refused>,
}

#[derive(Deserialize)]
struct Refused {
    detail: serde_json::Value,
    #[serde(default)]
    refusals: Vec<super::report::Refusal>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RemoteReport {
    Many { reports: Vec<Report>, dry_run: bool },
    One(Report),
}

fn local_outcome(
    outcome: crate::service::Result<crate::domain::import::MultiImportReport>,
) -> anyhow::Result<Outcome> {
    let refused = |detail: String, refusals| Outcome {
        reports: Vec::new(),
        dry_run: false,
        refusal: Some(Refused { detail: detail.into(), refusals }),
    };
    match outcome {
        Ok(report) => Ok(Outcome {
            reports: report.reports.into_iter().map(Report::from).collect(),
            dry_run: report.dry_run,
            refusal: None,
        }),
        Err(Error::Refused(refusals)) => {
            let detail = Error::Refused(refusals.clone()).public();
            Ok(refused(detail, refusals.into_iter().map(Into::into).collect()))
        }
        Err(error @ (Error::Unreadable(_) | Error::InvalidInput(_) | Error::Conflict { .. })) => {
            Ok(refused(error.public(), Vec::new()))
        }
        Err(error) => Err(told(error)),
    }
}

fn remote_outcome(status: reqwest::StatusCode, text: &str, dry_run: bool) -> anyhow::Result<Outcome> {
    if status.is_success() {
        let report = serde_json::from_str(text).context("the server's answer is no import report")?;
        let (reports, dry_run) = match report {
            RemoteReport::Many { reports, dry_run } => (reports, dry_run),
            RemoteReport::One(report) => (vec![report], dry_run),
        };
        return Ok(Outcome { reports, dry_run, refusal: None });
    }
    let refused = serde_json::from_str(text)
        .with_context(|| format!("the server answered {status}, and not in words that it should"))?;
    Ok(Outcome { reports: Vec::new(), dry_run: false, refusal: Some(refused) })
}

impl Outcome {
    /// Prints the outcome; says whether the file was refused.
    fn print(&self, file: &std::path::Path) -> anyhow::Result<bool> {
        let refused = self.refusal.is_some() || self.reports.iter().any(|report| !report.refusals.is_empty());
        let verdict = match (refused, self.dry_run) {
            (true, _) => "refused, nothing was written",
            (false, true) => "would be imported (dry run)",
            (false, false) => "imported",
        };
        say!("{}: {verdict}", file.display());
        if !self.reports.is_empty() {
            say!("{}", super::report::table(&self.reports));
        }
        for report in &self.reports {
            report.print_findings()?;
        }
        if let Some(refusal) = &self.refusal {
            match refusal.refusals.as_slice() {
                [] => match refusal.detail.as_str() {
                    Some(detail) => say!("  {detail}"),
                    None => say!("  {}", refusal.detail),
                },
                refusals => super::report::print_refusals(refusals)?,
            }
        }
        Ok(refused)
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

fn spinner(bytes: usize) -> ProgressBar {
    let bar = ProgressBar::new_spinner().with_message(format!("importing {} KiB", bytes.div_ceil(1024)));
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}
