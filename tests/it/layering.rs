//! The direction of the house: `cli → app → {graphql, rest} → service → {store, auth, bundle, domain}`; `store → entity`.
//!
//! Reads the tokens of every source file, so that a path counts wherever it stands: in a `use`, in an expression, in a macro.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};

/// One module at the top of the crate (`main` and `lib` are the roots themselves) and what it may name: other modules
/// of the crate, and those of the [`GUARDED`] crates.
const LAYERS: &[(&str, &[&str])] = &[
    ("main", &["cli"]),
    ("lib", &[]),
    ("cli", &["app", "config", "graphql", "rest", "service", "auth", "bundle", "domain"]),
    ("app", &["config", "http", "graphql", "rest", "service", "auth", "domain", "metrics"]),
    (
        "graphql",
        &["config", "http", "service", "auth", "domain", "metrics", "async_graphql", "async_graphql_axum"],
    ),
    ("rest", &["config", "http", "service", "auth", "domain", "utoipa", "utoipa_axum", "utoipa_swagger_ui"]),
    ("http", &["config", "service", "auth", "domain", "metrics"]),
    ("config", &["service", "auth", "domain"]),
    ("service", &["store", "auth", "bundle", "domain", "metrics"]),
    ("store", &["domain", "entity", "migration", "sea_orm", "sqlx"]),
    ("auth", &["domain"]),
    ("bundle", &["domain"]),
    ("fuzzing", &["graphql", "rest", "auth", "bundle", "domain"]),
    ("domain", &[]),
    ("metrics", &["prometheus_client"]),
];

/// Crates that belong to one layer.
const GUARDED: &[&str] = &[
    "entity",
    "migration",
    "prometheus_client",
    "sea_orm",
    "sea_orm_migration",
    "sea_query",
    "sqlx",
    "async_graphql",
    "async_graphql_axum",
    "utoipa",
    "utoipa_axum",
    "utoipa_swagger_ui",
];

#[test]
fn every_module_names_only_what_lies_below_it() {
    let mut breaches = Vec::new();
    for file in source_files(&root().join("src")) {
        let module = module_path(&file);
        let layer = module.first().map_or_else(|| stem(&file), String::as_str).to_owned();
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == layer) else {
            breaches.push(format!("{}: the module {layer} has no place in the layers", file.display()));
            continue;
        };
        for named in names(&file, &module) {
            if named != layer && !allowed.contains(&named.as_str()) && layer != "lib" {
                breaches.push(format!("{}: {layer} names {named}", file.display()));
            }
        }
    }
    assert!(breaches.is_empty(), "the direction is broken:\n{}", breaches.join("\n"));
}

