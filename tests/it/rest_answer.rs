//! Whole JSON answers, made comparable.

use serde_json::Value;

/// The answer with every public id written as `<id>` and every time as `<time>`, once each has been found well formed.
pub fn settled(mut answer: Value) -> Value {
    settle(&mut answer);
    answer
}

fn settle(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| match (name.as_str(), &*value) {
            ("id", Value::String(id)) if id.parse::<uuid::Uuid>().is_ok() => *value = "<id>".into(),
            ("created_at" | "updated_at", Value::String(time)) => {
                assert!(time.ends_with('Z') && time.contains('T'), "{time}");
                *value = "<time>".into();
            }
            _ => settle(value),
        }),
        Value::Array(items) => items.iter_mut().for_each(settle),
        _ => {}
    }
}

/// The text of a field of every row of a page.
pub fn column(page: &Value, field: &str) -> Vec<String> {
    let rows = page["items"].as_array().unwrap_or_else(|| panic!("no page: {page}"));
    rows.iter().map(|row| row[field].as_str().expect("a text").to_owned()).collect()
}
