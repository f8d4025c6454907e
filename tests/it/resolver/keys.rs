//! The keys of tenants, from real key servers.

use tower_jwt_auth::Issuer;
use tower_jwt_auth::jwks::RemoteJwks;
use tower_jwt_auth::key::KeySetState;

use super::fixture::{DOWN, Fixture, NANOSECOND, OK, STALE, TTL, just_before, name, policy, realm};
use crate::support::answers::status;
use crate::support::key_server::KeyServer;

/// A tenant whose keys are at a path of the server.
fn serve(fixture: &Fixture, tenant: &'static str, url: String) {
    fixture.tenants.reply(tenant, move || {
        let keys = RemoteJwks::url(url.clone()).allow_http_on_loopback();
        Ok(Some(Issuer::new(name(tenant), keys, policy())))
    });
}

#[tokio::test]
async fn keys_are_fetched_with_the_lookup() {
    let (fixture, server) = (Fixture::start(), KeyServer::start(&realm("acme").jwks()));
    serve(&fixture, "acme", server.url("/acme"));
    assert_eq!(fixture.ask_for("acme").await, OK);
    assert_eq!(fixture.ask_for("acme").await, OK);
    assert_eq!(server.requests().len(), 1);
    let health: Vec<_> = fixture.verifier.health().collect();
    assert_eq!(health.len(), 1);
    assert_eq!(health[0].issuer, Some(name("acme")));
    assert_eq!((health[0].state, health[0].keys), (KeySetState::Fresh, 1));
}

#[tokio::test]
async fn keys_from_the_same_url_are_kept() {
    let (fixture, server) = (Fixture::start(), KeyServer::start(&realm("acme").jwks()));
    serve(&fixture, "acme", server.url("/acme"));
    assert_eq!(fixture.ask_for("acme").await, OK);
    // The key server has no keys when the tenant is looked up again.
    server.send(status("404 Not Found"));
    for _ in 0..3 {
        fixture.clock.advance(TTL);
        assert_eq!(fixture.ask_for("acme").await, OK);
    }
    assert_eq!(fixture.tenants.asked().len(), 4);
    assert_eq!(server.requests().len(), 1);
    // Keys from another URL replace them.
    serve(&fixture, "acme", server.url("/other"));
    fixture.clock.advance(TTL);
    assert_eq!(fixture.ask_for("acme").await, DOWN);
}

#[tokio::test]
async fn keys_that_were_kept_are_refreshed_for_a_new_key() {
    let (fixture, server) = (Fixture::start(), KeyServer::start(&realm("acme").jwks()));
    serve(&fixture, "acme", server.url("/acme"));
    assert_eq!(fixture.ask_for("acme").await, OK);
    // The tenant replaces its key while it sends no requests.
    let rotated = realm("acme").with_other_key().key_id("new");
    server.serve(&rotated.jwks());
    fixture.clock.advance(TTL);
    let token = rotated.token().expires_in(TTL * 2).mint();
    assert_eq!(fixture.ask(&token).await, OK);
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn an_old_answer_is_not_part_of_the_health() {
    let fixture = Fixture::start();
    assert_eq!(fixture.ask_for("acme").await, OK);
    fixture.clock.advance(just_before(TTL + STALE));
    assert_eq!(fixture.verifier.health().count(), 1);
    fixture.clock.advance(NANOSECOND);
    assert_eq!(fixture.verifier.health().count(), 0);
}

#[tokio::test]
async fn a_key_server_without_keys_stops_only_its_tenant() {
    let (fixture, server) = (Fixture::start(), KeyServer::start(""));
    server.send(status("404 Not Found"));
    serve(&fixture, "globex", server.url("/globex"));
    assert_eq!(fixture.ask_for("globex").await, DOWN);
    assert_eq!(fixture.ask_for("acme").await, OK);
    assert_eq!(fixture.ask_for("globex").await, DOWN);
    assert_eq!(fixture.events(), ["found", "found"]);
}

#[tokio::test]
async fn keep_fresh_does_not_end_before_the_first_lookup() {
    let fixture = Fixture::start();
    let task = tokio::spawn(fixture.verifier.keep_fresh());
    fixture.settle().await;
    assert!(!task.is_finished());
    assert!(fixture.verifier.warm().await.is_ok());
    task.abort();
}
