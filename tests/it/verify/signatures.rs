//! A signature has one encoding, and is checked before any claim (RFC 7518 §3, RFC 8032 §5.1.7).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{Algorithm, ErrorKind, Verifier};

use crate::support::tokens::{
    PAYLOAD, Verdict, algorithms, decode, header, issuer, pair, parts, signature, verdict,
    with_signature,
};

const MALFORMED: Verdict = Err(ErrorKind::MalformedToken);
const WRONG: Verdict = Err(ErrorKind::InvalidSignature);

/// The order of P-256 (FIPS 186-4 §D.1.2.3).
const P256_ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
/// The order of P-384 (§D.1.2.4).
const P384_ORDER: &str = "ffffffffffffffffffffffffffffffffffffffffffffffff\
    c7634d81f4372ddf581a0db248b0a77aecec196accc52973";
/// The order of P-521 (§D.1.2.5), in 66 bytes.
const P521_ORDER: &str = "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\
    fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409";
/// The order of the base point of Ed25519 (RFC 8032 §5.1), here with the most significant byte first.
const ED25519_ORDER: &str = "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed";

pub(super) fn unhex(hex: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap();
    (0..hex.len() / 2).map(byte).collect()
}

/// The sum of two numbers of one length, without the last carry; the most significant byte is first.
fn add(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut carry = 0;
    let mut sum: Vec<u8> = (a.iter().zip(b).rev())
        .map(|(a, b)| {
            let digit = u16::from(*a) + u16::from(*b) + carry;
            carry = digit >> 8;
            digit.to_le_bytes()[0]
        })
        .collect();
    sum.reverse();
    sum
}

/// `a - b`, by the complement of `b`.
fn subtract(a: &[u8], b: &[u8]) -> Vec<u8> {
    let complement: Vec<u8> = b.iter().map(|byte| !byte).collect();
    let mut one = vec![0; a.len()];
    *one.last_mut().unwrap() = 1;
    add(a, &add(&complement, &one))
}

fn zero_extended(number: &[u8]) -> Vec<u8> {
    [&[0][..], number].concat()
}

/// Tokens that differ in their signatures.
fn tokens(issuer: &TestIssuer) -> impl Iterator<Item = String> {
    (0..).map(|n| issuer.token().claim("n", n).mint())
}

#[test]
fn signatures_of_any_other_length_are_rejected() {
    for algorithm in algorithms() {
        let (issuer, verifier) = pair(algorithm);
        let token = issuer.token().mint();
        let good = signature(&token);
        let cut = |length: usize| good[..length].to_vec();
        for (changed, expected) in [
            (good.clone(), Ok(())),
            (vec![], MALFORMED), // an empty part
            (cut(1), WRONG),
            (cut(good.len() / 2), WRONG),
            (cut(good.len() - 1), WRONG),
            (good[1..].to_vec(), WRONG),
            (zero_extended(&good), WRONG),
            ([&good[..], &[0]].concat(), WRONG),
            ([&good[..], &[0xff; 1000]].concat(), WRONG),
            (good.repeat(2), WRONG),
            (vec![0; good.len()], WRONG),
            (vec![0xff; good.len()], WRONG),
            (good.iter().rev().copied().collect(), WRONG),
            (vec![0], WRONG),
        ] {
            let token = with_signature(&token, &changed);
            assert_eq!(verdict(&verifier, &token), expected, "{algorithm}: {changed:?}");
        }
        // Every prefix of a MAC and of a signature.
        for length in 1..good.len() {
            let token = with_signature(&token, &good[..length]);
            assert_eq!(verdict(&verifier, &token), WRONG, "{algorithm}: {length}");
        }
    }
}

#[test]
fn a_signature_is_valid_for_one_token_and_key() {
    for algorithm in algorithms() {
        let (issuer, verifier) = pair(algorithm);
        let (token, neighbour) = (issuer.token().mint(), issuer.token().subject("a").mint());
        let forged = issuer.clone().with_other_key().token().mint();
        assert_eq!(verdict(&verifier, &token), Ok(()));
        assert_eq!(verdict(&verifier, &neighbour), Ok(()));
        assert_eq!(verdict(&verifier, &forged), WRONG);
        assert_eq!(verdict(&verifier, &issuer.token().mint_tampered()), WRONG);
        assert_eq!(verdict(&verifier, &with_signature(&token, signature(&neighbour))), WRONG);
        let [h, p, s] = parts(&token);
        assert_eq!(verdict(&verifier, &format!("{p}.{h}.{s}")), MALFORMED);
    }
}

