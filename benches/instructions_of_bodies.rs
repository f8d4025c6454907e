//! Runs one case with a short response body many times, for `instructions.py`.
//!
//! Apart from `instructions`, because further cases change what the compiler inlines in those.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[allow(dead_code, reason = "other benchmarks use the rest")]
mod support {
    pub(crate) mod case;
    pub(crate) mod fixtures;
    pub(crate) mod requests;
    pub(crate) mod service;
}

use std::env;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body::Body;
use http_body_util::Empty;
use support::case::Case;
use support::fixtures::{Fixture, Kind, Typed};
use support::requests::Requests;
use support::service::bare;
use tower::{Layer, Service};
use tower_jwt_auth::{Algorithm, JwtAuthLayer};

const CALLS: u64 = 256;

fn main() {
    let mut arguments = env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let Some(name) = arguments.next() else {
        println!("usage: pass the name of a case; instructions.py does this");
        return;
    };
    let mut case = case(&name);
    case.run(64); // creates everything that is created only once
    counted(&mut case);
    println!("{CALLS}");
}

/// callgrind counts only while this function runs, and finds it by its name.
#[inline(never)]
fn counted(case: &mut Case) {
    case.run(CALLS);
}

/// An accepted request whose response is read.
fn case(name: &str) -> Case {
    let fixture = Fixture::new(Algorithm::HS256);
    let mut requests = Requests::with(&fixture.tokens(Kind::Valid));
    let layer = JwtAuthLayer::new(fixture.verifier::<Typed>());
    let layer = match name {
        "body" => layer,
        "body, ends with the token" => layer.end_streams_at_expiry(),
        other => panic!("no case {other}"),
    };
    let mut service = layer.layer(bare());
    Case::new(name, move || {
        let mut cx = Context::from_waker(Waker::noop());
        let response = pin!(service.call(requests.next::<Empty<Bytes>>()));
        let Poll::Ready(Ok(response)) = response.poll(&mut cx) else { panic!("it waits") };
        let mut body = pin!(response.into_body());
        while let Poll::Ready(Some(frame)) = body.as_mut().poll_frame(&mut cx) {
            drop(black_box(frame));
        }
    })
}
