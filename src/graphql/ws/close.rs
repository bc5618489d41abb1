//! Why a socket is closed: the codes of the protocol.

use std::borrow::Cow;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};

use crate::domain::error::AuthenticationFailure;

/// How long to wait for the other end to close as well.
const PATIENCE: Duration = Duration::from_secs(1);

/// Longest reason that a frame holds, in bytes.
const MAX_REASON: usize = 123;

/// Why a socket is closed.
#[derive(Debug, PartialEq, Eq)]
pub struct Close {
    code: u16,
    reason: Cow<'static, str>,
}

impl Close {
    /// The process is about to end.
    pub const GOING_AWAY: Self = Self::because(1001, "Going away");
    /// A message is larger than the limit, or none that can be read.
    pub const BROKEN: Self = Self::because(1009, "The message is too large or broken");
    /// An operation was asked for before the connection was acknowledged.
    pub const UNAUTHORIZED: Self = Self::because(4401, "Unauthorized");
    /// The other end speaks something else.
    pub const SUBPROTOCOL: Self = Self::because(4406, "Subprotocol not acceptable");
    /// The other end did not say who it is.
    pub const INIT_TIMEOUT: Self = Self::because(4408, "Connection initialisation timeout");
    /// The other end said twice who it is.
    pub const TOO_MANY_INITS: Self = Self::because(4429, "Too many initialisation requests");
    /// The other end does not answer.
    pub const SILENT: Self = Self::because(1001, "No answer");

    const fn because(code: u16, reason: &'static str) -> Self {
        Self { code, reason: Cow::Borrowed(reason) }
    }

    /// What was sent is no message of the protocol.
    pub fn bad_request(reason: impl Into<Cow<'static, str>>) -> Self {
        Self { code: 4400, reason: reason.into() }
    }

    /// An operation under this id runs already.
    pub fn subscriber_exists(id: &str) -> Self {
        Self { code: 4409, reason: format!("Subscriber for {id} already exists").into() }
    }

    /// The token is not taken, or no longer. Clients of the protocol take 4403 as a reason to come again
    /// with another token, and 4401 as one to stay away.
    pub fn forbidden(failure: AuthenticationFailure) -> Self {
        Self { code: 4403, reason: format!("Forbidden: {}", failure.public()).into() }
    }

    /// The code, which unlike the reason holds nothing that the client sent.
    pub fn code(&self) -> u16 {
        self.code
    }

    /// Closes a socket.
    pub async fn send(self, socket: &mut WebSocket) {
        let mut reason = self.reason.into_owned();
        reason.truncate(reason.floor_char_boundary(MAX_REASON));
        let frame = CloseFrame { code: self.code, reason: Utf8Bytes::from(reason) };
        // What else arrives is read, so that the frame is not lost with the connection.
        let closed = async {
            if socket.send(Message::Close(Some(frame))).await.is_ok() {
                while let Some(Ok(_)) = socket.recv().await {}
            }
        };
        _ = tokio::time::timeout(PATIENCE, closed).await;
    }
}
