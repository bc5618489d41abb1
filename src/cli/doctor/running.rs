//! A server that runs at the address that is configured.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::Client;
use serde::Deserialize;

use super::diagnosis::Diagnosis;
use crate::service::API_VERSION;

/// How long a server may take to say that it is there.
const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Deserialize)]
struct Version {
    api_version: String,
}

#[derive(Deserialize, Default)]
struct Refusal {
    detail: String,
}

/// Asks whoever listens there what it is, and whether it is ready.
pub(super) async fn examine(listen: SocketAddr, found: &mut Diagnosis) {
    let address = reachable(listen);
    let Ok(client) = Client::builder().timeout(PATIENCE).no_proxy().build() else { return };
    let ask = async |path: &str| client.get(format!("http://{address}/{path}")).send().await;
    let Ok(answer) = ask("version").await else {
        return found.note(
            "server",
            format!("nobody answers at {address}"),
            "start it, if it should run: rec-registry serve",
        );
    };
    let Ok(Version { api_version }) = answer.json().await else {
        return found.warning(
            "server",
            format!("something else than a registry answers at {address}"),
            "set REC_REGISTRY_LISTEN to an address that is free",
        );
    };
    if api_version != API_VERSION {
        found.warning(
            "server",
            format!("the server at {address} is version {api_version}, this program {API_VERSION}"),
            "start the server anew with this program, or use the program that it was started with",
        );
    }
    let not_ready = match ask("ready").await {
        Ok(answer) if answer.status().is_success() => {
            return found.ok("server", format!("version {api_version} answers at {address}, and is ready"));
        }
        Ok(answer) => answer.json::<Refusal>().await.unwrap_or_default().detail,
        Err(error) => error.to_string(),
    };
    found.error(
        "server",
        format!("the server at {address} is not ready: {not_ready}"),
        "mend what is said of the database; the log of the server says more",
    );
}

/// Where something that listens everywhere is reached from here.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
