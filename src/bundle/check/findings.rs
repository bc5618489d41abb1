//! What is wrong with a document, and what is merely odd.

use crate::bundle::model::Problem;
use crate::bundle::path::Path;
use crate::domain::code::Code;
use crate::domain::import::Refusal;

/// The refusals of one document, in the order in which they are found, as many as the limit allows.
pub struct Findings {
    refusals: Vec<Refusal>,
    limit: usize,
    unsaid: usize,
}

impl Findings {
    pub fn new(problems: Vec<Problem>, limit: usize) -> Self {
        let mut findings = Self { refusals: Vec::new(), limit, unsaid: 0 };
        for Problem { code, path, detail } in problems {
            findings.push(code, || (path, detail));
        }
        findings
    }

    pub fn refuse(&mut self, code: Code, path: &Path<'_>, detail: impl FnOnce() -> String) {
        self.push(code, || (path.to_string(), detail()));
    }

    /// A value or key of the wrong type, too long or not there.
    pub fn invalid(&mut self, path: &Path<'_>, detail: impl FnOnce() -> String) {
        self.refuse(Code::InvalidBundle, path, detail);
    }

    fn push(&mut self, code: Code, said: impl FnOnce() -> (String, String)) {
        if self.refusals.len() < self.limit {
            let (path, detail) = said();
            self.refusals.push(Refusal { code, detail, document: 0, path });
        } else {
            self.unsaid += 1;
        }
    }

    pub fn into_refusals(mut self) -> Vec<Refusal> {
        if self.unsaid > 0 {
            let detail = format!("{} more problems are not listed", self.unsaid);
            self.refusals.push(Refusal {
                code: Code::InvalidBundle,
                detail,
                document: 0,
                path: String::new(),
            });
        }
        self.refusals
    }
}
