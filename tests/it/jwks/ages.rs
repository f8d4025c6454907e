//! Key lifetimes, scheduled refreshes, stale keys and backoff.

use std::time::Duration;

use tower_jwt_auth::ErrorKind;
use tower_jwt_auth::jwks::RemoteJwksBuilder;
use tower_jwt_auth::key::{KeySetState, KeySource};

use super::fixture::{
    COOLDOWN, DOWN, Fixture, GOOD, LIFETIME, NANOSECOND, SECOND, STALE_BOUND, UNKNOWN, just_before,
    set_of,
};
use crate::support::answers::{answer, status, with_headers};
use crate::support::key_server::Act;

const UNAVAILABLE: Result<(), ErrorKind> = Err(ErrorKind::KeysUnavailable);
const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn a_scheduled_refresh_runs_behind_the_request_that_starts_it() {
    let fixture = Fixture::start().warm().await;
    let next = fixture.next_issuer();
    fixture.server.serve(&set_of([&*fixture.issuer.jwk(), &next.jwk()]));
    // Never before 70 % of the lifetime, despite the jitter.
    fixture.clock.advance(just_before(LIFETIME * 7 / 10));
    for _ in 0..100 {
        assert_eq!(fixture.verdict_now(&fixture.known()), Ok(()));
    }
    assert!(fixture.keys.refresh().await.is_ok());
    assert_eq!(fixture.events.all(), ["empty replaced", "manual replaced"]);

    // At 80 % at the latest.
    fixture.server.serve(&next.jwks());
    fixture.clock.advance(LIFETIME * 8 / 10);
    for _ in 0..100 {
        assert_eq!(fixture.verdict_now(&fixture.known()), Ok(()), "served from memory");
    }
    fixture.events.wait_for_fetches(3).await;
    assert_eq!(fixture.events.all()[2..], ["schedule replaced"]);
    // The withdrawn key is gone although no token had an unknown key.
    assert_eq!(fixture.verdict_now(&fixture.known()), Err(ErrorKind::UnknownKey));
    assert_eq!(fixture.verdict_now(&next.token().mint()), Ok(()));
    assert_eq!(fixture.server.asked(), 3);
    assert_eq!(fixture.keys.health().state, KeySetState::Fresh);
}

#[tokio::test]
async fn scheduled_refreshes_are_jittered() {
    let mut times = Vec::new();
    for _ in 0..20 {
        let fixture = Fixture::start().warm().await;
        times.push(fixture.keys.health().next_attempt.unwrap());
    }
    let bounds = LIFETIME * 7 / 10..=LIFETIME * 8 / 10;
    assert!(times.iter().all(|time| bounds.contains(time)), "{times:?}");
    times.sort_unstable();
    times.dedup();
    assert!(times.len() > 5, "the times are not spread: {times:?}");
}