/// The algorithms of ECDSA with the order of their curve.
pub(super) fn curves() -> impl Iterator<Item = (Algorithm, Vec<u8>)> {
    algorithms().filter_map(|algorithm| match algorithm {
        Algorithm::ES256 => Some((algorithm, unhex(P256_ORDER))),
        Algorithm::ES384 => Some((algorithm, unhex(P384_ORDER))),
        Algorithm::ES512 => Some((algorithm, unhex(P521_ORDER))),
        _ => None,
    })
}

/// The ECDSA token with the other valid signature, `n - s`.
pub(super) fn with_other_root(token: &str, order: &[u8]) -> String {
    let good = signature(token);
    let (r, s) = good.split_at(order.len());
    with_signature(token, [r, &subtract(order, s)].concat())
}

#[test]
fn ecdsa_r_and_s_must_be_within_the_order() {
    for (algorithm, order) in curves() {
        let (issuer, verifier) = pair(algorithm);
        let token = issuer.token().mint();
        let good = signature(&token);
        let (r, s) = good.split_at(order.len());
        let zero = vec![0; order.len()];
        let one = [&zero[1..], &[1]].concat();
        let (below, above) = (subtract(&order, &one), add(&order, &one));
        let (r, s, highest) = (r.to_vec(), s.to_vec(), vec![0xff; order.len()]);
        assert_eq!(verdict(&verifier, &with_signature(&token, [&r[..], &s].concat())), Ok(()));
        for (r, s) in [
            (&zero, &zero),
            (&zero, &s),
            (&r, &zero),
            (&zero, &one),
            (&one, &zero),
            (&one, &one),
            (&order, &s),
            (&r, &order),
            (&order, &order),
            (&zero, &order),
            (&below, &below),
            (&above, &s),
            (&r, &above),
            (&highest, &s),
            (&r, &highest),
            (&s, &r),
        ] {
            let token = with_signature(&token, [&r[..], s].concat());
            assert_eq!(verdict(&verifier, &token), WRONG, "{algorithm}: {r:x?} {s:x?}");
        }
    }
}

#[test]
fn the_negated_s_of_an_ecdsa_signature_is_accepted() {
    for (algorithm, order) in curves() {
        let (issuer, verifier) = pair(algorithm);
        for token in tokens(&issuer).take(16) {
            let other = with_other_root(&token, &order);
            // One of the two has the high `s`, which JWA does not forbid.
            assert_ne!(token, other);
            assert_eq!(verdict(&verifier, &token), Ok(()));
            assert_eq!(verdict(&verifier, &other), Ok(()), "{algorithm}");
        }
    }
}

#[test]
fn ecdsa_signatures_in_other_encodings_are_rejected() {
    fn integer(number: &[u8]) -> Vec<u8> {
        let start = number.iter().position(|byte| *byte != 0).unwrap();
        let sign = if number[start] < 0x80 { &[][..] } else { &[0] };
        let bytes = [sign, &number[start..]].concat();
        [&[2, u8::try_from(bytes.len()).unwrap()], &bytes[..]].concat()
    }

    for (algorithm, order) in curves() {
        let (issuer, verifier) = pair(algorithm);
        let half = order.len();
        // A half with a leading zero, which can be stripped.
        let starts_with_zero =
            |token: &String| signature(token)[0] == 0 || signature(token)[half] == 0;
        let short = tokens(&issuer).find(starts_with_zero).unwrap();
        for token in [issuer.token().mint(), short.clone()] {
            let good = signature(&token);
            let (r, s) = good.split_at(half);
            let body = [integer(r), integer(s)].concat();
            let length = u8::try_from(body.len()).unwrap();
            let der = [&[0x30, length], &body[..]].concat();
            let long_form = [&[0x30, 0x81, length], &body[..]].concat();
            let widened = [zero_extended(r), zero_extended(s)].concat();
            for changed in [der, long_form, body, widened] {
                let token = with_signature(&token, &changed);
                assert_eq!(verdict(&verifier, &token), WRONG, "{algorithm}: {changed:x?}");
            }
            assert_eq!(verdict(&verifier, &token), Ok(()));
        }
        let good = signature(&short);
        let at = if good[0] == 0 { 0 } else { half };
        let stripped = [&good[..at], &good[at + 1..]].concat();
        assert_eq!(verdict(&verifier, &with_signature(&short, stripped)), WRONG);
    }
}

