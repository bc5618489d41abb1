//! The bundles from the field.

/// Their names.
pub const ALL: &[&str] =
    &["aurora-highlands-v0.7.yaml", "valley-v0.5.yaml", "listed-v0.4.yaml", "federation.yaml"];

/// The text of one of them.
pub fn text(name: &str) -> String {
    let path = format!("{}/tests/samples/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}
