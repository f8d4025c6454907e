//! Responses that end with the token, over real connections.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Sse, sse::Event};
use axum::routing::get;
use bytes::Bytes;
use futures_util::{Stream, stream};
use http::header::CONTENT_LENGTH;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, interval};
use tower_jwt_auth::clock::Clock;
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{JwtAuthLayer, Verifier};

const SECOND: Duration = Duration::from_secs(1);
const LIFETIME: Duration = Duration::from_secs(30);

/// The virtual time of a paused runtime.
#[derive(Clone, Copy, Debug)]
struct Virtual(Instant);

impl Clock for Virtual {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Numbers, one each second.
fn ticks() -> impl Stream<Item = u64> + Send {
    stream::unfold((interval(SECOND), 0), |(mut interval, number)| async move {
        interval.tick().await;
        Some((number, (interval, number + 1)))
    })
}

async fn events() -> impl IntoResponse {
    use futures_util::StreamExt;
    Sse::new(ticks().map(|number| Ok::<_, Infallible>(Event::default().data(number.to_string()))))
}

fn lines() -> Body {
    use futures_util::StreamExt;
    Body::from_stream(ticks().map(|number| Ok::<_, Infallible>(format!("{number}\n"))))
}

/// A body that never has data.
fn silent() -> Body {
    Body::from_stream(stream::pending::<Result<Bytes, Infallible>>())
}

/// A server whose time is `clock`, and the value of `Authorization`.
async fn serve(clock: Virtual) -> (SocketAddr, String) {
    let issuer = TestIssuer::hs256().clock(clock);
    let verifier = Verifier::shared_secret(issuer.secret()).any_audience().leeway(Duration::ZERO);
    let layer = JwtAuthLayer::new(verifier.clock(clock).build().unwrap()).end_streams_at_expiry();
    let app = Router::new()
        .route("/events", get(events))
        .route("/lines", get(async || lines()))
        .route("/silent", get(async || silent()))
        .route("/sized", get(async || ([(CONTENT_LENGTH, "1000")], lines())))
        .route("/short", get(async || "short"))
        .route_layer(layer);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    (address, format!("Bearer {}", issuer.token().expires_in(LIFETIME).mint()))
}

/// What a client receives.
struct Received {
    /// The data after the headers, without the framing of chunks.
    text: String,
    /// Whether the body has the last chunk, of no length.
    is_complete: bool,
    /// When the first and the last bytes came.
    times: [Duration; 2],
    /// Whether the server closed the connection.
    is_closed: bool,
}

/// Requests a path, and reads until the body is complete or the connection is closed.
async fn read(path: &str) -> Received {
    let clock = Virtual(Instant::now());
    let (server, authorization) = serve(clock).await;
    let mut connection = TcpStream::connect(server).await.unwrap();
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    let (mut bytes, mut times) = (Vec::new(), Vec::new());
    let is_closed = loop {
        let mut part = [0; 4096];
        match connection.read(&mut part).await {
            Ok(0) | Err(_) => break true,
            Ok(length) => bytes.extend_from_slice(&part[..length]),
        }
        times.push(clock.monotonic());
        if bytes.ends_with(b"0\r\n\r\n") || bytes.ends_with(b"short") {
            break false;
        }
    };
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    let times = [*times.first().unwrap(), *times.last().unwrap()];
    let is_complete = body.ends_with("0\r\n\r\n");
    Received { text: body.to_owned(), is_complete, times, is_closed }
}

// The runtime's time is paused: it advances only while every task waits.

#[tokio::test(start_paused = true)]
async fn an_event_stream_is_complete_at_expiry() {
    let received = read("/events").await;
    assert!(received.is_complete && !received.is_closed);
    // An event at 0 s, and the last at most a second before the expiry.
    assert!(received.text.contains("data: 0\n\n") && received.text.contains("data: 29\n\n"));
    assert!(!received.text.contains("data: 30"), "{}", received.text);
    assert!(received.times[0] < SECOND);
    assert_near(received.times[1], LIFETIME);
}

#[tokio::test(start_paused = true)]
async fn a_chunked_download_is_cut_off_at_expiry() {
    let received = read("/lines").await;
    assert!(!received.is_complete && received.is_closed);
    assert!(received.text.contains("0\n") && received.text.contains("29\n"));
    assert!(!received.text.contains("30\n"), "{}", received.text);
    assert_near(received.times[1], LIFETIME.saturating_sub(SECOND));
}

#[tokio::test(start_paused = true)]
async fn a_download_of_known_length_is_cut_off_at_expiry() {
    let received = read("/sized").await;
    assert!(!received.is_complete && received.is_closed);
    assert!(received.text.starts_with("0\n1\n2\n") && received.text.ends_with("29\n"));
    assert!(received.text.len() < 1000);
}

#[tokio::test(start_paused = true)]
async fn a_body_without_data_is_cut_off_at_expiry() {
    let started = Instant::now();
    let received = read("/silent").await;
    assert_eq!(received.text, "");
    assert!(received.is_closed);
    assert_near(started.elapsed(), LIFETIME);
}

#[tokio::test(start_paused = true)]
async fn a_short_response_is_complete() {
    let received = read("/short").await;
    assert_eq!(received.text, "short");
    assert!(!received.is_closed && received.times[1] < SECOND);
}

/// Timers of a paused runtime are accurate to a few milliseconds, and the network takes no time.
#[track_caller]
fn assert_near(time: Duration, expected: Duration) {
    let bounds = expected..expected + Duration::from_millis(500);
    assert!(bounds.contains(&time), "{time:?} instead of {expected:?}");
}
