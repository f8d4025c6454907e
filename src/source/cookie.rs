//! Tokens in cookies.

use std::sync::Arc;

use http::header::COOKIE;
use http::request::Parts;

use super::grammar::token68;
use super::lists::{chunk_number, cookies, remove_cookies};
use super::raw::{Origin, RawToken};
use super::token_source::TokenSource;
use crate::error::{Error, ErrorKind};

/// The prefixes that restrict which origins can set a cookie (RFC 6265bis §4.1.3), the stricter one first.
const PREFIXES: [&str; 2] = ["__Host-", "__Secure-"];

/// The maximum number of chunks of one token.
const MAX_CHUNKS: usize = 100;

/// The maximum length of a cookie in browsers (RFC 6265bis).
const MAX_CHUNK_LEN: usize = 4096;

/// A token source that reads one cookie.
///
/// - All `Cookie` header fields are read, because HTTP/2 splits them.
/// - Two cookies of this name with different values are rejected with
///   [`MultipleTokens`](crate::ErrorKind::MultipleTokens). Equal values count as one cookie.
/// - A value with characters that are not allowed in a token is rejected with
///   [`MalformedHeader`](crate::ErrorKind::MalformedHeader). Quotes around the value are removed.
/// - An empty cookie counts as a missing token.
///
/// Cookies have two caveats:
///
/// - A browser also sends cookies with requests that another site caused (CSRF). Set `SameSite`, or add a layer such as
///   tower-http's `CsrfLayer`.
/// - Every subdomain can set a cookie for the whole domain, and so can an attacker on the network if a subdomain is
///   reached without HTTPS. The request does not show where a cookie was set. With their own valid token, an attacker
///   can make a user act in the attacker's account. With a second cookie of the same name, they can lock the user out.
///   Use a name that begins with `__Host-`: browsers accept such a cookie only from the host itself
///   (RFC 6265bis §4.1.3.2).
///
/// ```
/// use tower_jwt_auth::ErrorKind;
/// use tower_jwt_auth::source::{CookieToken, TokenSource};
///
/// let source = CookieToken::new("__Host-session");
/// let parts = |value| http::Request::builder().header("cookie", value).body(()).unwrap().into_parts().0;
/// let good = parts("theme=dark; __Host-session=a.b.c");
/// assert_eq!(source.find(&good).unwrap().unwrap().as_str(), "a.b.c");
/// assert!(source.find(&parts("session=planted")).unwrap().is_none());
///
/// let twice = source.find(&parts("__Host-session=a.b.c; __Host-session=d.e.f")).unwrap_err();
/// assert_eq!(twice.kind(), ErrorKind::MultipleTokens);
/// ```
#[derive(Clone, Debug)]
pub struct CookieToken {
    /// In the order in which they are read.
    names: Vec<Arc<str>>,
    is_chunked: bool,
}

impl CookieToken {
    /// Reads the cookie of this name. Include the prefix, as in `__Host-session`.
    ///
    /// A name that no cookie can have is not reported, and the token is then always missing: a name with `=`, `;` or
    /// white space at its ends.
    pub fn new(name: impl Into<String>) -> Self {
        Self { names: vec![name.into().into()], is_chunked: false }
    }

    /// Also reads the cookie under its names with the prefixes `__Host-` and `__Secure-`.
    ///
    /// Use this for servers that add the prefix only over HTTPS. The order is `__Host-session`, `__Secure-session`,
    /// `session`. The first of them in the request is used, even if it is empty, and the others are ignored, because
    /// another subdomain may have set them.
    ///
    /// If the request has no prefixed cookie, the cookie without a prefix is accepted, and another subdomain may have
    /// set it. If your server always adds the prefix, pass the prefixed name to [`new`](Self::new) instead.
    ///
    /// ```
    /// use tower_jwt_auth::source::{CookieToken, TokenSource};
    ///
    /// let source = CookieToken::new("session").allow_prefixes();
    /// let parts = |value| http::Request::builder().header("cookie", value).body(()).unwrap().into_parts().0;
    /// let both = parts("session=planted; __Host-session=a.b.c");
    /// assert_eq!(source.find(&both).unwrap().unwrap().as_str(), "a.b.c");
    /// assert!(source.find(&parts("session=planted; __Host-session=")).unwrap().is_none());
    /// ```
    #[must_use]
    pub fn allow_prefixes(mut self) -> Self {
        let plain = self.names.clone();
        let prefixed = PREFIXES
            .iter()
            .flat_map(|prefix| plain.iter().map(move |name| Arc::from(format!("{prefix}{name}"))));
        self.names = prefixed.chain(plain.iter().cloned()).collect();
        self
    }

