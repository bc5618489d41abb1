//! What can be set: every setting is a flag with an environment variable, its unit in its name or its
//! value. Secrets do not show when settings are printed.

mod secret;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::builder::ValueParserFactory;
use clap::{Args, ValueEnum};
use ipnet::IpNet;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use self::secret::{Discreet, discreet};
pub use self::secret::{InFile, Secret};
use crate::auth::{DevKey, TokenRules};
use crate::service::{Rate, RateSettings};

/// One MiB, in bytes.
const MIB: usize = 1024 * 1024;

/// Which database, and how it is reached.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Database")]
pub struct DatabaseArgs {
    /// The database: `sqlite://FILE?mode=rwc` or `postgres://USER:PASSWORD@HOST/NAME`
    #[arg(
        long,
        env = "DATABASE_URL",
        value_name = "URL",
        hide_env_values = true,
        default_value = "sqlite://./data/registry.db?mode=rwc"
    )]
    pub database_url: DatabaseUrl,

    /// The file that holds the URL of the database, instead of the URL itself
    #[arg(
        long,
        env = "DATABASE_URL_FILE",
        value_name = "FILE",
        hide_env_values = true,
        conflicts_with = "database_url"
    )]
    pub database_url_file: Option<InFile<DatabaseUrl>>,

    /// The pool of connections
    #[command(flatten)]
    pub pool: PoolArgs,
}

impl DatabaseArgs {
    /// The database, whichever way it is named.
    #[must_use]
    pub fn url(&self) -> &DatabaseUrl {
        self.database_url_file.as_ref().map_or(&self.database_url, |InFile(url)| url)
    }
}

/// The pool of database connections.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Database")]
pub struct PoolArgs {
    /// Most database connections at a time
    #[arg(
        long,
        env = "REC_REGISTRY_DATABASE_MAX_CONNECTIONS",
        value_name = "N",
        default_value_t = 16,
        value_parser = clap::value_parser!(u32).range(2..=1000)
    )]
    pub database_max_connections: u32,

    /// How long a request waits for a database connection
    #[arg(
        long,
        env = "REC_REGISTRY_DATABASE_ACQUIRE_TIMEOUT",
        value_name = "TIME",
        default_value = "10s",
        value_parser = duration
    )]
    pub database_acquire_timeout: Duration,
}

/// Where a database is. Its password does not show when it is printed.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// The SQLite database in a file, made when it is not there.
    #[must_use]
    pub fn sqlite_file(path: &std::path::Path) -> Self {
        const SPECIAL: &AsciiSet = &CONTROLS.add(b'%').add(b'?').add(b'#');
        let path = path.to_string_lossy();
        Self(format!("sqlite://{}?mode=rwc", utf8_percent_encode(&path, SPECIAL)))
    }

    /// The whole URL, with its password.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The file of a SQLite database; none for PostgreSQL and for SQLite in memory.
    #[must_use]
    pub fn file(&self) -> Option<PathBuf> {
        let rest = self.0.strip_prefix("sqlite:")?;
        let path = rest.strip_prefix("//").unwrap_or(rest);
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        let path = percent_decode_str(path).decode_utf8().ok()?;
        (!path.is_empty() && path != ":memory:").then(|| PathBuf::from(path.as_ref()))
    }

    /// Whether it is a PostgreSQL database on another machine behind a password that everybody knows.
    fn is_open_to_the_world(&self) -> bool {
        let Some(Login { host, user, password: Some(password) }) = self.login() else { return false };
        !is_local(&host)
            && (password == user || WELL_KNOWN_PASSWORDS.contains(&password.to_lowercase().as_str()))
    }

    /// Whether it holds a password.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.login().is_some_and(|login| login.password.is_some())
    }

    /// Who asks PostgreSQL; none for SQLite.
    fn login(&self) -> Option<Login> {
        if self.0.starts_with("sqlite:") {
            return None;
        }
        let url = reqwest::Url::parse(&self.0).ok()?;
        let option =
            |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        Some(Login {
            host: option("host").or_else(|| url.host_str().map(str::to_owned)).unwrap_or_default(),
            user: option("user").unwrap_or_else(|| decoded(url.username())),
            password: option("password").or_else(|| url.password().map(decoded)),
        })
    }
}

/// Who asks a PostgreSQL server.
struct Login {
    host: String,
    user: String,
    password: Option<String>,
}

