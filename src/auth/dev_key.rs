//! The signing key of a registry that is tried out: made on the first start, kept in the data
//! directory, and never taken by a registry that serves.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::keys::KeySet;
use super::verifier::{TokenRules, Verifier};

/// The file of the key in the data directory.
const FILE_NAME: &str = "dev-signing-key.pem";
/// Who the tokens are from. No address: the key is not bound to one.
const ISSUER: &str = "urn:rec-registry:dev";
/// Whom the tokens are for.
const AUDIENCE: &str = "rec-registry";

/// The development signing key (Ed25519).
pub struct DevKey {
    signing: EncodingKey,
    /// The public half, in base64url.
    public: String,
    /// The thumbprint of the public half (RFC 7638).
    id: String,
}

/// What a development token is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRequest {
    /// The user's name: `preferred_username`, and `sub` after it.
    pub user: String,
    /// The scopes, separated by spaces.
    pub scope: String,
    /// For how long it is good.
    pub ttl: Duration,
}

impl DevKey {
    /// The key of a data directory; makes the directory and the key where there is none.
    ///
    /// # Errors
    /// When the directory cannot be written, or the file is not such a key or can be read by others.
    pub fn load_or_create(directory: &Path) -> anyhow::Result<Self> {
        let path = directory.join(FILE_NAME);
        let key = match Self::load(&path) {
            Ok(Some(key)) => Ok(key),
            Ok(None) => create(directory, &path)
                .and_then(|()| Self::load(&path)?.context("the file is gone the moment it was written")),
            Err(error) => Err(error),
        }
        .with_context(|| format!("the development signing key {}", path.display()))?;
        key.check()?;
        Ok(key)
    }

    /// What tokens of this key say.
    #[must_use]
    pub fn rules() -> TokenRules {
        TokenRules {
            issuer: ISSUER.to_owned(),
            audience: AUDIENCE.to_owned(),
            user_claim: "preferred_username".to_owned(),
        }
    }

    /// A verifier of this key's tokens.
    ///
    /// # Errors
    /// When the key's public half cannot be read back, which would be a fault of this program.
    pub fn verifier(&self) -> anyhow::Result<Verifier> {
        Ok(Verifier::with_keys(Self::rules(), KeySet::parse(self.jwks().to_string().as_bytes())?))
    }

    /// The public half as a JSON web key set.
    #[must_use]
    pub fn jwks(&self) -> Value {
        json!({"keys": [{
            "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
            "kid": self.id, "x": self.public,
        }]})
    }

    /// A token.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn sign(&self, request: &TokenRequest) -> anyhow::Result<String> {
        let now = jiff::Timestamp::now().as_second();
        let expires_at = now.saturating_add_unsigned(request.ttl.as_secs());
        let claims = json!({
            "iss": ISSUER, "aud": AUDIENCE, "iat": now, "nbf": now, "exp": expires_at,
            "sub": request.user, "preferred_username": request.user, "name": request.user,
            "scope": request.scope,
        });
        self.sign_claims(&claims)
    }

    fn sign_claims(&self, claims: &Value) -> anyhow::Result<String> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.id.clone());
        Ok(jsonwebtoken::encode(&header, claims, &self.signing)?)
    }

    /// Signs once and verifies, so that a key or a build without cryptography is found at the start.
    fn check(&self) -> anyhow::Result<()> {
        let token = self.sign_claims(&Value::Object(Map::new()))?;
        let verified = token.rsplit_once('.').is_some_and(|(message, signature)| {
            jsonwebtoken::DecodingKey::from_ed_components(&self.public)
                .and_then(|key| {
                    jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, Algorithm::EdDSA)
                })
                .unwrap_or(false)
        });
        anyhow::ensure!(verified, "a signature just made does not verify");
        Ok(())
    }

    fn load(path: &Path) -> anyhow::Result<Option<Self>> {
        let pem = match fs::read(path) {
            Ok(pem) => pem,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let mode = fs::metadata(path)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            bail!("others may read it (mode {mode:04o}): make it `chmod 600`, or remove it to get a new one");
        }
        Self::from_pem(&pem).map(Some)
    }

    fn from_pem(pem: &[u8]) -> anyhow::Result<Self> {
        let signing = EncodingKey::from_ed_pem(pem).context("it is no Ed25519 key in PEM")?;
        let pair = Ed25519KeyPair::from_pkcs8(signing.as_bytes())
            .map_err(|reason| anyhow::anyhow!("it is no Ed25519 key: {reason}"))?;
        let public = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        let thumbprint = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{public}"}}"#);
        let id = URL_SAFE_NO_PAD.encode(Sha256::digest(thumbprint));
        Ok(Self { signing, public, id })
    }
}

/// Whether this build can sign and verify: a build without cryptography fails at its first use, which
/// should be the start of the program and not the first request.
///
/// # Errors
/// When it cannot.
pub fn check_cryptography() -> anyhow::Result<()> {
    DevKey::from_pem(new_pem()?.as_bytes())?.check()
}

/// A new key in PEM.
fn new_pem() -> anyhow::Result<String> {
    let pair = Ed25519KeyPair::generate().context("no key could be made")?;
    let der: Pkcs8V1Der<'_> = pair.as_der().context("the key has no PKCS#8 form")?;
    let text = STANDARD.encode(der.as_ref());
    Ok(format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n"))
}

/// Writes a new key, unless another process has done so in the meantime. The file appears whole.
fn create(directory: &Path, path: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(directory)?;
    let pem = new_pem()?;
    let unfinished = directory.join(format!(".{FILE_NAME}.{}", std::process::id()));
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(pem.as_bytes())?;
    file.sync_all()?;
    let linked = fs::hard_link(&unfinished, path);
    fs::remove_file(&unfinished)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(()),
    }
}
