//! Limits that are seen in the text: bytes, tokens, brackets, NUL characters.

use async_graphql::ServerError;

use super::Limits;
use crate::graphql::error::{code, request_error};

/// Longest name, in bytes. No name of the schema is near it, and the library compares an unknown one with
/// every name that may have been meant.
const MAX_NAME_BYTES: usize = 256;

/// Checks the text of a query, before it is parsed, and counts its tokens.
///
/// # Errors
/// When it is over a limit, holds a NUL character or a string without an end.
pub fn check_query_text(query: &str, limits: &Limits) -> Result<usize, ServerError> {
    if query.len() > limits.query_bytes {
        let message = format!("The query is longer than {} bytes", limits.query_bytes);
        return Err(request_error(code::PAYLOAD_TOO_LARGE, message));
    }
    let mut tokens = Tokens { rest: query.as_bytes() };
    let (mut count, mut nesting) = (0, 0_usize);
    while let Some(token) = tokens.next()? {
        count += 1;
        if count > limits.tokens {
            let message = format!("The query has more than {} tokens", limits.tokens);
            return Err(request_error(code::QUERY_TOO_COMPLEX, message));
        }
        match token {
            b'(' | b'[' | b'{' => nesting += 1,
            b')' | b']' | b'}' => nesting = nesting.saturating_sub(1),
            _ => {}
        }
        if nesting > limits.bracket_depth {
            return Err(too_deep(limits));
        }
    }
    Ok(count)
}

/// Checks the JSON text of variables, or of a body around them that is `around` levels deep, before a
/// tree is built of it.
///
/// # Errors
/// When it is nested too deep or a string holds a NUL character.
pub fn check_variables_text(json: &str, around: usize, limits: &Limits) -> Result<(), ServerError> {
    let bytes = json.as_bytes();
    let (mut at, mut nesting, mut in_string) = (0, 0_usize, false);
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => {
                if bytes.get(at..).is_some_and(|rest| rest.starts_with(b"u0000")) {
                    return Err(nul());
                }
                at += 1;
            }
            b'[' | b'{' if !in_string => nesting += 1,
            b']' | b'}' if !in_string => nesting = nesting.saturating_sub(1),
            _ => {}
        }
        if nesting > limits.bracket_depth + around {
            return Err(too_deep(limits));
        }
    }
    Ok(())
}

fn too_deep(limits: &Limits) -> ServerError {
    let message = format!("Brackets are nested deeper than {} levels", limits.bracket_depth);
    request_error(code::QUERY_TOO_DEEP, message)
}

fn nul() -> ServerError {
    request_error(code::BAD_USER_INPUT, "A text holds a NUL character")
}

fn endless_string() -> ServerError {
    request_error(code::GRAPHQL_PARSE_FAILED, "A string has no end")
}

/// The tokens of a query, each named by its first byte. What is no token of GraphQL counts as one all the
/// same: the parser refuses it.
struct Tokens<'q> {
    rest: &'q [u8],
}

