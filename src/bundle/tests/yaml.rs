//! What the YAML reader makes of a text.

use crate::bundle::{Unreadable, read_yaml};

fn json(yaml: &str) -> String {
    let documents = read_yaml(yaml.as_bytes()).unwrap();
    documents.iter().map(|document| document.node.to_json()).collect::<Vec<_>>().join(" ")
}

fn problems(yaml: &str) -> Vec<String> {
    let mut documents = read_yaml(yaml.as_bytes()).unwrap();
    documents.remove(0).problems.into_iter().map(|p| format!("{} {}", p.code, p.path)).collect()
}

fn unreadable(yaml: impl AsRef<[u8]>) -> Unreadable {
    read_yaml(yaml.as_ref()).unwrap_err()
}

#[test]
fn a_scalar_is_only_what_every_reader_takes_it_for() {
    for (scalar, expected) in [
        ("", "null"),
        ("~", "null"),
        ("Null", "null"),
        ("true", "true"),
        ("FALSE", "false"),
        ("no", r#""no""#),
        ("yes", r#""yes""#),
        ("5.940", "5.940"),
        ("-3", "-3"),
        ("12345678901234567890123", "12345678901234567890123"),
        ("0012345678", r#""0012345678""#),
        ("4e10", r#""4e10""#),
        ("+5", r#""+5""#),
        ("0x1f", r#""0x1f""#),
        ("1_000", r#""1_000""#),
        ("12:30", r#""12:30""#),
        ("2024-01-15", r#""2024-01-15""#),
        (".inf", r#"".inf""#),
        (".nan", r#"".nan""#),
        ("\"5\"", r#""5""#),
        ("'true'", r#""true""#),
        ("!!str 5", r#""5""#),
        ("! 5", r#""5""#),
        ("!!int \"5\"", "5"),
        ("!!null x", "null"),
        ("!local 5", "5"),
        ("|\n  5\n", r#""5\n""#),
        (">-\n  a\n  b\n", r#""a b""#),
    ] {
        assert_eq!(json(&format!("a: {scalar}\nb: 1")), format!(r#"{{"a":{expected},"b":1}}"#), "{scalar}");
    }
}

#[test]
fn keys_keep_their_text() {
    assert_eq!(
        json("{1: a, 001: b, true: c, no: d, ? e : f}"),
        r#"{"1":"a","001":"b","true":"c","no":"d","e":"f"}"#
    );
}

#[test]
fn documents_without_content_are_skipped() {
    assert_eq!(
        json("# only a comment\n---\na: 1\n---\n---\n# nothing\n---\nnull\n---\nb: 2\n...\n"),
        r#"{"a":1} {"b":2}"#
    );
}

#[test]
fn a_byte_order_mark_is_no_content() {
    assert_eq!(json("\u{feff}a: 1"), r#"{"a":1}"#);
}

#[test]
fn aliases_and_merge_keys_are_resolved() {
    let yaml =
        "base: &b {x: 1, y: 2}\nmore: &m {y: 3, z: 4}\nown: {<<: [*b, *m], x: 0}\nsame: *b\n? &k key\n: *k\n";
    assert_eq!(
        json(yaml),
        r#"{"base":{"x":1,"y":2},"more":{"y":3,"z":4},"own":{"x":0,"y":2,"z":4},"same":{"x":1,"y":2},"key":"key"}"#
    );
    assert_eq!(json(r#"{"<<": {a: 1}}"#), r#"{"<<":{"a":1}}"#);
    assert_eq!(problems("a: {<<: 5}"), ["invalid_bundle a.<<"]);
}

#[test]
fn a_key_that_stands_twice_is_remembered_and_the_first_value_kept() {
    let yaml = "a: [0, {b: 1, b: 2}]\nm:\n  x: 1\n  y: {z: [[1, {q: 1, q: 2}]]}\n  x: 3\n";
    assert_eq!(problems(yaml), ["duplicate_key a[1].b", "duplicate_key m.y.z[0][1].q", "duplicate_key m.x"]);
    assert_eq!(json(yaml), r#"{"a":[0,{"b":1}],"m":{"x":1,"y":{"z":[[1,{"q":1}]]}}}"#);
    let many: String = (0..40).map(|n| format!("k{}: {n}\n", n % 39)).collect();
    assert_eq!(problems(&many), ["duplicate_key k0"]);
}

#[test]
fn a_key_that_is_no_scalar_is_refused_and_read_past() {
    assert_eq!(problems("a: {[1, 2]: x, b: 1}"), ["invalid_bundle a"]);
    assert_eq!(json("a: {? {c: d} : x, b: 1}"), r#"{"a":{"b":1}}"#);
}

#[test]
fn what_is_not_yaml_is_named_with_line_and_column() {
    let error = unreadable("a: 1\nb: [1, 2\nc: 3\n");
    assert_eq!(error.line, 3, "{error}");
    assert!(!error.message.is_empty());
    let error = unreadable(b"a: 1\nb: \xe9\n");
    assert_eq!((error.line, error.column), (2, 4));
    let error = unreadable("a: 1\nb: x\0y\n");
    assert_eq!((error.line, error.column), (2, 5));
    for nothing in ["", "\u{feff}", "# comment\n", "---\n", "---\nnull\n---\n~\n"] {
        assert!(unreadable(nothing).message.contains("no document"), "{nothing:?}");
    }
    assert!(read_yaml(b"a: *nowhere").is_err());
    assert!(read_yaml(b"a: &a [*a]").is_err());
}

#[test]
fn an_alias_bomb_is_refused() {
    let mut bomb = "l0: &l0 [x, x]\n".to_owned();
    for level in 1..30 {
        bomb.push_str(&format!("l{level}: &l{level} [*l{0}, *l{0}]\n", level - 1));
    }
    assert!(unreadable(bomb).message.contains("add up"));
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(100_000), "*a, ".repeat(1_000));
    assert!(unreadable(long).message.contains("add up"));
    let merged = format!("a: &a {{x: 1}}\nb: [{}]\n", "{<<: *a}, ".repeat(200_000));
    assert!(unreadable(merged).message.contains("add up"));
}

#[test]
fn nesting_beyond_the_limit_is_refused_without_recursion() {
    let deep = 100_000;
    let blocks: String = (0..2_000).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    for text in [
        "[".repeat(deep),
        "{a: ".repeat(deep),
        "- ".repeat(deep),
        "? ".repeat(deep),
        "[{".repeat(deep),
        format!("{}{}", "[".repeat(deep), "]".repeat(deep)),
        blocks,
    ] {
        assert!(read_yaml(text.as_bytes()).is_err());
    }
    assert!(read_yaml(format!("{}{}", "[".repeat(64), "]".repeat(64)).as_bytes()).is_ok());
    assert!(read_yaml(format!("{}x{}", "[".repeat(66), "]".repeat(66)).as_bytes()).is_err());
}

#[test]
fn a_large_body_reads_the_same_in_pieces_as_in_one() {
    let one = "a: |\n  text\n   --- no marker\nb: \"x\n  --- y\"\nc: [1,\n --- ]\n".replace(" --- ]", " 2]");
    let padding = format!("p: {}\n", "x".repeat(5_000));
    let body = vec![format!("{one}{padding}"); 40].join("---\n");
    assert!(body.len() > 100_000);
    let alone = json(&format!("{one}{padding}"));
    assert_eq!(json(&body), vec![alone; 40].join(" "));
    let directive = format!("%YAML 1.2\n---\n{body}");
    assert_eq!(json(&directive), json(&body));
    let broken = format!("{body}---\na: [\n---\nb: 1\n");
    let error = unreadable(&broken);
    assert!(error.line > body.lines().count(), "{error}");
}
