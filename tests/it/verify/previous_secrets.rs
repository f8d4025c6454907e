//! Secrets from before a rotation, and their minimum lengths.

use tower_jwt_auth::VerifierBuilder;
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{Algorithm, BuildError, ErrorKind, Verifier};

const NEW: &str = "the secret of after the rotation, 32 bytes or more";
const SHORT: &str = "a short secret of 28 bytes..";

fn problem(outcome: Result<Verifier, BuildError>) -> Option<String> {
    outcome.err().map(|error| error.to_string())
}

fn verdict(verifier: &Verifier, secret: &str) -> Result<(), ErrorKind> {
    let issuer = TestIssuer::hs256().with_secret(secret).clock(FixedClock::new());
    verifier.verify_now(&issuer.token().mint()).map(drop).map_err(|error| error.kind())
}

fn finish(builder: VerifierBuilder) -> Result<Verifier, BuildError> {
    builder.any_audience().clock(FixedClock::new()).build()
}

#[test]
fn a_short_previous_secret_needs_an_explicit_setting() {
    let first = || Verifier::shared_secret(NEW);
    let rejected = problem(finish(first().previous_secret(SHORT))).unwrap();
    assert!(
        rejected.contains("28 bytes, but at least 32") && !rejected.contains(SHORT),
        "{rejected}"
    );

    let verifier = finish(first().previous_guessable_legacy_secret(SHORT)).unwrap();
    assert_eq!(verdict(&verifier, NEW), Ok(()));
    assert_eq!(verdict(&verifier, SHORT), Ok(()));
    assert_eq!(
        verdict(&verifier, "another short secret of 28 b"),
        Err(ErrorKind::InvalidSignature)
    );
    for (length, is_accepted) in [(0, false), (15, false), (16, true), (28, true)] {
        let outcome = finish(first().previous_guessable_legacy_secret(&SHORT[..length]));
        assert_eq!(outcome.is_ok(), is_accepted, "{length}");
    }
}

#[test]
fn after_a_short_secret_previous_ones_may_be_short() {
    let first = || Verifier::guessable_legacy_secret(SHORT);
    let verifier = finish(first().previous_secret(&SHORT[..16]).previous_secret(NEW)).unwrap();
    for secret in [SHORT, &SHORT[..16], NEW] {
        assert_eq!(verdict(&verifier, secret), Ok(()), "{secret}");
    }
    assert!(problem(finish(first().previous_secret(&SHORT[..15]))).is_some());
    assert!(problem(finish(Verifier::guessable_legacy_secret(&SHORT[..15]))).is_some());
}

#[test]
fn a_previous_secret_is_decoded_like_the_current_one() {
    // The base64url of NEW and of SHORT.
    let (new, short) = (
        "dGhlIHNlY3JldCBvZiBhZnRlciB0aGUgcm90YXRpb24sIDMyIGJ5dGVzIG9yIG1vcmU",
        "YSBzaG9ydCBzZWNyZXQgb2YgMjggYnl0ZXMuLg",
    );
    let first = || Verifier::shared_secret_base64(new);
    assert!(problem(finish(first().previous_secret(short))).is_some());
    let verifier = finish(first().previous_guessable_legacy_secret(short)).unwrap();
    assert_eq!(verdict(&verifier, NEW), Ok(()));
    assert_eq!(verdict(&verifier, SHORT), Ok(()));
    assert!(problem(finish(first().previous_guessable_legacy_secret(SHORT))).is_some());
}

#[test]
fn short_previous_secrets_are_only_for_hs256() {
    let legacy = |listed| {
        let first = Verifier::shared_secret("s".repeat(64)).algorithms([listed]);
        finish(first.previous_guessable_legacy_secret(SHORT))
    };
    assert_eq!(problem(legacy(Algorithm::HS256)), None);
    assert!(problem(legacy(Algorithm::HS512)).unwrap().contains("shorter than the hash"));
}

#[test]
fn public_keys_have_no_previous_secret() {
    let issuer = TestIssuer::es256();
    let builder = || Verifier::jwks(issuer.jwks()).any_issuer();
    assert_eq!(problem(finish(builder())), None);
    let rejected = problem(finish(builder().previous_guessable_legacy_secret(SHORT))).unwrap();
    assert!(rejected.contains("without a shared secret"), "{rejected}");
}