/// Passwords of examples and images, in lower case.
const WELL_KNOWN_PASSWORDS: &[&str] = &[
    "",
    "postgres",
    "postgresql",
    "password",
    "passw0rd",
    "pass",
    "admin",
    "root",
    "secret",
    "changeme",
    "change-me",
    "example",
    "test",
    "dev",
    "123456",
    "registry",
    "rec-registry",
    "rec_registry",
];

/// Whether a database host is this machine.
fn is_local(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.is_empty()
        || bare == "localhost"
        || bare.starts_with('/')
        || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = ["sqlite:", "postgres://", "postgresql://"];
        if !known.iter().any(|scheme| text.starts_with(scheme)) {
            return Err("it must begin with sqlite://, postgres:// or postgresql://".to_owned());
        }
        // Whoever opens the database would say so too, but with the whole text, password and all.
        if !text.starts_with("sqlite:") && reqwest::Url::parse(text).is_err() {
            return Err("it is no URL: encode the special characters of user, password and name".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

impl ValueParserFactory for DatabaseUrl {
    type Parser = Discreet<Self>;

    fn value_parser() -> Self::Parser {
        discreet()
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.starts_with("sqlite:") {
            return f.write_str(&self.0);
        }
        match reqwest::Url::parse(&self.0) {
            Ok(url) => {
                write!(f, "{}://{}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
            }
            // Where its parts are is not known, so neither is where the password is.
            Err(_) => f.write_str("postgres://…"),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

/// Whose tokens are taken.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Authentication")]
pub struct AuthArgs {
    /// The issuer of tokens: what their claim `iss` must be
    #[arg(long, env = "REC_REGISTRY_AUTH_ISSUER", value_name = "URL")]
    pub auth_issuer: Option<String>,

    /// Whom tokens must be for: what their claim `aud` must contain
    #[arg(long, env = "REC_REGISTRY_AUTH_AUDIENCE", value_name = "NAME")]
    pub auth_audience: Option<String>,

    /// Where the issuer's keys are [default: where its OpenID Connect discovery says]
    #[arg(long, env = "REC_REGISTRY_AUTH_JWKS_URL", value_name = "URL", value_parser = http_url)]
    pub auth_jwks_url: Option<String>,

    /// The claim that holds the user's name, which members' `user_id` is compared with
    #[arg(
        long,
        env = "REC_REGISTRY_AUTH_USER_CLAIM",
        value_name = "CLAIM",
        default_value = "preferred_username"
    )]
    pub auth_user_claim: String,
}

/// What is recorded of who looks at what.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(next_help_heading = "Audit")]
pub struct AuditArgs {
    /// How long entries of the audit trail are kept, in days or as a time like 36h
    #[arg(
        long,
        env = "REC_REGISTRY_AUDIT_RETENTION",
        value_name = "TIME",
        default_value = "400d",
        value_parser = days_or_duration
    )]
    pub audit_retention: Duration,
}

/// How the registry is served.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "HTTP")]
pub struct HttpArgs {
    /// The address and port to listen on
    #[arg(long, env = "REC_REGISTRY_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:8004")]
    pub listen: SocketAddr,

    /// Origins whose pages may ask from a browser, separated by commas [default: none]
    #[arg(
        long,
        env = "REC_REGISTRY_CORS_ORIGINS",
        value_name = "ORIGIN",
        value_delimiter = ',',
        value_parser = origin
    )]
    pub cors_origins: Vec<String>,

    /// What GraphQL shows of itself, and which operations it runs
    #[command(flatten)]
    pub graphql: GraphqlArgs,

    /// What a request may take
    #[command(flatten)]
    pub limits: HttpLimits,
}

/// What GraphQL shows of itself, and which operations it runs.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(next_help_heading = "GraphQL")]
pub struct GraphqlArgs {
    /// Whether GraphQL can be asked for its schema; off: /schema.graphql and suggestions are off as well
    #[arg(long, env = "REC_REGISTRY_GRAPHQL_INTROSPECTION", value_name = "SWITCH", default_value = "on")]
    pub introspection: Switch,

    /// Whether the refusal of an unknown field or argument says what may have been meant
    #[arg(long, env = "REC_REGISTRY_GRAPHQL_SUGGESTIONS", value_name = "SWITCH", default_value = "on")]
    pub suggestions: Switch,

    /// Run the GraphQL operations of this manifest alone: JSON, texts by their SHA-256, or Apollo's manifest
    /// [default: any operation]
    #[arg(long, env = "REC_REGISTRY_GRAPHQL_PERSISTED_ONLY", value_name = "FILE")]
    pub persisted_only: Option<PathBuf>,
}

/// Something that is on or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// On.
    On,
    /// Off.
    Off,
}

