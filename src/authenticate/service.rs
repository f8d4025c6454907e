//! The service: judges each request, then calls the inner service or rejects the request.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use serde::de::DeserializeOwned;
use tower_service::Service;

use super::config::Config;
use super::future::JwtAuthFuture;
use super::judge::Verdict;
use crate::claims::Claims;
use crate::respond::ResponseBody;

/// The service of [`JwtAuthLayer`](super::JwtAuthLayer).
///
/// ```
/// use tower::Layer;
/// use tower_jwt_auth::middleware::JwtAuth;
/// use tower_jwt_auth::{BuildError, JwtAuthLayer, Verifier, testing::TestIssuer};
///
/// fn protect<S>(inner: S) -> Result<JwtAuth<S>, BuildError> {
///     let verifier = Verifier::shared_secret(TestIssuer::hs256().secret()).any_audience().build()?;
///     Ok(JwtAuthLayer::new(verifier).layer(inner))
/// }
/// assert_eq!(protect("any service")?.get_ref(), &"any service");
/// # Ok::<(), BuildError>(())
/// ```
pub struct JwtAuth<S, C = Claims> {
    inner: S,
    config: Arc<Config<C>>,
}

impl<S, C> JwtAuth<S, C> {
    pub(super) const fn new(inner: S, config: Arc<Config<C>>) -> Self {
        Self { inner, config }
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

impl<S, C, ReqBody, ResBody> Service<Request<ReqBody>> for JwtAuth<S, C>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    C: DeserializeOwned + Send + Sync + 'static,
{
    type Response = Response<ResponseBody<ResBody>>;
    type Error = S::Error;
    type Future = JwtAuthFuture<S, ReqBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        let started = self.config.rejector.start();
        let (verdict, found) = self.config.judge(&mut parts);
        match verdict {
            Verdict::Admitted(admitted, headers) => {
                let headers = self.config.admit(admitted, headers, found, &mut parts, started);
                // This must be the service that was polled ready, not a clone.
                let future = self.inner.call(Request::from_parts(parts, body));
                JwtAuthFuture::calling(future, headers)
            }
            Verdict::Rejected(reason) => {
                // Replaced by a clone, which holds no permit, so that rejected clients cannot starve others.
                self.inner = self.inner.clone();
                JwtAuthFuture::rejected(self.config.reject(reason, &parts, started))
            }
            Verdict::Pending(pending) => {
                // Neither keeps the ready service: the future may wait for a long time, and `self` would hold a
                // permit until its next call.
                let unready = self.inner.clone();
                self.inner = unready.clone();
                let judging = Arc::clone(&self.config).wait(pending, found, parts, started);
                JwtAuthFuture::waiting(judging, body, unready)
            }
        }
    }
}

impl<S: Clone, C> Clone for JwtAuth<S, C> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), config: Arc::clone(&self.config) }
    }
}

impl<S: fmt::Debug, C> fmt::Debug for JwtAuth<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtAuth").field("inner", &self.inner).finish_non_exhaustive()
    }
}
