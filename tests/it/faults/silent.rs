//! Connections that are cut without a word: both ends keep theirs, and nothing comes over it any more.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, UnixStream};
use tokio::time::{sleep, timeout};

use super::{import, own_postgres, read};
use crate::support::server::Server;

/// A wire to a server's socket.
struct Wire {
    port: u16,
    /// Carries nothing more over the connections over which somebody began to listen.
    is_cut: Arc<AtomicBool>,
}

impl Wire {
    async fn to(socket: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let is_cut = Arc::new(AtomicBool::new(false));
        let cut = Arc::clone(&is_cut);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = UnixStream::connect(&socket).await.expect("the server listens");
                let ((from_client, to_client), (from_server, to_server)) =
                    (client.into_split(), server.into_split());
                let end = End { listens: Arc::default(), cut: Arc::clone(&cut) };
                tokio::spawn(end.clone().carry(from_client, to_server));
                tokio::spawn(end.carry(from_server, to_client));
            }
        });
        Self { port, is_cut }
    }
}

#[derive(Clone)]
struct End {
    listens: Arc<AtomicBool>,
    cut: Arc<AtomicBool>,
}

impl End {
    async fn carry(self, mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
        let mut bytes = vec![0; 16 * 1024];
        while let Ok(count @ 1..) = from.read(&mut bytes).await {
            if bytes[..count].windows(6).any(|word| word == b"LISTEN") && !self.cut.load(Ordering::SeqCst) {
                self.listens.store(true, Ordering::SeqCst);
            }
            if self.listens.load(Ordering::SeqCst) && self.cut.load(Ordering::SeqCst) {
                std::future::pending::<()>().await;
            }
            if to.write_all(&bytes[..count]).await.is_err() {
                return;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_listens_and_is_cut_without_a_word_is_replaced() {
    let Some(postgres) = own_postgres() else { return };
    postgres.create_database("silent").await;
    let wire = Wire::to(postgres.directory().join(".s.PGSQL.5432")).await;
    let directory = tempfile::tempdir().expect("a directory");
    let url = format!("postgres://postgres@127.0.0.1:{}/silent", wire.port);
    // Only what is remembered has to be heard of.
    let server = Server::told(directory.path(), &url, &["--memory-mib", "1"]).await;
    import(&server).await;
    wire.is_cut.store(true, Ordering::SeqCst);
    let heard_again = async {
        while !server.said().contains("are heard again") {
            assert_eq!(read(&server).await.status, 200, "whoever reads is answered meanwhile");
            sleep(Duration::from_millis(200)).await;
        }
    };
    timeout(Duration::from_secs(60), heard_again).await.expect("it is heard again");
}