#[test]
fn ed25519_s_must_be_below_the_order() {
    let order = unhex(ED25519_ORDER);
    let (issuer, verifier) = pair(Algorithm::EdDSA);
    for token in tokens(&issuer).take(16) {
        let good = signature(&token);
        let (r, s) = good.split_at(32);
        let with_s = |s: &[u8]| with_signature(&token, [r, s].concat());
        let with_r = |r: &[u8]| with_signature(&token, [r, s].concat());
        let reversed = |number: &[u8]| number.iter().rev().copied().collect::<Vec<u8>>();
        let mut wrapped = reversed(s);
        // S + L, S + 2L, … are equal to S after a reduction.
        for _ in 0..7 {
            wrapped = add(&wrapped, &order);
            assert_eq!(verdict(&verifier, &with_s(&reversed(&wrapped))), WRONG);
        }
        assert_eq!(verdict(&verifier, &with_s(&reversed(&order))), WRONG);
        assert_eq!(verdict(&verifier, &with_s(&reversed(&subtract(&order, &reversed(s))))), WRONG);
        assert_eq!(verdict(&verifier, &with_s(&[0; 32])), WRONG);
        let mut other_sign = r.to_vec();
        other_sign[31] ^= 0x80;
        for r in [&other_sign[..], &[0; 32], &[0xff; 32], s] {
            assert_eq!(verdict(&verifier, &with_r(r)), WRONG);
        }
        assert_eq!(verdict(&verifier, &token), Ok(()));
    }
}

/// RFC 8017 §5.2.2: `s + n` equals `s` after a reduction, and would be a second spelling of the token.
#[test]
fn an_rsa_signature_must_be_below_the_modulus() {
    use Algorithm::{PS256, PS384, PS512, RS256, RS384, RS512};
    for algorithm in [RS256, RS384, RS512, PS256, PS384, PS512] {
        let (issuer, verifier) = pair(algorithm);
        let jwk: serde_json::Value = serde_json::from_str(&issuer.jwk()).unwrap();
        let modulus = decode(jwk["n"].as_str().unwrap());
        // A sum without a carry has the length of the modulus.
        let (token, sum) = tokens(&issuer)
            .map(|token| (add(&signature(&token), &modulus), token))
            .find_map(|(sum, token)| (sum > modulus).then_some((token, sum)))
            .unwrap();
        assert_eq!(verdict(&verifier, &token), Ok(()), "{algorithm}");
        assert_eq!(verdict(&verifier, &with_signature(&token, sum)), WRONG, "{algorithm}");
        assert_eq!(verdict(&verifier, &with_signature(&token, &modulus)), WRONG, "{algorithm}");
    }
}

/// RFC 8017 §8.1.2 and §8.2.2, step 1: a signature has the length of the modulus.
#[test]
fn an_rsa_signature_keeps_its_leading_zeros() {
    use Algorithm::{PS256, PS512, RS256, RS512};
    for algorithm in [RS256, RS512, PS256, PS512] {
        let (issuer, verifier) = pair(algorithm);
        let token = tokens(&issuer).find(|token| signature(token)[0] == 0).unwrap();
        assert_eq!(verdict(&verifier, &token), Ok(()), "{algorithm}");
        let shorter = with_signature(&token, &signature(&token)[1..]);
        assert_eq!(verdict(&verifier, &shorter), WRONG, "{algorithm}");
        let longer = [&[0], &signature(&token)[..]].concat();
        assert_eq!(verdict(&verifier, &with_signature(&token, longer)), WRONG, "{algorithm}");
    }
}

