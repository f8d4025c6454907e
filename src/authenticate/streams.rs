//! Responses that end with the token of their request.

use std::task::{Context, Poll};

use super::layer::JwtAuthLayer;
use crate::error::ErrorKind;
use crate::respond::Limit;
use crate::verify::Expiry;

impl<C> JwtAuthLayer<C> {
    /// Ends the body of a response when the token of its request has expired or is known to be revoked.
    ///
    /// Use it for event streams, gRPC server streams and long downloads. Without it, a response continues for as long
    /// as the client stays connected. For a WebSocket, use [`Verified::expired`](crate::Verified::expired).
    ///
    /// The token expires when `exp` (RFC 7519 §4.1.4) and the leeway of the issuer's policy have passed on the
    /// verifier's clock. After that, no data of the inner body is passed on, and the inner body is dropped. The
    /// `Content-Type` of the response decides how the body ends:
    ///
    /// | response | end |
    /// |---|---|
    /// | `text/event-stream` | without an error; a browser opens the stream again with the next token |
    /// | `application/grpc` | with trailers: `grpc-status: 16` (`UNAUTHENTICATED`) and `grpc-message` |
    /// | `application/grpc-web`, `application/grpc-web-text` | with the same trailers as the last message of the body |
    /// | any other, and any whose length the client knows | with an error, so that an incomplete response does not look complete: HTTP/1.1 closes the connection, HTTP/2 resets the stream |
    ///
    /// That error is an [`Error`](crate::Error) of the kind [`TokenExpired`](ErrorKind::TokenExpired) or
    /// [`TokenRevoked`](ErrorKind::TokenRevoked), with the text *the token has expired: the response ended with it* or
    /// *the token was revoked: the response ended with it*. A gRPC-Web body also ends with it where a message is
    /// incomplete.
    ///
    /// # Rules
    ///
    /// 1. Every 5 seconds, [`Revocation::revokes`](crate::revocation::Revocation::revokes) of the verifier's revocation
    ///    check is called. The lists of this crate
    ///    implement it; by default it returns `false`. [`Revocation::check`](crate::revocation::Revocation::check)
    ///    is not called again.
    /// 2. Changes of the keys or of the trusted issuers do not end a body, and neither does
    ///    [`Policy::max_age`](crate::Policy::max_age). The revocation check remains the one with which the token was
    ///    verified. A token without `exp` ends a body only if it is revoked.
    /// 3. Responses to requests without a verified token do not end early.
    /// 4. If the wall clock is set, this is noticed within a minute.
    /// 5. Data that the server has already buffered for a slow client is still sent.
    ///
    /// The timer is created when the inner body has no data for the first time, so a body that is always ready needs
    /// none. It is the timer of [`Clock::sleep_until`](crate::clock::Clock::sleep_until): with the default clock, the
    /// feature `tokio-timer` or `jwks`, and a Tokio runtime with `enable_time`. **Without a timer**, the token is
    /// checked only when the server polls the body, so that a stream without data stays open until its next data.
    ///
    /// ```
    /// # futures_util::future::FutureExt::now_or_never(async {
    /// use std::time::Duration;
    /// use bytes::Bytes;
    /// use futures_util::stream;
    /// use http::{Request, Response};
    /// use http_body::Frame;
    /// use http_body_util::{BodyExt, StreamBody};
    /// use tower::{Layer, ServiceExt, service_fn};
    /// use tower_jwt_auth::testing::{FixedClock, TestIssuer};
    /// use tower_jwt_auth::{Error, ErrorKind, JwtAuthLayer, Verifier};
    ///
    /// let clock = FixedClock::new();
    /// let issuer = TestIssuer::hs256().clock(clock.clone());
    /// let verifier =
    ///     Verifier::shared_secret(issuer.secret()).any_audience().clock(clock.clone()).build()?;
    /// let service = JwtAuthLayer::new(verifier).end_streams_at_expiry().layer(service_fn(
    ///     async |_: Request<()>| {
    ///         let endless = stream::repeat_with(|| Ok::<_, Error>(Frame::data(Bytes::from("data"))));
    ///         Ok::<_, std::convert::Infallible>(Response::new(StreamBody::new(endless)))
    ///     },
    /// ));
    ///
    /// let token = issuer.token().expires_in(Duration::from_secs(600)).mint();
    /// let request = Request::builder().header("authorization", format!("Bearer {token}")).body(())?;
    /// let mut body = service.oneshot(request).await?.into_body();
    ///
    /// clock.advance(Duration::from_secs(659)); // the leeway is 60 seconds
    /// assert!(body.frame().await.is_some_and(|frame| frame.is_ok()));
    ///
    /// clock.advance(Duration::from_secs(1));
    /// let error = body.frame().await.expect("an error").unwrap_err();
    /// let error = error.downcast_ref::<Error>().expect("an error of this crate");
    /// assert_eq!(error.kind(), ErrorKind::TokenExpired);
    /// assert!(body.frame().await.is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).expect("nothing waits")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "sse")]
    #[doc(alias = "streaming")]
    pub fn end_streams_at_expiry(self) -> Self {
        self.with(|config| config.ends_streams = true)
    }
}

impl Limit for Expiry {
    fn check(&mut self) -> Option<ErrorKind> {
        self.check()
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ErrorKind> {
        self.poll(cx)
    }
}
