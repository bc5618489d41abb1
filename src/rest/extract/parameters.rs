//! The parameters of path and query. A handler reads those that it knows, and every problem among them
//! is reported at once; parameters that nobody reads are ignored.

use std::borrow::Cow;
use std::collections::HashMap;

use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use percent_encoding::percent_decode;

use crate::domain::closed_set::ClosedSet;
use crate::domain::cursor::{Cursor, ListKind};
use crate::domain::error::{Error, FieldError};
use crate::domain::history::Moment;
use crate::domain::node::Node;
use crate::domain::order::Order;
use crate::domain::page::{DEFAULT_PAGE, End, MAX_PAGE, MIN_PAGE, PageRequest};
use crate::domain::timestamp::Timestamp;
use crate::http::Problem;

/// The words that stand for yes and no, in any case.
const YES: &[&str] = &["true", "1", "yes", "on"];
const NO: &[&str] = &["false", "0", "no", "off"];

/// The parameters of a request, not looked at yet.
pub struct Parameters {
    path: HashMap<String, String>,
    /// In the order in which they were given; values that are not UTF-8 are kept as bytes.
    query: Vec<(String, Vec<u8>)>,
    broken: Option<FieldError>,
}

impl<S: Send + Sync> FromRequestParts<S> for Parameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let (path, broken) = match Path::<HashMap<String, String>>::from_request_parts(parts, state).await {
            Ok(Path(path)) => (path, None),
            Err(rejection) => (HashMap::new(), Some(not_utf8(rejection)?)),
        };
        let query = parts.uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        Ok(Self { path, query: query.map(parameter).collect(), broken })
    }
}

/// The segment that is not UTF-8 once it is decoded.
fn not_utf8(rejection: PathRejection) -> Result<FieldError, Error> {
    if let PathRejection::FailedToDeserializePathParams(failure) = rejection
        && let ErrorKind::InvalidUtf8InPathParam { key } = failure.into_kind()
    {
        return Ok(problem("string_unicode", ["path", &key], "UTF-8, percent-encoded".to_owned(), None));
    }
    Err(Error::internal("a route without the parameters that its handler reads"))
}

fn parameter(pair: &str) -> (String, Vec<u8>) {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let decoded = |text: &str| percent_decode(text.replace('+', " ").as_bytes()).collect::<Vec<u8>>();
    (String::from_utf8_lossy(&decoded(name)).into_owned(), decoded(value))
}

fn problem(rule: &'static str, location: [&str; 2], message: String, input: Option<&str>) -> FieldError {
    FieldError {
        rule,
        location: location.map(str::to_owned).to_vec(),
        message,
        input: input.map(|text| Node::text(text).to_json()),
    }
}

impl Parameters {
    /// What a handler makes of the parameters.
    ///
    /// # Errors
    /// When one that was read does not fit; the error names every such one.
    pub fn read<T>(self, read: impl FnOnce(&mut Given) -> T) -> Result<T, Error> {
        let problems = self.broken.clone().into_iter().collect();
        let mut given = Given { parameters: self, problems };
        let value = read(&mut given);
        if given.problems.is_empty() { Ok(value) } else { Err(Error::InvalidInput(given.problems)) }
    }
}

/// Parameters that are being read. A value that does not fit is noted and reads as if it were absent.
pub struct Given {
    parameters: Parameters,
    problems: Vec<FieldError>,
}

impl Given {
    /// A segment of the path, or the rest of it, decoded.
    pub fn segment<T: From<String>>(&mut self, name: &str) -> T {
        // Empty only beside a problem that is noted already: no route matches an empty segment.
        let text = self.parameters.path.get(name).cloned().unwrap_or_default();
        self.checked_text("path", name, text.into_bytes()).unwrap_or_default().into()
    }

    /// A text, given last; an empty one counts as absent.
    pub fn text(&mut self, name: &str) -> Option<String> {
        let last = self.parameters.query.iter().rev().find(|(given, _)| given == name)?;
        let bytes = Some(last.1.clone()).filter(|bytes| !bytes.is_empty())?;
        self.checked_text("query", name, bytes)
    }

    /// Every value of a parameter that may be repeated, empty ones too; none when it is absent.
    pub fn every<T: From<String>>(&mut self, name: &str) -> Option<Vec<T>> {
        let given = self.parameters.query.iter().filter(|(given, _)| given == name);
        let values: Vec<Vec<u8>> = given.map(|(_, value)| value.clone()).collect();
        if values.is_empty() {
            return None;
        }
        Some(
            values
                .into_iter()
                .filter_map(|value| self.checked_text("query", name, value))
                .map(T::from)
                .collect(),
        )
    }

