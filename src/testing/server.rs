//! The issuer's service on a local port.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, TcpListener as StdListener};
use std::ops::Deref;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use super::issuer::TestIssuer;
use super::service::TestIssuerService;

/// A [`TestIssuer`] that serves its metadata and its keys over HTTP on 127.0.0.1.
///
/// [`TestIssuer::serve`] starts it, and dropping it stops it. It derefs to [`TestIssuerService`], which mints tokens,
/// rotates keys and simulates outages. It runs on a separate thread, so tests need no particular runtime.
///
/// ```
/// # #[cfg(feature = "jwks-client")] {
/// use tower_jwt_auth::{ErrorKind, Verifier, testing::TestIssuer};
///
/// # tokio_test::block_on(async {
/// let server = TestIssuer::es256().audience("orders").serve()?;
/// let verifier = Verifier::issuer_url(server.issuer_url())
///     .allow_http_on_loopback()
///     .audience("orders")
///     .build()?;
///
/// let token = server.token().subject("user-1").mint();
/// assert_eq!(verifier.verify(&token).await?.subject(), Some("user-1"));
/// let other = server.token().claim("aud", "billing").mint();
/// assert_eq!(verifier.verify(&other).await.unwrap_err().kind(), ErrorKind::InvalidAudience);
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// # }
/// ```
#[must_use = "the server stops when it is dropped"]
pub struct TestServer {
    url: String,
    service: TestIssuerService,
    /// Stops the thread when it is dropped.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl TestIssuer {
    /// Serves the metadata and the keys of this issuer on a free port of 127.0.0.1.
    ///
    /// The issuer's name becomes the server's URL, such as `http://127.0.0.1:40123`.
    ///
    /// # Errors
    ///
    /// The operating system provides no port or no thread.
    pub fn serve(self) -> io::Result<TestServer> {
        let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let url = format!("http://{}", listener.local_addr()?);
        let service = self.issuer(&*url).service();
        let (stop, stopped) = oneshot::channel();
        let (ready, is_ready) = mpsc::channel();
        let served = service.clone();
        // A thread that already drives a runtime can neither drive nor drop another one.
        let run = move || match prepare(listener) {
            Ok((runtime, listener)) => {
                let _ = ready.send(Ok(()));
                run(&runtime, listener, &served, stopped);
            }
            Err(error) => drop(ready.send(Err(error))),
        };
        let thread = thread::Builder::new().name("test-issuer".to_owned()).spawn(run)?;
        is_ready.recv().map_err(io::Error::other)??;
        Ok(TestServer { url, service, stop: Some(stop), thread: Some(thread) })
    }
}

impl TestServer {
    /// Returns the URL of the server, which is also the issuer's name.
    pub fn issuer_url(&self) -> &str {
        &self.url
    }

    /// Returns the URL of the key set.
    pub fn jwks_url(&self) -> String {
        format!("{}/jwks", self.url)
    }
}

impl Deref for TestServer {
    type Target = TestIssuerService;

    fn deref(&self) -> &TestIssuerService {
        &self.service
    }
}

impl Drop for TestServer {
    /// Closes the port and every connection before it returns.
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // the thread has already printed its panic, if any
        }
    }
}

fn prepare(listener: StdListener) -> io::Result<(Runtime, TcpListener)> {
    let runtime = Builder::new_current_thread().enable_io().build()?;
    listener.set_nonblocking(true)?;
    let listener = {
        let _entered = runtime.enter();
        TcpListener::from_std(listener)?
    };
    Ok((runtime, listener))
}

/// Serves until the sender of `stopped` is dropped.
fn run(
    runtime: &Runtime,
    listener: TcpListener,
    service: &TestIssuerService,
    stopped: oneshot::Receiver<()>,
) {
    let accepting = async move {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => drop(tokio::spawn(serve(stream, service.clone()))),
                // The client has closed the connection, or too many connections are open.
                Err(_) => tokio::task::yield_now().await,
            }
        }
    };
    let accepting = std::pin::pin!(accepting);
    runtime.block_on(futures_util::future::select(accepting, stopped));
}

async fn serve(stream: TcpStream, service: TestIssuerService) {
    let service = TowerToHyperService::new(service);
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let _ = connection.await; // a client may close the connection at any time
}

impl fmt::Debug for TestServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestServer").field("url", &self.url).finish_non_exhaustive()
    }
}
