//! A running server that a command goes through, and how to be somebody there.

use std::time::Duration;

use anyhow::{Context as _, bail};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::output::warn;
use crate::config::{InFile, Secret, http_url};

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Rows of a list that are asked for at a time.
const PAGE: &str = "500";

/// A running server, and how to be somebody there.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Through a server")]
pub struct Remote {
    /// Go through the server at this address instead of straight to the database.
    #[arg(long, env = "REC_REGISTRY_API", value_name = "URL", value_parser = http_url)]
    api: Option<String>,
    /// The bearer token for the server.
    #[arg(long, env = "REC_REGISTRY_TOKEN", hide_env_values = true, requires = "api", value_name = "TOKEN")]
    token: Option<Secret>,
    /// The file that holds the bearer token, instead of the token itself.
    #[arg(
        long,
        env = "REC_REGISTRY_TOKEN_FILE",
        hide_env_values = true,
        requires = "api",
        conflicts_with = "token",
        value_name = "FILE"
    )]
    token_file: Option<InFile<Secret>>,
    /// The client that asks the identity provider for a token, instead of --token.
    #[arg(long, env = "REC_REGISTRY_CLIENT_ID", requires_all = ["secret_of_client", "auth_url"], value_name = "ID")]
    client_id: Option<String>,
    /// The secret of that client.
    #[arg(
        long,
        env = "REC_REGISTRY_CLIENT_SECRET",
        hide_env_values = true,
        group = "secret_of_client",
        value_name = "SECRET"
    )]
    client_secret: Option<Secret>,
    /// The file that holds the secret of that client, instead of the secret itself.
    #[arg(
        long,
        env = "REC_REGISTRY_CLIENT_SECRET_FILE",
        hide_env_values = true,
        group = "secret_of_client",
        conflicts_with = "client_secret",
        value_name = "FILE"
    )]
    client_secret_file: Option<InFile<Secret>>,
    /// The token endpoint of the identity provider.
    #[arg(long, env = "REC_REGISTRY_AUTH_URL", value_name = "URL", value_parser = http_url)]
    auth_url: Option<String>,
    /// The scopes that the client asks for, separated by spaces; those that the provider gives by itself when
    /// none are named.
    #[arg(long, env = "REC_REGISTRY_CLIENT_SCOPE", requires = "client_id", value_name = "SCOPES")]
    client_scope: Option<String>,
    /// A field more of the request for the token, as some providers want it: `audience=…`, `resource=…`. May be
    /// given several times.
    #[arg(long, requires = "client_id", value_name = "NAME=VALUE", value_parser = field)]
    client_field: Vec<(String, String)>,
}

fn field(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it like audience=rec-registry")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
}

/// What a provider says that gives no token.
#[derive(Deserialize, Default)]
struct TokenRefusal {
    error: Option<String>,
    error_description: Option<String>,
}

impl Remote {
    /// The server, when the command goes through one, with a token for it.
    ///
    /// # Errors
    /// When there is no token, or none can be had.
    pub async fn sign_in(&self) -> anyhow::Result<Option<Server>> {
        let Some(api) = &self.api else { return Ok(None) };
        let client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .user_agent(concat!("rec-registry/", env!("CARGO_PKG_VERSION")))
            .build()?;
        warn_of_plain_http(api, "--api", "the token");
        let token = self.token(&client).await?;
        Ok(Some(Server { client, base: api.parse()?, token }))
    }

    async fn token(&self, client: &Client) -> anyhow::Result<String> {
        fn either<'s>(itself: &'s Option<Secret>, file: &'s Option<InFile<Secret>>) -> Option<&'s str> {
            itself.as_ref().or(file.as_ref().map(|InFile(secret)| secret)).map(Secret::expose)
        }
        if let Some(token) = either(&self.token, &self.token_file) {
            return Ok(token.to_owned());
        }
        let secret = either(&self.client_secret, &self.client_secret_file);
        let (Some(id), Some(secret), Some(url)) = (&self.client_id, secret, &self.auth_url) else {
            bail!("--api needs --token or --token-file, or --client-id, --client-secret and --auth-url")
        };
        warn_of_plain_http(url, "--auth-url", "the secret of the client");
        let mut form = vec![("grant_type", "client_credentials")];
        form.extend(self.client_scope.iter().map(|scope| ("scope", scope.as_str())));
        form.extend(self.client_field.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let answer = client
            .post(url)
            .basic_auth(id, Some(secret))
            .form(&form)
            .send()
            .await
            .context("the identity provider does not answer: see --auth-url")?;
        let status = answer.status();
        if !status.is_success() {
            let said = answer.json::<TokenRefusal>().await.unwrap_or_default();
            let words: Vec<_> = [said.error, said.error_description].into_iter().flatten().collect();
            bail!("the identity provider gives no token: {status}, {}", words.join(": "));
        }
        let answer = answer
            .json::<TokenAnswer>()
            .await
            .context("the identity provider's answer has no access_token")?;
        Ok(answer.access_token)
    }
}

/// Whether an address is one of this machine.
#[must_use]
pub(super) fn is_local(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    })
}

