//! The reference pages of the book are what the code says. Each is made here, of the tables and declarations that the program
//! itself runs on, and compared with the page that is stored:
//!
//! ```sh
//! UPDATE_REFERENCE=1 cargo test --test it reference
//! ```
//!
//! writes them again.

mod bundle;
mod codes;
mod commands;
mod grants;
mod graphql;
mod rest;
mod settings;

use std::path::PathBuf;

/// What each page starts with: who changes the page by hand is told where to go.
const GENERATED: &str = "<!-- Made of the code by tests/it/reference. Write it again: UPDATE_REFERENCE=1 cargo test --test it reference -->\n\n";

/// The pages by file name.
fn pages() -> Vec<(&'static str, String)> {
    vec![
        ("settings.md", settings::page()),
        ("commands.md", commands::page()),
        ("grants.md", grants::page()),
        ("rest.md", rest::page()),
        ("graphql.md", graphql::page()),
        ("codes.md", codes::page()),
        ("bundle.md", bundle::page()),
    ]
}

#[test]
fn the_pages_of_the_book_are_what_the_code_says() {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/book/src/reference"));
    let update = std::env::var_os("UPDATE_REFERENCE").is_some();
    let mut stale = Vec::new();
    for (name, page) in pages() {
        let (path, page) = (folder.join(name), format!("{GENERATED}{page}"));
        if update {
            std::fs::write(&path, &page).expect("a page is written");
        } else if std::fs::read_to_string(&path).unwrap_or_default() != page {
            stale.push(name);
        }
    }
    assert!(
        stale.is_empty(),
        "{stale:?}: write them again with UPDATE_REFERENCE=1 cargo test --test it reference"
    );
}

/// A table of Markdown.
fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut table = line(head.iter().map(ToString::to_string).collect());
    table += &format!("|{}\n", "---|".repeat(head.len()));
    for row in rows {
        table += &line(row.into_iter().map(|cell| one_line(&cell).replace('|', "\\|")).collect());
    }
    table + "\n"
}

/// A text without its line breaks, and without what Markdown would take for HTML.
fn one_line(text: &str) -> String {
    escaped(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A text in which `<` outside of code is no beginning of HTML.
fn escaped(text: &str) -> String {
    let pieces = text.split('`').enumerate();
    let pieces =
        pieces.map(|(at, piece)| if at % 2 == 0 { piece.replace('<', "&lt;") } else { piece.to_owned() });
    pieces.collect::<Vec<_>>().join("`")
}

/// A word as code.
fn code(word: &str) -> String {
    format!("`{word}`")
}
