//! Idle connections that are gone, and connections that cannot be made.

use std::time::Duration;

use tower_jwt_auth::jwks::RemoteJwks;

use super::fixture::{COOLDOWN, Fixture, GOOD, UNKNOWN};
use crate::support::answers::document;
use crate::support::failure_label;
use crate::support::key_server::Act;

/// A document on a connection that is kept alive.
fn kept(body: &str) -> Vec<u8> {
    let bytes = String::from_utf8(document(body)).unwrap();
    bytes.replace("Connection: close\r\n", "").into_bytes()
}

#[tokio::test]
async fn a_closed_idle_connection_is_replaced() {
    let fixture = Fixture::start();
    // The response keeps the connection alive, but the server closes it.
    fixture.server.send(kept(&fixture.issuer.jwks()));
    let fixture = fixture.warm().await;
    for _ in 0..3 {
        fixture.clock.advance(COOLDOWN);
        assert_eq!(fixture.verdict(&fixture.unknown()).await, UNKNOWN);
    }
    assert_eq!(fixture.server.asked(), 4);
}

#[tokio::test]
async fn a_silently_dead_idle_connection_is_not_reused() {
    let fixture = Fixture::with(|builder| builder.timeout(Duration::from_millis(200)));
    // Like a connection that a middlebox has dropped: it stays open without responses.
    let answer = kept(&fixture.issuer.jwks());
    fixture.server.act(move |_, _| Act::Hang(answer.clone()));
    let fixture = fixture.warm().await;
    let answer = kept(&fixture.next_issuer().jwks());
    fixture.server.act(move |_, _| Act::Hang(answer.clone()));
    fixture.clock.advance(COOLDOWN);
    assert_eq!(fixture.verdict(&fixture.next_issuer().token().mint()).await, GOOD);
}

#[tokio::test]
async fn connecting_fails_after_the_connect_timeout() {
    // A full accept queue: the system leaves further connects pending.
    let full = tokio::net::TcpSocket::new_v4().unwrap();
    full.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let full = full.listen(1).unwrap();
    let address = full.local_addr().unwrap();
    let mut pending = Vec::new();
    loop {
        let connect = tokio::net::TcpStream::connect(address);
        match tokio::time::timeout(Duration::from_millis(100), connect).await {
            Ok(connection) => pending.push(connection.unwrap()),
            Err(_) => break,
        }
    }
    let keys = RemoteJwks::url(format!("http://{address}/keys"))
        .allow_http_on_loopback()
        .connect_timeout(Duration::from_millis(100))
        // The fetch timeout must not fire first: it has another label.
        .timeout(Duration::from_secs(30))
        .build()
        .unwrap();
    assert!(keys.warm().await.is_err());
    assert_eq!(failure_label(&keys.health()), Some("connection"));
    drop((full, pending));
}
