//! The limit on the time that a request waits for keys, revocation and proof together.

use std::sync::Mutex;
use std::time::Duration;

use http::Request;
use http::request::Parts;
use tokio::sync::oneshot;
use tokio_test::{assert_pending, assert_ready_ok, task};
use tower::{Layer, Service};
use tower_jwt_auth::Token;
use tower_jwt_auth::clock::Clock;
use tower_jwt_auth::error::ProblemKind;
use tower_jwt_auth::middleware::JwtAuth;
use tower_jwt_auth::possession::{Confirm, Confirmation, Unconfirmed};
use tower_jwt_auth::revocation::{Presented, Revocation, Standing};
use tower_jwt_auth::source::RawToken;
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{Answer, Error, ErrorKind, Issuer, JwtAuthLayer, Policy, Verifier};
use tower_test::mock::Spawn;

use crate::support::ask::bearer;
use crate::support::late_keys::LateKeys;
use crate::support::permits::Event::{Called, Polled};
use crate::support::permits::{Gate, Limited};
use crate::support::stepped_clock::SteppedClock;

const SECOND: Duration = Duration::from_secs(1);
const NANOSECOND: Duration = Duration::from_nanos(1);

/// The time one nanosecond earlier.
const fn just_before(time: Duration) -> Duration {
    time.saturating_sub(NANOSECOND)
}

/// A stage that completes when the test sends its answer.
#[derive(Debug)]
struct Slow<T>(Mutex<Option<oneshot::Receiver<T>>>);

impl<T: Send + 'static> Slow<T> {
    fn new() -> (oneshot::Sender<T>, Self) {
        let (answer, answered) = oneshot::channel();
        (answer, Self(Mutex::new(Some(answered))))
    }

    fn answer(&self) -> Answer<T> {
        let answered = self.0.lock().unwrap().take().expect("asked once");
        Answer::later(async move { answered.await.unwrap() })
    }
}

impl Revocation for Slow<Result<Standing, Error>> {
    fn check(&self, _: &Presented<'_>) -> Answer<Result<Standing, Error>> {
        self.answer()
    }
}

impl Confirm for Slow<Result<Confirmation, Unconfirmed>> {
    fn confirm(
        &self,
        _: &Parts,
        _: &Token,
        _: &RawToken<'_>,
    ) -> Answer<Result<Confirmation, Unconfirmed>> {
        self.answer()
    }
}

fn issuer() -> TestIssuer {
    TestIssuer::es256().key_id("late")
}

fn good() -> Request<String> {
    bearer(&issuer().token().subject("ada").mint())
}

/// A layer with three slow stages around a service with one permit.
struct Setup<K> {
    clock: K,
    keys: LateKeys,
    revocation: oneshot::Sender<Result<Standing, Error>>,
    confirm: oneshot::Sender<Result<Confirmation, Unconfirmed>>,
    layer: JwtAuthLayer,
}

impl<K: Clock + Clone> Setup<K> {
    fn new(clock: K) -> Self {
        let keys = LateKeys::default();
        let trusted =
            Issuer::unnamed(keys.clone(), Policy::new().any_audience().allow_missing_expiry());
        let (revocation, list) = Slow::new();
        let (confirm, judge) = Slow::new();
        let verifier = Verifier::builder().trust(trusted).revocation(list).clock(clock.clone());
        let layer = JwtAuthLayer::new(verifier.build().unwrap()).confirm(judge);
        Self { clock, keys, revocation, confirm, layer }
    }

    fn request(self, request: Request<String>) -> Running<K> {
        let Self { clock, keys, revocation, confirm, layer } = self;
        let (gate, limited) = Gate::with_permits(1);
        let mut service = Spawn::new(layer.layer(limited));
        assert_ready_ok!(service.poll_ready::<Request<String>>());
        let future = task::spawn(service.call(request));
        drop(gate.events());
        let (revocation, confirm) = (Some(revocation), Some(confirm));
        Running { clock, keys, revocation, confirm, gate, future, _service: service }
    }
}

