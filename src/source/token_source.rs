//! The trait for token sources.

use std::fmt;
use std::sync::Arc;

use http::request::Parts;

use super::bearer_methods::BearerMethods;
use super::raw::RawToken;
use crate::error::Error;

/// Finds the token of a request.
///
/// ```
/// use http::request::Parts;
/// use tower_jwt_auth::source::{RawToken, TokenSource};
/// use tower_jwt_auth::{Error, ErrorKind};
///
/// /// Reads the field `x-access-token`.
/// #[derive(Debug)]
/// struct AccessTokenField;
///
/// impl TokenSource for AccessTokenField {
///     fn find<'a>(&self, parts: &'a Parts) -> Result<Option<RawToken<'a>>, Error> {
///         let Some(value) = parts.headers.get("x-access-token") else { return Ok(None) };
///         let text = value.to_str().map_err(|_| ErrorKind::MalformedHeader)?;
///         Ok(Some(RawToken::in_header("x-access-token".parse().unwrap(), text)))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a token source",
    note = "token sources are `BearerHeader`, `CookieToken` and others in `tower_jwt_auth::source`; for a function, call `source::from_fn`"
)]
pub trait TokenSource: fmt::Debug + Send + Sync + 'static {
    /// Returns the token, or `None` if the request has no token in this place.
    ///
    /// # Errors
    ///
    /// - [`UnsupportedScheme`](crate::ErrorKind::UnsupportedScheme): the credentials are of another scheme.
    /// - [`MalformedHeader`](crate::ErrorKind::MalformedHeader): the credentials are malformed.
    /// - [`MultipleTokens`](crate::ErrorKind::MultipleTokens): there is more than one token.
    fn find<'a>(&self, parts: &'a Parts) -> Result<Option<RawToken<'a>>, Error>;

    /// Removes everything else that this source may read as a token; the default removes nothing.
    ///
    /// Implement it for a source that chooses among several places, as
    /// [`CookieToken::allow_prefixes`](super::CookieToken::allow_prefixes) does. A source that wraps other sources must
    /// forward the call to them. With [`remove_token`](crate::JwtAuthLayer::remove_token), the layer calls it for an
    /// accepted request, after it has removed the token itself.
    fn remove_copies(&self, parts: &mut Parts) {
        let _ = parts;
    }

    /// Removes everything that this source may read as a token.
    ///
    /// The default removes the token that [`find`](Self::find) returns, and calls
    /// [`remove_copies`](Self::remove_copies). Implement it for a source that can be malformed.
    ///
    /// The layer calls it if the whole source returned an error, so that no place of a token is known, and the
    /// request is admitted nevertheless: with [`allow_invalid_token`](crate::JwtAuthLayer::allow_invalid_token), or if
    /// [`FirstOf`](super::FirstOf) ignores this source.
    fn remove_all(&self, parts: &mut Parts) {
        let places = self.find(parts).ok().flatten().map(RawToken::into_places);
        if let Some(places) = places {
            places.remove(parts);
        }
        self.remove_copies(parts);
    }

    /// The methods of RFC 6750 §2 that this source reads, for the metadata of a resource; none by default.
    ///
    /// A source that wraps other sources should return the methods of all of them.
    fn bearer_methods(&self) -> BearerMethods {
        BearerMethods::NONE
    }
}

impl<S: TokenSource + ?Sized> TokenSource for Arc<S> {
    fn find<'a>(&self, parts: &'a Parts) -> Result<Option<RawToken<'a>>, Error> {
        S::find(self, parts)
    }

    fn remove_copies(&self, parts: &mut Parts) {
        S::remove_copies(self, parts);
    }

    fn remove_all(&self, parts: &mut Parts) {
        S::remove_all(self, parts);
    }

    fn bearer_methods(&self) -> BearerMethods {
        S::bearer_methods(self)
    }
}

/// Creates a token source from a function.
///
/// [`remove_token`](crate::JwtAuthLayer::remove_token) removes the token only from the [`Origin`](super::Origin) that
/// the function returns. To remove it from other places, implement [`TokenSource::remove_copies`].
///
/// ```
/// use http::request::Parts;
/// use tower_jwt_auth::source::{RawToken, TokenSource, from_fn};
///
/// /// A gateway in front moves the token to this header field.
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
