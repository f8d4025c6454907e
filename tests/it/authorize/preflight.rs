//! CORS preflight requests, and the metadata URL in challenges.

use http::{Method, Request};
use serde_json::json;
use tower_jwt_auth::ErrorKind::{MalformedToken, MissingToken};
use tower_jwt_auth::{JwtAuthLayer, RequireLayer, Rule};

use super::fixture::{ask_both, issuer, layer, token};
use crate::support::ask::{Reply, ask_layer, bearer, request};

const ORIGIN: (&str, &str) = ("origin", "https://app.example");
const METHOD: (&str, &str) = ("access-control-request-method", "PUT");

fn asked(method: Method, fields: &[(&'static str, &'static str)]) -> Request<String> {
    let request = Request::builder().method(method).uri("/orders");
    let add = |request: http::request::Builder, it: &(&'static str, &'static str)| {
        request.header(it.0, it.1)
    };
    fields.iter().fold(request, add).body(String::new()).unwrap()
}

#[track_caller]
fn check_rejected(reply: &Reply, at: &str) {
    assert_eq!(reply.verdict(), (401, Some(MissingToken)), "{at}");
    assert_eq!(reply.header("www-authenticate"), Some("Bearer"), "{at}");
}

#[test]
fn a_preflight_needs_options_origin_and_requested_method() {
    let open = layer().allow_cors_preflight();
    let rows = [
        (Method::OPTIONS, &[ORIGIN, METHOD][..], true),
        (Method::OPTIONS, &[ORIGIN, METHOD, ("access-control-request-headers", "x")], true),
        (Method::OPTIONS, &[("origin", "null"), METHOD], true),
        (Method::OPTIONS, &[ORIGIN, METHOD, ("authorization", "Bearer a.b.c")], true),
        (Method::OPTIONS, &[ORIGIN], false),
        (Method::OPTIONS, &[METHOD], false),
        (Method::OPTIONS, &[], false),
        (Method::OPTIONS, &[ORIGIN, ("access-control-request-headers", "x")], false),
        (Method::OPTIONS, &[("x-origin", "https://app.example"), METHOD], false),
        (Method::GET, &[ORIGIN, METHOD], false),
        (Method::HEAD, &[ORIGIN, METHOD], false),
        (Method::POST, &[ORIGIN, METHOD], false),
        (Method::DELETE, &[ORIGIN, METHOD], false),
        (Method::from_bytes(b"options").unwrap(), &[ORIGIN, METHOD], false),
        (Method::from_bytes(b"OPTIONSX").unwrap(), &[ORIGIN, METHOD], false),
    ];
    for (method, fields, passes) in rows {
        let at = format!("{method} {fields:?}");
        let reply = ask_layer(&open, asked(method.clone(), fields));
        if passes {
            assert_eq!((reply.status, reply.text()), (200, "anonymous"), "{at}");
        } else {
            check_rejected(&reply, &at);
        }
        // A layer without `allow_cors_preflight` rejects it.
        let strict = ask_layer(&layer(), asked(method, fields));
        assert_eq!(strict.status, 401, "{at}");
    }
}

#[test]
fn an_options_request_with_a_body_is_not_a_preflight() {
    let open = layer().allow_cors_preflight();
    let length = |value| ("content-length", value);
    let coding = |value| ("transfer-encoding", value);
    for (fields, passes) in [
        (&[][..], true),
        (&[length("0")], true),
        (&[length("1")], false),
        (&[length("10")], false),
        (&[length("00")], false),
        (&[length("-0")], false),
        (&[length("+0")], false),
        (&[length("0x0")], false),
        (&[length("")], false),
        (&[length("0, 0")], false),
        (&[length("0"), length("0")], false),
        (&[length("0"), length("5")], false),
        (&[length("5"), length("0")], false),
        (&[coding("chunked")], false),
        (&[coding("identity")], false),
        (&[coding("")], false),
        (&[length("0"), coding("chunked")], false),
        (&[("content-type", "application/json")], true),
    ] {
        let all = [&[ORIGIN, METHOD], fields].concat();
        let reply = ask_layer(&open, asked(Method::OPTIONS, &all));
        if passes {
            assert_eq!((reply.status, reply.text()), (200, "anonymous"), "{fields:?}");
        } else {
            check_rejected(&reply, &format!("{fields:?}"));
            // It is authenticated like any other request.
            let mut good = asked(Method::OPTIONS, &all);
            let bearer = format!("Bearer {}", token(&json!({})));
            good.headers_mut().insert("authorization", bearer.parse().unwrap());
            assert_eq!(ask_layer(&open, good).text(), "user ada", "{fields:?}");
        }
    }
}