impl Switch {
    /// Whether it is on.
    #[must_use]
    pub fn is_on(self) -> bool {
        self == Self::On
    }
}

/// What a request may take.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(next_help_heading = "HTTP")]
pub struct HttpLimits {
    /// Largest body of an import, in MiB
    #[arg(
        long,
        env = "REC_REGISTRY_MAX_BODY_MIB",
        value_name = "MIB",
        default_value_t = 64,
        value_parser = clap::value_parser!(u32).range(1..=1024)
    )]
    pub max_body_mib: u32,

    /// How long a request may take
    #[arg(
        long,
        env = "REC_REGISTRY_REQUEST_TIMEOUT",
        value_name = "TIME",
        default_value = "30s",
        value_parser = duration
    )]
    pub request_timeout: Duration,

    /// How long an import or export may take
    #[arg(
        long,
        env = "REC_REGISTRY_TRANSFER_TIMEOUT",
        value_name = "TIME",
        default_value = "10m",
        value_parser = duration
    )]
    pub transfer_timeout: Duration,

    /// Most connections at a time; more wait until one is closed
    #[arg(
        long,
        env = "REC_REGISTRY_MAX_CONNECTIONS",
        value_name = "N",
        default_value_t = 8192,
        value_parser = positive
    )]
    pub max_connections: usize,

    /// How long the head of a request may take: its path and headers
    #[arg(
        long,
        env = "REC_REGISTRY_HEAD_TIMEOUT",
        value_name = "TIME",
        default_value = "10s",
        value_parser = duration
    )]
    pub head_timeout: Duration,

    /// How long a WebSocket may take to say who it is
    #[arg(
        long,
        env = "REC_REGISTRY_SOCKET_INIT_TIMEOUT",
        value_name = "TIME",
        default_value = "10s",
        value_parser = duration
    )]
    pub socket_init_timeout: Duration,

    /// How often a WebSocket is asked whether it is still there, and its token is looked at again
    #[arg(
        long,
        env = "REC_REGISTRY_SOCKET_PING_INTERVAL",
        value_name = "TIME",
        default_value = "30s",
        value_parser = duration
    )]
    pub socket_ping_interval: Duration,

    /// How often one may ask
    #[command(flatten)]
    pub rates: RateArgs,

    /// What a GraphQL request may ask for
    #[command(flatten)]
    pub graphql: GraphqlLimits,
}

impl HttpLimits {
    /// Largest body of a request that is no import, in bytes.
    pub const MAX_SMALL_BODY_BYTES: usize = 2 * MIB;

    /// Largest body of an import, in bytes.
    #[must_use]
    pub fn max_body_bytes(&self) -> usize {
        self.max_body_mib as usize * MIB
    }
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            max_body_mib: 64,
            request_timeout: Duration::from_secs(30),
            transfer_timeout: Duration::from_secs(600),
            max_connections: 8192,
            head_timeout: Duration::from_secs(10),
            socket_init_timeout: Duration::from_secs(10),
            socket_ping_interval: Duration::from_secs(30),
            rates: RateArgs::default(),
            graphql: GraphqlLimits::default(),
        }
    }
}

/// How often one may ask. Each process counts for itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
#[command(next_help_heading = "Rate limits")]
pub struct RateArgs {
    /// Requests and GraphQL operations of one subject a minute, and at most how many at once, as in 600:50
    /// [default: no limit]
    #[arg(long, env = "REC_REGISTRY_RATE_LIMIT_PER_SUBJECT", value_name = "N[:BURST]")]
    pub rate_limit_per_subject: Option<Rate>,

    /// Requests from one address a minute, with a token or without; of IPv6 from one /64 [default: no limit]
    #[arg(long, env = "REC_REGISTRY_RATE_LIMIT_PER_ADDRESS", value_name = "N[:BURST]")]
    pub rate_limit_per_address: Option<Rate>,

    /// Identifiers that one subject looks up a minute, each of a batch for itself; a whole batch of 500 fits
    /// into the burst [default: no limit]
    #[arg(long, env = "REC_REGISTRY_RATE_LIMIT_LOOKUP", value_name = "N[:BURST]")]
    pub rate_limit_lookup: Option<Rate>,

