//! The marker of requests without an identity.

use std::fmt;
use std::sync::Arc;

use crate::error::{Error, ErrorKind};
use crate::respond::Rejector;

/// Marker for requests that were deliberately admitted without a verified token.
///
/// It is in the request's extensions if a missing or an invalid token was allowed, or if the request bypassed the
/// layer. If the extensions contain neither `Anonymous`, nor [`Unjudged`](crate::Unjudged), nor
/// [`Identity`](crate::Identity), the route has no `JwtAuthLayer`. That is a configuration error; do not treat the request
/// as anonymous.
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

    pub(super) fn rejector(&self) -> &Rejector {
        &self.rejector
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