#[test]
fn the_tables_know_nothing_of_the_doors() {
    let mut breaches = Vec::new();
    for file in ["entity", "migration"].iter().flat_map(|name| source_files(&root().join(name).join("src"))) {
        for named in names(&file, &[]) {
            if ["async_graphql", "utoipa", "rec_registry"].contains(&named.as_str()) {
                breaches.push(format!("{} names {named}", file.display()));
            }
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn a_path_is_seen_wherever_it_stands() {
    let seen = |module: &[&str], source: &str| {
        let module: Vec<_> = module.iter().map(ToString::to_string).collect();
        named_in(source, &module).into_iter().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(seen(&["rest"], "use crate::store::read;"), "store");
    assert_eq!(seen(&["rest"], "use crate::{domain::{code::Code, error}, store};"), "domain store");
    assert_eq!(seen(&["rest"], "fn f() { vec![crate::store::x()] }"), "store");
    assert_eq!(seen(&["rest", "user"], "use super::super::store; use super::views;"), "store");
    assert_eq!(seen(&["rest"], "mod tests { use super::super::store; use super::*; }"), "store");
    assert_eq!(seen(&["rest"], "pub(super) fn f(entity: u8) -> ::sea_orm::DbErr { entity.x }"), "sea_orm");
    assert_eq!(seen(&["rest"], "mod entity_tag; pub use entity_tag::x;"), "");
    assert_eq!(
        seen(&["rest"], "use {sea_orm_migration::x, entity::*}; use sqlx;"),
        "entity sea_orm_migration sqlx"
    );
    assert_eq!(
        seen(
            &["rest"],
            "use sea_orm::{sea_query::Expr, entity::prelude}; // crate::store\nconst X: &str = \"crate::store::x\";"
        ),
        "sea_orm"
    );
    assert_eq!(seen(&[], "use rec_registry::cli;"), "cli");
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn source_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a source folder can be read") {
        let path = entry.expect("a source folder can be read").path();
        if path.is_dir() {
            files.extend(source_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn stem(file: &Path) -> &str {
    file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default()
}

/// `src/rest/user.rs` is the module `rest::user`, `src/rest/mod.rs` is `rest`, `src/lib.rs` the root.
fn module_path(file: &Path) -> Vec<String> {
    let inside = file.strip_prefix(root().join("src")).expect("a file of src").with_extension("");
    let mut path: Vec<_> = inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if matches!(path.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        path.pop();
    }
    path
}

fn names(file: &Path, module: &[String]) -> BTreeSet<String> {
    named_in(&fs::read_to_string(file).expect("a source file can be read"), module)
}

/// The modules at the top of the crate, and the guarded crates, that a source text of this module names.
fn named_in(source: &str, module: &[String]) -> BTreeSet<String> {
    let tokens: TokenStream = source.parse().expect("a source file is Rust");
    let mut found = BTreeSet::new();
    read(tokens, module, &mut found);
    found
}

fn read(tokens: TokenStream, module: &[String], found: &mut BTreeSet<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            // The rest of a path, whose head has been read.
            TokenTree::Group(_) if is_separator(&tokens, at.wrapping_sub(2)) => {}
            TokenTree::Group(group) => {
                let mut inner = module.to_vec();
                if let [.., TokenTree::Ident(keyword), TokenTree::Ident(name)] = &tokens[..at]
                    && keyword == "mod"
                {
                    inner.push(name.to_string());
                }
                read(group.stream(), &inner, found);
            }
            TokenTree::Ident(first) if !continues_a_path(&tokens[..at]) => match first.to_string().as_str() {
                "crate" | "rec_registry" if is_separator(&tokens, at + 1) => {
                    found.extend(heads(&tokens, at + 3));
                }
                "super" => found.extend(above(&tokens, at, module)),
                name => {
                    if GUARDED.contains(&name)
                        && (is_separator(&tokens, at + 1) || is_word(tokens[..at].last(), "use"))
                    {
                        found.insert(name.to_owned());
                    }
                }
            },
            _ => {}
        }
    }
}

/// The modules at the top of the crate that the path beginning with this `super` leads to.
fn above(tokens: &[TokenTree], mut at: usize, module: &[String]) -> Vec<String> {
    let mut levels = 0;
    while is_word(tokens.get(at), "super") && is_separator(tokens, at + 1) {
        levels += 1;
        at += 3;
    }
    if levels > 0 && levels >= module.len() { heads(tokens, at) } else { Vec::new() }
}

/// The first segments of the path, or of the braced list of paths, that stands here.
fn heads(tokens: &[TokenTree], at: usize) -> Vec<String> {
    match tokens.get(at) {
        Some(TokenTree::Ident(name)) => vec![name.to_string()],
        Some(TokenTree::Group(group)) => {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            inner
                .split(|token| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ','))
                .flat_map(|path| heads(path, 0))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// Whether `::` stands here.
fn is_separator(tokens: &[TokenTree], at: usize) -> bool {
    let colon = |at: usize| matches!(tokens.get(at), Some(TokenTree::Punct(mark)) if mark.as_char() == ':');
    colon(at) && colon(at + 1)
}

/// Whether what follows these tokens is a later segment of a path (`a::`, but not a leading `::`).
fn continues_a_path(before: &[TokenTree]) -> bool {
    matches!(before, [.., TokenTree::Ident(_), TokenTree::Punct(first), TokenTree::Punct(second)]
        if first.as_char() == ':' && second.as_char() == ':')
}

fn is_word(token: Option<&TokenTree>, word: &str) -> bool {
    matches!(token, Some(TokenTree::Ident(name)) if name == word)
}
