//! Verifiers whose trust is replaced while the server runs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio_test::{assert_pending, assert_ready, task};
use tower_jwt_auth::error::{Problem, ProblemKind};
use tower_jwt_auth::key::KeySetState;
use tower_jwt_auth::observe::Event;
use tower_jwt_auth::revocation::{Presented, Revocation, Standing};
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{
    Algorithm, Answer, Error, ErrorKind, Issuer, Policy, Verifier, VerifierBuilder, VerifierHandle,
};

use super::issuers::{A, B, any, key};
use super::templates::{OTHER, OURS, TEMPLATE, name};
use crate::support::late_keys::LateKeys;
use crate::support::tokens::{Verdict, issuer, verdict};

const OK: Verdict = Ok(());
const ISSUER: Verdict = Err(ErrorKind::InvalidIssuer);

fn a() -> TestIssuer {
    issuer(Algorithm::ES256).issuer(A)
}

/// With the key of A: only the name differs.
fn b() -> TestIssuer {
    issuer(Algorithm::ES256).issuer(B)
}

fn builder() -> VerifierBuilder {
    Verifier::builder().clock(FixedClock::new())
}

fn trusting_a() -> VerifierBuilder {
    builder().trust(Issuer::new(A, key(&a()), any()))
}

fn trusting_b() -> VerifierBuilder {
    builder().trust(Issuer::new(B, key(&b()), any()))
}

fn trusting_both() -> VerifierBuilder {
    trusting_a().trust(Issuer::new(B, key(&b()), any()))
}

fn tenants(allowed: &[&str]) -> VerifierBuilder {
    let template = Issuer::template(TEMPLATE, key(&a()), any());
    builder().trust(template.tenants(allowed.iter().copied()))
}

fn of_tenant(tenant: &str) -> String {
    a().token().claim("iss", name(tenant)).claim("tid", tenant).mint()
}

/// A change of this kind with a builder before and after it.
type Change = fn(VerifierBuilder) -> VerifierBuilder;

/// Without a cache, and with each kind of cache.
fn caches() -> Vec<Change> {
    #[allow(unused_mut)]
    let mut all: Vec<Change> = vec![|it| it];
    #[cfg(feature = "cache")]
    all.extend([(|it| it.cache(tower_jwt_auth::TokenCache::new(64))) as Change, |it| {
        it.cache(tower_jwt_auth::TokenCache::new(64).digest_keys())
    }]);
    all
}

/// Every token is revoked.
#[derive(Debug)]
struct AllRevoked;

impl Revocation for AllRevoked {
    fn check(&self, _: &Presented<'_>) -> Answer<Result<Standing, Error>> {
        Answer::now(Ok(Standing::Revoked))
    }
}

#[test]
fn every_kind_of_withdrawn_trust_rejects_at_once() {
    type Builds = fn() -> VerifierBuilder;
    let (of_a, of_b) = (a().token().mint(), b().token().mint());
    let rows: [(&str, Builds, Builds, String, Verdict); 10] = [
        ("an issuer, of two", trusting_both, trusting_b, of_a.clone(), ISSUER),
        ("no issuer", trusting_both, trusting_both, of_b.clone(), OK),
        ("another issuer", trusting_both, trusting_b, of_b, OK),
        (
            "its key",
            trusting_a,
            || builder().trust(Issuer::new(A, key(&a().with_other_key()), any())),
            a().without_key_id().token().mint(),
            Err(ErrorKind::InvalidSignature),
        ),
        (
            "any audience",
            trusting_a,
            || builder().trust(Issuer::new(A, key(&a()), Policy::new().audience("orders"))),
            of_a.clone(),
            Err(ErrorKind::InvalidAudience),
        ),
        ("a tenant", || tenants(&[OURS, OTHER]), || tenants(&[OURS]), of_tenant(OTHER), ISSUER),
        ("another tenant", || tenants(&[OURS, OTHER]), || tenants(&[OURS]), of_tenant(OURS), OK),
        (
            "claims that a check rejects",
            trusting_a,
            || trusting_a().check("never", |_| false),
            of_a.clone(),
            Err(ErrorKind::CheckFailed),
        ),
        (
            "revoked tokens",
            trusting_a,
            || trusting_a().revocation(AllRevoked),
            of_a.clone(),
            Err(ErrorKind::TokenRevoked),
        ),
        (
            "long tokens",
            trusting_a,
            || trusting_a().max_token_len(64),
            of_a,
            Err(ErrorKind::TokenTooLarge),
        ),
    ];
    for (withdrawn, before, after, token, expected) in rows {
        for cached in caches() {
            let (verifier, handle) = cached(before()).reloadable().unwrap();
            let clone = verifier.clone();
            for _ in 0..2 {
                assert_eq!(verdict(&verifier, &token), OK, "{withdrawn}");
            }
            handle.replace(cached(after())).unwrap();
            // Twice, so that the new cache is read as well.
            for verifier in [&verifier, &clone, &verifier, &clone.clone()] {
                assert_eq!(verdict(verifier, &token), expected, "{withdrawn}");
                let explained = verifier.explain(&token).error().map(Error::kind);
                if expected != Err(ErrorKind::TokenRevoked) {
                    assert_eq!(explained, expected.err(), "{withdrawn}");
                }
            }
            handle.replace(cached(before())).unwrap();
            assert_eq!(verdict(&clone, &token), OK, "{withdrawn}");
        }
    }
}

