//! Several token sources, in order.

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

/// A token source that uses the first of several sources that has a token.
///
/// Use it if requests may carry an old token in one place and a current one in another, for example a fresh header
/// beside a stale cookie. [`AnyOf`](super::AnyOf) is stricter, and rejects two different tokens.
///
/// - The sources are in order. The first one that has a token decides, and the tokens of later sources are ignored,
///   even if they are malformed. If that token is invalid, the request is rejected; no other token is tried.
/// - An error of a source before that one rejects the request. Credentials of another scheme, such as `Basic`, are not
///   an error, and count as no token.
/// - The service must use the same order, or must not read the other places. Otherwise a client can present two
///   identities. [`remove_token`](crate::JwtAuthLayer::remove_token) also removes the ignored tokens.
///
/// ```
/// use tower_jwt_auth::ErrorKind;
/// use tower_jwt_auth::source::{BearerHeader, CookieToken, TokenSource};
///
/// let source = BearerHeader.or_else(CookieToken::new("session"));
/// let parts = |authorization, cookie| {
///     let request = http::Request::builder().header("authorization", authorization);
///     request.header("cookie", cookie).body(()).unwrap().into_parts().0
/// };
/// assert_eq!(source.find(&parts("Bearer d.e.f", "session=a.b.c")).unwrap().unwrap().as_str(), "d.e.f");
/// assert_eq!(source.find(&parts("Basic YTpi", "session=a.b.c")).unwrap().unwrap().as_str(), "a.b.c");
///
/// let malformed = source.find(&parts("Bearer d e", "session=a.b.c")).unwrap_err();
/// assert_eq!(malformed.kind(), ErrorKind::MalformedHeader);
/// ```
#[derive(Clone, Debug)]
pub struct FirstOf {
    sources: Vec<Arc<dyn TokenSource>>,
}

impl FirstOf {
    /// Starts with this source; add others with [`or_else`](Self::or_else).
    ///
    /// Use it for your own sources. The sources of this crate have an `or_else` method themselves.
    pub fn new(source: impl TokenSource) -> Self {
        Self { sources: vec![Arc::new(source)] }
    }

    /// Adds a source that is used if the sources before it have no token.
    #[must_use]
    pub fn or_else(mut self, source: impl TokenSource) -> Self {
        self.sources.push(Arc::new(source));
        self
    }
}

macro_rules! or_else {
    ($($source:ty)+) => {
        $(impl $source {
            /// Uses another source if this one has no token; see [`FirstOf`].
            pub fn or_else(self, source: impl TokenSource) -> FirstOf {
                FirstOf::new(self).or_else(source)
            }
        })+
    };
}

or_else! { BearerHeader CookieToken HeaderToken QueryToken WebSocketProtocol }

impl TokenSource for FirstOf {
    fn find<'a>(&self, parts: &'a Parts) -> Result<Option<RawToken<'a>>, Error> {
        let mut sources = self.sources.iter();
        let mut other_scheme = None;
        while let Some(source) = sources.next() {
            match source.find(parts) {
                Ok(Some(token)) => return Ok(Some(with_ignored(token, sources, parts))),
                Ok(None) => {}
                Err(error) if error.kind() == ErrorKind::UnsupportedScheme => {
                    other_scheme.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        other_scheme.map_or(Ok(None), Err)
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

/// Adds the places of the ignored tokens, which may be valid too and must not be printed.
fn with_ignored<'a, 's>(
    token: RawToken<'a>,
    later: impl Iterator<Item = &'s Arc<dyn TokenSource>>,
    parts: &'a Parts,
) -> RawToken<'a> {
    later.fold(token, |token, source| match source.find(parts) {
        Ok(Some(ignored)) => token.also_at(ignored.into_places()),
        Ok(None) => token,
        Err(error) if error.kind() == ErrorKind::UnsupportedScheme => token,
        Err(_) => {
            let source = Arc::clone(source);
            token.beside_unread(move |parts| source.remove_all(parts))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_source_with_a_token_decides() {
        use ErrorKind::{MalformedHeader, MultipleTokens, UnsupportedScheme};
        let source = BearerHeader.or_else(CookieToken::new("s")).or_else(QueryToken::new("t"));
        for (authorization, cookie, uri, expected) in [
            (None, None, "/", Ok(None)),
            (Some("Bearer a"), None, "/", Ok(Some("a"))),
            (Some("Bearer a"), Some("s=b"), "/?t=c", Ok(Some("a"))),
            (Some("Bearer a"), Some("s=b c"), "/?t=", Ok(Some("a"))),
            (Some("Bearer a"), Some("s=b; s=c"), "/", Ok(Some("a"))),
            (None, Some("s=b"), "/?t=c", Ok(Some("b"))),
            (None, Some("s=b"), "/?t=c&t=d", Ok(Some("b"))),
            (None, Some("s="), "/?t=c", Ok(Some("c"))),
            (None, Some("x=b"), "/?t=c", Ok(Some("c"))),
            // Another scheme is not a token, malformed or not.
            (Some("Basic YTpi"), Some("s=b"), "/?t=c", Ok(Some("b"))),
            (Some("a.b.c"), Some("s=b"), "/", Ok(Some("b"))),
            (Some("Digest a, b"), Some("s=b"), "/", Ok(Some("b"))),
            (Some("Basic YTpi"), None, "/", Err(UnsupportedScheme)),
            // An error before the first token rejects the request.
            (Some("Bearer"), Some("s=b"), "/", Err(MalformedHeader)),
            (Some("Bearer a b"), Some("s=b"), "/", Err(MalformedHeader)),
            (None, Some("s=b; s=c"), "/?t=c", Err(MultipleTokens)),
            (None, None, "/?t=c&t=d", Err(MultipleTokens)),
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
}
