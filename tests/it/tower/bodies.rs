//! Request and response bodies pass through unchanged.

use std::convert::Infallible;
use std::marker::PhantomData;

use axum::body::Body as AxumBody;
use axum::response::IntoResponse;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use hyper::body::Incoming;
use serde::Deserialize;
use tokio_test::block_on;
use tower::{Layer, Service, ServiceExt};
use tower_http::cors::{Any, CorsLayer};
use tower_jwt_auth::error::BoxError;
use tower_jwt_auth::middleware::ResponseBody;
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{JwtAuthLayer, Verified, Verifier};

use crate::support::ask::{ask, bearer, take_apart};

fn issuer() -> TestIssuer {
    TestIssuer::hs256()
}

fn layer() -> JwtAuthLayer {
    let verifier = Verifier::shared_secret(issuer().secret()).any_audience();
    JwtAuthLayer::new(verifier.build().unwrap())
}

fn good<B>(body: B) -> Request<B> {
    bearer(&issuer().token().subject("ada").mint()).map(|_| body)
}

/// Sends a body through the layer and returns the echoed one.
async fn echo<B>(request: Request<B>) -> Result<Response<B>, Infallible> {
    Ok(Response::new(request.into_body()))
}

fn echoed<B>(body: B) -> Response<ResponseBody<B>> {
    block_on(layer().layer(tower::service_fn(echo::<B>)).oneshot(good(body))).unwrap()
}

#[test]
fn every_kind_of_body_passes_through_unchanged() {
    let text = Bytes::from_static(b"text");
    let full = echoed(Full::new(text.clone()));
    assert_eq!(block_on(take_apart(full)).text(), "text");
    let axum = echoed(AxumBody::from("text"));
    assert_eq!(block_on(take_apart(axum)).text(), "text");
    let boxed: BoxBody<Bytes, Infallible> = Full::new(text.clone()).boxed();
    assert_eq!(block_on(take_apart(echoed(boxed))).text(), "text");
    let unsync = Full::new(text).boxed_unsync();
    assert_eq!(block_on(take_apart(echoed(unsync))).text(), "text");
    let string = echoed("text".to_owned());
    assert_eq!(block_on(take_apart(string)).text(), "text");
    let empty = echoed(Empty::<Bytes>::new());
    assert_eq!(block_on(take_apart(empty)).text(), "");
}

#[test]
fn response_bodies_need_not_implement_body() {
    // Only a caller that reads the response body needs a `Body` implementation.
    let service = layer().layer(tower::service_fn(echo::<u8>));
    assert_eq!(block_on(service.oneshot(good(7))).unwrap().status(), 200);
}

#[test]
fn size_hint_and_end_come_from_the_inner_body() {
    let full = echoed(Full::new(Bytes::from_static(b"text"))).into_body();
    assert_eq!((full.size_hint().exact(), full.is_end_stream()), (Some(4), false));
    let empty = echoed(Empty::<Bytes>::new()).into_body();
    assert_eq!((empty.size_hint().exact(), empty.is_end_stream()), (Some(0), true));
    let frames = futures_util::stream::empty::<Result<Frame<Bytes>, Infallible>>();
    let stream = echoed(StreamBody::new(frames)).into_body();
    assert_eq!(stream.size_hint().exact(), None);
    assert_eq!(stream.size_hint().lower(), SizeHint::new().lower());
    assert!(!stream.is_end_stream());
}

#[test]
fn a_rejection_body_knows_its_size_and_end() {
    let service = layer().layer(tower::service_fn(echo::<String>));
    let response = block_on(service.clone().oneshot(Request::<String>::default())).unwrap();
    let mut body = response.into_body();
    let length = body.size_hint().exact().unwrap();
    assert!(length > 0 && !body.is_end_stream());
    let frame = block_on(body.frame()).unwrap().unwrap().into_data().unwrap();
    assert_eq!(frame.len() as u64, length);
    assert_eq!((body.size_hint().exact(), body.is_end_stream()), (Some(0), true));
    assert!(block_on(body.frame()).is_none());
    assert!(block_on(body.frame()).is_none());

    let head = Request::head("/").body(String::new()).unwrap();
    let body = block_on(service.oneshot(head)).unwrap().into_body();
    assert_eq!((body.size_hint().exact(), body.is_end_stream()), (Some(0), true));
}

#[test]
fn frames_and_trailers_pass_through_one_by_one() {
    let trailers = HeaderMap::from_iter([(
        http::HeaderName::from_static("grpc-status"),
        HeaderValue::from_static("0"),
    )]);
    let frames = [
        Frame::data(Bytes::from_static(b"one")),
        Frame::data(Bytes::from_static(b"two")),
        Frame::trailers(trailers.clone()),
    ];
    let stream = futures_util::stream::iter(frames.map(Ok::<_, Infallible>));
    let mut body = echoed(StreamBody::new(stream)).into_body();
    let mut next = || block_on(body.frame()).map(Result::unwrap);
    assert_eq!(next().unwrap().into_data().unwrap(), "one");
    assert_eq!(next().unwrap().into_data().unwrap(), "two");
    assert_eq!(next().unwrap().into_trailers().unwrap(), trailers);
    assert!(next().is_none());
}

