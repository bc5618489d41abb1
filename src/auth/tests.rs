use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

use super::issuer::Pace;
use super::*;
use crate::domain::error::AuthenticationFailure as Failure;
use crate::domain::grant::{Operation, Reach};

const NOW: i64 = 1_800_000_000;

/// A key pair of an issuer.
struct Signer {
    id: &'static str,
    algorithm: Algorithm,
    key: EncodingKey,
}

fn der(pair: &impl AsDer<Pkcs8V1Der<'static>>) -> Pkcs8V1Der<'static> {
    pair.as_der().expect("the form PKCS#8")
}

impl Signer {
    fn new(id: &'static str, algorithm: Algorithm) -> Self {
        let pem = |der: &[u8]| {
            let text = STANDARD.encode(der);
            format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n").into_bytes()
        };
        let key = match algorithm {
            Algorithm::ES256 | Algorithm::ES384 => {
                let curve = if algorithm == Algorithm::ES256 {
                    &ECDSA_P256_SHA256_FIXED_SIGNING
                } else {
                    &ECDSA_P384_SHA384_FIXED_SIGNING
                };
                let pair = EcdsaKeyPair::generate(curve).expect("a key");
                EncodingKey::from_ec_pem(&pem(pair.to_pkcs8v1().expect("its form").as_ref()))
            }
            Algorithm::EdDSA => {
                let pair = Ed25519KeyPair::generate().expect("a key");
                EncodingKey::from_ed_pem(&pem(der(&pair).as_ref()))
            }
            _ => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
                EncodingKey::from_rsa_pem(&pem(der(&pair).as_ref()))
            }
        };
        Self { id, algorithm, key: key.expect("the form is read back") }
    }

    fn jwk(&self) -> Value {
        let jwk = Jwk::from_encoding_key(&self.key, self.algorithm).expect("the public half");
        let mut jwk = serde_json::to_value(jwk).expect("JSON");
        jwk["kid"] = json!(self.id);
        jwk
    }

    fn sign(&self, claims: &Value) -> String {
        let header = json!({"alg": format!("{:?}", self.algorithm), "kid": self.id, "typ": "JWT"});
        self.sign_text(&header.to_string(), &claims.to_string())
    }

    fn sign_text(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature =
            jsonwebtoken::crypto::sign(message.as_bytes(), &self.key, self.algorithm).expect("a signature");
        format!("{message}.{signature}")
    }
}

fn rules() -> TokenRules {
    TokenRules {
        issuer: "https://id.example.org".to_owned(),
        audience: "registry".to_owned(),
        user_claim: "preferred_username".to_owned(),
    }
}

fn verifier(signers: &[&Signer]) -> Verifier {
    let jwks = json!({"keys": signers.iter().map(|signer| signer.jwk()).collect::<Vec<_>>()});
    Verifier::with_keys(rules(), KeySet::parse(jwks.to_string().as_bytes()).expect("a key set"))
}

/// Good claims, with some of them replaced; null takes one away.
fn claims(changes: Value) -> Value {
    let mut claims = json!({
        "iss": "https://id.example.org", "aud": "registry", "exp": NOW + 300, "sub": "s-1",
        "preferred_username": "alice", "email": "alice@example.org", "name": "Alice", "scope": "",
    });
    for (name, value) in changes.as_object().expect("an object") {
        match value {
            Value::Null => claims.as_object_mut().expect("an object").remove(name),
            value => claims.as_object_mut().expect("an object").insert(name.clone(), value.clone()),
        };
    }
    claims
}

async fn verify(verifier: &Verifier, token: &str) -> Result<Arc<Principal>, Failure> {
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970")]
    verifier.verify_at(token, NOW as f64).await.map_err(|rejection| rejection.failure)
}

