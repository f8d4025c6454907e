//! The body of a response of the inner service, or of a rejection.

use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::ending::Ending;
use crate::error::BoxError;

pin_project! {
    /// The body of the inner service, or of a rejection.
    ///
    /// The inner body is passed through frame by frame. It needs `Data = Bytes`, and its error is boxed. With
    /// [`end_streams_at_expiry`](crate::JwtAuthLayer::end_streams_at_expiry), it ends with the token.
    ///
    /// ```
    /// use http_body::Body;
    /// use tower_jwt_auth::middleware::ResponseBody;
    ///
    /// fn is_a_body<B: Body>() {}
    /// is_a_body::<ResponseBody<axum::body::Body>>();
    /// ```
    #[derive(Debug)]
    pub struct ResponseBody<B> {
        #[pin]
        kind: Kind<B>,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = KindProjection]
    enum Kind<B> {
        Inner { #[pin] body: B },
        Rejection { body: Option<Bytes> },
        // Boxed, because it is rare and larger than the others.
        Ending { watched: Pin<Box<Watched<B>>> },
    }
}

impl<B> ResponseBody<B> {
    pub(crate) const fn inner(body: B) -> Self {
        Self { kind: Kind::Inner { body } }
    }

    /// Ends the inner body early.
    pub(crate) fn end_with(&mut self, ending: Ending) {
        self.kind = match mem::replace(&mut self.kind, Kind::Rejection { body: None }) {
            Kind::Inner { body } => Kind::Ending { watched: Box::pin(Watched { body, ending }) },
            other => other,
        };
    }

    pub(crate) fn rejection(body: Bytes) -> Self {
        Self { kind: Kind::Rejection { body: Some(body).filter(|body| !body.is_empty()) } }
    }
}

pin_project! {
    /// An inner body that ends early.
    #[derive(Debug)]
    struct Watched<B> {
        #[pin]
        body: B,
        ending: Ending,
    }
}

type PolledFrame = Poll<Option<Result<Frame<Bytes>, BoxError>>>;

impl<B: Body<Data = Bytes, Error: Into<BoxError>>> Watched<B> {
    /// Passes the next frame of the inner body on, unless the body must end. Also returns whether it has ended.
    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> (PolledFrame, bool) {
        let this = self.project();
        let (mut body, ending) = (this.body, this.ending);
        // Polled before the time is read, because the inner body may take long.
        let polled = body.as_mut().poll_frame(cx).map_err(Into::into);
        let ended = match &polled {
            Poll::Ready(Some(Ok(frame))) => ending.reaches(frame, || body.is_end_stream()),
            Poll::Ready(_) => None,
            Poll::Pending => match ending.poll(cx) {
                Poll::Ready(ended) => Some(ended),
                Poll::Pending => None,
            },
        };
        match ended {
            None => (polled, false),
            Some(ended) => {
                let last = ending.last(ended, body.size_hint().exact().is_some());
                (Poll::Ready(last), true)
            }
        }
    }
}

impl<B: Default> Default for ResponseBody<B> {
    fn default() -> Self {
        Self::inner(B::default())
    }
}

impl<B: Body<Data = Bytes, Error: Into<BoxError>>> Body for ResponseBody<B> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.as_mut().project().kind.project() {
            KindProjection::Inner { body } => body.poll_frame(cx).map_err(Into::into),
            KindProjection::Rejection { body } => {
                Poll::Ready(body.take().map(|bytes| Ok(Frame::data(bytes))))
            }
            KindProjection::Ending { watched } => {
                let (polled, has_ended) = watched.as_mut().poll_frame(cx);
                if has_ended {
                    // Drops the inner body.
                    self.set(Self { kind: Kind::Rejection { body: None } });
                }
                polled
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Inner { body } => body.is_end_stream(),
            Kind::Ending { watched } => watched.body.is_end_stream(),
            Kind::Rejection { body } => body.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Inner { body } => body.size_hint(),
            Kind::Ending { watched } => watched.body.size_hint(),
            Kind::Rejection { body } => {
                SizeHint::with_exact(body.as_ref().map_or(0, |body| body.len() as u64))
            }
        }
    }
}
