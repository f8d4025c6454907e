//! A connection to Redis that can be held.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// Forwards connections to a server, and holds each command that contains a text until the test permits it.
pub(super) struct Proxy {
    pub(super) url: String,
    /// A permit for each command that may pass.
    pub(super) permits: Arc<Semaphore>,
    /// A permit for each command that was held.
    pub(super) held: Arc<Semaphore>,
}

impl Proxy {
    pub(super) async fn holding(command: &'static str, port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("redis://{}", listener.local_addr().unwrap());
        let (permits, held) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let gates = (Arc::clone(&permits), Arc::clone(&held));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                tokio::spawn(forward(client, server, command, gates.clone()));
            }
        });
        Self { url, permits, held }
    }
}

async fn forward(
    client: TcpStream,
    server: TcpStream,
    command: &str,
    (permits, held): (Arc<Semaphore>, Arc<Semaphore>),
) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    tokio::spawn(async move {
        // Ends with an error when a side closes its connection.
        let _ = tokio::io::copy(&mut from_server, &mut to_client).await;
    });
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = from_client.read(&mut buffer).await {
        if String::from_utf8_lossy(&buffer[..length]).contains(command) {
            held.add_permits(1);
            permits.acquire().await.unwrap().forget();
        }
        if to_server.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
