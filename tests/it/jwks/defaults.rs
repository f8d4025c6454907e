//! The default values, checked on both sides of each bound.
//!
//! Other modules check the defaults for retries and waiting (`fetches`), for scheduled refreshes, the backoff,
//! the bounds of `Cache-Control` and the stale bound (`ages`), for twelve hours of metadata (`discovery`), and
//! for 256 KiB and 1,024 keys (`matrix`).

use std::time::Duration;

use tower_jwt_auth::key::KeySetState;

use super::fixture::{Fixture, GOOD, NANOSECOND, SECOND, UNKNOWN, just_before};

#[tokio::test]
async fn keys_are_fresh_for_ten_minutes() {
    let fixture = Fixture::start().warm().await;
    fixture.clock.advance(just_before(Duration::from_secs(600)));
    assert_eq!(fixture.keys.health().state, KeySetState::Fresh);
    fixture.clock.advance(NANOSECOND);
    assert_eq!(fixture.keys.health().state, KeySetState::Stale);
}

#[tokio::test]
async fn the_cooldown_is_thirty_seconds_from_the_last_attempt() {
    let fixture = Fixture::start().warm().await;
    for fetches in 2..5 {
        fixture.clock.advance(just_before(30 * SECOND));
        assert_eq!(fixture.verdict(&fixture.unknown()).await, UNKNOWN);
        assert_eq!(fixture.server.asked(), fetches - 1);
        fixture.clock.advance(NANOSECOND);
        assert_eq!(fixture.verdict(&fixture.unknown()).await, UNKNOWN);
        assert_eq!(fixture.server.asked(), fetches);
    }
}

#[tokio::test]
async fn keys_serve_four_hours_after_their_lifetime() {
    let fixture = Fixture::start().warm().await;
    fixture.server.close().await;
    fixture.clock.advance(just_before(Duration::from_secs(600 + 4 * 3600)));
    assert_eq!(fixture.verdict(&fixture.known()).await, GOOD);
    fixture.clock.advance(NANOSECOND);
    assert_eq!(fixture.verdict(&fixture.known()).await, super::fixture::DOWN);
}

#[tokio::test]
async fn at_most_1024_requests_may_wait() {
    let fixture = Fixture::start();
    fixture.server.hang();
    let token = fixture.known();
    let waiting: Vec<_> = (0..1024).map(|_| fixture.verifier.verify(&token).try_now()).collect();
    assert!(waiting.iter().all(Result::is_err));
    assert!(fixture.verifier.verify(&token).try_now().is_ok_and(|verdict| verdict.is_err()));
}

#[tokio::test]
async fn settings_replace_the_defaults() {
    let settings = |it: tower_jwt_auth::jwks::RemoteJwksBuilder| {
        it.ttl(20 * SECOND).cooldown(2 * SECOND).max_stale(5 * SECOND)
    };
    let fixture = Fixture::with(settings).warm().await;
    fixture.clock.advance(just_before(2 * SECOND));
    assert_eq!(fixture.verdict(&fixture.unknown()).await, UNKNOWN);
    assert_eq!(fixture.server.asked(), 1);
    fixture.clock.advance(NANOSECOND);
    assert_eq!(fixture.verdict(&fixture.unknown()).await, UNKNOWN);
    assert_eq!(fixture.server.asked(), 2);
    fixture.server.close().await;
    fixture.clock.advance(just_before(25 * SECOND));
    assert_eq!(fixture.verdict(&fixture.known()).await, GOOD);
    fixture.clock.advance(NANOSECOND);
    assert_eq!(fixture.verdict(&fixture.known()).await, super::fixture::DOWN);
}

#[tokio::test]
async fn bounds_of_cache_control_and_document_size_can_be_set() {
    use crate::support::answers::with_headers;
    for (max_age, seconds) in [("max-age=1", 20), ("max-age=25", 25), ("max-age=99", 30)] {
        let fixture = Fixture::with(|builder| builder.ttl_between(20 * SECOND, 30 * SECOND));
        fixture.server.send(with_headers(&[("Cache-Control", max_age)], fixture.issuer.jwks()));
        let fixture = fixture.warm().await;
        fixture.clock.advance(just_before(seconds * SECOND));
        assert_eq!(fixture.keys.health().state, KeySetState::Fresh, "{max_age}");
        fixture.clock.advance(NANOSECOND);
        assert_eq!(fixture.keys.health().state, KeySetState::Stale, "{max_age}");
    }
    for (bytes_more, accepted) in [(0, true), (1, false)] {
        let fixture = Fixture::with(|builder| builder.max_bytes(1000));
        let document = fixture.issuer.jwks();
        let spaces = " ".repeat(1000 + bytes_more - document.len());
        fixture.server.serve(&(document + &spaces));
        assert_eq!(fixture.keys.warm().await.is_ok(), accepted, "{bytes_more}");
    }
}

#[tokio::test]
async fn the_maximum_backoff_can_be_set() {
    let fixture = Fixture::with(|builder| builder.max_backoff(2 * SECOND));
    fixture.server.send(crate::support::answers::status("404 Not Found"));
    for _ in 0..8 {
        assert!(fixture.keys.warm().await.is_err());
        let wait = fixture.keys.health().next_attempt.unwrap();
        assert!(wait < 2 * SECOND, "{wait:?}");
        fixture.clock.advance(wait);
    }
}
