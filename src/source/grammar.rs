//! The grammar of credentials (RFC 9110 §11).

use crate::error::{Error, ErrorKind};

/// The number of characters that are checked at once.
const BLOCK: usize = 64;

/// The token of this scheme in a field value.
#[inline]
pub(super) fn credentials<'a>(wanted: &[u8], value: &'a [u8]) -> Result<&'a str, Error> {
    token68(after_scheme(wanted, value)?)
}

/// What follows this scheme and spaces in a field value. Works on bytes, because a field value may contain any byte.
///
/// White space before the scheme is malformed: HTTP/2 does not remove it, and the next parser might.
#[inline]
pub(super) fn after_scheme<'a>(wanted: &[u8], value: &'a [u8]) -> Result<&'a [u8], Error> {
    let rest = match value.split_at_checked(wanted.len()) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case(wanted) => rest,
        _ if value.first().is_some_and(|byte| matches!(byte, b' ' | b'\t')) => {
            return Err(ErrorKind::MalformedHeader.into());
        }
        _ => return Err(ErrorKind::UnsupportedScheme.into()),
    };
    match rest.first() {
        // `Bearers`, `Bearer:` and `Bearer=` are not the scheme `Bearer`.
        Some(b' ' | b'\t') | None => {}
        Some(_) => return Err(ErrorKind::UnsupportedScheme.into()),
    }
    let start = rest.iter().position(|byte| *byte != b' ').unwrap_or(rest.len());
    Ok(rest.get(start..).unwrap_or_default())
}

/// Whether the value begins with a scheme and a space. Registered schemes have letters, digits and hyphens only.
pub(super) fn has_scheme(value: &[u8]) -> bool {
    let end = value.iter().position(|byte| *byte == b' ').unwrap_or_default();
    let (scheme, _) = value.split_at_checked(end).unwrap_or_default();
    !scheme.is_empty() && scheme.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}

/// A value that consists of a token only.
pub(super) fn token68(value: &[u8]) -> Result<&str, Error> {
    text_if(is_token68(value), value)
}

/// Like [`token68`], but each part between dots may end with `=`.
pub(super) fn padded_token(value: &[u8]) -> Result<&str, Error> {
    text_if(is_token68(value) || value.split(|byte| *byte == b'.').all(is_token68), value)
}

fn text_if(is_token: bool, value: &[u8]) -> Result<&str, Error> {
    if !is_token {
        return Err(ErrorKind::MalformedHeader.into());
    }
    std::str::from_utf8(value).map_err(|_| ErrorKind::MalformedHeader.into())
}

/// `token68` of RFC 9110 §11.2, which RFC 6750 calls `b64token`.
fn is_token68(token: &[u8]) -> bool {
    let padding = token.iter().rev().take_while(|byte| **byte == b'=').count();
    let (text, _) = token.split_at_checked(token.len() - padding).unwrap_or_default();
    // The first pass checks the characters of JWTs only, which is faster. Few tokens need the second pass.
    !text.is_empty() && (all_zero(text, distance_to_jwt) || all_zero(text, distance_to_token68))
}

/// Whether the distance of every character is zero.
#[inline]
fn all_zero(text: &[u8], distance: impl Fn(u8) -> u8) -> bool {
    // Without branches, the compiler vectorizes the check of a block. The last block overlaps the one before, so
    // that it covers the remainder.
    let is_zero = |block: &[u8]| block.iter().fold(0, |all, byte| all | distance(*byte)) == 0;
    let (blocks, _) = text.as_chunks::<BLOCK>();
    match text.last_chunk::<BLOCK>() {
        Some(last) => blocks.iter().all(|block| is_zero(block)) && is_zero(last),
        None => is_zero(text),
    }
}

/// Zero for the characters of `token68`.
#[inline]
fn distance_to_token68(byte: u8) -> u8 {
    distance_to_jwt(byte).min(byte ^ b'~').min(byte ^ b'+')
}

/// Zero for the characters of JWTs and for `/`: the minimum distance to their ranges. Vectorized minima are faster
/// than comparisons.
#[inline]
fn distance_to_jwt(byte: u8) -> u8 {
    let letter = (byte | 0x20).wrapping_sub(b'a').saturating_sub(b'z' - b'a');
    // `-`, `.`, `/` and the digits are consecutive in ASCII.
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
    fn the_scheme_is_case_insensitive_and_followed_by_spaces() {
        for value in ["Bearer a.b.c", "bearer a.b.c", "BEARER a.b.c", "bEaReR    a.b.c"] {
            assert_eq!(bearer(value.as_bytes()).unwrap(), "a.b.c", "{value}");
        }
        assert_eq!(bearer(b"Bearer a-._~+/9==").unwrap(), "a-._~+/9==");
    }

    #[test]
    fn unsupported_schemes_and_malformed_credentials_are_distinguished() {
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
            (b" Bearer a.b.c", MalformedHeader),
            (b"\tBearer a.b.c", MalformedHeader),
            (b" Basic YTpi", MalformedHeader),
            (b" a.b.c", MalformedHeader),
            (b" ", MalformedHeader),
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
    fn only_padded_tokens_may_have_padding_before_a_dot() {
        for (value, strict, padded) in [
            ("a.b.c", true, true),
            ("a..c", true, true),
            ("a.b.c==", true, true),
            ("a=.b==.c=", false, true),
            ("a=.b.c", false, true),
            ("a=", true, true),
            ("a=b.c.d", false, false),
            ("a=..c", false, false),
            ("=.b.c", false, false),
            ("a=.b.c d", false, false),
            ("a=,b.c", false, false),
            ("", false, false),
            ("=", false, false),
        ] {
            assert_eq!(token68(value.as_bytes()).is_ok(), strict, "{value}");
            assert_eq!(padded_token(value.as_bytes()).is_ok(), padded, "{value}");
        }
    }

    #[test]
    fn an_illegal_character_is_found_at_every_position() {
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
    fn exactly_the_token68_characters_are_accepted() {
        for byte in 0..=u8::MAX {
            let is_token68_byte = byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
            let text = [byte];
            assert_eq!(is_token68(&text), is_token68_byte, "{}", text.escape_ascii());
            let is_jwt_byte = is_token68_byte && !b"~+".contains(&byte);
            assert_eq!(distance_to_jwt(byte) == 0, is_jwt_byte, "{}", text.escape_ascii());
        }
    }
}
