//! Who is calling.

use std::sync::Arc;

use crate::domain::grant::Grants;
use crate::domain::identifier::UserId;
use crate::domain::timestamp::Timestamp;

/// A caller whose token was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The claim `sub`.
    pub subject: String,
    /// The claim that names the user (`preferred_username` unless configured otherwise). A token
    /// without it is nobody's member.
    pub username: Option<UserId>,
    /// The client that the token was made for: the claim `azp`, else `client_id`.
    pub client: Option<String>,
    /// The claim `email`.
    pub email: Option<String>,
    /// The claim `name`.
    pub name: Option<String>,
    /// What the caller's scopes grant.
    pub grants: Grants,
    /// The claim `exp`: until when all this may be believed. None without a token.
    pub expires_at: Option<Timestamp>,
}

impl Principal {
    /// Whoever runs the command line beside the database: may do everything, is nobody's member.
    #[must_use]
    pub fn local_operator() -> Arc<Self> {
        Arc::new(Self {
            subject: "local".to_owned(),
            username: None,
            client: None,
            email: None,
            name: None,
            grants: Grants::everything(),
            expires_at: None,
        })
    }
}
