//! Which documents replace the keys, and which of their keys are used.

use std::sync::Arc;

use tower_jwt_auth::ErrorKind;
use tower_jwt_auth::jwks::RemoteJwksBuilder;
use tower_jwt_auth::key::{KeySource, Refreshed, SkipReason};
use tower_jwt_auth::testing::TestIssuer;

use super::fixture::{COOLDOWN, Fixture, GOOD, LIFETIME, UNKNOWN, WRONG, set_of};
use crate::support::answers::with_headers;
use crate::support::tokens::{decode, mac_token, parts};
use tower_jwt_auth::Algorithm;

#[tokio::test]
async fn a_withdrawn_key_stops_verifying_with_the_next_refresh() {
    let fixture = Fixture::start();
    let next = fixture.next_issuer();
    fixture.server.serve(&set_of([&*fixture.issuer.jwk(), &next.jwk()]));
    let fixture = fixture.warm().await;
    fixture.server.serve(&next.jwks());
    fixture.clock.advance(LIFETIME * 8 / 10);
    // A request with the other key is enough to start the refresh.
    assert_eq!(fixture.verdict(&next.token().mint()).await, GOOD);
    fixture.events.wait_for_fetches(2).await;
    assert_eq!(fixture.verdict(&fixture.known()).await, UNKNOWN);
    assert_eq!(fixture.verdict(&next.token().mint()).await, GOOD);
}

#[tokio::test]
async fn a_new_key_is_fetched_for_its_first_token() {
    let fixture = Fixture::start().warm().await;
    let next = fixture.next_issuer();
    fixture.server.serve(&set_of([&*fixture.issuer.jwk(), &next.jwk()]));
    fixture.clock.advance(COOLDOWN);
    assert_eq!(fixture.verdict(&next.token().mint()).await, GOOD);
    assert_eq!(fixture.verdict(&fixture.known()).await, GOOD);
    assert_eq!(fixture.server.asked(), 2);
}

#[tokio::test]
async fn an_unchanged_document_keeps_the_generation() {
    let fixture = Fixture::start().warm().await;
    let generation = || fixture.keys.current().unwrap().generation();
    let before = generation();
    fixture.clock.advance(COOLDOWN);
    assert_eq!(fixture.keys.refresh().await.unwrap(), Refreshed::Unchanged);
    assert_eq!(generation(), before);
    // Other headers and validators do not matter.
    fixture
        .server
        .send(with_headers(&[("ETag", "\"2\""), ("X-Served-By", "b")], fixture.issuer.jwks()));
    fixture.clock.advance(COOLDOWN);
    assert_eq!(fixture.keys.refresh().await.unwrap(), Refreshed::Unchanged);
    assert_eq!(generation(), before);
    // A single changed byte does.
    fixture.server.serve(&format!("{} ", fixture.issuer.jwks()));
    fixture.clock.advance(COOLDOWN);
    assert_eq!(fixture.keys.refresh().await.unwrap(), Refreshed::Replaced);
    assert_ne!(generation(), before);
    assert_eq!(
        fixture.events.all()[1..],
        ["manual unchanged", "manual unchanged", "manual replaced"]
    );
    // No fetch starts during the cooldown.
    let refreshed = fixture.keys.refresh().await.unwrap();
    assert_eq!((refreshed, refreshed.as_str()), (Refreshed::Suppressed, "suppressed"));
    assert_eq!(fixture.server.asked(), 4);
}

#[tokio::test]
async fn only_fetched_keys_of_the_named_use_verify() {
    let fixture = Fixture::with(|keys| keys.key_use("jwt-svid"));
    let next = fixture.next_issuer();
    let with = |issuer: &TestIssuer, key_use: &str| {
        issuer.jwk().replacen('{', &format!("{{\"use\":\"{key_use}\","), 1)
    };
    let set = set_of([&*with(&fixture.issuer, "jwt-svid"), &with(&next, "sig"), &next.jwk()]);
    fixture.server.serve(&set);
    let fixture = fixture.warm().await;
    assert_eq!(fixture.verdict(&fixture.known()).await, GOOD);
    assert_eq!(fixture.verdict(&next.token().mint()).await, UNKNOWN);
    let skipped = fixture.keys.current().unwrap();
    assert_eq!(skipped.skipped(), [SkipReason::NotForSignatures; 2]);
    // A document without such a key does not replace the keys.
    fixture.server.serve(&next.jwks());
    fixture.clock.advance(COOLDOWN);
    assert!(fixture.keys.refresh().await.is_err());
    assert_eq!(fixture.verdict(&fixture.known()).await, GOOD);
}

