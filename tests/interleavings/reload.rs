//! Tests thread interleavings of verification and the replacement of the trust, with thousands of random schedules. See
//! `jwks.rs` for the command.

use std::sync::Arc;

use shuttle::sync::atomic::{AtomicBool, Ordering};
use shuttle::thread;

use super::{Issuer, Verifier, VerifierBuilder};
use crate::error::ErrorKind;
use crate::key::VerificationKey;
use crate::policy::Policy;
use crate::schedules::check;
use crate::testing::TestIssuer;

const A: &str = "https://a.example";
const B: &str = "https://b.example";

fn issuer(name: &str) -> TestIssuer {
    TestIssuer::hs256().issuer(name)
}

fn trusting(name: &str) -> VerifierBuilder {
    let key = VerificationKey::shared_secret(issuer(name).secret()).unwrap();
    Verifier::builder().trust(Issuer::new(name, key, Policy::new().any_audience()))
}

#[test]
fn no_verification_that_starts_after_a_replacement_accepts_old_tokens() {
    check(500, || {
        let (verifier, handle) = trusting(A).reloadable().unwrap();
        let replaced = Arc::new(AtomicBool::new(false));
        let token = issuer(A).token().mint();
        let readers: Vec<_> = (0..2)
            .map(|_| {
                let (verifier, replaced) = (verifier.clone(), Arc::clone(&replaced));
                let token = token.clone();
                thread::spawn(move || {
                    let is_replaced = replaced.load(Ordering::SeqCst);
                    match verifier.verify_now(&token) {
                        Ok(_) => assert!(!is_replaced),
                        Err(error) => assert_eq!(error.kind(), ErrorKind::InvalidIssuer),
                    }
                })
            })
            .collect();
        handle.replace(trusting(B)).unwrap();
        replaced.store(true, Ordering::SeqCst);
        readers.into_iter().for_each(|reader| reader.join().unwrap());
        assert!(verifier.verify_now(&token).is_err());
    });
}

#[test]
fn concurrent_replacements_leave_the_trust_of_one() {
    check(500, || {
        let (verifier, handle) = trusting(A).reloadable().unwrap();
        let writers = [A, B].map(|name| {
            let handle = handle.clone();
            thread::spawn(move || handle.replace(trusting(name)).unwrap())
        });
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        let accepted = [A, B].map(|name| verifier.verify_now(&issuer(name).token().mint()).is_ok());
        assert_ne!(accepted[0], accepted[1]);
    });
}
