//! Random edits, signed afterwards. The verdict on such a token is not known in advance.

use fastrand::Rng;

use super::Act::{Members, Text};
use super::Part::{Header, Payload};
use super::{Mutation, Signer};
use crate::suite::grammar::Draft;
use crate::suite::template::Context;

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation::edits("an edit of the header", Text(Header, edited)),
    Mutation::edits("an edit of the payload", Text(Payload, edited)),
    Mutation::edits(
        "three edits of the payload",
        Text(Payload, |text, context, rng| (0..3).fold(text, |text, _| edited(text, context, rng))),
    ),
    Mutation::edits("any value for a member of the header", Members(any_member)),
    Mutation::edits("any value for a claim", Members(any_claim)),
    Mutation::edits("any number for a date", Members(any_date)),
];

/// Bytes with a meaning in JSON, and some without.
const BYTES: &[u8] = b"\"\"{}[]:,,\\.-+eEu0123456789abdfnrstx/ \n\x01\x7f\xed\xa0";

/// Replaces, inserts or removes one byte between the braces.
fn edited(mut text: Vec<u8>, _: Context<'_>, rng: &mut Rng) -> Vec<u8> {
    let at = rng.usize(1..text.len() - 1);
    let byte = rng.choice(BYTES).copied().unwrap();
    match rng.u8(0..3) {
        0 => text[at] = byte,
        1 => text.insert(at, byte),
        _ => {
            text.remove(at);
        }
    }
    text
}

fn any_member(draft: &mut Draft, context: Context<'_>, rng: &mut Rng) -> Option<Signer> {
    const NAMES: [&str; 16] = [
        "alg", "kid", "typ", "cty", "crit", "b64", "enc", "zip", "jwk", "jku", "x5u", "x5c", "x5t",
        "x5t#S256", "url", "nonce",
    ];
    let name = rng.choice(NAMES)?;
    draft.set_header(name, &context.fill("<any>", rng));
    Some(Signer::Owner)
}

fn any_claim(draft: &mut Draft, context: Context<'_>, rng: &mut Rng) -> Option<Signer> {
    const NAMES: [&str; 12] =
        ["iss", "aud", "exp", "nbf", "iat", "sub", "jti", "scope", "scp", "roles", "cnf", "azp"];
    let name = rng.choice(NAMES)?;
    draft.set_claim(name, &context.fill("<any>", rng));
    Some(Signer::Owner)
}

/// A number near the current time, in any JSON spelling.
fn any_date(draft: &mut Draft, context: Context<'_>, rng: &mut Rng) -> Option<Signer> {
    let seconds = context.now.checked_add_signed(rng.i64(-70..70)).unwrap().to_string();
    let (front, back) = seconds.split_at(rng.usize(1..seconds.len()));
    let fraction = rng.u32(..1000);
    let date = match rng.u8(0..6) {
        0 => seconds,
        1 => format!("{seconds}.{fraction:03}"),
        2 => format!("{front}.{back}e{}", back.len()),
        3 => format!("{front}.{back}{fraction:03}E+{:02}", back.len()),
        4 => format!("{seconds}{fraction:03}e-3"),
        _ => format!("{seconds}.{}", "0".repeat(rng.usize(1..30))),
    };
    draft.set_claim(rng.choice(["exp", "nbf", "iat"])?, &date);
    Some(Signer::Owner)
}
