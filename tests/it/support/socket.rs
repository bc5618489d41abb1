//! A client of `graphql-transport-ws`.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// How long anything may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A socket of a client.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Opens a socket with these subprotocols at `host:port`; the connection is not initialised.
    ///
    /// # Errors
    /// When the handshake fails.
    pub async fn speaking(address: &str, protocols: &str) -> Result<Self, Error> {
        let mut request = format!("ws://{address}/graphql/ws").into_client_request()?;
        if !protocols.is_empty() {
            let protocols = protocols.parse().expect("the value of a header");
            request.headers_mut().insert("sec-websocket-protocol", protocols);
        }
        Ok(Self(connect_async(request).await?.0))
    }

    /// Opens a socket; the connection is not initialised.
    pub async fn open(address: &str) -> Self {
        Self::speaking(address, "graphql-transport-ws").await.expect("a socket opens")
    }

    /// Opens a socket and says whose it is.
    pub async fn of(address: &str, token: &str) -> Self {
        let mut socket = Self::open(address).await;
        let payload = json!({"Authorization": format!("Bearer {token}")});
        socket.say(&json!({"type": "connection_init", "payload": payload})).await;
        assert_eq!(socket.hear().await, json!({"type": "connection_ack"}));
        socket
    }

    /// Sends a message.
    pub async fn say(&mut self, message: &Value) {
        self.say_text(message.to_string()).await;
    }

    /// Sends a text.
    pub async fn say_text(&mut self, text: String) {
        // A socket that is closed says why when it is read from.
        _ = self.0.send(Message::Text(text.into())).await;
    }

    /// Begins an operation.
    pub async fn ask(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({"query": query, "variables": variables});
        self.say(&json!({"type": "subscribe", "id": id, "payload": payload})).await;
    }

    /// The next message.
    pub async fn hear(&mut self) -> Value {
        match self.next().await {
            Message::Text(text) => serde_json::from_str(&text).expect("a message is JSON"),
            other => panic!("no message but {other:?}"),
        }
    }

    /// The next message, if one comes within this time.
    pub async fn hear_within(&mut self, time: Duration) -> Option<Value> {
        tokio::time::timeout(time, self.hear()).await.ok()
    }

    /// The code with which the server closes; it may say nothing else before.
    pub async fn closed(&mut self) -> u16 {
        match self.next().await {
            Message::Close(Some(frame)) => frame.code.into(),
            other => panic!("not closed but {other:?}"),
        }
    }

    async fn next(&mut self) -> Message {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("an answer in time");
            match next.expect("the socket is open").expect("the socket works") {
                Message::Ping(_) | Message::Pong(_) => {}
                message => return message,
            }
        }
    }
}
