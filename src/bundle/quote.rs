//! How a text is written in YAML so that every reader, of YAML 1.1 or 1.2, takes it for that text.

use std::fmt::Write as _;

/// Words that some reader takes for a boolean or for nothing.
const RESERVED: &[&str] = &["y", "n", "no", "on", "yes", "off", "true", "null", "false"];

/// Appends a text as a key or a value, plain where no reader can mistake it, else in double quotes. The
/// result stands on one line and is good inside flow collections too.
pub fn write_text(text: &str, out: &mut String) {
    if is_plain(text) {
        out.push_str(text);
    } else {
        write_quoted(text, out);
    }
}

/// Whether a text can do without quotes: it begins with a letter, ends without a space, has nothing but
/// letters, digits, spaces and a few signs that mean nothing to YAML, and is no reserved word.
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    let kinds = bytes.iter().fold(0, |kinds, &byte| kinds | KINDS[usize::from(byte)]);
    if *last == b' ' || kinds & SIGN != 0 {
        return false;
    }
    if !first.is_ascii_alphabetic() && *first != b'_' && !text.starts_with(char::is_alphabetic) {
        return false;
    }
    if kinds & BEYOND_ASCII != 0 && text.chars().any(|c| !c.is_ascii() && !c.is_alphanumeric()) {
        return false;
    }
    text.len() > 5 || !RESERVED.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// A byte that YAML may take for a sign.
const SIGN: u8 = 1;

/// A byte of a character that is not ASCII.
const BEYOND_ASCII: u8 = 2;

/// What each byte is. An export asks this of all that it writes.
const KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        kinds[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => 0,
            b' ' | b'_' | b'-' | b'.' | b'/' | b'@' | b'+' => 0,
            0x80.. => BEYOND_ASCII,
            _ => SIGN,
        };
        byte += 1;
    }
    kinds
};

/// Appends a text in double quotes, everything that is not printable in YAML as an escape.
fn write_quoted(text: &str, out: &mut String) {
    out.push('"');
    let mut clean_from = 0;
    for (at, c) in text.char_indices() {
        let escape = match c {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            c if is_unprintable(c) => "",
            _ => continue,
        };
        out.push_str(&text[clean_from..at]);
        if escape.is_empty() {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\u{:04X}", u32::from(c));
        } else {
            out.push_str(escape);
        }
        clean_from = at + c.len_utf8();
    }
    out.push_str(&text[clean_from..]);
    out.push('"');
}

/// Line separators, the byte-order mark and what YAML calls not printable; all below U+10000.
fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let mut out = String::new();
        write_text(text, &mut out);
        out
    }

    #[test]
    fn words_and_codes_stand_plain() {
        for text in ["alice", "IT001E00001234", "Comunità Energetica", "Oslo 2", "a-b_c.d/e@f+g", "_x", "éa"]
        {
            assert_eq!(written(text), text);
        }
    }

    #[test]
    fn whatever_some_reader_takes_for_something_else_is_quoted() {
        for text in [
            "",
            "no",
            "No",
            "YES",
            "on",
            "off",
            "y",
            "N",
            "~",
            "null",
            "True",
            "0012",
            "12",
            "1e5",
            "4e10",
            "0x1f",
            "0o7",
            "1_000",
            "12:30",
            "2024-01-15",
            ".inf",
            ".nan",
            "-.inf",
            "=",
            "<<",
            " a",
            "a ",
            "-",
            "- a",
            "a: b",
            "a:",
            "a #b",
            "#a",
            "[a",
            "{a",
            "a,b",
            "a]",
            "&a",
            "*a",
            "!a",
            "|",
            ">",
            "'a",
            "%a",
            "`a",
            "@a",
            "?",
            "---",
            "...",
            "+5",
            "🙂",
            "\u{301}a",
        ] {
            assert_eq!(written(text), format!("\"{text}\""));
        }
    }

    #[test]
    fn what_is_not_printable_is_escaped() {
        assert_eq!(
            written("\u{1}\n\t\"\\\u{7f}\u{85}\u{2028}\u{feff}\u{ffff}"),
            r#""\u0001\n\t\"\\\u007F\u0085\u2028\uFEFF\uFFFF""#
        );
    }
}
