//! RFC 7519: JSON Web Token.

use tower_jwt_auth::Algorithm;
use tower_jwt_auth::key::CryptoBackend;

use super::example::{ENCRYPTED, Example, Expected, check, run, skipped};
use super::judge::Judge;
use super::rfc7515::{HS256, HS256_KEY, NONE, is_joes};

const EXAMPLES: &[Example] = &[
    run("3.1, a token", token),
    run("6.1, an unsecured token", unsecured),
    skipped("A.1, an encrypted token", ENCRYPTED),
    skipped("A.2, a signed token inside an encrypted one", ENCRYPTED),
];

const EXPECTED: Expected =
    Expected { aws_lc_rs: [2, 2, 4], rust_crypto: [2, 2, 4], skipped: &[(2, ENCRYPTED)] };

#[test]
fn rfc_7519_examples_get_the_expected_verdict() {
    check("RFC 7519", EXAMPLES, &EXPECTED);
}

/// The token of RFC 7515 §A.1.
fn token(backend: CryptoBackend) {
    let verified = Judge::new(backend, Algorithm::HS256, HS256_KEY).accepts(HS256);
    is_joes(&verified);
    assert_eq!(verified.token().header().typ, Some("JWT"));
    assert_eq!(verified.subject(), None);
}

fn unsecured(backend: CryptoBackend) {
    Judge::new(backend, Algorithm::HS256, HS256_KEY).rejects_the_form(NONE);
}
