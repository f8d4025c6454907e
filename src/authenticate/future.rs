//! The future of one request: usually just the inner service's.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use pin_project_lite::pin_project;
use serde::de::DeserializeOwned;
use tower_service::Service;

use super::config::{Config, Pending, Progress};
use super::max_wait::Limit;
use super::response_headers::ResponseHeaders;
use crate::observe::Started;
use crate::respond::ResponseBody;
use crate::source::Places;

pin_project! {
    /// The response of [`JwtAuth`](super::JwtAuth).
    pub struct ResponseFuture<S, C, B>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        state: State<S, C, B>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, C, B>
    where
        S: Service<Request<B>>,
    {
        Calling {
            #[pin]
            future: S::Future,
            headers: ResponseHeaders,
        },
        Refused {
            response: Option<Response<Bytes>>,
        },
        // Boxed: it is rare, and larger than everything else here.
        Waiting {
            waiting: Option<Box<Waiting<S, C, B>>>,
        },
    }
}

/// A request that waits for its verdict, with a service that is not ready and holds nothing.
struct Waiting<S, C, B> {
    step: Step<C>,
    /// One for all the steps of judging.
    limit: Limit,
    /// Where the token is.
    places: Option<Places>,
    started: Started,
    parts: Parts,
    body: B,
    inner: S,
    config: Arc<Config<C>>,
}

enum Step<C> {
    Judging(Pending<C>),
    /// Admitted: the service has to become ready first.
    Readying(ResponseHeaders),
}

impl<S: Service<Request<B>>, C, B> ResponseFuture<S, C, B> {
    pub(super) const fn calling(future: S::Future, headers: ResponseHeaders) -> Self {
        Self { state: State::Calling { future, headers } }
    }

    pub(super) const fn refused(response: Response<Bytes>) -> Self {
        Self { state: State::Refused { response: Some(response) } }
    }

    pub(super) fn waiting(
        (pending, places, started): (Pending<C>, Option<Places>, Started),
        parts: Parts,
        body: B,
        inner: S,
        config: Arc<Config<C>>,
    ) -> Self {
        let step = Step::Judging(pending);
        let limit = config.max_wait.start(config.rejector.clock());
        let waiting =
            Box::new(Waiting { step, limit, places, started, parts, body, inner, config });
        Self { state: State::Waiting { waiting: Some(waiting) } }
    }
}

impl<S, C, B, R> Future for ResponseFuture<S, C, B>
where
    S: Service<Request<B>, Response = Response<R>>,
    C: DeserializeOwned + Send + Sync + 'static,
{
    type Output = Result<Response<ResponseBody<R>>, S::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let mut this = self.as_mut().project();
            let next = match this.state.as_mut().project() {
                StateProjection::Calling { future, headers } => {
                    let outcome = ready!(future.poll(cx));
                    let headers = std::mem::take(headers);
                    // A finished future may panic when it is polled again; this one does not.
                    this.state.set(State::Refused { response: None });
                    let mut response = outcome?;
                    headers.put_into(response.headers_mut());
                    return Poll::Ready(Ok(response.map(ResponseBody::inner)));
                }
                StateProjection::Refused { response } => {
                    // Polled again after it was ready: there is nothing to give, and nothing to panic for.
                    let Some(response) = response.take() else {
                        return Poll::Pending;
                    };
                    return Poll::Ready(Ok(response.map(ResponseBody::refusal)));
                }
                StateProjection::Waiting { waiting } => {
                    let Some(pending) = waiting else {
                        return Poll::Pending;
                    };
                    let outcome = ready!(pending.poll(cx));
                    // Taken out, so that the request can be moved into the call.
                    let Some(done) = waiting.take() else {
                        return Poll::Pending;
                    };
                    match outcome? {
                        Verdict::Call(headers) => (*done).call(headers),
                        Verdict::Refused(response) => State::Refused { response: Some(response) },
                    }
                }
            };
            this.state.set(next);
        }
    }
}

enum Verdict {
    /// The service is ready and the request is admitted.
    Call(ResponseHeaders),
    Refused(Response<Bytes>),
}

impl<S, C, B> Waiting<S, C, B>
where
    S: Service<Request<B>>,
    C: DeserializeOwned + Send + Sync + 'static,
{
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Verdict, S::Error>> {
        loop {
            let progress = match &mut self.step {
                Step::Readying(headers) => {
                    ready!(self.inner.poll_ready(cx))?;
                    return Poll::Ready(Ok(Verdict::Call(std::mem::take(headers))));
                }
                Step::Judging(pending) => match pending.poll(cx, &self.config, &self.parts) {
                    Poll::Ready(progress) => progress,
                    Poll::Pending => {
                        let clock = self.config.rejector.clock();
                        let detail = ready!(self.limit.poll(cx, clock));
                        Progress::Done(Err(pending.overdue(detail).into()))
                    }
                },
            };
            self.step = match progress {
                Progress::Done(Ok(pass)) => {
                    let places = self.places.as_ref();
                    let parts = &mut self.parts;
                    Step::Readying(self.config.admit(pass, places, parts, self.started))
                }
                Progress::Done(Err(refusal)) => {
                    let response = self.config.refuse(refusal, &self.parts, self.started);
                    return Poll::Ready(Ok(Verdict::Refused(response)));
                }
                Progress::Waiting(pending) => Step::Judging(pending),
            };
        }
    }

    fn call(self, headers: ResponseHeaders) -> State<S, C, B> {
        let Self { parts, body, mut inner, .. } = self;
        let future = inner.call(Request::from_parts(parts, body));
        State::Calling { future, headers }
    }
}

impl<S: Service<Request<B>>, C, B> fmt::Debug for ResponseFuture<S, C, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Calling { .. } => "calling",
            State::Refused { .. } => "refused",
            State::Waiting { .. } => "waiting",
        };
        f.debug_struct("ResponseFuture").field("state", &state).finish_non_exhaustive()
    }
}
