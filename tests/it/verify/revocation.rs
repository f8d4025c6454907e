//! Revocation lists are consulted for every verified token, and for no other.

use std::collections::HashSet;
use std::error::Error as _;
use std::sync::{Arc, Mutex};

use sha2::{Digest, Sha256};
use tokio::sync::oneshot;
use tokio_test::{assert_pending, assert_ready, task};
use tower_jwt_auth::key::CryptoBackend;
use tower_jwt_auth::revocation::{Presented, Revocation, Standing};
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{Algorithm, Answer, Error, ErrorKind, Issuer, Policy, Verifier};

use super::signatures::{curves, with_other_root};
use crate::support::late_keys::LateKeys;
use crate::support::tokens::{Verdict, algorithms, issuer, parts, trusting, verdict};

const REVOKED: Verdict = Err(ErrorKind::TokenRevoked);
const UNAVAILABLE: Verdict = Err(ErrorKind::RevocationUnavailable);

/// A list by subject: `mallory` is revoked, and the status of `nobody` is unavailable.
#[derive(Clone, Debug, Default)]
struct List {
    asked: Arc<Mutex<Vec<String>>>,
    /// The answer waits until this has been sent or dropped.
    gate: Arc<Mutex<Option<oneshot::Receiver<()>>>>,
}

