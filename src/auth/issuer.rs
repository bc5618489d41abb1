//! The keys of an issuer somewhere on the network: found, fetched, kept, and fetched again when a token
//! names one that is not known.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::keys::KeySet;

mod examination;

pub use examination::{IssuerState, PublishedKeys};

/// How long to wait between two fetches, at least: whoever sends tokens with invented key ids must not
/// make this service a hammer.
const MIN_FETCH_INTERVAL: Duration = Duration::from_secs(10);
/// How long keys are believed before they are looked at again, so that a key which its issuer took back
/// does not stay good for ever.
const MAX_KEY_AGE: Duration = Duration::from_secs(60 * 60);
/// How long one request to the issuer may take.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
/// Largest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// An issuer whose keys are fetched. Cheap to clone; clones share the keys.
#[derive(Clone)]
pub struct Issuer(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    /// The issuer's identifier, below which discovery looks.
    issuer: String,
    /// Where the keys are; discovered when it is not configured.
    jwks_url: Option<String>,
    pace: Pace,
    keys: ArcSwap<Kept>,
    /// When the last fetch began. Whoever holds the lock is the one that fetches.
    last_fetch: Mutex<Option<Instant>>,
}

/// How often the issuer is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// How long to wait between two fetches, at least.
    pub(super) min_interval: Duration,
    /// How long keys are believed before they are looked at again.
    pub(super) max_age: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { min_interval: MIN_FETCH_INTERVAL, max_age: MAX_KEY_AGE }
    }
}

struct Kept {
    keys: Arc<KeySet>,
    since: Instant,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl Issuer {
    /// An issuer, not asked yet. Its keys are at `jwks_url`, or where OpenID Connect discovery says.
    ///
    /// # Errors
    /// When no TLS client can be made on this machine.
    pub fn new(issuer: &str, jwks_url: Option<&str>) -> anyhow::Result<Self> {
        Self::with_pace(issuer, jwks_url, Pace::default())
    }

    pub(super) fn with_pace(issuer: &str, jwks_url: Option<&str>, pace: Pace) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .timeout(FETCH_TIMEOUT)
            // An issuer that sends its keys' readers elsewhere is misconfigured, or not the issuer.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("rec-registry/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self(Arc::new(Inner {
            http,
            issuer: issuer.to_owned(),
            jwks_url: jwks_url.map(str::to_owned),
            pace,
            keys: ArcSwap::from_pointee(Kept { keys: Arc::default(), since: Instant::now() }),
            last_fetch: Mutex::default(),
        })))
    }

    /// The issuer's keys as far as they are known, none before the first fetch. When they are old, the
    /// issuer is asked as well, but nobody waits for what it says.
    pub(super) fn known_keys(&self) -> Arc<KeySet> {
        let kept = self.0.keys.load();
        if kept.since.elapsed() > self.0.pace.max_age && !kept.keys.is_empty() {
            tokio::spawn(Arc::clone(&self.0).refresh_unless_busy());
        }
        Arc::clone(&kept.keys)
    }

    /// The issuer's keys, among them the named one if the issuer has it. May ask the issuer.
    pub(super) async fn keys_with(&self, key_id: Option<&str>) -> Arc<KeySet> {
        let known = self.known_keys();
        if known.knows(key_id) {
            return known;
        }
        // On a task of its own: a caller that hangs up must not take the others' keys away with it.
        let refreshed = tokio::spawn(Arc::clone(&self.0).refresh_for(key_id.map(str::to_owned))).await;
        if refreshed.is_err() {
            tracing::error!("fetching the issuer's keys broke off");
        }
        Arc::clone(&self.0.keys.load().keys)
    }
}

impl Inner {
    async fn refresh_for(self: Arc<Self>, key_id: Option<String>) {
        let mut last_fetch = self.last_fetch.lock().await;
        // Whoever waited for the lock finds what its holder fetched.
        if !self.keys.load().keys.knows(key_id.as_deref()) {
            self.refresh(&mut last_fetch).await;
        }
    }

    async fn refresh_unless_busy(self: Arc<Self>) {
        if let Ok(mut last_fetch) = self.last_fetch.try_lock() {
            self.refresh(&mut last_fetch).await;
        }
    }

    async fn refresh(&self, last_fetch: &mut Option<Instant>) {
        if last_fetch.is_some_and(|at| at.elapsed() < self.pace.min_interval) {
            return;
        }
        *last_fetch = Some(Instant::now());
        match self.fetch().await {
            Ok(keys) => {
                tracing::info!(keys = keys.len(), "fetched the issuer's keys");
                self.keys.store(Arc::new(Kept { keys: Arc::new(keys), since: Instant::now() }));
            }
            Err(error) => {
                tracing::warn!("the issuer's keys cannot be fetched, the known ones stay: {error:#}");
            }
        }
    }

    async fn fetch(&self) -> anyhow::Result<KeySet> {
        let url = match &self.jwks_url {
            Some(url) => url.clone(),
            None => self.discover().await?,
        };
        let keys = KeySet::parse(&self.get(&url).await?)?;
        anyhow::ensure!(!keys.is_empty(), "the issuer's key set holds no key that can be used");
        Ok(keys)
    }

    async fn discover(&self) -> anyhow::Result<String> {
        let url = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let discovery: Discovery = serde_json::from_slice(&self.get(&url).await?)?;
        anyhow::ensure!(
            discovery.issuer == self.issuer,
            "discovery names the issuer {:?}, configured is {:?}",
            discovery.issuer,
            self.issuer
        );
        anyhow::ensure!(
            discovery.jwks_uri.starts_with("https://") || !self.issuer.starts_with("https://"),
            "discovery sends an https issuer's readers to keys without https"
        );
        Ok(discovery.jwks_uri)
    }

    /// The body of a page, as long as it is not too large.
    async fn get(&self, url: &str) -> anyhow::Result<Vec<u8>> {
        Ok(self.page(url).await?.body)
    }

    async fn page(&self, url: &str) -> anyhow::Result<Page> {
        let mut response = self.http.get(url).send().await?;
        anyhow::ensure!(response.status().is_success(), "{url} answers {}", response.status());
        let date = response.headers().get(reqwest::header::DATE);
        let date = date.and_then(|date| date.to_str().ok()).map(str::to_owned);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            anyhow::ensure!(body.len() + chunk.len() <= MAX_ANSWER_BYTES, "{url} answers without end");
            body.extend_from_slice(&chunk);
        }
        Ok(Page { body, date })
    }
}

struct Page {
    body: Vec<u8>,
    /// When the issuer says that it sent it.
    date: Option<String>,
}
