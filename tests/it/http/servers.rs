//! Raw requests to real servers.

use std::net::SocketAddr;

use axum::Router;
use axum::routing::any;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower::Layer;
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{JwtAuthLayer, Verified, Verifier};

use crate::support::ask::who;
use crate::support::raw_http::{Answer, Connection, get};

fn issuer() -> TestIssuer {
    TestIssuer::hs256()
}

fn layer() -> JwtAuthLayer {
    let verifier = Verifier::shared_secret(issuer().secret()).any_audience();
    JwtAuthLayer::new(verifier.build().unwrap())
}

async fn axum_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let handler = |user: Verified| async move { format!("user {}", user.subject().unwrap_or("")) };
    let app = Router::new().route("/", any(handler)).layer(layer());
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

async fn hyper_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = layer().layer(tower::service_fn(who::<hyper::body::Incoming>));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = TowerToHyperService::new(service.clone());
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    address
}

async fn servers() -> [SocketAddr; 2] {
    [axum_server().await, hyper_server().await]
}

fn good() -> Vec<u8> {
    format!("Bearer {}", issuer().token().subject("ada").mint()).into_bytes()
}

fn assert_good(answer: &Answer) {
    assert_eq!((answer.status, answer.body.as_str()), (200, "user ada"));
}

const BARE: &str = "Bearer";
const INVALID_REQUEST: &str =
    r#"Bearer error="invalid_request", error_description="The request is malformed""#;
const INVALID_TOKEN: &str =
    r#"Bearer error="invalid_token", error_description="The access token is invalid""#;

#[tokio::test]
async fn malformed_fields_are_rejected_and_the_connection_stays_open() {
    let token = String::from_utf8(good()).unwrap().split_off("Bearer ".len());
    let rows: Vec<(Vec<u8>, u16, &str)> = [
        ("", 401, BARE),
        ("Basic YWRhOnB3", 401, BARE),
        ("Bearer: TOKEN", 401, BARE),
        ("Bearer=TOKEN", 401, BARE),
        ("TOKEN", 401, BARE),
        ("Bearer", 400, INVALID_REQUEST),
        ("Bearer   ", 400, INVALID_REQUEST),
        ("Bearer\tTOKEN", 400, INVALID_REQUEST),
        ("Bearer \tTOKEN", 400, INVALID_REQUEST),
        ("Bearer TOKEN x", 400, INVALID_REQUEST),
        ("Bearer TOKEN, Bearer TOKEN", 400, INVALID_REQUEST),
        ("Bearer \"TOKEN\"", 400, INVALID_REQUEST),
        ("Bearer a.b.c", 401, INVALID_TOKEN),
        ("Bearer TOKENx", 401, INVALID_TOKEN),
        ("Bearer TOKEN.", 401, INVALID_TOKEN),
        ("Bearer\u{a0}TOKEN", 401, BARE),
        ("Bearer \u{a0}TOKEN", 400, INVALID_REQUEST),
    ]
    .into_iter()
    .map(|(field, status, challenge)| (field.replace("TOKEN", &token).into(), status, challenge))
    .collect();
    for server in servers().await {
        let mut connection = Connection::to(server).await;
        for (field, status, challenge) in &rows {
            let shown = field.escape_ascii();
            let answer = connection.ask(&get(&[field])).await;
            assert_eq!(answer.status, *status, "{shown}");
            assert_eq!(answer.header("www-authenticate"), Some(*challenge), "{shown}");
            assert_good(&connection.ask(&get(&[&good()])).await);
        }
    }
}