impl List {
    /// A list whose next answer waits.
    fn gated() -> (oneshot::Sender<()>, Self) {
        let (open, gate) = oneshot::channel();
        let list = Self::default();
        *list.gate.lock().unwrap() = Some(gate);
        (open, list)
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Revocation for List {
    fn check(&self, presented: &Presented<'_>) -> Answer<Result<Standing, Error>> {
        let token = presented.token();
        let subject = token.subject().unwrap_or_default().to_owned();
        self.asked.lock().unwrap().push(subject.clone());
        let answer = move || match subject.as_str() {
            "mallory" => Ok(Standing::Revoked),
            "nobody" => Err(Error::new(ErrorKind::RevocationUnavailable)
                .with_source("the list at 10.0.0.7 is away")),
            _ => Ok(Standing::Active),
        };
        match self.gate.lock().unwrap().take() {
            None => Answer::now(answer()),
            Some(gate) => Answer::later(async move {
                let _ = gate.await;
                answer()
            }),
        }
    }
}

#[test]
fn revoked_tokens_and_tokens_without_revocation_status_are_rejected() {
    for algorithm in algorithms() {
        let issuer = issuer(algorithm);
        let list = List::default();
        let verifier = trusting(&issuer).revocation(list.clone()).build().unwrap();
        for (subject, expected) in
            [("alice", Ok(())), ("mallory", REVOKED), ("nobody", UNAVAILABLE), ("alice", Ok(()))]
        {
            let token = issuer.token().subject(subject).mint();
            assert_eq!(verdict(&verifier, &token), expected, "{algorithm}: {subject}");
            let outcome = verifier.verify(&token).try_now().expect("nothing to wait for");
            assert_eq!(outcome.map(|_| ()).map_err(|error| error.kind()), expected, "{subject}");
        }
        // The list is consulted for each token, each time: no result is cached.
        assert_eq!(list.asked().len(), 8);
    }
}

#[test]
fn invalid_tokens_are_not_checked_for_revocation() {
    let issuer = issuer(Algorithm::ES256);
    let list = List::default();
    let verifier = trusting(&issuer).revocation(list.clone()).require_claim("tenant");
    let verifier = verifier.check("alice", |claims| claims.text("sub") == Some("alice")).build();
    let verifier = verifier.unwrap();
    let good = || issuer.token().subject("alice").claim("tenant", 1);
    for (token, expected) in [
        ("a.b.c".to_owned(), Err(ErrorKind::MalformedToken)),
        (good().mint_tampered(), Err(ErrorKind::InvalidSignature)),
        (good().header("kid", "other").mint(), Err(ErrorKind::UnknownKey)),
        (good().expired().mint(), Err(ErrorKind::TokenExpired)),
        (good().without("tenant").mint(), Err(ErrorKind::MissingClaim)),
        (good().claim("scope", 1).subject("bob").mint(), Err(ErrorKind::CheckFailed)),
    ] {
        assert_eq!(verdict(&verifier, &token), expected);
    }
    assert_eq!(list.asked(), [""; 0]);
    assert_eq!(verdict(&verifier, &good().mint()), Ok(()));
    assert_eq!(list.asked(), ["alice"]);
}

#[test]
fn verify_waits_for_revocation_and_verify_now_does_not() {
    let issuer = issuer(Algorithm::EdDSA);
    for (subject, expected) in [("alice", Ok(())), ("mallory", REVOKED), ("nobody", UNAVAILABLE)] {
        let token = issuer.token().subject(subject).mint();
        let (open, list) = List::gated();
        let verifier = trusting(&issuer).revocation(list.clone()).build().unwrap();
        let mut waiting = task::spawn(verifier.verify(&token));
        assert_pending!(waiting.poll());
        open.send(()).unwrap();
        let outcome = assert_ready!(waiting.poll());
        assert_eq!(outcome.map(|_| ()).map_err(|error| error.kind()), expected, "{subject}");
        assert_eq!(list.asked(), [subject]);

        let (_open, list) = List::gated();
        let verifier = trusting(&issuer).revocation(list).build().unwrap();
        assert_eq!(verdict(&verifier, &token), UNAVAILABLE, "{subject}");
    }
}

#[test]
fn tokens_that_waited_for_keys_are_checked_for_revocation() {
    let issuer = issuer(Algorithm::ES256);
    for (subject, expected) in [("alice", Ok(())), ("mallory", REVOKED), ("nobody", UNAVAILABLE)] {
        let token = issuer.token().subject(subject).mint();
        let trusting = |keys: &LateKeys, list: &List| {
            let trusted = Issuer::unnamed(keys.clone(), Policy::new().any_audience());
            let builder = Verifier::builder().trust(trusted).clock(FixedClock::new());
            builder.revocation(list.clone()).build().unwrap()
        };
        // The list answers immediately.
        let (keys, list) = (LateKeys::default(), List::default());
        let verifier = trusting(&keys, &list);
        let mut waiting = task::spawn(verifier.verify(&token));
        assert_pending!(waiting.poll());
        assert_eq!(list.asked(), [""; 0]);
        keys.arrive(&issuer.jwks());
        let outcome = assert_ready!(waiting.poll());
        assert_eq!(outcome.map(|_| ()).map_err(|error| error.kind()), expected, "{subject}");
        assert_eq!(list.asked(), [subject]);

        // The list also makes the request wait.
        let (keys, (open, list)) = (LateKeys::default(), List::gated());
        let verifier = trusting(&keys, &list);
        let mut waiting = task::spawn(verifier.verify(&token));
        assert_pending!(waiting.poll());
        keys.arrive(&issuer.jwks());
        assert_pending!(waiting.poll());
        assert_eq!(list.asked(), [subject]);
        open.send(()).unwrap();
        let outcome = assert_ready!(waiting.poll());
        assert_eq!(outcome.map(|_| ()).map_err(|error| error.kind()), expected, "{subject}");
    }
}

#[test]
fn revocation_failures_are_shown_only_to_the_operator() {
    let issuer = issuer(Algorithm::HS256);
    let verifier = trusting(&issuer).revocation(List::default()).build().unwrap();
    let error = verifier.verify_now(&issuer.token().subject("nobody").mint()).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("10.0.0.7"));
    let source = error.source().map(ToString::to_string);
    assert_eq!(source.as_deref(), Some("the list at 10.0.0.7 is away"));
}

/// Revokes tokens by the digest of their signing input, and records the requested digests.
#[derive(Clone, Debug, Default)]
struct Digests {
    revoked: Arc<Mutex<HashSet<[u8; 32]>>>,
    asked: Arc<Mutex<Vec<[u8; 32]>>>,
}

impl Revocation for Digests {
    fn check(&self, presented: &Presented<'_>) -> Answer<Result<Standing, Error>> {
        let digest = presented.digest();
        self.asked.lock().unwrap().push(digest);
        let revoked = self.revoked.lock().unwrap().contains(&digest);
        Answer::now(Ok(if revoked { Standing::Revoked } else { Standing::Active }))
    }
}

#[test]
fn digest_revocation_covers_both_forms_of_an_ecdsa_token() {
    for (algorithm, order) in curves() {
        let (issuer, list) = (issuer(algorithm), Digests::default());
        let verifier = trusting(&issuer).revocation(list.clone()).build().unwrap();
        let (token, neighbour) =
            (issuer.token().mint(), issuer.token().subject("neighbour").mint());
        let twin = with_other_root(&token, &order);
        assert_ne!(token, twin);
        assert_eq!([&token, &twin].map(|token| verdict(&verifier, token)), [Ok(()); 2]);
        let asked = list.asked.lock().unwrap().clone();
        assert_eq!(asked[0], asked[1], "{algorithm}");

        list.revoked.lock().unwrap().insert(asked[0]);
        assert_eq!([&token, &twin].map(|token| verdict(&verifier, token)), [REVOKED; 2]);
        assert_eq!(verdict(&verifier, &neighbour), Ok(()), "{algorithm}");
    }
}

#[test]
fn the_digest_is_the_sha_256_of_header_and_payload() {
    for algorithm in algorithms() {
        for backend in [CryptoBackend::AwsLcRs, CryptoBackend::RustCrypto] {
            if !(backend.is_built_in() && backend.supports(algorithm)) {
                continue;
            }
            let (issuer, list) = (issuer(algorithm), Digests::default());
            let builder = trusting(&issuer).crypto_backend(backend).revocation(list.clone());
            let verifier = builder.build().unwrap();
            let token = issuer.token().mint();
            assert_eq!(verdict(&verifier, &token), Ok(()));
            let (signed, _) = token.rsplit_once('.').unwrap();
            let expected: [u8; 32] = Sha256::digest(signed).into();
            assert_eq!(*list.asked.lock().unwrap(), [expected], "{algorithm} {backend:?}");
        }
    }
}

#[test]
fn introspection_receives_the_token_as_presented() {
    #[derive(Clone, Debug, Default)]
    struct Texts(Arc<Mutex<Vec<String>>>);

    impl Revocation for Texts {
        fn check(&self, presented: &Presented<'_>) -> Answer<Result<Standing, Error>> {
            let text = presented.token_for_introspection();
            let shown = format!("{presented:?}");
            assert!(parts(text).iter().all(|part| !shown.contains(part)), "{shown}");
            self.0.lock().unwrap().push(text.to_owned());
            Answer::now(Ok(Standing::Active))
        }
    }

    let (issuer, texts) = (issuer(Algorithm::ES256), Texts::default());
    let verifier = trusting(&issuer).revocation(texts.clone()).build().unwrap();
    let token = issuer.token().mint();
    assert_eq!(verdict(&verifier, &token), Ok(()));
    assert_eq!(*texts.0.lock().unwrap(), [token]);
}
