//! A distribution system operator.

use std::sync::Arc;

use async_graphql::Object;

use super::community::CommunityView;
use super::documents::Contact;
use crate::domain::community;
use crate::graphql::scalar::Json;

/// A distribution system operator of a community's grid.
pub struct Operator {
    community: Arc<CommunityView>,
    at: usize,
}

impl Operator {
    /// The operator at this place of its community.
    pub fn new(community: Arc<CommunityView>, at: usize) -> Self {
        Self { community, at }
    }

    fn content(&self) -> &community::Operator {
        self.community.operators().at(self.at)
    }
}

/// A distribution system operator of a community's grid.
#[Object]
impl Operator {
    /// Unique in the community.
    async fn key(&self) -> &str {
        &self.content().key
    }

    /// The name.
    async fn name(&self) -> &str {
        &self.content().name
    }

    /// The country, ISO 3166-1 alpha-2.
    async fn country(&self) -> Option<&str> {
        self.content().country.as_deref()
    }

    /// How to reach it.
    async fn contact(&self) -> Option<Contact> {
        self.content().contact.clone().map(Contact::from)
    }

    /// Everything else that was given.
    async fn extra(&self) -> Json {
        Json::from_entries(self.content().extra.clone())
    }
}
