//! A whole server, with and without the layer. `loopback.py` sends the load.
//!
//! `cargo bench --bench loopback -- serve on HS256` serves until its standard input ends. The first line of its
//! output is its port and a token. It uses one thread and leaves the other processor to the load. Instead of `on`,
//! `off` omits the layer, and `cached` adds a token cache (feature `cache`).
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[allow(dead_code, reason = "other benchmarks use the rest")]
mod support {
    pub(crate) mod fixtures;
}

use std::convert::Infallible;
use std::io::Read;
use std::{env, thread};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use support::fixtures::{Fixture, Kind, Typed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime;
use tower::{Layer, Service, service_fn};
use tower_jwt_auth::{Algorithm, JwtAuthLayer};

fn main() {
    let arguments: Vec<_> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["serve", front, algorithm] => {
            let front =
                Front::from_name(front).expect("`on`, `off` or, with its feature, `cached`");
            let algorithm = Algorithm::from_name(algorithm).expect("the name of an algorithm");
            let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(serve(&Fixture::new(algorithm), front));
        }
        ["--test"] => {
            let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(test());
        }
        _ => println!("run `python3 benches/loopback.py`, which starts this server"),
    }
}

/// The middleware in front of the service.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Front {
    Nothing,
    Layer,
    #[cfg(feature = "cache")]
    CachingLayer,
}

impl Front {
    fn from_name(name: &str) -> Option<Self> {
        match name {
            "off" => Some(Self::Nothing),
            "on" => Some(Self::Layer),
            #[cfg(feature = "cache")]
            "cached" => Some(Self::CachingLayer),
            _ => None,
        }
    }
}

async fn serve(fixture: &Fixture, front: Front) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    println!("{port} {}", fixture.tokens(Kind::Valid).swap_remove(0));
    // Standard input closes when the parent process exits, for whatever reason.
    thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    accept(listener, fixture, front).await;
}

async fn accept(listener: TcpListener, fixture: &Fixture, front: Front) {
    let verifier = fixture.builder().claims::<Typed>();
    let verifier = match front {
        Front::Nothing => return accept_for(listener, handler()).await,
        Front::Layer => verifier,
        #[cfg(feature = "cache")]
        Front::CachingLayer => verifier.cache(tower_jwt_auth::TokenCache::new(1024)),
    };
    accept_for(listener, JwtAuthLayer::new(verifier.build().unwrap()).layer(handler())).await;
}

/// Serves connections, with or without the layer.
fn handler()
-> impl Service<Request<Incoming>, Response = Response<Full<Bytes>>, Error = Infallible, Future: Send>
+ Clone
+ Send
+ 'static {
    service_fn(async |_: Request<Incoming>| {
        Ok::<_, Infallible>(Response::new(Full::from("hello, world\n")))
    })
}

async fn accept_for<S, B>(listener: TcpListener, service: S)
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let service = TowerToHyperService::new(service.clone());
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        // A connection closed by the client is not an error here.
        tokio::spawn(async { drop(connection.await) });
    }
}

/// Sends one request of each kind to each server.
async fn test() {
    let fixture = Fixture::new(Algorithm::HS256);
    let token = fixture.tokens(Kind::Valid).swap_remove(0);
    let other = fixture.tokens(Kind::BadSignature).swap_remove(0);
    for front in ["off", "on", "cached"] {
        let Some(front) = Front::from_name(front) else { continue };
        let rejected = if front == Front::Nothing { "200" } else { "401" };
        for (token, status) in [(Some(&token), "200"), (Some(&other), rejected), (None, rejected)] {
            ask(&fixture, front, token, status).await;
        }
    }
    println!("the server responds with and without the layer");
}

async fn ask(fixture: &Fixture, front: Front, token: Option<&String>, status: &str) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = accept(listener, fixture, front);
    let answer = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let token = token.map(|token| format!("Authorization: Bearer {token}\r\n"));
        let token = token.unwrap_or_default();
        let request = format!("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{token}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    tokio::select! {
        () = server => unreachable!("the server never stops accepting"),
        answer = answer => assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}"),
    }
}