    /// A word of a closed set.
    pub fn word<W: ClosedSet>(&mut self, name: &str) -> Option<W> {
        let text = self.text(name)?;
        let word = W::parse(&text);
        if word.is_none() {
            self.note("enum", name, format!("one of: {}", W::allowed()), &text);
        }
        word
    }

    /// A boolean.
    pub fn boolean(&mut self, name: &str) -> Option<bool> {
        let text = self.text(name)?;
        let is_one_of = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
        if is_one_of(YES) {
            return Some(true);
        }
        if is_one_of(NO) {
            return Some(false);
        }
        self.note("bool_parsing", name, format!("one of: {}, {}", YES.join(", "), NO.join(", ")), &text);
        None
    }

    /// A whole number.
    pub fn whole_number(&mut self, name: &str) -> Option<i64> {
        let text = self.text(name)?;
        let number = text.parse().ok();
        if number.is_none() {
            self.note("int_parsing", name, "a whole number".to_owned(), &text);
        }
        number
    }

    /// An instant.
    pub fn instant(&mut self, name: &str) -> Option<Timestamp> {
        let text = self.text(name)?;
        let instant = Timestamp::parse(&text);
        if instant.is_none() {
            self.note("datetime_parsing", name, "an instant, like 2026-01-31T08:15:00Z".to_owned(), &text);
        }
        instant
    }

    /// A revision or an instant.
    pub fn moment(&mut self, name: &str) -> Option<Moment> {
        let text = self.text(name)?;
        let moment = Moment::parse(&text);
        if moment.is_none() {
            let right = "the number of a revision, or an instant like 2026-01-31T08:15:00Z".to_owned();
            self.note("datetime_parsing", name, right, &text);
        }
        moment
    }

    /// The page that `limit` and `cursor` ask for, by key.
    pub fn page(&mut self, list: ListKind) -> PageRequest {
        self.page_in(list, Order::default())
    }

    /// The page that `limit` and `cursor` ask for, in an order.
    pub fn page_in(&mut self, list: ListKind, order: Order) -> PageRequest {
        PageRequest {
            size: self.limit().unwrap_or(DEFAULT_PAGE),
            end: End::First,
            after: self.cursor(list, order),
            before: None,
        }
    }

    fn limit(&mut self) -> Option<u32> {
        let text = self.text("limit")?;
        let message = format!("a whole number from {MIN_PAGE} to {MAX_PAGE}");
        let rule = match text.parse::<i64>() {
            Err(_) => "int_parsing",
            Ok(number) if number < MIN_PAGE.into() => "greater_than_equal",
            Ok(number) if number > MAX_PAGE.into() => "less_than_equal",
            Ok(number) => return u32::try_from(number).ok(),
        };
        self.note(rule, "limit", message, &text);
        None
    }

    fn cursor(&mut self, list: ListKind, order: Order) -> Option<Cursor> {
        let text = self.text("cursor")?;
        let cursor = Cursor::decode(&text, list, order);
        if cursor.is_err() {
            let message = "the next_cursor of a page of this list".to_owned();
            self.note("cursor_parsing", "cursor", message, &text);
        }
        cursor.ok()
    }

