//! What the doctor found, for people and for machines.

use anstyle::Style;
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use crate::cli::output::{BAD, FAINT, GOOD, ODD, write_styled};
use crate::cli::{NO, NO_ANSWER};

/// How much something matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It is as it should be.
    Ok,
    /// Worth knowing; may be meant so.
    Note,
    /// It works, and will not always, or not safely.
    Warning,
    /// It does not work, or data is at risk.
    Error,
}

impl Severity {
    fn word(self) -> (&'static str, Style) {
        match self {
            Self::Ok => ("ok", GOOD),
            Self::Note => ("note", FAINT),
            Self::Warning => ("warning", ODD),
            Self::Error => ("error", BAD),
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at: a word that stays the same.
    pub check: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// How it is.
    pub what: String,
    /// What to do about it; null when there is nothing to be done.
    pub mend: Option<String>,
}

/// What the doctor found.
#[derive(Debug, Default)]
pub struct Diagnosis {
    findings: Vec<Finding>,
    /// Whether something could not be looked at at all.
    is_incomplete: bool,
}

impl Diagnosis {
    fn add(&mut self, check: &'static str, severity: Severity, what: String, mend: Option<String>) {
        self.findings.push(Finding { check, severity, what, mend });
    }

    /// It is as it should be.
    pub fn ok(&mut self, check: &'static str, what: impl Into<String>) {
        self.add(check, Severity::Ok, what.into(), None);
    }

    /// Worth knowing; may be meant so.
    pub fn note(&mut self, check: &'static str, what: impl Into<String>, mend: impl Into<String>) {
        self.add(check, Severity::Note, what.into(), Some(mend.into()));
    }

    /// It works, and will not always, or not safely.
    pub fn warning(&mut self, check: &'static str, what: impl Into<String>, mend: impl Into<String>) {
        self.add(check, Severity::Warning, what.into(), Some(mend.into()));
    }

    /// It does not work, or data is at risk.
    pub fn error(&mut self, check: &'static str, what: impl Into<String>, mend: impl Into<String>) {
        self.add(check, Severity::Error, what.into(), Some(mend.into()));
    }

    /// It could not be looked at, so nobody knows what else is wrong.
    pub fn unknown(&mut self, check: &'static str, what: impl Into<String>, mend: impl Into<String>) {
        self.error(check, what, mend);
        self.is_incomplete = true;
    }

    /// Whether nothing is wrong.
    fn is_healthy(&self) -> bool {
        !self.is_incomplete && self.findings.iter().all(|finding| finding.severity <= Severity::Note)
    }

    /// The status to end with.
    #[must_use]
    pub fn status(&self) -> u8 {
        match (self.is_incomplete, self.is_healthy()) {
            (true, _) => NO_ANSWER,
            (false, true) => 0,
            (false, false) => NO,
        }
    }

    /// Prints it; of a quiet one what is wrong alone.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn print(&self, is_quiet: bool) -> anyhow::Result<()> {
        let least = if is_quiet { Severity::Warning } else { Severity::Ok };
        let mut text = String::new();
        for Finding { check, severity, what, mend } in &self.findings {
            if *severity < least {
                continue;
            }
            let (word, style) = severity.word();
            text.push_str(&format!("{style}{word:<7}{style:#}  {check:<20}  {what}\n"));
            if let Some(mend) = mend {
                text.push_str(&format!("{:31}{FAINT}→{FAINT:#} {mend}\n", ""));
            }
        }
        if !is_quiet {
            let count =
                |severity| self.findings.iter().filter(|finding| finding.severity == severity).count();
            let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
            text.push_str(&match (self.is_incomplete, errors + warnings) {
                (true, _) => "Not everything could be looked at\n".to_owned(),
                (false, 0) => "The deployment is sound\n".to_owned(),
                (false, _) => format!("Errors: {errors}, warnings: {warnings}\n"),
            });
        }
        write_styled(text.as_bytes())
    }
}

impl Serialize for Diagnosis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Diagnosis", 3)?;
        fields.serialize_field("healthy", &self.is_healthy())?;
        fields.serialize_field("complete", &!self.is_incomplete)?;
        fields.serialize_field("findings", &self.findings)?;
        fields.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_that_of_the_worst() {
        let mut found = Diagnosis::default();
        found.ok("a", "fine");
        found.note("b", "odd", "leave it");
        assert_eq!(found.status(), 0);
        found.warning("c", "bad", "mend it");
        assert_eq!(found.status(), 1);
        found.unknown("d", "dark", "light it");
        assert_eq!(found.status(), 2);
    }
}
