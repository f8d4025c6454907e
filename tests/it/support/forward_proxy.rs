//! An HTTP proxy on a loopback port, with a record of the requests.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// What the proxy answers.
#[derive(Clone, Debug)]
pub(crate) enum Proxying {
    /// Opens a tunnel to the same port of 127.0.0.1, whatever the host.
    Tunnel,
    /// These bytes.
    Answer(Vec<u8>),
    /// Nothing.
    Silence,
}

/// The proxy, until it is dropped.
#[derive(Debug)]
pub(crate) struct ForwardProxy {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    accepting: JoinHandle<()>,
}

impl ForwardProxy {
    pub(crate) async fn start(proxying: Proxying) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&heads);
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (record, proxying) = (Arc::clone(&record), proxying.clone());
                connections.spawn(async move {
                    // Either side may disconnect at any time.
                    let _ = serve(stream, &record, proxying).await;
                });
            }
        });
        Self { address, heads, accepting }
    }

    /// The URL of the proxy, with this user information.
    pub(crate) fn url(&self, user: &str) -> String {
        format!("http://{user}{}", self.address)
    }

    /// The first lines and the headers of the requests so far.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

impl Drop for ForwardProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve(
    mut stream: TcpStream,
    record: &Mutex<Vec<String>>,
    proxying: Proxying,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    record.lock().unwrap().push(head.clone());
    match proxying {
        Proxying::Answer(bytes) => stream.write_all(&bytes).await,
        Proxying::Silence => stream.read_u8().await.map(drop),
        Proxying::Tunnel => {
            let host = head.split(' ').nth(1).unwrap();
            let port: u16 = host.rsplit(':').next().unwrap().parse().unwrap();
            let mut server = TcpStream::connect(("127.0.0.1", port)).await?;
            stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
            copy_bidirectional(&mut stream, &mut server).await.map(drop)
        }
    }
}
