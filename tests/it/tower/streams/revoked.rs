//! Bodies that end because the token is revoked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use http_body::SizeHint;
use tower_jwt_auth::revocation::{Presented, Revocation, Standing};
use tower_jwt_auth::{Answer, Error, Token};

use super::fixture::{
    NANOSECOND, SECOND, Sending, assert_endless, builder, issuer, just_before, layer,
};
use crate::support::ask::bearer;
use crate::support::stepped_clock::SteppedClock;

/// A list that answers later, and on which every token is after `revoked` is set.
#[derive(Clone, Debug, Default)]
struct List {
    revoked: Arc<AtomicBool>,
    checks: Arc<AtomicUsize>,
    questions: Arc<AtomicUsize>,
}

impl Revocation for List {
    fn check(&self, _: &Presented<'_>) -> Answer<Result<Standing, Error>> {
        self.checks.fetch_add(1, Ordering::Relaxed);
        Answer::later(async { Ok(Standing::Active) })
    }

    fn revokes(&self, token: &Token) -> bool {
        self.questions.fetch_add(1, Ordering::Relaxed);
        token.subject() == Some("ada") && self.revoked.load(Ordering::Relaxed)
    }
}

fn of_user(user: &str, clock: &SteppedClock, list: impl Revocation) -> Sending {
    let token = issuer(clock).token().subject(user).without("exp").mint();
    let layer = layer(builder(clock).revocation(list));
    let headers = [("content-type", "application/grpc")];
    Sending::with(clock.clone(), &layer, bearer(&token), &headers, SizeHint::new())
}

#[test]
fn a_revoked_token_ends_the_body_within_five_seconds() {
    let (clock, list) = (SteppedClock::default(), List::default());
    // A list in an `Arc` works, too.
    let mut it = of_user("ada", &clock, Arc::new(list.clone()));
    let mut other = of_user("bob", &clock, list.clone());
    it.assert_waits();
    other.assert_waits();
    list.revoked.store(true, Ordering::Relaxed);
    it.assert_passes("data");
    clock.advance(just_before(5 * SECOND));
    it.assert_passes("data");
    clock.advance(NANOSECOND);
    assert!(it.body.is_woken());
    let trailers = it.next().unwrap().unwrap().into_trailers().unwrap();
    assert_eq!(trailers["grpc-status"], "16");
    assert_eq!(trailers["grpc-message"], "The access token is invalid");
    it.assert_over();
    other.assert_waits();
    other.assert_passes("data");
    assert_eq!(list.checks.load(Ordering::Relaxed), 2, "once for each request");
}

#[test]
fn revocation_is_looked_up_once_in_five_seconds() {
    let (clock, list) = (SteppedClock::default(), List::default());
    let mut it = of_user("ada", &clock, list.clone());
    for second in 0..60 {
        it.assert_passes("data");
        it.assert_waits();
        assert_eq!(list.questions.load(Ordering::Relaxed), 1 + second / 5);
        clock.advance(SECOND);
    }
    // The token also ends a body that is always ready.
    list.revoked.store(true, Ordering::Relaxed);
    it.send("data");
    assert!(it.next().unwrap().unwrap().is_trailers());
}

#[test]
fn by_default_a_revocation_check_ends_no_body() {
    #[derive(Debug)]
    struct OnlyChecks;
    impl Revocation for OnlyChecks {
        fn check(&self, _: &Presented<'_>) -> Answer<Result<Standing, Error>> {
            Answer::now(Ok(Standing::Active))
        }
    }
    assert_endless(of_user("ada", &SteppedClock::default(), OnlyChecks));
}
