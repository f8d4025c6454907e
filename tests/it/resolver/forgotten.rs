//! A tenant that is forgotten is not trusted any more, whatever is cached or in flight.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{ErrorKind, Issuer, Policy, TokenCache, Verifier};

use super::fixture::{DOWN, Fixture, ISSUER, OK, TTL, name, policy, realm, token};
use crate::support::late_keys::LateKeys;
use crate::support::tokens::Verdict;

const AUDIENCE: Verdict = Err(ErrorKind::InvalidAudience);

fn caches() -> Vec<Fixture> {
    vec![
        Fixture::with(|it| it.max_lookups(1000), |builder| builder),
        Fixture::with(|it| it.max_lookups(1000), |builder| builder.cache(TokenCache::new(64))),
        Fixture::with(
            |it| it.max_lookups(1000),
            |builder| builder.cache(TokenCache::new(64).digest_keys()),
        ),
    ]
}

#[tokio::test]
async fn a_forgotten_tenant_is_looked_up_again() {
    for fixture in caches() {
        let good = token("acme");
        assert_eq!(fixture.ask(&good).await, OK);
        assert_eq!(fixture.ask(&good).await, OK);
        fixture.tenants.remove("acme");
        assert_eq!(fixture.ask(&good).await, OK);
        fixture.issuers.forget("acme");
        assert_eq!(fixture.ask(&good).await, ISSUER);
        fixture.tenants.add("acme");
        assert_eq!(fixture.ask(&good).await, ISSUER);
        fixture.issuers.forget("acme");
        assert_eq!(fixture.ask(&good).await, OK);
    }
}

#[tokio::test]
async fn cached_tokens_follow_a_changed_policy() {
    for fixture in caches() {
        // The keys stay the same.
        let keys = LateKeys::with(&realm("acme").jwks());
        let returns = |policy: fn() -> Policy| {
            let keys = keys.clone();
            fixture
                .tenants
                .reply("acme", move || Ok(Some(Issuer::new(name("acme"), keys.clone(), policy()))));
        };
        returns(policy);
        let good = token("acme");
        assert_eq!(fixture.ask(&good).await, OK);
        assert_eq!(fixture.ask(&good).await, OK);
        returns(|| Policy::new().audience("billing"));
        fixture.clock.advance(TTL);
        assert_eq!(fixture.ask(&good).await, AUDIENCE);
        returns(policy);
        fixture.issuers.forget("acme");
        assert_eq!(fixture.ask(&good).await, OK);
        returns(|| policy().require_claim("org"));
        fixture.issuers.forget("acme");
        assert_eq!(fixture.ask(&good).await, Err(ErrorKind::MissingClaim));
    }
}

#[tokio::test]
async fn verifiers_that_share_the_answers_share_a_clock() {
    let fixture = Fixture::start();
    assert_eq!(fixture.ask_for("acme").await, OK);
    // By the clock of the second verifier, the answer would be from the future.
    let other = Verifier::builder().trust_resolved(fixture.issuers.clone());
    let other = other.clock(FixedClock::new()).build().unwrap();
    fixture.tenants.remove("acme");
    let good = token("acme");
    assert!(other.verify(&good).await.is_ok());
    fixture.clock.advance(TTL);
    assert_eq!(other.verify(&good).await.unwrap_err().kind(), ErrorKind::InvalidIssuer);
}

#[tokio::test]
async fn a_lookup_in_flight_does_not_restore_a_forgotten_tenant() {
    let fixture = Fixture::start();
    fixture.tenants.close();
    let good = token("acme");
    let waiting = fixture.ask(&good);
    let change = async {
        fixture.settle().await;
        fixture.tenants.remove("acme");
        fixture.issuers.forget("acme");
        fixture.tenants.open();
        fixture.settle().await;
    };
    // Its answer is from before the change, so the request gets a temporary error.
    let (verdict, ()) = tokio::join!(waiting, change);
    assert_eq!(verdict, DOWN);
    assert_eq!(fixture.ask(&good).await, ISSUER);
    assert_eq!(fixture.events(), ["absent"]);
}

#[tokio::test]
async fn a_superseded_lookup_does_not_replace_a_newer_one() {
    let fixture = Fixture::start();
    fixture.tenants.close();
    let good = token("acme");
    drop(fixture.verifier.verify(&good));
    fixture.settle().await;
    fixture.tenants.remove("acme");
    fixture.issuers.forget("acme");
    // A newer lookup starts while the first one is in flight.
    drop(fixture.verifier.verify(&good));
    fixture.settle().await;
    fixture.tenants.open();
    fixture.settle().await;
    assert_eq!(fixture.tenants.asked(), ["acme", "acme"]);
    assert_eq!(fixture.ask(&good).await, ISSUER);
    assert_eq!(fixture.tenants.asked(), [""; 0]);
}

#[test]
fn no_thread_accepts_a_token_after_its_tenant_is_forgotten() {
    for fixture in caches() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let good = token("acme");
        assert_eq!(runtime.block_on(fixture.ask(&good)), OK);
        // Odd while the tenant is withdrawn.
        let (round, done) = (AtomicUsize::new(0), AtomicBool::new(false));
        let count = || {
            let mut accepted = 0;
            while !done.load(Ordering::SeqCst) {
                let before = round.load(Ordering::SeqCst);
                let is_ok = fixture.verifier.verify_now(&good).is_ok();
                let is_same = before == round.load(Ordering::SeqCst);
                accepted += usize::from(is_ok && is_same && before % 2 == 1);
            }
            accepted
        };
        let mut verdicts = Vec::new();
        let accepted: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(count)).collect();
            for _ in 0..50 {
                fixture.tenants.add("acme");
                fixture.issuers.forget("acme");
                verdicts.push(runtime.block_on(fixture.ask(&good)));
                fixture.tenants.remove("acme");
                fixture.issuers.forget("acme");
                round.fetch_add(1, Ordering::SeqCst);
                verdicts.push(runtime.block_on(fixture.ask(&good)));
                round.fetch_add(1, Ordering::SeqCst);
            }
            done.store(true, Ordering::SeqCst);
            threads.into_iter().map(|it| it.join().unwrap()).sum()
        });
        assert_eq!((verdicts, accepted), ([OK, ISSUER].repeat(50), 0));
    }
}
