//! Tokens in cookies, parameters and subprotocols, sent as raw bytes to real servers.

use std::net::SocketAddr;

use axum::Router;
use axum::routing::any;
use http::HeaderName;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower::Layer;
use tower_jwt_auth::source::{
    BearerHeader, CookieToken, HeaderToken, QueryToken, WebSocketProtocol,
};
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{JwtAuthLayer, Verified, Verifier};

use crate::support::ask::who;
use crate::support::raw_http::Connection;

fn layer() -> JwtAuthLayer {
    let verifier = Verifier::shared_secret(TestIssuer::hs256().secret()).any_audience();
    JwtAuthLayer::new(verifier.build().unwrap()).remove_token().token_source(
        BearerHeader
            .or(HeaderToken::new(HeaderName::from_static("x-assertion")))
            .or(CookieToken::new("__Host-s").allow_chunks())
            .or(QueryToken::new("t"))
            .or(WebSocketProtocol::new("bearer")),
    )
}

async fn servers() -> [SocketAddr; 2] {
    let [axum, hyper] = [
        TcpListener::bind("127.0.0.1:0").await.unwrap(),
        TcpListener::bind("127.0.0.1:0").await.unwrap(),
    ];
    let addresses = [axum.local_addr().unwrap(), hyper.local_addr().unwrap()];
    let handler = |user: Verified| async move { format!("user {}", user.subject().unwrap_or("")) };
    let app = Router::new().route("/", any(handler)).layer(layer());
    tokio::spawn(async move { axum::serve(axum, app).await });
    let service = layer().layer(tower::service_fn(who::<hyper::body::Incoming>));
    tokio::spawn(async move {
        while let Ok((stream, _)) = hyper.accept().await {
            let service = TowerToHyperService::new(service.clone());
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    addresses
}

/// A `GET` request with these header lines. `TOKEN` is a valid token, `FIRST` and `REST` are its two parts.
fn get(target: &[u8], lines: &[&[u8]], token: &str) -> Vec<u8> {
    let (first, rest) = token.split_at(token.len() / 3);
    let mut request = [b"GET ", target, b" HTTP/1.1\r\nHost: localhost\r\n"].concat();
    for line in lines {
        request.extend_from_slice(line);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    for (name, text) in [("TOKEN", token), ("FIRST", first), ("REST", rest)] {
        while let Some(at) = request.windows(name.len()).position(|it| it == name.as_bytes()) {
            request.splice(at..at + name.len(), text.bytes());
        }
    }
    request
}

type Row = (&'static [u8], &'static [&'static [u8]], u16);

/// The only token location that shared caches recognize.
const ONLY_BEARER: &[&[u8]] = &[b"Authorization: Bearer TOKEN"];

const ROWS: &[Row] = &[
    (b"/", &[], 401),
    // Header fields.
    (b"/", ONLY_BEARER, 200),
    (b"/", &[b"X-Assertion: TOKEN"], 200),
    (b"/", &[b"x-assertion:TOKEN"], 200),
    (b"/", &[b"X-Assertion: Bearer TOKEN"], 400),
    (b"/", &[b"X-Assertion: TOKEN", b"X-Assertion: TOKEN"], 400),
    (b"/", &[b"X-Assertion:"], 400),
    (b"/", &[b"X-Assertion: \xff"], 400),
    // Cookies.
    (b"/", &[b"Cookie: __Host-s=TOKEN"], 200),
    (b"/", &[b"Cookie: a=b; __Host-s=TOKEN; c=\xff\xfe"], 200),
    (b"/", &[b"Cookie: a=\"b; __Host-s=TOKEN"], 200),
    (b"/", &[b"Cookie: a=b", b"Cookie: __Host-s=TOKEN", b"Cookie: c=d"], 200),
    (b"/", &[b"Cookie: __Host-s=\"TOKEN\""], 200),
    (b"/", &[b"Cookie: __Host-s.1=REST; __Host-s.0=FIRST"], 200),
    (b"/", &[b"Cookie: __Host-s.1=REST", b"Cookie: __Host-s.0=FIRST"], 200),
    (b"/", &[b"Cookie: __Host-s="], 401),
    (b"/", &[b"Cookie: s=TOKEN"], 401),
    (b"/", &[b"Cookie: \xe2\x80\x83__Host-s=TOKEN"], 401),
    (b"/", &[b"Cookie: =__Host-s=TOKEN"], 401),
    (b"/", &[b"Cookie: ;;;=;==;"], 401),
    (b"/", &[b"Cookie: __Host-s=TOKEN, __Host-s=TOKEN"], 400),
    (b"/", &[b"Cookie: __Host-s=TOKEN; __Host-s=TOKEN"], 200),
    (b"/", &[b"Cookie: __Host-s=TOKEN", b"Cookie: __Host-s=TOKEN"], 200),
    (b"/", &[b"Cookie: __Host-s=TOKEN; __Host-s=a.b.c"], 400),
    (b"/", &[b"Cookie: __Host-s=", b"Cookie: __Host-s=TOKEN"], 400),
    (b"/", &[b"Cookie: __Host-s=TOKEN\xff"], 400),
    (b"/", &[b"Cookie: __Host-s=TOK\tEN"], 400),
    (b"/", &[b"Cookie: __Host-s=\"TOKEN"], 400),
    (b"/", &[b"Cookie: __Host-s=TOKEN; __Host-s.0=FIRST"], 400),
    (b"/", &[b"Cookie: __Host-s.0=FIRST; __Host-s.2=REST"], 400),
    (b"/", &[b"Cookie: __Host-s.0=FIRST"], 401),
    (b"/", &[b"Cookie: __Host-s.0=FIRST; __Host-s.100=REST"], 401),
    // Parameters.
    (b"/?t=TOKEN", &[], 200),
    (b"/?x=%ff&t=TOKEN&&", &[], 200),
    (b"http://localhost/?t=TOKEN", &[], 200),
    (b"/?%74=TOKEN", &[], 200),
    (b"/?T=TOKEN", &[], 401),
    (b"/?x=1;t=TOKEN", &[], 401),
    (b"/?t=", &[], 400),
    (b"/?t", &[], 400),
    (b"/?t=TOKEN%", &[], 400),
    (b"/?t=TOKEN%4", &[], 400),
    (b"/?t=TOKEN+", &[], 400),
    (b"/?t=TOKEN%00", &[], 400),
    (b"/?t=TOKEN&t=TOKEN", &[], 400),
    (b"/?t=TOKEN&%74=", &[], 400),
    (b"/?t[]=TOKEN", &[], 401),
    // Subprotocols.
    (b"/", &[b"Sec-WebSocket-Protocol: bearer, TOKEN"], 200),
    (b"/", &[b"Sec-WebSocket-Protocol: chat,bearer,TOKEN,v2"], 200),
    (b"/", &[b"Sec-WebSocket-Protocol: TOKEN"], 401),
    (b"/", &[b"Sec-WebSocket-Protocol: bearer"], 400),
    (b"/", &[b"Sec-WebSocket-Protocol: bearer, \xff"], 400),
    (b"/", &[b"Sec-WebSocket-Protocol: bearer, TOKEN, TOKEN"], 400),
    // Several sources at once.
    (b"/?t=TOKEN", &[b"Authorization: Bearer TOKEN", b"Cookie: __Host-s=TOKEN"], 200),
    (b"/", &[b"Authorization: Basic YTpi", b"Cookie: __Host-s=TOKEN"], 200),
    (b"/?t=a.b.c", &[b"Cookie: __Host-s=TOKEN"], 400),
    (b"/", &[b"Authorization: Bearer a.b.c", b"Cookie: __Host-s=TOKEN"], 400),
    (b"/", &[b"Authorization: Bearer", b"Cookie: __Host-s=TOKEN"], 400),
    (b"/", &[b"Authorization: Bearer TOKEN", b"Cookie: __Host-s=a b"], 400),
];

#[tokio::test]
async fn every_source_accepts_only_one_well_formed_token() {
    let token = TestIssuer::hs256().token().subject("ada").mint();
    for server in servers().await {
        let mut connection = Connection::to(server).await;
        for (target, lines, status) in ROWS {
            let answer = connection.ask(&get(target, lines, &token)).await;
            let shown: Vec<_> = lines.iter().map(|line| line.escape_ascii().to_string()).collect();
            let shown = format!("{} {shown:?}: {}", target.escape_ascii(), answer.body);
            assert_eq!(answer.status, *status, "{shown}");
            let cached = match status {
                200 if *lines == ONLY_BEARER => None,
                200 => Some("private"),
                _ => Some("no-store"),
            };
            assert_eq!(answer.header("cache-control"), cached, "{shown}");
            assert_eq!(answer.body == "user ada", *status == 200, "{shown}");
            assert_eq!(answer.header("www-authenticate").is_some(), *status != 200, "{shown}");
        }
    }
}
