//! The built-in client over real sockets, with and without TLS.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tower_jwt_auth::introspection::Introspection;
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{ErrorKind, Verifier};

use super::Builder;
use super::fixture::{CLIENT, ISSUER, SECRET};
use crate::jwks::tls::{AUTHORITY, greeting};
use crate::support::answers::{answer, document};
use crate::support::key_server::Greeting;

/// An endpoint on a free port, until it is dropped.
struct Socket {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
    accepting: JoinHandle<()>,
}

impl Socket {
    /// Sends these bytes to each connection, after its request.
    async fn start(greeting: Greeting, response: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, requests) = (listener.local_addr().unwrap().port(), Arc::default());
        let record = Arc::clone(&requests);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // The client may disconnect at any time.
                let _ = match &greeting {
                    Greeting::Tls(tls) => match tls.accept(stream).await {
                        Ok(stream) => serve(stream, &record, &response).await,
                        Err(error) => Err(error),
                    },
                    _ => serve(stream, &record, &response).await,
                };
            }
        });
        Self { port, requests, accepting }
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    record: &Mutex<Vec<String>>,
    response: &[u8],
) -> std::io::Result<()> {
    let mut request = String::new();
    let length = |request: &str| -> Option<usize> {
        let (head, body) = request.split_once("\r\n\r\n")?;
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        let length = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?.1;
        length.parse::<usize>().ok()?.checked_sub(body.len())
    };
    while length(&request) != Some(0) {
        request.push(char::from(stream.read_u8().await?));
    }
    record.lock().unwrap().push(request);
    stream.write_all(response).await?;
    stream.shutdown().await
}

/// The kind of the error and its detail, if the token is rejected.
async fn judge(
    url: String,
    settings: impl FnOnce(Builder) -> Builder,
) -> Option<(ErrorKind, String)> {
    let introspection = Introspection::endpoint(url, ISSUER)
        .client_secret_basic(CLIENT, SECRET)
        .allow_unsigned_answers()
        .allow_http_on_loopback()
        .no_proxy();
    let introspection = settings(introspection).build().unwrap();
    let issuer = TestIssuer::es256().issuer(ISSUER);
    let verifier = Verifier::jwks(issuer.jwks()).issuer(ISSUER).any_audience();
    let verifier = verifier.revocation(introspection).build().unwrap();
    let error = verifier.verify(&issuer.token().mint()).await.err()?;
    Some((error.kind(), error.detail().unwrap_or_default().to_owned()))
}

fn failed(detail: &str) -> (ErrorKind, String) {
    (ErrorKind::RevocationUnavailable, detail.to_owned())
}

#[tokio::test]
async fn the_built_in_client_posts_the_form() {
    let socket = Socket::start(Greeting::Plain, document(r#"{"active":true}"#)).await;
    let url = |host| format!("http://{host}:{}/introspect?tenant=a", socket.port);
    assert_eq!(judge(url("127.0.0.1"), |it| it).await, None);
    let request = &socket.requests()[0];
    let (head, form) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /introspect?tenant=a HTTP/1.1\r\n"), "{head}");
    assert!(form.starts_with("token=eyJ") && form.ends_with("&token_type_hint=access_token"));

    let socket = Socket::start(Greeting::Plain, document(r#"{"active":false}"#)).await;
    let url = format!("http://127.0.0.1:{}/introspect", socket.port);
    let (kind, _) = judge(url, |it| it).await.unwrap();
    assert_eq!(kind, ErrorKind::TokenRevoked);
}

#[tokio::test]
async fn the_built_in_client_follows_no_redirect() {
    let target = Socket::start(Greeting::Plain, document(r#"{"active":true}"#)).await;
    let location = format!("http://127.0.0.1:{}/introspect", target.port);
    for line in
        ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"]
    {
        let redirect = answer(line, &[("Location", &*location)], "");
        let socket = Socket::start(Greeting::Plain, redirect).await;
        let url = format!("http://127.0.0.1:{}/introspect", socket.port);
        let detail = "the introspection endpoint answered with a redirect, which is not followed";
        assert_eq!(judge(url, |it| it).await, Some(failed(detail)), "{line}");
    }
    assert!(target.requests().is_empty());
}

#[tokio::test]
async fn the_built_in_client_verifies_certificates() {
    for (certificate, accepted) in
        [("good", true), ("expired", false), ("elsewhere", false), ("untrusted", false)]
    {
        let response = document(r#"{"active":true}"#);
        let socket = Socket::start(greeting(certificate), response).await;
        let url = format!("https://localhost:{}/introspect", socket.port);
        let verdict = judge(url.clone(), |it| it.root_certificates(AUTHORITY)).await;
        let unreachable = Some(failed("the introspection endpoint could not be reached"));
        let expected = if accepted { None } else { unreachable.clone() };
        assert_eq!(verdict, expected, "{certificate}");
        // Without the private authority, none is trusted.
        assert_eq!(judge(url, |it| it).await, unreachable, "{certificate}");
        // Nothing was sent over a connection that is not trusted.
        assert_eq!(socket.requests().len(), usize::from(accepted), "{certificate}");
    }
}

#[tokio::test]
async fn a_closed_port_is_unknown() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://127.0.0.1:{}/introspect", listener.local_addr().unwrap().port());
    drop(listener);
    let detail = "the introspection endpoint could not be reached";
    assert_eq!(judge(url, |it| it).await, Some(failed(detail)));
}
