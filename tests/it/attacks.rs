//! What somebody tries who has no token, a forged one, or a scope that only looks like one: a table of attacks, each with
//! its answer on both doors.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http_body_util::BodyExt as _;
use jsonwebtoken::{Algorithm, EncodingKey, crypto, jwk::Jwk};
use rec_registry::auth::{KeySet, TokenRules, Verifier};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::support::TestDatabase;
use super::support::app::{Answer, TestApp};
use super::support::on_both_databases;
use super::support::provider::Provider;
use super::support::server::Server;

const LIST: &str = "/admin/communities";
const QUERY: &str = "{ communities { totalCount } }";

/// What an attack is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// It is none: the token is good, and reads.
    Taken,
    /// The token is good and grants nothing: 403 `forbidden`, `FORBIDDEN`.
    Forbidden,
    /// 401 in these general words, `UNAUTHENTICATED`.
    Refused(&'static str),
}
use Expected::{Forbidden, Refused, Taken};

const MALFORMED: Expected = Refused("not a bearer token");
const ALGORITHM: Expected = Refused("algorithm not allowed");
const UNKNOWN_KEY: Expected = Refused("unknown key");
const SIGNATURE: Expected = Refused("bad signature");
const CLAIMS: Expected = Refused("missing or malformed claim");

/// A key pair of an issuer.
struct Signer {
    algorithm: Algorithm,
    key: EncodingKey,
    id: &'static str,
    /// The public half in PEM, as certificates and documentation show it.
    pem: String,
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

impl Signer {
    fn rsa(id: &'static str) -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
        let private: Pkcs8V1Der<'_> = pair.as_der().expect("its form");
        let key = EncodingKey::from_rsa_pem(pem("PRIVATE KEY", private.as_ref()).as_bytes()).expect("a key");
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().expect("its form");
        Self { algorithm: Algorithm::RS256, key, id, pem: pem("PUBLIC KEY", public.as_ref()) }
    }

    fn ed25519(id: &'static str) -> Self {
        let pair = Ed25519KeyPair::generate().expect("a key");
        let private: Pkcs8V1Der<'_> = pair.as_der().expect("its form");
        let key = EncodingKey::from_ed_pem(pem("PRIVATE KEY", private.as_ref()).as_bytes()).expect("a key");
        Self { algorithm: Algorithm::EdDSA, key, id, pem: String::new() }
    }

    fn jwk(&self) -> Value {
        let jwk = Jwk::from_encoding_key(&self.key, self.algorithm).expect("the public half");
        let mut jwk = serde_json::to_value(jwk).expect("JSON");
        jwk["kid"] = json!(self.id);
        jwk
    }

    fn header(&self) -> Value {
        json!({"alg": format!("{:?}", self.algorithm), "kid": self.id, "typ": "at+jwt"})
    }

    /// A token with this header over these claims, as texts.
    fn sign_text(&self, header: &str, claims: &str) -> String {
        let message = message(header, claims);
        let signature = crypto::sign(message.as_bytes(), &self.key, self.algorithm).expect("a signature");
        format!("{message}.{signature}")
    }

    /// A token with good claims but for these; null takes one away.
    fn sign(&self, changes: Value) -> String {
        self.sign_text(&self.header().to_string(), &claims(changes))
    }

    /// A good token with these header fields as well, or instead.
    fn headed(&self, changes: Value) -> String {
        self.sign_text(&changed(self.header(), changes), &claims(json!({})))
    }
}

fn message(header: &str, claims: &str) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
}

/// A token that is signed with a secret which everybody knows.
fn hmac(header: Value, secret: &[u8]) -> String {
    let message = message(&header.to_string(), &claims(json!({})));
    let key = EncodingKey::from_secret(secret);
    format!("{message}.{}", crypto::sign(message.as_bytes(), &key, Algorithm::HS256).expect("a signature"))
}

