//! Texts that are not a strict JSON object, signed as the header or the payload.

use fastrand::Rng;

use super::Act::Text;
use super::Mutation;
use super::Part::Either;

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation::accepts(
        "white space before the JSON",
        Text(Either, |text, _, rng| [space(rng), &text].concat()),
    ),
    Mutation::accepts(
        "white space after the JSON",
        Text(Either, |text, _, rng| [&text, space(rng)].concat()),
    ),
    Mutation::rejects_alone(
        "not plain UTF-8",
        "a byte order mark",
        Text(Either, |text, _, _| ["\u{feff}".as_bytes(), &text].concat()),
    ),
    Mutation::rejects_alone(
        "not plain UTF-8",
        "UTF-16",
        Text(Either, |text, _, rng| utf16(&text, rng)),
    ),
    Mutation::rejects_alone(
        "not plain UTF-8",
        "UTF-32",
        Text(Either, |text, _, rng| utf32(&text, rng)),
    ),
    Mutation::rejects_alone(
        "not plain UTF-8",
        "the bytes of a surrogate",
        Text(Either, |text, _, _| with(&text, b"\"s\":\"\xed\xa0\x80\"")),
    ),
    Mutation::rejects(
        "bytes that are not UTF-8",
        Text(Either, |text, _, rng| {
            const BYTES: [&[u8]; 5] =
                [b"\xff", b"\xc3", b"\xc0\xaf", b"\xf5\x80\x80\x80", b"\xe2\x28\xa1"];
            with(&text, &[b"\"s\":\"", rng.choice(BYTES).unwrap(), b"\""].concat())
        }),
    ),
    Mutation::rejects("Latin-1", Text(Either, |text, _, _| with(&text, b"\"s\":\"caf\xe9\""))),
    Mutation::rejects(
        "a control character in a string",
        Text(Either, |text, _, rng| {
            with(&text, &[b"\"s\":\"", &[rng.u8(0..32)][..], b"\""].concat())
        }),
    ),
    Mutation::rejects(
        "white space that JSON does not have",
        Text(Either, |text, _, rng| {
            let space = rng.choice(["\u{b}", "\u{c}", "\u{a0}", "\u{2028}", "\0"]).unwrap();
            with(&text, format!("{space}\"s\":1").as_bytes())
        }),
    ),
    Mutation::rejects(
        "text after the JSON",
        Text(Either, |text, _, rng| {
            const MORE: [&str; 10] =
                ["{}", "}", "x", ",", "0", "\0", "//", "null", "\u{2028}", "="];
            [&text, rng.choice(MORE).unwrap().as_bytes()].concat()
        }),
    ),
    Mutation::rejects(
        "text before the JSON",
        Text(Either, |text, _, rng| {
            const MORE: [&str; 7] = ["{}", "{", "x", "1", "\0", ")]}'\n", "while(1);"];
            [rng.choice(MORE).unwrap().as_bytes(), &text].concat()
        }),
    ),
    Mutation::rejects("the JSON twice", Text(Either, |text, _, _| text.repeat(2))),
    Mutation::rejects(
        "a comment in the JSON",
        Text(Either, |text, _, rng| {
            const COMMENTS: [&str; 4] =
                ["/**/\"s\":1", "\"s\":1/* one */", "//\n\"s\":1", "#\n\"s\":1"];
            with(&text, rng.choice(COMMENTS).unwrap().as_bytes())
        }),
    ),
    Mutation::rejects(
        "an extra comma",
        Text(Either, |text, _, rng| {
            let inner = &text[1..text.len() - 1];
            if rng.bool() { [b"{", inner, b",}"].concat() } else { [b"{,", inner, b"}"].concat() }
        }),
    ),
    Mutation::rejects(
        "the JSON truncated",
        Text(Either, |text, _, rng| text[..rng.usize(0..text.len())].to_vec()),
    ),
    Mutation::rejects("the first brace left out", Text(Either, |text, _, _| text[1..].to_vec())),
    Mutation::rejects(
        "single quotes",
        Text(Either, |text, _, _| String::from_utf8(text).unwrap().replace('"', "'").into_bytes()),
    ),
    Mutation::rejects(
        "a semicolon for a comma",
        Text(Either, |text, _, _| [b"{\"s\":1;", &text[1..]].concat()),
    ),
    Mutation::rejects(
        "a list around the JSON",
        Text(Either, |text, _, _| [b"[", &text[..], b"]"].concat()),
    ),
    Mutation::rejects(
        "the JSON as a string",
        Text(Either, |text, _, _| serde_json::to_vec(&String::from_utf8(text).unwrap()).unwrap()),
    ),
    Mutation::rejects(
        "not an object, or an empty one",
        Text(Either, |_, _, rng| {
            const OTHERS: [&str; 11] = [
                "null",
                "true",
                "7",
                "\"text\"",
                "\"\"",
                "[]",
                "[{}]",
                "NaN",
                "undefined",
                "{}",
                " ",
            ];
            rng.choice(OTHERS).unwrap().into()
        }),
    ),
    Mutation::rejects(
        "random bytes",
        Text(Either, |_, _, rng| (0..rng.usize(1..200)).map(|_| rng.u8(..)).collect()),
    ),
];

fn space(rng: &mut Rng) -> &'static [u8] {
    rng.choice([&b" "[..], b"\n", b"\r\n", b"\t", b"   \n"]).unwrap()
}

fn utf16(text: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mark = if rng.bool() { "\u{feff}" } else { "" };
    let units = format!("{mark}{}", str::from_utf8(text).unwrap());
    let bytes = if rng.bool() { u16::to_be_bytes } else { u16::to_le_bytes };
    units.encode_utf16().flat_map(bytes).collect()
}

fn utf32(text: &[u8], rng: &mut Rng) -> Vec<u8> {
    let bytes = if rng.bool() { u32::to_be_bytes } else { u32::to_le_bytes };
    str::from_utf8(text).unwrap().chars().map(u32::from).flat_map(bytes).collect()
}

/// The object with one more member.
fn with(text: &[u8], member: &[u8]) -> Vec<u8> {
    [&text[..text.len() - 1], b",", member, b"}"].concat()
}
