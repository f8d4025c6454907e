//! Several checks as one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt;
use tower_jwt_auth::revocation::{AllOf, Presented, Revocation, Standing};
use tower_jwt_auth::{Algorithm, Answer, Error, ErrorKind, Token, Verifier};

use crate::support::tokens::{issuer, trusting};

/// What a check answers, now or later, and how often it was asked.
#[derive(Clone, Debug)]
struct Scripted {
    answer: Result<Standing, ErrorKind>,
    is_late: bool,
    asked: Arc<AtomicUsize>,
}

const ACTIVE: Result<Standing, ErrorKind> = Ok(Standing::Active);
const REVOKED: Result<Standing, ErrorKind> = Ok(Standing::Revoked);
const UNKNOWN: Result<Standing, ErrorKind> = Err(ErrorKind::RevocationUnavailable);

fn now(answer: Result<Standing, ErrorKind>) -> Scripted {
    Scripted { answer, is_late: false, asked: Arc::default() }
}

fn later(answer: Result<Standing, ErrorKind>) -> Scripted {
    Scripted { is_late: true, ..now(answer) }
}

impl Revocation for Scripted {
    fn check(&self, _: &Presented<'_>) -> Answer<Result<Standing, Error>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = self.answer.map_err(Error::new);
        if self.is_late { Answer::later(async { answer }) } else { Answer::now(answer) }
    }

    fn revokes(&self, _: &Token) -> bool {
        !self.is_late && self.answer == REVOKED
    }
}

/// The verdict, and how often each check was asked.
fn judged(checks: &[Scripted]) -> (Result<(), ErrorKind>, Vec<usize>) {
    let issuer = issuer(Algorithm::HS256);
    let mut all = AllOf::new(checks[0].clone());
    for check in &checks[1..] {
        all = all.and(check.clone());
    }
    let verifier: Verifier = trusting(&issuer).revocation(all).build().unwrap();
    let outcome = verifier.verify(&issuer.token().mint()).now_or_never().expect("no real waiting");
    let asked = checks.iter().map(|check| check.asked.load(Ordering::SeqCst)).collect();
    (outcome.map(|_| ()).map_err(|error| error.kind()), asked)
}

#[test]
fn a_token_must_pass_every_check() {
    let (revoked, unknown) = (ErrorKind::TokenRevoked, ErrorKind::RevocationUnavailable);
    for (checks, verdict, asked) in [
        (vec![now(ACTIVE)], Ok(()), vec![1]),
        (vec![now(ACTIVE), now(ACTIVE), now(ACTIVE)], Ok(()), vec![1, 1, 1]),
        (vec![now(ACTIVE), later(ACTIVE)], Ok(()), vec![1, 1]),
        (vec![later(ACTIVE), later(ACTIVE)], Ok(()), vec![1, 1]),
        (vec![now(REVOKED), now(ACTIVE)], Err(revoked), vec![1, 0]),
        (vec![now(ACTIVE), now(REVOKED)], Err(revoked), vec![1, 1]),
        (vec![now(UNKNOWN), now(REVOKED)], Err(unknown), vec![1, 0]),
        (vec![now(REVOKED), now(UNKNOWN)], Err(revoked), vec![1, 0]),
        // A check that waits does not delay one that does not.
        (vec![later(ACTIVE), now(REVOKED), now(ACTIVE)], Err(revoked), vec![1, 1, 0]),
        (vec![later(UNKNOWN), now(REVOKED)], Err(revoked), vec![1, 1]),
        (vec![now(ACTIVE), later(REVOKED)], Err(revoked), vec![1, 1]),
        (vec![later(ACTIVE), later(REVOKED)], Err(revoked), vec![1, 1]),
        (vec![later(REVOKED), later(UNKNOWN)], Err(revoked), vec![1, 1]),
        (vec![later(UNKNOWN), later(REVOKED)], Err(unknown), vec![1, 1]),
    ] {
        assert_eq!(judged(&checks), (verdict, asked), "{checks:?}");
    }
}

#[test]
fn one_check_that_knows_is_enough_for_a_stream() {
    let signer = issuer(Algorithm::HS256);
    let verifier = trusting(&signer).build().unwrap();
    let user = verifier.verify_now(&signer.token().mint()).unwrap();
    let token = user.token();
    assert!(!AllOf::new(now(ACTIVE)).and(later(REVOKED)).revokes(token));
    assert!(AllOf::new(later(ACTIVE)).and(now(REVOKED)).revokes(token));
    assert!(Arc::new(AllOf::new(now(REVOKED))).revokes(token));
}