#[tokio::test]
async fn non_ascii_bytes_are_rejected_by_the_layer() {
    for server in servers().await {
        let mut connection = Connection::to(server).await;
        for byte in 0x80..=0xff_u8 {
            for (field, status) in [
                ([b"Bearer a.b", &[byte][..], b".c"].concat(), 400),
                ([b"Bearer", &[byte][..], b"a.b.c"].concat(), 401),
                ([&[byte][..], b"Bearer a.b.c"].concat(), 401),
            ] {
                let answer = connection.ask(&get(&[&field])).await;
                assert_eq!(answer.status, status, "{}", field.escape_ascii());
                assert!(answer.header("www-authenticate").is_some());
            }
        }
        assert_good(&connection.ask(&get(&[&good()])).await);
    }
}

#[tokio::test]
async fn control_bytes_are_rejected_by_the_server() {
    for server in servers().await {
        for byte in (0..0x20_u8).chain([0x7f]).filter(|byte| *byte != b'\t') {
            let field = [b"Bearer a.b", &[byte][..], b".c"].concat();
            let answer = Connection::to(server).await.ask(&get(&[&field])).await;
            assert_eq!(answer.status, 400, "{byte:#x}");
        }
        assert_good(&Connection::to(server).await.ask(&get(&[&good()])).await);
    }
}

#[tokio::test]
async fn two_fields_are_rejected_and_field_names_ignore_case() {
    let good = good();
    let named = |name: &str| {
        let line = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{name}: ");
        [line.as_bytes(), &good, b"\r\n\r\n"].concat()
    };
    for server in servers().await {
        let mut connection = Connection::to(server).await;
        for name in ["authorization", "AUTHORIZATION", "aUTHORIZATION"] {
            assert_good(&connection.ask(&named(name)).await);
        }
        for name in ["Authorisation", "Proxy-Authorization", "X-Authorization", "Authorization-X"] {
            let answer = connection.ask(&named(name)).await;
            assert_eq!(answer.status, 401, "{name}");
            assert_eq!(answer.header("www-authenticate"), Some(BARE), "{name}");
        }
        let pairs: [[&[u8]; 2]; 5] = [
            [&good, &good],
            [&good, b"Bearer a.b.c"],
            [b"Basic YWRhOnB3", &good],
            [&good, b"Basic YWRhOnB3"],
            [b"", &good],
        ];
        for pair in pairs {
            let answer = connection.ask(&get(&pair)).await;
            assert_eq!(answer.status, 400);
            assert_eq!(answer.header("www-authenticate"), Some(INVALID_REQUEST));
        }
        // Field names that differ only in case are the same name.
        let mixed = [
            b"GET / HTTP/1.1\r\nHost: localhost\r\nauthorization: ".as_slice(),
            &good,
            b"\r\nAUTHORIZATION: ",
            &good,
            b"\r\n\r\n",
        ]
        .concat();
        assert_eq!(connection.ask(&mixed).await.status, 400);
        assert_good(&connection.ask(&get(&[&good])).await);
    }
}

#[tokio::test]
async fn a_head_request_gets_only_headers() {
    for server in servers().await {
        let mut connection = Connection::to(server).await;
        for (fields, status, challenge) in [
            (vec![], 401, Some(BARE)),
            (vec![b"Bearer a.b.c".to_vec()], 401, Some(INVALID_TOKEN)),
            (vec![b"Bearer".to_vec()], 400, Some(INVALID_REQUEST)),
            (vec![good()], 200, None),
        ] {
            let fields: Vec<_> = fields.iter().map(Vec::as_slice).collect();
            let head = [b"HEAD", &get(&fields)[3..]].concat();
            connection.send(&head).await;
            let answer = connection.answer_to_head().await;
            assert_eq!(answer.status, status);
            assert_eq!(answer.header("www-authenticate"), challenge);
            // A body would be parsed as the start of this response.
            assert_good(&connection.ask(&get(&[&good()])).await);
            assert!(!connection.has_unread());
        }
    }
}

