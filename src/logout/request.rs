//! Reads the logout token from a request.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use http_body::Body;
use percent_encoding::percent_decode;
use zeroize::Zeroizing;

use crate::limited_body::{self, Unread};

/// The largest body that is read.
const MOST_BYTES: usize = 16 * 1024;

/// Why a request has no logout token: the status and a sentence for the issuer.
pub(super) type Unreadable = (StatusCode, &'static str);

const fn bad_request(sentence: &'static str) -> Unreadable {
    (StatusCode::BAD_REQUEST, sentence)
}

/// Whether the headers announce a form.
pub(super) fn is_form(headers: &HeaderMap) -> bool {
    let mut fields = headers.get_all(CONTENT_TYPE).iter();
    let (Some(field), None) = (fields.next(), fields.next()) else { return false };
    let media_type = field.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
    media_type.trim_ascii().eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
}

/// Reads the body up to the limit.
pub(super) async fn read<B: Body>(body: B) -> Result<Bytes, Unreadable> {
    limited_body::read(body, MOST_BYTES).await.map_err(|unread| match unread {
        Unread::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "the body is larger than 16 KiB"),
        Unread::Failed(_) => bad_request("the body could not be read"),
    })
}

/// The only `logout_token` of a form.
pub(super) fn logout_token(form: &[u8]) -> Result<Zeroizing<String>, Unreadable> {
    let mut tokens = form.split(|byte| *byte == b'&').filter_map(|field| {
        let at = field.iter().position(|byte| *byte == b'=')?;
        let (name, value) = (field.get(..at)?, field.get(at + 1..)?);
        let is_token = percent_decode(name).eq(b"logout_token".iter().copied());
        is_token.then_some(value)
    });
    let (Some(value), None) = (tokens.next(), tokens.next()) else {
        return Err(bad_request("the form must have exactly one `logout_token`"));
    };
    // A token has no `+`, which would be a space.
    let token = percent_decode(value).decode_utf8();
    token
        .map(|token| Zeroizing::new(token.into_owned()))
        .map_err(|_| bad_request("the form must have exactly one `logout_token`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_has_exactly_one_token() {
        for (form, expected) in [
            ("logout_token=a.b.c", Some("a.b.c")),
            ("x=1&logout_token=a.b.c&y", Some("a.b.c")),
            ("logout%5Ftoken=a%2Eb.c", Some("a.b.c")),
            ("logout_token=", Some("")),
            ("logout_token", None),
            ("logout_token=a&logout_token=a", None),
            ("logout_token=a&logout%5ftoken=b", None),
            ("Logout_token=a", None),
            ("token=a", None),
            ("logout_token=%ff", None),
            ("", None),
        ] {
            let token = logout_token(form.as_bytes()).ok();
            assert_eq!(token.as_deref().map(String::as_str), expected, "{form}");
        }
    }

    #[test]
    fn only_a_form_is_a_form() {
        for (values, expected) in [
            (&["application/x-www-form-urlencoded"][..], true),
            (&["Application/X-WWW-Form-Urlencoded ; charset=utf-8"], true),
            (&["application/json"], false),
            (&["application/x-www-form-urlencoded, text/plain"], false),
            (&["application/x-www-form-urlencoded"; 2], false),
            (&[""], false),
            (&[], false),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(CONTENT_TYPE, value.parse().unwrap());
            }
            assert_eq!(is_form(&headers), expected, "{values:?}");
        }
    }
}
