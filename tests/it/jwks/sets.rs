//! Which documents replace the keys, and which keys of them are ever used.

use std::sync::Arc;

use tower_jwt_auth::ErrorKind;
use tower_jwt_auth::jwks::RemoteJwksBuilder;
use tower_jwt_auth::key::{KeySource, Refreshed};
use tower_jwt_auth::testing::TestIssuer;

use super::fixture::{COOL_DOWN, Fixture, GOOD, LIFETIME, UNKNOWN, WRONG, set_of};
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
    // A request of the other key is enough; the withdrawn one need not be seen.
    assert_eq!(fixture.verdict(&next.token().mint()).await, GOOD);
    fixture.events.landed(2).await;
    assert_eq!(fixture.verdict(&fixture.known()).await, UNKNOWN);
    assert_eq!(fixture.verdict(&next.token().mint()).await, GOOD);
}

#[tokio::test]
async fn a_new_key_is_there_with_its_first_token() {
    let fixture = Fixture::start().warm().await;
    let next = fixture.next_issuer();
    fixture.server.serve(&set_of([&*fixture.issuer.jwk(), &next.jwk()]));
    fixture.clock.advance(COOL_DOWN);
    assert_eq!(fixture.verdict(&next.token().mint()).await, GOOD);
    assert_eq!(fixture.verdict(&fixture.known()).await, GOOD);
    assert_eq!(fixture.server.asked(), 2);
}

#[tokio::test]
async fn a_document_that_did_not_change_keeps_the_generation() {
    let fixture = Fixture::start().warm().await;
    let generation = || fixture.keys.current().unwrap().generation();
    let before = generation();
    fixture.clock.advance(COOL_DOWN);
    assert_eq!(fixture.keys.refresh().await.unwrap(), Refreshed::Unchanged);
    assert_eq!(generation(), before);
    // Other headers do not matter, and neither does where the validators come from.
    fixture
        .server
        .send(with_headers(&[("ETag", "\"2\""), ("X-Served-By", "b")], fixture.issuer.jwks()));
    fixture.clock.advance(COOL_DOWN);
    assert_eq!(fixture.keys.refresh().await.unwrap(), Refreshed::Unchanged);
    assert_eq!(generation(), before);
    // Any other byte does.
    fixture.server.serve(&format!("{} ", fixture.issuer.jwks()));
    fixture.clock.advance(COOL_DOWN);
    assert_eq!(fixture.keys.refresh().await.unwrap(), Refreshed::Replaced);
    assert_ne!(generation(), before);
    assert_eq!(
        fixture.events.all()[1..],
        ["manual unchanged", "manual unchanged", "manual replaced"]
    );
    // Within the cool-down nobody is asked.
    let refreshed = fixture.keys.refresh().await.unwrap();
    assert_eq!((refreshed, refreshed.as_str()), (Refreshed::Suppressed, "suppressed"));
    assert_eq!(fixture.server.asked(), 4);
}

#[tokio::test]
async fn a_set_without_a_usable_key_never_replaces_one_with() {
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
        fixture.clock.advance(2 * COOL_DOWN);
        assert!(fixture.keys.refresh().await.is_err(), "{document}");
        assert!(Arc::ptr_eq(&held, &fixture.keys.current().unwrap()), "{document}");
        assert_eq!(fixture.verdict_now(&fixture.known()), Ok(()));
    }
    // One usable key is enough, whatever is beside it.
    fixture.server.serve(&set_of([&*secret.jwk(), &fixture.next_issuer().jwk()]));
    fixture.clock.advance(2 * COOL_DOWN);
    assert_eq!(fixture.keys.refresh().await.unwrap(), Refreshed::Replaced);
    let set = fixture.keys.current().unwrap();
    assert_eq!((set.len(), set.skipped().len()), (1, 1));
}

#[tokio::test]
async fn no_secret_from_the_network_verifies_anything() {
    let secret = TestIssuer::hs256().key_id("known");
    let fixture = Fixture::start();
    // Under the id of the public key, and under its own; beside a public key, so that the set is usable.
    let other = secret.clone().key_id("other");
    fixture.server.serve(&set_of([&*secret.jwk(), &other.jwk(), &fixture.issuer.jwk()]));
    let fixture = fixture.warm().await;
    for (name, token) in [
        ("the id of the public key", secret.clone().clock(fixture.clock.clone()).token().mint()),
        ("its own id", other.clock(fixture.clock.clone()).token().mint()),
        ("no id", secret.without_key_id().clock(fixture.clock.clone()).token().mint()),
    ] {
        let refused = (401, Some(ErrorKind::AlgorithmNotAllowed));
        assert_eq!(fixture.verdict(&token).await, refused, "{name}");
    }
    assert_eq!(fixture.verdict(&fixture.known()).await, GOOD);
}

#[tokio::test]
async fn no_public_key_from_the_network_is_taken_for_a_secret() {
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
        let refused = (401, Some(ErrorKind::AlgorithmNotAllowed));
        assert_eq!(fixture.verdict(&token).await, refused);
    }
}

#[tokio::test]
async fn a_token_without_an_id_is_tried_with_the_keys_that_fit_and_may_bring_new_ones() {
    let fixture = Fixture::start().warm().await;
    let nameless = fixture.issuer.clone().without_key_id();
    assert_eq!(fixture.verdict(&nameless.token().mint()).await, GOOD);
    let next = nameless.with_other_key();
    assert_eq!(fixture.verdict(&next.token().mint()).await, WRONG);
    fixture.server.serve(&fixture.next_issuer().jwks());
    fixture.clock.advance(COOL_DOWN);
    assert_eq!(fixture.verdict(&next.token().mint()).await, GOOD);
    assert_eq!(fixture.server.asked(), 2);
}

#[tokio::test]
async fn a_wrong_signature_makes_no_fetch_unless_that_was_asked_for() {
    let fixture = Fixture::start().warm().await;
    // The issuer has given the id to another key.
    let again = fixture.issuer.clone().with_other_key();
    fixture.server.serve(&again.jwks());
    fixture.clock.advance(COOL_DOWN);
    for _ in 0..10 {
        assert_eq!(fixture.verdict(&again.token().mint()).await, WRONG);
    }
    assert_eq!((fixture.server.asked(), fixture.events.all().len()), (1, 1));

    let fixture = Fixture::with(RemoteJwksBuilder::refresh_on_bad_signature).warm().await;
    fixture.server.serve(&again.jwks());
    let again = again.clock(fixture.clock.clone());
    // In the budget of unknown ids.
    assert_eq!(fixture.verdict(&again.token().mint()).await, WRONG);
    assert_eq!(fixture.server.asked(), 1);
    fixture.clock.advance(COOL_DOWN);
    assert_eq!(fixture.verdict(&again.token().mint()).await, GOOD);
    assert_eq!(fixture.verdict(&fixture.known()).await, WRONG);
    assert_eq!(fixture.verdict(&fixture.unknown()).await, UNKNOWN);
    assert_eq!(fixture.server.asked(), 2);
    // Trouble at the key server is no excuse for a forgery.
    fixture.server.close().await;
    fixture.clock.advance(COOL_DOWN);
    assert_eq!(fixture.verdict(&fixture.known()).await, WRONG);
    assert_eq!(fixture.events.all().last().unwrap(), "bad_signature connection");
}
