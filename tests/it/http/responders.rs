//! Rejection bodies, and the headers that no responder can omit.

use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use serde_json::json;
use tower_jwt_auth::respond::{GrpcAware, Plain, ProblemJson, Rejection, from_fn};
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{ErrorKind, Issuer, JwtAuthLayer, Policy, Rule, Verifier};

use super::rejections::{self, rejected_request};
use crate::support::ask::{Reply, ask_layer, bearer};
use crate::support::late_keys::NoKeys;

fn asked(kind: ErrorKind, change: impl Fn(JwtAuthLayer) -> JwtAuthLayer) -> Reply {
    let (layer, request) = rejected_request(kind).unwrap();
    ask_layer(&change(layer), request)
}

#[test]
fn the_plain_responder_has_the_same_headers_and_no_body() {
    for kind in ErrorKind::ALL.iter().filter(|kind| rejected_request(**kind).is_some()) {
        let full = asked(*kind, |layer| layer);
        let plain = asked(*kind, |layer| layer.responder(Plain));
        assert_eq!(plain.verdict(), full.verdict(), "{kind}");
        assert!(plain.body.is_empty(), "{kind}");
        let mut headers = full.headers;
        headers.remove("content-type");
        assert_eq!(plain.headers, headers, "{kind}");
    }
}

#[test]
fn a_content_type_cannot_turn_a_rejection_into_success() {
    let types = ["application/grpc", "application/grpc-web", "application/grpc-web-text+proto"];
    for kind in ErrorKind::ALL.iter().filter(|kind| rejected_request(**kind).is_some()) {
        let (layer, request) = rejected_request(*kind).unwrap();
        let layer = layer.responder(GrpcAware::new());
        let asked = |method: &Method, content_type: &'static str| {
            let mut request = request.clone();
            *request.method_mut() = method.clone();
            let value = HeaderValue::from_static(content_type);
            request.headers_mut().insert("content-type", value);
            ask_layer(&layer, request)
        };
        for content_type in types {
            for method in [Method::GET, Method::HEAD, Method::OPTIONS, Method::PUT, Method::DELETE]
            {
                let reply = asked(&method, content_type);
                let expected = asked(&method, "application/json");
                assert_eq!(reply.verdict(), expected.verdict(), "{kind} {method} {content_type}");
                assert_eq!(reply.headers, expected.headers, "{kind} {method} {content_type}");
                assert!(reply.status >= 400, "{kind} {method} {content_type}");
            }
            let reply = asked(&Method::POST, content_type);
            assert_eq!(reply.verdict(), (200, Some(*kind)), "{kind} {content_type}");
            let family = content_type.trim_end_matches("+proto");
            assert!(reply.header("content-type").unwrap().starts_with(family), "{kind}");
        }
    }
}

#[test]
fn no_request_header_changes_the_status_of_a_rejection() {
    for change in [
        (|layer| layer) as fn(JwtAuthLayer) -> JwtAuthLayer,
        |layer| layer.responder(Plain),
        |layer| layer.responder(GrpcAware::new()),
    ] {
        for (name, value) in [
            ("accept", "application/grpc"),
            ("accept", "text/html"),
            ("te", "trailers"),
            ("grpc-timeout", "1S"),
            ("x-grpc-web", "1"),
            ("x-http-method-override", "POST"),
            ("x-forwarded-method", "POST"),
            ("origin", "https://a.example"),
            ("access-control-request-method", "POST"),
            ("upgrade", "websocket"),
            ("expect", "100-continue"),
        ] {
            for method in [Method::GET, Method::HEAD, Method::OPTIONS, Method::POST] {
                let (layer, mut request) = rejected_request(ErrorKind::MissingToken).unwrap();
                *request.method_mut() = method;
                request.headers_mut().insert(name, HeaderValue::from_static(value));
                let reply = ask_layer(&change(layer), request);
                assert_eq!(reply.verdict(), (401, Some(ErrorKind::MissingToken)), "{name}");
            }
        }
    }
}

