//! RFC 8037: Ed25519, appendix A.

use tower_jwt_auth::error::ProblemKind;
use tower_jwt_auth::key::CryptoBackend;
use tower_jwt_auth::{Algorithm, VerificationKey};

use super::example::{Example, Expected, check, run, skipped};
use super::judge::{Judge, parts};

const THUMBPRINT: &str = "skipped: thumbprints are not supported";
const AGREEMENT: &str = "skipped: key agreement";

const EXAMPLES: &[Example] = &[
    run("A.1, the private key", private_key),
    run("A.2, the public key", public_key),
    skipped("A.3, its thumbprint", THUMBPRINT),
    run("A.4, signing", signing),
    run("A.5, validation", validation),
    skipped("A.6, X25519", AGREEMENT),
    skipped("A.7, X448", AGREEMENT),
];

const EXPECTED: Expected = Expected {
    aws_lc_rs: [4, 3, 7],
    rust_crypto: [4, 3, 7],
    skipped: &[(1, THUMBPRINT), (2, AGREEMENT)],
};

const PRIVATE: &str = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
const PUBLIC: &str =
    r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

/// The payload is `Example of Ed25519 signing`.
const TOKEN: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
    hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

#[test]
fn rfc_8037_examples_get_the_expected_verdict() {
    check("RFC 8037", EXAMPLES, &EXPECTED);
}

fn private_key(_: CryptoBackend) {
    let rejected = VerificationKey::jwk(PRIVATE).unwrap_err();
    assert_eq!(rejected.problems()[0].kind(), ProblemKind::PrivateKey);
}

fn public_key(_: CryptoBackend) {
    assert!(VerificationKey::jwk(PUBLIC).is_ok());
}

/// Nothing is signed here, because RFC 8032 signatures are deterministic.
fn signing(backend: CryptoBackend) {
    let [header, payload, signature] = parts(TOKEN);
    let judge = Judge::new(backend, Algorithm::EdDSA, PUBLIC);
    judge.signs(&format!("{header}.{payload}"), signature);
}

fn validation(backend: CryptoBackend) {
    Judge::new(backend, Algorithm::EdDSA, PUBLIC).rejects_only_the_payload(TOKEN);
}
