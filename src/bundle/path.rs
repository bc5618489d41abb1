//! Where something stands in a document: `members.au-00001.role`, `community.topology[2].id`. A path is
//! a chain of borrowed steps and becomes a text only when a problem needs one.

use std::fmt;

use super::keys;

/// A place in a document.
#[derive(Debug, Clone, Copy)]
pub enum Path<'p> {
    /// The document itself.
    Root,
    /// Below a key.
    Key(&'p Path<'p>, &'p str),
    /// An element of a list.
    Index(&'p Path<'p>, usize),
}

impl<'p> Path<'p> {
    pub fn key(&'p self, key: &'p str) -> Path<'p> {
        Path::Key(self, key)
    }

    pub fn index(&'p self, index: usize) -> Path<'p> {
        Path::Index(self, index)
    }

    /// The steps that lead there.
    pub fn steps(&self) -> Vec<String> {
        match self {
            Self::Root => Vec::new(),
            Self::Key(parent, key) => [parent.steps(), vec![shown(key).to_owned()]].concat(),
            Self::Index(parent, index) => [parent.steps(), vec![index.to_string()]].concat(),
        }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Key(Path::Root, key) => f.write_str(shown(key)),
            // Piece by piece: of a large body hundreds of thousands become texts.
            Self::Key(parent, key) => {
                parent.fmt(f)?;
                f.write_str(".")?;
                f.write_str(shown(key))
            }
            Self::Index(parent, index) => {
                parent.fmt(f)?;
                write!(f, "[{index}]")
            }
        }
    }
}

/// As much of a text as a sentence or a path shows: a body may not buy a long answer with a long key.
pub fn shown(text: &str) -> &str {
    if text.len() <= keys::KEY_CHARS {
        return text;
    }
    text.char_indices().nth(keys::KEY_CHARS).map_or(text, |(end, _)| &text[..end])
}
