//! Other spellings of the same bytes, signed in that spelling, and flipped bits.

use base64_simd::URL_SAFE_NO_PAD;
use fastrand::Rng;

use super::Act::{Encoded, Token};
use super::Mutation;
use super::Part::{Header, Payload};
use crate::suite::keys::Kind;
use crate::suite::numbers::hex;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation::rejects_alone("padding", "padding after the header", Encoded(Header, padded)),
    Mutation::rejects_alone("padding", "padding after the payload", Encoded(Payload, padded)),
    Mutation::rejects_alone(
        "padding",
        "padding after the signature",
        Token(|_, [h, p, s], r| Some(format!("{h}.{p}.{}", padded(s, r)?))),
    )
    .with(Kind::Uneven),
    Mutation::rejects("too much padding", Encoded(Payload, |p, _| Some(format!("{p}====")))),
    Mutation::rejects(
        "too much padding after the signature",
        Token(|_, [h, p, s], r| {
            Some(format!("{h}.{p}.{s}{}", r.choice(["===", "====", "=A=="]).unwrap()))
        }),
    ),
    Mutation::rejects("standard alphabet in the header", Encoded(Header, standard)),
    Mutation::rejects("standard alphabet in the payload", Encoded(Payload, standard)),
    Mutation::rejects(
        "standard alphabet in the signature",
        Token(|_, [h, p, s], r| Some(format!("{h}.{p}.{}", standard(s, r)?))),
    ),
    Mutation::rejects("bits left over in the header", Encoded(Header, spare_bits)),
    Mutation::rejects("bits left over in the payload", Encoded(Payload, spare_bits)),
    Mutation::rejects(
        "bits left over in the signature",
        Token(|_, [h, p, s], r| Some(format!("{h}.{p}.{}", spare_bits(s, r)?))),
    )
    .with(Kind::Uneven),
    Mutation::rejects("white space in the header", Encoded(Header, spaced)),
    Mutation::rejects("white space in the payload", Encoded(Payload, spaced)),
    Mutation::rejects(
        "white space in the signature",
        Token(|_, [h, p, s], r| Some(format!("{h}.{p}.{}", spaced(s, r)?))),
    ),
    Mutation::rejects("a percent escape in the payload", Encoded(Payload, percent)),
    Mutation::rejects(
        "a percent escape in the signature",
        Token(|_, [h, p, s], r| Some(format!("{h}.{p}.{}", percent(s, r)?))),
    ),
    Mutation::rejects(
        "a character too many in the payload",
        Encoded(Payload, |p, _| p.len().is_multiple_of(4).then(|| format!("{p}A"))),
    ),
    Mutation::rejects(
        "payload encoded twice",
        Encoded(Payload, |p, _| Some(URL_SAFE_NO_PAD.encode_to_string(p))),
    ),
    Mutation::rejects(
        "header encoded twice",
        Encoded(Header, |h, _| Some(URL_SAFE_NO_PAD.encode_to_string(h))),
    ),
    Mutation::rejects(
        "payload in hexadecimal",
        Encoded(Payload, |p, _| Some(hex(&URL_SAFE_NO_PAD.decode_to_vec(p).unwrap()))),
    ),
    Mutation::rejects(
        "payload not encoded",
        Encoded(Payload, |p, _| String::from_utf8(URL_SAFE_NO_PAD.decode_to_vec(p).unwrap()).ok()),
    ),
    Mutation::rejects(
        "a bit flipped in the header",
        Token(|_, [h, p, s], r| Some(format!("{}.{p}.{s}", flipped(h, r)))),
    ),
    Mutation::rejects(
        "a bit flipped in the payload",
        Token(|_, [h, p, s], r| Some(format!("{h}.{}.{s}", flipped(p, r)))),
    ),
    Mutation::rejects(
        "a bit flipped in the signature",
        Token(|_, [h, p, s], r| Some(format!("{h}.{p}.{}", flipped(s, r)))),
    ),
];

fn padded(part: &str, _: &mut Rng) -> Option<String> {
    (!part.len().is_multiple_of(4)).then(|| format!("{part}{}", "=".repeat(4 - part.len() % 4)))
}

fn standard(part: &str, _: &mut Rng) -> Option<String> {
    part.contains(['-', '_']).then(|| part.replace('-', "+").replace('_', "/"))
}

/// The same bytes, with nonzero trailing bits.
fn spare_bits(part: &str, rng: &mut Rng) -> Option<String> {
    let spare = match part.len() % 4 {
        2 => 1..16,
        3 => 1..4,
        _ => return None,
    };
    let mut part = part.as_bytes().to_vec();
    let last = part.last_mut().unwrap();
    let value = ALPHABET.iter().position(|byte| byte == last).unwrap();
    *last = ALPHABET[value | rng.usize(spare)];
    Some(String::from_utf8(part).unwrap())
}

fn spaced(part: &str, rng: &mut Rng) -> Option<String> {
    let (front, back) = part.split_at(rng.usize(0..=part.len()));
    Some(format!("{front}{}{back}", rng.choice([" ", "\n", "\r\n", "\t", "\u{b}"]).unwrap()))
}

fn percent(part: &str, rng: &mut Rng) -> Option<String> {
    let at = rng.usize(0..part.len());
    let byte = part.as_bytes()[at];
    Some(format!("{}%{byte:02X}{}", &part[..at], &part[at + 1..]))
}

fn flipped(part: &str, rng: &mut Rng) -> String {
    let mut bytes = URL_SAFE_NO_PAD.decode_to_vec(part).unwrap();
    let bit = rng.usize(0..bytes.len() * 8);
    bytes[bit / 8] ^= 1 << (bit % 8);
    URL_SAFE_NO_PAD.encode_to_string(bytes)
}
