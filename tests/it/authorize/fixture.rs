//! The two layers, tokens for them, and the expected responses.

use http::{Method, Request};
use serde_json::{Value, json};
use tower::{Layer, service_fn};
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{Algorithm, ErrorKind, JwtAuthLayer, RequireLayer, Rule, Verified, Verifier};

use crate::support::ask::{Reply, ask, bearer, who};
use crate::support::tokens;

/// An issuer with the same time as [`layer`].
pub(super) fn issuer() -> TestIssuer {
    tokens::issuer(Algorithm::HS256)
}

pub(super) fn layer() -> JwtAuthLayer {
    JwtAuthLayer::new(verifier())
}

fn verifier() -> Verifier {
    let verifier = Verifier::shared_secret(issuer().secret()).any_audience();
    verifier.clock(FixedClock::new()).build().unwrap()
}

/// The token as [`layer`] verifies it.
pub(super) fn verified(token: &str) -> Verified {
    verifier().verify_now(token).unwrap()
}

/// A token for the subject `ada` with these claims.
pub(super) fn token(claims: &Value) -> String {
    issuer().token().subject("ada").claims(claims).mint()
}

/// A token whose payload is `exp` and these raw members.
pub(super) fn raw(members: &str) -> String {
    let comma = if members.is_empty() { "" } else { "," };
    let payload = format!("{{\"exp\":1767226500{comma}{members}}}");
    issuer().sign(tokens::header(Algorithm::HS256), payload)
}

/// A request for this path with a token.
pub(super) fn to(path: &str, token: &str) -> Request<String> {
    let mut request = bearer(token);
    *request.uri_mut() = path.parse().unwrap();
    request
}

/// Sends the request through both layers.
pub(super) fn ask_both(
    layer: &JwtAuthLayer,
    require: &RequireLayer,
    request: Request<String>,
) -> Reply {
    ask(layer.layer(require.layer(service_fn(who::<String>))), request)
}

/// The expected outcome of a request with a valid token for `ada`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Allowed,
    /// 403; the challenge names these scopes.
    Lacks(&'static str),
    /// 403; the challenge names no scope.
    Forbidden,
}

/// Checks status, challenge, body, error kind and caching.
#[track_caller]
pub(super) fn check(reply: &Reply, outcome: Outcome, at: &str) {
    let (kind, challenge, detail) = match outcome {
        Outcome::Allowed => {
            assert_eq!((reply.status, reply.text(), reply.kind()), (200, "user ada", None), "{at}");
            assert_eq!(reply.header("www-authenticate"), None, "{at}");
            assert_eq!(reply.header("cache-control"), None, "{at}");
            return;
        }
        Outcome::Lacks(scope) => (
            ErrorKind::InsufficientScope,
            format!(
                r#"Bearer scope="{scope}", error="insufficient_scope", error_description="The access token lacks a scope""#
            ),
            "The access token lacks a scope",
        ),
        Outcome::Forbidden => (
            ErrorKind::Forbidden,
            r#"Bearer error="insufficient_scope", error_description="The access token does not permit this""#.to_owned(),
            "The access token does not permit this",
        ),
    };
    assert_eq!(reply.verdict(), (403, Some(kind)), "{at}");
    assert_eq!(reply.header("www-authenticate"), Some(&*challenge), "{at}");
    assert_eq!(reply.header("cache-control"), Some("no-store"), "{at}");
    assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{at}");
    let document = json!({
        "type": "about:blank",
        "title": "Forbidden",
        "status": 403,
        "detail": detail,
        "error": "insufficient_scope",
    });
    assert_eq!(reply.json(), document, "{at}");
}

/// Checks the responses to GET and HEAD, which may differ only in the body.
#[track_caller]
pub(super) fn expect(rule: &Rule, token: &str, outcome: Outcome) {
    let at = format!("{rule:?} {}", payload(token));
    let require = RequireLayer::new(rule.clone());
    let reply = ask_both(&layer(), &require, bearer(token));
    check(&reply, outcome, &at);

    let mut head = bearer(token);
    *head.method_mut() = Method::HEAD;
    let answered = ask_both(&layer(), &require, head);
    assert_eq!(answered.verdict(), reply.verdict(), "{at}");
    if reply.status != 200 {
        assert!(answered.body.is_empty(), "{at}");
        let mut headers = answered.headers;
        let length = headers.remove("content-length").unwrap();
        assert_eq!(length.to_str().unwrap(), reply.body.len().to_string(), "{at}");
        assert_eq!(headers, reply.headers, "{at}");
    }
}

fn payload(token: &str) -> String {
    String::from_utf8(tokens::decode(tokens::parts(token)[1])).unwrap()
}