impl Tokens<'_> {
    fn next(&mut self) -> Result<Option<u8>, ServerError> {
        loop {
            let Some(&first) = self.rest.first() else { return Ok(None) };
            let length = match first {
                b' ' | b',' | b'\t' | b'\r' | b'\n' => {
                    self.skip(1);
                    continue;
                }
                b'#' => {
                    self.skip(self.until(|byte| matches!(byte, b'\r' | b'\n')));
                    continue;
                }
                0 => return Err(nul()),
                b'"' if self.rest.starts_with(b"\"\"\"") => self.block_string()?,
                b'"' => self.string()?,
                b'.' => self.until(|byte| byte != b'.'),
                b'_' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => self.name()?,
                _ => 1,
            };
            self.skip(length);
            return Ok(Some(first));
        }
    }

    fn skip(&mut self, length: usize) {
        self.rest = self.rest.get(length..).unwrap_or_default();
    }

    fn until(&self, end: impl Fn(u8) -> bool) -> usize {
        self.rest.iter().position(|&byte| end(byte)).unwrap_or(self.rest.len())
    }

    /// The length of the name or number at hand.
    fn name(&self) -> Result<usize, ServerError> {
        let length = self.until(|byte| byte != b'_' && !byte.is_ascii_alphanumeric());
        if length > MAX_NAME_BYTES {
            let message = format!("A name is longer than {MAX_NAME_BYTES} bytes");
            return Err(request_error(code::QUERY_TOO_COMPLEX, message));
        }
        Ok(length)
    }

    /// The length of the string at hand.
    fn string(&self) -> Result<usize, ServerError> {
        let mut at = 1;
        loop {
            match self.rest.get(at) {
                Some(b'"') => return Ok(at + 1),
                Some(b'\\') => {
                    if self.rest.get(at + 1..).is_some_and(|rest| rest.starts_with(b"u0000")) {
                        return Err(nul());
                    }
                    at += 2;
                }
                Some(b'\r' | b'\n') | None => return Err(endless_string()),
                Some(0) => return Err(nul()),
                Some(_) => at += 1,
            }
        }
    }

    /// The length of the block string at hand.
    fn block_string(&self) -> Result<usize, ServerError> {
        let mut at = 3;
        loop {
            let rest = self.rest.get(at..).unwrap_or_default();
            match rest.first() {
                Some(b'"') if rest.starts_with(b"\"\"\"") => return Ok(at + 3),
                Some(b'\\') if rest.starts_with(b"\\\"\"\"") => at += 4,
                Some(0) => return Err(nul()),
                Some(_) => at += 1,
                None => return Err(endless_string()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql::error::code_in;

    fn refusal(query: &str) -> Option<String> {
        let error = check_query_text(query, &Limits::default()).err()?;
        code_in(&error).map(str::to_owned)
    }

    fn nested(open: &str, close: &str, levels: usize) -> String {
        format!("{}{}", open.repeat(levels), close.repeat(levels))
    }

    #[test]
    fn brackets_may_be_nested_sixty_four_deep() {
        assert_eq!(refusal(&nested("{a", "}", 64)), None);
        assert_eq!(refusal(&nested("{a", "}", 65)).as_deref(), Some(code::QUERY_TOO_DEEP));
    }

    #[test]
    fn literals_nested_thousands_deep_are_refused() {
        for levels in [1_500, 10_000] {
            let literal = nested("{a:", "}", levels);
            let query = format!("{{ members(filter: {literal}) {{ nodes {{ id }} }} }}");
            assert_eq!(refusal(&query).as_deref(), Some(code::QUERY_TOO_DEEP), "{levels}");
        }
        let query = format!("{{ members(filter: {}) }}", nested("[", "]", 100_000));
        assert_eq!(refusal(&query).as_deref(), Some(code::PAYLOAD_TOO_LARGE));
        let roomy = Limits { query_bytes: usize::MAX, ..Limits::default() };
        let error = check_query_text(&query, &roomy).unwrap_err();
        assert_eq!(code_in(&error), Some(code::QUERY_TOO_DEEP));
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not_count() {
        let many = "{".repeat(100);
        assert_eq!(refusal(&format!("{{ a(b: \"{many}\") }}")), None);
        assert_eq!(refusal(&format!("{{ a(b: \"\\\"{many}\") }}")), None);
        assert_eq!(refusal(&format!("{{ a(b: \"\"\"{many}\n\\\"\"\"{many}\"\"\") }}")), None);
        assert_eq!(refusal(&format!("# {many}\r{{ a }}")), None);
    }

    #[test]
    fn brackets_behind_a_string_or_comment_do_count() {
        let many = nested("{a", "}", 100);
        for before in ["\"\"", "\"\\\\\"", "\"\"\"\"\"\"", "\"\"\"\\\"\"\" \"\"\"", "# x\n", "# x\r", "#\""] {
            let expected = if before == "#\"" { None } else { Some(code::QUERY_TOO_DEEP) };
            assert_eq!(refusal(&format!("{before}{many}")).as_deref(), expected, "{before}");
        }
    }

    #[test]
    fn a_string_without_an_end_is_refused_before_the_parser() {
        for query in ["{ a(b: \"x) }", "{ a(b: \"x\n\") }", "{ a(b: \"\"\"x\") }", "\"\\"] {
            assert_eq!(refusal(query).as_deref(), Some(code::GRAPHQL_PARSE_FAILED), "{query}");
        }
    }

    #[test]
    fn tokens_are_limited() {
        assert_eq!(refusal(&"a ".repeat(10_000)), None);
        assert_eq!(refusal(&"a ".repeat(10_001)).as_deref(), Some(code::QUERY_TOO_COMPLEX));
        assert_eq!(refusal(&"@a".repeat(5_001)).as_deref(), Some(code::QUERY_TOO_COMPLEX));
    }

    #[test]
    fn names_are_limited() {
        assert_eq!(refusal(&"a".repeat(256)), None);
        assert_eq!(refusal(&"a".repeat(257)).as_deref(), Some(code::QUERY_TOO_COMPLEX));
    }

    #[test]
    fn a_nul_character_is_refused_however_it_is_written() {
        for query in ["{ a\0 }", "{ a(b: \"x\0\") }", "{ a(b: \"\\u0000\") }", "{ a(b: \"\"\"\0\"\"\") }"] {
            assert_eq!(refusal(query).as_deref(), Some(code::BAD_USER_INPUT), "{query:?}");
        }
        assert_eq!(refusal(r#"{ a(b: "\\u0000") }"#), None);
        let refused = |json: &str| check_variables_text(json, 0, &Limits::default()).is_err();
        assert!(refused(r#"{"a":"x\u0000"}"#));
        assert!(!refused(r#"{"a":"x\\u0000"}"#));
    }

    #[test]
    fn variables_may_not_be_nested_deep_either() {
        let refused = |json: &str| check_variables_text(json, 1, &Limits::default()).is_err();
        assert!(!refused(&nested("[", "]", 65)));
        assert!(refused(&nested("[", "]", 66)));
        assert!(refused(&nested(r#"{"a":"#, "}", 1_000_000)));
        assert!(!refused(&format!("\"{}\"", "[".repeat(1_000))));
    }
}
