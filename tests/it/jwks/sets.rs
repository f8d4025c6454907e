//! Which documents replace the keys, and which keys of them are ever used.

use std::sync::Arc;

use tower_jwt_auth::ErrorKind;
use tower_jwt_auth::jwks::RemoteJwksBuilder;
use tower_jwt_auth::key::{KeySource, Refreshed};
use tower_jwt_auth::testing::TestIssuer;

use super::rig::{COOL_DOWN, GOOD, LIFETIME, Rig, UNKNOWN, WRONG, set_of};
use crate::support::answers::with_headers;
use crate::support::tokens::{decode, mac_token, parts};
use tower_jwt_auth::Algorithm;

#[tokio::test]
async fn a_withdrawn_key_stops_verifying_with_the_next_refresh() {
    let rig = Rig::start();
    let next = rig.next_issuer();
    rig.server.serve(&set_of([&*rig.issuer.jwk(), &next.jwk()]));
    let rig = rig.warm().await;
    rig.server.serve(&next.jwks());
    rig.clock.advance(LIFETIME * 8 / 10);
    // A request of the other key is enough; the withdrawn one need not be seen.
    assert_eq!(rig.verdict(&next.token().mint()).await, GOOD);
    rig.events.landed(2).await;
    assert_eq!(rig.verdict(&rig.known()).await, UNKNOWN);
    assert_eq!(rig.verdict(&next.token().mint()).await, GOOD);
}

#[tokio::test]
async fn a_new_key_is_there_with_its_first_token() {
    let rig = Rig::start().warm().await;
    let next = rig.next_issuer();
    rig.server.serve(&set_of([&*rig.issuer.jwk(), &next.jwk()]));
    rig.clock.advance(COOL_DOWN);
    assert_eq!(rig.verdict(&next.token().mint()).await, GOOD);
    assert_eq!(rig.verdict(&rig.known()).await, GOOD);
    assert_eq!(rig.server.asked(), 2);
}

#[tokio::test]
async fn a_document_that_did_not_change_keeps_the_generation() {
    let rig = Rig::start().warm().await;
    let generation = || rig.keys.current().unwrap().generation();
    let before = generation();
    rig.clock.advance(COOL_DOWN);
    assert_eq!(rig.keys.refresh_now().await.unwrap(), Refreshed::Unchanged);
    assert_eq!(generation(), before);
    // Other headers do not matter, and neither does where the validators come from.
    rig.server.send(with_headers(&[("ETag", "\"2\""), ("X-Served-By", "b")], rig.issuer.jwks()));
    rig.clock.advance(COOL_DOWN);
    assert_eq!(rig.keys.refresh_now().await.unwrap(), Refreshed::Unchanged);
    assert_eq!(generation(), before);
    // Any other byte does.
    rig.server.serve(&format!("{} ", rig.issuer.jwks()));
    rig.clock.advance(COOL_DOWN);
    assert_eq!(rig.keys.refresh_now().await.unwrap(), Refreshed::Replaced);
    assert_ne!(generation(), before);
    assert_eq!(rig.events.all()[1..], ["manual unchanged", "manual unchanged", "manual replaced"]);
    // Within the cool-down nobody is asked.
    assert_eq!(rig.keys.refresh_now().await.unwrap(), Refreshed::CoolingDown);
    assert_eq!(rig.server.asked(), 4);
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
    let rig = Rig::start().warm().await;
    let held = rig.keys.current().unwrap();
    for document in unusable {
        rig.server.serve(&document);
        rig.clock.advance(2 * COOL_DOWN);
        assert!(rig.keys.refresh_now().await.is_err(), "{document}");
        assert!(Arc::ptr_eq(&held, &rig.keys.current().unwrap()), "{document}");
        assert_eq!(rig.verdict_now(&rig.known()), Ok(()));
    }
    // One usable key is enough, whatever is beside it.
    rig.server.serve(&set_of([&*secret.jwk(), &rig.next_issuer().jwk()]));
    rig.clock.advance(2 * COOL_DOWN);
    assert_eq!(rig.keys.refresh_now().await.unwrap(), Refreshed::Replaced);
    let set = rig.keys.current().unwrap();
    assert_eq!((set.len(), set.skipped().len()), (1, 1));
}

