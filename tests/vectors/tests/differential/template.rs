//! Fills the placeholders in a shape's text, such as `<now+60>`, and generates random JSON.

use fastrand::Rng;

use super::keys::{AUDIENCE, ISSUER, Key};

/// The context of a generated token.
#[derive(Clone, Copy)]
pub(crate) struct Context<'k> {
    pub(crate) key: &'k Key,
    /// The second at which the token is verified.
    pub(crate) now: u64,
}

impl Context<'_> {
    /// Fills every placeholder in the text. The shapes use `<` for nothing else.
    pub(crate) fn fill(self, text: &str, rng: &mut Rng) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('<') {
            let (place, after) = after.split_once('>').unwrap();
            filled += before;
            filled += &self.place(place, rng);
            rest = after;
        }
        filled + rest
    }

    fn place(self, place: &str, rng: &mut Rng) -> String {
        let (word, argument) = place.split_once(' ').unwrap_or((place, "0"));
        let times: usize = argument.parse().unwrap();
        match word {
            "iss" => format!("\"{ISSUER}\""),
            "aud" => format!("\"{AUDIENCE}\""),
            "alg" => format!("\"{}\"", self.key.algorithm),
            "escaped-alg" => {
                let name = self.key.algorithm.name();
                format!("\"\\u{:04x}{}\"", name.as_bytes()[0], &name[1..])
            }
            "kid" => format!("\"{}\"", self.key.id().unwrap()),
            "sibling" => {
                let foreign = self.key.foreign(rng);
                format!("\"{}\"", self.key.sibling(rng).or(foreign).unwrap())
            }
            "jwk" => self.key.stranger.jwk(),
            "later" => (self.now + rng.u64(1..10_000_000)).to_string(),
            "earlier" => (self.now - rng.u64(100..10_000_000)).to_string(),
            "text" => text(rng),
            "other-id" => text(rng).replacen('"', "\"x", 1),
            "any" => value(rng, 4),
            "digits" => "9".repeat(times),
            "letters" => "x".repeat(times),
            "deep" => format!("{}{}", "[".repeat(times), "]".repeat(times)),
            "many" => {
                let members: Vec<_> = (0..times).map(|n| format!("\"m{n}\":{n}")).collect();
                members.join(",")
            }
            now => {
                let distance = now.strip_prefix("now").unwrap();
                let distance: i64 = if distance.is_empty() { 0 } else { distance.parse().unwrap() };
                self.now.checked_add_signed(distance).unwrap().to_string()
            }
        }
    }
}

/// A quoted string with plain, escaped and non-ASCII characters.
pub(crate) fn text(rng: &mut Rng) -> String {
    const PIECES: [&str; 24] = [
        " ",
        "-",
        "/",
        "\\/",
        "\\\"",
        "\\\\",
        "\\n",
        "\\t",
        "\\u0000",
        "\\u001f",
        "\u{7f}",
        "é",
        "\\u00e9",
        "\u{301}",
        "\u{2028}",
        "\u{feff}",
        "\u{ffff}",
        "漢",
        "😀",
        "\\ud83d\\ude00",
        "{",
        "]",
        ":",
        "<",
    ];
    let mut text = String::from('"');
    for _ in 0..rng.usize(0..12) {
        match rng.u8(..) {
            0..200 => text.push(rng.alphanumeric()),
            _ => text += rng.choice(PIECES).unwrap(),
        }
    }
    text + "\""
}

/// A JSON value of any kind, with at most this many levels of lists and objects.
fn value(rng: &mut Rng, depth: u8) -> String {
    match rng.u8(0..10) {
        0 => rng.choice(["true", "false", "null"]).unwrap().to_owned(),
        1 | 2 => number(rng),
        3 if depth > 0 => {
            let items: Vec<_> = (0..rng.u8(0..4)).map(|_| value(rng, depth - 1)).collect();
            format!("[{}]", items.join(","))
        }
        4 if depth > 0 => {
            // Nested names may be duplicates: below the top level, all three verifiers use the last one.
            let members = (0..rng.u8(0..4)).map(|_| {
                let name = rng.choice(["exp", "iss", "a", "b", "", "__proto__"]).unwrap();
                format!("\"{name}\":{}", value(rng, depth - 1))
            });
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        _ => text(rng),
    }
}

fn number(rng: &mut Rng) -> String {
    match rng.u8(0..8) {
        0 => rng.i64(..).to_string(),
        1 => rng.u64(..).to_string(),
        2 => rng.u128(..).to_string(),
        3 => format!("{}.{}", rng.i16(..), rng.u32(..)),
        4 => format!("{}e{}", rng.i16(..), rng.i8(..)),
        5 => format!("{}.{}E+{}", rng.u8(..), rng.u8(..), rng.u8(0..99)),
        6 => rng.choice(["0", "-0", "-0.0", "1e-400", "0e999"]).unwrap().to_owned(),
        _ => rng.i8(..).to_string(),
    }
}

/// The members as an object, in any order, with white space wherever JSON allows it.
pub(crate) fn object(members: &[String], rng: &mut Rng) -> Vec<u8> {
    let mut members: Vec<_> = members.iter().filter(|member| !member.is_empty()).collect();
    rng.shuffle(&mut members);
    let spaced = rng.u8(..) < 50;
    let mut space = || match rng.u8(0..4) {
        _ if !spaced => "",
        0 => " ",
        1 => "\r\n\t",
        _ => "",
    };
    let members: Vec<_> =
        members.iter().map(|member| format!("{}{member}{}", space(), space())).collect();
    format!("{{{}}}", members.join(",")).into_bytes()
}
