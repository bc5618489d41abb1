//! The issuer of tokens: whether its keys can be had, can be used, and whether its clock is that of this machine.

use reqwest::Url;

use super::diagnosis::Diagnosis;
use crate::auth::{DevKey, Issuer, PublishedKeys};
use crate::config::AuthArgs;

/// How far clocks may be apart before tokens are refused, in seconds: the leeway of `exp` and `nbf`.
const LEEWAY_SECONDS: u64 = 60;

/// How far they may be apart before it is worth a word, in seconds.
const NOTICED_SECONDS: u64 = 10;

/// Asks the issuer for what the verification of a token needs.
pub(super) async fn examine(auth: &AuthArgs, found: &mut Diagnosis) {
    let Some(name) = auth.auth_issuer.as_ref().filter(|issuer| !issuer.trim().is_empty()) else { return };
    if *name == DevKey::rules().issuer {
        found.note(
            "issuer",
            "tokens of the development key are taken, which anybody on this machine may have read",
            "set REC_REGISTRY_AUTH_ISSUER to your identity provider",
        );
    }
    let issuer = match Issuer::new(name, auth.auth_jwks_url.as_deref()) {
        Ok(issuer) => issuer,
        Err(error) => {
            let mend = "install the certificates of the machine's authorities (ca-certificates)";
            return found.error("issuer", format!("no TLS client can be made: {error:#}"), mend);
        }
    };
    let state = issuer.examine().await;
    let url = match state.keys_at {
        Ok(url) => url,
        Err(error) => {
            return found.error(
                "issuer",
                format!("it cannot be discovered where the keys of {name} are: {error:#}"),
                "REC_REGISTRY_AUTH_ISSUER must be, to the letter, what its /.well-known/openid-configuration \
                 says, and be reached from here; or set REC_REGISTRY_AUTH_JWKS_URL",
            );
        }
    };
    if is_plain(&url) {
        found.warning(
            "issuer",
            format!(
                "the keys come over http from {url}, and anybody on their way can put others in their place"
            ),
            "use https",
        );
    }
    match state.keys {
        Some(Ok(keys)) => usable(&url, &keys, found),
        Some(Err(error)) => found.error(
            "keys",
            format!("the issuer's keys cannot be had: {error:#}"),
            format!("{url} must be reached from here, and trusted: curl -v {url}"),
        ),
        None => {}
    }
    if let Some(ahead) = state.clock_ahead_seconds {
        clock(ahead, found);
    }
}

fn usable(url: &str, keys: &PublishedKeys, found: &mut Diagnosis) {
    let PublishedKeys { published, usable, nameless, algorithms } = keys;
    if *usable == 0 {
        return found.error(
            "keys",
            format!("none of the {published} keys at {url} can have signed a token that is taken"),
            "let the issuer sign with RS256, PS256, ES256, ES384 or EdDSA, and publish that key for signing",
        );
    }
    found.ok("keys", format!("{usable} of {published} keys can be used, for {}", algorithms.join(", ")));
    if *nameless > 0 && *published > 1 {
        found.note(
            "keys",
            format!("{nameless} of the keys have no id, and are tried in turn"),
            "let the issuer give each key a `kid`",
        );
    }
}

fn clock(ahead: i64, found: &mut Diagnosis) {
    let apart = ahead.unsigned_abs();
    let which = if ahead > 0 { "behind" } else { "ahead of" };
    let what = format!("this machine's clock is {apart} s {which} the issuer's");
    let mend = "let both machines keep their time by NTP (timedatectl, chronyc tracking)";
    if apart > LEEWAY_SECONDS {
        found.error("clock", format!("{what}: good tokens are refused, or old ones taken"), mend);
    } else if apart > NOTICED_SECONDS {
        found.warning("clock", what, mend);
    } else {
        found.ok("clock", "this machine's clock is that of the issuer");
    }
}

/// Whether a URL goes over a network without encryption.
fn is_plain(url: &str) -> bool {
    url.parse::<Url>().is_ok_and(|url| url.scheme() == "http" && !crate::cli::remote::is_local(&url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_may_be_apart_as_far_as_tokens_are_taken() {
        for (ahead, status) in [(0, 0), (-10, 0), (11, 1), (-3600, 1)] {
            let mut found = Diagnosis::default();
            clock(ahead, &mut found);
            assert_eq!(found.status(), status, "{ahead}");
        }
    }

    #[test]
    fn keys_that_no_token_can_be_signed_with_are_of_no_use() {
        for (usable_keys, status) in [(1, 0), (0, 1)] {
            let keys =
                PublishedKeys { published: 2, usable: usable_keys, nameless: 0, algorithms: Vec::new() };
            let mut found = Diagnosis::default();
            usable("https://id.example.org/jwks", &keys, &mut found);
            assert_eq!(found.status(), status);
        }
    }

    #[test]
    fn keys_may_come_over_http_from_this_machine_alone() {
        assert!(is_plain("http://id.example.org/jwks"));
        assert!(!is_plain("https://id.example.org/jwks") && !is_plain("http://127.0.0.1:9/jwks"));
    }
}
