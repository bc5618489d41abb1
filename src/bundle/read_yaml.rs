//! A YAML body as trees of [`Node`](crate::domain::node::Node)s, built from the events of `granit-parser`, the parser below
//! `serde-saphyr`.
//!
//! A bundle carries free data, and what a scalar of free data means depends on its style: `0012`,
//! `4e10`, `no` and `2024-01-15` without quotes are codes and dates that must stay as they are written,
//! `5.940` must keep its digits. A serde reader hands a free value over as a float or a boolean, and then
//! that is lost; a key that stands twice is fatal or lost without a word. Events carry style, text and
//! position, and cost less than serde on top of them. One core, a document of 3 MB, a busy machine:
//!
//! | | MB/s | `4e10` | `0012345` | `no` | `5.940` | `{a: 1, a: 2}` |
//! |---|---|---|---|---|---|---|
//! | events to nodes | 19 | text | text | text | `5.940` | a problem with its path |
//! | `serde-saphyr` into structs | 7 | a float | a float | a boolean | `5.94` | fatal |
//! | `serde_yaml_ng` into structs | 13 | a float | text | text | `5.94` | the last one wins |
//!
//! `cargo bench --bench yaml_readers` measures it again.

use granit_parser::{Event, Marker, Parser, ScanError};

use super::model::{ReadDocument, Unreadable};
use super::split;
use super::tree::Tree;
use crate::domain::node::MAX_DEPTH;

/// Reads a YAML body of one or more documents, UTF-8 with or without a byte-order mark. Documents
/// without content are skipped.
///
/// # Errors
/// When the body is not UTF-8 or not YAML, when nesting, aliases or documents go beyond the limits, and
/// when there is no document in it.
pub fn read_yaml(body: &[u8]) -> Result<Vec<ReadDocument>, Unreadable> {
    let text = text_of(body)?;
    split::documents(text, &split::pieces(text), |document| document)
}

/// The text of a body, without its byte-order mark.
pub fn text_of(body: &[u8]) -> Result<&str, Unreadable> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let text = std::str::from_utf8(body)
        .map_err(|error| at(body, error.valid_up_to(), "the body is not UTF-8 from here on"))?;
    match memchr::memchr(0, body) {
        Some(offset) => Err(at(body, offset, "a NUL character cannot stand in YAML")),
        None => Ok(text),
    }
}

fn at(body: &[u8], offset: usize, message: &str) -> Unreadable {
    let before = &body[..offset];
    let line_start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
    Unreadable {
        line: memchr::memchr_iter(b'\n', before).count() + 1,
        column: String::from_utf8_lossy(&before[line_start..]).chars().count() + 1,
        message: message.to_owned(),
    }
}

/// Reads the documents of a text one after the other.
pub fn each_document(text: &str, found: &mut impl FnMut(ReadDocument)) -> Result<(), Unreadable> {
    let options = granit_parser::options! {
        emit_comments: false,
        flow_nesting_limit: MAX_DEPTH + 2,
        block_nesting_limit: MAX_DEPTH + 2,
        // What the writer can bring about: a key of 256 characters, each of them escaped.
        simple_key_max_lookahead: 4 * 1024,
    };
    let mut parser = Parser::new_from_str_with_options(text, options);
    let has_aliases = memchr::memchr(b'*', text.as_bytes()).is_some();
    let sapling = || if has_aliases { Tree::with_aliases() } else { Tree::default() };
    let mut tree = sapling();
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| syntax_error(&error))?;
        let grown = match event {
            Event::DocumentStart(..) => {
                tree = sapling();
                Ok(())
            }
            Event::DocumentEnd => {
                std::mem::take(&mut tree).document().into_iter().for_each(&mut *found);
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => tree.scalar(text, style, anchor, tag.as_deref()),
            Event::SequenceStart(_, anchor, _) => tree.open_list(anchor),
            Event::MappingStart(_, anchor, _) => tree.open_map(anchor),
            Event::SequenceEnd | Event::MappingEnd => tree.close(),
            Event::Alias(anchor) => tree.alias(anchor),
            _ => Ok(()),
        };
        grown.map_err(|message| located(&span.start, message))?;
    }
    Ok(())
}

fn syntax_error(error: &ScanError) -> Unreadable {
    located(error.marker(), error.info().to_string())
}

fn located(marker: &Marker, message: String) -> Unreadable {
    Unreadable { line: marker.line(), column: marker.col() + 1, message }
}
