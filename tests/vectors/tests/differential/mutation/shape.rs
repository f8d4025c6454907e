//! Changes of a signed token's shape and of its characters. Nothing is signed again.

use fastrand::Rng;

use super::Act::Token;
use super::Mutation;
use crate::suite::keys::Key;

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation::refuses("a character replaced", Token(replaced)),
    Mutation::refuses("a character inserted", Token(inserted)),
    Mutation::refuses("a character left out", Token(left_out)),
    Mutation::refuses("two neighbours swapped", Token(swapped)),
    Mutation::refuses("the case of a letter changed", Token(other_case)),
    Mutation::refuses(
        "header cut short",
        Token(|_, [h, p, s], r| Some(format!("{}.{p}.{s}", cut(h, r)))),
    ),
    Mutation::refuses(
        "payload cut short",
        Token(|_, [h, p, s], r| Some(format!("{h}.{}.{s}", cut(p, r)))),
    ),
    Mutation::refuses(
        "signature cut short",
        Token(|_, [h, p, s], r| Some(format!("{h}.{p}.{}", cut(s, r)))),
    ),
    Mutation::refuses(
        "token cut short",
        Token(|_, parts, r| Some(cut(&parts.join("."), r).to_owned())),
    ),
    Mutation::refuses("an empty header", Token(|_, [_, p, s], _| Some(format!(".{p}.{s}")))),
    Mutation::refuses("an empty payload", Token(|_, [h, _, s], _| Some(format!("{h}..{s}")))),
    Mutation::refuses(
        "an empty payload, signed",
        Token(|key, [h, ..], _| Some(key.issuer.sign_encoded(&format!("{h}.")))),
    ),
    Mutation::refuses(
        "an empty header, signed",
        Token(|key, [_, p, _], _| Some(key.issuer.sign_encoded(&format!(".{p}")))),
    ),
    Mutation::refuses("an empty signature", Token(|_, [h, p, _], _| Some(format!("{h}.{p}.")))),
    Mutation::refuses("nothing but dots", Token(|_, _, r| Some(".".repeat(r.usize(0..6))))),
    Mutation::refuses("one part", Token(|_, parts, r| Some(r.choice(parts).unwrap().to_owned()))),
    Mutation::refuses("two parts", Token(|_, [h, p, _], _| Some(format!("{h}.{p}")))),
    Mutation::refuses(
        "four parts",
        Token(|_, [h, p, s], r| {
            let [one, other] = r.choice([[s, s], [p, s], [s, ""], ["", s]]).unwrap();
            Some(format!("{h}.{p}.{one}.{other}"))
        }),
    ),
    Mutation::refuses(
        "four parts, signed",
        Token(|key, [h, p, _], r| {
            let more = r.choice([p, h, ""]).unwrap();
            Some(key.issuer.sign_encoded(&format!("{h}.{p}.{more}")))
        }),
    ),
    Mutation::refuses("five parts", Token(|_, [h, p, s], _| Some(format!("{h}.{p}.{s}.{p}.{s}")))),
    Mutation::refuses("a dot before", Token(|_, parts, _| Some(format!(".{}", parts.join("."))))),
    Mutation::refuses("a dot behind", Token(|_, parts, _| Some(format!("{}.", parts.join("."))))),
    Mutation::refuses(
        "other separators",
        Token(|_, parts, r| {
            let separator =
                r.choice([",", "\u{2024}", "\u{ff0e}", "%2E", ":", " ", "\\u002e"]).unwrap();
            Some(parts.join(separator))
        }),
    ),
    Mutation::refuses(
        "parts in another order",
        Token(|_, [h, p, s], r| {
            let parts = r.choice([[p, h, s], [h, s, p], [s, p, h]]).unwrap();
            Some(parts.join("."))
        }),
    ),
    Mutation::refuses(
        "white space around the token",
        Token(|_, parts, r| {
            let space = r.choice([" ", "\n", "\t", "\r\n", "\u{a0}", "\u{feff}"]).unwrap();
            let token = parts.join(".");
            Some(if r.bool() { format!("{space}{token}") } else { format!("{token}{space}") })
        }),
    ),
    Mutation::refuses(
        "something in front of the token",
        Token(|_, parts, r| {
            let front = r.choice(["Bearer ", "\"", "[", "data:", "{}"]).unwrap();
            Some(format!("{front}{}", parts.join(".")))
        }),
    ),
    Mutation::refuses(
        "a byte that is no text",
        Token(|_, parts, r| {
            let token = parts.join(".");
            let (front, back) = token.split_at(r.usize(0..=token.len()));
            let odd = r.choice(["\0", "\u{7f}", "é", "😀", "\u{200b}", "\u{ff21}"]).unwrap();
            Some(format!("{front}{odd}{back}"))
        }),
    ),
    Mutation::refuses(
        "the JSON serialization",
        Token(|_, [h, p, s], r| {
            Some(if r.bool() {
                format!("{{\"protected\":\"{h}\",\"payload\":\"{p}\",\"signature\":\"{s}\"}}")
            } else {
                let signature = format!("{{\"protected\":\"{h}\",\"signature\":\"{s}\"}}");
                format!("{{\"payload\":\"{p}\",\"signatures\":[{signature}]}}")
            })
        }),
    ),
    Mutation::refuses(
        "the signature of another token",
        Token(|key, [h, p, _], r| {
            let other =
                key.issuer.sign_encoded(&format!("{h}.{}{p}", r.choice(["AAAA", "e30A"]).unwrap()));
            Some(format!("{h}.{p}.{}", other.rsplit_once('.').unwrap().1))
        }),
    ),
    Mutation::refuses(
        "a signature over the payload alone",
        Token(|key, [h, p, _], _| Some(format!("{h}.{}", key.issuer.sign_encoded(p)))),
    ),
];

