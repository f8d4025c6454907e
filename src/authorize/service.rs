//! The service: checks each request against the requirement.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::requirement::Requirement;
use crate::respond::{ResponseBody, ResponseFuture};

/// The service of [`RequireLayer`](super::RequireLayer).
///
/// ```
/// use tower::Layer;
/// use tower_jwt_auth::{RequireLayer, middleware::Require};
///
/// let service: Require<&str> = RequireLayer::scope("orders:read").layer("any service");
/// assert_eq!(service.into_inner(), "any service");
/// ```
#[derive(Clone)]
pub struct Require<S> {
    inner: S,
    requirement: Arc<Requirement>,
}

impl<S> Require<S> {
    pub(super) const fn new(inner: S, requirement: Arc<Requirement>) -> Self {
        Self { inner, requirement }
    }

    /// A reference to the inner service.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// A mutable reference to the inner service.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Returns the inner service.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for Require<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
{
    type Response = Response<ResponseBody<ResBody>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let (parts, body) = request.into_parts();
        match self.requirement.rejection(&parts) {
            None => ResponseFuture::calling(self.inner.call(Request::from_parts(parts, body))),
            Some(response) => {
                // Replaced by a clone, which holds no permit, so that rejected clients cannot starve others.
                self.inner = self.inner.clone();
                ResponseFuture::rejected(response)
            }
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for Require<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Require").field("inner", &self.inner).finish_non_exhaustive()
    }
}
