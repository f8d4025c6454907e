//! The service: judges each request, then calls the one it wraps or answers itself.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use serde::de::DeserializeOwned;
use tower_service::Service;

use super::config::{Begun, Config, Progress};
use super::future::ResponseFuture;
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
    type Future = ResponseFuture<S, C, ReqBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        let started = self.config.rejector.start();
        let Begun { progress, places } = self.config.begin(&mut parts);
        match progress {
            Progress::Done(Ok(pass)) => {
                let headers = self.config.admit(pass, places.as_ref(), &mut parts, started);
                // The very service that was polled ready.
                let future = self.inner.call(Request::from_parts(parts, body));
                ResponseFuture::calling(future, headers)
            }
            Progress::Done(Err(refusal)) => {
                // A clone holds no permit: refused clients cannot starve others.
                self.inner = self.inner.clone();
                ResponseFuture::refused(self.config.refuse(refusal, &parts, started))
            }
            Progress::Waiting(pending) => {
                // Nobody keeps the readied service: neither the future, which may wait for long, nor
                // this one, which would hold a permit until its next call.
                let unready = self.inner.clone();
                self.inner = unready.clone();
                let config = Arc::clone(&self.config);
                let begun = (pending, places, started);
                ResponseFuture::waiting(begun, parts, body, unready, config)
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
