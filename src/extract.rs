//! Extractors for axum handlers (feature `axum`).
//!
//! [`Verified<C>`](crate::Verified) and [`Identity`] are extractors.
//!
//! 1. The extractor returns the identity that [`JwtAuthLayer`](crate::JwtAuthLayer) inserted.
//! 2. For a request that was admitted without a token, the extractor answers 401. `Option<Verified<C>>` and
//!    `Option<Identity>` return `None` instead.
//! 3. If the route has no `JwtAuthLayer` in front of it, or the layer is for another claims type, the extractor answers
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
//!     .route("/me", get(me).layer(layer.clone()))
//!     .route("/", get(greeting).layer(layer.allow_missing_token()));
//! # let _ = app;
//! # Ok::<(), tower_jwt_auth::BuildError>(())
//! ```

use axum_core::body::Body;
use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use axum_core::response::{IntoResponse, Response};
use http::request::Parts;
use http::{Extensions, HeaderMap};

use crate::error::{Error, ErrorKind};
use crate::identity::{Anonymous, Identity, rejector_of};
use crate::observe::{Stage, Started};
use crate::respond::{Demand, Rejector};
use crate::verify::Verified;

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
fn find<T: Clone + Send + Sync + 'static>(extensions: &Extensions) -> Result<Option<T>, Error> {
    let misconfigured = |detail| Err(Error::new(ErrorKind::Internal).with_detail(detail));
    match extensions.get::<T>() {
        Some(identity) => Ok(Some(identity.clone())),
        None if extensions.get::<Anonymous>().is_some() => Ok(None),
        None if extensions.get::<Identity>().is_some() => misconfigured(
            "the claims type of the handler is not that of the verifier in its JwtAuthLayer",
        ),
        None => misconfigured("the route has no JwtAuthLayer in front of it"),
    }
}

fn require<T: Clone + Send + Sync + 'static>(parts: &Parts) -> Result<T, IdentityRejection> {
    let found = find(&parts.extensions).and_then(|it| it.ok_or(ErrorKind::MissingToken.into()));
    found.map_err(|error| IdentityRejection::new(error, parts))
}

fn allow_none<T: Clone + Send + Sync + 'static>(
    parts: &Parts,
) -> Result<Option<T>, IdentityRejection> {
    find(&parts.extensions).map_err(|error| IdentityRejection::new(error, parts))
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