/// A request in progress.
struct Running<K> {
    clock: K,
    keys: LateKeys,
    revocation: Option<oneshot::Sender<Result<Standing, Error>>>,
    confirm: Option<oneshot::Sender<Result<Confirmation, Unconfirmed>>>,
    gate: Gate,
    future: task::Spawn<<JwtAuth<Limited> as Service<Request<String>>>::Future>,
    _service: Spawn<JwtAuth<Limited>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Keys,
    Revocation,
    Proof,
}

const STAGES: [(Stage, ErrorKind); 3] = [
    (Stage::Keys, ErrorKind::KeysUnavailable),
    (Stage::Revocation, ErrorKind::RevocationUnavailable),
    (Stage::Proof, ErrorKind::ConfirmUnavailable),
];

impl<K> Running<K> {
    /// Completes this stage successfully.
    fn answer(&mut self, stage: Stage) {
        match stage {
            Stage::Keys => self.keys.arrive(&issuer().jwks()),
            Stage::Revocation => {
                let revocation = self.revocation.take().unwrap();
                assert!(revocation.send(Ok(Standing::Active)).is_ok());
            }
            Stage::Proof => {
                let confirm = self.confirm.take().unwrap();
                assert!(confirm.send(Ok(Confirmation::new())).is_ok());
            }
        }
    }

    /// Completes all stages before this one.
    fn reach(&mut self, stage: Stage) {
        self.assert_waits();
        for (before, _) in STAGES.into_iter().filter(|(before, _)| *before < stage) {
            self.answer(before);
            self.assert_waits();
        }
    }

    fn assert_waits(&mut self) {
        assert_pending!(self.future.poll());
        assert_eq!(self.gate.free(), 1, "no permit is held while waiting");
    }

    fn assert_admitted(&mut self) {
        assert!(self.future.is_woken());
        assert_eq!(assert_ready_ok!(self.future.poll()).status(), 200);
    }

    /// Asserts that the request is rejected now with this kind, and that the inner service was never polled.
    fn assert_rejected(&mut self, kind: ErrorKind, detail: &str) {
        let response = assert_ready_ok!(self.future.poll());
        assert_eq!(response.status(), 503, "{kind}");
        let error = response.extensions().get::<Error>().unwrap();
        assert_eq!(error.kind(), kind);
        assert!(error.detail().is_some_and(|it| it.contains(detail)), "{error}");
        assert_eq!(response.headers()["retry-after"], "1", "{kind}");
        assert!(!response.headers().contains_key("www-authenticate"), "{kind}");
        let events = self.gate.events();
        assert!(!events.iter().any(|it| matches!(it, Polled(_) | Called(_))), "{events:?}");
        assert_eq!(self.gate.free(), 1);
        // A further poll stays pending and does not panic.
        assert_pending!(self.future.poll());
    }
}

#[test]
fn a_stage_that_hangs_is_rejected_at_the_limit() {
    for (stage, kind) in STAGES {
        let mut it = Setup::new(SteppedClock::default()).request(good());
        it.reach(stage);
        it.clock.advance(just_before(10 * SECOND));
        it.assert_waits();
        assert_eq!(it.clock.sleeping(), 1, "{stage:?}");
        it.clock.advance(NANOSECOND);
        assert!(it.future.is_woken(), "{stage:?}");
        it.assert_rejected(kind, "max_wait");
        assert_eq!((it.keys.waiting(), it.clock.sleeping()), (0, 0));
        // A later answer does not affect this request.
        it.keys.arrive(&issuer().jwks());
        assert_pending!(it.future.poll());
        assert_eq!(it.gate.events(), []);
    }
}

#[test]
fn a_stage_that_answers_in_time_is_accepted() {
    for (stage, _) in STAGES {
        let mut it = Setup::new(SteppedClock::default()).request(good());
        it.reach(stage);
        it.clock.advance(just_before(10 * SECOND));
        it.assert_waits();
        for (next, _) in STAGES.into_iter().filter(|(next, _)| *next >= stage) {
            it.answer(next);
        }
        it.assert_admitted();
    }
}

