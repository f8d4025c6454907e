//! RFC 7797: JWS with an unencoded payload, which a JWT must not have (§7).

use tower_jwt_auth::Algorithm;
use tower_jwt_auth::key::CryptoBackend;

use super::example::{Example, Expected, check, run};
use super::judge::Judge;
use super::rfc7515::HS256_KEY;

const EXAMPLES: &[Example] =
    &[run("4.1, the payload encoded", encoded), run("4.2, the payload unencoded", unencoded)];

const EXPECTED: Expected = Expected { aws_lc_rs: [2, 0, 2], rust_crypto: [2, 0, 2], skipped: &[] };

const PAYLOAD: &str = "$.02";

const ENCODED: &str = "eyJhbGciOiJIUzI1NiJ9.JC4wMg.5mvfOroL-g7HyqJoozehmsaqmvTYGEq5jTI1gVvoEoQ";

/// `{"alg":"HS256","b64":false,"crit":["b64"]}`.
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsImI2NCI6ZmFsc2UsImNyaXQiOlsiYjY0Il19";
const SIGNATURE: &str = "A5dxf2s96_n5FLueVuW1Z_vh161FwXZC4YLPff6dmDY";

#[test]
fn rfc_7797_examples_get_the_expected_verdict() {
    check("RFC 7797", EXAMPLES, &EXPECTED);
}

fn encoded(backend: CryptoBackend) {
    Judge::new(backend, Algorithm::HS256, HS256_KEY).rejects_only_the_payload(ENCODED);
}

fn unencoded(backend: CryptoBackend) {
    let judge = Judge::new(backend, Algorithm::HS256, HS256_KEY);
    judge.signs(&format!("{HEADER}.{PAYLOAD}"), SIGNATURE);
    // Detached, as in the RFC, and combined with the payload in other possible ways.
    judge.rejects_the_form(&format!("{HEADER}..{SIGNATURE}"));
    judge.rejects_the_form(&format!("{HEADER}.{PAYLOAD}.{SIGNATURE}"));
    judge.rejects_the_form(&format!("{HEADER}.JC4wMg.{SIGNATURE}"));
}
