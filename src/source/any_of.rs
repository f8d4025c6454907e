//! Several token sources.

use std::sync::Arc;

use http::request::Parts;

use super::bearer_methods::BearerMethods;
use super::cookie::CookieToken;
use super::header::{BearerHeader, HeaderToken};
use super::query::QueryToken;
use super::raw::RawToken;
use super::token_source::TokenSource;
use super::websocket::WebSocketProtocol;
use crate::error::{Error, ErrorKind};

/// A token source that combines several sources.
///
/// - Every source is read. Two different tokens are rejected with
///   [`MultipleTokens`](crate::ErrorKind::MultipleTokens), because two parts of a system might use different ones.
/// - The same token in two places is accepted, because a browser sends its cookies even if a page sets a header.
///   RFC 6750 §2 forbids clients to do this, but it is safe for the server to accept.
/// - Credentials of another scheme, such as `Basic` for a proxy, are ignored if another source finds a token, even if
///   they are malformed. Malformed credentials of the scheme of a source are rejected.
///
/// [`FirstOf`](super::FirstOf) ignores the tokens of later sources instead.
///
/// ```
/// use tower_jwt_auth::ErrorKind;
/// use tower_jwt_auth::source::{BearerHeader, CookieToken, TokenSource};
///
/// let source = BearerHeader.or(CookieToken::new("session"));
/// let parts = |authorization, cookie| {
///     let request = http::Request::builder().header("authorization", authorization);
///     request.header("cookie", cookie).body(()).unwrap().into_parts().0
/// };
/// assert_eq!(source.find(&parts("Basic YTpi", "session=a.b.c")).unwrap().unwrap().as_str(), "a.b.c");
///
/// let two = source.find(&parts("Bearer d.e.f", "session=a.b.c")).unwrap_err();
/// assert_eq!(two.kind(), ErrorKind::MultipleTokens);
/// ```
#[derive(Clone, Debug)]
pub struct AnyOf {
    sources: Vec<Arc<dyn TokenSource>>,
}

impl AnyOf {
    /// Starts with this source; add others with [`or`](Self::or).
    ///
    /// Use it for your own sources. The sources of this crate have an `or` method themselves.
    pub fn new(source: impl TokenSource) -> Self {
        Self { sources: vec![Arc::new(source)] }
    }

    /// Adds a source.
    #[must_use]
    pub fn or(mut self, source: impl TokenSource) -> Self {
        self.sources.push(Arc::new(source));
        self
    }
}

macro_rules! or {
    ($($source:ty)+) => {
        $(impl $source {
            /// Combines this source with another one; see [`AnyOf`].
            pub fn or(self, source: impl TokenSource) -> AnyOf {
                AnyOf::new(self).or(source)
            }
        })+
    };
}

or! { BearerHeader CookieToken HeaderToken QueryToken WebSocketProtocol }

