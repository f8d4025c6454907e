//! The policy, number by number: what holds without any setting, at both sides of each bound.
//!
//! Elsewhere, with what belongs to them: retries and waiting (`flights`), the time of a refresh ahead, the
//! back-off, the clamps of `Cache-Control` and the stale bound (`ages`), twelve hours of metadata
//! (`discovery`), 256 KiB and 1,024 keys (`matrix`).

use std::time::Duration;

use tower_jwt_auth::key::KeySetState;

use super::rig::{GOOD, NANOSECOND, Rig, SECOND, UNKNOWN, just_before};

#[tokio::test]
async fn keys_live_ten_minutes() {
    let rig = Rig::start().warm().await;
    rig.clock.advance(just_before(Duration::from_secs(600)));
    assert_eq!(rig.keys.health().state, KeySetState::Fresh);
    rig.clock.advance(NANOSECOND);
    assert_eq!(rig.keys.health().state, KeySetState::Stale);
}

#[tokio::test]
async fn the_cool_down_is_thirty_seconds_from_the_last_attempt() {
    let rig = Rig::start().warm().await;
    for fetches in 2..5 {
        rig.clock.advance(just_before(30 * SECOND));
        assert_eq!(rig.verdict(&rig.unknown()).await, UNKNOWN);
        assert_eq!(rig.server.asked(), fetches - 1);
        rig.clock.advance(NANOSECOND);
        assert_eq!(rig.verdict(&rig.unknown()).await, UNKNOWN);
        assert_eq!(rig.server.asked(), fetches);
    }
}

#[tokio::test]
async fn keys_serve_four_hours_after_their_lifetime() {
    let rig = Rig::start().warm().await;
    rig.server.close().await;
    rig.clock.advance(just_before(Duration::from_secs(600 + 4 * 3600)));
    assert_eq!(rig.verdict(&rig.known()).await, GOOD);
    rig.clock.advance(NANOSECOND);
    assert_eq!(rig.verdict(&rig.known()).await, super::rig::DOWN);
}

#[tokio::test]
async fn a_thousand_and_twenty_four_requests_may_wait() {
    let rig = Rig::start();
    rig.server.hang();
    let token = rig.known();
    let waiting: Vec<_> = (0..1024).map(|_| rig.verifier.verify(&token).try_now()).collect();
    assert!(waiting.iter().all(Result::is_err));
    assert!(rig.verifier.verify(&token).try_now().is_ok_and(|verdict| verdict.is_err()));
}

#[tokio::test]
async fn settings_take_the_place_of_the_defaults() {
    let settings = |it: tower_jwt_auth::jwks::RemoteJwksBuilder| {
        it.lifetime(20 * SECOND).cool_down(2 * SECOND).stale_for(5 * SECOND)
    };
    let rig = Rig::with(settings).warm().await;
    rig.clock.advance(just_before(2 * SECOND));
    assert_eq!(rig.verdict(&rig.unknown()).await, UNKNOWN);
    assert_eq!(rig.server.asked(), 1);
    rig.clock.advance(NANOSECOND);
    assert_eq!(rig.verdict(&rig.unknown()).await, UNKNOWN);
    assert_eq!(rig.server.asked(), 2);
    rig.server.close().await;
    rig.clock.advance(just_before(25 * SECOND));
    assert_eq!(rig.verdict(&rig.known()).await, GOOD);
    rig.clock.advance(NANOSECOND);
    assert_eq!(rig.verdict(&rig.known()).await, super::rig::DOWN);
}

#[tokio::test]
async fn the_bounds_of_cache_control_and_of_the_document_can_be_set() {
    use crate::support::answers::with_headers;
    for (max_age, seconds) in [("max-age=1", 20), ("max-age=25", 25), ("max-age=99", 30)] {
        let rig = Rig::with(|builder| builder.lifetime_between(20 * SECOND, 30 * SECOND));
        rig.server.send(with_headers(&[("Cache-Control", max_age)], rig.issuer.jwks()));
        let rig = rig.warm().await;
        rig.clock.advance(just_before(seconds * SECOND));
        assert_eq!(rig.keys.health().state, KeySetState::Fresh, "{max_age}");
        rig.clock.advance(NANOSECOND);
        assert_eq!(rig.keys.health().state, KeySetState::Stale, "{max_age}");
    }
    for (bytes_more, accepted) in [(0, true), (1, false)] {
        let rig = Rig::with(|builder| builder.max_bytes(1000));
        let document = rig.issuer.jwks();
        let spaces = " ".repeat(1000 + bytes_more - document.len());
        rig.server.serve(&(document + &spaces));
        assert_eq!(rig.keys.warm().await.is_ok(), accepted, "{bytes_more}");
    }
}

#[tokio::test]
async fn the_longest_back_off_can_be_set() {
    let rig = Rig::with(|builder| builder.longest_back_off(2 * SECOND));
    rig.server.send(crate::support::answers::status("404 Not Found"));
    for _ in 0..8 {
        assert!(rig.keys.warm().await.is_err());
        let wait = rig.keys.health().next_attempt.unwrap();
        assert!(wait < 2 * SECOND, "{wait:?}");
        rig.clock.advance(wait);
    }
}