fn changed(mut object: Value, changes: Value) -> String {
    let fields = object.as_object_mut().expect("an object");
    for (name, value) in changes.as_object().expect("an object") {
        match value {
            Value::Null => fields.remove(name),
            value => fields.insert(name.clone(), value.clone()),
        };
    }
    object.to_string()
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

fn claims(changes: Value) -> String {
    let good = json!({
        "iss": "https://id.example.org", "aud": "registry", "sub": "attacker", "exp": now() + 600,
        "preferred_username": "attacker", "scope": "rec-registry.read",
    });
    changed(good, changes)
}

/// Both doors with a verifier of this key set.
fn trusting(app: &TestApp, jwks: &Value) -> TestApp {
    let rules = TokenRules {
        issuer: "https://id.example.org".to_owned(),
        audience: "registry".to_owned(),
        user_claim: "preferred_username".to_owned(),
    };
    let keys = KeySet::parse(jwks.to_string().as_bytes()).expect("a key set");
    app.verified_by(Verifier::with_keys(rules, keys))
}

/// Asserts the answer of an attack on both doors.
#[track_caller]
fn judge(what: &str, expected: Expected, rest: &Answer, graphql: &Answer) {
    let (status, code) = match expected {
        Taken => (200, None),
        Forbidden => (403, Some("FORBIDDEN")),
        Refused(_) => (401, Some("UNAUTHENTICATED")),
    };
    assert_eq!(rest.status.as_u16(), status, "{what}: {:?}", rest.body);
    match code {
        Some(code) => assert_eq!(graphql.error_codes(), [code], "{what}"),
        None => _ = graphql.data(),
    }
    let body = rest.json(status);
    match expected {
        Taken => {}
        Forbidden => assert_eq!(
            (&body["code"], &body["required"]),
            (&json!("forbidden"), &json!("rec-registry.read")),
            "{what}"
        ),
        Refused(words) => {
            assert_eq!(body, json!({"detail": format!("Not authenticated: {words}")}), "{what}");
            let challenge = format!(r#"Bearer error="invalid_token", error_description="{words}""#);
            assert_eq!(rest.header("www-authenticate"), challenge, "{what}");
        }
    }
}

async fn attack(app: &TestApp, what: &str, token: &str, expected: Expected) {
    let bearer = format!("Bearer {token}");
    let rest = app.get(LIST).header("authorization", &bearer).await;
    let graphql = app.graphql(QUERY, json!({})).header("authorization", &bearer).await;
    judge(what, expected, &rest, &graphql);
}

/// What is sent, to which path, with which headers, and why it is refused, if it is.
type Sent<'a> = (&'a str, String, Vec<(&'a str, String)>, Option<&'a str>);

on_both_databases! {
    async fn forged_tokens_are_refused_in_general_words(app: TestApp) {
        let (rsa, ed) = (Signer::rsa("rsa"), Signer::ed25519("ed"));
        let (thief, secret) = (Signer::ed25519("ed"), Signer::rsa("for-encryption"));
        let mut for_encryption = secret.jwk();
        for_encryption["use"] = json!("enc");
        let app = trusting(&app, &json!({"keys": [rsa.jwk(), ed.jwk(), for_encryption]}));

        let unsigned = |alg: &str| format!("{}.", message(&json!({"alg": alg}).to_string(), &claims(json!({}))));
        let hs256 = |kid: &str| json!({"alg": "HS256", "kid": kid, "typ": "JWT"});
        let good = ed.sign(json!({}));
        let (signed, signature) = good.rsplit_once('.').expect("three parts");
        let twice = |field: &str| {
            ed.sign_text(&ed.header().to_string(), &claims(json!({})).replacen('{', &format!("{{{field},"), 1))
        };
        let modulus = rsa.jwk()["n"].as_str().expect("a modulus").to_owned();
        let raw = ed.jwk()["x"].as_str().expect("a point").to_owned();

        for (what, token, expected) in [
            ("a good token", good.clone(), Taken),
            ("a good token of another kind of key", rsa.sign(json!({})), Taken),
            ("alg none", unsigned("none"), ALGORITHM),
            ("alg nOnE", unsigned("nOnE"), ALGORITHM),
            ("alg of nothing", unsigned(""), ALGORITHM),
            ("alg none, with a signature", format!("{}{signature}", unsigned("none")), ALGORITHM),
            ("a good token without its signature", format!("{signed}."), SIGNATURE),
            ("HS256 under the public key in PEM", hmac(hs256("rsa"), rsa.pem.as_bytes()), ALGORITHM),
            ("HS256 under its JWK", hmac(hs256("rsa"), rsa.jwk().to_string().as_bytes()), ALGORITHM),
            ("HS256 under its modulus", hmac(hs256("rsa"), modulus.as_bytes()), ALGORITHM),
            ("HS256 under the public point", hmac(hs256("ed"), &URL_SAFE_NO_PAD.decode(raw).unwrap()), ALGORITHM),
            ("HMAC that calls itself RS256", hmac(rsa.header(), rsa.pem.as_bytes()), SIGNATURE),
            ("HMAC that calls itself EdDSA", hmac(ed.header(), b""), SIGNATURE),
            ("the kid of another key", ed.headed(json!({"kid": "rsa"})), ALGORITHM),
            ("the kid and alg of another key", ed.headed(json!({"kid": "rsa", "alg": "RS256"})), SIGNATURE),
            ("a kid that nobody has", ed.headed(json!({"kid": "unheard-of"})), UNKNOWN_KEY),
            ("an empty kid", ed.headed(json!({"kid": ""})), UNKNOWN_KEY),
            ("a kid that is a path", ed.headed(json!({"kid": "../../../dev/null"})), UNKNOWN_KEY),
            ("a kid that is SQL", ed.headed(json!({"kid": "x' UNION SELECT 'key'--"})), UNKNOWN_KEY),
            ("a kid that is a list", ed.headed(json!({"kid": ["ed"]})), MALFORMED),
            ("no kid, the issuer's signature", ed.headed(json!({"kid": null})), Taken),
            ("no kid, another's signature", thief.headed(json!({"kid": null})), SIGNATURE),
            ("another's signature", thief.sign(json!({})), SIGNATURE),
            ("a key of its own in the header", thief.headed(json!({"jwk": thief.jwk()})), SIGNATURE),
            ("keys elsewhere", thief.headed(json!({"jku": "http://127.0.0.1:9/jwks", "kid": "x"})), UNKNOWN_KEY),
            ("certificates elsewhere", thief.headed(json!({"x5u": "http://127.0.0.1:9/pem"})), SIGNATURE),
            ("a certificate of its own", thief.headed(json!({"x5c": ["MIIB"]})), SIGNATURE),
            ("a key that encrypts", secret.sign(json!({})), UNKNOWN_KEY),
            ("critical extensions", ed.headed(json!({"crit": ["exp"]})), MALFORMED),
            ("a payload that is not encoded", ed.headed(json!({"crit": ["b64"], "b64": false})), MALFORMED),
            ("other claims under the signature", good.replacen(
                good.split('.').nth(1).expect("claims"),
                &URL_SAFE_NO_PAD.encode(claims(json!({"scope": "rec-registry.admin"}))),
                1,
            ), SIGNATURE),
            ("expired", ed.sign(json!({"exp": now() - 61})), Refused("expired")),
            ("just expired, which clocks explain", ed.sign(json!({"exp": now() - 50})), Taken),
            ("expired for ever", ed.sign(json!({"exp": -1e300})), Refused("expired")),
            ("not yet valid", ed.sign(json!({"nbf": now() + 70})), Refused("not yet valid")),
            ("nearly valid, which clocks explain", ed.sign(json!({"nbf": now() + 50})), Taken),
            ("no exp", ed.sign(json!({"exp": null})), CLAIMS),
            ("exp as a text", ed.sign(json!({"exp": "9999999999"})), CLAIMS),
            ("exp as a list", ed.sign(json!({"exp": [9_999_999_999_i64]})), CLAIMS),
            ("another issuer", ed.sign(json!({"iss": "https://id.example.org.evil.example"})), Refused("wrong issuer")),
            ("the issuer and a slash", ed.sign(json!({"iss": "https://id.example.org/"})), Refused("wrong issuer")),
            ("the issuer in capitals", ed.sign(json!({"iss": "https://ID.example.org"})), Refused("wrong issuer")),
            ("issuers as a list", ed.sign(json!({"iss": ["https://id.example.org"]})), Refused("wrong issuer")),
            ("no issuer", ed.sign(json!({"iss": null})), Refused("wrong issuer")),
            ("another audience", ed.sign(json!({"aud": "registry2"})), Refused("wrong audience")),
            ("audiences as words", ed.sign(json!({"aud": "registry other"})), Refused("wrong audience")),
            ("other audiences", ed.sign(json!({"aud": ["other", "Registry"]})), Refused("wrong audience")),
            ("audiences, ours among them", ed.sign(json!({"aud": ["other", "registry"]})), Taken),
            ("no audience", ed.sign(json!({"aud": null})), Refused("wrong audience")),
            ("an audience that is an object", ed.sign(json!({"aud": {"registry": 1}})), Refused("wrong audience")),
            ("scope twice", twice(r#""scope":"rec-registry.admin""#), CLAIMS),
            ("scope twice, once in disguise", twice(r#""\u0073cope":"rec-registry.admin""#), CLAIMS),
            ("exp twice", twice(r#""exp":9999999999"#), CLAIMS),
            ("sub twice, the same", twice(r#""sub":"attacker""#), CLAIMS),
            ("alg twice", ed.sign_text(r#"{"alg":"none","alg":"EdDSA","kid":"ed"}"#, &claims(json!({}))), MALFORMED),
            ("kid twice", ed.sign_text(r#"{"alg":"EdDSA","kid":"x","kid":"ed"}"#, &claims(json!({}))), MALFORMED),
            ("100 KB of token", ed.sign(json!({"padding": "x".repeat(75_000)})), MALFORMED),
            ("100 KB of nothing", "x".repeat(100_000), MALFORMED),
            ("100 KB of dots", ".".repeat(100_000), MALFORMED),
            ("scope as a list", ed.sign(json!({"scope": ["rec-registry.read"]})), CLAIMS),
            ("scope as an object", ed.sign(json!({"scope": {"rec-registry.read": true}})), CLAIMS),
            ("scope as true", ed.sign(json!({"scope": true})), CLAIMS),
            ("scp as a list", ed.sign(json!({"scope": null, "scp": ["rec-registry.read"]})), Taken),
            ("scp as a text", ed.sign(json!({"scope": null, "scp": "rec-registry.read"})), CLAIMS),
            ("scp as nested lists", ed.sign(json!({"scope": null, "scp": [["rec-registry.read"]]})), CLAIMS),
            ("words in an item of scp", ed.sign(json!({"scope": null, "scp": ["a rec-registry.read"]})), Forbidden),
            ("groups and roles", ed.sign(json!({
                "scope": "", "groups": ["rec-registry.admin"], "roles": ["rec-registry.admin"],
                "realm_access": {"roles": ["rec-registry.admin"]}, "permissions": ["rec-registry.admin"],
            })), Forbidden),
            ("encrypted", format!("{}.a.b.c.d", URL_SAFE_NO_PAD.encode(r#"{"alg":"RSA-OAEP","enc":"A128GCM"}"#)), MALFORMED),
            ("JSON", format!("{{\"payload\":\"{signed}\"}}"), MALFORMED),
        ] {
            attack(&app, what, &token, expected).await;
        }
    }

    async fn what_only_looks_like_a_scope_grants_nothing(app: TestApp) {
        app.import_sample("valley-v0.5.yaml").await;
        for scope in [
            "", "read", "admin", "*", "rec-registry", "rec-registry.", "rec-registry.read:", "rec-registry.readx",
            "rec-registry.rea", "rec-registry.read.", "rec-registry.read.x", "xrec-registry.read", "rec-registry.*x",
            "rec-registry.**", "rec-registry.*.read", "rec-registry.r*", "rec-registryXread", "rec-registry..read",
            "Rec-Registry.read", "rec-registry.READ", "REC-REGISTRY.ADMIN", "rec-registry.Admin", "rec-registry:read",
            "rec-registry.read,rec-registry.admin", "rec-registry.read;", "rec-registry.read\u{a0}rec-registry.admin",
            "\"rec-registry.read\"", "rec-registry.ｒead", "rec-registry.read%3Avalley-rec",
            "rec-registry.read:*", "rec-registry.admin:*", "rec-registry.*:*", "rec-registry.read:valley*",
            "rec-registry.read::valley-rec", "rec-registry.read:valley-rec:", "rec-registry.read:valley-rec:x",
            "rec-registry.read:valley-rec:*", "rec-registry.read:VALLEY-REC", "rec-registry.read:valley-rec/",
            "rec-registry.read:valley-rec,x", "rec-registry.read:../valley-rec", "rec-registry.read:valley%2Drec",
            "rec-registry.read:%", "rec-registry.read:_%:", "rec-registry.lookup", "rec-registry.lookup:valley-rec",
            "openid profile email", "rec-registry.members.write", "rec-registry.read_all",
        ] {
            let token = app.token("attacker", scope);
            attack(&app, scope, &token, Forbidden).await;
        }
        // LIKE's wildcards are letters of a key, and no more than that.
        for scope in ["rec-registry.read:_______rec", "rec-registry.read:other", "rec-registry.admin:valley_rec"] {
            assert_eq!(app.get(LIST).bearer(scope).await.json(200)["items"], json!([]), "{scope}");
            assert_eq!(app.get("/admin/communities/valley-rec").bearer(scope).await.status, 404, "{scope}");
            let data = app.graphql("{ communities { totalCount } community(key: \"valley-rec\") { name } }", json!({}));
            assert_eq!(data.bearer(scope).await.data(), json!({"communities": {"totalCount": 0}, "community": null}));
        }
    }

    async fn a_token_stands_in_one_header_behind_one_word(app: TestApp) {
        let token = app.token("operator", "rec-registry.read");
        let good = format!("Bearer {token}");
        let nothing = "no bearer token";
        let malformed = "not a bearer token";
        let headers = |values: &[&str]| values.iter().map(|value| ("authorization", (*value).to_owned())).collect();
        let cases: Vec<Sent<'_>> = vec![
            ("as it should be", LIST.to_owned(), headers(&[&good]), None),
            ("in small letters", LIST.to_owned(), headers(&[&format!("bearer {token}")]), None),
            ("with more space", LIST.to_owned(), headers(&[&format!("  Bearer   {token}  ")]), None),
            ("no header", LIST.to_owned(), headers(&[]), Some(nothing)),
            ("in the query", format!("{LIST}?access_token={token}"), headers(&[]), Some(nothing)),
            ("in the query, under another name", format!("{LIST}?token={token}"), headers(&[]), Some(nothing)),
            ("the header in the query", format!("{LIST}?authorization=Bearer%20{token}"), headers(&[]), Some(nothing)),
            ("in a cookie", LIST.to_owned(), vec![("cookie", format!("access_token={token}"))], Some(nothing)),
            ("in another header", LIST.to_owned(), vec![("x-forwarded-authorization", good.clone())], Some(nothing)),
            ("in the proxy's header", LIST.to_owned(), vec![("proxy-authorization", good.clone())], Some(nothing)),
            ("two headers", LIST.to_owned(), headers(&[&good, &good]), Some(malformed)),
            ("a good header behind another", LIST.to_owned(), headers(&["Basic eDp5", &good]), Some(malformed)),
            ("two tokens in one", LIST.to_owned(), headers(&[&format!("{good}, {good}")]), Some(malformed)),
            ("without the word", LIST.to_owned(), headers(&[&token]), Some(malformed)),
            ("another word", LIST.to_owned(), headers(&[&format!("Token {token}")]), Some(malformed)),
            ("as a password", LIST.to_owned(), headers(&[&format!("Basic {}", STANDARD.encode(&token))]), Some(malformed)),
            ("a tab between", LIST.to_owned(), headers(&[&format!("Bearer\t{token}")]), Some(malformed)),
            ("no space between", LIST.to_owned(), headers(&[&format!("Bearer{token}")]), Some(malformed)),
            ("a space within", LIST.to_owned(), headers(&[&good.replacen('.', ". ", 1)]), Some("bad signature")),
            ("in quotes", LIST.to_owned(), headers(&[&format!("Bearer \"{token}\"")]), Some(malformed)),
            ("the word alone", LIST.to_owned(), headers(&["Bearer"]), Some(malformed)),
            ("nothing", LIST.to_owned(), headers(&[""]), Some(malformed)),
            ("no text", LIST.to_owned(), headers(&["Bearer \u{e9}"]), Some(malformed)),
        ];
        for (what, path, headers, refused) in cases {
            let mut request = Request::get(path);
            for (name, value) in headers {
                request = request.header(name, value);
            }
            let answer = app.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
            assert_eq!(answer.status() == StatusCode::OK, refused.is_none(), "{what}: {}", answer.status());
            let Some(words) = refused else { continue };
            assert_eq!(answer.status(), 401, "{what}");
            let challenge = answer.headers()["www-authenticate"].to_str().unwrap();
            assert_eq!(challenge, format!(r#"Bearer error="invalid_token", error_description="{words}""#), "{what}");
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(&body[..], format!(r#"{{"detail":"Not authenticated: {words}"}}"#).as_bytes(), "{what}");
        }
        let by_get = format!("/graphql?query=%7Bcommunities%7BtotalCount%7D%7D&access_token={token}");
        assert_eq!(app.get(by_get).await.error_codes(), ["UNAUTHENTICATED"]);
    }

    async fn no_path_leads_past_the_grant_or_out_of_the_community(app: TestApp) {
        app.import_sample("valley-v0.5.yaml").await;
        app.import_sample("aurora-highlands-v0.7.yaml").await;
        let own = "rec-registry.read:example_rec rec-registry.lookup:example_rec rec-registry.export:example_rec";
        assert_eq!(app.get("/admin/communities/example_rec").bearer(own).await.status, 200);
        let paths = [
            "/admin/communities/valley-rec", "/admin/communities/valley-rec/", "/admin/communities/valley%2Drec",
            "/admin/communities/valley-rec/members", "/admin/communities/valley-rec%2Fmembers",
            "/admin/communities/example_rec/../valley-rec", "/admin/communities/example_rec/..%2Fvalley-rec",
            "/admin/communities/example_rec%2F..%2Fvalley-rec", "/admin/communities/example_rec%2f%2e%2e%2fvalley-rec",
            "/admin/communities/example_rec/%2e%2e/valley-rec", "/admin/communities/./valley-rec",
            "/admin/communities//valley-rec", "//admin/communities/valley-rec", "/admin//communities/valley-rec",
            "/admin/communities/valley-rec%00", "/admin/communities/valley-rec%00example_rec",
            "/admin/communities/valley-rec;example_rec", "/admin/communities/example_rec%3Bvalley-rec",
            "/admin/communities/example_rec,valley-rec", "/admin/communities/example_rec%20valley-rec",
            "/admin/communities/VALLEY-REC", "/admin/communities/%76alley-rec", "/admin/communities/%2576alley-rec",
            "/admin/communities/*", "/admin/communities/%25", "/admin/communities/_______rec",
            "/admin/communities/example_rec/members/..%2F..%2Fvalley-rec%2Fmembers%2Fgl-00001",
            "/admin/communities/example_rec/members/gl-00001", "/admin/communities/valley-rec/members/by-user-id/giulia.bianchi",
            "/admin/communities/example_rec/members/by-user-id/giulia.bianchi",
            "/admin/communities/example_rec/assets/..%2f..%2fvalley-rec%2Fassets%2Fpv-gl-00001",
            "/admin/communities/example_rec/assets/pv-gl-00001", "/admin/communities/example_rec/assets/by-sensor-id/4e10",
            "/admin/communities/example_rec/delivery-points/by-id/IT001E11111111",
            "/admin/lookup/community-by-user-id/giulia.bianchi", "/admin/lookup/member-by-user-id/giulia.bianchi",
            "/admin/lookup/community-by-sensor-id/4e10", "/admin/lookup/asset-by-sensor-id/4e10",
            "/admin/lookup/community-by-delivery-point/IT001E11111111", "/admin/export?community=valley-rec",
            "/admin/export?community=example_rec&community=valley-rec",
        ];
        for path in paths {
            let answer = app.get(path).bearer(own).await;
            let body = answer.text(if path.contains("%00") { 422 } else { 404 });
            assert!(!body.contains("Valle") && !body.contains("Giulia"), "{path}: {body}");
        }
        // With the grant of another operation, and with none, none of them is found or all are forbidden.
        for scope in ["", "rec-registry.import", "rec-registry.import:valley-rec"] {
            for path in paths.iter().chain(&[
                LIST, "/user/../admin/communities", "/user/%2e%2e/admin/communities", "/user%2F..%2Fadmin%2Fcommunities",
                "/user/assets/..%2F..%2Fadmin%2Fcommunities", "/health/../admin/communities", "//admin/communities",
                "/ADMIN/communities", "/admin/communities/import", "/admin/communities/user", "/admin/import/../communities",
                "/graphql/../admin/communities", "/admin/export", "/admin/export/../communities", "/admin/search?text=Giulia",
            ]) {
                let answer = app.get(*path).bearer(scope).await;
                assert!(matches!(answer.status.as_u16(), 403 | 404 | 405 | 422), "{path}: {}", answer.status);
            }
        }
    }

    async fn an_id_that_contains_a_route_word_changes_nothing(app: TestApp) {
        let words = ["import", "admin/lookup/x", "user", "by-user-id/alice", "../export", "rec-registry.admin", "graphql"];
        let members: serde_json::Map<_, _> = words.iter().enumerate().map(|(at, word)| {
            let meter = json!({"name": "Meter", "sensor_id": format!("s/{word}")});
            let member = json!({
                "user_id": format!("u/{word}"), "name": format!("N {at}"), "role": "consumer", "area": "a", "status": "active",
                "assets": {"meter": {format!("m/{word}"): meter}},
            });
            ((*word).to_owned(), member)
        }).collect();
        let bundle = json!({
            "community": {"id": "import", "name": "Import", "areas": {"a": {"name": "A"}}}, "members": members,
        });
        app.import(bundle.to_string()).await;
        for word in words {
            let encode = |id: &str| percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC).to_string();
            let (key, user, sensor) = (encode(word), encode(&format!("u/{word}")), encode(&format!("s/{word}")));
            for (path, needed) in [
                ("/admin/communities/import".to_owned(), "rec-registry.read"),
                (format!("/admin/communities/import/members/{key}"), "rec-registry.read"),
                (format!("/admin/communities/import/members/by-user-id/{user}"), "rec-registry.read"),
                (format!("/admin/communities/import/assets/by-sensor-id/{sensor}"), "rec-registry.read"),
                (format!("/admin/lookup/member-by-user-id/{user}"), "rec-registry.lookup"),
                (format!("/admin/lookup/asset-by-sensor-id/{sensor}"), "rec-registry.lookup"),
            ] {
                for scope in ["", "rec-registry.read", "rec-registry.lookup", "rec-registry.import", "rec-registry.export"] {
                    let answer = app.get(&path).bearer(scope).await;
                    if scope == needed {
                        answer.json(200);
                    } else {
                        assert_eq!(answer.json(403)["required"], needed, "{path} with {scope:?}");
                    }
                }
            }
        }
    }

    async fn a_flood_of_unknown_keys_asks_the_issuer_once(database: TestDatabase) {
        let Some(provider) = Provider::start(database.directory()).await else { return };
        let server = Server::serve(database.directory(), &database.url, &provider).await;
        let good = provider.service_token("ES256", "rec-registry.read").await;
        let (before, since) = (provider.visits().await, std::time::Instant::now());
        let (_, rest) = good.split_once('.').expect("three parts");
        let flood = (0..400).map(|at| {
            let header = json!({"alg": "ES256", "kid": format!("invented-{at}")}).to_string();
            let request = server.get(LIST, &format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header)));
            async move { request.send().await.expect("the registry answers").status().as_u16() }
        });
        let answers = futures_util::future::join_all(flood).await;
        assert!(answers.iter().all(|status| *status == 401), "{answers:?}");
        // One fetch of the flood's, or one each 10 s where this machine is slow.
        let allowed = 1 + since.elapsed().as_secs() / 10;
        let visits = provider.visits().await - before;
        assert!((1..=allowed).contains(&visits), "{visits} fetches, {allowed} allowed");
        let answer = server.get(LIST, &good).send().await.expect("the registry answers");
        assert_eq!(answer.status().as_u16(), 200);
    }
}
