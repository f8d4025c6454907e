//! Changes to the structure and the characters of a signed token. Nothing is signed again.

use fastrand::Rng;

use super::Act::Token;
use super::Mutation;
use crate::suite::keys::Key;

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation::rejects("a character replaced", Token(replaced)),
    Mutation::rejects("a character inserted", Token(inserted)),
    Mutation::rejects("a character removed", Token(left_out)),
    Mutation::rejects("two neighbours swapped", Token(swapped)),
    Mutation::rejects("the case of a letter changed", Token(other_case)),
    Mutation::rejects(
        "header truncated",
        Token(|_, [h, p, s], r| Some(format!("{}.{p}.{s}", cut(h, r)))),
    ),
    Mutation::rejects(
        "payload truncated",
        Token(|_, [h, p, s], r| Some(format!("{h}.{}.{s}", cut(p, r)))),
    ),
    Mutation::rejects(
        "signature truncated",
        Token(|_, [h, p, s], r| Some(format!("{h}.{p}.{}", cut(s, r)))),
    ),
    Mutation::rejects(
        "token truncated",
        Token(|_, parts, r| Some(cut(&parts.join("."), r).to_owned())),
    ),
    Mutation::rejects("an empty header", Token(|_, [_, p, s], _| Some(format!(".{p}.{s}")))),
    Mutation::rejects("an empty payload", Token(|_, [h, _, s], _| Some(format!("{h}..{s}")))),
    Mutation::rejects(
        "an empty payload, signed",
        Token(|key, [h, ..], _| Some(key.issuer.sign_encoded(&format!("{h}.")))),
    ),
    Mutation::rejects(
        "an empty header, signed",
        Token(|key, [_, p, _], _| Some(key.issuer.sign_encoded(&format!(".{p}")))),
    ),
    Mutation::rejects("an empty signature", Token(|_, [h, p, _], _| Some(format!("{h}.{p}.")))),
    Mutation::rejects("only dots", Token(|_, _, r| Some(".".repeat(r.usize(0..6))))),
    Mutation::rejects("one part", Token(|_, parts, r| Some(r.choice(parts).unwrap().to_owned()))),
    Mutation::rejects("two parts", Token(|_, [h, p, _], _| Some(format!("{h}.{p}")))),
    Mutation::rejects(
        "four parts",
        Token(|_, [h, p, s], r| {
            let [one, other] = r.choice([[s, s], [p, s], [s, ""], ["", s]]).unwrap();
            Some(format!("{h}.{p}.{one}.{other}"))
        }),
    ),
    Mutation::rejects(
        "four parts, signed",
        Token(|key, [h, p, _], r| {
            let more = r.choice([p, h, ""]).unwrap();
            Some(key.issuer.sign_encoded(&format!("{h}.{p}.{more}")))
        }),
    ),
    Mutation::rejects("five parts", Token(|_, [h, p, s], _| Some(format!("{h}.{p}.{s}.{p}.{s}")))),
    Mutation::rejects("a dot before", Token(|_, parts, _| Some(format!(".{}", parts.join("."))))),
    Mutation::rejects("a dot after", Token(|_, parts, _| Some(format!("{}.", parts.join("."))))),
    Mutation::rejects(
        "other separators",
        Token(|_, parts, r| {
            let separator =
                r.choice([",", "\u{2024}", "\u{ff0e}", "%2E", ":", " ", "\\u002e"]).unwrap();
            Some(parts.join(separator))
        }),
    ),
    Mutation::rejects(
        "parts in another order",
        Token(|_, [h, p, s], r| {
            let parts = r.choice([[p, h, s], [h, s, p], [s, p, h]]).unwrap();
            Some(parts.join("."))
        }),
    ),
    Mutation::rejects(
        "white space around the token",
        Token(|_, parts, r| {
            let space = r.choice([" ", "\n", "\t", "\r\n", "\u{a0}", "\u{feff}"]).unwrap();
            let token = parts.join(".");
            Some(if r.bool() { format!("{space}{token}") } else { format!("{token}{space}") })
        }),
    ),
    Mutation::rejects(
        "text before the token",
        Token(|_, parts, r| {
            let front = r.choice(["Bearer ", "\"", "[", "data:", "{}"]).unwrap();
            Some(format!("{front}{}", parts.join(".")))
        }),
    ),
    Mutation::rejects(
        "a byte that is not text",
        Token(|_, parts, r| {
            let token = parts.join(".");
            let (front, back) = token.split_at(r.usize(0..=token.len()));
            let unusual = r.choice(["\0", "\u{7f}", "é", "😀", "\u{200b}", "\u{ff21}"]).unwrap();
            Some(format!("{front}{unusual}{back}"))
        }),
    ),
    Mutation::rejects(
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
    Mutation::rejects(
        "the signature of another token",
        Token(|key, [h, p, _], r| {
            let other =
                key.issuer.sign_encoded(&format!("{h}.{}{p}", r.choice(["AAAA", "e30A"]).unwrap()));
            Some(format!("{h}.{p}.{}", other.rsplit_once('.').unwrap().1))
        }),
    ),
    Mutation::rejects(
        "a signature over the payload only",
        Token(|key, [h, p, _], _| Some(format!("{h}.{}", key.issuer.sign_encoded(p)))),
    ),
];

fn cut<'t>(text: &'t str, rng: &mut Rng) -> &'t str {
    &text[..rng.usize(0..text.len())]
}

fn character(rng: &mut Rng) -> char {
    char::from(rng.choice(ALPHABET.bytes()).unwrap())
}

/// The position of a character that is not a dot.
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
