//! `Authorization: Bearer …` (RFC 6750 §2.1, RFC 9110 §11.6.2).

use http::header::AUTHORIZATION;
use http::request::Parts;

use super::raw::RawToken;
use super::source::TokenSource;
use crate::error::{Error, ErrorKind};

const SCHEME: &[u8] = b"Bearer";

/// The token of the one `Authorization` field, in the scheme `Bearer`; the default.
///
/// The scheme's case does not matter and one or more spaces may follow it. A second field of that
/// name, whatever its scheme, is refused: two parts of a system might each look at another one.
///
/// ```
/// use tower_jwt_auth::ErrorKind;
/// use tower_jwt_auth::token::{BearerHeader, TokenSource};
///
/// let parts = |value| http::Request::builder().header("authorization", value).body(()).unwrap().into_parts().0;
/// assert_eq!(BearerHeader.find(&parts("bearer a.b.c")).unwrap().unwrap().as_str(), "a.b.c");
/// assert_eq!(BearerHeader.find(&parts("Bearer a b")).unwrap_err().kind(), ErrorKind::MalformedHeader);
/// assert_eq!(BearerHeader.find(&parts("Basic YTpi")).unwrap_err().kind(), ErrorKind::UnsupportedScheme);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)] // a unit, to be written as it stands
pub struct BearerHeader;

impl TokenSource for BearerHeader {
    fn find<'a>(&self, parts: &'a Parts) -> Result<Option<RawToken<'a>>, Error> {
        let mut fields = parts.headers.get_all(AUTHORIZATION).iter();
        let Some(field) = fields.next() else {
            return Ok(None);
        };
        if fields.next().is_some() {
            return Err(ErrorKind::MultipleTokens.into());
        }
        let token = bearer(field.as_bytes())?;
        Ok(Some(RawToken::in_header(AUTHORIZATION, token)))
    }
}

/// Takes the token out of a field value. Works on bytes: any of them may be there.
fn bearer(value: &[u8]) -> Result<&str, Error> {
    let end = value.iter().position(|byte| !is_token_char(*byte)).unwrap_or(value.len());
    let Some((scheme, rest)) = value.split_at_checked(end) else {
        return Err(ErrorKind::MalformedHeader.into());
    };
    if !scheme.eq_ignore_ascii_case(SCHEME) {
        return Err(ErrorKind::UnsupportedScheme.into());
    }
    match rest.first() {
        // `Bearer:` and `Bearer=` are no scheme of that name.
        Some(b' ' | b'\t') | None => {}
        Some(_) => return Err(ErrorKind::UnsupportedScheme.into()),
    }
    let start = rest.iter().position(|byte| *byte != b' ').unwrap_or(rest.len());
    let token = rest.get(start..).unwrap_or_default();
    if !is_token68(token) {
        return Err(ErrorKind::MalformedHeader.into());
    }
    std::str::from_utf8(token).map_err(|_| ErrorKind::MalformedHeader.into())
}

/// `tchar` of RFC 9110 §5.6.2: what an authentication scheme is made of.
const fn is_token_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
}

/// `token68` of RFC 9110 §11.2, which RFC 6750 calls `b64token`.
fn is_token68(token: &[u8]) -> bool {
    let padding = token.iter().rev().take_while(|byte| **byte == b'=').count();
    let (text, _) = token.split_at_checked(token.len() - padding).unwrap_or_default();
    // Without a branch in it the compiler looks at many bytes at once; tokens are long.
    let odd = text.iter().fold(0, |odd, byte| odd | u8::from(!is_token68_char(*byte)));
    !text.is_empty() && odd == 0
}

#[inline]
#[allow(clippy::needless_bitwise_bool)] // lazy operators are branches
const fn is_token68_char(byte: u8) -> bool {
    let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
    // `-`, `.`, `/` and the digits stand in a row.
    let digit = byte.wrapping_sub(b'-') <= b'9' - b'-';
    letter | digit | (byte == b'_') | (byte == b'~') | (byte == b'+')
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn the_characters_of_a_token_are_those_of_the_grammar() {
        for byte in 0..=u8::MAX {
            let named = byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
            assert_eq!(is_token68_char(byte), named, "{}", byte.escape_ascii());
        }
    }
}