impl TokenSource for AnyOf {
    fn find<'a>(&self, parts: &'a Parts) -> Result<Option<RawToken<'a>>, Error> {
        let mut found: Option<RawToken<'a>> = None;
        let mut other_scheme = None;
        for source in &self.sources {
            let token = match source.find(parts) {
                Ok(token) => token,
                Err(error) if error.kind() == ErrorKind::UnsupportedScheme => {
                    other_scheme.get_or_insert(error);
                    None
                }
                Err(error) => return Err(error),
            };
            found = match (found, token) {
                (Some(one), Some(other)) if one.as_str() == other.as_str() => {
                    Some(one.also_at(other.into_places()))
                }
                (Some(_), Some(_)) => return Err(ErrorKind::MultipleTokens.into()),
                (found, token) => found.or(token),
            };
        }
        match (found, other_scheme) {
            (None, Some(error)) => Err(error),
            (found, _) => Ok(found),
        }
    }

    fn remove_copies(&self, parts: &mut Parts) {
        self.sources.iter().for_each(|source| source.remove_copies(parts));
    }

    fn remove_all(&self, parts: &mut Parts) {
        self.sources.iter().for_each(|source| source.remove_all(parts));
    }

    fn bearer_methods(&self) -> BearerMethods {
        let all = BearerMethods::NONE;
        self.sources.iter().fold(all, |all, source| all.or(source.bearer_methods()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{BearerHeader, CookieToken, HeaderToken, QueryToken};

    #[test]
    fn different_tokens_in_several_places_are_rejected() {
        use ErrorKind::{MalformedHeader, MultipleTokens, UnsupportedScheme};
        let source = BearerHeader.or(CookieToken::new("s")).or(QueryToken::new("t"));
        for (authorization, cookie, uri, expected) in [
            (None, None, "/", Ok(None)),
            (Some("Bearer a"), None, "/", Ok(Some("a"))),
            (None, Some("s=a"), "/", Ok(Some("a"))),
            (None, None, "/?t=a", Ok(Some("a"))),
            (Some("Bearer a"), Some("s=a"), "/?t=a", Ok(Some("a"))),
            (Some("Bearer a"), Some("s=b"), "/", Err(MultipleTokens)),
            (None, Some("s=a"), "/?t=b", Err(MultipleTokens)),
            (Some("Basic YTpi"), Some("s=a"), "/", Ok(Some("a"))),
            (Some("Basic YTpi"), Some("s="), "/", Err(UnsupportedScheme)),
            (Some("Bearer a"), Some("s=b c"), "/", Err(MalformedHeader)),
            (Some("Bearer "), Some("s=a"), "/", Err(MalformedHeader)),
        ] {
            let mut request = http::Request::get(uri);
            for (name, value) in [("authorization", authorization), ("cookie", cookie)] {
                if let Some(value) = value {
                    request = request.header(name, value);
                }
            }
            let (parts, ()) = request.body(()).unwrap().into_parts();
            let found = source.find(&parts);
            let found = found.as_ref().map(|token| token.as_ref().map(RawToken::as_str));
            assert_eq!(found.map_err(Error::kind), expected, "{authorization:?} {cookie:?} {uri}");
        }
    }

    #[test]
    fn a_malformed_value_of_another_scheme_is_ignored() {
        use ErrorKind::{MalformedHeader, MultipleTokens, UnsupportedScheme};
        use http::header::AUTHORIZATION;
        let cookie = BearerHeader.or(CookieToken::new("s"));
        let bare = BearerHeader.or(HeaderToken::new(AUTHORIZATION));
        let bare_first = HeaderToken::new(AUTHORIZATION).or(BearerHeader);
        let token = |text| Ok(Some(text));
        for (authorization, beside_cookie, with_bare) in [
            // Not the scheme of any source.
            (&["a.b.c"][..], token("x"), token("a.b.c")),
            (&["Basic"], token("x"), token("Basic")),
            (&["Basic a b"], token("x"), Err(UnsupportedScheme)),
            (&["Digest a=\"b\", c"], token("x"), Err(UnsupportedScheme)),
            (&["AWS4-HMAC-SHA256 a, b"], token("x"), Err(UnsupportedScheme)),
            (&["Bearer: a"], token("x"), Err(MalformedHeader)),
            (&["Bearer=a"], token("x"), Err(MalformedHeader)),
            (&["a.b.c d"], token("x"), Err(MalformedHeader)),
            (&["a.b.c,d"], token("x"), Err(MalformedHeader)),
            (&[""], token("x"), Err(MalformedHeader)),
            // The scheme of a source.
            (&["Bearer x"], token("x"), token("x")),
            (&["Bearer a"], Err(MultipleTokens), token("a")),
            (&["Bearer"], Err(MalformedHeader), Err(MalformedHeader)),
            (&["Bearer "], Err(MalformedHeader), Err(MalformedHeader)),
            (&["bearer a b"], Err(MalformedHeader), Err(MalformedHeader)),
            (&["Bearer\ta"], Err(MalformedHeader), Err(MalformedHeader)),
            // Repeated fields, whatever their scheme.
            (&["Bearer x", "Bearer x"], Err(MultipleTokens), Err(MultipleTokens)),
            (&["Basic a", "Basic a"], Err(MultipleTokens), Err(MultipleTokens)),
        ] {
            let mut request = http::Request::get("/").header("cookie", "s=x");
            for value in authorization {
                request = request.header(AUTHORIZATION, *value);
            }
            let (parts, ()) = request.body(()).unwrap().into_parts();
            for (source, expected) in
                [(&cookie, beside_cookie), (&bare, with_bare), (&bare_first, with_bare)]
            {
                let found = source.find(&parts);
                let found = found.as_ref().map(|token| token.as_ref().map(RawToken::as_str));
                assert_eq!(found.map_err(Error::kind), expected, "{authorization:?} {source:?}");
            }
        }
    }
}
