//! Answers that grow old, and lookups that fail.

use std::time::Duration;

use super::fixture::{
    DOWN, Fixture, ISSUER, NANOSECOND, OK, SECOND, STALE, TTL, issuer, just_before, token,
};

#[tokio::test]
async fn an_answer_is_renewed_before_it_is_old() {
    let fixture = Fixture::start();
    assert_eq!(fixture.ask_for("acme").await, OK);
    fixture.clock.advance(just_before(TTL / 2));
    assert_eq!(fixture.ask_for("acme").await, OK);
    fixture.settle().await;
    assert_eq!(fixture.tenants.asked(), ["acme"]);
    // The next request does not wait for the lookup that it starts.
    fixture.tenants.close();
    fixture.clock.advance(NANOSECOND);
    assert_eq!(fixture.ask_for("acme").await, OK);
    fixture.settle().await;
    assert_eq!(fixture.ask_for("acme").await, OK);
    fixture.tenants.open();
    fixture.settle().await;
    assert_eq!(fixture.tenants.asked(), ["acme"]);
    assert_eq!(fixture.events(), ["found", "found"]);
}

#[tokio::test]
async fn a_removed_tenant_is_rejected_when_the_answer_is_old() {
    let fixture = Fixture::start();
    assert_eq!(fixture.ask_for("acme").await, OK);
    fixture.tenants.remove("acme");
    fixture.clock.advance(just_before(TTL / 2));
    assert_eq!(fixture.ask_for("acme").await, OK);
    // Without requests in between, the request waits for the lookup.
    fixture.clock.advance(TTL / 2 + NANOSECOND);
    assert_eq!(fixture.ask_for("acme").await, ISSUER);
    assert_eq!(fixture.events(), ["found", "absent"]);
}

#[tokio::test]
async fn an_issuer_is_used_while_lookups_fail() {
    let fixture = Fixture::start();
    assert_eq!(fixture.ask_for("acme").await, OK);
    fixture.tenants.fail("acme");
    fixture.clock.advance(TTL);
    // The first request waits for the lookup.
    assert_eq!(fixture.ask_for("acme").await, OK);
    fixture.clock.advance(just_before(STALE));
    assert_eq!(fixture.ask_for("acme").await, OK);
    fixture.settle().await;
    fixture.clock.advance(NANOSECOND);
    assert_eq!(fixture.ask_for("acme").await, DOWN);
    fixture.clock.advance(SECOND * 30);
    fixture.tenants.add("acme");
    assert_eq!(fixture.ask_for("acme").await, OK);
}

#[tokio::test]
async fn failed_lookups_are_repeated_with_growing_pauses() {
    let fixture = Fixture::start();
    assert_eq!(fixture.ask_for("acme").await, OK);
    fixture.tenants.fail("acme");
    fixture.clock.advance(TTL / 2);
    fixture.tenants.asked();
    for pause in [1, 2, 4, 8, 16, 30, 30] {
        assert_eq!(fixture.ask_for("acme").await, OK);
        fixture.settle().await;
        assert_eq!(fixture.tenants.asked(), ["acme"], "{pause}");
        fixture.clock.advance(just_before(SECOND * pause));
        assert_eq!(fixture.ask_for("acme").await, OK);
        fixture.settle().await;
        assert_eq!(fixture.tenants.asked(), [""; 0], "{pause}");
        fixture.clock.advance(NANOSECOND);
    }
}

#[tokio::test]
async fn the_error_of_a_lookup_is_for_operators() {
    let fixture = Fixture::start();
    fixture.tenants.fail("globex");
    let error = fixture.verifier.verify(&token("globex")).await.unwrap_err();
    assert_eq!(error.kind(), tower_jwt_auth::ErrorKind::KeysUnavailable);
    assert_eq!(error.retry_after(), Some(SECOND));
    let mut causes = Vec::new();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        causes.push(error.to_string());
        cause = error.source();
    }
    assert_eq!(causes.last().unwrap(), "the database at 10.0.0.7 is down");
    assert!(!error.to_string().contains("10.0.0.7"), "{error}");
    // The next second has a lookup of its own.
    assert_eq!(fixture.ask_for("globex").await, DOWN);
    assert_eq!(fixture.tenants.asked(), ["globex"]);
    fixture.clock.advance(SECOND);
    fixture.tenants.reply("globex", || Ok(Some(issuer("globex"))));
    assert_eq!(fixture.ask_for("globex").await, OK);
    assert_eq!(fixture.events(), ["failed", "found"]);
}

#[tokio::test]
async fn a_lookup_that_hangs_ends_with_its_timeout() {
    let fixture = Fixture::start();
    fixture.tenants.close();
    let good = token("acme");
    let waiting = fixture.ask(&good);
    let time = async {
        fixture.settle().await;
        fixture.clock.advance(Duration::from_secs(5));
    };
    let (verdict, ()) = tokio::join!(waiting, time);
    assert_eq!(verdict, DOWN);
    assert_eq!(fixture.events(), ["failed"]);
}

#[tokio::test]
async fn a_panic_of_the_resolver_fails_the_lookup() {
    let fixture = Fixture::start();
    fixture.tenants.reply("globex", || panic!("a fault of the resolver"));
    assert_eq!(fixture.ask_for("globex").await, DOWN);
    fixture.clock.advance(SECOND);
    fixture.tenants.reply("globex", || Ok(Some(issuer("globex"))));
    assert_eq!(fixture.ask_for("globex").await, OK);
}
