//! A suspended machine: its wall clock advances further than its monotonic clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use tower_jwt_auth::ErrorKind;
use tower_jwt_auth::clock::Clock;
use tower_jwt_auth::jwks::RemoteJwks;
use tower_jwt_auth::key::{KeySetState, KeySource};
use tower_jwt_auth::testing::{FixedClock, TestIssuer};

use super::discovery::{OPENID, issuer_at, paths};
use super::fixture::{
    Fixture, GOOD, LIFETIME, MAX_BACKOFF, NANOSECOND, SECOND, STALE_BOUND, UNKNOWN, just_before,
};
use crate::support::answers::status;
use crate::support::key_server::KeyServer;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// The gain of the wall clock that starts no refresh.
const SLACK: Duration = Duration::from_secs(60);

/// Advances only the wall clock.
fn suspend(clock: &FixedClock, gain: Duration) {
    clock.set(clock.now() + gain);
}

/// A token that stays valid for all clock changes of these tests.
fn token(issuer: &TestIssuer) -> String {
    issuer.token().expires_in(100_000 * DAY).mint()
}

#[tokio::test]
async fn after_a_suspension_the_next_request_starts_a_refresh() {
    let fixture = Fixture::start().warm().await;
    let (known, next) = (token(&fixture.issuer), fixture.next_issuer());
    fixture.server.serve(&next.jwks());
    suspend(&fixture.clock, 3 * DAY);
    let health = fixture.keys.health();
    assert_eq!((health.state, health.next_attempt), (KeySetState::Stale, Some(Duration::ZERO)));
    assert_eq!(fixture.verdict_now(&known), Ok(()), "served from memory");
    fixture.events.wait_for_fetches(2).await;
    assert_eq!(fixture.events.all()[1..], ["schedule replaced"]);
    assert_eq!(fixture.verdict_now(&known), Err(ErrorKind::UnknownKey), "withdrawn by the issuer");
    assert_eq!(fixture.verdict_now(&token(&next)), Ok(()));
    assert_eq!(fixture.keys.health().state, KeySetState::Fresh);
}

#[tokio::test]
async fn a_gain_of_a_minute_is_not_a_suspension() {
    for (gain, fetches) in [(SLACK, 1), (SLACK + NANOSECOND, 2)] {
        let fixture = Fixture::start().warm().await;
        for part in [just_before(SLACK), gain.saturating_sub(just_before(SLACK))] {
            suspend(&fixture.clock, part);
            fixture.clock.advance(SECOND);
            assert_eq!(fixture.verdict(&fixture.known()).await, GOOD);
        }
        fixture.events.wait_for_fetches(fetches).await;
        assert_eq!(fixture.keys.health().state, KeySetState::Fresh, "{gain:?}");
        assert_eq!(fixture.server.asked(), fetches, "{gain:?}");
    }
}

#[tokio::test]
async fn a_wall_clock_set_back_starts_no_refresh() {
    let fixture = Fixture::start().warm().await;
    let known = token(&fixture.issuer);
    fixture.clock.set(fixture.clock.now() - 365 * DAY);
    for _ in 0..10 {
        fixture.clock.advance(SECOND);
        assert_eq!(fixture.verdict_now(&known), Ok(()));
        assert_eq!(fixture.keys.health().state, KeySetState::Fresh);
        assert_eq!(fixture.keys.health().next_attempt.map(|next| next > LIFETIME / 2), Some(true));
    }
    assert_eq!(fixture.server.asked(), 1);
}

#[tokio::test]
async fn a_wall_clock_corrected_forward_causes_one_refresh() {
    let fixture = Fixture::start().warm().await;
    let known = token(&fixture.issuer);
    suspend(&fixture.clock, 30 * 365 * DAY);
    assert_eq!(fixture.verdict_now(&known), Ok(()));
    fixture.events.wait_for_fetches(2).await;
    for _ in 0..100 {
        fixture.clock.advance(SECOND);
        assert_eq!(fixture.verdict(&known).await, GOOD);
    }
    assert_eq!(fixture.server.asked(), 2);
    assert_eq!(fixture.events.all(), ["empty replaced", "schedule unchanged"]);
}

