//! The future that completes when a token is no longer valid.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio_test::{assert_pending, assert_ready, task};
use tower_jwt_auth::clock::Clock;
use tower_jwt_auth::revocation::{Presented, Revocation, Standing};
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{Answer, Error, Identity, Token, Verified, Verifier, VerifierBuilder};

use crate::support::stepped_clock::SteppedClock;

const SECOND: Duration = Duration::from_secs(1);
const NANOSECOND: Duration = Duration::from_nanos(1);
/// Ten minutes, and the default leeway.
const END: Duration = Duration::from_secs(660);

/// The time one nanosecond earlier.
const fn just_before(time: Duration) -> Duration {
    time.saturating_sub(NANOSECOND)
}

fn issuer(clock: &SteppedClock) -> TestIssuer {
    TestIssuer::hs256().clock(clock.clone())
}

fn builder(clock: &SteppedClock) -> VerifierBuilder {
    let builder = Verifier::shared_secret(issuer(clock).secret()).any_audience();
    builder.allow_missing_expiry().clock(clock.clone())
}

fn verified(clock: &SteppedClock) -> Verified {
    let token = issuer(clock).token().expires_in(600 * SECOND).mint();
    builder(clock).build().unwrap().verify_now(&token).unwrap()
}

#[test]
fn expired_completes_after_expiry_and_leeway() {
    let clock = SteppedClock::default();
    let verified = verified(&clock);
    let mut expired = task::spawn(verified.expired());
    let mut of_identity = task::spawn(verified.identity().expired());
    drop(verified);
    assert_eq!(clock.made(), 0, "no timer before the first poll");
    assert_pending!(expired.poll());
    assert_pending!(of_identity.poll());
    clock.advance(just_before(END));
    assert_pending!(expired.poll());
    assert_pending!(of_identity.poll());
    clock.advance(NANOSECOND);
    assert!(expired.is_woken() && of_identity.is_woken());
    assert_ready!(expired.poll());
    assert_ready!(of_identity.poll());
    assert_eq!(clock.sleeping(), 0);
}

#[test]
fn expired_is_ready_for_an_expired_token() {
    let clock = SteppedClock::default();
    let verified = verified(&clock);
    clock.advance(END);
    assert_ready!(task::spawn(verified.expired()).poll());
    assert_eq!(clock.made(), 0);
}

#[test]
fn expired_is_a_future_for_tasks_and_select() {
    fn is_usable<F: Future<Output = ()> + Send + Sync + Unpin + 'static>(_: F) {}
    let verified = verified(&SteppedClock::default());
    is_usable(verified.expired());
    is_usable(verified.identity().expired());
}

#[test]
fn a_token_without_expiry_and_an_external_identity_never_expire() {
    let clock = SteppedClock::default();
    let token = issuer(&clock).token().without("exp").mint();
    let verified = builder(&clock).build().unwrap().verify_now(&token).unwrap();
    let mut expired = task::spawn(verified.expired());
    let mut external = task::spawn(Identity::external("api-key", "ada", &[]).expired());
    for _ in 0..3 {
        assert_pending!(expired.poll());
        assert_pending!(external.poll());
        clock.advance(1000 * END);
    }
    assert_eq!(clock.made(), 0);
}

#[test]
fn each_token_has_the_leeway_of_its_issuer() {
    use tower_jwt_auth::{Issuer, Policy, VerificationKey};
    let clock = SteppedClock::default();
    let policy = |leeway| Policy::new().any_audience().leeway(leeway);
    let one = TestIssuer::es256().issuer("https://one.example").clock(clock.clone());
    let two = issuer(&clock);
    let secret = VerificationKey::shared_secret(two.secret()).unwrap();
    let public = VerificationKey::jwk(one.jwk()).unwrap();
    let verifier = Verifier::builder()
        .trust(Issuer::new("https://one.example", public, policy(Duration::ZERO)))
        .trust(Issuer::unnamed(secret, policy(10 * SECOND)))
        .clock(clock.clone())
        .build()
        .unwrap();
    let verify = |issuer: &TestIssuer| {
        let token = issuer.token().expires_in(60 * SECOND).mint();
        verifier.verify_now(&token).unwrap()
    };
    let (one, two) = (verify(&one), verify(&two));
    let (mut one, mut two) = (task::spawn(one.expired()), task::spawn(two.expired()));
    assert_pending!(one.poll());
    clock.advance(60 * SECOND);
    assert_ready!(one.poll());
    assert_pending!(two.poll());
    clock.advance(10 * SECOND);
    assert_ready!(two.poll());
}

