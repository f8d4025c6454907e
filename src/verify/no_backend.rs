//! Builds without a crypto backend: no key can be made.

use crate::error::BuildError;
use crate::jws::Algorithm;
use crate::key::{CryptoBackend, KeySet, VerificationKey};
use crate::verify::Verifier;

const JWK: &str =
    r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
const PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
    MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";
const SECRET: [u8; 64] = [7; 64];

#[track_caller]
fn expect<T>(made: Result<T, BuildError>) {
    let error = made.err().expect("a key without a backend");
    assert!(error.to_string().contains("backend"), "{error}");
}

#[test]
fn every_constructor_returns_an_error_that_names_the_feature() {
    assert_eq!(CryptoBackend::active(), None);
    expect(VerificationKey::shared_secret(SECRET));
    expect(VerificationKey::guessable_legacy_secret(&SECRET[..16]));
    expect(VerificationKey::jwk(JWK));
    expect(VerificationKey::pem(Algorithm::EdDSA, PEM));
    expect(Verifier::shared_secret(SECRET).any_audience().build());
    expect(Verifier::pem(Algorithm::EdDSA, PEM).any_issuer().any_audience().build());
    let error = VerificationKey::shared_secret(SECRET).unwrap_err();
    assert!(error.problems()[0].fix().contains("aws-lc-rs"), "{error}");
    let error = KeySet::jwks(format!("{{\"keys\":[{JWK}]}}")).unwrap_err();
    assert!(error.to_string().contains("rejected"), "{error}");
}
