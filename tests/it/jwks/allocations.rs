//! A request allocates no more with remote keys than with configured keys.

use std::time::Duration;

use tower_jwt_auth::{JwtAuthLayer, Verifier};

use super::fixture::{COOLDOWN, Fixture, LIFETIME};
use crate::support::alloc::allocations;
use crate::support::ask::{ask_layer, bearer};

/// Allocations of the second verification.
fn allocations_of_verify(verifier: &Verifier, token: &str) -> u64 {
    assert!(verifier.verify(token).try_now().expect("nothing to wait for").is_ok());
    allocations(|| verifier.verify(token).try_now().is_ok_and(|verdict| verdict.is_ok())).0
}

fn allocations_of_request(layer: &JwtAuthLayer, token: &str) -> u64 {
    let request = bearer(token);
    assert_eq!(ask_layer(layer, request.clone()).status, 200);
    allocations(|| ask_layer(layer, request)).0
}

#[tokio::test]
async fn a_remote_key_allocates_no_more_than_a_fixed_one() {
    // Fresh keys, and stale keys after a failed refresh.
    for age in [Duration::ZERO, COOLDOWN, LIFETIME] {
        let fixture = Fixture::start().warm().await;
        let fixed = Verifier::jwks(fixture.issuer.jwks()).any_issuer().any_audience();
        let fixed = fixed.clock(fixture.clock.clone()).build().unwrap();
        fixture.server.close().await;
        fixture.clock.advance(age);
        let token = fixture.known();
        assert_eq!(fixture.verdict_now(&token), Ok(()));
        if age == LIFETIME {
            fixture.events.wait_for_fetches(2).await;
        }
        let (remote, local) = (
            allocations_of_verify(&fixture.verifier, &token),
            allocations_of_verify(&fixed, &token),
        );
        println!("verifying: {remote} with remote keys, {local} with fixed ones");
        assert!(remote <= local, "{age:?}: {remote} > {local}");

        let local = allocations_of_request(&JwtAuthLayer::new(fixed), &token);
        let remote = allocations_of_request(&fixture.layer, &token);
        println!("a request: {remote} with remote keys, {local} with fixed ones");
        assert!(remote <= local, "{age:?}: {remote} > {local}");
    }
}

#[tokio::test]
async fn an_unknown_id_during_the_cooldown_allocates_little() {
    let fixture = Fixture::start().warm().await;
    let fixed = Verifier::jwks(fixture.issuer.jwks()).any_issuer().any_audience().build().unwrap();
    let token = fixture.unknown();
    let rejected = |verifier: &Verifier| {
        let verify = || verifier.verify(&token).try_now().is_ok_and(|verdict| verdict.is_err());
        assert!(verify());
        allocations(verify).0
    };
    // The unknown id is copied. The observer of the tests allocates a line, and its list may grow.
    let (remote, local) = (rejected(&fixture.verifier), rejected(&fixed));
    println!("an unknown id: {remote} with remote keys, {local} with fixed ones");
    assert!(remote <= local + 3, "{remote} > {local} + 3");
}
