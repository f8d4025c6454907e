//! The headers of requests for keys and metadata.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tower_jwt_auth::jwks::RemoteJwksBuilder;
use tower_jwt_auth::testing::TestIssuer;

use super::discovery::{OPENID, issuer_at, metadata};
use super::fixture::{COOLDOWN, DOWN, Fixture, GOOD, MAX_BACKOFF, UNKNOWN};
use crate::support::answers::{document, status};
use crate::support::failure_label;
use crate::support::key_server::{Act, KeyServer};

const AGENT: &str = concat!("tower-jwt-auth/", env!("CARGO_PKG_VERSION"));

#[tokio::test]
async fn every_request_names_client_and_media_types() {
    let (fixture, _) = issuer_at("", |it| it);
    assert_eq!(fixture.verdict(&fixture.known()).await, GOOD);
    let requests = fixture.server.requests();
    assert_eq!(requests.len(), 2);
    for request in requests {
        for (name, value) in [
            ("user-agent", Some(AGENT)),
            ("accept", Some("application/json, application/jwk-set+json")),
            // The client decodes no other content (RFC 9110 §12.5.3).
            ("accept-encoding", Some("identity")),
            ("authorization", None),
            ("cookie", None),
        ] {
            assert_eq!(request.header(name), value, "{}: {name}", request.path());
        }
    }
}

#[tokio::test]
async fn a_server_that_requires_a_user_agent_is_satisfied() {
    let fixture = Fixture::start();
    let keys = document(&fixture.issuer.jwks());
    fixture.server.act(move |request, _| {
        let named = request.header("user-agent").is_some_and(|agent| !agent.is_empty());
        Act::Send(if named { keys.clone() } else { status("403 Forbidden") })
    });
    assert_eq!(fixture.verdict(&fixture.known()).await, GOOD);
}

#[tokio::test]
async fn configured_headers_are_sent_with_every_request() {
    let headers = |it: RemoteJwksBuilder| {
        it.header("X-Api-Key", "4711").header("user-agent", "mine/1").header("accept", "*/*")
    };
    let (fixture, _) = issuer_at("", headers);
    assert_eq!(fixture.verdict(&fixture.known()).await, GOOD);
    for request in fixture.server.requests() {
        for (name, value) in [("x-api-key", "4711"), ("user-agent", "mine/1"), ("accept", "*/*")] {
            assert_eq!(request.header(name), Some(value), "{}", request.path());
        }
    }
}

#[tokio::test]
async fn authorization_is_read_again_for_each_request() {
    let (token, calls) = (Arc::new(AtomicUsize::new(1)), Arc::new(AtomicUsize::new(0)));
    let (current, called) = (Arc::clone(&token), Arc::clone(&calls));
    let read = move || {
        called.fetch_add(1, Ordering::SeqCst);
        match current.load(Ordering::SeqCst) {
            0 => Err(std::io::Error::other("the file hunter2 is missing")),
            number => Ok(format!("Bearer {number}")),
        }
    };
    let fixture = Fixture::with(|it| it.authorization(read)).warm().await;
    // The server accepts the next token only.
    let keys = document(&fixture.next_issuer().jwks());
    fixture.server.act(move |request, _| {
        let good = request.header("authorization") == Some("Bearer 2");
        Act::Send(if good { keys.clone() } else { status("401 Unauthorized") })
    });
    let next = fixture.next_issuer().token().mint();
    fixture.clock.advance(COOLDOWN);
    assert_eq!(fixture.verdict(&next).await, DOWN);
    assert_eq!(failure_label(&fixture.keys.health()), Some("client_error"));
    // A function that fails is a failed fetch, without a request.
    token.store(0, Ordering::SeqCst);
    fixture.clock.advance(COOLDOWN);
    assert_eq!(fixture.verdict(&next).await, DOWN);
    assert_eq!(failure_label(&fixture.keys.health()), Some("no_credential"));
    assert!(!format!("{:?}", fixture.keys.health()).contains("hunter2"));
    assert_eq!((calls.load(Ordering::SeqCst), fixture.server.asked()), (3, 2));
    token.store(2, Ordering::SeqCst);
    fixture.clock.advance(MAX_BACKOFF);
    assert_eq!(fixture.verdict(&next).await, GOOD);
    fixture.clock.advance(COOLDOWN);
    assert_eq!(fixture.verdict(&fixture.unknown()).await, UNKNOWN);
    assert_eq!(fixture.server.requests()[3].header("authorization"), Some("Bearer 2"));
}

#[tokio::test]
async fn another_origin_receives_no_configured_header() {
    let credential = |it: RemoteJwksBuilder| {
        it.header("x-api-key", "4711").authorization(|| Ok::<_, std::fmt::Error>("Bearer 4711"))
    };
    let other = KeyServer::start(&TestIssuer::es256().key_id("known").jwks());
    let (fixture, site) = issuer_at("", credential);
    site.put(OPENID, metadata(&fixture.server.url(""), &other.url("/keys")));
    assert_eq!(fixture.verdict(&fixture.known()).await, GOOD);
    let (own, foreign) = (&fixture.server.requests()[0], &other.requests()[0]);
    for (name, value) in [("authorization", "Bearer 4711"), ("x-api-key", "4711")] {
        assert_eq!((own.header(name), foreign.header(name)), (Some(value), None), "{name}");
    }
    assert_eq!(foreign.header("user-agent"), Some(AGENT));
    // If the other origin then rejects the request, the error says why.
    other.send(status("403 Forbidden"));
    fixture.clock.advance(COOLDOWN);
    assert_eq!(fixture.verdict(&fixture.unknown()).await, DOWN);
    let error = fixture.keys.health().last_error.unwrap().to_string();
    assert!(error.contains("sent to the configured origin only"), "{error}");
    // On the origin of the metadata, the keys receive it too.
    site.put(OPENID, metadata(&fixture.server.url(""), &fixture.server.url("/keys")));
    let (fixture, _) = issuer_at("", credential);
    assert_eq!(fixture.verdict(&fixture.known()).await, GOOD);
    assert_eq!(fixture.server.requests()[1].header("authorization"), Some("Bearer 4711"));
}
