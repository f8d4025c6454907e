//! The tools, with tokens of a test issuer.
#![allow(clippy::unwrap_used)]

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;
use tower_jwt_auth::Verifier;
use tower_jwt_auth::testing::{TestIssuer, TestToken};

const ISSUER: &str = "https://auth.example.com";
const URL: &str = "http://127.0.0.1:3000/mcp";
const METADATA: &str = "http://127.0.0.1:3000/.well-known/oauth-protected-resource/mcp";

struct Answer {
    status: StatusCode,
    challenge: Option<String>,
    body: String,
}

fn issuer() -> TestIssuer {
    TestIssuer::hs256().issuer(ISSUER).audience(URL)
}

/// A token of RFC 9068.
fn token<'a>(issuer: &'a TestIssuer, scope: &str) -> TestToken<'a> {
    let token = issuer.token().header("typ", "at+jwt").subject("user-1").scope(scope);
    token.claim("client_id", "client-1").claim("jti", "token-1")
}

/// Sends a message to a new server.
async fn send(token: Option<TestToken<'_>>, headers: &[(&str, &str)], message: &str) -> Answer {
    let trusted = Verifier::shared_secret(issuer().secret()).issuer(ISSUER);
    let app = mcp_example::app(URL, ISSUER, trusted).unwrap();
    let mut request = Request::post(URL)
        .header("host", "127.0.0.1:3000")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {}", token.mint()));
    }
    let request = request.body(Body::from(message.to_owned())).unwrap();
    let response = app.oneshot(request).await.unwrap();
    let challenge = response.headers().get("www-authenticate");
    Answer {
        status: response.status(),
        challenge: challenge.map(|value| value.to_str().unwrap().to_owned()),
        body: String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().into())
            .unwrap(),
    }
}

fn call(tool: &str) -> String {
    let params = json!({ "name": tool, "arguments": { "item": "tea" } });
    json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params }).to_string()
}

fn text_of(answer: &Answer) -> String {
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    let text = body.pointer("/result/content/0/text").and_then(Value::as_str);
    text.unwrap_or(&answer.body).to_owned()
}

#[tokio::test]
async fn each_tool_requires_its_scope() {
    let issuer = issuer();
    for (scope, tool, text) in [
        ("orders:read", "list_orders", Some("orders: ")),
        ("orders:read", "place_order", None),
        // It implies `orders:read`.
        ("orders:write", "list_orders", Some("orders: ")),
        ("orders:write", "place_order", Some("placed: tea for user-1")),
        ("profile", "place_order", None),
    ] {
        let answer = send(Some(token(&issuer, scope)), &[], &call(tool)).await;
        let Some(text) = text else {
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{scope} {tool}");
            let challenge = format!(
                "Bearer scope=\"orders:write\", error=\"insufficient_scope\", \
                 error_description=\"The access token lacks a scope\", resource_metadata=\"{METADATA}\""
            );
            assert_eq!(answer.challenge, Some(challenge));
            continue;
        };
        assert_eq!(answer.status, StatusCode::OK, "{scope} {tool}: {}", answer.body);
        assert_eq!(text_of(&answer), text);
    }
}

#[tokio::test]
async fn a_tool_without_a_rule_requires_the_write_scope() {
    let issuer = issuer();
    let answer = send(Some(token(&issuer, "orders:read")), &[], &call("unknown")).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    // rmcp reports that the tool does not exist.
    let answer = send(Some(token(&issuer, "orders:write")), &[], &call("unknown")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert!(answer.body.contains("-32602"), "{}", answer.body);
}

#[tokio::test]
async fn methods_without_a_tool_require_only_a_token() {
    let issuer = issuer();
    let list = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
    let answer = send(Some(token(&issuer, "profile")), &[], list).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert!(answer.body.contains("place_order"));

    let answer = send(None, &[], list).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let challenge = format!("Bearer scope=\"orders:read\", resource_metadata=\"{METADATA}\"");
    assert_eq!(answer.challenge, Some(challenge));
}

#[tokio::test]
async fn a_token_for_another_resource_is_rejected() {
    let issuer = issuer();
    let tool = call("list_orders");
    let foreign = token(&issuer, "orders:read").claim("aud", "https://billing.example.com/mcp");
    let answer = send(Some(foreign), &[], &tool).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.challenge.unwrap().contains("error=\"invalid_token\""));
    assert_eq!(send(Some(token(&issuer, "orders:read")), &[], &tool).await.status, StatusCode::OK);
}

/// Requests that two parsers could read differently. The header names a tool that the token permits.
#[tokio::test]
async fn ambiguous_requests_do_not_place_an_order() {
    const NO_METHOD: &str =
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"tools/call"}}"#;
    let issuer = issuer();
    let headers = [("mcp-method", "tools/call"), ("mcp-name", "list_orders")];
    let place = call("place_order");
    let names = |first: &str, second: &str| {
        let twice = format!(r#""name":"{first}","name":"{second}""#);
        place.replace(r#""name":"place_order""#, &twice)
    };
    for (message, status) in [
        (place.clone(), StatusCode::FORBIDDEN),
        (place.replace('_', "\\u005f"), StatusCode::FORBIDDEN),
        (names("list_orders", "place_order"), StatusCode::OK),
        (names("place_order", "list_orders"), StatusCode::OK),
        (
            place.replace("{\"id\"", "{\"method\":\"ping\",\"id\""),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ),
        (format!("[{place}]"), StatusCode::UNSUPPORTED_MEDIA_TYPE),
    ] {
        let answer = send(Some(token(&issuer, "orders:read")), &headers, &message).await;
        assert_eq!(answer.status, status, "{message}: {}", answer.body);
        if status == StatusCode::OK {
            assert_eq!(answer.body, NO_METHOD, "{message}");
        }
    }
    let answer = send(Some(token(&issuer, "orders:write")), &headers, &place).await;
    assert_eq!(text_of(&answer), "placed: tea for user-1");
}

/// Since that revision, clients repeat the method and the tool in headers. rmcp compares them with the body.
#[tokio::test]
async fn the_revision_2026_07_28_works_without_initialization() {
    let issuer = issuer();
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": "place_order",
        "arguments": { "item": "tea" },
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1.0" },
            "io.modelcontextprotocol/clientCapabilities": {},
        },
    }});
    for (scope, name, status) in [
        ("orders:write", "place_order", StatusCode::OK),
        ("orders:read", "place_order", StatusCode::FORBIDDEN),
        ("orders:write", "list_orders", StatusCode::BAD_REQUEST),
        ("orders:read", "list_orders", StatusCode::FORBIDDEN),
    ] {
        let headers = [
            ("mcp-protocol-version", "2026-07-28"),
            ("mcp-method", "tools/call"),
            ("mcp-name", name),
        ];
        let answer = send(Some(token(&issuer, scope)), &headers, &message.to_string()).await;
        assert_eq!(answer.status, status, "{scope} {name}: {}", answer.body);
    }
}
