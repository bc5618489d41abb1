//! Settings that nobody may read over somebody's shoulder: how they are given, themselves or by a file, and
//! how they are kept from being shown.

use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::str::FromStr;

use clap::builder::{TypedValueParser, ValueParserFactory};
use clap::error::ErrorKind;
use clap::{Arg, Command, Error};

/// Longest file of a secret, in bytes.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// A password, a token. It does not show when it is printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for Secret {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() { Err("it is empty".to_owned()) } else { Ok(Self(text.to_owned())) }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A value that a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InFile<T>(pub T);

impl<T: FromStr<Err = String>> InFile<T> {
    /// Reads a file. A line break at its end, which editors and shells leave there, is none of the value.
    fn read(path: &OsStr) -> Result<Self, String> {
        let unreadable = |error: std::io::Error| format!("the file cannot be read: {error}");
        let mut text = String::new();
        let file = File::open(path).map_err(unreadable)?;
        file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text).map_err(unreadable)?;
        if text.len() as u64 > MAX_FILE_BYTES {
            return Err("the file is longer than 64 KiB".to_owned());
        }
        let value = text.trim_end_matches(['\r', '\n']);
        value.parse().map(Self).map_err(|reason: String| format!("what the file holds is no value: {reason}"))
    }
}

/// Parses a secret and says what is wrong with it, but not, as other settings do, what it is. The path of a
/// file is not shown either: whoever mixes the two settings up has put the secret there.
#[derive(Clone)]
pub struct Discreet<T>(fn(&OsStr) -> Result<T, String>);

impl<T: Clone + Send + Sync + 'static> TypedValueParser for Discreet<T> {
    type Value = T;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<T, Error> {
        let Self(read) = self;
        read(value).map_err(|reason| {
            let setting = arg.map(ToString::to_string).unwrap_or_default();
            Error::raw(ErrorKind::ValueValidation, format!("invalid value for '{setting}': {reason}\n"))
                .with_cmd(command)
        })
    }
}

/// The parser of a secret that is given itself.
pub fn discreet<T: FromStr<Err = String>>() -> Discreet<T> {
    Discreet(|value| value.to_str().ok_or("it is no UTF-8".to_owned())?.parse())
}

impl ValueParserFactory for Secret {
    type Parser = Discreet<Self>;

    fn value_parser() -> Self::Parser {
        discreet()
    }
}

impl<T: FromStr<Err = String> + Clone + Send + Sync + 'static> ValueParserFactory for InFile<T> {
    type Parser = Discreet<Self>;

    fn value_parser() -> Self::Parser {
        Discreet(Self::read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_holds_the_value_and_perhaps_a_line_break() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("secret");
        let read = |content: &[u8]| {
            std::fs::write(&path, content).expect("a file");
            InFile::<Secret>::read(path.as_os_str()).map(|InFile(secret)| secret.expose().to_owned())
        };
        for content in ["hush", "hush\n", "hush\r\n"] {
            assert_eq!(read(content.as_bytes()), Ok("hush".to_owned()), "{content:?}");
        }
        assert_eq!(read(b" hush \n"), Ok(" hush ".to_owned()));
        for wrong in [&b""[..], b"\n", &[0xff], &[b'x'; 70_000]] {
            assert!(read(wrong).is_err());
        }
        std::fs::remove_file(&path).expect("the file goes");
        assert!(InFile::<Secret>::read(path.as_os_str()).is_err());
        assert!(InFile::<Secret>::read(directory.path().as_os_str()).is_err());
    }

    #[test]
    fn a_secret_does_not_show() {
        let secret: Secret = "hush".parse().expect("a secret");
        assert!(!format!("{:?}", (&secret, InFile(secret.clone()))).contains("hush"));
    }
}