#[tokio::test]
async fn a_token_of_every_allowed_algorithm_is_taken() {
    for algorithm in [
        Algorithm::RS256,
        Algorithm::RS384,
        Algorithm::RS512,
        Algorithm::PS256,
        Algorithm::PS384,
        Algorithm::PS512,
        Algorithm::ES256,
        Algorithm::ES384,
        Algorithm::EdDSA,
    ] {
        let signer = Signer::new("k", algorithm);
        let principal = verify(&verifier(&[&signer]), &signer.sign(&claims(json!({})))).await;
        let principal = principal.unwrap_or_else(|failure| panic!("{algorithm:?}: {failure:?}"));
        assert_eq!(principal.subject, "s-1");
        assert_eq!(principal.username.as_ref().map(|name| name.as_str()), Some("alice"));
        assert_eq!(principal.email.as_deref(), Some("alice@example.org"));
        assert_eq!(principal.name.as_deref(), Some("Alice"));
    }
}

#[tokio::test]
async fn claims_are_judged_one_by_one() {
    let signer = Signer::new("k", Algorithm::ES256);
    let verifier = verifier(&[&signer]);
    for (changes, expected) in [
        (json!({"exp": NOW - 59}), Ok(())),
        (json!({"exp": NOW - 60}), Err(Failure::Expired)),
        (json!({"exp": -1}), Err(Failure::Expired)),
        (json!({"exp": null}), Err(Failure::Claims)),
        (json!({"exp": "never"}), Err(Failure::Claims)),
        (json!({"exp": NOW as f64 + 0.5}), Ok(())),
        (json!({"nbf": NOW + 60}), Ok(())),
        (json!({"nbf": NOW + 61}), Err(Failure::NotYetValid)),
        (json!({"nbf": "now"}), Err(Failure::Claims)),
        (json!({"iss": "https://id.example.org/"}), Err(Failure::Issuer)),
        (json!({"iss": ["https://id.example.org"]}), Err(Failure::Issuer)),
        (json!({"iss": null}), Err(Failure::Issuer)),
        (json!({"aud": ["other", "registry"]}), Ok(())),
        (json!({"aud": ["other"]}), Err(Failure::Audience)),
        (json!({"aud": "registry other"}), Err(Failure::Audience)),
        (json!({"aud": []}), Err(Failure::Audience)),
        (json!({"aud": null}), Err(Failure::Audience)),
        (json!({"aud": ["registry", 7]}), Err(Failure::Claims)),
        (json!({"sub": null}), Err(Failure::Claims)),
        (json!({"sub": ""}), Err(Failure::Claims)),
        (json!({"sub": "a\0b"}), Err(Failure::Claims)),
        (json!({"preferred_username": 7}), Err(Failure::Claims)),
        (json!({"preferred_username": "a\0b"}), Err(Failure::Claims)),
        (json!({"scope": ["rec-registry.admin"]}), Err(Failure::Claims)),
        (json!({"scope": {"rec-registry.admin": true}}), Err(Failure::Claims)),
        (json!({"scp": [7]}), Err(Failure::Claims)),
        (json!({"scp": [["rec-registry.admin"]]}), Err(Failure::Claims)),
        (json!({"scp": "rec-registry.admin"}), Err(Failure::Claims)),
    ] {
        let outcome = verify(&verifier, &signer.sign(&claims(changes.clone()))).await;
        assert_eq!(outcome.map(|_| ()), expected, "{changes}");
    }
}

#[tokio::test]
async fn the_user_is_named_by_the_configured_claim_alone() {
    let signer = Signer::new("k", Algorithm::ES256);
    let jwks = json!({"keys": [signer.jwk()]}).to_string();
    let user = async |user_claim: &str, changes: Value| {
        let rules = TokenRules { user_claim: user_claim.to_owned(), ..rules() };
        let verifier = Verifier::with_keys(rules, KeySet::parse(jwks.as_bytes()).expect("a key set"));
        verify(&verifier, &signer.sign(&claims(changes))).await.expect("a good token").username.clone()
    };
    assert_eq!(user("sub", json!({})).await, Some("s-1".into()));
    assert_eq!(user("preferred_username", json!({"preferred_username": null})).await, None);
    assert_eq!(user("preferred_username", json!({"preferred_username": ""})).await, None);
    assert_eq!(user("nickname", json!({})).await, None);
}

