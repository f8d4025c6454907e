//! Extractors for axum handlers (feature `axum`).
//!
//! [`Verified<C>`](crate::Verified) and [`Identity`] are extractors, and
//! `Option` of them where a missing token is allowed. A handler whose route has no
//! [`JwtAuthLayer`](crate::JwtAuthLayer) in front, or one for another claims type, answers 500: a
//! mistake in the wiring must not look like an anonymous visitor, nor like one whose token is bad.
//!
//! ```
//! use axum::{Router, routing::get};
//! use tower_jwt_auth::{JwtAuthLayer, Verified, Verifier, testing::TestIssuer};
//!
//! async fn me(user: Verified) -> String {
//!     user.subject().unwrap_or("nobody").to_owned()
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

/// Why a handler did not get its identity.
///
/// 401 when the layer let the request through without a token but the handler wants one; 500 when no
/// layer was in front, or one for another claims type. It looks as the layer's own refusals do.
#[derive(Debug)]
pub struct IdentityRejection {
    // Boxed: an extractor's error is carried through every handler's result.
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

    /// The reason.
    pub fn error(&self) -> Option<&Error> {
        self.response.extensions().get()
    }
}

impl IntoResponse for IdentityRejection {
    fn into_response(self) -> Response {
        (*self.response).map(Body::from)
    }
}

/// What the layer left for this kind of identity.
fn find<T: Clone + Send + Sync + 'static>(extensions: &Extensions) -> Result<Option<T>, Error> {
    let misplaced = |detail| Err(Error::new(ErrorKind::Internal).with_detail(detail));
    match extensions.get::<T>() {
        Some(identity) => Ok(Some(identity.clone())),
        None if extensions.get::<Anonymous>().is_some() => Ok(None),
        None if extensions.get::<Identity>().is_some() => misplaced(
            "the handler asks for another claims type than the verifier of its JwtAuthLayer reads",
        ),
        None => misplaced("the route has no JwtAuthLayer in front of it"),
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