#[test]
fn a_failed_replacement_keeps_the_old_trust() {
    let unsafe_key = || builder().trust(Issuer::new(B, key(&b()), Policy::new()));
    for (bad, problem) in [
        (Verifier::builder(), ProblemKind::MissingIssuer),
        (unsafe_key(), ProblemKind::MissingAudience),
        (trusting_b().max_token_len(0), ProblemKind::OutOfRange),
        (trusting_both().trust(Issuer::new(B, key(&b()), any())), ProblemKind::Conflict),
    ] {
        let (verifier, handle) = trusting_a().reloadable().unwrap();
        let error = handle.replace(bad).unwrap_err();
        assert_eq!(error.problems().iter().map(Problem::kind).collect::<Vec<_>>(), [problem]);
        assert_eq!(verdict(&verifier, &a().token().mint()), OK);
        assert_eq!(verdict(&verifier, &b().token().mint()), ISSUER);
        handle.replace(trusting_b()).unwrap();
        assert_eq!(verdict(&verifier, &a().token().mint()), ISSUER);
    }
    assert!(Verifier::builder().reloadable().is_err());
}

#[test]
fn no_thread_accepts_a_token_after_its_issuer_is_withdrawn() {
    const THREADS: usize = 4;
    for cached in caches() {
        let (verifier, handle) = cached(trusting_both()).reloadable().unwrap();
        let (withdrawn, start) = (AtomicBool::new(false), Barrier::new(THREADS + 1));
        let (of_a, of_b) = (a().token().mint(), b().token().mint());
        thread::scope(|scope| {
            for _ in 0..THREADS {
                let verifier = verifier.clone();
                let (withdrawn, start) = (&withdrawn, &start);
                let (of_a, of_b) = (&of_a, &of_b);
                scope.spawn(move || {
                    start.wait();
                    let mut rejected = 0;
                    while rejected < 20 {
                        // Read before the verification starts.
                        let is_withdrawn = withdrawn.load(Ordering::SeqCst);
                        let of_a = verdict(&verifier, of_a);
                        assert!(of_a == ISSUER || (of_a == OK && !is_withdrawn), "{of_a:?}");
                        assert_eq!(verdict(&verifier, of_b), OK);
                        rejected += usize::from(is_withdrawn);
                    }
                });
            }
            start.wait();
            handle.replace(cached(trusting_b())).unwrap();
            withdrawn.store(true, Ordering::SeqCst);
        });
    }
}

#[test]
fn concurrent_replacements_leave_one_whole_trust() {
    let (verifier, handle) = trusting_both().reloadable().unwrap();
    let start = Barrier::new(2);
    for _ in 0..20 {
        thread::scope(|scope| {
            for replacement in [trusting_a as fn() -> VerifierBuilder, trusting_b] {
                let (handle, start) = (handle.clone(), &start);
                scope.spawn(move || {
                    start.wait();
                    handle.replace(replacement()).unwrap();
                });
            }
        });
        let verdicts = [a(), b()].map(|issuer| verdict(&verifier, &issuer.token().mint()));
        assert!([[OK, ISSUER], [ISSUER, OK]].contains(&verdicts), "{verdicts:?}");
    }
}

#[test]
fn a_verifier_without_handle_keeps_its_last_trust() {
    let (verifier, handle) = trusting_a().reloadable().unwrap();
    handle.replace(trusting_b()).unwrap();
    drop(handle);
    assert_eq!(verdict(&verifier, &b().token().mint()), OK);
    assert_eq!(verdict(&verifier, &a().token().mint()), ISSUER);
}

#[test]
fn the_first_clock_and_observer_remain() {
    let (old, new) = (FixedClock::new(), FixedClock::new());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let observing = |name| {
        let seen = Arc::clone(&seen);
        move |_: &Event<'_>| seen.lock().unwrap().push(name)
    };
    let trusting = || Verifier::builder().trust(Issuer::new(A, key(&a()), any()));
    let first = trusting().clock(old.clone()).observer(observing("first"));
    let (verifier, handle) = first.reloadable().unwrap();
    let second = trusting().clock(new.clone()).observer(observing("second"));
    #[cfg(feature = "cache")]
    let second = second.cache(tower_jwt_auth::TokenCache::new(64));
    handle.replace(second).unwrap();

    let token = a().token().expires_in(Duration::from_secs(60)).mint();
    new.advance(Duration::from_secs(3600));
    assert_eq!(verdict(&verifier, &token), OK);
    old.advance(Duration::from_secs(3600));
    assert_eq!(verdict(&verifier, &token), Err(ErrorKind::TokenExpired));
    assert!(!seen.lock().unwrap().contains(&"second"));
    assert_eq!(seen.lock().unwrap().is_empty(), !cfg!(feature = "cache"));
}