#[tokio::test]
async fn no_secret_from_the_network_verifies_anything() {
    let secret = TestIssuer::hs256().key_id("known");
    let rig = Rig::start();
    // Under the id of the public key, and under its own; beside a public key, so that the set is usable.
    let other = secret.clone().key_id("other");
    rig.server.serve(&set_of([&*secret.jwk(), &other.jwk(), &rig.issuer.jwk()]));
    let rig = rig.warm().await;
    for (name, token) in [
        ("the id of the public key", secret.clone().clock(rig.clock.clone()).token().mint()),
        ("its own id", other.clock(rig.clock.clone()).token().mint()),
        ("no id", secret.without_key_id().clock(rig.clock.clone()).token().mint()),
    ] {
        let refused = (401, Some(ErrorKind::AlgorithmNotAllowed));
        assert_eq!(rig.verdict(&token).await, refused, "{name}");
    }
    assert_eq!(rig.verdict(&rig.known()).await, GOOD);
}

#[tokio::test]
async fn no_public_key_from_the_network_is_taken_for_a_secret() {
    let rig = Rig::start().warm().await;
    let jwk: serde_json::Value = serde_json::from_str(&rig.issuer.jwk()).unwrap();
    let coordinate = decode(jwk["x"].as_str().unwrap());
    let payload = decode(parts(&rig.known())[1]);
    let payload = std::str::from_utf8(&payload).unwrap();
    let header = r#"{"alg":"HS256","kid":"known"}"#;
    for secret in [rig.issuer.public_pem().as_bytes(), rig.issuer.jwk().as_bytes(), &coordinate] {
        let token = mac_token(Algorithm::HS256, secret, header, payload);
        let refused = (401, Some(ErrorKind::AlgorithmNotAllowed));
        assert_eq!(rig.verdict(&token).await, refused);
    }
}

#[tokio::test]
async fn a_token_without_an_id_is_tried_with_the_keys_that_fit_and_may_bring_new_ones() {
    let rig = Rig::start().warm().await;
    let nameless = rig.issuer.clone().without_key_id();
    assert_eq!(rig.verdict(&nameless.token().mint()).await, GOOD);
    let next = nameless.with_other_key();
    assert_eq!(rig.verdict(&next.token().mint()).await, WRONG);
    rig.server.serve(&rig.next_issuer().jwks());
    rig.clock.advance(COOL_DOWN);
    assert_eq!(rig.verdict(&next.token().mint()).await, GOOD);
    assert_eq!(rig.server.asked(), 2);
}

#[tokio::test]
async fn a_wrong_signature_makes_no_fetch_unless_that_was_asked_for() {
    let rig = Rig::start().warm().await;
    // The issuer has given the id to another key.
    let again = rig.issuer.clone().with_other_key();
    rig.server.serve(&again.jwks());
    rig.clock.advance(COOL_DOWN);
    for _ in 0..10 {
        assert_eq!(rig.verdict(&again.token().mint()).await, WRONG);
    }
    assert_eq!((rig.server.asked(), rig.events.all().len()), (1, 1));

    let rig = Rig::with(RemoteJwksBuilder::refetch_on_bad_signature).warm().await;
    rig.server.serve(&again.jwks());
    let again = again.clock(rig.clock.clone());
    // In the budget of unknown ids.
    assert_eq!(rig.verdict(&again.token().mint()).await, WRONG);
    assert_eq!(rig.server.asked(), 1);
    rig.clock.advance(COOL_DOWN);
    assert_eq!(rig.verdict(&again.token().mint()).await, GOOD);
    assert_eq!(rig.verdict(&rig.known()).await, WRONG);
    assert_eq!(rig.verdict(&rig.unknown()).await, UNKNOWN);
    assert_eq!(rig.server.asked(), 2);
    // Trouble at the key server is no excuse for a forgery.
    rig.server.close().await;
    rig.clock.advance(COOL_DOWN);
    assert_eq!(rig.verdict(&rig.known()).await, WRONG);
    assert_eq!(rig.events.all().last().unwrap(), "bad_signature connection");
}