#[tokio::test]
async fn a_set_without_usable_keys_never_replaces_the_keys() {
    let secret = TestIssuer::hs256().key_id("known");
    let unusable = [
        r#"{"keys":[]}"#.to_owned(),
        secret.jwks(),
        set_of([r#"{"kty":"AKP","kid":"known"}"#]),
        "{}".to_owned(),
        String::new(),
    ];
    let fixture = Fixture::start().warm().await;
    let held = fixture.keys.current().unwrap();
    for document in unusable {
        fixture.server.serve(&document);
        fixture.clock.advance(2 * COOLDOWN);
        assert!(fixture.keys.refresh().await.is_err(), "{document}");
        assert!(Arc::ptr_eq(&held, &fixture.keys.current().unwrap()), "{document}");
        assert_eq!(fixture.verdict_now(&fixture.known()), Ok(()));
    }
    // One usable key is enough.
    fixture.server.serve(&set_of([&*secret.jwk(), &fixture.next_issuer().jwk()]));
    fixture.clock.advance(2 * COOLDOWN);
    assert_eq!(fixture.keys.refresh().await.unwrap(), Refreshed::Replaced);
    let set = fixture.keys.current().unwrap();
    assert_eq!((set.len(), set.skipped().len()), (1, 1));
}

#[tokio::test]
async fn no_fetched_secret_verifies_a_token() {
    let secret = TestIssuer::hs256().key_id("known");
    let fixture = Fixture::start();
    // The secret has the id of the public key, and another id. The public key makes the set usable.
    let other = secret.clone().key_id("other");
    fixture.server.serve(&set_of([&*secret.jwk(), &other.jwk(), &fixture.issuer.jwk()]));
    let fixture = fixture.warm().await;
    for (name, token) in [
        ("the id of the public key", secret.clone().clock(fixture.clock.clone()).token().mint()),
        ("its own id", other.clock(fixture.clock.clone()).token().mint()),
        ("no id", secret.without_key_id().clock(fixture.clock.clone()).token().mint()),
    ] {
        let rejected = (401, Some(ErrorKind::AlgorithmNotAllowed));
        assert_eq!(fixture.verdict(&token).await, rejected, "{name}");
    }
    assert_eq!(fixture.verdict(&fixture.known()).await, GOOD);
}

#[tokio::test]
async fn no_fetched_public_key_is_used_as_a_secret() {
    let fixture = Fixture::start().warm().await;
    let jwk: serde_json::Value = serde_json::from_str(&fixture.issuer.jwk()).unwrap();
    let coordinate = decode(jwk["x"].as_str().unwrap());
    let payload = decode(parts(&fixture.known())[1]);
    let payload = std::str::from_utf8(&payload).unwrap();
    let header = r#"{"alg":"HS256","kid":"known"}"#;
    for secret in
        [fixture.issuer.public_pem().as_bytes(), fixture.issuer.jwk().as_bytes(), &coordinate]
    {
        let token = mac_token(Algorithm::HS256, secret, header, payload);
        let rejected = (401, Some(ErrorKind::AlgorithmNotAllowed));
        assert_eq!(fixture.verdict(&token).await, rejected);
    }
}

#[tokio::test]
async fn a_token_without_an_id_can_trigger_a_refresh() {
    let fixture = Fixture::start().warm().await;
    let nameless = fixture.issuer.clone().without_key_id();
    assert_eq!(fixture.verdict(&nameless.token().mint()).await, GOOD);
    let next = nameless.with_other_key();
    assert_eq!(fixture.verdict(&next.token().mint()).await, WRONG);
    fixture.server.serve(&fixture.next_issuer().jwks());
    fixture.clock.advance(COOLDOWN);
    assert_eq!(fixture.verdict(&next.token().mint()).await, GOOD);
    assert_eq!(fixture.server.asked(), 2);
}

#[tokio::test]
async fn a_bad_signature_triggers_a_fetch_only_if_so_configured() {
    let fixture = Fixture::start().warm().await;
    // The issuer reuses the id for another key.
    let again = fixture.issuer.clone().with_other_key();
    fixture.server.serve(&again.jwks());
    fixture.clock.advance(COOLDOWN);
    for _ in 0..10 {
        assert_eq!(fixture.verdict(&again.token().mint()).await, WRONG);
    }
    assert_eq!((fixture.server.asked(), fixture.events.all().len()), (1, 1));

    let fixture = Fixture::with(RemoteJwksBuilder::refresh_on_bad_signature).warm().await;
    fixture.server.serve(&again.jwks());
    let again = again.clock(fixture.clock.clone());
    // It has the same cooldown as unknown ids.
    assert_eq!(fixture.verdict(&again.token().mint()).await, WRONG);
    assert_eq!(fixture.server.asked(), 1);
    fixture.clock.advance(COOLDOWN);
    assert_eq!(fixture.verdict(&again.token().mint()).await, GOOD);
    assert_eq!(fixture.verdict(&fixture.known()).await, WRONG);
    assert_eq!(fixture.verdict(&fixture.unknown()).await, UNKNOWN);
    assert_eq!(fixture.server.asked(), 2);
    // A failed fetch does not change the verdict on a forged token.
    fixture.server.close().await;
    fixture.clock.advance(COOLDOWN);
    assert_eq!(fixture.verdict(&fixture.known()).await, WRONG);
    assert_eq!(fixture.events.all().last().unwrap(), "bad_signature connection");
}
