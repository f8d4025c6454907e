//! Responses that the tests send frame by frame.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderValue, Request, Response};
use http_body::{Body, Frame, SizeHint};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_test::{assert_pending, task};
use tower::{Layer, Service, ServiceExt};
use tower_jwt_auth::clock::Clock;
use tower_jwt_auth::error::BoxError;
use tower_jwt_auth::middleware::ResponseBody;
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{Error, ErrorKind, JwtAuthLayer, Verifier, VerifierBuilder};

use crate::support::ask::bearer;
use crate::support::stepped_clock::SteppedClock;

pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const NANOSECOND: Duration = Duration::from_nanos(1);
pub(super) const LIFETIME: Duration = Duration::from_secs(600);
/// The lifetime and the default leeway.
pub(super) const END: Duration = Duration::from_secs(660);

/// The time one nanosecond earlier.
pub(super) const fn just_before(time: Duration) -> Duration {
    time.saturating_sub(NANOSECOND)
}

/// A body whose frames the test sends.
pub(super) struct Scripted(
    pub(super) UnboundedReceiver<Result<Frame<Bytes>, &'static str>>,
    pub(super) SizeHint,
);

impl Body for Scripted {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.0.poll_recv(cx).map_err(Into::into)
    }

    fn size_hint(&self) -> SizeHint {
        self.1
    }
}

/// Responds with one body, and these headers.
pub(super) fn serving<B>(
    headers: &[(&'static str, &'static str)],
    body: B,
) -> impl Service<Request<String>, Response = Response<B>, Error = Infallible, Future: Send> + Clone
where
    B: Send + 'static,
{
    let mut response = Response::new(body);
    for (name, value) in headers {
        response.headers_mut().insert(*name, HeaderValue::from_static(value));
    }
    let response = Arc::new(Mutex::new(Some(response)));
    tower::service_fn(move |_: Request<String>| {
        let response = response.lock().unwrap().take().expect("asked once");
        async { Ok(response) }
    })
}

pub(super) fn issuer<K: Clock + Clone>(clock: &K) -> TestIssuer {
    TestIssuer::hs256().clock(clock.clone())
}

pub(super) fn builder<K: Clock + Clone>(clock: &K) -> VerifierBuilder {
    let builder = Verifier::shared_secret(issuer(clock).secret()).any_audience();
    builder.clock(clock.clone()).allow_missing_expiry()
}

pub(super) fn layer(builder: VerifierBuilder) -> JwtAuthLayer {
    JwtAuthLayer::new(builder.build().unwrap()).end_streams_at_expiry()
}

pub(super) fn good<K: Clock + Clone>(clock: &K) -> Request<String> {
    bearer(&issuer(clock).token().expires_in(LIFETIME).mint())
}

/// The response to a request, whose verdict may come later.
pub(super) fn respond<S, B>(service: S, request: Request<String>) -> Response<B>
where
    S: Service<Request<String>, Response = Response<B>, Error = Infallible>,
{
    service.oneshot(request).now_or_never().expect("ready at once").unwrap()
}

/// A response that is being sent.
pub(super) struct Sending<K = SteppedClock> {
    pub(super) clock: K,
    pub(super) frames: UnboundedSender<Result<Frame<Bytes>, &'static str>>,
    pub(super) body: task::Spawn<ResponseBody<Scripted>>,
}

pub(super) type Polled = Poll<Option<Result<Frame<Bytes>, BoxError>>>;

impl Sending {
    pub(super) fn of(headers: &[(&'static str, &'static str)]) -> Self {
        let clock = SteppedClock::default();
        let (layer, request) = (layer(builder(&clock)), good(&clock));
        Self::with(clock, &layer, request, headers, SizeHint::new())
    }

    pub(super) fn of_type(content_type: &'static str) -> Self {
        Self::of(&[("content-type", content_type)])
    }
}

impl<K: Clock + Clone> Sending<K> {
    pub(super) fn with(
        clock: K,
        layer: &JwtAuthLayer,
        request: Request<String>,
        headers: &[(&'static str, &'static str)],
        hint: SizeHint,
    ) -> Self {
        let (frames, receiver) = unbounded_channel();
        let service = layer.layer(serving(headers, Scripted(receiver, hint)));
        let body = task::spawn(respond(service, request).into_body());
        Self { clock, frames, body }
    }

    pub(super) fn poll(&mut self) -> Polled {
        self.body.enter(|cx, body| body.poll_frame(cx))
    }

    pub(super) fn send(&self, data: impl Into<Bytes>) {
        assert!(self.frames.send(Ok(Frame::data(data.into()))).is_ok());
    }

    /// The next frame, which is ready.
    pub(super) fn next(&mut self) -> Option<Result<Frame<Bytes>, BoxError>> {
        let Poll::Ready(next) = self.poll() else { panic!("the body waits") };
        next
    }

    /// Sends data, and asserts that it arrives.
    #[track_caller]
    pub(super) fn assert_passes(&mut self, data: impl Into<Bytes>) {
        let data = data.into();
        self.send(data.clone());
        assert_eq!(self.next().unwrap().unwrap().into_data().unwrap(), data);
    }

    #[track_caller]
    pub(super) fn assert_waits(&mut self) {
        assert_pending!(self.poll());
        assert!(!self.frames.is_closed());
    }

    /// The last data.
    #[track_caller]
    pub(super) fn last_data(&mut self) -> Bytes {
        let last = self.next().unwrap().unwrap().into_data().unwrap();
        self.assert_over();
        last
    }

    /// Asserts that the body ends now with an error of this kind.
    #[track_caller]
    pub(super) fn assert_error(&mut self, kind: ErrorKind) {
        let error = self.next().unwrap().unwrap_err();
        assert_eq!(error.downcast_ref::<Error>().unwrap().kind(), kind);
        self.assert_over();
    }

    /// Asserts that nothing follows, and that the inner body was dropped.
    #[track_caller]
    pub(super) fn assert_over(&mut self) {
        assert!(self.body.is_end_stream());
        assert_eq!(self.body.size_hint().exact(), Some(0));
        assert!(self.frames.is_closed());
        assert!(self.next().is_none());
        assert!(self.next().is_none());
    }
}

impl Sending {
    /// Sends data until just before the end, and then passes the end. The body is woken.
    #[track_caller]
    pub(super) fn reach_end(&mut self) {
        self.assert_waits();
        for _ in 0..6 {
            self.clock.advance(SECOND * 100);
            self.assert_passes("data");
            self.assert_waits();
        }
        self.clock.advance(just_before(SECOND * 60));
        self.assert_waits();
        self.clock.advance(NANOSECOND);
        assert!(self.body.is_woken());
    }
}

/// Asserts that the body never ends early.
pub(super) fn assert_endless(mut it: Sending) {
    for _ in 0..50 {
        it.assert_waits();
        it.clock.advance(END);
        it.assert_passes("data");
    }
}
