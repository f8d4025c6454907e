//! Tokens in cookies.

use std::borrow::Cow;
use std::sync::Arc;

use http::header::COOKIE;
use http::request::Parts;

use super::grammar::token68;
use super::raw::{Origin, RawToken};
use super::source::TokenSource;
use crate::error::{Error, ErrorKind};

/// What browsers let only some origins set (RFC 6265bis §4.1.3), the stronger one first.
const PREFIXES: [&str; 2] = ["__Host-", "__Secure-"];

/// More parts than this no cookie is cut into.
const MOST_CHUNKS: usize = 100;

/// The token of one cookie.
///
/// A cookie of the name that is there twice is refused; an empty one is none.
///
/// A browser sends cookies on its own, with requests that other sites made it send too. Beside this there
/// has to be something against that: `SameSite`, or a layer such as tower-http's `CsrfLayer`.
///
/// ```
/// use tower_jwt_auth::ErrorKind;
/// use tower_jwt_auth::token::{CookieToken, TokenSource};
///
/// let source = CookieToken::new("session");
/// let parts = |value| http::Request::builder().header("cookie", value).body(()).unwrap().into_parts().0;
/// assert_eq!(source.find(&parts("theme=dark; session=a.b.c")).unwrap().unwrap().as_str(), "a.b.c");
/// assert!(source.find(&parts("theme=dark")).unwrap().is_none());
///
/// let twice = source.find(&parts("session=a.b.c; session=d.e.f")).unwrap_err();
/// assert_eq!(twice.kind(), ErrorKind::MultipleTokens);
/// ```
#[derive(Clone, Debug)]
pub struct CookieToken {
    /// In the order in which they are looked for.
    names: Vec<Arc<str>>,
    is_chunked: bool,
}

impl CookieToken {
    /// The cookie of this name, prefix and all: `__Host-session`.
    pub fn new(name: impl Into<String>) -> Self {
        Self { names: vec![name.into().into()], is_chunked: false }
    }

    /// Takes the cookie under `__Host-` or `__Secure-` where there is one, for servers that set the prefix
    /// with HTTPS only.
    ///
    /// One without a prefix then counts for nothing, because a neighbouring subdomain can plant it. Where the
    /// name is known, spell it with its prefix in [`new`](Self::new): without a prefixed cookie in the
    /// request, a planted one is still taken.
    #[must_use]
    pub fn or_prefixed(mut self) -> Self {
        let plain = self.names.clone();
        let prefixed = PREFIXES
            .iter()
            .flat_map(|prefix| plain.iter().map(move |name| Arc::from(format!("{prefix}{name}"))));
        self.names = prefixed.chain(plain.iter().cloned()).collect();
        self
    }

    /// Joins a token that was too long for one cookie: `session.0`, `session.1` and so on. The whole one
    /// counts where it is there.
    #[must_use]
    pub const fn chunked(mut self) -> Self {
        self.is_chunked = true;
        self
    }

    fn chunks<'a>(&self, parts: &'a Parts, name: &str) -> Result<Option<Cow<'a, str>>, Error> {
        if !self.is_chunked {
            return Ok(None);
        }
        let mut found = Vec::new();
        for (cookie, value) in cookies(parts) {
            if let Some(at) = chunk_number(cookie, name) {
                found.push((at, value));
            }
        }
        found.sort_unstable_by_key(|(at, _)| *at);
        let mut whole = String::new();
        for (expected, (at, value)) in found.iter().enumerate() {
            if *at < expected {
                return Err(ErrorKind::MultipleTokens.into());
            }
            if *at > expected {
                return Err(malformed("a part of the cookie is missing"));
            }
            whole.push_str(token68(value)?);
        }
        Ok((!whole.is_empty()).then_some(Cow::Owned(whole)))
    }
}

impl TokenSource for CookieToken {
    fn find<'a>(&self, parts: &'a Parts) -> Result<Option<RawToken<'a>>, Error> {
        if !parts.headers.contains_key(COOKIE) {
            return Ok(None);
        }
        for name in &self.names {
            let token = match whole(parts, name)? {
                Some(token) => Some(Cow::Borrowed(token)),
                None => self.chunks(parts, name)?,
            };
            if let Some(token) = token {
                return Ok(Some(RawToken::at(Origin::Cookie(Arc::clone(name)), token)));
            }
        }
        Ok(None)
    }
}

/// The one cookie of this name, unless it is empty.
fn whole<'a>(parts: &'a Parts, name: &str) -> Result<Option<&'a str>, Error> {
    let mut values = cookies(parts).filter(|(cookie, _)| *cookie == name.as_bytes());
    let Some((_, value)) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(ErrorKind::MultipleTokens.into());
    }
    if value.is_empty() { Ok(None) } else { token68(value).map(Some) }
}

