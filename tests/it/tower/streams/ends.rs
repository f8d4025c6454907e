//! How a body ends.

use std::task::Poll;

use bytes::Bytes;
use futures_util::FutureExt;
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, StreamBody};
use tokio::sync::mpsc::unbounded_channel;
use tokio_test::{assert_pending, task};
use tower::Layer;
use tower_jwt_auth::{Claims, Error, ErrorKind, JwtAuthLayer, RequireLayer};

use super::fixture::{
    END, LIFETIME, Scripted, Sending, builder, good, issuer, layer, respond, serving,
};
use crate::support::ask::bearer;
use crate::support::stepped_clock::SteppedClock;

#[test]
fn an_event_stream_ends_without_an_error() {
    for content_type in ["text/event-stream", "Text/Event-Stream ; charset=utf-8"] {
        let mut it = Sending::of_type(content_type);
        it.reach_end();
        assert!(it.next().is_none());
        it.assert_over();
    }
}

#[test]
fn a_grpc_stream_ends_with_unauthenticated_trailers() {
    for content_type in ["application/grpc", "application/grpc+proto", "application/grpc+json"] {
        let mut it = Sending::of_type(content_type);
        it.reach_end();
        let trailers = it.next().unwrap().unwrap().into_trailers().unwrap();
        assert_eq!(trailers["grpc-status"], "16");
        assert_eq!(trailers["grpc-message"], "The access token expired");
        assert_eq!(trailers.len(), 2);
        it.assert_over();
    }
}

/// The trailers of gRPC-Web: the flag, the length, and the header block.
const WEB_TRAILERS: &[u8] =
    b"\x80\0\0\0\x37grpc-status:16\r\ngrpc-message:The access token expired\r\n";
const WEB_TEXT_TRAILERS: &str =
    "gAAAADdncnBjLXN0YXR1czoxNg0KZ3JwYy1tZXNzYWdlOlRoZSBhY2Nlc3MgdG9rZW4gZXhwaXJlZA0K";
/// A message of four bytes.
const WEB_MESSAGE: &[u8] = b"\0\0\0\0\x04data";

#[test]
fn a_grpc_web_stream_ends_with_a_message_of_trailers() {
    for content_type in ["application/grpc-web", "application/grpc-web+proto"] {
        let mut it = Sending::of_type(content_type);
        it.assert_passes(WEB_MESSAGE);
        it.assert_waits();
        it.clock.advance(END);
        assert_eq!(it.last_data(), WEB_TRAILERS);
    }
}

#[test]
fn a_grpc_web_text_stream_ends_with_trailers_in_base64() {
    let mut it = Sending::of_type("application/grpc-web-text+proto");
    it.assert_passes("AAAAAARkYXRh");
    it.assert_waits();
    it.clock.advance(END);
    assert_eq!(it.last_data(), WEB_TEXT_TRAILERS);
}

#[test]
fn an_incomplete_grpc_web_message_ends_with_an_error() {
    for (content_type, part) in [
        ("application/grpc-web", &WEB_MESSAGE[..8]),
        ("application/grpc-web", &WEB_MESSAGE[..3]),
        ("application/grpc-web-text", b"AAAAAARk"),
        ("application/grpc-web-text", b"AAAAAARkYX"),
        ("application/grpc-web-text", b"AAAAAA=="),
    ] {
        let mut it = Sending::of_type(content_type);
        it.assert_passes(part);
        it.assert_waits();
        it.clock.advance(END);
        it.assert_error(ErrorKind::TokenExpired);
    }
    // A message in two parts is complete.
    let mut it = Sending::of_type("application/grpc-web");
    it.assert_passes(&WEB_MESSAGE[..8]);
    it.assert_passes(&WEB_MESSAGE[8..]);
    it.clock.advance(END);
    assert_eq!(it.last_data(), WEB_TRAILERS);
}