    /// Also reads a token that is split into the cookies `session.0`, `session.1` and so on.
    ///
    /// Issuers split a token that is too long for one cookie. The limits are 100 chunks of 4096 bytes each. Empty
    /// cookies are ignored.
    ///
    /// A missing chunk is rejected, and so are a duplicate chunk and chunks together with an unsplit cookie. They may
    /// be left over from an older token, and the request does not show which ones are current.
    ///
    /// ```
    /// use tower_jwt_auth::ErrorKind;
    /// use tower_jwt_auth::source::{CookieToken, TokenSource};
    ///
    /// let source = CookieToken::new("session").allow_chunks();
    /// let parts = |value| http::Request::builder().header("cookie", value).body(()).unwrap().into_parts().0;
    /// let good = parts("session.0=a.b; session.1=.c");
    /// assert_eq!(source.find(&good).unwrap().unwrap().as_str(), "a.b.c");
    ///
    /// let gap = source.find(&parts("session.0=a.b; session.2=.c")).unwrap_err();
    /// assert_eq!(gap.kind(), ErrorKind::MalformedHeader);
    /// let both = source.find(&parts("session=a.b.c; session.0=a.b")).unwrap_err();
    /// assert_eq!(both.kind(), ErrorKind::MultipleTokens);
    /// ```
    #[must_use]
    pub const fn allow_chunks(mut self) -> Self {
        self.is_chunked = true;
        self
    }

    fn of_name<'a>(&self, parts: &'a Parts, name: &Arc<str>) -> Result<Cookie<'a>, Error> {
        let whole = whole(parts, name)?;
        if !self.is_chunked {
            return Ok(whole);
        }
        match (whole, chunks(parts, name)?) {
            (Cookie::Token(_), Cookie::Token(_)) => Err(ErrorKind::MultipleTokens.into()),
            (Cookie::Token(token), _) | (_, Cookie::Token(token)) => Ok(Cookie::Token(token)),
            (Cookie::Absent, other) => Ok(other),
            (Cookie::Empty, _) => Ok(Cookie::Empty),
        }
    }
}

impl TokenSource for CookieToken {
    fn find<'a>(&self, parts: &'a Parts) -> Result<Option<RawToken<'a>>, Error> {
        if !parts.headers.contains_key(COOKIE) {
            return Ok(None);
        }
        for name in &self.names {
            match self.of_name(parts, name)? {
                Cookie::Token(token) => return Ok(Some(token)),
                // The user is logged out. Another subdomain may have set the cookies under the other names.
                Cookie::Empty => return Ok(None),
                Cookie::Absent => {}
            }
        }
        Ok(None)
    }

    /// Removes the cookies under every name that is read, including chunks.
    fn remove_copies(&self, parts: &mut Parts) {
        remove_cookies(&mut parts.headers, |cookie| {
            self.names.iter().any(|name| {
                cookie == name.as_bytes()
                    || (self.is_chunked && chunk_number(cookie, name).is_some())
            })
        });
    }
}

/// The cookie of one name.
enum Cookie<'a> {
    Token(RawToken<'a>),
    Empty,
    Absent,
}

/// The unsplit cookie of this name.
fn whole<'a>(parts: &'a Parts, name: &Arc<str>) -> Result<Cookie<'a>, Error> {
    let mut values = cookies(parts).filter(|(cookie, _)| *cookie == name.as_bytes());
    let Some((_, value)) = values.next() else { return Ok(Cookie::Absent) };
    if values.any(|(_, other)| other != value) {
        return Err(ErrorKind::MultipleTokens.into());
    }
    if value.is_empty() {
        return Ok(Cookie::Empty);
    }
    Ok(Cookie::Token(RawToken::at(Origin::Cookie(Arc::clone(name)), token68(value)?)))
}