#[test]
fn inner_body_errors_pass_through() {
    let frames = [Ok(Frame::data(Bytes::from_static(b"one"))), Err("cut off")];
    let mut body = echoed(StreamBody::new(futures_util::stream::iter(frames))).into_body();
    assert!(block_on(body.frame()).unwrap().is_ok());
    assert_eq!(block_on(body.frame()).unwrap().unwrap_err().to_string(), "cut off");
    // The box contains the original error, with one layer and with two.
    let io = || std::io::Error::other("cut off");
    let frames = || futures_util::stream::iter([Err::<Frame<Bytes>, _>(io())]);
    let one = echoed(StreamBody::new(frames()));
    let error = block_on(one.into_body().frame()).unwrap().unwrap_err();
    assert!(error.is::<std::io::Error>());
    let twice = layer().layer(layer().layer(tower::service_fn(echo)));
    let two = block_on(twice.oneshot(good(StreamBody::new(frames())))).unwrap();
    let error = block_on(two.into_body().frame()).unwrap().unwrap_err();
    assert!(error.is::<std::io::Error>());
}

#[test]
fn hyper_and_axum_accept_the_body_with_any_error() {
    fn by_hyper<B: Body<Data = Bytes, Error: Into<BoxError>>>(_: PhantomData<B>) {}
    fn by_axum<B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static>(_: PhantomData<B>) {
        let _: fn(Response<B>) -> axum::response::Response = Response::<B>::into_response;
    }
    macro_rules! taken {
        ($($error:ty),+) => {
            $(by_hyper(PhantomData::<ResponseBody<BoxBody<Bytes, $error>>>);
            by_axum(PhantomData::<ResponseBody<BoxBody<Bytes, $error>>>);)+
        };
    }
    taken!(Infallible, axum::Error, hyper::Error, BoxError, std::io::Error);
    by_hyper(PhantomData::<ResponseBody<Incoming>>);
    by_axum(PhantomData::<ResponseBody<AxumBody>>);
}

#[test]
fn a_hyper_incoming_body_is_supported() {
    // Other tests use real servers. This one checks that no further bound is required.
    fn takes<S: Service<Request<Incoming>, Response = Response<ResponseBody<Incoming>>>>(_: &S) {}
    takes(&layer().layer(tower::service_fn(echo::<Incoming>)));
}

#[test]
fn the_default_body_is_the_inner_default() {
    let body = ResponseBody::<Full<Bytes>>::default();
    assert_eq!((body.size_hint().exact(), body.is_end_stream()), (Some(0), true));
}

#[test]
fn outer_cors_answers_preflights_and_covers_rejections() {
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::PUT])
        .allow_headers([http::header::AUTHORIZATION])
        .expose_headers([http::header::WWW_AUTHENTICATE]);
    let service = || cors.clone().layer(layer().layer(tower::service_fn(echo::<Full<Bytes>>)));

    let preflight = Request::options("/orders")
        .header("origin", "https://app.example")
        .header("access-control-request-method", "PUT")
        .header("access-control-request-headers", "authorization")
        .body(Full::default());
    let answer = ask(service(), preflight.unwrap());
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-methods"), Some("PUT"));
    assert_eq!(answer.header("access-control-allow-headers"), Some("authorization"));
    assert_eq!(answer.header("www-authenticate"), None);

    let with_origin = |mut request: Request<Full<Bytes>>| {
        let origin = HeaderValue::from_static("https://app.example");
        request.headers_mut().insert("origin", origin);
        ask(service(), request)
    };
    for (request, status) in [(Request::default(), 401), (good(Full::default()), 200)] {
        let answer = with_origin(request);
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(answer.header("access-control-expose-headers"), Some("www-authenticate"));
        assert_eq!(answer.header("www-authenticate").is_some(), status == 401);
    }
}

/// Implements `Deserialize` and nothing else.
#[derive(Deserialize)]
struct Bare {
    tenant: String,
    #[serde(skip)]
    _neither_clone_nor_debug: std::sync::Mutex<()>,
}

#[test]
fn a_claims_type_needs_neither_clone_nor_debug() {
    let verifier = Verifier::shared_secret(issuer().secret()).any_audience();
    let layer = JwtAuthLayer::new(verifier.claims::<Bare>().build().unwrap());
    let inner = tower::service_fn(async |request: Request<String>| {
        let bare = Verified::<Bare>::of(&request).unwrap().clone();
        Ok::<_, Infallible>(Response::new(bare.tenant.clone()))
    });
    let service = layer.layer(inner);
    let reply = ask(service.clone(), bearer(&issuer().token().claim("tenant", "acme").mint()));
    assert_eq!((reply.status, reply.text()), (200, "acme"));
    // Claims that do not fit are an invalid token, not a server error.
    let reply = ask(service, bearer(&issuer().token().mint()));
    let kind = tower_jwt_auth::ErrorKind::InvalidClaims;
    assert_eq!(reply.verdict(), (401, Some(kind)));
}
