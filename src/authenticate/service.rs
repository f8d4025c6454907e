//! The service: judges each request, then calls the one it wraps or answers itself.

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

/// A service with authentication in front, made by [`JwtAuthLayer`](super::JwtAuthLayer).
pub struct JwtAuth<S, C = Claims> {
    inner: S,
    config: Arc<Config<C>>,
}

impl<S, C> JwtAuth<S, C> {
    pub(super) const fn new(inner: S, config: Arc<Config<C>>) -> Self {
        Self { inner, config }
    }

    /// The service behind the authentication.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The service behind the authentication.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The service behind the authentication, without it.
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
        let (verdict, places) = self.config.judge(&mut parts);
        match verdict {
            Verdict::Admitted(verified, headers) => {
                let places = places.as_ref();
                let headers = self.config.admit(verified, headers, places, &mut parts, started);
                // The very service that was polled ready.
                let future = self.inner.call(Request::from_parts(parts, body));
                JwtAuthFuture::calling(future, headers)
            }
            Verdict::Rejected(reason) => {
                // A clone holds no permit: rejected clients cannot starve others.
                self.inner = self.inner.clone();
                JwtAuthFuture::rejected(self.config.reject(reason, &parts, started))
            }
            Verdict::Pending(pending) => {
                // Both give up the readied service: the future may wait for long, and this one would hold a
                // permit until its next call.
                let unready = self.inner.clone();
                self.inner = unready.clone();
                let judging = Arc::clone(&self.config).wait(pending, places, parts, started);
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