/// The token in the numbered cookies of this name.
fn chunks(parts: &Parts, name: &Arc<str>) -> Result<Cookie<'static>, Error> {
    let numbered = |(cookie, value)| chunk_number(cookie, name).map(|at| (at, value));
    // One more than the maximum is enough to find a number that is repeated or too high.
    let mut found: Vec<(usize, &[u8])> =
        cookies(parts).filter_map(numbered).take(MAX_CHUNKS + 1).collect();
    if found.is_empty() {
        return Ok(Cookie::Absent);
    }
    found.sort_unstable_by_key(|(at, _)| *at);
    let (mut token, mut expected, mut last) = (Vec::new(), 0, None);
    for (at, value) in found {
        if last.replace(at) == Some(at) {
            return Err(ErrorKind::MultipleTokens.into());
        }
        if at >= MAX_CHUNKS || value.len() > MAX_CHUNK_LEN {
            return Err(ErrorKind::TokenTooLarge.into());
        }
        if value.is_empty() {
            continue;
        }
        if at != expected {
            let missing = "a chunk of the cookie is missing";
            return Err(Error::new(ErrorKind::MalformedHeader).with_detail(missing));
        }
        token.extend_from_slice(value);
        expected += 1;
    }
    if token.is_empty() {
        return Ok(Cookie::Empty);
    }
    let token = token68(&token)?.to_owned();
    Ok(Cookie::Token(RawToken::at(Origin::CookieChunks(Arc::clone(name)), token)))
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
    fn a_single_cookie_of_the_name_is_the_token() {
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
            (&["s=a; s=a"], token("a")),
            (&["s=a; x=1", " s=\"a\""], token("a")),
            (&["s=; s="], Ok(None)),
            (&["s=a; s=a; s=b"], Err(MultipleTokens)),
            (&["s=a; s=A"], Err(MultipleTokens)),
            (&["s=a b; s=a b"], Err(MalformedHeader)),
            (&["s=a", "s=b"], Err(MultipleTokens)),
            (&["s=; s=b"], Err(MultipleTokens)),
        ] {
            assert_eq!(found(&source, fields), expected, "{fields:?}");
        }
    }

    #[test]
    fn a_name_that_no_cookie_has_never_matches() {
        let header = "a=b=t; a;b=t; a =t;  a=t; a b=u";
        for (name, expected) in [
            ("a b", Ok(Some("u".to_owned()))),
            ("a=b", Ok(None)),
            ("a;b", Ok(None)),
            (" a", Ok(None)),
            ("a ", Ok(None)),
            ("a", Err(ErrorKind::MultipleTokens)),
        ] {
            assert_eq!(found(&CookieToken::new(name), &[header]), expected, "{name:?}");
        }
    }

    #[test]
    fn prefixed_cookies_take_precedence() {
        let source = CookieToken::new("s").allow_prefixes();
        for (field, expected) in [
            ("s=planted; __Host-s=good", "good"),
            ("s=planted; __Secure-s=good", "good"),
            ("__Secure-s=planted; __Host-s=good", "good"),
            ("s=good", "good"),
            ("__host-s=planted; s=good", "good"),
        ] {
            assert_eq!(found(&source, &[field]), Ok(Some(expected.to_owned())), "{field}");
        }
        // Another subdomain cannot log in a user who has logged out.
        for field in
            ["__Host-s=; s=planted", "s=planted; __Host-s=", "__Host-s=; __Secure-s=planted"]
        {
            assert_eq!(found(&source, &[field]), Ok(None), "{field}");
        }
        let chunked = source.clone().allow_chunks();
        assert_eq!(found(&chunked, &["__Host-s.0=; s=planted"]), Ok(None));
        assert_eq!(found(&chunked, &["s=planted; __Host-s.0=good"]), Ok(Some("good".to_owned())));
        let twice = found(&source, &["__Host-s=a; __Host-s=b; s=c"]);
        assert_eq!(twice, Err(ErrorKind::MultipleTokens));
    }

    #[test]
    fn similar_names_do_not_match_a_prefixed_name() {
        let source = CookieToken::new("__Host-s");
        // Browsers see no prefix in these names, so another subdomain can set them.
        for field in [
            "s=planted",
            "__host-s=planted",
            "=__Host-s=planted",
            "\u{2003}__Host-s=planted",
            "\u{feff}__Host-s=planted",
            "\u{a0}__Host-s=planted",
            "%5f_Host-s=planted",
            "\"__Host-s\"=planted",
        ] {
            let request = http::Request::builder().header(COOKIE, field.as_bytes());
            let (parts, ()) = request.body(()).unwrap().into_parts();
            assert!(source.find(&parts).unwrap().is_none(), "{field}");
        }
        assert_eq!(found(&source, &["__Host-s=good"]), Ok(Some("good".to_owned())));
    }

    #[test]
    fn chunks_are_joined_if_each_is_present_once() {
        use ErrorKind::{MalformedHeader, MultipleTokens, TokenTooLarge};
        let source = CookieToken::new("s").allow_chunks();
        let token = |text: &str| Ok(Some(text.to_owned()));
        for (field, expected) in [
            ("s.1=b; s.0=a; s.2=c", token("abc")),
            (
                "s.0=a; s.1=b; s.2=c; s.3=d; s.4=e; s.5=f; s.6=g; s.7=h; s.8=i; s.9=j; s.10=k",
                token("abcdefghijk"),
            ),
            ("s=whole", token("whole")),
            ("s=whole; s.0=a", Err(MultipleTokens)),
            ("s=whole; s.0=; s.1=", token("whole")),
            ("s=; s.0=a", token("a")),
            ("s.0=\"a\"; s.1=b; s.2=", token("ab")),
            ("s=; s.0=", Ok(None)),
            ("s.00=a; s.x=b; s.-1=c; s.+1=e; s.=f; s. 1=g; s.1.1=h", Ok(None)),
            ("s.0=a; s.100=b", Err(TokenTooLarge)),
            ("s.0=a; s.99999999999999999999999=b", Err(TokenTooLarge)),
            ("s.0=a=; s.1=b", Err(MalformedHeader)),
            ("s.0=; s.1=b", Err(MalformedHeader)),
            ("s.0=; s.0=a", Err(MultipleTokens)),
            ("s.1=b", Err(MalformedHeader)),
            ("s.0=a; s.2=c", Err(MalformedHeader)),
            ("s.0=a; s.0=b", Err(MultipleTokens)),
            ("s.0=a; s.1=b c", Err(MalformedHeader)),
        ] {
            assert_eq!(found(&source, &[field]), expected, "{field}");
        }
        assert_eq!(found(&CookieToken::new("s"), &["s.0=a"]), Ok(None));
        for (length, expected) in [(4096, Ok(true)), (4097, Err(TokenTooLarge))] {
            let field = format!("s.1=b; s.0={}", "a".repeat(length));
            let found = found(&source, &[&field]).map(|token| token.is_some());
            assert_eq!(found, expected, "{length}");
        }
        let all: Vec<_> = (0..MAX_CHUNKS).rev().map(|at| format!("s.{at}=a")).collect();
        assert_eq!(found(&source, &[&all.join("; ")]), token(&"a".repeat(MAX_CHUNKS)));
        let parts = |numbers: &mut dyn Iterator<Item = usize>| {
            let parts: Vec<_> = numbers.map(|at| format!("s.{at}=a")).collect();
            parts.join("; ")
        };
        let too_many = parts(&mut (0..=MAX_CHUNKS));
        assert_eq!(found(&source, &[&too_many]), Err(TokenTooLarge));
        let repeated = parts(&mut (0..MAX_CHUNKS).chain([7; 1000]));
        assert_eq!(found(&source, &[&repeated]), Err(MultipleTokens));
    }
}