    /// Proxies whose header X-Forwarded-For is believed, as networks or addresses separated by commas
    /// [default: none]
    #[arg(
        long,
        env = "REC_REGISTRY_TRUSTED_PROXIES",
        value_name = "CIDR",
        value_delimiter = ',',
        value_parser = network
    )]
    pub trusted_proxies: Vec<IpNet>,
}

impl RateArgs {
    /// What the services count by.
    #[must_use]
    pub fn settings(&self) -> RateSettings {
        RateSettings {
            per_subject: self.rate_limit_per_subject,
            per_address: self.rate_limit_per_address,
            lookups: self.rate_limit_lookup,
        }
    }
}

macro_rules! graphql_limits {
    ($($(#[doc = $text:literal])+ $field:ident, $flag:literal, $env:literal, $default:expr;)+) => {
        /// What a GraphQL request may ask for.
        #[derive(Debug, Clone, PartialEq, Eq, Args)]
        #[command(next_help_heading = "GraphQL limits")]
        pub struct GraphqlLimits {
            $(
                $(#[doc = $text])+
                #[arg(
                    id = $flag,
                    long = $flag,
                    env = concat!("REC_REGISTRY_GRAPHQL_", $env),
                    value_name = "N",
                    default_value_t = $default,
                    value_parser = positive
                )]
                pub $field: usize,
            )+
        }

        impl Default for GraphqlLimits {
            fn default() -> Self {
                Self { $($field: $default),+ }
            }
        }
    };
}

graphql_limits! {
    /// Longest text of a query, in bytes
    query_bytes, "graphql-query-bytes", "QUERY_BYTES", 64 * 1024;
    /// Most tokens of a query
    tokens, "graphql-tokens", "TOKENS", 10_000;
    /// Deepest nesting of brackets in a query
    bracket_depth, "graphql-bracket-depth", "BRACKET_DEPTH", 64;
    /// Deepest nesting of fields
    depth, "graphql-depth", "DEPTH", 15;
    /// Most fields, after fragments are expanded
    fields, "graphql-fields", "FIELDS", 1_000;
    /// Largest complexity; a connection costs its page size times its children
    complexity, "graphql-complexity", "COMPLEXITY", 250_000;
    /// Most aliases of one field
    aliases, "graphql-aliases", "ALIASES", 50;
    /// Most directives of a query
    directives, "graphql-directives", "DIRECTIVES", 50;
    /// Most operations of a batch
    batch, "graphql-batch", "BATCH", 10;
    /// Most errors of an answer
    errors, "graphql-errors", "ERRORS", 20;
    /// Largest JSON body or WebSocket message, in bytes, variables and all
    body_bytes, "graphql-body-bytes", "BODY_BYTES", MIB;
    /// Most documents that are kept parsed
    documents, "graphql-documents", "DOCUMENTS", 1_000;
    /// Most memory of the documents that are kept parsed, in bytes, estimated
    documents_bytes, "graphql-documents-bytes", "DOCUMENTS_BYTES", 32 * MIB;
    /// Most WebSockets at a time
    sockets, "graphql-sockets", "SOCKETS", 10_000;
    /// Most operations that run on one WebSocket at a time
    socket_operations, "graphql-socket-operations", "SOCKET_OPERATIONS", 50;
}

/// What is logged, and how it looks.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Logging")]
pub struct LogArgs {
    /// What is logged: a level, or directives as in `info,rec_registry=debug` [default: $RUST_LOG, else info].
    /// What libraries log below `info` is left out in any case, since it may hold personal data
    #[arg(long, env = "REC_REGISTRY_LOG", value_name = "FILTER", global = true)]
    pub log: Option<String>,

    /// How the log looks [default: pretty on a terminal, else json]
    #[arg(long, env = "REC_REGISTRY_LOG_FORMAT", value_name = "FORMAT", global = true)]
    pub log_format: Option<LogFormat>,
}

/// How the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}

/// Whose tokens a registry that serves takes, when nothing of its configuration leaves it open. `words` are those
/// of the command line.
///
/// # Errors
/// Every reason for which it would be open, each a sentence that says what to set.
pub fn closed(
    auth: &AuthArgs,
    listen: SocketAddr,
    database_url: &DatabaseUrl,
    words: &[String],
) -> Result<TokenRules, Vec<String>> {
    let given = |value: &Option<String>| value.clone().filter(|text| !text.trim().is_empty());
    let (issuer, audience) = (given(&auth.auth_issuer), given(&auth.auth_audience));
    let mut reasons = Vec::new();
    if issuer.is_none() {
        reasons.push(
            "no issuer of tokens is configured: set --auth-issuer or REC_REGISTRY_AUTH_ISSUER".to_owned(),
        );
    }
    if let Some(issuer) = &issuer
        && auth.auth_jwks_url.is_none()
        && http_url(issuer).is_err()
    {
        reasons.push(
            "the issuer is no URL, so its keys cannot be discovered: \
             set --auth-jwks-url or REC_REGISTRY_AUTH_JWKS_URL"
                .to_owned(),
        );
    }
    if audience.is_none() {
        reasons
            .push("no audience is configured: set --auth-audience or REC_REGISTRY_AUTH_AUDIENCE".to_owned());
    }
    if issuer.as_ref().is_some_and(|issuer| *issuer == DevKey::rules().issuer) && !listen.ip().is_loopback() {
        reasons.push(format!(
            "tokens of the development key would be taken on {listen}, which other machines reach: \
             configure another issuer, or listen on 127.0.0.1"
        ));
    }
    if database_url.is_open_to_the_world() {
        reasons.push(
            "the database on another host has a password that everybody knows: give it another".to_owned(),
        );
    }
    if database_url.has_password() && words.iter().any(|word| word.contains(database_url.expose())) {
        reasons.push(
            "the password of the database stands on the command line, where everybody on this machine can \
             read it: set DATABASE_URL or DATABASE_URL_FILE instead"
                .to_owned(),
        );
    }
    match (issuer, audience) {
        (Some(issuer), Some(audience)) if reasons.is_empty() => {
            Ok(TokenRules { issuer, audience, user_claim: auth.auth_user_claim.clone() })
        }
        _ => Err(reasons),
    }
}

/// A time span as people write it: `30s`, `10m`, `1h30m`; a bare number is seconds.
///
/// # Errors
/// When it is no such text, or not longer than nothing.
pub fn duration(text: &str) -> Result<Duration, String> {
    let span = match text.parse::<u32>() {
        Ok(seconds) => Duration::from_secs(u64::from(seconds)),
        Err(_) => text
            .parse::<jiff::SignedDuration>()
            .ok()
            .and_then(|span| Duration::try_from(span).ok())
            .ok_or("write it like 30s, 10m or 1h30m")?,
    };
    if span.is_zero() { Err("it must be longer than nothing".to_owned()) } else { Ok(span) }
}

/// Reads `400d`, and whatever [`duration`] reads.
fn days_or_duration(text: &str) -> Result<Duration, String> {
    const DAY: u64 = 24 * 60 * 60;
    match text.strip_suffix('d').map(str::parse::<u32>) {
        Some(Ok(days)) if days > 0 => Ok(Duration::from_secs(u64::from(days) * DAY)),
        _ => duration(text).map_err(|why| format!("{why}, or in days like 400d")),
    }
}

fn positive(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|number| *number > 0)
        .ok_or_else(|| "it must be a whole number over 0".to_owned())
}

fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    let address = || text.parse::<std::net::IpAddr>().map(IpNet::from);
    text.parse().or_else(|_| address()).map_err(|_| "write it like 10.0.0.0/8 or 2001:db8::1".to_owned())
}

fn http_url(text: &str) -> Result<String, String> {
    match reqwest::Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(text.to_owned()),
        _ => Err("it must be an http or https URL".to_owned()),
    }
}

fn origin(text: &str) -> Result<String, String> {
    let text = text.trim();
    match reqwest::Url::parse(text) {
        Ok(url)
            if matches!(url.scheme(), "http" | "https")
                && url.origin().ascii_serialization() == text.trim_end_matches('/') =>
        {
            Ok(text.trim_end_matches('/').to_owned())
        }
        _ => Err("write it like https://app.example.org, without a path".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auth(issuer: Option<&str>, audience: Option<&str>) -> AuthArgs {
        AuthArgs {
            auth_issuer: issuer.map(str::to_owned),
            auth_audience: audience.map(str::to_owned),
            auth_jwks_url: None,
            auth_user_claim: "preferred_username".to_owned(),
        }
    }

    fn url(text: &str) -> DatabaseUrl {
        text.parse().expect("a database URL")
    }

    #[test]
    fn every_reason_for_being_open_is_named_at_once() {
        let everywhere = "0.0.0.0:8004".parse().expect("an address");
        let database = url("postgres://postgres:postgres@db.example.org/registry");
        let reasons = closed(&auth(None, Some(" ")), everywhere, &database, &[]).expect_err("it is open");
        assert_eq!(reasons.len(), 3, "{reasons:?}");

        let words = ["serve".to_owned(), format!("--database-url={}", database.expose())];
        let reasons = closed(&auth(Some("urn:rec-registry:dev"), None), everywhere, &database, &words)
            .expect_err("it is open");
        assert_eq!(reasons.len(), 5, "{reasons:?}");
    }

    #[test]
    fn a_closed_configuration_is_taken() {
        let everywhere = "[::]:8004".parse().expect("an address");
        let rules = closed(
            &auth(Some("https://id.example.org"), Some("registry")),
            everywhere,
            &url("postgres://registry:9f-Kw2@db.example.org/registry"),
            &["serve".to_owned()],
        );
        assert_eq!(rules.map(|rules| rules.audience), Ok("registry".to_owned()));
    }

    #[test]
    fn a_well_known_password_matters_on_other_machines_alone() {
        for (text, open) in [
            ("postgres://postgres:postgres@db/registry", true),
            ("postgres://someone:someone@db/registry", true),
            ("postgres://u:PassWord@10.0.0.1:5432/registry", true),
            ("postgres://u@localhost/registry?host=db&password=secret", true),
            ("postgres://u:%70ostgres@db/registry", true),
            ("postgres://postgres:postgres@localhost/registry", false),
            ("postgres://postgres:postgres@127.0.0.1/registry", false),
            ("postgres://postgres:postgres@[::1]/registry", false),
            ("postgres:///registry?host=/run/postgresql&user=u&password=u", false),
            ("postgres://postgres:Kc8!x@db/registry", false),
            ("postgres://postgres@db/registry", false),
            ("sqlite://./data/registry.db", false),
        ] {
            assert_eq!(url(text).is_open_to_the_world(), open, "{text}");
        }
    }

    #[test]
    fn a_password_does_not_show() {
        let url = url("postgres://registry:hush@db.example.org/registry?password=hush");
        assert_eq!(url.to_string(), "postgres://db.example.org/registry");
        assert!(!format!("{url:?}").contains("hush"));
        for broken in ["postgres://u:hush@h:port/d", "postgresql://u:hush@[h/d", "postgres://u:hush#@h/d"] {
            let refusal = broken.parse::<DatabaseUrl>().expect_err("it is no URL");
            assert!(!refusal.contains("hush"), "{refusal}");
        }
    }

    #[test]
    fn the_file_of_a_sqlite_database_is_found() {
        for (text, file) in [
            ("sqlite://./data/registry.db?mode=rwc", Some("./data/registry.db")),
            ("sqlite:///var/lib/r%20r.db", Some("/var/lib/r r.db")),
            ("sqlite:registry.db", Some("registry.db")),
            ("sqlite::memory:", None),
            ("postgres://h/d", None),
        ] {
            assert_eq!(url(text).file(), file.map(PathBuf::from), "{text}");
        }
        let odd = std::path::Path::new("/data/100%/what?/registry.db");
        assert_eq!(DatabaseUrl::sqlite_file(odd).file().as_deref(), Some(odd));
        assert!("mysql://h/d".parse::<DatabaseUrl>().is_err());
    }

    #[test]
    fn time_spans_are_written_as_people_write_them() {
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("1h30m"), Ok(Duration::from_secs(5400)));
        for wrong in ["", "0", "0s", "-5s", "soon", "1 month"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_trusted_proxy_is_a_network_or_an_address() {
        for (text, expected) in
            [("10.0.0.0/8", "10.0.0.0/8"), (" 10.0.0.1", "10.0.0.1/32"), ("::1", "::1/128")]
        {
            assert_eq!(network(text).map(|network| network.to_string()), Ok(expected.to_owned()));
        }
        for wrong in ["", "proxy", "10.0.0.0/33", "*"] {
            assert!(network(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn origins_have_no_path() {
        assert_eq!(origin("https://app.example.org/"), Ok("https://app.example.org".to_owned()));
        assert_eq!(origin("http://localhost:3000"), Ok("http://localhost:3000".to_owned()));
        for wrong in ["*", "app.example.org", "https://app.example.org/x", "null"] {
            assert!(origin(wrong).is_err(), "{wrong}");
        }
    }
}
