//! Texts and bytes that are nearly valid.

use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::sample::{Index, select};

/// Pieces of JSON, valid and broken.
const PIECES: [&[u8]; 40] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"\"",
    b"\\",
    b"null",
    b"true",
    b"-",
    b"1e400",
    b"1767226500",
    b"0.5",
    b"\"exp\":",
    b"\"sub\":",
    b"\"aud\":",
    b"\"iss\":",
    b"\"nbf\":0,",
    b"\"alg\":\"HS256\",",
    b"\"kid\":\"k\",",
    b"\"typ\":",
    b"\"crit\":[",
    b"\"b64\":false",
    b"\"jwk\":{",
    b"\"e\\u0078p\":",
    b"\"\\ud800\"",
    b"\"\\ud83d\\ude00\"",
    b"\\u0000",
    b"\"$serde_json::private::RawValue\":",
    b" ",
    b"\n",
    b"\0",
    b"\x7f",
    b"\xef\xbb\xbf",
    b"\xff",
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    b"[[[[[[[[[[[[[[[[",
    b"{\"a\":{\"a\":{\"a\":",
];

/// Whole members, valid and invalid, so that some of the resulting objects are valid.
const MEMBERS: [&str; 32] = [
    r#""exp":1767226500"#,
    r#""exp":1767226500.5"#,
    r#""exp":1767225000"#,
    r#""exp":"1767226500""#,
    r#""exp":1e10"#,
    r#""exp":-1e400"#,
    r#""\u0065xp":1767226500"#,
    r#""exp":null"#,
    r#""sub":"user-1""#,
    r#""sub":"\ud83d\ude00""#,
    r#""s\u0075b":"a""#,
    r#""sub":7"#,
    r#""aud":"orders""#,
    r#""aud":["a","b"]"#,
    r#""aud":[]"#,
    r#""aud":[7]"#,
    r#""iss":"https://a.example""#,
    r#""iss":["a"]"#,
    r#""nbf":0"#,
    r#""nbf":9e9"#,
    r#""iat":1767225600"#,
    r#""jti":"1""#,
    r#""scope":"a b""#,
    r#""scope":{"a":1}"#,
    r#""roles":["a"]"#,
    r#""x":[{"y":[[]]}]"#,
    r#""x":"\udc00""#,
    r#""y":1e400"#,
    r#""z":0.1e-7"#,
    r#""z":01"#,
    r#""":"""#,
    "",
];

/// Bytes that resemble JSON and sometimes are valid JSON.
pub(super) fn json_soup() -> impl Strategy<Value = Vec<u8>> {
    let pieces = vec(select(&PIECES[..]), 0..24).prop_map(|pieces| pieces.concat());
    let inside = vec(select(&PIECES[..]), 0..12)
        .prop_map(|pieces| [&b"{\"exp\":1767226500,"[..], &pieces.concat(), b"}"].concat());
    let of_members =
        (any::<bool>(), vec(select(&MEMBERS[..]), 0..6)).prop_map(|(lasts, members)| {
            let start = if lasts { "\"exp\":1767226500," } else { "" };
            format!("{{{start}{}}}", members.join(",")).into_bytes()
        });
    let deep =
        (0..200_usize, 0..200_usize, select(&["[]", "{}"][..])).prop_map(|(open, close, kind)| {
            let opening = if kind == "[]" { "[" } else { "{\"x\":" };
            let (opening, closing) = (opening.repeat(open), kind[1..].repeat(close));
            format!("{{\"exp\":1767226500,\"x\":{opening}1{closing}}}").into_bytes()
        });
    prop_oneof![2 => pieces, 2 => inside, 6 => of_members, 1 => deep, 1 => vec(any::<u8>(), 0..80)]
}

/// Text with pieces removed, duplicated and rearranged.
pub(super) fn mutated(text: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        select(
            &[".", "..", "=", "A", "-", "_", "/", "+", " ", "\n", "\0", "\u{e9}", "eyJ", "\"", "{"]
                [..]
        )
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
        "[A-Za-z0-9_-]{1,6}",
    ];
    let change = (0..6_u8, any::<[Index; 2]>(), piece);
    (text, vec(change, 1..4)).prop_map(|(text, changes)| {
        changes.into_iter().fold(text, |text, (kind, at, piece)| {
            // Works on characters, not bytes, so that the result is valid text.
            let chars: Vec<char> = text.chars().collect();
            let [mut from, mut to] = at.map(|at| at.index(chars.len() + 1));
            if from > to {
                std::mem::swap(&mut from, &mut to);
            }
            let next = (from + 1).min(chars.len());
            let (start, middle, end) = (&chars[..from], &chars[from..to], &chars[to..]);
            let piece: Vec<char> = piece.chars().collect();
            match kind {
                0 => [start, &piece, &chars[from..]].concat(), // insert
                1 => [start, &piece, &chars[next..]].concat(), // replace
                2 => [start, &chars[next..]].concat(),         // delete one
                3 => [start, end].concat(),                    // delete many
                4 => [start, middle, middle, end].concat(),    // double
                _ => [end, middle, start].concat(),            // exchange
            }
            .into_iter()
            .collect()
        })
    })
}
