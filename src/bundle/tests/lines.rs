//! What is read line by line is what any reader of YAML reads.

use proptest::prelude::*;

use super::{SMALL, bundles, written};
use crate::bundle::fuzzing::lines_are_yaml;
use crate::bundle::read_lines;

#[test]
fn what_bundles_are_written_in_lines_are_yaml() {
    for text in [
        SMALL,
        &written(&bundles(SMALL)),
        "---\na: 1\n---\n---\n# nothing\n---\nb:\n- x\n-\n- c: 'it''s'\n  d: \"\\\"quoted\\\" \\\\ \\n\"\n-   e: {}\nf:\n",
        "  deep:\n      deeper: [1, {a: b, \"c\":d, 'e': f}, [], {}, -5, .5, x y , ]\n  # a remark\n\n  last: a:b#no# -\n",
        "a: http://x/?y#z\nb: ~\nc: null\nd: true\ne: 4e10\n\"f g\": h\n'i': j\nk l: m\né: è\n",
    ] {
        assert!(lines_are_yaml(text), "{text}");
    }
}

#[test]
fn samples_of_the_field_are_read_alike() {
    for sample in [
        include_str!("../../../tests/samples/aurora-highlands-v0.7.yaml"),
        include_str!("../../../tests/samples/valley-v0.5.yaml"),
        include_str!("../../../tests/samples/listed-v0.4.yaml"),
        include_str!("../../../tests/samples/federation.yaml"),
    ] {
        assert!(lines_are_yaml(sample));
    }
}

#[test]
fn what_is_anything_else_is_left_to_the_reader_of_any_yaml() {
    for text in [
        "a: &x 1\nb: *x\n",
        "a: |\n  text\n",
        "a: >-\n  text\n",
        "a: one\n  two\n",
        "a: \"one\n  two\"\n",
        "a: [1,\n  2]\n",
        "a: !!str 5\n",
        "? a\n: b\n",
        "a:\tb\n",
        "a: b\r\n",
        "<<: {a: b}\n",
        "%YAML 1.2\n---\na: b\n",
        "--- a\n",
        "a: b\n...\n",
        "- - a\n",
        "text\n",
        "[1, 2]\n",
        "a: b: c\n",
        "a: b #c\n",
        "a: \"b\" c\n",
        "a: \"\\x41\"\n",
        "a: [b: c]\n",
        "a: {b, c: d}\n",
        "a: {b: c\n",
        "a: @b\n",
        "a: `b\n",
        "a: - b\n",
        "a : b\n",
        "a: 1\n b: 2\n",
        "  a: 1\n b: 2\n",
        "a: 1\n- b\n",
        "- a\nb: 1\n",
        "a: \u{7f}\n",
        "a: \u{85}b\n",
        "a: \u{2028}b\n",
        "a: b\u{feff}\n",
    ] {
        assert!(read_lines::documents(text).is_none(), "{text:?}");
    }
}

/// Lines of which many make sense together.
fn line() -> impl Strategy<Value = String> {
    let start = prop::sample::select(vec![
        "", "- ", "-", "-  ", "a: ", "b:", "c :", "\"d\": ", "'e':", "f g: ", "- h: ", "- - ", "? ", "1: ",
    ]);
    let value = prop::sample::select(vec![
        "",
        "x",
        "-5",
        "x y",
        "x:y",
        "x: y",
        "x #y",
        "x#y",
        "#x",
        "\"x\"",
        "\"x\\\"\\n\"",
        "'x''y'",
        "\"x",
        "'x",
        "{}",
        "[]",
        "{a: b}",
        "{a: b, c: [d, e]}",
        "[{a: 1}, x]",
        "{\"a\":1}",
        "{'a' : 1}",
        "{a}",
        "[a: b]",
        "[a, ]",
        "[, a]",
        "{a: }",
        "{a: b:}",
        "[a",
        "{a: b",
        "[a] b",
        "{a: b} #c",
        "~",
        "null",
        "&a x",
        "*a",
        "!!str x",
        "|",
        ">",
        "%x",
        "@x",
        "---",
        "...",
        "- x",
        "é’",
        "x\u{85}y",
        "x\ty",
        "<<",
        "a, b",
        "a]",
        "\u{a0}x",
        "x:",
        ":x",
        "?x",
        "-",
        "=",
        ".5",
        "$x",
        "!",
        "{a: [b, {c: \"d, e\"}]}",
    ]);
    (0_usize..5, start, value, prop::sample::select(vec!["", "", "", " ", " # z"]))
        .prop_map(|(indent, start, value, end)| format!("{}{start}{value}{end}", " ".repeat(indent)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn lines_of_any_kind_are_read_alike(lines in prop::collection::vec(prop_oneof![4 => line(), 1 => Just("---".to_owned()), 1 => Just(String::new())], 1..7)) {
        lines_are_yaml(&lines.join("\n"));
    }

    #[test]
    fn a_bundle_with_another_character_somewhere_is_read_alike(
        at in any::<prop::sample::Index>(),
        length in 0_usize..4,
        new in prop::sample::select(vec!["", " ", "  ", "\n", ":", ": ", "#", " #", "-", "- ", "'", "\"", "{", "}", "[", "]", ",", "\\", "&", "*", "!", "|", "é", "\t", "\r", "..."]),
        block in any::<bool>(),
    ) {
        let mut text = if block { BLOCK.to_owned() } else { SMALL.to_owned() };
        let from = at.index(text.len());
        let to = (from + length).min(text.len());
        text.replace_range(from..to, new);
        lines_are_yaml(&text);
    }
}

/// A bundle in blocks.
const BLOCK: &str = "\
---
schema_version: \"0.7\"
community:
  id: aurora
  areas:
    north:
      topology:
      - A-1
      - 'A-2'
  topology:
    - id: A-1
      type: primary_substation
    - id: A-2
      name:
members:
  # the first one
  a:
    user_id: alice
    delivery_points:
      - id: IT001
        address: Via Roma 1, 38020 Valle (TN)
        active: true
    assets:
      meter:
        ma:
          name: \"Main \\\"one\\\"\"
          relationships: {measures: [pv, st]}
";
