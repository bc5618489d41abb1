//! `rec-registry healthcheck`: whether the registry of this machine is well.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use axum::http::{Request, header};
use bytes::Bytes;
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpStream;
use tokio_util::task::AbortOnDropHandle;

use super::output::write_json;
use crate::config::duration;

/// Ask a registry that runs on this machine whether it is well, for containers and others that have no `curl`.
/// Ends with status 0 when it is, and with 1 when it is not or does not answer in time.
#[derive(Debug, clap::Args)]
pub struct Healthcheck {
    /// The address that the registry listens on. Where that is every address of the machine, it is asked on the
    /// loopback.
    #[arg(long, env = "REC_REGISTRY_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:8004")]
    listen: SocketAddr,
    /// Ask `/ready` instead of `/health`: whether it can serve, its database included.
    #[arg(long)]
    ready: bool,
    /// How long it may take to answer.
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = duration)]
    timeout: Duration,
    /// Say how it is, as JSON, instead of nothing when it is well.
    #[arg(long)]
    json: bool,
}

impl Healthcheck {
    /// Asks.
    ///
    /// # Errors
    /// When the registry is not well, or does not answer in time.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let address = reachable(self.listen);
        let path = if self.ready { "/ready" } else { "/health" };
        let asked = tokio::time::timeout(self.timeout, ask(address, path))
            .await
            .with_context(|| format!("{address} does not answer within {:?}", self.timeout))
            .flatten();
        if self.json {
            let reason = asked.as_ref().err().map(|error| format!("{error:#}"));
            let well = reason.is_none();
            write_json(&json!({"address": address, "path": path, "healthy": well, "reason": reason}))?;
            return Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        asked.map(|()| ExitCode::SUCCESS)
    }
}

/// Where somebody who listens there is reached from this machine.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let loopback = match listen.ip() {
        IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        address => address,
    };
    SocketAddr::new(loopback, listen.port())
}

/// Fails unless the answer is 200.
async fn ask(address: SocketAddr, path: &str) -> anyhow::Result<()> {
    let refused = || format!("nobody answers at {address}");
    let stream = TcpStream::connect(address).await.with_context(refused)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.with_context(refused)?;
    let _connection = AbortOnDropHandle::new(tokio::spawn(connection));
    let request = Request::get(path).header(header::HOST, address.to_string()).body(Empty::<Bytes>::new())?;
    let status = sender.send_request(request).await.with_context(refused)?.status();
    ensure!(status.is_success(), "{address} answers {status} to {path}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_listens_everywhere_is_asked_on_the_loopback() {
        for (listen, asked) in
            [("0.0.0.0:8004", "127.0.0.1:8004"), ("[::]:8004", "[::1]:8004"), ("10.0.0.7:80", "10.0.0.7:80")]
        {
            assert_eq!(reachable(listen.parse().unwrap()), asked.parse().unwrap(), "{listen}");
        }
    }
}