#[tokio::test]
async fn head_and_get_report_the_same_content_length() {
    let mut different = Vec::new();
    for (server, name) in servers().await.into_iter().zip(["axum", "hyper"]) {
        let mut connection = Connection::to(server).await;
        for fields in [vec![], vec![b"Bearer a.b.c".to_vec()], vec![good()]] {
            let fields: Vec<_> = fields.iter().map(Vec::as_slice).collect();
            let get_answer = connection.ask(&get(&fields)).await;
            let length = get_answer.header("content-length");
            assert!(length.is_some());
            connection.send(&[b"HEAD", &get(&fields)[3..]].concat()).await;
            let head_answer = connection.answer_to_head().await;
            let head_length = head_answer.header("content-length");
            // RFC 9110 §8.6: the field is absent, or has the value of the GET response.
            if head_length.is_some() && head_length != length {
                different.push(format!(
                    "{name}, {}: {head_length:?}, not {length:?}",
                    get_answer.status
                ));
            }
        }
    }
    assert!(different.is_empty(), "{different:#?}");
}

#[tokio::test]
async fn a_rejection_does_not_wait_for_the_body() {
    for server in servers().await {
        for (fields, status) in [
            ("", 401),
            ("Authorization: Bearer a.b.c\r\n", 401),
            ("Authorization: Bearer a b\r\n", 400),
        ] {
            for length in ["Content-Length: 1000000", "Transfer-Encoding: chunked"] {
                for expect in ["", "Expect: 100-continue\r\n"] {
                    let head = format!(
                        "POST / HTTP/1.1\r\nHost: localhost\r\n{fields}{expect}{length}\r\n\r\n"
                    );
                    // The body is never sent.
                    let answer = Connection::to(server).await.ask(head.as_bytes()).await;
                    assert_eq!(answer.status, status, "{head}");
                    assert!(answer.header("www-authenticate").is_some(), "{head}");
                    assert_eq!(answer.header("cache-control"), Some("no-store"), "{head}");
                }
            }
        }
        let mut good_post = b"POST / HTTP/1.1\r\nHost: localhost\r\nAuthorization: ".to_vec();
        good_post.extend_from_slice(&good());
        good_post.extend_from_slice(b"\r\nContent-Length: 4\r\n\r\nbody");
        assert_good(&Connection::to(server).await.ask(&good_post).await);
    }
}

#[tokio::test]
async fn tokens_of_any_length_are_answered() {
    for server in servers().await {
        let mut connection = Connection::to(server).await;
        for length in [8 * 1024, 16 * 1024 - 1, 16 * 1024, 16 * 1024 + 1, 64 * 1024, 256 * 1024] {
            let field = [b"Bearer ".as_slice(), &vec![b'a'; length]].concat();
            let answer = connection.ask(&get(&[&field])).await;
            assert_eq!(answer.status, 401, "{length}");
            assert_eq!(answer.header("www-authenticate"), Some(INVALID_TOKEN), "{length}");
        }
        for (padding, status) in [(11 * 1024, 200), (13 * 1024, 401)] {
            let issuer = issuer();
            let token = issuer.token().subject("ada").claim("padding", "x".repeat(padding));
            let field = format!("Bearer {}", token.mint());
            let answer = connection.ask(&get(&[field.as_bytes()])).await;
            assert_eq!(answer.status, status, "{} bytes", field.len());
        }
        assert_good(&connection.ask(&get(&[&good()])).await);
    }
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let tampered = format!("Bearer {}", issuer().token().mint_tampered()).into_bytes();
    let requests = [
        get(&[&good()]),
        get(&[&tampered]),
        get(&[&good()]),
        get(&[]),
        get(&[b"Bearer"]),
        get(&[&good()]),
    ];
    for server in servers().await {
        let mut connection = Connection::to(server).await;
        connection.send(&requests.concat()).await;
        for status in [200, 401, 200, 401, 400, 200] {
            let answer = connection.answer().await;
            assert_eq!(answer.status, status);
            assert_eq!(answer.body.contains("ada"), status == 200);
        }
        assert!(!connection.has_unread());
    }
}
