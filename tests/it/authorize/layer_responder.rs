//! Rules and extractors behind a `JwtAuthLayer` reject with its responder, realm and metadata.

use axum::Router;
use axum::body::Body;
use axum::routing::any;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, Request};
use serde::Deserialize;
use serde_json::{Value, json};
use tower_jwt_auth::respond::{GrpcAware, Plain, ProblemJson, Rejection, from_fn};
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{ErrorKind, JwtAuthLayer, RequireLayer, Rule, Verified};

use super::fixture::{ask_both, layer, token};
use crate::support::ask::{Reply, ask, bearer};

/// A claims type that no layer here reads.
#[derive(Clone, Deserialize)]
struct Other;

/// What rejects the request, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    /// A rule that requires a scope.
    Scope,
    /// A rule that requires a role.
    Role,
    /// A rule that requires a stronger login.
    StepUp,
    /// A rule, for a request without a token.
    Anonymous,
    /// An extractor, for a request without a token.
    Extractor,
    /// An extractor for another claims type.
    WrongExtractor,
}

const ALL: [Cause; 6] = [
    Cause::Scope,
    Cause::Role,
    Cause::StepUp,
    Cause::Anonymous,
    Cause::Extractor,
    Cause::WrongExtractor,
];

impl Cause {
    const fn kind(self) -> ErrorKind {
        match self {
            Self::Scope => ErrorKind::InsufficientScope,
            Self::Role => ErrorKind::Forbidden,
            Self::StepUp => ErrorKind::StepUpRequired,
            Self::Anonymous | Self::Extractor => ErrorKind::MissingToken,
            Self::WrongExtractor => ErrorKind::Internal,
        }
    }

    const fn status(self) -> u16 {
        match self {
            Self::Scope | Self::Role => 403,
            Self::StepUp | Self::Anonymous | Self::Extractor => 401,
            Self::WrongExtractor => 500,
        }
    }

    fn ask(self, layer: JwtAuthLayer, content_type: Option<&'static str>) -> Reply {
        let layer = layer.allow_missing_token();
        let mut request = match self {
            Self::Anonymous | Self::Extractor => Request::new(String::new()),
            _ => bearer(&token(&json!({}))),
        };
        if let Some(it) = content_type {
            *request.method_mut() = Method::POST;
            request.headers_mut().insert("content-type", HeaderValue::from_static(it));
        }
        let require = match self {
            Self::Scope | Self::Anonymous => RequireLayer::scope("a"),
            Self::Role => RequireLayer::role("admin"),
            Self::StepUp => RequireLayer::new(Rule::authenticated())
                .authentication_context(["gold"])
                .clock(FixedClock::new()),
            Self::Extractor => {
                let app = Router::new().route("/", any(async |_: Verified| "in")).layer(layer);
                return ask(app, request.map(Body::from));
            }
            Self::WrongExtractor => {
                let handler = any(async |_: Verified<Other>| "in");
                return ask(
                    Router::new().route("/", handler).layer(layer),
                    request.map(Body::from),
                );
            }
        };
        ask_both(&layer, &require, request)
    }
}

fn expect_each(change: impl Fn(JwtAuthLayer) -> JwtAuthLayer, check: impl Fn(Cause, &Reply)) {
    for cause in ALL {
        let reply = cause.ask(change(layer()), None);
        assert_eq!(reply.verdict(), (cause.status(), Some(cause.kind())), "{cause:?}");
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{cause:?}");
        check(cause, &reply);
    }
}

#[test]
fn every_challenge_contains_realm_and_metadata() {
    let url = "https://orders.example/.well-known/oauth-protected-resource";
    expect_each(
        |layer| layer.resource_metadata(url).realm("orders"),
        |cause, reply| {
            let challenge = match cause {
                Cause::Scope => Some(
                    r#"Bearer realm="orders", scope="a", error="insufficient_scope", error_description="The access token lacks a scope", resource_metadata="https://orders.example/.well-known/oauth-protected-resource""#,
                ),
                Cause::Role => Some(
                    r#"Bearer realm="orders", error="insufficient_scope", error_description="The access token does not permit this", resource_metadata="https://orders.example/.well-known/oauth-protected-resource""#,
                ),
                Cause::StepUp => Some(
                    r#"Bearer realm="orders", error="insufficient_user_authentication", error_description="A stronger or more recent login is needed", acr_values="gold", resource_metadata="https://orders.example/.well-known/oauth-protected-resource""#,
                ),
                Cause::Anonymous => Some(
                    r#"Bearer realm="orders", scope="a", resource_metadata="https://orders.example/.well-known/oauth-protected-resource""#,
                ),
                Cause::Extractor => Some(
                    r#"Bearer realm="orders", resource_metadata="https://orders.example/.well-known/oauth-protected-resource""#,
                ),
                Cause::WrongExtractor => None,
            };
            assert_eq!(reply.header("www-authenticate"), challenge, "{cause:?}");
        },
    );
}

