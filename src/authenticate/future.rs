//! The future of one request: usually only that of the inner service.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::judge::Judged;
use super::response_headers::ResponseHeaders;
use crate::respond::{self, ResponseBody};

pin_project! {
    /// The response of [`JwtAuth`](super::JwtAuth).
    ///
    /// ```
    /// use http::Request;
    /// use tower::Service;
    /// use tower_jwt_auth::middleware::{JwtAuth, JwtAuthFuture};
    ///
    /// /// A service that wraps `JwtAuth` can name its future.
    /// type FutureOf<S, B> = <JwtAuth<S> as Service<Request<B>>>::Future;
    ///
    /// fn same<S, B>(future: FutureOf<S, B>) -> JwtAuthFuture<S, B>
    /// where
    ///     S: Service<Request<B>>,
    ///     JwtAuth<S>: Service<Request<B>, Future = JwtAuthFuture<S, B>>,
    /// {
    ///     future
    /// }
    /// ```
    pub struct JwtAuthFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        state: State<S, B>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, B>
    where
        S: Service<Request<B>>,
    {
        Answering {
            #[pin]
            future: respond::ResponseFuture<S::Future>,
            headers: ResponseHeaders,
        },
        // Boxed, because it is rare and larger than the other state.
        Waiting {
            waiting: Option<Box<Waiting<S, B>>>,
        },
    }
}

/// A request that waits for its verdict, with an unready service that holds no permit.
struct Waiting<S, B> {
    judging: BoxFuture<'static, Judged>,
    /// Set when `judging` is done. An admitted request then waits for the service.
    judged: Option<Judged>,
    body: B,
    inner: S,
}

impl<S: Service<Request<B>>, B> JwtAuthFuture<S, B> {
    pub(super) const fn calling(future: S::Future, headers: ResponseHeaders) -> Self {
        let future = respond::ResponseFuture::calling(future);
        Self { state: State::Answering { future, headers } }
    }

    pub(super) fn rejected(response: Response<Bytes>) -> Self {
        let future = respond::ResponseFuture::rejected(response);
        Self { state: State::Answering { future, headers: ResponseHeaders::default() } }
    }

    pub(super) fn waiting(judging: BoxFuture<'static, Judged>, body: B, inner: S) -> Self {
        let waiting = Box::new(Waiting { judging, judged: None, body, inner });
        Self { state: State::Waiting { waiting: Some(waiting) } }
    }
}

impl<S, B, R> Future for JwtAuthFuture<S, B>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Output = Result<Response<ResponseBody<R>>, S::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let mut this = self.as_mut().project();
            let next = match this.state.as_mut().project() {
                StateProjection::Answering { future, headers } => {
                    let mut response = ready!(future.poll(cx))?;
                    std::mem::take(headers).apply_to(&mut response);
                    return Poll::Ready(Ok(response));
                }
                StateProjection::Waiting { waiting } => {
                    // Taken so that the request can be moved into the call. `None` after an error.
                    let Some(mut it) = waiting.take() else {
                        return Poll::Pending;
                    };
                    match it.poll(cx)? {
                        Poll::Ready(Ok((parts, headers))) => {
                            let request = Request::from_parts(parts, it.body);
                            Self::calling(it.inner.call(request), headers)
                        }
                        Poll::Ready(Err(response)) => Self::rejected(response),
                        Poll::Pending => {
                            *waiting = Some(it);
                            return Poll::Pending;
                        }
                    }
                }
            };
            this.state.set(next.state);
        }
    }
}

impl<S: Service<Request<B>>, B> Waiting<S, B> {
    /// Ready when the request is rejected, or admitted and the service is ready.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Judged, S::Error>> {
        if self.judged.is_none() {
            self.judged = Some(ready!(self.judging.as_mut().poll(cx)));
        }
        if let Some(Ok(_)) = self.judged {
            ready!(self.inner.poll_ready(cx))?;
        }
        self.judged.take().map_or(Poll::Pending, |judged| Poll::Ready(Ok(judged)))
    }
}

impl<S: Service<Request<B>>, B> fmt::Debug for JwtAuthFuture<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("JwtAuthFuture");
        match &self.state {
            State::Answering { future, .. } => shown.field("state", &future.state()),
            State::Waiting { .. } => shown.field("state", &"waiting"),
        };
        shown.finish_non_exhaustive()
    }
}
