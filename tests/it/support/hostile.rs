//! What somebody sends who wants the service to fall over: each is refused before a resolver runs, with its code.

use serde_json::{Value, json};

/// A body of `POST /graphql` and the codes that it may be refused with.
pub struct Hostile {
    /// What it is.
    pub name: &'static str,
    /// The body, JSON.
    pub body: String,
    /// The codes that fit.
    pub codes: &'static [&'static str],
}

/// A query that doubles with each fragment.
fn doubling(times: usize) -> String {
    let fragment = |at: usize| format!(" fragment f{at} on Query {{ ...f{next} ...f{next} }}", next = at + 1);
    let fragments: String = (0..times).map(fragment).collect();
    format!("{{ ...f0 }}{fragments} fragment f{times} on Query {{ __typename }}")
}

fn numbered(count: usize, line: impl Fn(usize) -> String) -> String {
    format!("{{ {} }}", (0..count).map(line).collect::<Vec<_>>().join(" "))
}

fn nested(levels: usize, open: &str, middle: &str, close: &str) -> String {
    format!("{}{middle}{}", open.repeat(levels), close.repeat(levels))
}

/// All of them.
pub fn all() -> Vec<Hostile> {
    const DEAR: &str = "communities(first: 500) { nodes { members(first: 500) { nodes { name } } } }";
    let query =
        |name, query: String, codes| Hostile { name, body: json!({"query": query}).to_string(), codes };
    let literal =
        |levels| format!("{{ members(filter: {}) {{ totalCount }} }}", nested(levels, "{not: ", "{}", "}"));
    let introspection = nested(50, "{ types ", "{ name }", "}");
    let multiplying = nested(5, "interfaces { possibleTypes { ", "name", "} }");
    let batch: Vec<Value> = vec![json!({"query": "{ __typename }"}); 1_000];
    let variables = |json: String| format!(r#"{{"query":"{{ __typename }}","variables":{{"x":{json}}}}}"#);
    vec![
        query("1 000 levels", nested(1_000, "{ a ", "", "}"), &["QUERY_TOO_DEEP"]),
        query("literal 1 500 deep", literal(1_500), &["QUERY_TOO_DEEP"]),
        query("literal 100 000 deep", literal(100_000), &["PAYLOAD_TOO_LARGE"]),
        query("2^25 spreads", doubling(25), &["QUERY_TOO_COMPLEX"]),
        query("2^60 spreads", doubling(60), &["QUERY_TOO_DEEP", "QUERY_TOO_COMPLEX"]),
        query(
            "1 000 aliases of the dearest field",
            numbered(1_000, |at| format!("a{at}: {DEAR}")),
            &["PAYLOAD_TOO_LARGE", "QUERY_TOO_COMPLEX"],
        ),
        query(
            "60 aliases of the dearest field",
            numbered(60, |at| format!("a{at}: {DEAR}")),
            &["QUERY_TOO_COMPLEX"],
        ),
        query(
            "10 000 repeated fields",
            numbered(10_000, |_| "__typename".to_owned()),
            &["PAYLOAD_TOO_LARGE"],
        ),
        query("10 000 repeated short fields", numbered(10_000, |_| "a".to_owned()), &["QUERY_TOO_COMPLEX"]),
        query("10 000 unknown fields", numbered(10_000, |at| format!("{at}x")), &["QUERY_TOO_COMPLEX"]),
        query("9 000 unknown fields", numbered(9_000, |at| format!("u{at}")), &["QUERY_TOO_COMPLEX"]),
        query(
            "900 long unknown fields",
            numbered(900, |at| format!("{}{at}", "x".repeat(60))),
            &["GRAPHQL_VALIDATION_FAILED"],
        ),
        query("a name of 60 000 bytes", format!("{{ {} }}", "x".repeat(60_000)), &["QUERY_TOO_COMPLEX"]),
        query(
            "10 000 directives",
            format!("{{ __typename {} }}", "@skip(if: false) ".repeat(10_000)),
            &["PAYLOAD_TOO_LARGE"],
        ),
        query(
            "10 000 short directives",
            format!("{{ __typename {} }}", "@a ".repeat(10_000)),
            &["QUERY_TOO_COMPLEX"],
        ),
        query(
            "1 000 directives",
            format!("{{ __typename {} }}", "@skip(if: false) ".repeat(1_000)),
            &["QUERY_TOO_COMPLEX"],
        ),
        query(
            "a fragment cycle",
            "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }".to_owned(),
            &["GRAPHQL_VALIDATION_FAILED"],
        ),
        query(
            "a fragment of itself",
            "{ ...a } fragment a on Query { ...a }".to_owned(),
            &["GRAPHQL_VALIDATION_FAILED"],
        ),
        Hostile { name: "a batch of 1 000", body: json!(batch).to_string(), codes: &["BAD_USER_INPUT"] },
        query("10 MB of query", format!("{{ {} }}", "a ".repeat(5_000_000)), &["PAYLOAD_TOO_LARGE"]),
        Hostile {
            name: "10 MB of variables",
            body: variables(json!("x".repeat(10_000_000)).to_string()),
            codes: &["PAYLOAD_TOO_LARGE"],
        },
        Hostile {
            name: "variables 400 000 deep",
            body: variables(nested(400_000, "[", "", "]")),
            codes: &["QUERY_TOO_DEEP"],
        },
        query("introspection 50 levels deep", format!("{{ __schema {introspection} }}"), &["QUERY_TOO_DEEP"]),
        query(
            "introspection that multiplies",
            format!("{{ __schema {{ types {{ {multiplying} }} }} }}"),
            &["QUERY_TOO_COMPLEX"],
        ),
        query("a NUL character", "{ community(key: \"\\u0000\") { name } }".to_owned(), &["BAD_USER_INPUT"]),
    ]
}
