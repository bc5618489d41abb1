//! How a community numbers its members: what stands before the digits at the end of a key, and how many
//! digits there are, is taken from the highest numbered key that it ever had.

/// The key of the first member of a community that has no numbering of its own yet.
const FIRST: &str = "member-00001";

/// The text before the number of a key, and its digits; none when it does not end in a digit.
fn parts(key: &str) -> Option<(&str, &str)> {
    let (prefix, digits) = key.split_at(key.trim_end_matches(|c: char| c.is_ascii_digit()).len());
    (!digits.is_empty()).then_some((prefix, digits))
}

/// What keys are compared by: their number, however long, then the whole key.
fn rank(key: &str) -> Option<(usize, &str, &str)> {
    let (_, digits) = parts(key)?;
    let number = digits.trim_start_matches('0');
    Some((number.len(), number, key))
}

/// The highest numbered of some keys; empty when none is numbered.
pub fn highest<'k>(keys: impl IntoIterator<Item = &'k str>) -> &'k str {
    let numbered = keys.into_iter().filter(|key| parts(key).is_some());
    numbered.max_by(|a, b| rank(a).cmp(&rank(b))).unwrap_or_default()
}

/// The key behind the highest numbered one: `au-00042` behind `au-00041`, `m-100` behind `m-99`.
#[must_use]
pub fn next_key(last: &str) -> String {
    let Some((prefix, digits)) = parts(last) else { return FIRST.to_owned() };
    let mut digits = digits.as_bytes().to_vec();
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return prefix.to_owned() + &String::from_utf8_lossy(&digits);
        }
        *digit = b'0';
    }
    format!("{prefix}1{}", String::from_utf8_lossy(&digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_key_has_the_prefix_and_the_padding_of_the_last() {
        for (last, next) in [
            ("", "member-00001"),
            ("alice", "member-00001"),
            ("au-00041", "au-00042"),
            ("m-9", "m-10"),
            ("m-099", "m-100"),
            ("m-999", "m-1000"),
            ("7", "8"),
            ("è-99999999999999999999", "è-100000000000000000000"),
        ] {
            assert_eq!(next_key(last), next, "{last}");
        }
    }

    #[test]
    fn the_highest_number_counts_whatever_stands_before_it() {
        assert_eq!(highest(["b-2", "a-10", "c-9", "none"]), "a-10");
        assert_eq!(highest(["a-5", "b-05"]), "b-05");
        assert_eq!(highest(["a-18446744073709551616", "b-18446744073709551615"]), "a-18446744073709551616");
        assert_eq!(highest(["none", ""]), "");
    }
}
