//! What credentials are made of (RFC 9110 §11).

use crate::error::{Error, ErrorKind};

/// How many characters are looked at at once.
const BLOCK: usize = 64;

/// Takes the token of this scheme out of a field value. Works on bytes: any of them may be there.
pub(super) fn credentials<'a>(wanted: &[u8], value: &'a [u8]) -> Result<&'a str, Error> {
    let rest = match value.split_at_checked(wanted.len()) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case(wanted) => rest,
        _ => return Err(ErrorKind::UnsupportedScheme.into()),
    };
    match rest.first() {
        // `Bearers`, `Bearer:` and `Bearer=` are no scheme of that name.
        Some(b' ' | b'\t') | None => {}
        Some(_) => return Err(ErrorKind::UnsupportedScheme.into()),
    }
    let start = rest.iter().position(|byte| *byte != b' ').unwrap_or(rest.len());
    token68(rest.get(start..).unwrap_or_default())
}

/// A value that is nothing but a token.
pub(super) fn token68(value: &[u8]) -> Result<&str, Error> {
    if !is_token68(value) {
        return Err(ErrorKind::MalformedHeader.into());
    }
    std::str::from_utf8(value).map_err(|_| ErrorKind::MalformedHeader.into())
}

/// `token68` of RFC 9110 §11.2, which RFC 6750 calls `b64token`.
fn is_token68(token: &[u8]) -> bool {
    let padding = token.iter().rev().take_while(|byte| **byte == b'=').count();
    let (text, _) = token.split_at_checked(token.len() - padding).unwrap_or_default();
    // Two passes are less work than one over all characters: hardly any token needs the second.
    !text.is_empty() && (is_made_of(text, usual_oddness) || is_made_of(text, oddness))
}

/// Whether nothing here is odd.
#[inline]
fn is_made_of(text: &[u8], oddness: impl Fn(u8) -> u8) -> bool {
    // Without a branch in it the compiler looks at a block at once; tokens are long. What is left over
    // behind the last whole block is in the block that ends there.
    let is_even = |block: &[u8]| block.iter().fold(0, |odd, byte| odd | oddness(*byte)) == 0;
    let (blocks, _) = text.as_chunks::<BLOCK>();
    match text.last_chunk::<BLOCK>() {
        Some(last) => blocks.iter().all(|block| is_even(block)) && is_even(last),
        None => is_even(text),
    }
}

/// Zero for the characters of `token68`.
#[inline]
fn oddness(byte: u8) -> u8 {
    usual_oddness(byte).min(byte ^ b'~').min(byte ^ b'+')
}

/// Zero for the characters that JWTs are made of, and `/`: the least distance to any of their ranges, since
/// processors take minima of many bytes at once and do not compare as well.
#[inline]
fn usual_oddness(byte: u8) -> u8 {
    let letter = (byte | 0x20).wrapping_sub(b'a').saturating_sub(b'z' - b'a');
    // `-`, `.`, `/` and the digits stand in a row.
    let digit = byte.wrapping_sub(b'-').saturating_sub(b'9' - b'-');
    letter.min(digit).min(byte ^ b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(value: &[u8]) -> Result<&str, Error> {
        credentials(b"Bearer", value)
    }

    #[test]
    fn the_scheme_in_any_case_and_one_or_more_spaces() {
        for value in ["Bearer a.b.c", "bearer a.b.c", "BEARER a.b.c", "bEaReR    a.b.c"] {
            assert_eq!(bearer(value.as_bytes()).unwrap(), "a.b.c", "{value}");
        }
        assert_eq!(bearer(b"Bearer a-._~+/9==").unwrap(), "a-._~+/9==");
    }

    #[test]
    fn other_schemes_are_told_from_malformed_ones() {
        use ErrorKind::{MalformedHeader, UnsupportedScheme};
        let cases: &[(&[u8], ErrorKind)] = &[
            (b"", UnsupportedScheme),
            (b"a.b.c", UnsupportedScheme),
            (b"Basic YTpi", UnsupportedScheme),
            (b"DPoP a.b.c", UnsupportedScheme),
            (b"Bearerx a.b.c", UnsupportedScheme),
            (b"Bearer: a.b.c", UnsupportedScheme),
            (b"Bearer=a.b.c", UnsupportedScheme),
            (b"Bearer\xa0a.b.c", UnsupportedScheme),
            (b"Bearer\xc2\xa0a.b.c", UnsupportedScheme),
            (b" Bearer a.b.c", UnsupportedScheme),
            (b"Bearer", MalformedHeader),
            (b"Bearer ", MalformedHeader),
            (b"Bearer\ta.b.c", MalformedHeader),
            (b"Bearer \ta.b.c", MalformedHeader),
            (b"Bearer a.b.c d", MalformedHeader),
            (b"Bearer a.b.c ", MalformedHeader),
            (b"Bearer a.b.c,", MalformedHeader),
            (b"Bearer a.b.c, Bearer d.e.f", MalformedHeader),
            (b"Bearer \"a.b.c\"", MalformedHeader),
            (b"Bearer a.b.\xffc", MalformedHeader),
            (b"Bearer a.b.\x00c", MalformedHeader),
            (b"Bearer a=b", MalformedHeader),
            (b"Bearer =", MalformedHeader),
            (b"Bearer a%2eb", MalformedHeader),
        ];
        for (value, kind) in cases {
            assert_eq!(bearer(value).unwrap_err().kind(), *kind, "{}", value.escape_ascii());
        }
    }

    #[test]
    fn an_odd_character_is_found_at_every_place_of_a_token_of_any_length() {
        for len in 1..=3 * BLOCK {
            let text = vec![b'a'; len];
            assert!(is_token68(&text), "{len}");
            for at in 0..len {
                let mut text = text.clone();
                text[at] = b'~';
                assert!(is_token68(&text), "{at} of {len}");
                text[at] = b',';
                assert!(!is_token68(&text), "{at} of {len}");
            }
        }
    }

    #[test]
    fn the_characters_of_a_token_are_those_of_the_grammar() {
        for byte in 0..=u8::MAX {
            let named = byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
            let text = [byte];
            assert_eq!(is_token68(&text), named, "{}", text.escape_ascii());
            let usual = named && !b"~+".contains(&byte);
            assert_eq!(usual_oddness(byte) == 0, usual, "{}", text.escape_ascii());
        }
    }
}
