//! The messages of the protocol.

use std::borrow::Cow;

use async_graphql::ServerError;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::close::Close;
use crate::graphql::door::Answer;

/// Longest id of an operation, in bytes. Clients use UUIDs and numbers.
const MAX_ID_BYTES: usize = 128;

/// What a client says.
#[derive(Debug)]
pub enum ClientMessage<'m> {
    /// Who it is.
    ConnectionInit(Option<&'m RawValue>),
    /// An operation to run, and the id of its answers.
    Subscribe(Cow<'m, str>, &'m RawValue),
    /// An operation to end.
    Complete(Cow<'m, str>),
    /// Whether anybody is there.
    Ping,
    /// It is there.
    Pong,
}

#[derive(Deserialize)]
struct Envelope<'m> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'m, str>,
    #[serde(borrow, default)]
    id: Option<Cow<'m, str>>,
    #[serde(borrow, default)]
    payload: Option<&'m RawValue>,
}

impl<'m> ClientMessage<'m> {
    /// Reads a message. Its payload is not looked into.
    pub fn read(text: &'m str) -> Result<Self, Close> {
        let envelope: Envelope<'m> =
            serde_json::from_str(text).map_err(|error| Close::bad_request(format!("No message: {error}")))?;
        let id = || match envelope.id {
            Some(id) if (1..=MAX_ID_BYTES).contains(&id.len()) => Ok(id),
            _ => Err(Close::bad_request(format!("The id must have 1 to {MAX_ID_BYTES} bytes"))),
        };
        match &*envelope.kind {
            "connection_init" => Ok(Self::ConnectionInit(envelope.payload)),
            "subscribe" => {
                let payload = envelope.payload.ok_or_else(|| Close::bad_request("There is no payload"))?;
                Ok(Self::Subscribe(id()?, payload))
            }
            "complete" => Ok(Self::Complete(id()?)),
            "ping" => Ok(Self::Ping),
            "pong" => Ok(Self::Pong),
            _ => Err(Close::bad_request("The type of the message is unknown")),
        }
    }
}

/// What the server says.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage<'m> {
    /// The client is known.
    ConnectionAck,
    /// An answer of an operation.
    Next {
        /// The operation.
        id: &'m str,
        /// The answer.
        payload: &'m Answer,
    },
    /// An operation that was not run, or cannot go on.
    Error {
        /// The operation.
        id: &'m str,
        /// Why.
        payload: &'m [ServerError],
    },
    /// An operation has no further answer.
    Complete {
        /// The operation.
        id: &'m str,
    },
    /// It is there.
    Pong,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_message_closes_the_socket() {
        for text in [
            "",
            "[]",
            "{}",
            r#"{"type":1}"#,
            r#"{"type":"start","id":"1","payload":{}}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","payload":{}}"#,
            r#"{"type":"complete","id":""}"#,
            r#"{"type":"ping","type":"ping"}"#,
        ] {
            assert!(ClientMessage::read(text).is_err(), "{text}");
        }
        let long = format!(r#"{{"type":"complete","id":"{}"}}"#, "1".repeat(MAX_ID_BYTES + 1));
        assert!(ClientMessage::read(&long).is_err());
    }

    #[test]
    fn a_payload_is_kept_as_it_is() {
        let payload = r#"{"query": "{a}", "variables": {"n": 1.50}}"#;
        let text = format!(r#"{{"id":"\u0031","payload":{payload},"type":"subscribe"}}"#);
        match ClientMessage::read(&text) {
            Ok(ClientMessage::Subscribe(id, read)) => assert_eq!((&*id, read.get()), ("1", payload)),
            other => panic!("{other:?}"),
        }
    }
}