#[tokio::test]
async fn scopes_are_the_words_of_scope_and_the_items_of_scp() {
    let signer = Signer::new("k", Algorithm::ES256);
    let verifier = verifier(&[&signer]);
    let reads = async |changes: Value| {
        let principal = verify(&verifier, &signer.sign(&claims(changes))).await.expect("a good token");
        principal.grants.reach(Operation::Read) == Some(Reach::Everything)
    };
    assert!(reads(json!({"scope": "openid rec-registry.read"})).await);
    assert!(reads(json!({"scope": null, "scp": ["openid", "rec-registry.read"]})).await);
    assert!(!reads(json!({"scope": "openid"})).await);
    assert!(!reads(json!({"scope": null, "scp": ["openid rec-registry.read"]})).await);
    assert!(
        !reads(json!({"scope": null, "groups": ["rec-registry.read"], "roles": ["rec-registry.admin"]}))
            .await
    );
}

#[tokio::test]
async fn forged_tokens_are_refused() {
    let issuer = Signer::new("k", Algorithm::ES256);
    let issuer_rsa = Signer::new("r", Algorithm::RS256);
    let impostor = Signer::new("k", Algorithm::ES256);
    let stranger = Signer::new("x", Algorithm::ES256);
    let verifier = verifier(&[&issuer, &issuer_rsa]);
    let good = claims(json!({})).to_string();

    let encoded = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let hmac = |secret: &[u8]| {
        let message = format!("{}.{}", encoded(r#"{"alg":"HS256","kid":"r"}"#), encoded(&good));
        let key = EncodingKey::from_secret(secret);
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
        format!("{message}.{signature}")
    };
    let genuine = issuer.sign_text(r#"{"alg":"ES256","kid":"k"}"#, &good);
    let (signed, signature) = genuine.rsplit_once('.').expect("three parts");
    let payload_swapped = {
        let (header, _) = signed.split_once('.').expect("two parts");
        format!("{header}.{}.{signature}", encoded(&claims(json!({"sub": "root"})).to_string()))
    };
    let public_modulus = issuer_rsa.jwk()["n"].as_str().expect("a modulus").to_owned();

    for (name, token, expected) in [
        ("nothing", String::new(), Failure::Malformed),
        ("words", "not a token".to_owned(), Failure::Malformed),
        ("two parts", signed.to_owned(), Failure::Malformed),
        ("four parts", format!("{genuine}.x"), Failure::Malformed),
        ("five parts", format!("{genuine}.x.y"), Failure::Malformed),
        ("padding", genuine.replacen('.', "=.", 1), Failure::Malformed),
        ("no header", format!(".{}.{signature}", encoded(&good)), Failure::Malformed),
        ("long", format!("{signed}.{}", "A".repeat(17_000)), Failure::Malformed),
        ("none", format!("{}.{}.", encoded(r#"{"alg":"none"}"#), encoded(&good)), Failure::Algorithm),
        ("None", format!("{}.{}.", encoded(r#"{"alg":"None"}"#), encoded(&good)), Failure::Algorithm),
        ("no algorithm", format!("{}.{}.", encoded("{}"), encoded(&good)), Failure::Malformed),
        ("HMAC under the public key", hmac(public_modulus.as_bytes()), Failure::Algorithm),
        ("HMAC under nothing", hmac(b""), Failure::Algorithm),
        ("another's key, the issuer's key id", impostor.sign(&claims(json!({}))), Failure::Signature),
        ("another's key id", stranger.sign(&claims(json!({}))), Failure::UnknownKey),
        (
            "another key's algorithm",
            issuer.sign_text(r#"{"alg":"ES256","kid":"r"}"#, &good),
            Failure::Algorithm,
        ),
        ("other claims under a signature", payload_swapped, Failure::Signature),
        ("no signature", format!("{signed}."), Failure::Signature),
        (
            "a key of its own",
            impostor.sign_text(
                &json!({"alg": "ES256", "kid": "k", "jwk": impostor.jwk(), "jku": "https://evil.example"})
                    .to_string(),
                &good,
            ),
            Failure::Signature,
        ),
        (
            "critical extensions",
            issuer.sign_text(r#"{"alg":"ES256","kid":"k","crit":["b64"],"b64":false}"#, &good),
            Failure::Malformed,
        ),
        (
            "two algorithms",
            issuer.sign_text(r#"{"alg":"none","alg":"ES256","kid":"k"}"#, &good),
            Failure::Malformed,
        ),
        (
            "a claim twice",
            issuer.sign_text(
                r#"{"alg":"ES256","kid":"k"}"#,
                &good.replacen('{', r#"{"scope":"rec-registry.admin","#, 1),
            ),
            Failure::Claims,
        ),
        ("no claims", issuer.sign_text(r#"{"alg":"ES256","kid":"k"}"#, "[]"), Failure::Claims),
    ] {
        assert_eq!(verify(&verifier, &token).await, Err(expected), "{name}");
    }
    assert!(verify(&verifier, &genuine).await.is_ok());
}

#[tokio::test]
async fn a_token_without_a_key_id_is_tried_with_every_key_that_fits() {
    let keys = [Signer::new("a", Algorithm::ES256), Signer::new("b", Algorithm::ES256)];
    let verifier = verifier(&[&keys[0], &keys[1]]);
    for key in &keys {
        let token = key.sign_text(r#"{"alg":"ES256"}"#, &claims(json!({})).to_string());
        assert!(verify(&verifier, &token).await.is_ok());
    }
}

#[test]
fn keys_that_cannot_have_signed_are_left_out() {
    let good = Signer::new("k", Algorithm::ES256).jwk();
    let changed = |name: &str, value: Value| {
        let mut key = good.clone();
        key[name] = value;
        key
    };
    let usable = |key: Value| KeySet::parse(json!({"keys": [key]}).to_string().as_bytes()).unwrap().len();
    assert_eq!(usable(good.clone()), 1);
    assert_eq!(usable(changed("use", json!("sig"))), 1);
    assert_eq!(usable(changed("use", json!("enc"))), 0);
    assert_eq!(usable(changed("key_ops", json!(["encrypt"]))), 0);
    assert_eq!(usable(changed("alg", json!("RS256"))), 0);
    assert_eq!(usable(changed("crv", json!("P-521"))), 0);
    assert_eq!(usable(json!({"kty": "oct", "k": "c2VjcmV0", "kid": "k"})), 0);
    assert_eq!(usable(json!("nonsense")), 0);
    assert!(KeySet::parse(b"<html>").is_err());
}

/// An issuer on a port of this machine, whose answer can be changed and whose visits are counted.
struct LocalIssuer {
    url: String,
    visits: Arc<AtomicUsize>,
    answer: Arc<arc_swap::ArcSwap<(u16, String)>>,
}

impl LocalIssuer {
    async fn start(keys: &[&Signer]) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let visits = Arc::new(AtomicUsize::new(0));
        let answer = Arc::new(arc_swap::ArcSwap::from_pointee((200, String::new())));
        let discovery = json!({"issuer": url, "jwks_uri": format!("{url}/keys")}).to_string();
        let (counted, answered) = (Arc::clone(&visits), Arc::clone(&answer));
        let app = axum::Router::new()
            .route("/.well-known/openid-configuration", axum::routing::get(async move || discovery))
            .route(
                "/keys",
                axum::routing::get(async move || {
                    counted.fetch_add(1, Ordering::SeqCst);
                    let (status, body) = answered.load().as_ref().clone();
                    (axum::http::StatusCode::from_u16(status).expect("a status"), body)
                }),
            );
        tokio::spawn(async move { axum::serve(listener, app).await });
        let issuer = Self { url, visits, answer };
        issuer.publish(keys);
        issuer
    }

    fn publish(&self, keys: &[&Signer]) {
        let jwks = json!({"keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>()});
        self.answer.store(Arc::new((200, jwks.to_string())));
    }

    fn fail(&self, status: u16, body: &str) {
        self.answer.store(Arc::new((status, body.to_owned())));
    }

    fn visits(&self) -> usize {
        self.visits.load(Ordering::SeqCst)
    }

    fn verifier(&self, min_interval: Duration) -> Verifier {
        self.verifier_with(Pace { min_interval, ..Pace::default() })
    }

    fn verifier_with(&self, pace: Pace) -> Verifier {
        let issuer = Issuer::with_pace(&self.url, None, pace).expect("a client");
        Verifier::with_issuer(TokenRules { issuer: self.url.clone(), ..rules() }, issuer)
    }

    fn token(&self, signer: &Signer) -> String {
        signer.sign(&claims(json!({"iss": self.url})))
    }
}

#[tokio::test]
async fn keys_are_fetched_once_for_any_number_of_tokens() {
    let (known, unknown) = (Signer::new("k", Algorithm::ES256), Signer::new("x", Algorithm::ES256));
    let issuer = LocalIssuer::start(&[&known]).await;
    let verifier = issuer.verifier(Duration::from_secs(10));
    assert_eq!(issuer.visits(), 0);

    let token = issuer.token(&known);
    let outcomes = futures_util::future::join_all((0..50).map(|_| verify(&verifier, &token))).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(issuer.visits(), 1);

    for _ in 0..20 {
        assert_eq!(verify(&verifier, &issuer.token(&unknown)).await, Err(Failure::UnknownKey));
    }
    assert_eq!(issuer.visits(), 1);
}

#[tokio::test]
async fn a_new_key_of_the_issuer_is_found_when_a_token_names_it() {
    let (old, new) = (Signer::new("old", Algorithm::ES256), Signer::new("new", Algorithm::EdDSA));
    let issuer = LocalIssuer::start(&[&old]).await;
    let verifier = issuer.verifier(Duration::ZERO);
    assert!(verify(&verifier, &issuer.token(&old)).await.is_ok());

    issuer.publish(&[&new]);
    assert!(verify(&verifier, &issuer.token(&new)).await.is_ok());
    assert_eq!(verify(&verifier, &issuer.token(&old)).await, Err(Failure::UnknownKey));
}

#[tokio::test]
async fn a_key_that_the_issuer_took_back_is_refused_once_the_keys_are_old() {
    let (old, new) = (Signer::new("old", Algorithm::ES256), Signer::new("new", Algorithm::ES256));
    let issuer = LocalIssuer::start(&[&old]).await;
    let verifier =
        issuer.verifier_with(Pace { min_interval: Duration::ZERO, max_age: Duration::from_millis(20) });
    let token = issuer.token(&old);
    assert!(verify(&verifier, &token).await.is_ok());

    issuer.publish(&[&new]);
    for _ in 0..500 {
        if verify(&verifier, &token).await == Err(Failure::UnknownKey) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("a token of a key that is gone is taken for ever");
}

#[tokio::test]
async fn a_token_that_was_good_is_judged_by_the_hour_again() {
    let signer = Signer::new("k", Algorithm::ES256);
    let verifier = verifier(&[&signer]);
    let token = signer.sign(&claims(json!({"nbf": NOW, "exp": NOW + 300})));
    for (seconds, expected) in [
        (0, Ok(())),
        (-60, Ok(())),
        (-61, Err(Failure::NotYetValid)),
        (359, Ok(())),
        (360, Err(Failure::Expired)),
        (0, Ok(())),
        (10_000, Err(Failure::Expired)),
    ] {
        #[expect(clippy::cast_precision_loss, reason = "seconds since 1970")]
        let outcome = verifier.verify_at(&token, (NOW + seconds) as f64).await;
        assert_eq!(outcome.map(|_| ()).map_err(|rejection| rejection.failure), expected, "{seconds}");
    }
}

#[tokio::test]
async fn a_token_that_was_good_does_not_outlive_its_key() {
    let (old, new) = (Signer::new("k", Algorithm::ES256), Signer::new("k", Algorithm::ES256));
    let other = Signer::new("other", Algorithm::ES256);
    let issuer = LocalIssuer::start(&[&old]).await;
    let verifier = issuer.verifier(Duration::ZERO);
    let token = issuer.token(&old);
    for _ in 0..2 {
        assert!(verify(&verifier, &token).await.is_ok());
    }
    // Another key under the same name: the name alone tells nothing.
    issuer.publish(&[&new, &other]);
    assert!(verify(&verifier, &issuer.token(&other)).await.is_ok());
    assert_eq!(verify(&verifier, &token).await, Err(Failure::Signature));
    assert!(verify(&verifier, &issuer.token(&new)).await.is_ok());
}

#[tokio::test]
async fn what_is_remembered_of_a_token_is_what_was_found() {
    let signer = Signer::new("k", Algorithm::ES256);
    let verifier = verifier(&[&signer]);
    let token = signer.sign(&claims(json!({"scope": "rec-registry.read:aurora"})));
    let (first, second) = (verify(&verifier, &token).await, verify(&verifier, &token).await);
    assert!(first.is_ok());
    assert_eq!(first, second);
    let (signed, _) = token.rsplit_once('.').expect("three parts");
    assert_eq!(verify(&verifier, &format!("{signed}.AAAA")).await, Err(Failure::Signature));
}

#[tokio::test]
async fn an_issuer_out_of_reach_leaves_the_last_good_keys() {
    let (known, unknown) = (Signer::new("k", Algorithm::ES256), Signer::new("x", Algorithm::ES256));
    let issuer = LocalIssuer::start(&[&known]).await;
    let verifier = issuer.verifier(Duration::ZERO);
    assert!(verify(&verifier, &issuer.token(&known)).await.is_ok());

    for (status, body) in [
        (500, "down"),
        (200, "<html>"),
        (200, r#"{"keys": []}"#),
        (302, ""),
        (200, &format!(r#"{{"keys": [], "padding": "{}"}}"#, "x".repeat(300_000))),
    ] {
        issuer.fail(status, body);
        assert_eq!(verify(&verifier, &issuer.token(&unknown)).await, Err(Failure::UnknownKey));
        assert!(verify(&verifier, &issuer.token(&known)).await.is_ok());
    }
}

#[tokio::test]
async fn discovery_of_another_issuer_is_not_believed() {
    let signer = Signer::new("k", Algorithm::ES256);
    let local = LocalIssuer::start(&[&signer]).await;
    let named = format!("{}/", local.url);
    let issuer = Issuer::new(&named, None).expect("a client");
    let verifier = Verifier::with_issuer(TokenRules { issuer: named.clone(), ..rules() }, issuer);
    let token = signer.sign(&claims(json!({"iss": named})));
    assert_eq!(verify(&verifier, &token).await, Err(Failure::UnknownKey));
    assert_eq!(local.visits(), 0);
}

#[tokio::test]
async fn the_development_key_stays_and_signs_good_tokens() {
    use std::os::unix::fs::PermissionsExt as _;

    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().join("new").join("data");
    let request = TokenRequest {
        user: "alice".to_owned(),
        scope: "rec-registry.admin".to_owned(),
        ttl: Duration::from_secs(60),
    };
    let token = DevKey::load_or_create(&data).and_then(|key| key.sign(&request)).expect("a token");
    let again = DevKey::load_or_create(&data).expect("the same key");
    let principal = again.verifier().expect("a verifier").verify(&token).await.expect("a good token");
    assert_eq!(principal.username, Some("alice".into()));
    assert_eq!(principal.grants.reach(Operation::Import), Some(Reach::Everything));

    let files: Vec<_> = std::fs::read_dir(&data).expect("a directory").flatten().collect();
    let [file] = files.as_slice() else { panic!("one file alone: {files:?}") };
    let mode = file.metadata().expect("its mode").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o644)).expect("chmod");
    assert!(DevKey::load_or_create(&data).is_err());
}
