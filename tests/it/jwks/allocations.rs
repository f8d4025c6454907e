//! A key from the network costs a request no more than one of the configuration.

use std::time::Duration;

use tower_jwt_auth::{JwtAuthLayer, Verifier};

use super::fixture::{COOL_DOWN, Fixture, LIFETIME};
use crate::support::alloc::allocations;
use crate::support::ask::{ask_layer, bearer};

/// How often the second request of a kind allocates.
fn of_verifying(verifier: &Verifier, token: &str) -> u64 {
    assert!(verifier.verify(token).try_now().expect("nothing to wait for").is_ok());
    allocations(|| verifier.verify(token).try_now().is_ok_and(|verdict| verdict.is_ok())).0
}

fn of_a_request(layer: &JwtAuthLayer, token: &str) -> u64 {
    let request = bearer(token);
    assert_eq!(ask_layer(layer, request.clone()).status, 200);
    allocations(|| ask_layer(layer, request)).0
}

#[tokio::test]
async fn a_known_key_allocates_as_often_as_one_that_never_changes() {
    // Fresh, and stale with a refresh that failed.
    for age in [Duration::ZERO, COOL_DOWN, LIFETIME] {
        let fixture = Fixture::start().warm().await;
        let fixed = Verifier::jwks(fixture.issuer.jwks()).any_issuer().any_audience();
        let fixed = fixed.clock(fixture.clock.clone()).build().unwrap();
        fixture.server.close().await;
        fixture.clock.advance(age);
        let token = fixture.known();
        assert_eq!(fixture.verdict_now(&token), Ok(()));
        if age == LIFETIME {
            fixture.events.landed(2).await;
        }
        let (remote, local) =
            (of_verifying(&fixture.verifier, &token), of_verifying(&fixed, &token));
        println!("verifying: {remote} with remote keys, {local} with fixed ones");
        assert!(remote <= local, "{age:?}: {remote} > {local}");

        let local = of_a_request(&JwtAuthLayer::new(fixed), &token);
        let remote = of_a_request(&fixture.layer, &token);
        println!("a request: {remote} with remote keys, {local} with fixed ones");
        assert!(remote <= local, "{age:?}: {remote} > {local}");
    }
}

#[tokio::test]
async fn an_unknown_id_in_the_cool_down_allocates_little() {
    let fixture = Fixture::start().warm().await;
    let fixed = Verifier::jwks(fixture.issuer.jwks()).any_issuer().any_audience().build().unwrap();
    let token = fixture.unknown();
    let refused = |verifier: &Verifier| {
        let verify = || verifier.verify(&token).try_now().is_ok_and(|verdict| verdict.is_err());
        assert!(verify());
        allocations(verify).0
    };
    // One for what the observer of the tests writes down, and what its list grows by.
    let (remote, local) = (refused(&fixture.verifier), refused(&fixed));
    println!("an unknown id: {remote} with remote keys, {local} with fixed ones");
    assert!(remote <= local + 2, "{remote} > {local} + 2");
}
