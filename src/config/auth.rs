//! Whose tokens are taken, and that nothing is left open by mistake.

use std::net::SocketAddr;

use clap::Args;

use super::DatabaseUrl;
use super::text::http_url;
use crate::auth::{DevKey, TokenRules};

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
}