#[test]
fn other_options_requests_are_authenticated() {
    let open = layer().allow_cors_preflight();
    let mut good = bearer(&token(&json!({})));
    *good.method_mut() = Method::OPTIONS;
    assert_eq!(ask_layer(&open, good.clone()).text(), "user ada");
    good.headers_mut().insert("origin", "https://app.example".parse().unwrap());
    assert_eq!(ask_layer(&open, good.clone()).text(), "user ada");
    // A preflight is anonymous even with a token: its response must not depend on a user.
    good.headers_mut().insert("access-control-request-method", "PUT".parse().unwrap());
    assert_eq!(ask_layer(&open, good).text(), "anonymous");
    let mut bad = bearer("a.b.c");
    *bad.method_mut() = Method::OPTIONS;
    assert_eq!(ask_layer(&open, bad).verdict(), (401, Some(MalformedToken)));
}

#[test]
fn a_rule_rejects_preflight_requests() {
    let open = layer().allow_cors_preflight();
    for require in [RequireLayer::new(Rule::authenticated()), RequireLayer::role("admin")] {
        let reply = ask_both(&open, &require, asked(Method::OPTIONS, &[ORIGIN, METHOD]));
        check_rejected(&reply, &format!("{require:?}"));
    }
}

#[test]
fn every_challenge_names_the_resource_metadata() {
    let url = "https://orders.example/.well-known/oauth-protected-resource";
    let named = |layer: JwtAuthLayer| layer.resource_metadata(url);
    let expired = issuer().token().expired().mint();
    for (request, challenge) in [
        (
            request::<&str>([]),
            r#"Bearer resource_metadata="https://orders.example/.well-known/oauth-protected-resource""#,
        ),
        (
            request(["Basic YWRhOnB3"]),
            r#"Bearer resource_metadata="https://orders.example/.well-known/oauth-protected-resource""#,
        ),
        (
            request(["Bearer a b"]),
            r#"Bearer error="invalid_request", error_description="The request is malformed", resource_metadata="https://orders.example/.well-known/oauth-protected-resource""#,
        ),
        (
            bearer("a.b.c"),
            r#"Bearer error="invalid_token", error_description="The access token is invalid", resource_metadata="https://orders.example/.well-known/oauth-protected-resource""#,
        ),
        (
            bearer(&expired),
            r#"Bearer error="invalid_token", error_description="The access token expired", resource_metadata="https://orders.example/.well-known/oauth-protected-resource""#,
        ),
    ] {
        let reply = ask_layer(&named(layer()), request.clone());
        assert_eq!(reply.header("www-authenticate"), Some(challenge));
        let without = ask_layer(&layer(), request);
        assert!(!without.header("www-authenticate").unwrap().contains("resource_metadata"));
    }
    // The order of the settings does not matter; the last value counts.
    let layers = [
        named(layer()).realm("orders"),
        named(layer().realm("orders")),
        named(layer().realm("billing").resource_metadata("https://x.example")).realm("orders"),
    ];
    for layer in layers {
        let reply = ask_layer(&layer, Request::<String>::default());
        let challenge = r#"Bearer realm="orders", resource_metadata="https://orders.example/.well-known/oauth-protected-resource""#;
        assert_eq!(reply.header("www-authenticate"), Some(challenge));
    }
    let good = bearer(&token(&json!({})));
    assert_eq!(ask_layer(&named(layer()), good).header("www-authenticate"), None);
}
