//! The identity of a request, independent of the claims type.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use http::Extensions;

use crate::error::{Error, ErrorKind};
use crate::jwt::Token;
use crate::respond::Rejector;
use crate::verify::{AnyToken, Verified};

/// A verified token, independent of the claims type; derefs to [`Token`].
///
/// Use it in code that does not know the claims type. The layer inserts it into the request's extensions together with
/// [`Verified`], and [`Verified::identity`] returns it. It shares the data of the verified token and does not copy it.
///
/// ```
/// use tower_jwt_auth::{Rule, Verifier, testing::TestIssuer};
///
/// let issuer = TestIssuer::hs256();
/// let verifier = Verifier::shared_secret(issuer.secret()).any_audience().build()?;
/// let token = issuer.token().subject("user-1").claim("scope", "orders:read").mint();
/// let identity = verifier.verify_now(&token)?.identity();
///
/// assert_eq!(identity.subject(), Some("user-1"));
/// assert!(Rule::scope("orders:read").permits(&identity));
/// assert!(!Rule::scope("orders:write").permits(&identity));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Identity {
    verified: Arc<dyn AnyToken>,
    /// The rejector of the layer that inserted the identity. Stored here because another extension would need another
    /// allocation.
    rejector: Option<Arc<Rejector>>,
}

impl Identity {
    pub(crate) fn with_rejector(mut self, rejector: Arc<Rejector>) -> Self {
        self.rejector = Some(rejector);
        self
    }

    /// The name of the claims type with which the token was verified.
    #[cfg_attr(not(feature = "axum"), allow(dead_code))]
    pub(crate) fn claims_type(&self) -> &'static str {
        self.verified.claims_type()
    }

    pub(crate) fn rejector(&self) -> Option<&Rejector> {
        self.rejector.as_deref()
    }
}

impl Deref for Identity {
    type Target = Token;

    fn deref(&self) -> &Token {
        self.verified.token()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("token", self.verified.token()).finish_non_exhaustive()
    }
}

impl<C: Send + Sync + 'static> Verified<C> {
    /// The identity, independent of the claims type.
    pub fn identity(&self) -> Identity {
        Identity { verified: self.any_token(), rejector: None }
    }
}

/// Marker for requests that were deliberately admitted without a verified token.
///
/// It is in the request's extensions if a missing or an invalid token was allowed, or if the request bypassed the
/// layer. If the extensions contain neither `Anonymous` nor [`Verified`], the route has no `JwtAuthLayer`. That is a
/// configuration error; do not treat the request as anonymous.
///
/// ```
/// use tower_jwt_auth::{Anonymous, ErrorKind};
///
/// fn greeting(extensions: &http::Extensions) -> &'static str {
///     let Some(anonymous) = extensions.get::<Anonymous>() else { return "hello" };
///     match anonymous.error().map(|error| error.kind()) {
///         None => "hello, stranger",
///         Some(ErrorKind::TokenExpired) => "your session has ended, please log in",
///         Some(_) => "please log in",
///     }
/// }
/// # assert_eq!(greeting(&http::Extensions::new()), "hello");
/// ```
#[derive(Clone)]
pub struct Anonymous {
    error: Option<Error>,
    /// Stored here because another extension would need another allocation.
    rejector: Arc<Rejector>,
}

impl Anonymous {
    pub(crate) const fn new(error: Option<Error>, rejector: Arc<Rejector>) -> Self {
        Self { error, rejector }
    }

    /// Why the request's token was not accepted.
    ///
    /// `None` if the request has no token, or bypassed the layer. `Some` only with
    /// [`allow_invalid_token`](crate::JwtAuthLayer::allow_invalid_token).
    pub const fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }

    /// The error for a route that requires an identity.
    pub(crate) fn rejection(&self) -> Error {
        self.error.clone().unwrap_or(ErrorKind::MissingToken.into())
    }
}

impl fmt::Debug for Anonymous {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Anonymous").field("error", &self.error).finish_non_exhaustive()
    }
}

/// The rejector of the `JwtAuthLayer` that admitted a request, given the identity in its extensions.
///
/// `None` if there was no layer, or if the application replaced the identity.
pub(crate) fn rejector_of<'e>(
    identity: Option<&'e Identity>,
    extensions: &'e Extensions,
) -> Option<&'e Rejector> {
    match identity {
        Some(identity) => identity.rejector(),
        None => extensions.get::<Anonymous>().map(|anonymous| &*anonymous.rejector),
    }
}
