//! How old keys may become, and who fetches new ones when.

use std::time::Duration;

use tower_jwt_auth::ErrorKind;
use tower_jwt_auth::jwks::RemoteJwksBuilder;
use tower_jwt_auth::key::{KeySetState, KeySource};

use super::rig::{
    COOL_DOWN, DOWN, GOOD, LIFETIME, NANOSECOND, Rig, SECOND, STALE_BOUND, UNKNOWN, just_before,
    set_of,
};
use crate::support::answers::{answer, status, with_headers};
use crate::support::key_server::Act;

const UNAVAILABLE: Result<(), ErrorKind> = Err(ErrorKind::KeysUnavailable);
const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn a_refresh_ahead_goes_on_behind_the_request_that_notices_that_it_is_due() {
    let rig = Rig::start().warm().await;
    let next = rig.next_issuer();
    rig.server.serve(&set_of([&*rig.issuer.jwk(), &next.jwk()]));
    // Never before 70 % of the lifetime, whatever chance says.
    rig.clock.advance(just_before(LIFETIME * 7 / 10));
    for _ in 0..100 {
        assert_eq!(rig.verdict_now(&rig.known()), Ok(()));
    }
    assert!(rig.keys.refresh_now().await.is_ok());
    assert_eq!(rig.events.all(), ["empty replaced", "manual replaced"]);

    // And at 80 % at the latest.
    rig.server.serve(&next.jwks());
    rig.clock.advance(LIFETIME * 8 / 10);
    for _ in 0..100 {
        assert_eq!(rig.verdict_now(&rig.known()), Ok(()), "served from memory");
    }
    rig.events.landed(3).await;
    assert_eq!(rig.events.all()[2..], ["schedule replaced"]);
    // Withdrawn at the source, gone here, although nobody ever showed an unknown key.
    assert_eq!(rig.verdict_now(&rig.known()), Err(ErrorKind::UnknownKey));
    assert_eq!(rig.verdict_now(&next.token().mint()), Ok(()));
    assert_eq!(rig.server.asked(), 3);
    assert_eq!(rig.keys.health().state, KeySetState::Fresh);
}

#[tokio::test]
async fn the_time_of_a_refresh_ahead_is_spread() {
    let mut times = Vec::new();
    for _ in 0..20 {
        let rig = Rig::start().warm().await;
        times.push(rig.keys.health().next_attempt.unwrap());
    }
    let bounds = LIFETIME * 7 / 10..=LIFETIME * 8 / 10;
    assert!(times.iter().all(|time| bounds.contains(time)), "{times:?}");
    times.sort_unstable();
    times.dedup();
    assert!(times.len() > 5, "a fleet would ask as one: {times:?}");
}

#[tokio::test]
async fn the_first_answer_says_nothing_about_earlier_ones_and_later_requests_name_it() {
    let tag = ("ETag", "W/\"keys 1\"");
    let date = ("Last-Modified", "Wed, 31 Dec 2025 10:00:00 GMT");
    for headers in [&[tag][..], &[date], &[tag, date], &[]] {
        let rig = Rig::start();
        let document = rig.issuer.jwks();
        let first = with_headers(headers, &document);
        let same = answer("304 Not Modified", &[("Cache-Control", "max-age=300")], "");
        let has_validator = !headers.is_empty();
        rig.server.act(move |_, number| {
            Act::Send(if number == 0 || !has_validator { first.clone() } else { same.clone() })
        });
        let rig = rig.warm().await;
        let generation = rig.keys.current().unwrap().generation();
        rig.clock.advance(LIFETIME * 8 / 10);
        assert_eq!(rig.verdict_now(&rig.known()), Ok(()));
        rig.events.landed(2).await;
        assert_eq!(rig.events.all(), ["empty replaced", "schedule unchanged"]);

        let requests = rig.server.requests();
        for name in ["if-none-match", "if-modified-since"] {
            assert_eq!(requests[0].header(name), None);
        }
        let sent = |header: (&str, &'static str)| headers.contains(&header).then_some(header.1);
        assert_eq!(requests[1].header("if-none-match"), sent(tag));
        assert_eq!(requests[1].header("if-modified-since"), sent(date));
        // The set is the same, and what was derived from it may stay.
        assert_eq!(rig.keys.current().unwrap().generation(), generation);
        // It lives on from then, as long as the last answer says.
        let lifetime = if has_validator { 300 * SECOND } else { LIFETIME };
        rig.clock.advance(just_before(lifetime));
        assert_eq!(rig.keys.health().state, KeySetState::Fresh);
        rig.clock.advance(NANOSECOND);
        assert_eq!(rig.keys.health().state, KeySetState::Stale);
    }
}

#[tokio::test]
async fn validators_of_a_304_chain_stay_those_of_the_document() {
    let rig = Rig::start();
    let first = with_headers(&[("ETag", "\"1\"")], rig.issuer.jwks());
    rig.server.act(move |_, number| {
        Act::Send(if number == 0 { first.clone() } else { status("304 Not Modified") })
    });
    let rig = rig.warm().await;
    for _ in 0..3 {
        rig.clock.advance(COOL_DOWN);
        assert_eq!(rig.verdict(&rig.unknown()).await, UNKNOWN);
    }
    let tags: Vec<_> = rig.server.requests();
    let tags: Vec<_> = tags.iter().map(|request| request.header("if-none-match")).collect();
    assert_eq!(tags, [None, Some("\"1\""), Some("\"1\""), Some("\"1\"")]);
}

#[tokio::test]
async fn the_answer_decides_on_the_lifetime_between_a_minute_and_an_hour() {
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
        let rig = Rig::start();
        let headers = [("Cache-Control", cache_control), ("Age", age)];
        let headers: Vec<_> = headers.into_iter().filter(|header| !header.1.is_empty()).collect();
        rig.server.send(with_headers(&headers, rig.issuer.jwks()));
        let rig = rig.warm().await;
        rig.clock.advance(just_before(seconds * SECOND));
        assert_eq!(rig.keys.health().state, KeySetState::Fresh, "{cache_control} {age}");
        rig.clock.advance(NANOSECOND);
        assert_eq!(rig.keys.health().state, KeySetState::Stale, "{cache_control} {age}");
    }
}

