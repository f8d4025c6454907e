//! The requests around the token: methods, forms, sizes and headers.

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};
use tower_jwt_auth::logout::BackchannelLogout;
use tower_jwt_auth::revocation::Denylist;
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{Algorithm, VerificationKey};

use super::fixture::{CLIENT, NAME, REVOKED, answer, changed, fixture, form, good, header};
use crate::support::tokens::{NOW, issuer};

#[test]
fn only_post_is_allowed() {
    let it = fixture();
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::OPTIONS, Method::DELETE] {
        let mut request = form(&it.sign(&header(), &good()));
        *request.method_mut() = method.clone();
        let response = answer(&it.logout, request);
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(response.headers()["allow"], "POST");
        assert_eq!(response.headers()["cache-control"], "no-store");
    }
    assert!(it.denied.is_empty());
}

#[test]
fn only_a_form_with_one_token_is_read() {
    let it = fixture();
    let token = it.sign(&header(), &good());
    let form = "application/x-www-form-urlencoded";
    for (content_type, body, expected) in [
        (form, format!("logout_token={token}&state=1"), StatusCode::OK),
        (form, format!("logout_token={token}&logout_token={token}"), StatusCode::BAD_REQUEST),
        (form, token.clone(), StatusCode::BAD_REQUEST),
        (form, String::new(), StatusCode::BAD_REQUEST),
        (form, "\u{fffd}=%".to_owned(), StatusCode::BAD_REQUEST),
        ("application/json", json!({"logout_token": token}).to_string(), StatusCode::BAD_REQUEST),
        ("text/plain", format!("logout_token={token}"), StatusCode::BAD_REQUEST),
    ] {
        let request = Request::post("/").header("content-type", content_type);
        let request = request.body(Full::<Bytes>::from(body.clone())).unwrap();
        let response = answer(&it.logout, request);
        assert_eq!(response.status(), expected, "{content_type} {body}");
        assert_eq!(response.headers()["cache-control"], "no-store");
    }
}

#[test]
fn a_body_is_read_up_to_the_limit() {
    let it = fixture();
    let token = it.sign(&header(), &good());
    let padded = |size: usize| {
        let start = format!("logout_token={token}&x=");
        let filler = "x".repeat(size - start.len());
        let request =
            Request::post("/").header("content-type", "application/x-www-form-urlencoded");
        request.body(Full::<Bytes>::from(start + &filler)).unwrap()
    };
    for (size, expected) in [
        (1024 * 1024, StatusCode::PAYLOAD_TOO_LARGE),
        (16 * 1024 + 1, StatusCode::PAYLOAD_TOO_LARGE),
        (16 * 1024, StatusCode::OK),
    ] {
        assert_eq!(answer(&it.logout, padded(size)).status(), expected, "{size}");
    }
    assert_eq!(it.verdict(NOW, "alice", "s"), REVOKED);
}

#[test]
fn an_error_is_json_without_the_token() {
    let it = fixture();
    let claims = changed(good(), "aud", json!("secret-audience"));
    let token = it.sign(&header(), &claims);
    let response = answer(&it.logout, form(&token));
    assert_eq!(response.headers()["content-type"], "application/json");
    let body: Value = serde_json::from_str(response.body()).unwrap();
    assert_eq!(body, json!({"error": "invalid_request", "error_description": "invalid_audience"}));
    for part in token.split('.').chain(["secret-audience", "web-app"]) {
        assert!(!response.body().contains(part));
    }
}

#[test]
fn no_body_makes_the_endpoint_panic() {
    let it = fixture();
    let token = it.sign(&header(), &good());
    for end in 0..token.len() {
        let (status, _) = it.post(&token[..end]);
        assert_eq!(status, StatusCode::BAD_REQUEST, "{end}");
    }
    for byte in 0..=255_u8 {
        let body = [b"logout_token=".as_slice(), &[byte], b"=&%", &[byte; 3]].concat();
        let request =
            Request::post("/").header("content-type", "application/x-www-form-urlencoded");
        let response = answer(&it.logout, request.body(Full::<Bytes>::from(body)).unwrap());
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{byte}");
    }
    assert!(it.denied.is_empty());
}

#[test]
fn tokens_of_every_algorithm_family_are_verified_with_listed_keys() {
    for algorithm in [Algorithm::HS256, Algorithm::RS256, Algorithm::EdDSA] {
        let issuer = issuer(algorithm).issuer(NAME);
        let denied = Denylist::new();
        let key = match algorithm {
            Algorithm::HS256 => VerificationKey::shared_secret(issuer.secret()),
            _ => VerificationKey::jwk(issuer.jwk()),
        };
        let logout = BackchannelLogout::new(NAME, key.unwrap());
        let logout = logout.client_id(CLIENT).feeds(denied.clone());
        let logout = logout.clock(FixedClock::new()).build().unwrap();
        let mut token = issuer.token().header("typ", "logout+jwt");
        for (name, value) in good().as_object().unwrap() {
            token = token.claim(name, value.clone());
        }
        assert_eq!(answer(&logout, form(&token.mint())).status(), StatusCode::OK, "{algorithm}");
        assert_eq!(denied.len(), 1);
    }
}