#[tokio::test]
async fn the_wall_clock_never_makes_keys_unavailable() {
    let fixture = Fixture::start().warm().await;
    let known = token(&fixture.issuer);
    fixture.server.send(status("500 Internal Server Error"));
    suspend(&fixture.clock, 365 * DAY);
    for failures in 1..=3 {
        assert_eq!(fixture.verdict_now(&known), Ok(()));
        fixture.events.wait_for_fetches(1 + failures).await;
        // The next attempt waits for the backoff, however often the clock is read.
        let wait = fixture.keys.health().next_attempt.unwrap();
        assert!(wait <= MAX_BACKOFF && !wait.is_zero(), "{wait:?}");
        fixture.clock.advance(just_before(wait));
        assert_eq!(fixture.verdict_now(&known), Ok(()));
        assert_eq!(fixture.server.asked(), 1 + failures);
        assert_eq!(fixture.keys.health().state, KeySetState::Stale);
        fixture.clock.advance(NANOSECOND);
    }
    // By the monotonic clock, the keys reach their usual stale bound.
    let passed = fixture.keys.health().age.unwrap();
    fixture.clock.advance(just_before((LIFETIME + STALE_BOUND).saturating_sub(passed)));
    assert_eq!(fixture.verdict_now(&known), Ok(()));
    fixture.clock.advance(NANOSECOND);
    assert_eq!(fixture.verdict_now(&known), Err(ErrorKind::KeysUnavailable));
}

#[tokio::test]
async fn metadata_is_read_again_after_a_suspension() {
    let (fixture, _) = issuer_at("", |it| it);
    let fixture = fixture.warm().await;
    let known = token(&fixture.issuer);
    suspend(&fixture.clock, DAY);
    assert_eq!(fixture.verdict_now(&known), Ok(()));
    fixture.events.wait_for_fetches(2).await;
    assert_eq!(paths(&fixture)[2..], [OPENID, "/keys"]);
    fixture.clock.advance(SECOND * 30);
    assert_eq!(fixture.verdict(&fixture.unknown()).await, UNKNOWN);
    assert_eq!(paths(&fixture)[4..], ["/keys"]);
}

/// Counts the reads of the wall clock.
#[derive(Clone, Debug)]
struct CountingClock(FixedClock, Arc<AtomicUsize>);

impl Clock for CountingClock {
    fn now(&self) -> SystemTime {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.now()
    }

    fn monotonic(&self) -> Duration {
        self.0.monotonic()
    }
}

#[tokio::test]
async fn requests_read_the_wall_clock_once_a_second() {
    let (clock, reads) = (FixedClock::new(), Arc::new(AtomicUsize::new(0)));
    let server = KeyServer::start(&TestIssuer::es256().jwks());
    let builder = RemoteJwks::url(server.url("/keys")).allow_http_on_loopback();
    let keys = builder.clock(CountingClock(clock.clone(), Arc::clone(&reads))).build().unwrap();
    keys.warm().await.unwrap();
    reads.store(0, Ordering::SeqCst);
    for second in 1..=5 {
        for _ in 0..100 {
            assert!(keys.current().is_some());
        }
        clock.advance(just_before(SECOND));
        assert!(keys.current().is_some());
        assert_eq!(reads.load(Ordering::SeqCst), second);
        clock.advance(NANOSECOND);
    }
}

/// The virtual time of a paused runtime, with a separate wall clock.
#[derive(Debug)]
struct Virtual(tokio::time::Instant, FixedClock);

impl Clock for Virtual {
    fn now(&self) -> SystemTime {
        self.1.now() + self.0.elapsed()
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}

#[tokio::test(start_paused = true)]
async fn keep_fresh_detects_a_suspension_without_a_request() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let client = tower::service_fn(move |_: http::Request<tower_jwt_auth::jwks::NoBody>| {
        counted.fetch_add(1, Ordering::SeqCst);
        let body = http_body_util::Full::new(bytes::Bytes::from(TestIssuer::es256().jwks()));
        std::future::ready(Ok::<_, std::convert::Infallible>(http::Response::new(body)))
    });
    let wall = FixedClock::new();
    let keys = RemoteJwks::url("https://auth.example.com/keys").client(client);
    let keys = keys.clock(Virtual(tokio::time::Instant::now(), wall.clone())).build().unwrap();
    tokio::spawn(keys.keep_fresh());
    tokio::time::sleep(SECOND).await;
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    suspend(&wall, DAY);
    assert_eq!(keys.health().state, KeySetState::Stale);
    tokio::time::sleep(31 * SECOND).await;
    assert_eq!((keys.health().state, asked.load(Ordering::SeqCst)), (KeySetState::Fresh, 2));
    tokio::time::sleep(60 * SECOND).await;
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}
