//! The seam for places that a token may come from.

use std::fmt;
use std::sync::Arc;

use http::request::Parts;

use super::raw::RawToken;
use crate::error::Error;

/// Finds the token of a request.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a source of tokens",
    note = "sources are `BearerHeader`, `CookieToken` and others in `tower_jwt_auth::source`; for a function, call `source::from_fn`"
)]
pub trait TokenSource: fmt::Debug + Send + Sync + 'static {
    /// The token, or `None` when the request carries none here.
    ///
    /// # Errors
    ///
    /// [`UnsupportedScheme`](crate::ErrorKind::UnsupportedScheme) when there are credentials of another
    /// kind, [`MalformedHeader`](crate::ErrorKind::MalformedHeader) when they cannot be read,
    /// [`MultipleTokens`](crate::ErrorKind::MultipleTokens) when there is more than one.
    fn find<'a>(&self, parts: &'a Parts) -> Result<Option<RawToken<'a>>, Error>;

    /// Removes what this source may read besides the token that it found.
    ///
    /// Called for an accepted request after the token itself was removed, with
    /// [`remove_token`](crate::JwtAuthLayer::remove_token). It concerns sources that choose among places of
    /// their own, as [`CookieToken::allow_prefixes`](super::CookieToken::allow_prefixes) does, and those that wrap
    /// other sources, which pass the call on. The default removes nothing.
    fn remove_copies(&self, parts: &mut Parts) {
        let _ = parts;
    }
}

impl<S: TokenSource + ?Sized> TokenSource for Arc<S> {
    fn find<'a>(&self, parts: &'a Parts) -> Result<Option<RawToken<'a>>, Error> {
        S::find(self, parts)
    }

    fn remove_copies(&self, parts: &mut Parts) {
        S::remove_copies(self, parts);
    }
}

/// A source from a function.
///
/// With [`remove_token`](crate::JwtAuthLayer::remove_token) only the place that the function reports is
/// emptied. A source with more places implements [`TokenSource::remove_copies`].
///
/// ```
/// use http::request::Parts;
/// use tower_jwt_auth::source::{RawToken, TokenSource, from_fn};
///
/// /// A gateway in front has taken the token out and put it here.
/// fn forwarded(parts: &Parts) -> Result<Option<RawToken<'_>>, tower_jwt_auth::Error> {
///     let value = parts.headers.get("x-forwarded-access-token");
///     Ok(value.and_then(|value| value.to_str().ok()).map(RawToken::new))
/// }
///
/// let source = from_fn(forwarded);
/// let (parts, ()) = http::Request::builder().header("x-forwarded-access-token", "a.b.c").body(())?.into_parts();
/// assert_eq!(source.find(&parts).unwrap().unwrap().as_str(), "a.b.c");
/// let (empty, ()) = http::Request::new(()).into_parts();
/// assert!(source.find(&empty).unwrap().is_none());
/// # Ok::<(), http::Error>(())
/// ```
pub fn from_fn<F>(find: F) -> impl TokenSource
where
    F: for<'a> Fn(&'a Parts) -> Result<Option<RawToken<'a>>, Error> + Send + Sync + 'static,
{
    FromFn(find)
}

struct FromFn<F>(F);

impl<F> TokenSource for FromFn<F>
where
    F: for<'a> Fn(&'a Parts) -> Result<Option<RawToken<'a>>, Error> + Send + Sync + 'static,
{
    fn find<'a>(&self, parts: &'a Parts) -> Result<Option<RawToken<'a>>, Error> {
        (self.0)(parts)
    }
}

impl<F> fmt::Debug for FromFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("from_fn(..)")
    }
}