#[test]
fn a_shared_source_keeps_its_keys() {
    let keys = LateKeys::with(&a().jwks());
    let sharing = |policy| builder().trust(Issuer::new(A, keys.clone(), policy));
    let (verifier, handle) = sharing(any()).reloadable().unwrap();
    let token = a().audience("orders").token().mint();
    assert_eq!(verdict(&verifier, &token), OK);
    handle.replace(sharing(Policy::new().audience("orders"))).unwrap();
    assert_eq!(verdict(&verifier, &token), OK);
    assert_eq!(verdict(&verifier, &a().token().mint()), Err(ErrorKind::InvalidAudience));
    assert_eq!(keys.waiting(), 0);
}

#[test]
fn health_and_warm_use_the_current_keys() {
    let late = LateKeys::default();
    let (verifier, handle) = trusting_a().reloadable().unwrap();
    let states = || verifier.health().map(|it| (it.issuer.unwrap(), it.state)).collect::<Vec<_>>();
    assert_eq!(states(), [(A.to_owned(), KeySetState::Fresh)]);
    handle.replace(builder().trust(Issuer::new(B, late.clone(), any()))).unwrap();
    assert_eq!(states(), [(B.to_owned(), KeySetState::Empty)]);
    let mut warming = task::spawn(verifier.warm());
    assert_pending!(warming.poll());
    late.arrive(&b().jwks());
    assert!(assert_ready!(warming.poll()).is_ok());
    assert_eq!(states(), [(B.to_owned(), KeySetState::Fresh)]);
    assert!(format!("{verifier:?} {handle:?}").matches(B).count() >= 2);
}

/// A list whose answer for each token waits for the test.
#[derive(Clone, Debug, Default)]
struct SlowList(Arc<Mutex<Vec<oneshot::Sender<()>>>>);

impl Revocation for SlowList {
    fn check(&self, _: &Presented<'_>) -> Answer<Result<Standing, Error>> {
        let (answer, answered) = oneshot::channel();
        self.0.lock().unwrap().push(answer);
        Answer::later(async move {
            let _ = answered.await;
            Ok(Standing::Active)
        })
    }
}

/// A verifier that waits for the keys of issuer A, or for a revocation list.
fn waiting_for_keys() -> (Verifier, VerifierHandle, Box<dyn Fn()>) {
    let late = LateKeys::default();
    let waits = builder().trust(Issuer::new(A, late.clone(), any()));
    let (verifier, handle) = waits.reloadable().unwrap();
    (verifier, handle, Box::new(move || late.arrive(&a().jwks())))
}

fn waiting_for_revocation() -> (Verifier, VerifierHandle, Box<dyn Fn()>) {
    let list = SlowList::default();
    let (verifier, handle) = trusting_a().revocation(list.clone()).reloadable().unwrap();
    (verifier, handle, Box::new(move || list.0.lock().unwrap().clear()))
}

#[test]
fn a_waiting_token_is_verified_again_with_the_new_trust() {
    let renamed = || {
        let policy = any().subject_claim("email");
        builder().trust(Issuer::new(A, key(&a()), policy))
    };
    let token = a().token().subject("user-1").claim("email", "ada@example.com").mint();
    for start in [waiting_for_keys, waiting_for_revocation] {
        for (replacement, expected) in [
            (None, Ok(Some("user-1"))),
            (Some(trusting_a()), Ok(Some("user-1"))),
            // The claims are read with the new policy.
            (Some(renamed()), Ok(Some("ada@example.com"))),
            (Some(trusting_b()), Err(ErrorKind::InvalidIssuer)),
            (Some(trusting_a().revocation(AllRevoked)), Err(ErrorKind::TokenRevoked)),
            (Some(trusting_a().check("never", |_| false)), Err(ErrorKind::CheckFailed)),
        ] {
            let (verifier, handle, arrive) = start();
            let mut waiting = task::spawn(verifier.verify(&token));
            assert_pending!(waiting.poll());
            if let Some(replacement) = replacement {
                handle.replace(replacement).unwrap();
            }
            assert_pending!(waiting.poll());
            arrive();
            let outcome = assert_ready!(waiting.poll());
            let subject = outcome.as_ref().map(|it| it.subject()).map_err(Error::kind);
            assert_eq!(subject, expected);
        }
    }
}

#[test]
fn a_second_wait_also_ends_with_the_current_trust() {
    let token = a().token().mint();
    let (verifier, handle, arrive) = waiting_for_keys();
    let list = SlowList::default();
    let mut waiting = task::spawn(verifier.verify(&token));
    assert_pending!(waiting.poll());
    handle.replace(trusting_a().revocation(list.clone())).unwrap();
    arrive();
    assert_pending!(waiting.poll());
    handle.replace(trusting_b()).unwrap();
    list.0.lock().unwrap().clear();
    assert_eq!(assert_ready!(waiting.poll()).unwrap_err().kind(), ErrorKind::InvalidIssuer);
}
