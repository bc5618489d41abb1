//! How the registry is served, and what a request may take.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use ipnet::IpNet;

use super::text::{duration, network, origin, positive};
use super::{GraphqlArgs, GraphqlLimits, MIB};
use crate::service::{PlaceSettings, Rate, RateSettings};

/// How the registry is served.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "HTTP")]
pub struct HttpArgs {
    /// The address and port to listen on
    #[arg(long, env = "REC_REGISTRY_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:8004")]
    pub listen: SocketAddr,

    /// The address and port at which Prometheus reads /metrics, which asks for no token [default: none]
    #[arg(long, env = "REC_REGISTRY_METRICS_LISTEN", value_name = "ADDRESS")]
    pub metrics_listen: Option<SocketAddr>,

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

    /// Most connections at a time, WebSockets not counted; more have the place of one over which nothing is asked, or are
    /// refused with 503 after half a second
    #[arg(
        long,
        env = "REC_REGISTRY_MAX_CONNECTIONS",
        value_name = "N",
        default_value_t = 1024,
        value_parser = positive
    )]
    pub max_connections: usize,

    /// Most requests and GraphQL operations that read at a time, and as many that write; more wait for 0.3 s, and
    /// are turned away with 503 [default: two for each connection to
    /// SQLite and three for each to PostgreSQL, or for each processor if there are more]
    #[arg(long, env = "REC_REGISTRY_MAX_REQUESTS", value_name = "N", value_parser = positive)]
    pub max_requests: Option<usize>,

    /// Most imports and exports at a time; more wait for half a minute, and are turned away with 503
    #[arg(
        long,
        env = "REC_REGISTRY_MAX_TRANSFERS",
        value_name = "N",
        default_value_t = 4,
        value_parser = positive
    )]
    pub max_transfers: usize,

    /// How long the head of a request may take: its path and headers. A connection that asks nothing for so long is closed
    #[arg(
        long,
        env = "REC_REGISTRY_HEAD_TIMEOUT",
        value_name = "TIME",
        default_value = "10s",
        value_parser = duration
    )]
    pub head_timeout: Duration,

    /// How long a client may take nothing of its answer
    #[arg(
        long,
        env = "REC_REGISTRY_SEND_TIMEOUT",
        value_name = "TIME",
        default_value = "30s",
        value_parser = duration
    )]
    pub send_timeout: Duration,

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

    /// Memory for answers that are told again while nothing changed, in MiB; 0: none
    #[arg(
        long,
        env = "REC_REGISTRY_MEMORY_MIB",
        value_name = "MIB",
        default_value_t = 11,
        value_parser = clap::value_parser!(u32).range(0..=65_536)
    )]
    pub memory_mib: u32,

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

    /// How much is done at the same time.
    #[must_use]
    pub fn places(&self) -> PlaceSettings {
        PlaceSettings { requests: self.max_requests, transfers: self.max_transfers }
    }

    /// Memory for answers, in bytes.
    #[must_use]
    pub fn memory_bytes(&self) -> u64 {
        u64::from(self.memory_mib) * MIB as u64
    }

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
            max_connections: 1024,
            max_requests: None,
            max_transfers: 4,
            head_timeout: Duration::from_secs(10),
            send_timeout: Duration::from_secs(30),
            socket_init_timeout: Duration::from_secs(10),
            socket_ping_interval: Duration::from_secs(30),
            memory_mib: 11,
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
