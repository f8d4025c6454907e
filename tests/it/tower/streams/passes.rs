//! Bodies that do not end early.

use std::task::Poll;

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderMap, HeaderValue, Method, Request};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Empty, Full};
use tower::Layer;
use tower_jwt_auth::{ErrorKind, JwtAuthLayer};

use super::fixture::{
    END, Sending, assert_endless, builder, good, issuer, just_before, layer, respond, serving,
};
use crate::support::ask::bearer;
use crate::support::stepped_clock::SteppedClock;

#[test]
fn the_first_frame_is_checked_unless_it_is_the_last() {
    let clock = SteppedClock::default();
    let late = |body: Full<Bytes>| {
        let service = layer(builder(&clock)).layer(serving(&[], body));
        let mut body = respond(service, good(&clock)).into_body();
        clock.advance(2 * END);
        body.frame().now_or_never().unwrap().unwrap().unwrap().into_data().unwrap()
    };
    assert_eq!(late(Full::from("whole")), "whole");

    let mut it = Sending::of(&[]);
    it.send("part");
    it.clock.advance(END);
    it.assert_error(ErrorKind::TokenExpired);
}

#[test]
fn an_empty_body_passes_unchanged() {
    let clock = SteppedClock::default();
    let service = layer(builder(&clock)).layer(serving(&[], Empty::<Bytes>::new()));
    let mut body = respond(service, good(&clock)).into_body();
    assert!(body.is_end_stream());
    assert_eq!(body.size_hint().exact(), Some(0));
    clock.advance(END);
    assert!(body.frame().now_or_never().unwrap().is_none());
    assert_eq!(clock.made(), 0);
}

#[test]
fn a_body_that_ends_in_time_is_unchanged() {
    let trailers = HeaderMap::from_iter([(
        http::HeaderName::from_static("grpc-status"),
        HeaderValue::from_static("0"),
    )]);
    let mut it = Sending::of_type("application/grpc");
    it.assert_waits();
    it.assert_passes("one");
    it.clock.advance(just_before(END));
    assert!(it.frames.send(Ok(Frame::trailers(trailers.clone()))).is_ok());
    assert_eq!(it.next().unwrap().unwrap().into_trailers().unwrap(), trailers);
    let Sending { mut body, frames, clock } = it;
    drop(frames);
    assert!(matches!(body.enter(|cx, body| body.poll_frame(cx)), Poll::Ready(None)));
    // The end of the inner body is passed on even if it comes late.
    clock.advance(END);
    assert!(matches!(body.enter(|cx, body| body.poll_frame(cx)), Poll::Ready(None)));
}

#[test]
fn an_error_of_the_inner_body_passes() {
    let mut it = Sending::of_type("text/event-stream");
    it.assert_waits();
    it.clock.advance(END);
    assert!(it.frames.send(Err("cut off")).is_ok());
    assert_eq!(it.next().unwrap().unwrap_err().to_string(), "cut off");
}

#[test]
fn size_hints_pass_through() {
    let clock = SteppedClock::default();
    let mut hint = SizeHint::new();
    hint.set_lower(3);
    hint.set_upper(9);
    let (layer, request) = (layer(builder(&clock)), good(&clock));
    let it = Sending::with(clock.clone(), &layer, request, &[], hint);
    assert_eq!((it.body.size_hint().lower(), it.body.size_hint().upper()), (3, Some(9)));
    let full = respond(layer.layer(serving(&[], Full::from("four"))), good(&clock)).into_body();
    assert_eq!((full.size_hint().exact(), full.is_end_stream()), (Some(4), false));
}

#[test]
fn without_the_setting_no_body_ends_early() {
    let clock = SteppedClock::default();
    let layer = JwtAuthLayer::new(builder(&clock).build().unwrap());
    let request = good(&clock);
    assert_endless(Sending::with(clock.clone(), &layer, request, &[], SizeHint::new()));
    assert_eq!(clock.made(), 0);
}

#[test]
fn a_token_without_expiry_does_not_end_a_body() {
    let clock = SteppedClock::default();
    let request = bearer(&issuer(&clock).token().without("exp").mint());
    let layer = layer(builder(&clock));
    assert_endless(Sending::with(clock.clone(), &layer, request, &[], SizeHint::new()));
    assert_eq!(clock.made(), 0);
}

#[test]
fn bodies_of_anonymous_requests_do_not_end_early() {
    let clock = SteppedClock::default();
    let expired = bearer(&issuer(&clock).token().expired().mint());
    for (layer, request) in [
        (layer(builder(&clock)).allow_missing_token(), Request::default()),
        (layer(builder(&clock)).allow_invalid_token(), expired),
        (layer(builder(&clock)).bypass(|_| true), good(&clock)),
    ] {
        assert_endless(Sending::with(clock.clone(), &layer, request, &[], SizeHint::new()));
    }
    assert_eq!(clock.made(), 0);
}

#[test]
fn the_response_to_head_is_not_watched() {
    let clock = SteppedClock::default();
    let mut request = good(&clock);
    *request.method_mut() = Method::HEAD;
    let layer = layer(builder(&clock));
    assert_endless(Sending::with(clock.clone(), &layer, request, &[], SizeHint::new()));
    assert_eq!(clock.made(), 0);
}

#[test]
fn rejections_have_their_whole_body() {
    let clock = SteppedClock::default();
    let service = layer(builder(&clock)).layer(serving(&[], Full::<Bytes>::default()));
    let response = respond(service, Request::default());
    assert_eq!(response.status(), 401);
    clock.advance(END);
    let body = response.into_body().collect().now_or_never().unwrap().unwrap().to_bytes();
    assert!(body.starts_with(b"{"));
}
