//! A tenant that is forgotten is not trusted any more, whatever is cached or on its way.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tower_jwt_auth::TokenCache;

use super::fixture::{DOWN, Fixture, ISSUER, OK, token};

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
    // Its answer is from before the change, and so is neither accepted nor rejected for good.
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
    // A newer lookup starts while the first one is still on its way.
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
