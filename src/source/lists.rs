//! Lists in header fields: reading cookies and removing items.

use http::header::{COOKIE, HeaderName};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};

/// The cookies of all fields, because HTTP/2 splits them (RFC 9113 §8.2.3).
pub(super) fn cookies(parts: &Parts) -> impl Iterator<Item = (&[u8], &[u8])> {
    let fields = parts.headers.get_all(COOKIE).iter();
    fields.flat_map(|field| field.as_bytes().split(|byte| *byte == b';')).filter_map(pair)
}

/// `name=value` (RFC 6265 §4.2.1), the value with or without quotes.
fn pair(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|byte| *byte == b'=')?;
    let (name, value) = text.split_at_checked(at)?;
    let value = value.get(1..)?.trim_ascii();
    let quoted = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
    Some((name.trim_ascii(), quoted.unwrap_or(value)))
}

/// The number of a chunk of the cookie of this name: `name.7` is chunk 7, and `name.07` is not a chunk.
/// An overflowing number becomes `usize::MAX`, which is above every limit.
pub(super) fn chunk_number(cookie: &[u8], name: &str) -> Option<usize> {
    let number = cookie.strip_prefix(name.as_bytes())?.strip_prefix(b".")?;
    let number = std::str::from_utf8(number).ok()?;
    let is_canonical = !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && (number == "0" || !number.starts_with('0'));
    is_canonical.then(|| number.parse().unwrap_or(usize::MAX))
}

/// Removes the cookies whose names match. The others do not change.
pub(super) fn remove_cookies(headers: &mut HeaderMap, matches: impl Fn(&[u8]) -> bool) {
    retain(headers, &COOKIE, b';', |part| !pair(part).is_some_and(|(cookie, _)| matches(cookie)));
}

/// Keeps only the matching items of the lists in the fields of this name. The kept items do not change.
pub(super) fn retain(
    headers: &mut HeaderMap,
    name: &HeaderName,
    separator: u8,
    mut keep: impl FnMut(&[u8]) -> bool,
) {
    let mut kept = Vec::new();
    for value in headers.get_all(name) {
        let parts: Vec<_> = value.as_bytes().split(|byte| *byte == separator).collect();
        let left: Vec<_> = parts.iter().copied().filter(|part| keep(part)).collect();
        if left.len() == parts.len() {
            kept.push(value.clone());
        } else if let Ok(mut left) = HeaderValue::from_bytes(left.join(&separator).trim_ascii())
            && !left.is_empty()
        {
            left.set_sensitive(value.is_sensitive());
            kept.push(left);
        }
    }
    headers.remove(name);
    for value in kept {
        headers.append(name, value);
    }
}
