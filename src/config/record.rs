//! What is written down: the audit trail and the log.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::text::days_or_duration;

/// What is recorded of who looks at what.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(next_help_heading = "Audit")]
pub struct AuditArgs {
    /// How long entries of the audit trail are kept, in days or as a time like 36h
    #[arg(
        long,
        env = "REC_REGISTRY_AUDIT_RETENTION",
        value_name = "TIME",
        default_value = "400d",
        value_parser = days_or_duration
    )]
    pub audit_retention: Duration,
}

/// What is logged, and how it looks.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Logging")]
pub struct LogArgs {
    /// What is logged: a level, or directives as in `info,rec_registry=debug` [default: $RUST_LOG, else info].
    /// What libraries log below `info` is left out in any case, since it may hold personal data
    #[arg(long, env = "REC_REGISTRY_LOG", value_name = "FILTER", global = true)]
    pub log: Option<String>,

    /// How the log looks [default: pretty on a terminal, else json]
    #[arg(long, env = "REC_REGISTRY_LOG_FORMAT", value_name = "FORMAT", global = true)]
    pub log_format: Option<LogFormat>,
}

/// How the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}
