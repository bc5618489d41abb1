//! The free documents of a community: the documented keys typed, everything else in `extra`.

use async_graphql::Object;

use crate::domain::community::known_keys;
use crate::domain::document::Document;
use crate::domain::node::Node;
use crate::graphql::scalar::Json;

/// A mapping of which some keys are documented.
pub struct FreeDocument {
    node: Node,
    known: &'static [&'static str],
}

impl FreeDocument {
    /// The document with the keys that have a typed field.
    pub fn new(node: Node, known: &'static [&'static str]) -> Self {
        Self { node, known }
    }

    /// The text of a documented key; none when it is absent or no text.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.node.get(key).and_then(Node::as_text)
    }

    /// What no typed field shows: undocumented keys, and documented ones that hold something else than a text.
    pub fn extra(&self) -> Json {
        let shown = |key: &str, value: &Node| self.known.contains(&key) && value.as_text().is_some();
        let entries = self.node.as_map().unwrap_or_default();
        Json::from_entries(entries.iter().filter(|(key, value)| !shown(key, value)).cloned().collect())
    }
}

macro_rules! document {
    (
        $(#[$meta:meta])* $name:ident($known:expr) {
            $($(#[$field_meta:meta])* $field:ident),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        pub struct $name(FreeDocument);

        impl From<&Document> for $name {
            fn from(document: &Document) -> Self {
                Self::from(document.node())
            }
        }

        impl From<Node> for $name {
            fn from(node: Node) -> Self {
                Self(FreeDocument::new(node, $known))
            }
        }

        $(#[$meta])*
        #[Object]
        impl $name {
            $(
                $(#[$field_meta])*
                async fn $field(&self) -> Option<&str> {
                    self.0.text(stringify!($field))
                }
            )+

            /// Everything else that was given.
            async fn extra(&self) -> Json {
                self.0.extra()
            }
        }
    };
}

document! {
    /// The legal data of a community.
    LegalInfo(known_keys::LEGAL) {
        /// The name of the legal body.
        name,
        /// The VAT number.
        vat,
        /// The fiscal code.
        fiscal_code,
        /// The legal form, e.g. an association or a cooperative.
        legal_form,
        /// The number in the register of such bodies.
        registration_number,
        /// The address of the registered office.
        registered_office,
    }
}

document! {
    /// The web addresses of a community.
    Links(known_keys::LINKS) {
        /// The website, a URL.
        website,
        /// The logo, a URL.
        logo,
        /// The privacy policy, a URL.
        privacy_policy,
        /// The terms, a URL.
        terms,
        /// The statute, a URL.
        statute,
        /// The regulations, a URL.
        regulations,
    }
}

document! {
    /// How to reach somebody.
    Contact(known_keys::CONTACT) {
        /// The mail address.
        email,
        /// The certified mail address (Italian PEC).
        pec,
        /// The telephone number.
        phone,
        /// The postal address.
        address,
    }
}

document! {
    /// The settings of a community.
    Settings(known_keys::SETTINGS) {
        /// The time zone, an IANA name.
        timezone,
        /// The currency, ISO 4217.
        currency,
        /// The unit of energy: Wh, kWh or MWh.
        energy_unit,
        /// The unit of power: W, kW or MW.
        power_unit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_typed_field_shows_is_in_extra() {
        let node = Node::from_json(br#"{"vat":123,"name":"A","pec":"x"}"#).unwrap().node;
        let document = FreeDocument::new(node, known_keys::LEGAL);
        assert_eq!(document.text("name"), Some("A"));
        assert_eq!(document.text("vat"), None);
        assert_eq!(document.extra().into_string(), r#"{"vat":123,"pec":"x"}"#);
    }
}
