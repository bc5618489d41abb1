//! What a write is given: fields, of which only some may be there, and everything that is wrong with them.

use crate::bundle::Finding;
use crate::domain::code::Code;
use crate::domain::error::{Error, FieldError};
use crate::domain::node::{self, Entries, Node};

/// Deepest nesting of a body, in levels: in a bundle, which has its own limit, it stands some levels deeper.
const MAX_DEPTH: usize = node::MAX_DEPTH - 8;

/// The fields of a body. A `null` is the same as a field that is not there.
pub(super) struct Body {
    entries: Entries,
    problems: Vec<FieldError>,
}

fn problem(rule: &'static str, location: Vec<String>, message: String, input: Option<&Node>) -> FieldError {
    let location = [vec!["body".to_owned()], location].concat();
    FieldError { rule, location, message, input: input.map(Node::to_json) }
}

impl Body {
    /// Any fields.
    pub(super) fn open(body: Node) -> Self {
        let (mut entries, mut problems) = (Entries::new(), Vec::new());
        if body.depth() > MAX_DEPTH {
            problems.push(problem(
                "too_deep",
                Vec::new(),
                format!("at most {MAX_DEPTH} levels of nesting"),
                None,
            ));
        }
        match body {
            Node::Map(given) => entries = given,
            other => problems.push(problem(
                "mapping_type",
                Vec::new(),
                format!("an object, not {}", other.kind()),
                Some(&other),
            )),
        }
        entries.retain(|(_, value)| *value != Node::Null);
        Self { entries, problems }
    }

    /// These fields alone.
    pub(super) fn closed(body: Node, allowed: &[&str]) -> Self {
        let mut body = match body {
            Node::Map(entries) => {
                let (known, unknown): (Entries, Entries) =
                    entries.into_iter().partition(|(key, _)| allowed.contains(&key.as_str()));
                let mut body = Self::open(Node::Map(known));
                for (key, value) in unknown {
                    let message = format!("no field of this request; these are: {}", allowed.join(", "));
                    body.problems.push(problem("extra_forbidden", vec![key.into()], message, Some(&value)));
                }
                body
            }
            other => Self::open(other),
        };
        body.entries.sort_by_key(|(key, _)| allowed.iter().position(|allowed| allowed == key));
        body
    }

    /// Whether a field is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(name, _)| name == key)
    }

    /// A field.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.entries.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// Takes a field out.
    pub(super) fn take(&mut self, key: &str) -> Option<Node> {
        let at = self.entries.iter().position(|(name, _)| name == key)?;
        Some(self.entries.remove(at).1)
    }

    /// Puts a field there.
    pub(super) fn put(&mut self, key: &str, value: Node) {
        self.entries.push((key.into(), value));
    }

    /// Takes a text out.
    pub(super) fn take_text(&mut self, key: &str) -> Option<String> {
        match self.take(key)? {
            Node::Text(text) => Some(text.into()),
            other => {
                self.refuse("string_type", key, format!("a text, not {}", other.kind()), Some(&other));
                None
            }
        }
    }

    /// Takes out the key or id that the path gave already; it may be left out, but not be another one.
    pub(super) fn take_same(&mut self, key: &str, of_path: &str, is_same: impl Fn(&str) -> bool) {
        if let Some(text) = self.take_text(key)
            && !is_same(&text)
        {
            let message = format!("`{of_path}`, as in the path, or left out");
            self.refuse("mismatch", key, message, Some(&Node::text(text)));
        }
    }

    /// Notes a field that is not there.
    pub(super) fn require(&mut self, key: &str) {
        if !self.has(key) {
            self.refuse("missing", key, format!("`{key}` is required"), None);
        }
    }

    /// Notes a name that says nothing.
    pub(super) fn require_words(&mut self, key: &str) {
        let blank = self.entries.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone());
        if let Some(Node::Text(text)) = blank
            && text.trim().is_empty()
        {
            self.refuse(
                "string_too_short",
                key,
                format!("`{key}` must not be blank"),
                Some(&Node::text(text)),
            );
        }
    }

    /// Notes something that is wrong with a field.
    pub(super) fn refuse(&mut self, rule: &'static str, key: &str, message: String, input: Option<&Node>) {
        self.problems.push(problem(rule, vec![key.to_owned()], message, input));
    }

    /// The fields, and what is wrong with them so far.
    pub(super) fn into_parts(self) -> (Entries, Problems) {
        (self.entries, Problems(self.problems))
    }
}

/// What is wrong with a request so far.
#[must_use]
pub(super) struct Problems(Vec<FieldError>);

impl Problems {
    /// What a check gave, unless anything is wrong. A rule of the model that the value alone breaks has its
    /// code; anything that does not fit its type or bound is listed with all the rest.
    ///
    /// # Errors
    /// What is wrong.
    pub(super) fn with<T>(self, checked: Result<T, Vec<Finding>>) -> Result<T, Error> {
        let Self(mut problems) = self;
        match checked {
            Ok(value) if problems.is_empty() => Ok(value),
            Ok(_) => Err(Error::InvalidInput(problems)),
            Err(found) => {
                let is_coded =
                    |finding: &Finding| !matches!(finding.code, Code::InvalidBundle | Code::DuplicateKey);
                if problems.is_empty()
                    && found.iter().all(is_coded)
                    && let Some(first) = found.first()
                {
                    return Err(Error::Unprocessable { code: first.code, detail: sentence(first) });
                }
                problems.extend(found.into_iter().map(|finding| {
                    // A code that says no more than that something is wrong is no rule.
                    let is_plain = matches!(finding.code, Code::InvalidBundle);
                    let rule = if is_plain { "value_error" } else { finding.code.as_str() };
                    problem(rule, finding.location, finding.detail, None)
                }));
                Err(Error::InvalidInput(problems))
            }
        }
    }

    /// # Errors
    /// What is wrong.
    pub(super) fn none(self) -> Result<(), Error> {
        self.with(Ok(()))
    }
}

/// What a check gave, when nothing else can be wrong.
///
/// # Errors
/// What is wrong.
pub(super) fn unproblematic<T>(checked: Result<T, Vec<Finding>>) -> Result<T, Error> {
    Problems(Vec::new()).with(checked)
}

fn sentence(finding: &Finding) -> String {
    if finding.path.is_empty() {
        finding.detail.clone()
    } else {
        format!("{}: {}", finding.path, finding.detail)
    }
}

/// Entries with others in their place or behind them: one level deep.
pub(super) fn merged(mut entries: Entries, given: Entries) -> Entries {
    for (key, value) in given {
        match entries.iter_mut().find(|(name, _)| *name == key) {
            Some(entry) => entry.1 = value,
            None => entries.push((key, value)),
        }
    }
    entries
}

/// The `extra` of a thing with what a request says of it: merged when it is a mapping, to be refused when it
/// is not.
pub(super) fn merged_extra(stored: Entries, given: Option<Node>) -> Node {
    match given {
        None => Node::Map(stored),
        Some(Node::Map(given)) => Node::Map(merged(stored, given)),
        Some(other) => other,
    }
}