#[test]
fn one_limit_covers_all_stages() {
    // Two stages of 6 s each exceed the limit, and two of 5 s do not.
    for (first, second) in [(Stage::Keys, 1), (Stage::Keys, 2), (Stage::Revocation, 2)] {
        let (second, kind) = STAGES[second];
        for (slow, rejected) in [(6 * SECOND, true), (just_before(5 * SECOND), false)] {
            let mut it = Setup::new(SteppedClock::default()).request(good());
            it.reach(first);
            it.clock.advance(slow);
            it.assert_waits();
            for (stage, _) in STAGES.into_iter().filter(|(it, _)| (first..second).contains(it)) {
                it.answer(stage);
                it.assert_waits();
            }
            if rejected {
                it.clock.advance(just_before(10 * SECOND).saturating_sub(slow));
                it.assert_waits();
                it.clock.advance(NANOSECOND);
                it.assert_rejected(kind, "max_wait");
            } else {
                it.clock.advance(slow);
                it.assert_waits();
                for (stage, _) in STAGES.into_iter().filter(|(it, _)| *it >= second) {
                    it.answer(stage);
                }
                it.assert_admitted();
            }
            assert_eq!(it.clock.made(), 1, "one timer for the request");
        }
    }
}

#[test]
fn the_limit_can_be_set() {
    for limit in [NANOSECOND, SECOND, 300 * SECOND] {
        let mut it = Setup::new(SteppedClock::default());
        it.layer = it.layer.max_wait(limit).unwrap();
        let mut it = it.request(good());
        it.clock.advance(just_before(limit));
        it.assert_waits();
        it.clock.advance(NANOSECOND);
        it.assert_rejected(ErrorKind::KeysUnavailable, "max_wait");
    }
}

#[test]
fn invalid_limits_are_problems() {
    let layer = || Setup::new(SteppedClock::default()).layer;
    for (limit, what) in [
        (Duration::ZERO, "zero"),
        (300 * SECOND + NANOSECOND, "300.000000001s"),
        (Duration::MAX, "s"),
    ] {
        let error = layer().max_wait(limit).unwrap_err();
        let [problem] = error.problems() else { panic!("{error}") };
        assert_eq!(problem.kind(), ProblemKind::OutOfRange);
        assert!(problem.what().contains(what), "{problem}");
        assert!(problem.fix().contains("5 minutes"), "{problem}");
    }
    assert!(layer().max_wait(NANOSECOND).is_ok());
    assert!(layer().max_wait(300 * SECOND).is_ok());
}

#[test]
fn a_request_that_does_not_wait_creates_no_timer() {
    for request in [good(), Request::default(), bearer(&issuer().token().mint_tampered())] {
        let clock = SteppedClock::default();
        let verifier = Verifier::jwks(issuer().jwks()).any_issuer().any_audience();
        let verifier = verifier.clock(clock.clone()).build().unwrap();
        let layer = JwtAuthLayer::new(verifier).max_wait(SECOND).unwrap();
        let made = clock.made();
        let mut service = Spawn::new(layer.layer(Gate::with_permits(1).1));
        assert_ready_ok!(service.poll_ready::<Request<String>>());
        assert_ready_ok!(task::spawn(service.call(request)).poll());
        assert_eq!(clock.made(), made);
    }
}

#[test]
fn waiting_for_readiness_does_not_count() {
    let it = Setup::new(SteppedClock::default());
    let (_, limited) = Gate::with_permits(1);
    let mut service = Spawn::new(it.layer.layer(limited.clone()));
    assert_ready_ok!(service.poll_ready::<Request<String>>());
    let mut waiting = task::spawn(service.call(good()));
    assert_pending!(waiting.poll());
    // Another caller takes the only permit.
    let mut other = Spawn::new(limited);
    assert_ready_ok!(other.poll_ready::<Request<String>>());
    it.keys.arrive(&issuer().jwks());
    assert!(it.revocation.send(Ok(Standing::Active)).is_ok());
    assert!(it.confirm.send(Ok(Confirmation::new())).is_ok());
    assert_pending!(waiting.poll());
    it.clock.advance(60 * SECOND);
    assert_pending!(waiting.poll());
    drop(other);
    assert_eq!(assert_ready_ok!(waiting.poll()).status(), 200);
}

