//! A certified OpenID provider as a process of its own: `tests/node/provider.mjs` says what it does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url, header};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::node;
use super::server::{PROGRAM, Server, free_address};

/// Whom its tokens are for.
pub const AUDIENCE: &str = "rec-registry";

/// The scopes that it grants to whoever asks.
const SCOPES: &str = "rec-registry.read rec-registry.admin rec-registry.read:example_rec";

/// Where the client of the users is told the code.
const SIGNED_IN: &str = "http://127.0.0.1/signed-in";

impl Server {
    /// Starts `rec-registry serve` on a database for the tokens of a provider, and waits until it is ready. Its
    /// administrator has a token of that provider.
    pub async fn serve(data_directory: &Path, database_url: &str, provider: &Provider) -> Self {
        let mut serve = Command::new(PROGRAM);
        serve.args(["serve", "--auth-audience", AUDIENCE, "--auth-issuer", provider.issuer()]);
        serve.env("DATABASE_URL", database_url);
        let mut server = Self::run(serve, data_directory).await;
        server.token = provider.service_token("ES256", "rec-registry.admin").await;
        server
    }
}

/// A running provider. It is killed when it is dropped.
pub struct Provider {
    process: Option<Child>,
    issuer: String,
    /// The folder of the script and its packages.
    scripts: PathBuf,
    /// Where it keeps its keys and its log.
    directory: PathBuf,
    client: Client,
}

impl Provider {
    /// Starts one and waits until it answers; none when Node is not to be had.
    pub async fn start(directory: &Path) -> Option<Self> {
        let scripts = node::folder().await?;
        let issuer = format!("http://{}", free_address());
        // A browser that follows nobody by itself, so that its cookies can be kept.
        let client = Client::builder().redirect(Policy::none()).build().expect("a client");
        let directory = directory.to_owned();
        let mut provider = Self { process: None, issuer, scripts, directory, client };
        provider.restart().await;
        Some(provider)
    }

    /// What its tokens say under `iss`.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Ends it at once.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // Both fail only when the process has ended already, which is what is wanted.
            _ = process.kill();
            _ = process.wait();
        }
    }

    /// Starts it again at the same address, with the keys that it had.
    pub async fn restart(&mut self) {
        self.stop();
        let log = std::fs::File::create(self.directory.join("provider.log")).expect("the provider's log");
        let (_, port) = self.issuer.rsplit_once(':').expect("an address has a port");
        let process = Command::new("node")
            .arg(self.scripts.join("provider.mjs"))
            .arg(port)
            .arg(self.directory.join("provider-keys.json"))
            .env("SCOPES", SCOPES)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the provider's log is shared"))
            .stderr(log)
            .spawn()
            .expect("the provider starts");
        self.process = Some(process);
        for _ in 0..600 {
            if self.client.get(format!("{}/jwks", self.issuer)).send().await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let log = std::fs::read_to_string(self.directory.join("provider.log")).unwrap_or_default();
        let ended = self.process.as_mut().map(Child::try_wait);
        panic!("the provider does not answer after a minute (ended: {ended:?}): {log}");
    }

    /// Publishes the keys of these generations and signs with the first.
    pub async fn publish(&self, generations: &[&str]) {
        let request = self.client.post(format!("{}/control/keys", self.issuer));
        let answer = request.body(json!(generations).to_string()).send().await.expect("the provider answers");
        assert!(answer.status().is_success(), "{answer:?}");
    }

    /// How often its keys were asked for since it started.
    pub async fn visits(&self) -> u64 {
        let answer = self.client.get(format!("{}/control/visits", self.issuer)).send().await;
        let text = answer.expect("the provider answers").text().await.expect("a text");
        text.parse().expect("a number")
    }

    /// A token of a service, by its client credentials.
    pub async fn service_token(&self, algorithm: &str, scope: &str) -> String {
        let resource = format!("urn:rec-registry:{algorithm}");
        let form = [("grant_type", "client_credentials"), ("scope", scope), ("resource", &resource)];
        let request = self.client.post(format!("{}/token", self.issuer));
        let request = request.basic_auth("service", Some("the-secret-of-the-service")).form(&form);
        access_token(request.send().await.expect("the provider answers")).await
    }

    /// A token of a user, by the authorization code flow with PKCE.
    pub async fn user_token(&self, algorithm: &str, user: &str, scope: &str) -> String {
        let verifier = URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{user} {algorithm} {scope}")));
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
        let resource = format!("urn:rec-registry:{algorithm}");
        let scope = format!("openid {scope}");
        let asked = [
            ("client_id", "app"),
            ("response_type", "code"),
            ("redirect_uri", SIGNED_IN),
            ("scope", scope.trim()),
            ("resource", &resource),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("login_hint", user),
            ("prompt", "consent"),
        ];
        let start = Url::parse_with_params(&format!("{}/auth", self.issuer), asked).expect("an address");
        let signed_in = self.browse(start).await;
        let code = signed_in.query_pairs().find(|(name, _)| name == "code");
        let (_, code) = code.unwrap_or_else(|| panic!("no code: {signed_in}"));
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", "app"),
            ("code", &code),
            ("redirect_uri", SIGNED_IN),
            ("code_verifier", &verifier),
            ("resource", &resource),
        ];
        let request = self.client.post(format!("{}/token", self.issuer)).form(&form);
        access_token(request.send().await.expect("the provider answers")).await
    }

    /// Follows the provider from page to page, as a browser with cookies, until it sends back to the client.
    async fn browse(&self, start: Url) -> Url {
        let (mut page, mut cookies) = (start, BTreeMap::new());
        for _ in 0..10 {
            if page.as_str().starts_with(SIGNED_IN) {
                return page;
            }
            let kept: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let request = self.client.get(page.clone()).header(header::COOKIE, kept.join("; "));
            let answer = request.send().await.expect("the provider answers");
            for cookie in answer.headers().get_all(header::SET_COOKIE) {
                let cookie = cookie.to_str().expect("a cookie is text").split(';').next().unwrap_or_default();
                let (name, value) = cookie.split_once('=').expect("a cookie has a value");
                cookies.insert(name.to_owned(), value.to_owned());
            }
            let Some(next) = answer.headers().get(header::LOCATION) else {
                panic!("no way on from {page}: {}", answer.text().await.unwrap_or_default());
            };
            page = page.join(next.to_str().expect("an address")).expect("an address");
        }
        panic!("the provider never sends back to the client")
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn access_token(answer: Response) -> String {
    let answer: Value = answer.json().await.expect("JSON");
    answer["access_token"].as_str().unwrap_or_else(|| panic!("no token: {answer}")).to_owned()
}
