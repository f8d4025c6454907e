//! A key server on a loopback port, with configurable faults and a record of its requests.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use super::answers::{document, status};

/// A test that waits longer than this fails instead of hanging.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The reaction to a request.
#[derive(Clone)]
pub(crate) enum Act {
    /// Sends these bytes and closes the connection.
    Send(Vec<u8>),
    /// Sends these bytes and leaves the connection open.
    Hang(Vec<u8>),
    /// Sends one of these bytes each second.
    Drip(Vec<u8>),
    /// Sends the first bytes once and the others repeatedly.
    Endless(Vec<u8>, Vec<u8>),
    /// Resets the connection.
    Reset,
    /// Waits until the gate is open.
    After(Gate, Box<Act>),
}

/// Delays responses until it is open.
#[derive(Clone, Debug)]
pub(crate) struct Gate(Arc<Semaphore>);

impl Gate {
    pub(crate) fn closed() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }

    pub(crate) fn open(&self) {
        self.0.add_permits(1);
    }

    /// Sends these bytes when the gate is open.
    pub(crate) fn then(&self, bytes: Vec<u8>) -> Act {
        Act::After(self.clone(), Box::new(Act::Send(bytes)))
    }
}

/// The first line of a request and its headers.
#[derive(Clone, Debug)]
pub(crate) struct Request(String);

impl Request {
    pub(crate) fn method(&self) -> &str {
        self.0.split(' ').next().unwrap()
    }

    pub(crate) fn path(&self) -> &str {
        self.0.split(' ').nth(1).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let headers = self.0.lines().skip(1).filter_map(|line| line.split_once(':'));
        let mut values = headers.filter(|header| header.0.eq_ignore_ascii_case(name));
        let value = values.next().map(|header| header.1.trim());
        assert!(values.next().is_none(), "`{name}` appears more than once");
        value
    }
}

/// Chooses the reaction to a request. The number counts the requests from zero since the behaviour was set.
pub(crate) type Behaviour = Arc<dyn Fn(&Request, usize) -> Act + Send + Sync>;

/// The start of a connection, before the request.
#[derive(Clone)]
pub(crate) enum Greeting {
    /// Nothing: plain HTTP.
    Plain,
    /// A TLS handshake.
    Tls(TlsAcceptor),
    /// A TLS handshake that is never answered.
    Silence,
}

struct Shared {
    behaviour: Mutex<(Behaviour, usize)>,
    greeting: Mutex<Greeting>,
    connections: watch::Sender<usize>,
    requests: watch::Sender<Vec<Request>>,
}

/// The server. It keeps its port until it is dropped, open or closed.
pub(crate) struct KeyServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Mutex<Option<JoinHandle<()>>>,
    /// Bound but never listening: it reserves the port, and connections to a closed server are refused.
    _reserved: TcpSocket,
}

impl KeyServer {
    /// Serves this document over HTTP.
    pub(crate) fn start(body: &str) -> Self {
        let reserved = TcpSocket::new_v4().unwrap();
        reserved.set_reuseport(true).unwrap();
        reserved.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let answer = document(body);
        let behaviour: Behaviour = Arc::new(move |_: &Request, _| Act::Send(answer.clone()));
        let server = Self {
            address: reserved.local_addr().unwrap(),
            shared: Arc::new(Shared {
                behaviour: Mutex::new((behaviour, 0)),
                greeting: Mutex::new(Greeting::Plain),
                connections: watch::Sender::new(0),
                requests: watch::Sender::new(Vec::new()),
            }),
            accepting: Mutex::new(None),
            _reserved: reserved,
        };
        server.open();
        server
    }

    /// Starts to listen, unless it already does.
    pub(crate) fn open(&self) {
        let mut accepting = self.accepting.lock().unwrap_or_else(PoisonError::into_inner);
        if accepting.is_none() {
            let socket = TcpSocket::new_v4().unwrap();
            socket.set_reuseport(true).unwrap();
            socket.bind(self.address).unwrap();
            let listener = socket.listen(1024).unwrap();
            *accepting = Some(tokio::spawn(accept(listener, Arc::clone(&self.shared))));
        }
    }

    /// Closes the port. Further connections are refused.
    pub(crate) async fn close(&self) {
        let accepting = self.accepting.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(accepting) = accepting {
            accepting.abort();
            let _ = accepting.await; // it was cancelled, and the socket is closed
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A URL with the host name of the certificates.
    pub(crate) fn https_url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.address.port())
    }

