//! What was found by hours of `fuzz/` is tried in a moment: its corpus, and changes of it. The changes are always the same
//! ones; new ones are for `fuzz/run`.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{RngSeed, TestRunner};

/// How many changed inputs a target is given.
const ROUNDS: u32 = 2_000;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// The inputs that are kept for a target, in the order of their names.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(folder().join("corpus").join(target)).unwrap();
    let files: BTreeSet<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.into_iter().map(|file| fs::read(file).unwrap()).collect()
}

/// The words of a target's dictionary, which is written as libFuzzer has it.
fn words(target: &str) -> Vec<Vec<u8>> {
    let text = fs::read_to_string(folder().join("dictionaries").join(format!("{target}.dict"))).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| word(line.strip_prefix('"').unwrap().strip_suffix('"').unwrap())).collect()
}

fn word(mut quoted: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(first) = quoted.chars().next() {
        let (byte, length) = match quoted.get(..2) {
            Some("\\x") => (u8::from_str_radix(&quoted[2..4], 16).unwrap(), 4),
            Some("\\\\" | "\\\"") => (quoted.as_bytes()[1], 2),
            _ => (u8::try_from(first).unwrap(), 1),
        };
        bytes.push(byte);
        quoted = &quoted[length..];
    }
    bytes
}

/// A change at some place of an input.
#[derive(Debug, Clone)]
enum Change {
    /// Another byte.
    Byte(u8),
    /// A word more.
    Word(Vec<u8>),
    /// Some bytes less.
    Less(usize),
    /// The end of another input from here on.
    End(Index),
}

fn change(words: Vec<Vec<u8>>) -> impl Strategy<Value = (Index, Change)> {
    let change = prop_oneof![
        any::<u8>().prop_map(Change::Byte),
        prop::sample::select(words).prop_map(Change::Word),
        (1..16_usize).prop_map(Change::Less),
        any::<Index>().prop_map(Change::End),
    ];
    (any::<Index>(), change)
}

fn changed(corpus: &[Vec<u8>], of: Index, changes: Vec<(Index, Change)>) -> Vec<u8> {
    let mut bytes = of.get(corpus).clone();
    for (place, change) in changes {
        let at = place.index(bytes.len() + 1);
        match change {
            Change::Byte(byte) => bytes.iter_mut().skip(at).take(1).for_each(|old| *old = byte),
            Change::Word(word) => drop(bytes.splice(at..at, word)),
            Change::Less(length) => drop(bytes.drain(at..bytes.len().min(at + length))),
            Change::End(other) => {
                let other = other.get(corpus);
                bytes.truncate(at);
                bytes.extend(&other[at.min(other.len())..]);
            }
        }
    }
    bytes
}

fn try_all(target: &str, run: fn(&[u8])) {
    let corpus = corpus(target);
    assert!(corpus.len() >= 10, "{target} has a corpus");
    corpus.iter().for_each(|input| run(input));
    let inputs = (any::<Index>(), prop::collection::vec(change(words(target)), 1..6));
    let config = ProptestConfig {
        cases: ROUNDS,
        rng_seed: RngSeed::Fixed(7),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let outcome = TestRunner::new(config).run(&inputs, |(of, changes)| {
        run(&changed(&corpus, of, changes));
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{target}: {failure}"));
}

#[test]
fn no_bundle_is_too_odd() {
    try_all("bundles", super::bundles);
}

#[test]
fn no_cursor_is_too_odd() {
    try_all("cursors", super::cursors);
}

#[test]
fn no_filter_is_too_odd() {
    try_all("filters", super::filters);
}

#[test]
fn no_parameter_is_too_odd() {
    try_all("parameters", super::parameters);
}

#[test]
fn no_token_is_too_odd() {
    try_all("tokens", super::tokens);
}

#[test]
fn every_target_is_a_program_with_a_corpus_and_a_dictionary() {
    let named = |folder: PathBuf| -> BTreeSet<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect()
    };
    let targets =
        BTreeSet::from(["bundles", "cursors", "filters", "parameters", "tokens"].map(str::to_owned));
    for kind in ["fuzz_targets", "corpus", "dictionaries"] {
        assert_eq!(named(folder().join(kind)), targets, "{kind}");
    }
    for target in targets {
        let program = folder().join("fuzz_targets").join(format!("{target}.rs"));
        let call = format!("rec_registry::fuzzing::{target}(bytes)");
        assert!(fs::read_to_string(program).unwrap().contains(&call), "{call}");
    }
}

#[test]
fn a_word_of_a_dictionary_is_read_as_libfuzzer_reads_it() {
    assert_eq!(word(r#"a\"\\\x0a\\u0000"#), b"a\"\\\n\\u0000");
}