#[cfg(feature = "cache")]
#[test]
fn a_cached_token_expires_as_well() {
    let clock = SteppedClock::default();
    let verifier = builder(&clock).cache(tower_jwt_auth::TokenCache::new(10)).build().unwrap();
    let token = issuer(&clock).token().expires_in(600 * SECOND).mint();
    assert!(verifier.verify_now(&token).is_ok());
    clock.advance(200 * SECOND);
    let cached = verifier.verify_now(&token).unwrap();
    drop(verifier);
    let mut expired = task::spawn(cached.expired());
    assert_pending!(expired.poll());
    clock.advance(END.saturating_sub(200 * SECOND));
    assert_ready!(expired.poll());
}

#[derive(Clone, Debug, Default)]
struct Switch(Arc<AtomicBool>);

impl Revocation for Switch {
    fn check(&self, _: &Presented<'_>) -> Answer<Result<Standing, Error>> {
        Answer::now(Ok(Standing::Active))
    }

    fn revokes(&self, _: &Token) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[test]
fn expired_completes_within_five_seconds_of_a_revocation() {
    let (clock, switch) = (SteppedClock::default(), Switch::default());
    let verifier = builder(&clock).revocation(switch.clone()).build().unwrap();
    let token = issuer(&clock).token().without("exp").mint();
    let mut expired = task::spawn(verifier.verify_now(&token).unwrap().expired());
    assert_pending!(expired.poll());
    clock.advance(5 * SECOND);
    assert!(expired.is_woken());
    assert_pending!(expired.poll());
    switch.0.store(true, Ordering::Relaxed);
    clock.advance(just_before(5 * SECOND));
    assert_pending!(expired.poll());
    clock.advance(NANOSECOND);
    assert_ready!(expired.poll());
}

#[test]
fn an_expiry_in_the_far_future_does_not_overflow() {
    let clock = SteppedClock::default();
    for exp in [i64::MAX, i64::MAX - 59, 1 << 60, 253_402_300_800] {
        let token = issuer(&clock).token().claim("exp", exp).mint();
        let verified = builder(&clock).build().unwrap().verify_now(&token).unwrap();
        let mut expired = task::spawn(verified.expired());
        assert_pending!(expired.poll());
        clock.advance(86_400 * SECOND);
        assert_pending!(expired.poll());
        assert!(clock.monotonic() > Duration::ZERO);
    }
}

#[cfg(feature = "tokio-timer")]
#[tokio::test(start_paused = true)]
async fn expired_uses_tokio_timers_by_default() {
    /// The virtual time of a paused runtime.
    #[derive(Clone, Debug)]
    struct Virtual(tokio::time::Instant);
    impl Clock for Virtual {
        fn now(&self) -> std::time::SystemTime {
            std::time::SystemTime::UNIX_EPOCH + self.monotonic()
        }
        fn monotonic(&self) -> Duration {
            self.0.elapsed()
        }
    }
    let started = tokio::time::Instant::now();
    let clock = Virtual(started);
    let issuer = TestIssuer::hs256().clock(clock.clone());
    let verifier = Verifier::shared_secret(issuer.secret()).any_audience().clock(clock);
    let token = issuer.token().expires_in(600 * SECOND).mint();
    verifier.build().unwrap().verify_now(&token).unwrap().expired().await;
    // Timers of a paused runtime are accurate to a millisecond.
    let bounds = END..=END + Duration::from_millis(20);
    assert!(bounds.contains(&started.elapsed()), "{:?}", started.elapsed());
}