    /// Sets the reaction to all further requests.
    pub(crate) fn act(&self, act: impl Fn(&Request, usize) -> Act + Send + Sync + 'static) {
        self.behave(Arc::new(act));
    }

    /// Like [`act`](Self::act).
    pub(crate) fn behave(&self, behaviour: Behaviour) {
        let mut old = self.shared.behaviour.lock().unwrap_or_else(PoisonError::into_inner);
        *old = (behaviour, 0);
    }

    /// Sets the start of all further connections.
    pub(crate) fn greet(&self, greeting: Greeting) {
        *self.shared.greeting.lock().unwrap_or_else(PoisonError::into_inner) = greeting;
    }

    /// Answers all further requests with these bytes.
    pub(crate) fn send(&self, bytes: Vec<u8>) {
        self.act(move |_, _| Act::Send(bytes.clone()));
    }

    /// Serves this document to all further requests.
    pub(crate) fn serve(&self, body: &str) {
        self.send(document(body));
    }

    /// Accepts all further requests without an answer.
    pub(crate) fn hang(&self) {
        self.act(|_, _| Act::Hang(Vec::new()));
    }

    pub(crate) fn connections(&self) -> usize {
        *self.shared.connections.borrow()
    }

    /// Watches the number of connections.
    pub(crate) fn watch_connections(&self) -> watch::Receiver<usize> {
        self.shared.connections.subscribe()
    }

    /// The requests so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.shared.requests.borrow().clone()
    }

    /// The number of requests so far.
    pub(crate) fn asked(&self) -> usize {
        self.shared.requests.borrow().len()
    }

    /// Waits for this many requests.
    pub(crate) async fn wait_for_requests(&self, times: usize) {
        let mut requests = self.shared.requests.subscribe();
        let asked = requests.wait_for(|requests| requests.len() >= times);
        let asked = tokio::time::timeout(TIMEOUT, asked).await;
        assert!(asked.is_ok(), "{} requests instead of {times}", self.asked());
    }
}

impl Drop for KeyServer {
    fn drop(&mut self) {
        let accepting = self.accepting.lock().unwrap_or_else(PoisonError::into_inner).take();
        accepting.inspect(JoinHandle::abort);
    }
}

impl fmt::Debug for KeyServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyServer({})", self.address)
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // Cancelling this task also cancels the connections.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        shared.connections.send_modify(|count| *count += 1);
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            // Clients may disconnect at any time.
            let _ = greet_and_serve(stream, &shared).await;
        });
    }
}

async fn greet_and_serve(mut stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let greeting = shared.greeting.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match greeting {
        Greeting::Plain => serve(stream, shared, |stream| stream).await,
        Greeting::Tls(tls) => serve(tls.accept(stream).await?, shared, |tls| tls.get_ref().0).await,
        Greeting::Silence => {
            while stream.read_u8().await.is_ok() {}
            Ok(())
        }
    }
}

async fn serve<S>(
    mut stream: S,
    shared: &Shared,
    socket: fn(&S) -> &TcpStream,
) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
        if !head[0].is_ascii_uppercase() {
            // For example the start of a TLS handshake.
            return stream.write_all(&status("400 Bad Request")).await;
        }
    }
    let request = Request(String::from_utf8_lossy(&head).into_owned());
    let mut act = {
        let mut behaviour = shared.behaviour.lock().unwrap_or_else(PoisonError::into_inner);
        behaviour.1 += 1;
        (behaviour.0)(&request, behaviour.1 - 1)
    };
    shared.requests.send_modify(|requests| requests.push(request));
    loop {
        match act {
            Act::Send(bytes) => {
                stream.write_all(&bytes).await?;
                return stream.shutdown().await;
            }
            Act::Hang(bytes) => {
                stream.write_all(&bytes).await?;
                stream.flush().await?;
                // Waits until the client disconnects.
                return stream.read_u8().await.map(drop);
            }
            Act::Drip(bytes) => {
                for byte in bytes {
                    stream.write_all(&[byte]).await?;
                    stream.flush().await?;
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                return stream.shutdown().await;
            }
            Act::Endless(first, again) => {
                stream.write_all(&first).await?;
                loop {
                    stream.write_all(&again).await?;
                }
            }
            Act::Reset => {
                // A linger time of zero does not block: it resets the connection at once.
                #[allow(deprecated)]
                return socket(&stream).set_linger(Some(Duration::ZERO));
            }
            Act::After(gate, then) => {
                drop(gate.0.acquire().await);
                act = *then;
            }
        }
    }
}
