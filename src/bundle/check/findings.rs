//! What is wrong with a document, and what is merely odd.

use crate::bundle::model::{Finding, Problem};
use crate::bundle::path::Path;
use crate::domain::code::Code;
use crate::domain::import::Refusal;

/// What is wrong with one document, in the order in which it is found, as much as the limit allows.
pub struct Findings {
    found: Vec<Finding>,
    limit: usize,
    unsaid: usize,
    is_strict: bool,
}

impl Findings {
    pub fn new(problems: Vec<Problem>, limit: usize) -> Self {
        let mut findings = Self { found: Vec::new(), limit, unsaid: 0, is_strict: false };
        for Problem { code, path, detail } in problems {
            findings.push(|| Finding { code, location: vec![path.clone()], path, detail });
        }
        findings
    }

    /// What is wrong with one entity that a request gives by itself. A file written by hand may leave the quotes of a
    /// text of digits away, and older files have shapes of their own; a request has the types that it is documented with.
    pub fn strict(limit: usize) -> Self {
        Self { is_strict: true, ..Self::new(Vec::new(), limit) }
    }

    /// Checks what is given as in a bundle, in a request too.
    pub fn as_in_a_bundle<T>(&mut self, check: impl FnOnce(&mut Self) -> T) -> T {
        let is_strict = std::mem::take(&mut self.is_strict);
        let checked = check(self);
        self.is_strict = is_strict;
        checked
    }

    /// Whether a value must have its documented type.
    pub fn is_strict(&self) -> bool {
        self.is_strict
    }

    pub fn refuse(&mut self, code: Code, path: &Path<'_>, detail: impl FnOnce() -> String) {
        self.push(|| Finding { code, path: path.text(), location: path.steps(), detail: detail() });
    }

    /// A value or key of the wrong type, too long or not there.
    pub fn invalid(&mut self, path: &Path<'_>, detail: impl FnOnce() -> String) {
        self.refuse(Code::InvalidBundle, path, detail);
    }

    fn push(&mut self, finding: impl FnOnce() -> Finding) {
        if self.found.len() < self.limit {
            self.found.push(finding());
        } else {
            self.unsaid += 1;
        }
    }

    /// Everything, and how much is not listed.
    pub fn into_found(mut self) -> Vec<Finding> {
        if self.unsaid > 0 {
            let detail = format!("{} more problems are not listed", self.unsaid);
            let (path, location) = (String::new(), Vec::new());
            self.found.push(Finding { code: Code::InvalidBundle, path, location, detail });
        }
        self.found
    }

    /// The same as refusals of a document.
    pub fn into_refusals(self) -> Vec<Refusal> {
        let found = self.into_found().into_iter();
        found.map(|Finding { code, path, detail, .. }| Refusal { code, detail, document: 0, path }).collect()
    }
}