#[test]
fn a_signature_is_invalid_under_another_algorithm_name() {
    use Algorithm::{HS256, HS384, HS512, PS256, PS384, PS512, RS256, RS384, RS512};
    for family in [&[HS256, HS384, HS512][..], &[RS256, RS384, RS512, PS256, PS384, PS512]] {
        for named in family.iter().copied() {
            let (honest, verifier) = pair(named);
            for signed in family.iter().copied() {
                // The same key and the required algorithm name, but another padding or hash.
                let token = issuer(signed).sign(header(named), PAYLOAD);
                let expected = if named == signed { Ok(()) } else { WRONG };
                assert_eq!(verdict(&verifier, &token), expected, "{signed} as {named}");
            }
            assert_eq!(verdict(&verifier, &honest.token().mint()), Ok(()));
        }
    }
}

#[test]
fn no_claim_is_read_before_the_signature_is_verified() {
    for algorithm in algorithms() {
        let issuer = issuer(algorithm).issuer("https://auth.example").audience("orders");
        let asked = Arc::new(AtomicUsize::new(0));
        let (by_rule, by_check) = (Arc::clone(&asked), Arc::clone(&asked));
        let count = |asked: &AtomicUsize| asked.fetch_add(1, Ordering::Relaxed) < usize::MAX;
        let verifier = Verifier::jwks(issuer.jwks())
            .issuer("https://auth.example")
            .audience("orders")
            .subject("user-1")
            .require_claim("tenant")
            .typ("at+jwt")
            .check_token("counted", move |_| count(&by_rule))
            .check("counted", move |_| count(&by_check))
            .clock(FixedClock::new())
            .build()
            .unwrap();
        let good = || issuer.token().subject("user-1").claim("tenant", 1).header("typ", "at+jwt");
        let token = good().mint();
        assert_eq!(verdict(&verifier, &token), Ok(()));
        assert_eq!(asked.swap(0, Ordering::Relaxed), 2);

        let named = |payload: &str| issuer.sign(header(algorithm), payload);
        for (token, right_kind) in [
            (good().claim("iss", "https://evil.example").mint(), ErrorKind::InvalidIssuer),
            (good().claim("iss", 7).mint(), ErrorKind::InvalidIssuer),
            (good().claim("aud", "billing").mint(), ErrorKind::InvalidAudience),
            (good().subject("user-2").mint(), ErrorKind::InvalidSubject),
            (good().expired().mint(), ErrorKind::TokenExpired),
            (good().claim("nbf", 9_000_000_000_u64).mint(), ErrorKind::TokenNotYetValid),
            (good().claim("exp", "soon").mint(), ErrorKind::InvalidClaims),
            (good().without("tenant").mint(), ErrorKind::MissingClaim),
            (good().header("typ", "JWT").mint(), ErrorKind::InvalidType),
            (named("not json"), ErrorKind::MalformedToken),
            (named("{\"a\":1,\"a\":1}"), ErrorKind::MalformedToken),
            (named("\u{feff}{}"), ErrorKind::MalformedToken),
        ] {
            assert_eq!(verdict(&verifier, &token), Err(right_kind), "{algorithm}");
            asked.store(0, Ordering::Relaxed);
            let forged = with_signature(&token, signature(&good().claim("x", 1).mint()));
            assert_eq!(verdict(&verifier, &forged), WRONG, "{algorithm}: {right_kind}");
            assert_eq!(asked.load(Ordering::Relaxed), 0, "{algorithm}: {right_kind}");
        }
    }
}

#[test]
fn a_truncated_mac_of_a_longer_hash_is_rejected() {
    let (_, verifier) = pair(Algorithm::HS256);
    let long = issuer(Algorithm::HS512).sign(header(Algorithm::HS256), PAYLOAD);
    let short = with_signature(&long, &signature(&long)[..32]);
    assert_eq!(verdict(&verifier, &short), WRONG);
    let right = issuer(Algorithm::HS256).sign(header(Algorithm::HS256), PAYLOAD);
    assert_eq!(verdict(&verifier, &right), Ok(()));
}
