//! Tests thread interleavings of lookups and the withdrawal of a tenant. See `jwks.rs` for the command.

use std::convert::Infallible;
use std::sync::Arc;

use shuttle::future;
use shuttle::sync::atomic::{AtomicBool, Ordering};
use shuttle::thread;

use super::ResolvedIssuers;
use crate::key::VerificationKey;
use crate::policy::Policy;
use crate::schedules::check;
use crate::testing::TestIssuer;
use crate::verify::{Issuer, Verifier};

const NAME: &str = "https://sso.example/realms/acme";

fn issuer() -> TestIssuer {
    TestIssuer::hs256().issuer(NAME)
}

#[test]
fn no_lookup_restores_a_tenant_that_was_removed_and_forgotten() {
    check(500, || {
        let exists = Arc::new(AtomicBool::new(true));
        let reads = Arc::clone(&exists);
        let issuers = ResolvedIssuers::new("https://sso.example/realms/{realm}", move |_| {
            let exists = reads.load(Ordering::SeqCst);
            async move {
                // The answer is in flight.
                future::yield_now().await;
                let key = VerificationKey::shared_secret(issuer().secret()).unwrap();
                let issuer = || Issuer::new(NAME, key, Policy::new().any_audience());
                Ok::<_, Infallible>(exists.then(issuer))
            }
        });
        let verifier = Verifier::builder().trust_resolved(issuers.clone()).build().unwrap();
        let token = issuer().token().mint();
        let removed = Arc::new(AtomicBool::new(false));
        let readers: Vec<_> = (0..2)
            .map(|_| {
                let (verifier, removed) = (verifier.clone(), Arc::clone(&removed));
                let token = token.clone();
                thread::spawn(move || {
                    for _ in 0..2 {
                        let is_removed = removed.load(Ordering::SeqCst);
                        let is_ok = future::block_on(verifier.verify(&token)).is_ok();
                        assert!(!(is_ok && is_removed));
                    }
                })
            })
            .collect();
        exists.store(false, Ordering::SeqCst);
        issuers.forget("acme");
        removed.store(true, Ordering::SeqCst);
        readers.into_iter().for_each(|reader| reader.join().unwrap());
        assert!(future::block_on(verifier.verify(&token)).is_err());
    });
}
