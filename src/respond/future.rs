//! The future of one request: the inner service's, or a rejection.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::Response;
use pin_project_lite::pin_project;

use super::body::ResponseBody;

pin_project! {
    /// The response of [`Require`](crate::authorize::Require): the inner service's future, or a rejection.
    ///
    /// ```
    /// use http::{Request, Response};
    /// use std::convert::Infallible;
    /// use tower::Service;
    /// use tower_jwt_auth::middleware::{Require, ResponseFuture};
    ///
    /// /// A service that wraps `Require` can name its future.
    /// fn call<S>(service: &mut Require<S>, request: Request<()>) -> ResponseFuture<S::Future>
    /// where
    ///     S: Service<Request<()>, Response = Response<String>, Error = Infallible> + Clone,
    /// {
    ///     service.call(request)
    /// }
    /// ```
    pub struct ResponseFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F> {
        Calling {
            #[pin]
            future: F,
        },
        Rejected {
            response: Option<Response<Bytes>>,
        },
    }
}

impl<F> ResponseFuture<F> {
    pub(crate) const fn calling(future: F) -> Self {
        Self { state: State::Calling { future } }
    }

    pub(crate) const fn rejected(response: Response<Bytes>) -> Self {
        Self { state: State::Rejected { response: Some(response) } }
    }

    /// For `Debug`.
    pub(crate) const fn state(&self) -> &'static str {
        match self.state {
            State::Calling { .. } => "calling",
            State::Rejected { .. } => "rejected",
        }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        match this.state.as_mut().project() {
            StateProjection::Calling { future } => {
                let outcome = ready!(future.poll(cx));
                // Drops the completed future, which may panic if it is polled again.
                this.state.set(State::Rejected { response: None });
                Poll::Ready(Ok(outcome?.map(ResponseBody::inner)))
            }
            StateProjection::Rejected { response } => match response.take() {
                Some(response) => Poll::Ready(Ok(response.map(ResponseBody::rejection))),
                // Polled again after completion.
                None => Poll::Pending,
            },
        }
    }
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").field("state", &self.state()).finish_non_exhaustive()
    }
}
