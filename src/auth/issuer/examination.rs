//! What an operator wants to know of an issuer before trusting it.

use anyhow::Context as _;
use jiff::Timestamp;

use super::{Inner, Issuer};
use crate::auth::KeySet;

/// What an issuer is like.
#[derive(Debug)]
pub struct IssuerState {
    /// Where its keys are, discovered or configured.
    pub keys_at: anyhow::Result<String>,
    /// What is published there; none when nobody knows where that is.
    pub keys: Option<anyhow::Result<PublishedKeys>>,
    /// How many seconds its clock is ahead of this machine's, by the header `Date` of its answers, which knows whole
    /// seconds; none when it sent none.
    pub clock_ahead_seconds: Option<i64>,
}

/// The keys that an issuer publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedKeys {
    /// How many there are.
    pub published: usize,
    /// How many of them can have signed a token.
    pub usable: usize,
    /// How many of those have no id.
    pub nameless: usize,
    /// What tokens they may have signed.
    pub algorithms: Vec<String>,
}

impl Issuer {
    /// Asks the issuer for all that a token's verification needs, and keeps nothing of it.
    pub async fn examine(&self) -> IssuerState {
        let inner = &self.0;
        let keys_at = match &inner.jwks_url {
            Some(url) => Ok(url.clone()),
            None => inner.discover().await,
        };
        let Ok(url) = &keys_at else { return IssuerState { keys_at, keys: None, clock_ahead_seconds: None } };
        match inner.published(url).await {
            Ok((keys, clock_ahead_seconds)) => {
                IssuerState { keys_at, keys: Some(Ok(keys)), clock_ahead_seconds }
            }
            Err(error) => IssuerState { keys_at, keys: Some(Err(error)), clock_ahead_seconds: None },
        }
    }
}

impl Inner {
    async fn published(&self, url: &str) -> anyhow::Result<(PublishedKeys, Option<i64>)> {
        let page = self.page(url).await?;
        let here = Timestamp::now();
        let there = page.date.as_deref().and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
        let ahead = there.map(|there| there.timestamp().as_second() - here.as_second());
        let all: serde_json::Value = serde_json::from_slice(&page.body).context("it is no JSON")?;
        let published = all.get("keys").and_then(serde_json::Value::as_array).map_or(0, Vec::len);
        let keys = KeySet::parse(&page.body)?;
        let state = PublishedKeys {
            published,
            usable: keys.len(),
            nameless: keys.nameless(),
            algorithms: keys.algorithms(),
        };
        Ok((state, ahead))
    }
}
