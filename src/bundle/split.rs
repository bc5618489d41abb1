//! Documents of one body, read side by side.
//!
//! A line that starts with `---` and a blank, or is `---`, ends whatever stands before it: YAML forbids
//! it inside plain, quoted and block scalars alike. So the text can be cut there and the pieces read by
//! several threads. Where that is not certain — a directive belongs to the document behind the next
//! marker — or where a piece fails, the body is read once more as a whole, and that reading decides.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use memchr::memmem;

use super::model::{ReadDocument, Unreadable};
use super::{read_lines, read_yaml};

/// Most documents of one body.
pub const MAX_DOCUMENTS: usize = 10_000;

/// Below this size a thread costs more than it brings, in bytes.
const MIN_PARALLEL_BYTES: usize = 64 * 1024;

/// The pieces of a text that can be read on their own; the whole text where that is not certain.
pub fn pieces(text: &str) -> Vec<&str> {
    let has_directive = text.starts_with('%') || memmem::find(text.as_bytes(), b"\n%").is_some();
    if has_directive || text.len() < MIN_PARALLEL_BYTES {
        return vec![text];
    }
    let mut pieces = Vec::new();
    let mut from = 0;
    for at in memmem::find_iter(text.as_bytes(), b"\n---").map(|at| at + 1) {
        let is_marker = matches!(text.as_bytes().get(at + 3), None | Some(b' ' | b'\t' | b'\n' | b'\r'));
        if is_marker {
            pieces.push(&text[from..at]);
            from = at;
        }
    }
    pieces.push(&text[from..]);
    pieces
}

/// Reads every document of a body and hands each to `each`; the results in the order of the body.
///
/// # Errors
/// When the body is not YAML, is beyond a limit, or holds no document.
pub fn documents<T: Send>(
    text: &str,
    pieces: &[&str],
    each: impl Fn(ReadDocument) -> T + Sync,
) -> Result<Vec<T>, Unreadable> {
    let found = match side_by_side(pieces, &each) {
        Some(found) => found,
        None => one_after_the_other(text, &each)?,
    };
    if found.is_empty() {
        return Err(Unreadable {
            line: 1,
            column: 1,
            message: "there is no document in the body".to_owned(),
        });
    }
    if found.len() > MAX_DOCUMENTS {
        let message = format!("more than {MAX_DOCUMENTS} documents in one body");
        return Err(Unreadable { line: 1, column: 1, message });
    }
    Ok(found)
}

fn one_after_the_other<T>(text: &str, each: &impl Fn(ReadDocument) -> T) -> Result<Vec<T>, Unreadable> {
    if let Some(documents) = read_lines::documents(text) {
        return Ok(documents.into_iter().map(each).collect());
    }
    let mut found = Vec::new();
    read_yaml::each_document(text, &mut |document| {
        // One more than allowed is enough to know.
        if found.len() <= MAX_DOCUMENTS {
            found.push(each(document));
        }
    })?;
    Ok(found)
}

/// None when there is nothing to share out, or when a piece fails.
fn side_by_side<T: Send>(pieces: &[&str], each: &(impl Fn(ReadDocument) -> T + Sync)) -> Option<Vec<T>> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(pieces.len());
    if threads < 2 || pieces.len() > 2 * MAX_DOCUMENTS {
        return None;
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(piece) = pieces.get(index) else { return Some(done) };
            let Ok(found) = one_after_the_other(piece, each) else {
                next.store(pieces.len(), Ordering::Relaxed);
                return None;
            };
            done.push((index, found));
        }
    };
    let mut done = Vec::with_capacity(pieces.len());
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            done.extend(worker.join().ok()??);
        }
        Some(())
    })?;
    done.sort_unstable_by_key(|(index, _)| *index);
    Some(done.into_iter().flat_map(|(_, found)| found).collect())
}
