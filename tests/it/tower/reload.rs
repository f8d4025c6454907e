//! Layers whose verifier gets a new trust while requests arrive and wait.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use http::request::Parts;
use tokio::sync::oneshot;
use tokio_test::{assert_pending, assert_ready_ok, task};
use tower::{Layer, ServiceExt, service_fn};
use tower_jwt_auth::possession::{Confirm, Confirmation, Unconfirmed};
use tower_jwt_auth::revocation::{Presented, Revocation, Standing};
use tower_jwt_auth::source::RawToken;
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{
    Answer, Error, ErrorKind, Issuer, JwtAuthLayer, Policy, Token, Verifier, VerifierBuilder,
};

use crate::support::ask::{ask_layer, bearer, who};
use crate::support::late_keys::LateKeys;

const A: &str = "https://a.example";
const B: &str = "https://b.example";

fn issuer(name: &str) -> TestIssuer {
    TestIssuer::es256().issuer(name)
}

fn trusting(name: &str) -> VerifierBuilder {
    let keys = LateKeys::with(&issuer(name).jwks());
    Verifier::builder().trust(Issuer::new(name, keys, Policy::new().any_audience()))
}

fn token(name: &str) -> String {
    issuer(name).token().subject("ada").mint()
}

#[test]
fn all_layers_and_their_clones_see_the_new_trust() {
    let (verifier, handle) = trusting(A).reloadable().unwrap();
    let layers = [JwtAuthLayer::new(verifier.clone()), JwtAuthLayer::new(verifier).realm("api")];
    let layers = [layers.clone(), layers].concat();
    for (trusted, other) in [(A, B), (B, A), (A, B)] {
        handle.replace(trusting(trusted)).unwrap();
        for layer in &layers {
            assert_eq!(ask_layer(layer, bearer(&token(trusted))).status, 200);
            let rejected = ask_layer(layer, bearer(&token(other)));
            assert_eq!(rejected.verdict(), (401, Some(ErrorKind::InvalidIssuer)));
        }
    }
}

#[test]
fn no_request_is_admitted_after_the_withdrawal() {
    const THREADS: usize = 3;
    let (verifier, handle) = trusting(A).reloadable().unwrap();
    let layer = JwtAuthLayer::new(verifier);
    let (withdrawn, start) = (AtomicBool::new(false), Barrier::new(THREADS + 1));
    let token = token(A);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                start.wait();
                let mut rejected = 0;
                while rejected < 20 {
                    let is_withdrawn = withdrawn.load(Ordering::SeqCst);
                    let status = ask_layer(&layer, bearer(&token)).status;
                    assert!(status == 401 || (status == 200 && !is_withdrawn), "{status}");
                    rejected += usize::from(is_withdrawn);
                }
            });
        }
        start.wait();
        handle.replace(trusting(B)).unwrap();
        withdrawn.store(true, Ordering::SeqCst);
    });
}

/// What a request may wait for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    Keys,
    Revocation,
    Proof,
}

/// A stage that answers when the test opens the gate. It counts the calls.
#[derive(Clone, Debug, Default)]
struct Gated {
    gates: Arc<Mutex<Vec<oneshot::Sender<()>>>>,
    asked: Arc<AtomicUsize>,
}

impl Gated {
    fn answer<T: Send + 'static>(&self, value: T) -> Answer<T> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let (gate, opened) = oneshot::channel();
        self.gates.lock().unwrap().push(gate);
        Answer::later(async move {
            let _ = opened.await;
            value
        })
    }

    fn open(&self) {
        self.gates.lock().unwrap().clear();
    }
}

impl Revocation for Gated {
    fn check(&self, _: &Presented<'_>) -> Answer<Result<Standing, Error>> {
        self.answer(Ok(Standing::Active))
    }
}

impl Confirm for Gated {
    fn confirm(
        &self,
        _: &Parts,
        _: &Token,
        _: &RawToken<'_>,
    ) -> Answer<Result<Confirmation, Unconfirmed>> {
        let mut confirmation = Confirmation::new();
        confirmation.response_headers.insert("dpop-nonce", "n-1".parse().unwrap());
        self.answer(Ok(confirmation))
    }
}

#[test]
fn a_waiting_request_is_judged_again_with_the_new_trust() {
    for stage in [Stage::Keys, Stage::Revocation, Stage::Proof] {
        for (replacement, expected) in [
            (None, (200, None)),
            (Some(trusting(A)), (200, None)),
            (Some(trusting(B)), (401, Some(ErrorKind::InvalidIssuer))),
            (Some(trusting(A).check("never", |_| false)), (401, Some(ErrorKind::CheckFailed))),
        ] {
            let (keys, gated) = (LateKeys::default(), Gated::default());
            let policy = Policy::new().any_audience();
            let builder = match stage {
                Stage::Keys => Verifier::builder().trust(Issuer::new(A, keys.clone(), policy)),
                Stage::Revocation => trusting(A).revocation(gated.clone()),
                Stage::Proof => trusting(A),
            };
            let (verifier, handle) = builder.reloadable().unwrap();
            let mut layer = JwtAuthLayer::new(verifier);
            if stage == Stage::Proof {
                layer = layer.confirm(gated.clone());
            }
            let mut asked = task::spawn(layer.layer(service_fn(who)).oneshot(bearer(&token(A))));
            assert_pending!(asked.poll());
            let is_replaced = replacement.is_some();
            if let Some(replacement) = replacement {
                handle.replace(replacement).unwrap();
            }
            keys.arrive(&issuer(A).jwks());
            gated.open();
            let response = assert_ready_ok!(asked.poll());
            let kind = response.extensions().get::<Error>().map(Error::kind);
            let case = format!("{stage:?}, replaced: {is_replaced}");
            assert_eq!((response.status().as_u16(), kind), expected, "{case}");
            // A proof that is valid once is not checked twice, and its headers are kept.
            let has_nonce = response.headers().contains_key("dpop-nonce");
            assert_eq!(has_nonce, stage == Stage::Proof && expected.0 == 200, "{case}");
            assert_eq!(gated.asked.load(Ordering::Relaxed), usize::from(stage != Stage::Keys));
        }
    }
}
