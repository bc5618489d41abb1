//! A bundle as somebody sends it.

use crate::bundle::fuzzing::lines_are_yaml;
use crate::bundle::{CheckedBody, Writer, check, check_yaml, read_json};
use crate::domain::import::CommunityGraph;
use crate::domain::node::Node;

/// Reads bytes as a YAML body and as a JSON body.
///
/// # Panics
/// When what is accepted is not read back, from what is written of it, as the same, and written again as the same bytes; when
/// what is read line by line is not what any YAML reader makes of it.
pub fn bundles(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        lines_are_yaml(text);
    }
    if let Ok(body) = check_yaml(bytes) {
        comes_back(body);
    }
    if let Ok(body) = read_json(bytes) {
        comes_back(check(vec![body.document]));
    }
    if let Ok(read) = Node::from_json(bytes) {
        let text = read.node.to_json();
        let again = Node::from_json(text.as_bytes()).map(|again| again.node);
        assert_eq!(again, Ok(read.node), "{text}");
    }
}

fn comes_back(body: CheckedBody) {
    if body.is_refused() {
        return;
    }
    let (bundles, warnings) = parts(body);
    let text = written(&bundles);
    let again = check_yaml(text.as_bytes());
    assert!(again.is_ok(), "{again:?}\n{text}");
    let again = again.unwrap_or_default();
    assert!(!again.is_refused(), "{:?}\n{text}", again.refusals().collect::<Vec<_>>());
    let (bundles_again, warnings_again) = parts(again);
    assert_eq!(bundles_again, bundles, "{text}");
    assert_eq!(written(&bundles_again), text);
    // What is dangling depends on the content; what was odd about the spelling may be mended.
    assert!(warnings_again.iter().all(|warning| warnings.contains(warning)), "{warnings_again:?}\n{text}");
}

fn parts(body: CheckedBody) -> (Vec<CommunityGraph>, Vec<String>) {
    let (mut bundles, mut warnings) = (Vec::new(), Vec::new());
    for document in body.documents {
        bundles.extend(document.bundle);
        warnings.extend(document.warnings.into_iter().map(|warning| warning.sentence));
    }
    (bundles, warnings)
}

fn written(bundles: &[CommunityGraph]) -> String {
    let (mut writer, mut text) = (Writer::new(), String::new());
    for bundle in bundles {
        writer.bundle(bundle, &mut text);
    }
    text
}