#[test]
fn rules_and_extractors_keep_the_verbosity_of_the_layer() {
    expect_each(
        |layer| layer.responder(ProblemJson::new().verbose()),
        |cause, reply| {
            let code = match cause {
                Cause::Scope => "insufficient_scope",
                Cause::Role => "forbidden",
                Cause::StepUp => "step_up_required",
                Cause::Anonymous | Cause::Extractor => "missing_token",
                Cause::WrongExtractor => "internal",
            };
            assert_eq!(reply.json()["code"], code, "{cause:?}");
            assert!(reply.json()["reason"].is_string(), "{cause:?}");
        },
    );
    expect_each(
        |layer| layer,
        |cause, reply| {
            let document = reply.json();
            let is_absent = |name| document.get(name).is_none_or(Value::is_null);
            assert!(is_absent("code") && is_absent("reason"), "{cause:?} {document}");
        },
    );
}

#[test]
fn the_plain_responder_sends_no_bodies() {
    expect_each(
        |layer| layer.responder(Plain),
        |cause, reply| {
            assert!(reply.body.is_empty(), "{cause:?}");
            assert_eq!(reply.header("content-type"), None, "{cause:?}");
            let is_challenged = reply.header("www-authenticate").is_some();
            assert_eq!(is_challenged, cause != Cause::WrongExtractor, "{cause:?}");
        },
    );
}

#[test]
fn a_custom_responder_answers_every_rejection_and_keeps_the_challenge() {
    let careless = |rejection: &Rejection<'_>, request: &Parts| {
        let text = format!("{} {}", rejection.error().kind(), request.uri.path());
        let mut response = http::Response::new(Bytes::from(text));
        *response.status_mut() = rejection.status();
        response.headers_mut().insert("x-mine", HeaderValue::from_static("yes"));
        response
    };
    expect_each(
        |layer| layer.realm("orders").responder(from_fn(careless)),
        |cause, reply| {
            assert_eq!(reply.text(), format!("{} /", cause.kind()), "{cause:?}");
            assert_eq!(reply.header("x-mine"), Some("yes"), "{cause:?}");
            let challenge = reply.header("www-authenticate");
            let names_realm = challenge.is_some_and(|it| it.starts_with("Bearer realm=\"orders\""));
            assert_eq!(names_realm, cause != Cause::WrongExtractor, "{cause:?} {challenge:?}");
        },
    );
}

#[test]
fn every_rejection_of_a_grpc_request_is_a_grpc_response() {
    for cause in ALL {
        let layer = || layer().realm("orders").responder(GrpcAware::new());
        let (grpc_status, message) = match cause {
            Cause::Scope => ("7", "The access token lacks a scope"),
            Cause::Role => ("7", "The access token does not permit this"),
            Cause::StepUp => ("16", "A stronger or more recent login is needed"),
            Cause::Anonymous | Cause::Extractor => ("16", "The request needs an access token"),
            Cause::WrongExtractor => ("13", "The server cannot answer this request"),
        };
        let reply = cause.ask(layer(), Some("application/grpc-web-text"));
        let family = Some("application/grpc-web-text+proto");
        assert_eq!(reply.header("content-type"), family, "{cause:?}");
        let reply = cause.ask(layer(), Some("application/grpc+proto"));
        assert_eq!(reply.verdict(), (200, Some(cause.kind())), "{cause:?}");
        assert!(reply.body.is_empty(), "{cause:?}");
        assert_eq!(reply.header("content-type"), Some("application/grpc"), "{cause:?}");
        assert_eq!(reply.header("grpc-status"), Some(grpc_status), "{cause:?}");
        assert_eq!(reply.header("grpc-message"), Some(message), "{cause:?}");
        let is_challenged = reply.header("www-authenticate").is_some();
        assert_eq!(is_challenged, cause != Cause::WrongExtractor, "{cause:?}");
        // Other requests to the same layer get HTTP responses.
        let reply = cause.ask(layer(), Some("application/json"));
        assert_eq!(reply.verdict(), (cause.status(), Some(cause.kind())), "{cause:?}");
        assert_eq!(reply.header("grpc-status"), None, "{cause:?}");
    }
}

#[test]
fn permitted_requests_pass_with_every_responder() {
    for layer in [
        layer().responder(Plain),
        layer().responder(GrpcAware::new()).realm("x"),
        layer().responder(ProblemJson::new().verbose()).allow_missing_token(),
    ] {
        let good = bearer(&token(&json!({"scope": "a"})));
        let reply = ask_both(&layer, &RequireLayer::scope("a"), good);
        assert_eq!((reply.status, reply.text()), (200, "user ada"));
    }
}
