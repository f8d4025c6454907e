//! Tests of streams that end with the token, over HTTP/2 connections.

use std::error::Error;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::stream;
use http::Request;
use http_body_util::{BodyExt, Empty, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http2 as client;
use hyper::server::conn::http2 as server;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::time::{Instant, Interval, interval};
use tonic::Code;
use tonic::transport::Endpoint;
use tonic_example::proto::WatchRequest;
use tonic_example::proto::orders_client::OrdersClient;
use tower::{Layer, service_fn};
use tower_jwt_auth::clock::Clock;
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{JwtAuthLayer, Verifier};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

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

/// A verifier, and the value of `authorization`.
fn fixture(clock: Virtual) -> Outcome<(Verifier, String)> {
    let issuer = TestIssuer::es256().issuer("https://auth.test").audience("orders").clock(clock);
    let start = Verifier::jwks(issuer.jwks()).issuer("https://auth.test").audience("orders");
    let verifier = start.leeway(Duration::ZERO).clock(clock).build()?;
    let token = issuer.token().subject("ada").expires_in(LIFETIME).mint();
    Ok((verifier, format!("Bearer {token}")))
}

fn assert_at_expiry(clock: Virtual) {
    let bounds = LIFETIME..LIFETIME + SECOND;
    assert!(bounds.contains(&clock.monotonic()), "{:?}", clock.monotonic());
}

#[tokio::test(start_paused = true)]
async fn a_grpc_stream_ends_with_unauthenticated_at_expiry() -> Outcome {
    let clock = Virtual(Instant::now());
    let (verifier, authorization) = fixture(clock)?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async {
        let ended = tonic_example::serve(listener, verifier, std::future::pending()).await;
        eprintln!("server: {ended:?}");
    });
    let mut orders = OrdersClient::new(Endpoint::from_shared(url)?.connect().await?);
    let mut request = tonic::Request::new(WatchRequest { follow: true });
    request.metadata_mut().insert("authorization", authorization.parse()?);

    let mut stream = orders.watch(request).await?.into_inner();
    for id in ["1", "2", "3"] {
        assert_eq!(stream.message().await?.map(|order| order.id).as_deref(), Some(id));
    }
    assert!(clock.monotonic() < SECOND);
    let status = stream.message().await.err().ok_or("the stream looks complete")?;
    assert_eq!(status.code(), Code::Unauthenticated);
    assert_eq!(status.message(), "The access token expired");
    assert_at_expiry(clock);

    // The connection still works: a new request with this token is rejected in the same way.
    let mut request = tonic::Request::new(WatchRequest { follow: false });
    request.metadata_mut().insert("authorization", authorization.parse()?);
    let rejected = orders.watch(request).await.err().ok_or("an expired token was accepted")?;
    assert_eq!(rejected.code(), Code::Unauthenticated);
    assert_eq!(rejected.message(), "The access token expired");
    Ok(())
}

/// A line each second.
async fn next_line(
    mut ticks: Interval,
) -> Option<(Result<Frame<Bytes>, std::io::Error>, Interval)> {
    ticks.tick().await;
    Some((Ok(Frame::data(Bytes::from_static(b"line\n"))), ticks))
}

#[tokio::test(start_paused = true)]
async fn another_http2_response_is_reset_at_expiry() -> Outcome {
    let clock = Virtual(Instant::now());
    let (verifier, authorization) = fixture(clock)?;
    let service = JwtAuthLayer::new(verifier).end_streams_at_expiry().layer(service_fn(
        async |_: Request<Incoming>| {
            let lines = StreamBody::new(stream::unfold(interval(SECOND), next_line));
            Ok::<_, std::io::Error>(http::Response::new(BodyExt::boxed_unsync(lines)))
        },
    ));
    let (near, far) = tokio::io::duplex(1024);
    let connection = server::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(far), TowerToHyperService::new(service));
    tokio::spawn(connection);
    let (mut sender, connection) =
        client::handshake(TokioExecutor::new(), TokioIo::new(near)).await?;
    tokio::spawn(connection);

    let request = |authorization: &str| {
        let request = Request::get("http://localhost/").header("authorization", authorization);
        request.body(Empty::<Bytes>::new())
    };
    let response = sender.send_request(request(&authorization)?).await?;
    assert_eq!(response.status(), 200);
    let (mut body, mut lines) = (response.into_body(), 0);
    let error = loop {
        match body.frame().await.ok_or("the body looks complete")? {
            Ok(_) => lines += 1,
            Err(error) => break error,
        }
    };
    // At 0 s, and the last one second before the expiry.
    assert_eq!(lines, 30);
    assert_at_expiry(clock);
    let reset = error.source().ok_or("no cause")?.to_string();
    assert!(reset.contains("stream error received"), "{reset}");
    // Only the stream was reset, not the connection.
    assert_eq!(sender.send_request(request(&authorization)?).await?.status(), 401);
    Ok(())
}