#[test]
fn an_encoded_grpc_web_body_ends_with_an_error() {
    for content_type in ["application/grpc-web", "application/grpc-web-text"] {
        let mut it = Sending::of(&[("content-type", content_type), ("content-encoding", "gzip")]);
        it.clock.advance(END);
        it.assert_error(ErrorKind::TokenExpired);
    }
}

#[test]
fn every_other_body_ends_with_an_error() {
    for content_type in [
        "application/octet-stream",
        "application/json",
        "application/grpcfoo",
        "application/grpc-web-other",
        "text/event-stream-2",
        "text/plain; x=text/event-stream",
    ] {
        let mut it = Sending::of_type(content_type);
        it.reach_end();
        it.assert_error(ErrorKind::TokenExpired);
    }
    let mut it = Sending::of(&[]);
    it.reach_end();
    let error = it.next().unwrap().unwrap_err();
    assert_eq!(error.to_string(), "the token has expired: the response ended with it");
}

#[test]
fn a_body_of_known_length_ends_with_an_error() {
    for content_type in ["text/event-stream", "application/grpc", "application/grpc-web"] {
        let headers = [("content-type", content_type), ("content-length", "1000")];
        let mut it = Sending::of(&headers);
        it.reach_end();
        it.assert_error(ErrorKind::TokenExpired);

        let clock = SteppedClock::default();
        let (layer, request) = (layer(builder(&clock)), good(&clock));
        let hint = SizeHint::with_exact(1000);
        let mut it = Sending::with(clock, &layer, request, &headers[..1], hint);
        assert_eq!(it.body.size_hint().exact(), Some(1000));
        it.reach_end();
        it.assert_error(ErrorKind::TokenExpired);
    }
}

#[test]
fn other_layers_around_and_inside_change_nothing() {
    let clock = SteppedClock::default();
    let (frames, receiver) = unbounded_channel::<Result<Frame<Bytes>, &'static str>>();
    let endless = serving(&[], Scripted(receiver, SizeHint::new()));
    let inside = RequireLayer::scope("read").layer(endless);
    let around = layer(builder(&clock)).layer(layer(builder(&clock)).layer(inside));
    let token = issuer(&clock).token().scope("read").expires_in(LIFETIME).mint();
    let mut body = task::spawn(respond(around, bearer(&token)).into_body());
    assert_pending!(body.enter(|cx, body| body.poll_frame(cx)));
    clock.advance(END);
    let Poll::Ready(Some(Err(error))) = body.enter(|cx, body| body.poll_frame(cx)) else {
        panic!("the body goes on");
    };
    assert_eq!(error.downcast_ref::<Error>().map(Error::kind), Some(ErrorKind::TokenExpired));
    assert!(frames.is_closed());
}

#[test]
fn streams_of_every_kind_of_body_and_claims_end() {
    let clock = SteppedClock::default();
    let forever = || {
        let data = || Ok::<_, std::io::Error>(Frame::data(Bytes::from_static(b"data")));
        futures_util::stream::repeat_with(data)
    };
    let verifier = builder(&clock).claims::<serde_json::Value>().build().unwrap();
    let values = JwtAuthLayer::new(verifier).end_streams_at_expiry();
    let typed = builder(&clock).claims::<Claims>().build().unwrap();
    let claims = JwtAuthLayer::new(typed).end_streams_at_expiry();
    let boxed = StreamBody::new(forever()).boxed_unsync();
    let axum = axum::body::Body::new(StreamBody::new(forever()));
    let mut one = respond(values.layer(serving(&[], boxed)), good(&clock)).into_body();
    let mut two = respond(claims.layer(serving(&[], axum)), good(&clock)).into_body();
    assert!(one.frame().now_or_never().unwrap().unwrap().is_ok());
    assert!(two.frame().now_or_never().unwrap().unwrap().is_ok());
    clock.advance(END);
    assert!(one.frame().now_or_never().unwrap().unwrap().is_err());
    assert!(two.frame().now_or_never().unwrap().unwrap().is_err());
    assert!(one.frame().now_or_never().unwrap().is_none());
}
