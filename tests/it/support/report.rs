//! `docs/reliability.md`, into which measurements and tests print what they found: each into its own section, between
//! two marks that do not show.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Set, tests print what they find; the measurements always do.
pub const VARIABLE: &str = "REC_REGISTRY_TEST_FIGURES";

static WRITING: Mutex<()> = Mutex::new(());

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reliability.md")
}

/// What stands in a section is replaced by this.
pub fn replace(section: &str, text: &str) {
    change(section, |_| format!("{}\n", text.trim_end()));
}

/// A row of the table in a section, by its first cell: the row that begins alike is replaced, or this one is added. Does
/// nothing unless [`VARIABLE`] is set.
pub fn note(section: &str, first: &str, others: &[String]) {
    if std::env::var_os(VARIABLE).is_none() {
        return;
    }
    let begin = format!("| {first} |");
    let row = format!("{begin} {} |", others.join(" | "));
    change(section, |table| {
        let (mut lines, mut is_there) = (Vec::new(), false);
        for line in table.lines() {
            let is_it = line.starts_with(&begin);
            lines.push(if is_it { row.as_str() } else { line });
            is_there |= is_it;
        }
        if !is_there {
            lines.push(&row);
        }
        lines.iter().map(|line| format!("{line}\n")).collect()
    });
}

fn change(section: &str, to: impl FnOnce(&str) -> String) {
    let _turn = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let text = std::fs::read_to_string(file()).expect("docs/reliability.md is there");
    let (begin, end) = (format!("<!-- {section}: begin -->\n"), format!("<!-- {section}: end -->\n"));
    let marks = text.find(&begin).map(|at| at + begin.len()).zip(text.find(&end));
    let (from, to_end) = marks.unwrap_or_else(|| panic!("docs/reliability.md has no section {section:?}"));
    let changed = format!("{}{}{}", &text[..from], to(&text[from..to_end]), &text[to_end..]);
    std::fs::write(file(), changed).expect("docs/reliability.md is written");
}

/// On which day and what kind of machine something is measured.
pub fn occasion() -> String {
    let machine = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let lines = |name: &'static str| machine.lines().filter(move |line| line.starts_with(name));
    let model =
        lines("model name").find_map(|line| line.split_once(": ")).map_or("unknown kind", |(_, model)| model);
    format!("{}, {} cores of {model}", jiff::Zoned::now().date(), lines("processor").count())
}
