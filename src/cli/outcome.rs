//! What became of bundles that were to be imported, whoever tells it: the services here, or a server.

use anyhow::Context as _;
use reqwest::StatusCode;
use serde::{Deserialize, Serialize};

use super::output::{BAD, GOOD, write_styled};
use super::remote::granted;
use super::report::{Refusal, Report, print_refusals, table};
use super::target::told;
use crate::domain::error::Error;
use crate::domain::import::MultiImportReport;

/// What became of the bundles of one file.
#[derive(Debug, Serialize)]
pub struct Outcome {
    /// The file.
    file: String,
    outcome: Verdict,
    /// One a community; none when the file was refused as a whole.
    reports: Vec<Report>,
    /// Why nothing of it went in, when it was refused as a whole.
    #[serde(flatten)]
    refusal: Option<Refused>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Imported,
    WouldBeImported,
    Refused,
}

/// The statuses of an answer to the bundles that is no report: nothing of them went in.
const REFUSALS: [StatusCode; 4] = [
    StatusCode::BAD_REQUEST,
    StatusCode::CONFLICT,
    StatusCode::PAYLOAD_TOO_LARGE,
    StatusCode::UNPROCESSABLE_ENTITY,
];

#[derive(Debug, Serialize, Deserialize)]
struct Refused {
    detail: serde_json::Value,
    #[serde(default)]
    refusals: Vec<Refusal>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RemoteReport {
    Many { reports: Vec<Report> },
    One(Report),
}

impl Outcome {
    /// What the services say.
    ///
    /// # Errors
    /// When it is no answer to the bundles, but a failure.
    pub fn of_services(
        file: String,
        dry_run: bool,
        said: crate::service::Result<MultiImportReport>,
    ) -> anyhow::Result<Self> {
        match said {
            Ok(report) => {
                Ok(Self::done(file, dry_run, report.reports.into_iter().map(Report::from).collect()))
            }
            Err(error @ Error::Refused(_)) => {
                let detail = error.public().into();
                let Error::Refused(refusals) = error else { return Err(told(error)) };
                Ok(Self::refused(
                    file,
                    Refused { detail, refusals: refusals.into_iter().map(Into::into).collect() },
                ))
            }
            Err(error @ (Error::Unreadable(_) | Error::InvalidInput(_) | Error::Conflict { .. })) => {
                Ok(Self::refused(file, Refused { detail: error.public().into(), refusals: Vec::new() }))
            }
            Err(error) => Err(told(error)),
        }
    }

    /// What a server says.
    ///
    /// # Errors
    /// When it broke off, says nothing that a registry says, or is no answer to the bundles: whether anything was written is known
    /// of none of these.
    pub async fn of_server(file: String, dry_run: bool, answer: reqwest::Response) -> anyhow::Result<Self> {
        let status = answer.status();
        let answer = if REFUSALS.contains(&status) { answer } else { granted(answer).await? };
        let text = answer.text().await.context("the server's answer broke off")?;
        if status.is_success() {
            let report = serde_json::from_str(&text).context("the server's answer is no import report")?;
            let reports = match report {
                RemoteReport::Many { reports } => reports,
                RemoteReport::One(report) => vec![report],
            };
            return Ok(Self::done(file, dry_run, reports));
        }
        let refused = serde_json::from_str(&text)
            .with_context(|| format!("the server answered {status}, and not in words that it should"))?;
        Ok(Self::refused(file, refused))
    }

    fn done(file: String, dry_run: bool, reports: Vec<Report>) -> Self {
        let outcome = match (reports.iter().any(|report| !report.refusals.is_empty()), dry_run) {
            (true, _) => Verdict::Refused,
            (false, true) => Verdict::WouldBeImported,
            (false, false) => Verdict::Imported,
        };
        Self { file, outcome, reports, refusal: None }
    }

    fn refused(file: String, refused: Refused) -> Self {
        Self { file, outcome: Verdict::Refused, reports: Vec::new(), refusal: Some(refused) }
    }

    /// Whether nothing went in.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        self.outcome == Verdict::Refused
    }

    /// Prints it for people.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn print(&self) -> anyhow::Result<()> {
        let (style, verdict) = match self.outcome {
            Verdict::Refused => (BAD, "refused, nothing was written"),
            Verdict::WouldBeImported => (GOOD, "would be imported (dry run)"),
            Verdict::Imported => (GOOD, "imported"),
        };
        write_styled(format!("{}: {style}{verdict}{style:#}\n", self.file).as_bytes())?;
        if !self.reports.is_empty() {
            write_styled(format!("{}\n", table(&self.reports)).as_bytes())?;
        }
        for report in &self.reports {
            report.print_findings()?;
        }
        if let Some(refusal) = &self.refusal {
            match refusal.refusals.as_slice() {
                [] => match refusal.detail.as_str() {
                    Some(detail) => write_styled(format!("  {detail}\n").as_bytes())?,
                    None => write_styled(format!("  {}\n", refusal.detail).as_bytes())?,
                },
                refusals => print_refusals(refusals)?,
            }
        }
        Ok(())
    }
}