#[test]
fn a_mismatched_known_key_is_not_reported_as_an_outage() {
    let clock = SteppedClock::default();
    let keys = LateKeys::with(&issuer().jwks());
    let trusted = Issuer::unnamed(keys.clone(), Policy::new().any_audience());
    let verifier = Verifier::builder().trust(trusted).clock(clock.clone()).build().unwrap();
    let mut service = Spawn::new(JwtAuthLayer::new(verifier).layer(Gate::with_permits(1).1));
    for (token, kind, status) in [
        (issuer().token().mint_tampered(), ErrorKind::InvalidSignature, 401),
        (issuer().token().header("kid", "x").mint(), ErrorKind::KeysUnavailable, 503),
    ] {
        assert_ready_ok!(service.poll_ready::<Request<String>>());
        let mut waiting = task::spawn(service.call(bearer(&token)));
        assert_pending!(waiting.poll());
        clock.advance(10 * SECOND);
        let response = assert_ready_ok!(waiting.poll());
        assert_eq!(response.status(), status);
        assert_eq!(response.extensions().get::<Error>().map(Error::kind), Some(kind));
    }
}

#[test]
fn without_a_timer_the_default_is_no_limit() {
    // Outside a runtime, this clock has no timers.
    let mut it = Setup::new(FixedClock::new()).request(good());
    it.assert_waits();
    it.clock.advance(86_400 * SECOND);
    it.assert_waits();
    for (stage, _) in STAGES {
        it.answer(stage);
    }
    it.assert_admitted();
}

#[cfg(not(feature = "tokio-timer"))]
#[test]
fn a_limit_in_a_build_without_timers_is_a_problem() {
    let error = Setup::new(FixedClock::new()).layer.max_wait(SECOND).unwrap_err();
    let [problem] = error.problems() else { panic!("{error}") };
    assert_eq!(problem.kind(), ProblemKind::MissingFeature);
    assert!(problem.fix().contains("tokio-timer"), "{problem}");
    assert!(problem.fix().contains("Clock::sleep_until"), "{problem}");
    // A clock with its own timers is sufficient.
    assert!(Setup::new(SteppedClock::default()).layer.max_wait(SECOND).is_ok());
}

#[cfg(feature = "tokio-timer")]
mod with_tokio {
    use std::time::SystemTime;

    use tokio::time::Instant;

    use super::*;

    #[test]
    fn an_explicit_limit_without_a_timer_rejects_at_once() {
        let mut it = Setup::new(FixedClock::new());
        it.layer = it.layer.max_wait(SECOND).unwrap();
        let mut it = it.request(good());
        it.assert_rejected(ErrorKind::KeysUnavailable, "enable_time");
        // A request that need not wait is not affected.
        let verifier = Verifier::jwks(issuer().jwks()).any_issuer().any_audience();
        let layer = JwtAuthLayer::new(verifier.build().unwrap()).max_wait(SECOND).unwrap();
        let mut service = Spawn::new(layer.layer(Gate::with_permits(1).1));
        assert_ready_ok!(service.poll_ready::<Request<String>>());
        let response = assert_ready_ok!(task::spawn(service.call(good())).poll());
        assert_eq!(response.status(), 200);
    }

    #[tokio::test(start_paused = true)]
    async fn the_default_limit_uses_tokio_timers() {
        let started = Instant::now();
        let it = Setup::new(Virtual(started)).request(good());
        let response = it.future.into_inner().await.unwrap();
        assert_eq!(response.status(), 503);
        // Timers of a paused runtime are accurate to a millisecond.
        let bounds = 10 * SECOND..=10 * SECOND + Duration::from_millis(1);
        assert!(bounds.contains(&started.elapsed()), "{:?}", started.elapsed());
    }

    /// The virtual time of a paused runtime.
    #[derive(Clone, Debug)]
    struct Virtual(Instant);

    impl Clock for Virtual {
        fn now(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH + self.monotonic()
        }

        fn monotonic(&self) -> Duration {
            self.0.elapsed()
        }
    }

    #[test]
    fn a_runtime_without_timers_has_no_default_limit() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut it = Setup::new(FixedClock::new()).request(good());
            it.assert_waits();
            for (stage, _) in STAGES {
                it.answer(stage);
            }
            it.assert_admitted();
        });
    }
}
