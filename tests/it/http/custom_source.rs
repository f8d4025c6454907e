//! Custom token sources, and the token as the inner service sees it.

use std::convert::Infallible;
use std::future::ready;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Request, Response};
use http_body_util::Full;
use tower::{Layer, ServiceExt};
use tower_jwt_auth::ErrorKind::{MalformedHeader, MalformedToken, MissingToken};
use tower_jwt_auth::source::{RawToken, from_fn};
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{Error, Issuer, JwtAuthLayer, Policy, Verified, Verifier};

use crate::support::ask::{ask, ask_layer, bearer};
use crate::support::late_keys::LateKeys;

fn layer() -> JwtAuthLayer {
    let verifier = Verifier::shared_secret(TestIssuer::hs256().secret()).any_audience();
    JwtAuthLayer::new(verifier.build().unwrap())
}

fn token() -> String {
    TestIssuer::hs256().token().subject("ada").mint()
}

/// Reads tokens from `X-Access-Token`.
fn forwarded(parts: &Parts) -> Result<Option<RawToken<'_>>, Error> {
    let name = HeaderName::from_static("x-access-token");
    match parts.headers.get(&name).map(HeaderValue::to_str) {
        None => Ok(None),
        Some(Ok(text)) => Ok(Some(RawToken::in_header(name, text))),
        Some(Err(_)) => Err(Error::new(MalformedHeader).with_detail("not visible ASCII")),
    }
}

#[test]
fn a_custom_source_replaces_the_header() {
    let (layer, token) = (layer().token_source(from_fn(forwarded)), token());
    let with = |name: &str, value: &[u8]| {
        let value = HeaderValue::from_bytes(value).unwrap();
        ask_layer(&layer, Request::builder().header(name, value).body(String::new()).unwrap())
    };
    assert_eq!(with("x-access-token", token.as_bytes()).text(), "user ada");
    for (name, value, expected) in [
        ("authorization", format!("Bearer {token}").as_bytes(), (401, Some(MissingToken))),
        ("x-access-token", b"a.b.c", (401, Some(MalformedToken))),
        ("x-access-token", b"a.b.\xff", (400, Some(MalformedHeader))),
    ] {
        assert_eq!(with(name, value).verdict(), expected, "{name}");
    }
}

/// An accepted request as the inner service sees it.
fn seen_by_the_inner_service(layer: &JwtAuthLayer, request: Request<String>) -> Parts {
    let seen = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&seen);
    let inner = tower::service_fn(move |request: Request<String>| {
        *keep.lock().unwrap() = Some(request.into_parts().0);
        ready(Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())))
    });
    assert_eq!(ask(layer.layer(inner), request).status, 200);
    let parts = seen.lock().unwrap().take();
    parts.unwrap()
}

#[test]
fn the_token_field_is_marked_sensitive() {
    let token = token();
    let mut asked = bearer(&token);
    asked.headers_mut().insert("accept", HeaderValue::from_static("text/plain"));
    let parts = seen_by_the_inner_service(&layer(), asked);
    assert_eq!(parts.headers["authorization"], format!("Bearer {token}"));
    assert!(parts.headers["authorization"].is_sensitive());
    assert!(!parts.headers["accept"].is_sensitive());
    assert!(!format!("{parts:?}").contains(&token));
    let verified: &Verified = Verified::in_extensions(&parts.extensions).unwrap();
    assert_eq!(verified.subject(), Some("ada"));

    let layer = layer().token_source(from_fn(forwarded));
    let asked = Request::builder().header("x-access-token", &token);
    let parts = seen_by_the_inner_service(&layer, asked.body(String::new()).unwrap());
    assert!(parts.headers["x-access-token"].is_sensitive());
}

#[test]
fn the_token_field_is_sensitive_after_waiting_for_keys() {
    let (keys, issuer) = (LateKeys::default(), TestIssuer::es256());
    let policy = Policy::new().any_audience();
    let trusted = Issuer::unnamed(keys.clone(), policy);
    let layer = JwtAuthLayer::new(Verifier::builder().trust(trusted).build().unwrap());
    let inner = tower::service_fn(|request: Request<String>| {
        let hidden = request.headers()["authorization"].is_sensitive();
        let response = Response::builder().header("x-hidden", hidden.to_string());
        ready(response.body(Full::<Bytes>::default()))
    });
    let asked = bearer(&issuer.token().mint());
    let asked = layer.layer(inner).oneshot(asked);
    let mut asked = tokio_test::task::spawn(asked);
    tokio_test::assert_pending!(asked.poll());
    keys.arrive(&issuer.jwks());
    assert!(asked.is_woken());
    let response = tokio_test::assert_ready_ok!(asked.poll());
    assert_eq!(response.headers()["x-hidden"], "true");
}