#[tokio::test]
async fn later_fetches_send_the_validators_of_the_document() {
    let tag = ("ETag", "W/\"keys 1\"");
    let date = ("Last-Modified", "Wed, 31 Dec 2025 10:00:00 GMT");
    for headers in [&[tag][..], &[date], &[tag, date], &[]] {
        let fixture = Fixture::start();
        let document = fixture.issuer.jwks();
        let first = with_headers(headers, &document);
        let same = answer("304 Not Modified", &[("Cache-Control", "max-age=300")], "");
        let has_validator = !headers.is_empty();
        fixture.server.act(move |_, number| {
            Act::Send(if number == 0 || !has_validator { first.clone() } else { same.clone() })
        });
        let fixture = fixture.warm().await;
        let generation = fixture.keys.current().unwrap().generation();
        fixture.clock.advance(LIFETIME * 8 / 10);
        assert_eq!(fixture.verdict_now(&fixture.known()), Ok(()));
        fixture.events.wait_for_fetches(2).await;
        assert_eq!(fixture.events.all(), ["empty replaced", "schedule unchanged"]);

        let requests = fixture.server.requests();
        for name in ["if-none-match", "if-modified-since"] {
            assert_eq!(requests[0].header(name), None);
        }
        let sent = |header: (&str, &'static str)| headers.contains(&header).then_some(header.1);
        assert_eq!(requests[1].header("if-none-match"), sent(tag));
        assert_eq!(requests[1].header("if-modified-since"), sent(date));
        // The set is unchanged and keeps its generation.
        assert_eq!(fixture.keys.current().unwrap().generation(), generation);
        // Its lifetime starts again, with the max age of the last response.
        let lifetime = if has_validator { 300 * SECOND } else { LIFETIME };
        fixture.clock.advance(just_before(lifetime));
        assert_eq!(fixture.keys.health().state, KeySetState::Fresh);
        fixture.clock.advance(NANOSECOND);
        assert_eq!(fixture.keys.health().state, KeySetState::Stale);
    }
}

#[tokio::test]
async fn validators_survive_a_chain_of_304_responses() {
    let fixture = Fixture::start();
    let first = with_headers(&[("ETag", "\"1\"")], fixture.issuer.jwks());
    fixture.server.act(move |_, number| {
        Act::Send(if number == 0 { first.clone() } else { status("304 Not Modified") })
    });
    let fixture = fixture.warm().await;
    for _ in 0..3 {
        fixture.clock.advance(COOLDOWN);
        assert_eq!(fixture.verdict(&fixture.unknown()).await, UNKNOWN);
    }
    let tags: Vec<_> = fixture.server.requests();
    let tags: Vec<_> = tags.iter().map(|request| request.header("if-none-match")).collect();
    assert_eq!(tags, [None, Some("\"1\""), Some("\"1\""), Some("\"1\"")]);
}

#[tokio::test]
async fn cache_control_lifetimes_are_between_a_minute_and_an_hour() {
    for (cache_control, age, seconds) in [
        ("", "", 600),
        ("public", "", 600),
        ("max-age=soon", "", 600),
        ("max-age=0", "", 60),
        ("no-cache", "", 60),
        ("no-store, max-age=300", "", 60),
        ("max-age=59", "", 60),
        ("max-age=60", "", 60),
        ("max-age=61", "", 61),
        ("public, max-age=300, must-revalidate", "", 300),
        ("max-age=3599", "", 3599),
        ("max-age=3600", "", 3600),
        ("max-age=3601", "", 3600),
        ("max-age=99999999999999999999", "", 3600),
        ("max-age=300", "100", 200),
        ("max-age=300", "239", 61),
        ("max-age=300", "241", 60),
        ("max-age=300", "301", 60),
        ("max-age=7200", "3599", 3600),
        ("max-age=7200", "3601", 3599),
        ("", "100", 600),
    ] {
        let fixture = Fixture::start();
        let headers = [("Cache-Control", cache_control), ("Age", age)];
        let headers: Vec<_> = headers.into_iter().filter(|header| !header.1.is_empty()).collect();
        fixture.server.send(with_headers(&headers, fixture.issuer.jwks()));
        let fixture = fixture.warm().await;
        fixture.clock.advance(just_before(seconds * SECOND));
        assert_eq!(fixture.keys.health().state, KeySetState::Fresh, "{cache_control} {age}");
        fixture.clock.advance(NANOSECOND);
        assert_eq!(fixture.keys.health().state, KeySetState::Stale, "{cache_control} {age}");
    }
}

#[tokio::test]
async fn stale_keys_serve_up_to_the_exact_stale_bound() {
    for (bound, settings) in [(STALE_BOUND, None), (Duration::ZERO, Some(0)), (HOUR, Some(3600))] {
        let fixture = Fixture::with(|builder| match settings {
            None => builder,
            Some(seconds) => builder.max_stale(Duration::from_secs(seconds)),
        });
        let fixture = fixture.warm().await;
        fixture.server.send(status("500 Internal Server Error"));
        fixture.clock.advance(just_before(LIFETIME + bound));
        assert_eq!(fixture.verdict(&fixture.known()).await, GOOD, "{bound:?}");
        fixture.events.wait_for_fetches(2).await;
        assert_eq!(fixture.verdict(&fixture.known()).await, GOOD, "{bound:?}");
        fixture.clock.advance(NANOSECOND);
        assert_eq!(fixture.verdict_now(&fixture.known()), UNAVAILABLE, "{bound:?}");
        assert_eq!(fixture.verdict(&fixture.known()).await, DOWN, "{bound:?}");
        assert_eq!(fixture.keys.health().state, KeySetState::Empty);
        assert_eq!(fixture.keys.health().keys, 0);
        // The keys are fetched again when the server recovers.
        fixture.server.serve(&fixture.issuer.jwks());
        fixture.clock.advance(60 * SECOND);
        assert_eq!(fixture.verdict(&fixture.known()).await, GOOD, "{bound:?}");
    }
}

#[tokio::test]
async fn without_a_stale_bound_keys_serve_during_any_outage() {
    let fixture = Fixture::with(RemoteJwksBuilder::allow_unbounded_stale).warm().await;
    fixture.server.close().await;
    for _ in 0..10 {
        fixture.clock.advance(365 * 24 * HOUR);
        assert_eq!(fixture.verdict_now(&fixture.known()), Ok(()));
    }
    assert_eq!(fixture.keys.health().state, KeySetState::Stale);
}

#[tokio::test]
async fn no_fetch_starts_before_the_backoff_ends() {
    let fixture = Fixture::start();
    fixture.server.send(status("404 Not Found"));
    // The upper bounds of the jittered waits, in seconds.
    for (failures, longest) in (1..).zip([1, 2, 4, 8, 16, 32, 60, 60, 60]) {
        assert_eq!(fixture.verdict(&fixture.known()).await, DOWN);
        assert_eq!(fixture.server.asked(), failures);
        let wait = fixture.keys.health().next_attempt.unwrap();
        assert!(wait >= Duration::from_millis(100) && wait < longest * SECOND, "{wait:?}");
        // No request starts a fetch before the exact end of the backoff.
        fixture.clock.advance(just_before(wait));
        for token in [fixture.known(), fixture.unknown(), fixture.forged()] {
            assert_eq!(fixture.verdict_now(&token), UNAVAILABLE);
            assert!(fixture.verifier.verify(&token).try_now().unwrap().is_err(), "at once");
        }
        assert_eq!(fixture.server.asked(), failures);
        fixture.clock.advance(NANOSECOND);
    }
    fixture.server.serve(&fixture.issuer.jwks());
    assert_eq!(fixture.verdict(&fixture.known()).await, GOOD);
    // A success resets the backoff.
    fixture.server.send(status("404 Not Found"));
    fixture.clock.advance(LIFETIME + STALE_BOUND);
    assert_eq!(fixture.verdict(&fixture.known()).await, DOWN);
    assert!(fixture.keys.health().next_attempt.unwrap() < SECOND);
}

#[tokio::test]
async fn background_failures_use_the_same_backoff() {
    let fixture = Fixture::start().warm().await;
    fixture.server.send(status("500 Internal Server Error"));
    fixture.clock.advance(LIFETIME);
    for failures in 1..=5 {
        assert_eq!(fixture.verdict_now(&fixture.known()), Ok(()));
        fixture.events.wait_for_fetches(1 + failures).await;
        let wait = fixture.keys.health().next_attempt.unwrap();
        fixture.clock.advance(just_before(wait));
        assert_eq!(fixture.verdict_now(&fixture.known()), Ok(()));
        assert_eq!(fixture.verdict_now(&fixture.known()), Ok(()));
        assert_eq!(fixture.server.asked(), 1 + failures, "a fetch behind requests is not retried");
        fixture.clock.advance(NANOSECOND);
    }
}
