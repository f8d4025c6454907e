//! Connections that are kept, and what becomes of them in a quiet hour.

use std::time::Duration;

use tower_jwt_auth::jwks::RemoteJwks;

use super::fixture::{COOL_DOWN, Fixture, GOOD, UNKNOWN};
use crate::support::answers::document;
use crate::support::failure_label;
use crate::support::key_server::Act;

/// A document after which the connection may be used again.
fn kept(body: &str) -> Vec<u8> {
    let bytes = String::from_utf8(document(body)).unwrap();
    bytes.replace("Connection: close\r\n", "").into_bytes()
}

#[tokio::test]
async fn a_connection_that_the_server_closed_meanwhile_costs_nothing() {
    let fixture = Fixture::start();
    // Says that the connection stays, and closes it.
    fixture.server.send(kept(&fixture.issuer.jwks()));
    let fixture = fixture.warm().await;
    for _ in 0..3 {
        fixture.clock.advance(COOL_DOWN);
        assert_eq!(fixture.verdict(&fixture.unknown()).await, UNKNOWN);
    }
    assert_eq!(fixture.server.asked(), 4);
}

#[tokio::test]
async fn a_connection_that_died_without_a_word_costs_nothing() {
    let fixture = Fixture::with(|builder| builder.timeout(Duration::from_millis(200)));
    // As when something in between has forgotten it: the connection stays and nothing answers on it.
    let answer = kept(&fixture.issuer.jwks());
    fixture.server.act(move |_, _| Act::Hang(answer.clone()));
    let fixture = fixture.warm().await;
    let answer = kept(&fixture.next_issuer().jwks());
    fixture.server.act(move |_, _| Act::Hang(answer.clone()));
    fixture.clock.advance(COOL_DOWN);
    assert_eq!(fixture.verdict(&fixture.next_issuer().token().mint()).await, GOOD);
}

#[tokio::test]
async fn a_connection_that_never_comes_about_ends_at_its_own_time_out() {
    // A queue with no room left: the system then lets those who knock wait.
    let full = tokio::net::TcpSocket::new_v4().unwrap();
    full.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let full = full.listen(1).unwrap();
    let address = full.local_addr().unwrap();
    let mut knocking = Vec::new();
    loop {
        let knock = tokio::net::TcpStream::connect(address);
        match tokio::time::timeout(Duration::from_millis(100), knock).await {
            Ok(connection) => knocking.push(connection.unwrap()),
            Err(_) => break,
        }
    }
    let keys = RemoteJwks::url(format!("http://{address}/keys"))
        .allow_http_on_loopback()
        .connect_timeout(Duration::from_millis(100))
        // Not this one: its label would be another.
        .timeout(Duration::from_secs(30))
        .build()
        .unwrap();
    assert!(keys.warm().await.is_err());
    assert_eq!(failure_label(&keys.health()), Some("connection"));
    drop((full, knocking));
}
