//! RSA signatures have exactly one valid block, length and salt (RFC 8017 §8, RFC 7518 §3.3, §3.5).

use serde_json::Value;
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{Algorithm, ErrorKind};

use crate::support::tokens::{
    PAYLOAD, Verdict, decode, encode, header, issuer, pair, signature, trusting, verdict,
    with_signature,
};

const WRONG: Verdict = Err(ErrorKind::InvalidSignature);

const ALL: [Algorithm; 6] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
];

fn modulus(issuer: &TestIssuer) -> Vec<u8> {
    let jwk: Value = serde_json::from_str(&issuer.jwk()).unwrap();
    decode(jwk["n"].as_str().unwrap())
}

/// The sum, if it has no additional byte; the most significant byte is first.
fn checked_add(a: &[u8], b: &[u8]) -> Option<Vec<u8>> {
    let mut carry = 0;
    let mut sum = vec![0; a.len()];
    for at in (0..a.len()).rev() {
        let digit = u16::from(a[at]) + u16::from(b[at]) + carry;
        carry = digit >> 8;
        sum[at] = digit.to_le_bytes()[0];
    }
    (carry == 0).then_some(sum)
}

fn tokens(issuer: &TestIssuer) -> impl Iterator<Item = String> {
    (0..).map(|n| issuer.token().claim("n", n).mint())
}

#[test]
fn signatures_with_another_salt_mask_or_block_are_rejected() {
    const VECTORS: &str = include_str!("rsa_vectors.txt");
    let (mut accepted, mut rejected) = (0, 0);
    for line in VECTORS.lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<_> = line.split(" | ").collect();
        let [name, expected, about, signature] = columns[..] else { panic!("{line}") };
        let algorithm = Algorithm::from_name(name).unwrap();
        let (issuer, verifier) = pair(algorithm);
        let input = format!("{}.{}", encode(header(algorithm)), encode(PAYLOAD));
        let expected = match expected {
            "accepted" => Ok(()),
            "rejected" => WRONG,
            other => panic!("{other}"),
        };
        let outcome = verdict(&verifier, &format!("{input}.{signature}"));
        assert_eq!(outcome, expected, "{name}: {about}");
        // In each case, it is not a valid signature of another key.
        let other = verdict_of_other(&issuer, &format!("{input}.{signature}"));
        assert_eq!(other, WRONG, "{name}: {about}");
        if outcome.is_ok() { accepted += 1 } else { rejected += 1 }
    }
    println!("ran {} of 26, skipped none", accepted + rejected);
    assert_eq!((accepted, rejected), (4, 22));
}

fn verdict_of_other(issuer: &TestIssuer, token: &str) -> Verdict {
    let other = issuer.clone().with_other_key();
    verdict(&trusting(&other).build().unwrap(), token)
}

#[test]
fn signatures_must_have_modulus_length_and_be_below_it() {
    for algorithm in ALL {
        let (issuer, verifier) = pair(algorithm);
        let n = modulus(&issuer);
        // A signature whose sum with the modulus has the same length, and equals it after a reduction.
        let (token, wrapped) = tokens(&issuer)
            .find_map(|token| Some((token.clone(), checked_add(&signature(&token), &n)?)))
            .unwrap();
        let good = signature(&token);
        let zero = vec![0; n.len()];
        let mut below = n.clone();
        *below.last_mut().unwrap() -= 1;
        let mut one = zero.clone();
        *one.last_mut().unwrap() = 1;
        assert_eq!(verdict(&verifier, &token), Ok(()), "{algorithm}");
        for changed in [
            wrapped,
            n.clone(),
            below,
            one,
            zero,
            vec![0xff; n.len()],
            [&[0][..], &good].concat(),
            [&[0; 8][..], &good].concat(),
            [&good[..], &[0]].concat(),
            good[1..].to_vec(),
        ] {
            let token = with_signature(&token, &changed);
            assert_eq!(verdict(&verifier, &token), WRONG, "{algorithm}: {changed:x?}");
        }
    }
}

#[test]
fn a_leading_zero_of_a_signature_is_kept() {
    for algorithm in [Algorithm::RS256, Algorithm::PS256] {
        let (issuer, verifier) = pair(algorithm);
        let token = tokens(&issuer).find(|token| signature(token)[0] == 0).unwrap();
        assert_eq!(verdict(&verifier, &token), Ok(()));
        let stripped = with_signature(&token, &signature(&token)[1..]);
        assert_eq!(verdict(&verifier, &stripped), WRONG);
    }
}

#[test]
fn pss_and_pkcs1_signatures_are_not_interchangeable() {
    for (pkcs1, pss) in [
        (Algorithm::RS256, Algorithm::PS256),
        (Algorithm::RS384, Algorithm::PS384),
        (Algorithm::RS512, Algorithm::PS512),
    ] {
        for (named, signed) in [(pkcs1, pss), (pss, pkcs1)] {
            let (honest, verifier) = pair(named);
            // The key is the same; only the signature scheme differs.
            let token = issuer(signed).sign(header(named), PAYLOAD);
            assert_eq!(verdict(&verifier, &token), WRONG, "{signed} as {named}");
            let token = issuer(signed).sign(header(signed), PAYLOAD);
            let rejected = Err(ErrorKind::AlgorithmNotAllowed);
            assert_eq!(verdict(&verifier, &token), rejected, "{signed} under {named}");
            assert_eq!(verdict(&verifier, &honest.sign(header(named), PAYLOAD)), Ok(()));
        }
    }
}