#[test]
fn headers_that_a_closure_omits_are_restored() {
    let careless = |_: &Rejection<'_>, _: &Parts| Response::new(Bytes::from_static(b"no"));
    let rows = [
        (ErrorKind::MissingToken, Some("Bearer realm=\"orders\""), None),
        (
            ErrorKind::MultipleTokens,
            Some(
                "Bearer realm=\"orders\", error=\"invalid_request\", \
                 error_description=\"The request is malformed\"",
            ),
            None,
        ),
        (
            ErrorKind::InvalidAudience,
            Some(
                "Bearer realm=\"orders\", error=\"invalid_token\", \
                 error_description=\"The access token is invalid\"",
            ),
            None,
        ),
        (ErrorKind::KeysUnavailable, None, Some("7")),
        (ErrorKind::RevocationUnavailable, None, Some("1")),
    ];
    for (kind, challenge, retry_after) in rows {
        let reply = asked(kind, |layer| layer.realm("orders").responder(from_fn(careless)));
        assert_eq!(reply.text(), "no", "{kind}");
        assert_eq!(reply.header("www-authenticate"), challenge, "{kind}");
        assert_eq!(reply.header("retry-after"), retry_after, "{kind}");
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{kind}");
        assert_eq!(reply.kind(), Some(kind), "{kind}");
    }
}

#[test]
fn a_closure_receives_the_rejection_and_may_override_headers() {
    let teapot = |rejection: &Rejection<'_>, request: &Parts| {
        let mut response = rejection.response(Bytes::from(format!(
            "{} {} {:?} {} {}",
            rejection.status().as_u16(),
            rejection.error().kind(),
            rejection.error_code(),
            rejection.description(),
            request.uri.path(),
        )));
        *response.status_mut() = StatusCode::IM_A_TEAPOT;
        let headers = response.headers_mut();
        headers.insert("www-authenticate", "Teapot".parse().unwrap());
        headers.insert("cache-control", "no-store, private".parse().unwrap());
        response
    };
    let reply = asked(ErrorKind::TokenExpired, |layer| layer.responder(from_fn(teapot)));
    assert_eq!(reply.status, 418);
    assert_eq!(
        reply.text(),
        "401 token_expired Some(\"invalid_token\") The access token expired /"
    );
    assert_eq!(reply.header("www-authenticate"), Some("Teapot"));
    assert_eq!(reply.header("cache-control"), Some("no-store, private"));

    let (layer, mut request) = rejected_request(ErrorKind::TokenExpired).unwrap();
    *request.method_mut() = Method::HEAD;
    assert!(ask_layer(&layer.responder(from_fn(teapot)), request).body.is_empty());
}

#[test]
fn retry_after_is_rounded_up_to_whole_seconds() {
    for (milliseconds, expected) in
        [(0, "1"), (1, "1"), (999, "1"), (1000, "1"), (1001, "2"), (1500, "2"), (60_000, "60")]
    {
        let keys = NoKeys(Duration::from_millis(milliseconds));
        let trusted = Issuer::unnamed(keys, Policy::new().any_audience());
        let layer = JwtAuthLayer::new(Verifier::builder().trust(trusted).build().unwrap());
        let reply = ask_layer(&layer, bearer(&TestIssuer::es256().token().mint()));
        assert_eq!(reply.verdict(), (503, Some(ErrorKind::KeysUnavailable)));
        assert_eq!(reply.header("retry-after"), Some(expected), "{milliseconds} ms");
    }
}