    /// The text that bytes stand for. Neither database keeps what is not UTF-8, and PostgreSQL no NUL.
    fn checked_text(&mut self, part: &str, name: &str, bytes: Vec<u8>) -> Option<String> {
        let (rule, message, input) = match String::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => return Some(text),
            Ok(text) => ("string_nul", "a text without the character NUL", Cow::Owned(text)),
            Err(_) => ("string_unicode", "UTF-8, percent-encoded", Cow::Borrowed("")),
        };
        let input = Some(input.as_ref()).filter(|input| !input.is_empty());
        self.problems.push(problem(rule, [part, name], message.to_owned(), input));
        None
    }

    fn note(&mut self, rule: &'static str, name: &str, message: String, input: &str) {
        self.problems.push(problem(rule, ["query", name], message, Some(input)));
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::http::Request;
    use axum::routing::get;
    use http_body_util::BodyExt as _;
    use serde_json::{Value, json};
    use tower::ServiceExt as _;

    use super::*;
    use crate::domain::closed_set::MemberRole;

    async fn asked(uri: &str) -> (u16, Value) {
        async fn handler(parameters: Parameters) -> Result<String, Problem> {
            let read = parameters.read(|given| {
                let key: Option<String> = Some(given.segment("key"));
                let rest =
                    given.parameters.path.contains_key("rest").then(|| given.segment::<String>("rest"));
                let role = given.word::<MemberRole>("role").map(ClosedSet::as_str);
                let (active, area) = (given.boolean("active"), given.text("area"));
                let every: Option<Vec<String>> = given.every("community");
                let page = given.page(ListKind::Members);
                json!([key, rest, role, active, area, every, page.size])
            });
            Ok(read?.to_string())
        }
        let router: Router = Router::new()
            .route("/one/{key}", get(handler))
            .route("/one/{key}/by-id/{*rest}", get(handler))
            .route("/one/{key}/{other}", get(async || "other"))
            .route("/one/{key}/by-id/fixed", get(async || "fixed"));
        let request = Request::builder().uri(uri).body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (
            status,
            serde_json::from_slice(&body)
                .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&body).into())),
        )
    }

    async fn read(uri: &str) -> Value {
        let (status, value) = asked(uri).await;
        assert_eq!(status, 200, "{uri}: {value}");
        value
    }

    async fn problems(uri: &str) -> Vec<(String, Value)> {
        let (status, value) = asked(uri).await;
        assert_eq!(status, 422, "{uri}: {value}");
        assert_eq!(value["code"], "validation_error");
        let problems = value["detail"].as_array().unwrap().iter();
        problems.map(|one| (one["type"].as_str().unwrap().to_owned(), one["loc"].clone())).collect()
    }

    #[tokio::test]
    async fn segments_are_decoded_after_the_path_is_split() {
        assert_eq!(read("/one/a%2Fb%3Ac%20%C3%BC+d").await[0], "a/b:c ü+d");
        assert_eq!(read("/one/%252F").await[0], "%2F");
        assert_eq!(
            read("/one/a%2Fb/by-id/c%2Fd/e//f").await,
            json!(["a/b", "c/d/e//f", null, null, null, null, 50])
        );
        assert_eq!(asked("/one/a/b%2Fc").await.1, "other");
        assert_eq!(asked("/one/a/by-id").await.1, "other");
        assert_eq!(asked("/one/a/by-id/fixed").await.1, "fixed");
    }

    #[tokio::test]
    async fn a_segment_that_no_database_keeps_is_refused() {
        assert_eq!(problems("/one/%FF").await, [("string_unicode".to_owned(), json!(["path", "key"]))]);
        assert_eq!(problems("/one/a%00b").await, [("string_nul".to_owned(), json!(["path", "key"]))]);
    }

    #[tokio::test]
    async fn booleans_have_many_words() {
        for (words, expected) in [(YES, true), (NO, false)] {
            for word in words {
                assert_eq!(read(&format!("/one/a?active={word}")).await[3], expected, "{word}");
                assert_eq!(
                    read(&format!("/one/a?active={}", word.to_uppercase())).await[3],
                    expected,
                    "{word}"
                );
            }
        }
        assert_eq!(problems("/one/a?active=maybe").await[0].0, "bool_parsing");
    }

    #[tokio::test]
    async fn an_empty_parameter_counts_as_absent_and_of_a_repeated_one_the_last_counts() {
        let absent = json!(["a", null, null, null, null, null, 50]);
        assert_eq!(read("/one/a?role=&active=&limit=&cursor=&area=&unknown=1&&=").await, absent);
        assert_eq!(read("/one/a?limit=x&limit=7").await[6], 7);
        assert_eq!(read("/one/a?limit=7&limit=").await[6], 50);
        assert_eq!(read("/one/a?area=a+b%2Bc").await[4], "a b+c");
        assert_eq!(read("/one/a?community=x&community=&community").await[5], json!(["x", "", ""]));
    }

    #[tokio::test]
    async fn every_problem_is_reported_at_once() {
        let uri = "/one/a%00?limit=0&cursor=x&role=boss&active=maybe&area=%FF";
        let expected = [
            ("string_nul", "path", "key"),
            ("enum", "query", "role"),
            ("bool_parsing", "query", "active"),
            ("string_unicode", "query", "area"),
            ("greater_than_equal", "query", "limit"),
            ("cursor_parsing", "query", "cursor"),
        ];
        assert_eq!(
            problems(uri).await,
            expected.map(|(rule, part, name)| (rule.to_owned(), json!([part, name])))
        );
    }

    #[tokio::test]
    async fn a_limit_is_from_1_to_500() {
        for (limit, rule) in [
            ("0", "greater_than_equal"),
            ("-1", "greater_than_equal"),
            ("501", "less_than_equal"),
            ("1.5", "int_parsing"),
            ("99999999999999999999", "int_parsing"),
        ] {
            assert_eq!(problems(&format!("/one/a?limit={limit}")).await[0].0, rule, "{limit}");
        }
        assert_eq!(read("/one/a?limit=1").await[6], 1);
        assert_eq!(read("/one/a?limit=500").await[6], 500);
    }
}