fn cut<'t>(text: &'t str, rng: &mut Rng) -> &'t str {
    &text[..rng.usize(0..text.len())]
}

fn character(rng: &mut Rng) -> char {
    char::from(rng.choice(ALPHABET.bytes()).unwrap())
}

/// A place of a character that is no dot.
fn place(token: &str, rng: &mut Rng) -> usize {
    let places = token.char_indices().filter(|(_, character)| *character != '.').map(|(at, _)| at);
    rng.choice(places.collect::<Vec<_>>()).unwrap()
}

fn replaced(_: &Key, parts: [&str; 3], rng: &mut Rng) -> Option<String> {
    let mut token = parts.join(".");
    let (at, new) = (place(&token, rng), character(rng).to_string());
    if token[at..].starts_with(&new) {
        return None;
    }
    token.replace_range(at..=at, &new);
    Some(token)
}

fn inserted(_: &Key, parts: [&str; 3], rng: &mut Rng) -> Option<String> {
    let mut token = parts.join(".");
    token.insert(rng.usize(0..=token.len()), character(rng));
    Some(token)
}

fn left_out(_: &Key, parts: [&str; 3], rng: &mut Rng) -> Option<String> {
    let mut token = parts.join(".");
    token.remove(rng.usize(0..token.len()));
    Some(token)
}

fn swapped(_: &Key, parts: [&str; 3], rng: &mut Rng) -> Option<String> {
    let mut token = parts.join(".").into_bytes();
    let at = rng.usize(1..token.len());
    token.swap(at - 1, at);
    let token = String::from_utf8(token).unwrap();
    (token != parts.join(".")).then_some(token)
}

fn other_case(_: &Key, parts: [&str; 3], rng: &mut Rng) -> Option<String> {
    let mut token = parts.join(".").into_bytes();
    let letters = token.iter_mut().filter(|byte| byte.is_ascii_alphabetic());
    let letter = rng.choice(letters.collect::<Vec<_>>())?;
    *letter ^= 0x20;
    Some(String::from_utf8(token).unwrap())
}
