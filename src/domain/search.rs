//! Searching: what a thing can be found by, and what is asked for.

use super::asset::{Asset, AssetContent};
use super::closed_set::{SearchField, SearchKind};
use super::community::{Community, CommunityContent};
use super::delivery_point::{DeliveryPoint, DeliveryPointContent};
use super::error::Error;
use super::fold::{folded, folding};
use super::member::{Member, MemberContent};

/// Most characters of a text that is searched for.
pub const MAX_SEARCH_CHARS: usize = 200;
/// Most words of a text that is searched for.
pub const MAX_SEARCH_WORDS: usize = 10;

/// What can be found.
pub trait Searchable {
    /// What it is.
    const KIND: SearchKind;

    /// What it can be found by, the most telling first.
    fn search_fields(&self) -> Vec<(SearchField, &str)>;

    /// What a search looks through: each field case-folded, with a line feed before and after it.
    fn search_text(&self) -> String {
        let mut all = "\n".to_owned();
        for (_, text) in self.search_fields() {
            all.push_str(&folding(text));
            all.push('\n');
        }
        all
    }
}

impl Searchable for CommunityContent {
    const KIND: SearchKind = SearchKind::Community;

    fn search_fields(&self) -> Vec<(SearchField, &str)> {
        vec![(SearchField::Name, &self.name), (SearchField::Key, self.key.as_str())]
    }
}

impl Searchable for MemberContent {
    const KIND: SearchKind = SearchKind::Member;

    fn search_fields(&self) -> Vec<(SearchField, &str)> {
        vec![
            (SearchField::Name, &self.name),
            (SearchField::Key, self.key.as_str()),
            (SearchField::UserId, self.user_id.as_str()),
        ]
    }
}

impl Searchable for DeliveryPointContent {
    const KIND: SearchKind = SearchKind::DeliveryPoint;

    fn search_fields(&self) -> Vec<(SearchField, &str)> {
        vec![(SearchField::Code, self.code.as_str().trim())]
    }
}

impl Searchable for AssetContent {
    const KIND: SearchKind = SearchKind::Asset;

    fn search_fields(&self) -> Vec<(SearchField, &str)> {
        let sensor = self.sensor_id.iter().map(|sensor| (SearchField::SensorId, sensor.as_str()));
        [(SearchField::Name, self.name.as_str()), (SearchField::Key, self.key.as_str())]
            .into_iter()
            .chain(sensor)
            .collect()
    }
}

/// What is searched for: words, case-folded, each of which a thing must contain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    words: Vec<String>,
}

impl Wanted {
    /// The words of a text.
    ///
    /// # Errors
    /// When it is blank, longer than [`MAX_SEARCH_CHARS`], or has more words than [`MAX_SEARCH_WORDS`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let words: Vec<String> = text.split_whitespace().map(folded).collect();
        let problem = if words.is_empty() {
            "A text with a word in it".to_owned()
        } else if text.chars().count() > MAX_SEARCH_CHARS {
            format!("At most {MAX_SEARCH_CHARS} characters")
        } else if words.len() > MAX_SEARCH_WORDS {
            format!("At most {MAX_SEARCH_WORDS} words")
        } else {
            return Ok(Self { words });
        };
        Err(Error::invalid("search_text", &["query", "text"], problem, None))
    }

    /// The words.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The words as they were written, one space between them.
    #[must_use]
    pub fn phrase(&self) -> String {
        self.words.join(" ")
    }

    /// The field that makes a thing fit: the first that is the whole phrase, else the first that begins
    /// with it, else the first that contains it, else the first that contains a word of it.
    fn field(&self, fields: &[(SearchField, &str)]) -> Option<SearchField> {
        let folded: Vec<(SearchField, String)> =
            fields.iter().map(|&(field, text)| (field, folded(text))).collect();
        let first =
            |fits: &dyn Fn(&str) -> bool| folded.iter().find(|(_, text)| fits(text)).map(|&(field, _)| field);
        let phrase = self.phrase();
        first(&|text| text == phrase)
            .or_else(|| first(&|text| text.starts_with(&phrase)))
            .or_else(|| first(&|text| text.contains(&phrase)))
            .or_else(|| self.words.iter().find_map(|word| first(&|text| text.contains(word.as_str()))))
    }
}

/// Something that was found.
#[derive(Debug, Clone)]
pub enum Found {
    /// A community.
    Community(Community),
    /// A member.
    Member(Member),
    /// A delivery point.
    DeliveryPoint(DeliveryPoint),
    /// An asset.
    Asset(Asset),
}

/// What a search answers with.
#[derive(Debug, Clone)]
pub struct SearchHit {
    /// What was found.
    pub found: Found,
    /// The field that made it fit.
    pub field: SearchField,
}

impl SearchHit {
    /// The hit that something is; none when it does not fit.
    #[must_use]
    pub fn of(found: Found, wanted: &Wanted) -> Option<Self> {
        let fields = match &found {
            Found::Community(community) => community.content.search_fields(),
            Found::Member(member) => member.content.search_fields(),
            Found::DeliveryPoint(point) => point.content.search_fields(),
            Found::Asset(asset) => asset.content.search_fields(),
        };
        let field = wanted.field(&fields)?;
        Some(Self { found, field })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded_and_white_space_does_not_count() {
        let wanted = Wanted::parse("  Straße\tROSSI ").unwrap();
        assert_eq!(wanted.words(), ["strasse", "rossi"]);
        assert_eq!(wanted.phrase(), "strasse rossi");
    }

    #[test]
    fn blank_and_boundless_texts_are_refused() {
        for text in [String::new(), " \n".to_owned(), "x".repeat(201), "a ".repeat(11)] {
            assert!(Wanted::parse(&text).is_err(), "{text:?}");
        }
        assert!(Wanted::parse(&"a ".repeat(10)).is_ok());
    }

    #[test]
    fn the_field_that_fits_best_is_named() {
        let fields = [(SearchField::Name, "Anna Rossi"), (SearchField::Key, "rossi anna")];
        let field = |text: &str| Wanted::parse(text).unwrap().field(&fields);
        assert_eq!(field("rossi ANNA"), Some(SearchField::Key));
        assert_eq!(field("rossi"), Some(SearchField::Key));
        assert_eq!(field("anna x rossi"), Some(SearchField::Name));
        assert_eq!(field("bruno"), None);
    }
}