#[tokio::test]
async fn keys_serve_up_to_the_stale_bound_and_not_a_nanosecond_longer() {
    for (bound, settings) in [(STALE_BOUND, None), (Duration::ZERO, Some(0)), (HOUR, Some(3600))] {
        let rig = Rig::with(|builder| match settings {
            None => builder,
            Some(seconds) => builder.stale_for(Duration::from_secs(seconds)),
        });
        let rig = rig.warm().await;
        rig.server.send(status("500 Internal Server Error"));
        rig.clock.advance(just_before(LIFETIME + bound));
        assert_eq!(rig.verdict(&rig.known()).await, GOOD, "{bound:?}");
        rig.events.landed(2).await;
        assert_eq!(rig.verdict(&rig.known()).await, GOOD, "{bound:?}");
        rig.clock.advance(NANOSECOND);
        assert_eq!(rig.verdict_now(&rig.known()), UNAVAILABLE, "{bound:?}");
        assert_eq!(rig.verdict(&rig.known()).await, DOWN, "{bound:?}");
        assert_eq!(rig.keys.health().state, KeySetState::Empty);
        assert_eq!(rig.keys.health().keys, 0);
        // The server comes back, and so do the keys.
        rig.server.serve(&rig.issuer.jwks());
        rig.clock.advance(60 * SECOND);
        assert_eq!(rig.verdict(&rig.known()).await, GOOD, "{bound:?}");
    }
}

#[tokio::test]
async fn without_a_bound_keys_serve_for_as_long_as_the_outage_lasts() {
    let rig = Rig::with(RemoteJwksBuilder::stale_without_bound).warm().await;
    rig.server.close().await;
    for _ in 0..10 {
        rig.clock.advance(365 * 24 * HOUR);
        assert_eq!(rig.verdict_now(&rig.known()), Ok(()));
    }
    assert_eq!(rig.keys.health().state, KeySetState::Stale);
}

#[tokio::test]
async fn after_a_failure_nobody_asks_before_the_back_off_ends() {
    let rig = Rig::start();
    rig.server.send(status("404 Not Found"));
    // The longest waits that chance can make of them, in seconds.
    for (failures, longest) in (1..).zip([1, 2, 4, 8, 16, 32, 60, 60, 60]) {
        assert_eq!(rig.verdict(&rig.known()).await, DOWN);
        assert_eq!(rig.server.asked(), failures);
        let wait = rig.keys.health().next_attempt.unwrap();
        assert!(wait >= Duration::from_millis(100) && wait < longest * SECOND, "{wait:?}");
        // To the nanosecond.
        rig.clock.advance(just_before(wait));
        for token in [rig.known(), rig.unknown(), rig.forged()] {
            assert_eq!(rig.verdict_now(&token), UNAVAILABLE);
            assert!(rig.verifier.verify(&token).try_now().unwrap().is_err(), "at once");
        }
        assert_eq!(rig.server.asked(), failures);
        rig.clock.advance(NANOSECOND);
    }
    rig.server.serve(&rig.issuer.jwks());
    assert_eq!(rig.verdict(&rig.known()).await, GOOD);
    // The next failure begins from the start.
    rig.server.send(status("404 Not Found"));
    rig.clock.advance(LIFETIME + STALE_BOUND);
    assert_eq!(rig.verdict(&rig.known()).await, DOWN);
    assert!(rig.keys.health().next_attempt.unwrap() < SECOND);
}

#[tokio::test]
async fn behind_requests_failures_are_spread_by_the_same_back_off() {
    let rig = Rig::start().warm().await;
    rig.server.send(status("500 Internal Server Error"));
    rig.clock.advance(LIFETIME);
    for failures in 1..=5 {
        assert_eq!(rig.verdict_now(&rig.known()), Ok(()));
        rig.events.landed(1 + failures).await;
        let wait = rig.keys.health().next_attempt.unwrap();
        rig.clock.advance(just_before(wait));
        assert_eq!(rig.verdict_now(&rig.known()), Ok(()));
        assert_eq!(rig.verdict_now(&rig.known()), Ok(()));
        assert_eq!(rig.server.asked(), 1 + failures, "none in the request path is tried twice");
        rig.clock.advance(NANOSECOND);
    }
}
