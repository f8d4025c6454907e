//! Extractors for axum handlers (feature `axum`).
//!
//! [`Verified<C>`](crate::Verified) and [`Identity`] are extractors. [`responder`] builds rejections as axum responses.
//!
//! 1. The extractor returns the identity that [`JwtAuthLayer`](crate::JwtAuthLayer) inserted.
//! 2. For a request that was admitted without a token, the extractor answers 401. `Option<Verified<C>>` and
//!    `Option<Identity>` return `None` instead.
//! 3. If an invalid token was admitted ([`allow_invalid_token`](crate::JwtAuthLayer::allow_invalid_token)), the
//!    extractor answers as the layer would have done, and the optional ones return `None`.
//! 4. If the application accepted a credential that is not a JWT ([`Unjudged`]), [`Identity`] is that of
//!    the caller, and `Verified` is treated as for a request without a token.
//! 5. If the route has no `JwtAuthLayer` in front of it, or the layer is for another claims type, the extractor answers
//!    500. A configuration error must not look like a missing or bad token.
//!
//! ```
//! use axum::{Router, routing::get};
//! use tower_jwt_auth::{JwtAuthLayer, Verified, Verifier, testing::TestIssuer};
//!
//! async fn me(user: Verified) -> String {
//!     user.subject().unwrap_or("unknown").to_owned()
//! }
//! async fn greeting(user: Option<Verified>) -> String {
//!     user.map_or("hello, stranger".to_owned(), |user| format!("hello, {:?}", user.subject()))
//! }
//!
//! let verifier = Verifier::shared_secret(TestIssuer::hs256().secret()).any_audience().build()?;
//! let layer = JwtAuthLayer::new(verifier);
//! let app: Router = Router::new()
//!     .route("/me", get(me).route_layer(layer.clone()))
//!     .route("/", get(greeting).route_layer(layer.allow_missing_token()));
//! # let _ = app;
//! # Ok::<(), tower_jwt_auth::BuildError>(())
//! ```

mod responder;

use std::any::type_name;

use axum_core::body::Body;
use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use axum_core::response::{IntoResponse, Response};
use http::HeaderMap;
use http::request::Parts;

use crate::error::{Error, ErrorKind};
use crate::identity::{Anonymous, Identity, Unjudged, rejector_of};
use crate::observe::{Stage, Started};
use crate::respond::{Demand, Rejector};
use crate::verify::Verified;
use crate::wiring::Needed;

pub use responder::responder;

/// The rejection of a request whose handler requires an identity.
///
/// The status is 401 if the layer admitted the request without a token. It is 500 if there is no layer in front, or if
/// the layer is for another claims type. The layer's responder builds the response.
///
/// ```
/// use axum::response::{IntoResponse, Response};
/// use tower_jwt_auth::{Verified, extract::IdentityRejection};
///
/// /// Handles a missing identity in the handler.
/// async fn me(user: Result<Verified, IdentityRejection>) -> Response {
///     match user {
///         Ok(user) => format!("{:?}", user.subject()).into_response(),
///         Err(rejection) => rejection.into_response(),
///     }
/// }
/// let app: axum::Router = axum::Router::new().route("/me", axum::routing::get(me));
/// # let _ = app;
/// ```
#[derive(Debug)]
pub struct IdentityRejection {
    // Boxed to keep the `Result` of every handler small.
    response: Box<http::Response<bytes::Bytes>>,
}

impl IdentityRejection {
    fn new(error: Error, parts: &Parts) -> Self {
        let (started, demand) = (Started::UNKNOWN, &Demand::NOTHING);
        let reject = |by: &Rejector| {
            by.reject(Stage::Extract, error, started, demand, HeaderMap::new(), parts)
        };
        let response = match rejector_of(parts.extensions.get(), &parts.extensions) {
            Some(rejector) => reject(rejector),
            None => reject(&Rejector::default()),
        };
        Self { response: Box::new(response) }
    }

    /// The reason for the rejection.
    pub fn error(&self) -> Option<&Error> {
        self.response.extensions().get()
    }
}

impl IntoResponse for IdentityRejection {
    fn into_response(self) -> Response {
        (*self.response).map(Body::from)
    }
}

/// The identity of this type that the layer inserted, if any.
fn find<T: Extracted>(parts: &Parts) -> Result<Option<T>, Error> {
    let extensions = &parts.extensions;
    match (extensions.get::<T>(), extensions.get::<Identity>()) {
        (Some(identity), _) => Ok(Some(identity.clone())),
        (None, _) if extensions.get::<Anonymous>().is_some() => Ok(None),
        (None, Some(other)) => match other.claims_type() {
            Some(claims) => Err(T::needed().with_other_claims(claims, parts)),
            // The caller has no JWT, and so no claims.
            None => Ok(None),
        },
        (None, None) if extensions.get::<Unjudged>().is_some() => Err(Unjudged::rejection()),
        (None, None) => Err(T::needed().without_layer(parts)),
    }
}

fn require<T: Extracted>(parts: &Parts) -> Result<T, IdentityRejection> {
    let found = find(parts).and_then(|it| it.ok_or_else(|| without_identity(parts)));
    found.map_err(|error| IdentityRejection::new(error, parts))
}

/// The error for an anonymous request: that of its token, if it has one.
fn without_identity(parts: &Parts) -> Error {
    let anonymous = parts.extensions.get::<Anonymous>();
    anonymous.map_or(ErrorKind::MissingToken.into(), Anonymous::rejection)
}

fn allow_none<T: Extracted>(parts: &Parts) -> Result<Option<T>, IdentityRejection> {
    find(parts).map_err(|error| IdentityRejection::new(error, parts))
}

/// The types that a layer inserts and an extractor returns.
trait Extracted: Clone + Send + Sync + 'static {
    fn needed() -> Needed;
}

impl<C: Send + Sync + 'static> Extracted for Verified<C> {
    fn needed() -> Needed {
        Needed::AsVerified(type_name::<C>())
    }
}

impl Extracted for Identity {
    fn needed() -> Needed {
        Needed::AsIdentity
    }
}

impl<S: Sync, C: Send + Sync + 'static> FromRequestParts<S> for Verified<C> {
    type Rejection = IdentityRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, IdentityRejection> {
        require(parts)
    }
}

impl<S: Sync, C: Send + Sync + 'static> OptionalFromRequestParts<S> for Verified<C> {
    type Rejection = IdentityRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        _: &S,
    ) -> Result<Option<Self>, IdentityRejection> {
        allow_none(parts)
    }
}

impl<S: Sync> FromRequestParts<S> for Identity {
    type Rejection = IdentityRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, IdentityRejection> {
        require(parts)
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for Identity {
    type Rejection = IdentityRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        _: &S,
    ) -> Result<Option<Self>, IdentityRejection> {
        allow_none(parts)
    }
}