#[test]
fn only_the_verbose_document_names_the_error_kind() {
    let rows = [
        (
            ErrorKind::InvalidAudience,
            json!({
                "type": "about:blank", "title": "Unauthorized", "status": 401,
                "detail": "The access token is invalid", "error": "invalid_token",
                "code": "invalid_audience", "reason": "the token is for another audience; expected the audience `orders`",
            }),
        ),
        (
            ErrorKind::CheckFailed,
            json!({
                "type": "about:blank", "title": "Unauthorized", "status": 401,
                "detail": "The access token is invalid", "error": "invalid_token",
                "code": "check_failed",
                "reason": "a check of the application rejected the token: not frozen",
            }),
        ),
        (
            ErrorKind::MissingToken,
            json!({
                "type": "about:blank", "title": "Unauthorized", "status": 401,
                "detail": "The request needs an access token",
                "code": "missing_token", "reason": "the request carries no token",
            }),
        ),
        (
            ErrorKind::KeysUnavailable,
            json!({
                "type": "about:blank", "title": "Service Unavailable", "status": 503,
                "detail": "The access token cannot be verified at the moment",
                "code": "keys_unavailable", "reason": "the issuer's keys are not available now",
            }),
        ),
    ];
    for (kind, body) in rows {
        let verbose = asked(kind, |layer| layer.responder(ProblemJson::new().verbose()));
        let mut document = verbose.json();
        let explanation = document.as_object_mut().unwrap().remove("explanation");
        assert_eq!(document, body, "{kind}");
        // Without a token there is nothing to explain.
        let code = explanation.as_ref().and_then(|explanation| explanation["code"].as_str());
        let expected = (kind != ErrorKind::MissingToken).then_some(kind.as_str());
        assert_eq!(code, expected, "{explanation:?}");
        assert_eq!(verbose.header("content-type"), Some("application/problem+json"));
        let quiet = asked(kind, |layer| layer.responder(ProblemJson::new()));
        assert!(!quiet.text().contains(kind.as_str()), "{kind}");
        assert_eq!(quiet.headers, verbose.headers, "{kind}");
    }
}

#[test]
fn a_challenge_without_an_error_also_names_the_scope() {
    let rule = Rule::all_scopes(["orders:read", "orders:write"]);
    let named = |layer: JwtAuthLayer| layer.realm("orders").challenge_scope(&rule);
    let swapped = |layer: JwtAuthLayer| layer.challenge_scope(&rule).realm("orders");
    for (kind, challenge) in [
        (
            ErrorKind::MissingToken,
            Some(r#"Bearer realm="orders", scope="orders:read orders:write""#),
        ),
        (
            ErrorKind::UnsupportedScheme,
            Some(r#"Bearer realm="orders", scope="orders:read orders:write""#),
        ),
        (
            ErrorKind::MalformedHeader,
            Some(
                "Bearer realm=\"orders\", error=\"invalid_request\", \
                 error_description=\"The request is malformed\"",
            ),
        ),
        (
            ErrorKind::TokenExpired,
            Some(
                "Bearer realm=\"orders\", error=\"invalid_token\", \
                 error_description=\"The access token expired\"",
            ),
        ),
        (ErrorKind::KeysUnavailable, None),
    ] {
        for reply in [asked(kind, named), asked(kind, swapped)] {
            assert_eq!(reply.header("www-authenticate"), challenge, "{kind}");
        }
    }
}

#[test]
fn the_challenge_contains_only_valid_scope_characters() {
    let rows = [
        (Rule::role("admin"), "Bearer"),
        (Rule::all_scopes(Vec::<String>::new()), "Bearer"),
        (Rule::scope("b").not().and(Rule::scope("a")), r#"Bearer scope="a""#),
        (Rule::scope("a").or(Rule::role("admin")), r#"Bearer scope="a""#),
        (Rule::scope("a\"b\\c\r\nx: d\u{e9}"), r#"Bearer scope="abcx: d""#),
        (Rule::scope("\""), "Bearer"),
    ];
    for (rule, challenge) in rows {
        let layer = rejections::layer().challenge_scope(&rule);
        let reply = ask_layer(&layer, Request::<String>::default());
        assert_eq!(reply.header("www-authenticate"), Some(challenge), "{rule:?}");
    }
}

#[test]
fn a_realm_cannot_inject_quotes_or_line_breaks() {
    let rows = [
        ("orders", r#"Bearer realm="orders""#),
        ("", r#"Bearer realm="""#),
        ("a \"b\"", r#"Bearer realm="a \"b\"""#),
        (r"a\", r#"Bearer realm="a\\""#),
        ("a\r\nset-cookie: b=c", r#"Bearer realm="aset-cookie: b=c""#),
        ("\u{0}\u{7f}b\u{e9}\t", r#"Bearer realm="b""#),
        (r#"a", error="none"#, r#"Bearer realm="a\", error=\"none""#),
    ];
    for (realm, challenge) in rows {
        let layer = rejections::layer().realm(realm);
        let reply = ask_layer(&layer, Request::<String>::default());
        assert_eq!(reply.header("www-authenticate"), Some(challenge), "{realm:?}");
    }
}
