//! Where something stands in a document: `members.au-00001.role`, `community.topology[2].id`. A path is
//! a chain of borrowed steps and becomes a text where a problem needs one, or something that another document may say as well.

use std::fmt::{self, Write as _};

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

    /// The place as a text. Of a large body hundreds of thousands become texts, so each is written into the room that it needs.
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(self.bytes());
        self.write(&mut text);
        text
    }

    fn bytes(&self) -> usize {
        const INDEX: usize = "[10000]".len();
        match self {
            Self::Root => 0,
            Self::Key(parent, key) => parent.bytes() + 1 + shown(key).len(),
            Self::Index(parent, _) => parent.bytes() + INDEX,
        }
    }

    fn write(&self, text: &mut String) {
        match self {
            Self::Root => {}
            Self::Key(parent, key) => {
                parent.write(text);
                if !matches!(parent, Path::Root) {
                    text.push('.');
                }
                text.push_str(shown(key));
            }
            Self::Index(parent, index) => {
                parent.write(text);
                // Writing to a String cannot fail.
                let _ = write!(text, "[{index}]");
            }
        }
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
        f.write_str(&self.text())
    }
}

/// As much of a text as a sentence or a path shows: a body may not buy a long answer with a long key.
pub fn shown(text: &str) -> &str {
    if text.len() <= keys::KEY_CHARS {
        return text;
    }
    text.char_indices().nth(keys::KEY_CHARS).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_text_in_the_room_that_it_needs() {
        let community = Path::Root.key("community");
        let topology = community.key("topology");
        let node = topology.index(2);
        assert_eq!(node.key("id").text(), "community.topology[2].id");
        assert_eq!(Path::Root.text(), "");
        let long = "k".repeat(2 * keys::KEY_CHARS);
        let place = node.key(&long);
        assert_eq!(place.text(), format!("community.topology[2].{}", "k".repeat(keys::KEY_CHARS)));
        assert!(place.text().len() <= place.bytes(), "no room was looked for again");
    }
}
