//! A credential that is not a JWT, which an inner layer of the application judges.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::request::Parts;
use http::{Extensions, HeaderMap, Request, Response};
use zeroize::Zeroizing;

use super::identity::Identity;
use crate::error::{Error, ErrorKind};
use crate::observe::{Stage, Started};
use crate::respond::{Demand, Rejector};

/// A credential that is not a JWT and that no layer has judged yet.
///
/// It is in the request's extensions if [`JwtAuthLayer::allow_non_jwt`] left the credential to an inner layer. That layer
/// verifies it, and calls [`accept`](Self::accept). Otherwise extractors and [`RequireLayer`](crate::RequireLayer) answer
/// 401, and every response of the inner service but an error is replaced by 401.
///
/// ```
/// use axum::extract::Request;
/// use axum::middleware::Next;
/// use axum::response::Response;
/// use tower_jwt_auth::{Identity, Unjudged};
///
/// /// Returns the owner of an API key; usually a query of a database.
/// async fn owner_of(key: &str) -> Option<&'static str> {
///     (key == "sk_test_4eC39HqLyjWDarjtT1zdp7dc").then_some("service-7")
/// }
///
/// /// A layer inside of the `JwtAuthLayer`.
/// async fn api_keys(mut request: Request, next: Next) -> Response {
///     if let Some(unjudged) = Unjudged::of(&request).cloned()
///         && let Some(owner) = owner_of(unjudged.credential()).await
///     {
///         let identity = Identity::external("api-key", owner, &["orders:read"]);
///         unjudged.accept(identity, request.extensions_mut());
///     }
///     // A wrong key is still unjudged: the request is rejected.
///     next.run(request).await
/// }
/// # let _ = axum::Router::<()>::new().layer(axum::middleware::from_fn(api_keys));
/// ```
///
/// [`JwtAuthLayer::allow_non_jwt`]: crate::JwtAuthLayer::allow_non_jwt
#[derive(Clone)]
pub struct Unjudged(Arc<Inner>);

struct Inner {
    credential: Zeroizing<Box<str>>,
    rejector: Arc<Rejector>,
    started: Started,
    has_verdict: AtomicBool,
    /// What an outer layer left to the layer that created this one.
    outer: Option<Unjudged>,
}

impl Unjudged {
    pub(crate) fn new(
        credential: &str,
        rejector: Arc<Rejector>,
        started: Started,
        outer: Option<Self>,
    ) -> Self {
        let credential = Zeroizing::new(credential.into());
        let has_verdict = AtomicBool::new(false);
        Self(Arc::new(Inner { credential, rejector, started, has_verdict, outer }))
    }

    /// The unjudged credential of a request; `None` if it has none.
    pub fn of<B>(request: &Request<B>) -> Option<&Self> {
        Self::in_extensions(request.extensions())
    }

    /// Same as [`of`](Self::of), for code that has only the extensions.
    pub fn in_extensions(extensions: &Extensions) -> Option<&Self> {
        extensions.get()
    }

    /// The credential, as the client sent it. Do not log it.
    pub fn credential(&self) -> &str {
        &self.0.credential
    }

    /// Accepts the request, with this identity in its extensions.
    ///
    /// Call it only after you have verified the [`credential`](Self::credential).
    pub fn accept(self, identity: Identity, extensions: &mut Extensions) {
        let Inner { rejector, started, .. } = &*self.0;
        if self.mark_judged() {
            rejector.accepted(Stage::Authenticate, || identity.is_delegated(), *started);
        }
        extensions.remove::<Self>();
        extensions.insert(identity.with_rejector(Arc::clone(rejector)));
    }

    /// Records a verdict, also for the outer layers; `false` if there was one.
    pub(crate) fn mark_judged(&self) -> bool {
        if let Some(outer) = &self.0.outer {
            outer.mark_judged();
        }
        !self.0.has_verdict.swap(true, Ordering::AcqRel)
    }

    pub(crate) fn has_verdict(&self) -> bool {
        self.0.has_verdict.load(Ordering::Acquire)
    }

    /// The error if no layer accepts the credential.
    pub(crate) fn rejection() -> Error {
        let detail = "the credential is not a JWT, and no inner layer has accepted it";
        Error::new(ErrorKind::MissingToken).with_detail(detail)
    }

    pub(super) fn rejector(&self) -> &Rejector {
        &self.0.rejector
    }

    /// Reports that no layer accepted the request, which the inner service has answered with an error.
    pub(crate) fn report_rejection(&self) {
        let Inner { rejector, started, .. } = &*self.0;
        rejector.report_rejection(Stage::Authenticate, &Self::rejection(), *started);
    }

    /// Reports that no layer accepted the request, and returns the response.
    pub(crate) fn reject(&self, parts: &Parts) -> Response<Bytes> {
        let Inner { rejector, started, .. } = &*self.0;
        let (stage, demand, headers) = (Stage::Authenticate, &Demand::NOTHING, HeaderMap::new());
        rejector.reject(stage, Self::rejection(), *started, demand, headers, parts)
    }
}

impl fmt::Debug for Unjudged {
    /// Does not show the credential.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unjudged").field("has_verdict", &self.has_verdict()).finish_non_exhaustive()
    }
}
