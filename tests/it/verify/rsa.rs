//! RSA signatures: one block, one length, one salt (RFC 8017 §8, RFC 7518 §3.3, §3.5).

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

/// The sum, if it has no more digits; the most significant byte is first.
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
fn signatures_with_another_salt_mask_or_block_are_refused() {
    const VECTORS: &str = include_str!("rsa_vectors.txt");
    let (mut accepted, mut refused) = (0, 0);
    for line in VECTORS.lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<_> = line.split(" | ").collect();
        let [name, expected, about, signature] = columns[..] else { panic!("{line}") };
        let algorithm = Algorithm::from_name(name).unwrap();
        let (issuer, verifier) = pair(algorithm);
        let input = format!("{}.{}", encode(header(algorithm)), encode(PAYLOAD));
        let expected = match expected {
            "accepted" => Ok(()),
            "refused" => WRONG,
            other => panic!("{other}"),
        };
        let outcome = verdict(&verifier, &format!("{input}.{signature}"));
        assert_eq!(outcome, expected, "{name}: {about}");
        // Refused or not, it is none of another key.
        let other = verdict_of_other(&issuer, &format!("{input}.{signature}"));
        assert_eq!(other, WRONG, "{name}: {about}");
        if outcome.is_ok() { accepted += 1 } else { refused += 1 }
    }
    println!("run {} of 26, skipped none", accepted + refused);
    assert_eq!((accepted, refused), (4, 22));
}

fn verdict_of_other(issuer: &TestIssuer, token: &str) -> Verdict {
    let other = issuer.clone().with_other_key();
    verdict(&trusting(&other).build().unwrap(), token)
}

#[test]
fn a_signature_is_as_long_as_the_modulus_and_below_it() {
    for algorithm in ALL {
        let (issuer, verifier) = pair(algorithm);
        let n = modulus(&issuer);
        // One whose sum with the modulus has no more bytes: the same number to whoever reduces first.
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
fn a_signature_that_begins_with_a_zero_keeps_it() {
    for algorithm in [Algorithm::RS256, Algorithm::PS256] {
        let (issuer, verifier) = pair(algorithm);
        let token = tokens(&issuer).find(|token| signature(token)[0] == 0).unwrap();
        assert_eq!(verdict(&verifier, &token), Ok(()));
        let stripped = with_signature(&token, &signature(&token)[1..]);
        assert_eq!(verdict(&verifier, &stripped), WRONG);
    }
}

#[test]
fn pss_is_not_taken_for_pkcs_1_nor_the_reverse() {
    for (pkcs1, pss) in [
        (Algorithm::RS256, Algorithm::PS256),
        (Algorithm::RS384, Algorithm::PS384),
        (Algorithm::RS512, Algorithm::PS512),
    ] {
        for (named, signed) in [(pkcs1, pss), (pss, pkcs1)] {
            let (honest, verifier) = pair(named);
            // The key is the same; only what the signer did with it differs.
            let token = issuer(signed).sign(header(named), PAYLOAD);
            assert_eq!(verdict(&verifier, &token), WRONG, "{signed} as {named}");
            let token = issuer(signed).sign(header(signed), PAYLOAD);
            let refused = Err(ErrorKind::AlgorithmNotAllowed);
            assert_eq!(verdict(&verifier, &token), refused, "{signed} under {named}");
            assert_eq!(verdict(&verifier, &honest.sign(header(named), PAYLOAD)), Ok(()));
        }
    }
}
