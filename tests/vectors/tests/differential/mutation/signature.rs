//! Other signatures over the same token: those that a verifier must not normalize, and the one that is also valid.

use fastrand::Rng;

use super::Act::Signature;
use super::Mutation;
use crate::suite::keys::{Key, Kind};
use crate::suite::numbers::{
    add, der, ecdsa_order, ed25519_order, hex, is_below, modulus, reversed, subtract, zero_extended,
};

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation::rejects(
        "signature truncated by bytes",
        Signature(|_, mut signature, r| {
            signature.truncate(r.usize(1..signature.len()));
            Some(signature)
        }),
    ),
    Mutation::rejects(
        "signature without its first byte",
        // PyJWT's OpenSSL accepts an RSA-PSS signature without its leading zeros, against RFC 8017 §8.1.2.
        Signature(|_, s, _| (s[0] != 0).then(|| s[1..].to_vec())),
    ),
    Mutation::rejects(
        "signature and more bytes",
        Signature(|_, s, r| {
            let more = vec![r.u8(..); r.usize(1..70)];
            Some(if r.bool() { [s, more].concat() } else { [more, s].concat() })
        }),
    ),
    Mutation::rejects("signature twice", Signature(|_, s, _| Some(s.repeat(2)))),
    Mutation::rejects("signature backwards", Signature(|_, s, _| Some(reversed(&s)))),
    Mutation::rejects(
        "signature of one repeated byte",
        Signature(|_, s, r| Some(vec![r.choice([0, 1, 0x7f, 0x80, 0xff]).unwrap(); s.len()])),
    ),
    Mutation::rejects("signature as hexadecimal", Signature(|_, s, _| Some(hex(&s).into_bytes()))),
    Mutation::rejects(
        "a MAC of half the length",
        Signature(|_, s, _| Some(s[..s.len() / 2].to_vec())),
    )
    .with(Kind::Secret),
    Mutation::rejects(
        "DER instead of r and s",
        Signature(|key, s, r| {
            let (one, other) = halves(key, &s);
            Some(der(&one, &other, r.bool()))
        }),
    )
    .with(Kind::Ecdsa),
    Mutation::rejects(
        "r or s is zero",
        Signature(|key, s, r| {
            let (one, other) = halves(key, &s);
            let zero = vec![0; one.len()];
            let halves = [[&zero, &other], [&one, &zero], [&zero, &zero]];
            Some(r.choice(halves).unwrap().into_iter().flatten().copied().collect())
        }),
    )
    .with(Kind::Ecdsa),
    Mutation::rejects(
        "r or s is the order or above",
        Signature(|key, s, r| {
            let (one, other) = halves(key, &s);
            let order = ecdsa_order(key.algorithm);
            let above = if r.bool() { order } else { vec![0xff; one.len()] };
            let halves = [[&above, &other], [&one, &above], [&above, &above]];
            Some(r.choice(halves).unwrap().into_iter().flatten().copied().collect())
        }),
    )
    .with(Kind::Ecdsa),
    Mutation::rejects(
        "r and s swapped",
        Signature(|key, s, _| {
            let (one, other) = halves(key, &s);
            Some([other, one].concat())
        }),
    )
    .with(Kind::Ecdsa),
    Mutation::rejects(
        "r negated",
        Signature(|key, s, _| {
            let (one, other) = halves(key, &s);
            Some([subtract(&ecdsa_order(key.algorithm), &one), other].concat())
        }),
    )
    .with(Kind::Ecdsa),
    Mutation::rejects(
        "r and s a byte wider",
        Signature(|key, s, _| {
            let (one, other) = halves(key, &s);
            Some([zero_extended(&one), zero_extended(&other)].concat())
        }),
    )
    .with(Kind::Ecdsa),
    // JWA does not require the lower `s` (RFC 7518 §3.4).
    Mutation::accepts(
        "the other s of the same signature",
        Signature(|key, s, _| {
            let (one, other) = halves(key, &s);
            Some([one, subtract(&ecdsa_order(key.algorithm), &other)].concat())
        }),
    )
    .with(Kind::Ecdsa),
    Mutation::rejects(
        "S and the order",
        Signature(|_, s, _| {
            let (point, scalar) = s.split_at(32);
            let sum = add(&reversed(scalar), &ed25519_order());
            Some([point.to_vec(), reversed(&sum)].concat())
        }),
    )
    .with(Kind::EdDsa),
    Mutation::rejects("S is zero", Signature(|_, s, _| Some([&s[..32], &[0; 32]].concat())))
        .with(Kind::EdDsa),
    Mutation::rejects(
        "the sign of R changed",
        Signature(|_, mut s, _| {
            s[31] ^= 0x80;
            Some(s)
        }),
    )
    .with(Kind::EdDsa),
    Mutation::rejects(
        "the small point for R, and S zero",
        Signature(|_, _, _| {
            let mut signature = vec![0; 64];
            signature[0] = 1;
            Some(signature)
        }),
    )
    .with(Kind::EdDsa),
    Mutation::rejects("an RSA signature and the modulus", Signature(and_modulus)).with(Kind::Pkcs1),
    Mutation::rejects("an RSA-PSS signature and the modulus", Signature(and_modulus))
        .with(Kind::Pss),
    Mutation::rejects(
        "an RSA signature negated",
        Signature(|key, s, _| Some(subtract(&modulus(&key.issuer), &s))),
    )
    .with(Kind::Rsa),
    Mutation::rejects(
        "an RSA signature a zero wider",
        Signature(|_, s, _| Some(zero_extended(&s))),
    )
    .with(Kind::Rsa),
    Mutation::rejects(
        "an RSA signature of one or of the modulus",
        Signature(|key, s, r| {
            let modulus = modulus(&key.issuer);
            let mut one = vec![0; s.len()];
            *one.last_mut().unwrap() = 1;
            Some(match r.u8(0..3) {
                0 => subtract(&modulus, &one),
                1 => modulus,
                _ => one,
            })
        }),
    )
    .with(Kind::Rsa),
];

fn halves(key: &Key, signature: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (one, other) = signature.split_at(ecdsa_order(key.algorithm).len());
    (one.to_vec(), other.to_vec())
}

/// `s + n` equals `s` after a reduction. It has the same length if `s` is small.
fn and_modulus(key: &Key, signature: Vec<u8>, _: &mut Rng) -> Option<Vec<u8>> {
    let sum = add(&signature, &modulus(&key.issuer));
    // A sum that wrapped around is below the first summand.
    (!is_below(&sum, &signature)).then_some(sum)
}