/// Says so when a secret goes over a network without encryption.
fn warn_of_plain_http(url: &str, setting: &str, what: &str) {
    if url.parse().is_ok_and(|url: Url| url.scheme() == "http" && !is_local(&url)) {
        warn(&format!("{what} goes over http, where others can read it: give {setting} an https URL"));
    }
}

/// A running server, as somebody who is known there.
pub struct Server {
    client: Client,
    base: Url,
    token: String,
}

/// What a server says that does not do what it is asked.
#[derive(Deserialize)]
struct Refusal {
    detail: Value,
}

/// One page of a list.
#[derive(Deserialize)]
struct Page<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct GraphqlAnswer {
    /// Beside errors some of it may be missing.
    #[serde(default)]
    data: Value,
    #[serde(default)]
    errors: Vec<GraphqlError>,
}

#[derive(Deserialize)]
struct GraphqlError {
    message: String,
}

impl Server {
    /// A request for the path of these segments, whatever characters are in them.
    pub fn request(&self, method: Method, segments: &[&str]) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        self.client.request(method, url).bearer_auth(&self.token)
    }

    /// What a path holds; none where the server says that there is no such thing.
    ///
    /// # Errors
    /// When the server does not answer, or refuses.
    pub async fn get<T: DeserializeOwned>(
        &self,
        segments: &[&str],
        query: &[(&str, &str)],
    ) -> anyhow::Result<Option<T>> {
        let answer = send(self.request(Method::GET, segments).query(query)).await?;
        if answer.status() == StatusCode::NOT_FOUND {
            let said =
                answer.json::<Value>().await.context("another server than a registry answers: see --api")?;
            // The path itself is not there when it is another server.
            anyhow::ensure!(said.get("code").is_some(), "another server than a registry answers: see --api");
            return Ok(None);
        }
        value(answer).await.map(Some)
    }

    /// Every row of a list, page by page; `at_most` of them.
    ///
    /// # Errors
    /// When the server does not answer, or refuses, or there is no such list.
    pub async fn rows<T: DeserializeOwned>(
        &self,
        segments: &[&str],
        query: &[(&str, &str)],
        at_most: usize,
    ) -> anyhow::Result<Vec<T>> {
        let (mut rows, mut cursor) = (Vec::new(), None::<String>);
        while rows.len() < at_most {
            let mut query = [query, &[("limit", PAGE)]].concat();
            query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let page = self.get::<Page<T>>(segments, &query).await?;
            let Page { items, next_cursor } =
                page.with_context(|| format!("the server has no /{}", segments.join("/")))?;
            rows.extend(items);
            cursor = next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        rows.truncate(at_most);
        Ok(rows)
    }

    /// What a GraphQL query gives.
    ///
    /// # Errors
    /// When the server does not answer, or refuses any part of it.
    pub async fn query<T: DeserializeOwned>(&self, query: &str, variables: Value) -> anyhow::Result<T> {
        let body = json!({"query": query, "variables": variables});
        let answer = send(self.request(Method::POST, &["graphql"]).json(&body)).await?;
        let status = answer.status();
        let odd = || format!("the server answered {status}, and not in words that it should: see --api");
        let said = answer.json::<GraphqlAnswer>().await.with_context(odd)?;
        if let Some(error) = said.errors.first() {
            bail!("the server answered {status}: {}", error.message);
        }
        serde_json::from_value(said.data).with_context(odd)
    }
}

/// Sends a request.
///
/// # Errors
/// When nobody answers.
pub async fn send(request: RequestBuilder) -> anyhow::Result<Response> {
    request.send().await.context("the server does not answer: see --api")
}

/// What an answer holds.
async fn value<T: DeserializeOwned>(answer: Response) -> anyhow::Result<T> {
    let answer = granted(answer).await?;
    answer.json().await.context("the server's answer is not what it should be")
}

/// The answer, when it is no refusal.
///
/// # Errors
/// What the server says when it refuses.
pub async fn granted(answer: Response) -> anyhow::Result<Response> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let text = answer.text().await.unwrap_or_default();
    let Ok(Refusal { detail }) = serde_json::from_str(&text) else {
        bail!("the server answered {status}, and not in words that it should: see --api")
    };
    match detail.as_str() {
        Some(detail) => bail!("the server answered {status}: {detail}"),
        None => bail!("the server answered {status}: {detail}"),
    }
}