/// All cookies of all fields: HTTP/2 splits them (RFC 9113 §8.2.3).
fn cookies(parts: &Parts) -> impl Iterator<Item = (&[u8], &[u8])> {
    let fields = parts.headers.get_all(COOKIE).iter();
    fields.flat_map(|field| field.as_bytes().split(|byte| *byte == b';')).filter_map(pair)
}

/// `name=value` (RFC 6265 §4.2.1), the value with or without quotes.
pub(super) fn pair(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|byte| *byte == b'=')?;
    let (name, value) = text.split_at_checked(at)?;
    let value = value.get(1..)?.trim_ascii();
    let quoted = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
    Some((name.trim_ascii(), quoted.unwrap_or(value)))
}

/// The number of a part of the cookie of this name: `name.7` is its part 7, and `name.07` is none.
pub(super) fn chunk_number(cookie: &[u8], name: &str) -> Option<usize> {
    let number = cookie.strip_prefix(name.as_bytes())?.strip_prefix(b".")?;
    let number = std::str::from_utf8(number).ok()?;
    let at: usize = number.parse().ok()?;
    (at < MOST_CHUNKS && at.to_string() == number).then_some(at)
}

fn malformed(detail: &'static str) -> Error {
    Error::new(ErrorKind::MalformedHeader).with_detail(detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &CookieToken, fields: &[&str]) -> Result<Option<String>, ErrorKind> {
        let mut request = http::Request::new(());
        for field in fields {
            request.headers_mut().append(COOKIE, field.parse().unwrap());
        }
        let (parts, ()) = request.into_parts();
        let found = source.find(&parts).map_err(|error| error.kind())?;
        Ok(found.map(|token| token.as_str().to_owned()))
    }

    #[test]
    fn one_cookie_of_the_name_is_the_token() {
        use ErrorKind::{MalformedHeader, MultipleTokens};
        let source = CookieToken::new("s");
        let token = |text: &str| Ok(Some(text.to_owned()));
        for (fields, expected) in [
            (&["s=a.b.c"][..], token("a.b.c")),
            (&["x=1; s=a.b.c;y=2"], token("a.b.c")),
            (&["x=1", "s=a.b.c"], token("a.b.c")),
            (&[" s = a.b.c "], token("a.b.c")),
            (&["s=\"a.b.c\""], token("a.b.c")),
            (&["s=a=="], token("a==")),
            (&["S=a.b.c"], Ok(None)),
            (&["ss=a.b.c; xs=a; s.0=a"], Ok(None)),
            (&["s="], Ok(None)),
            (&["s=\"\""], Ok(None)),
            (&["s"], Ok(None)),
            (&[""], Ok(None)),
            (&["s=a b"], Err(MalformedHeader)),
            (&["s=\"a.b.c"], Err(MalformedHeader)),
            (&["s=a%2eb"], Err(MalformedHeader)),
            (&["s=a; s=a"], Err(MultipleTokens)),
            (&["s=a", "s=b"], Err(MultipleTokens)),
            (&["s=; s=b"], Err(MultipleTokens)),
        ] {
            assert_eq!(found(&source, fields), expected, "{fields:?}");
        }
    }

    #[test]
    fn a_prefixed_cookie_counts_before_one_that_a_neighbour_could_plant() {
        let source = CookieToken::new("s").or_prefixed();
        for (field, expected) in [
            ("s=planted; __Host-s=good", "good"),
            ("s=planted; __Secure-s=good", "good"),
            ("__Secure-s=planted; __Host-s=good", "good"),
            ("s=good", "good"),
        ] {
            assert_eq!(found(&source, &[field]), Ok(Some(expected.to_owned())), "{field}");
        }
        assert_eq!(found(&CookieToken::new("__Host-s"), &["s=planted"]), Ok(None));
    }

    #[test]
    fn parts_are_joined_when_all_of_them_are_there_once() {
        use ErrorKind::{MalformedHeader, MultipleTokens};
        let source = CookieToken::new("s").chunked();
        let token = |text: &str| Ok(Some(text.to_owned()));
        for (field, expected) in [
            ("s.1=b; s.0=a; s.2=c", token("abc")),
            (
                "s.0=a; s.1=b; s.2=c; s.3=d; s.4=e; s.5=f; s.6=g; s.7=h; s.8=i; s.9=j; s.10=k",
                token("abcdefghijk"),
            ),
            ("s=whole; s.0=a", token("whole")),
            ("s=; s.0=a", token("a")),
            ("s.00=a; s.x=b; s.-1=c; s.100=d; s.+1=e", Ok(None)),
            ("s.1=b", Err(MalformedHeader)),
            ("s.0=a; s.2=c", Err(MalformedHeader)),
            ("s.0=a; s.0=b", Err(MultipleTokens)),
            ("s.0=a; s.1=b c", Err(MalformedHeader)),
        ] {
            assert_eq!(found(&source, &[field]), expected, "{field}");
        }
        assert_eq!(found(&CookieToken::new("s"), &["s.0=a"]), Ok(None));
    }
}
