//! Whatever refuses behind a `JwtAuthLayer` does it in its manner.

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

/// Who refuses a request, and for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// A rule, for a scope.
    Scope,
    /// A rule, for a role.
    Role,
    /// A rule, for the log-in.
    StepUp,
    /// A rule, because nobody is there.
    Nobody,
    /// An extractor, because nobody is there.
    Extractor,
    /// An extractor, because it wants other claims.
    WrongExtractor,
}

const ALL: [By; 6] =
    [By::Scope, By::Role, By::StepUp, By::Nobody, By::Extractor, By::WrongExtractor];

impl By {
    const fn kind(self) -> ErrorKind {
        match self {
            Self::Scope => ErrorKind::InsufficientScope,
            Self::Role => ErrorKind::Forbidden,
            Self::StepUp => ErrorKind::StepUpRequired,
            Self::Nobody | Self::Extractor => ErrorKind::MissingToken,
            Self::WrongExtractor => ErrorKind::Internal,
        }
    }

    const fn status(self) -> u16 {
        match self {
            Self::Scope | Self::Role => 403,
            Self::StepUp | Self::Nobody | Self::Extractor => 401,
            Self::WrongExtractor => 500,
        }
    }

    fn ask(self, layer: JwtAuthLayer, content_type: Option<&'static str>) -> Reply {
        let layer = layer.allow_missing_token();
        let mut request = match self {
            Self::Nobody | Self::Extractor => Request::new(String::new()),
            _ => bearer(&token(&json!({}))),
        };
        if let Some(it) = content_type {
            *request.method_mut() = Method::POST;
            request.headers_mut().insert("content-type", HeaderValue::from_static(it));
        }
        let require = match self {
            Self::Scope | Self::Nobody => RequireLayer::scope("a"),
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

fn expect_each(change: impl Fn(JwtAuthLayer) -> JwtAuthLayer, check: impl Fn(By, &Reply)) {
    for by in ALL {
        let reply = by.ask(change(layer()), None);
        assert_eq!(reply.verdict(), (by.status(), Some(by.kind())), "{by:?}");
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{by:?}");
        check(by, &reply);
    }
}

#[test]
fn realm_and_metadata_stand_in_every_challenge() {
    let place = "https://orders.example/.well-known/oauth-protected-resource";
    expect_each(
        |layer| layer.resource_metadata(place).realm("orders"),
        |by, reply| {
            let challenge = match by {
                By::Scope => Some(
                    r#"Bearer realm="orders", scope="a", error="insufficient_scope", error_description="The access token lacks a scope", resource_metadata="https://orders.example/.well-known/oauth-protected-resource""#,
                ),
                By::Role => Some(
                    r#"Bearer realm="orders", error="insufficient_scope", error_description="The access token does not permit this", resource_metadata="https://orders.example/.well-known/oauth-protected-resource""#,
                ),
                By::StepUp => Some(
                    r#"Bearer realm="orders", error="insufficient_user_authentication", error_description="A stronger or more recent login is needed", acr_values="gold", resource_metadata="https://orders.example/.well-known/oauth-protected-resource""#,
                ),
                By::Nobody => Some(
                    r#"Bearer realm="orders", scope="a", resource_metadata="https://orders.example/.well-known/oauth-protected-resource""#,
                ),
                By::Extractor => Some(
                    r#"Bearer realm="orders", resource_metadata="https://orders.example/.well-known/oauth-protected-resource""#,
                ),
                By::WrongExtractor => None,
            };
            assert_eq!(reply.header("www-authenticate"), challenge, "{by:?}");
        },
    );
}

#[test]
fn a_verbose_document_stays_verbose_and_a_quiet_one_quiet() {
    expect_each(
        |layer| layer.responder(ProblemJson::new().verbose()),
        |by, reply| {
            let code = match by {
                By::Scope => "insufficient_scope",
                By::Role => "forbidden",
                By::StepUp => "step_up_required",
                By::Nobody | By::Extractor => "missing_token",
                By::WrongExtractor => "internal",
            };
            assert_eq!(reply.json()["code"], code, "{by:?}");
            assert!(reply.json()["reason"].is_string(), "{by:?}");
        },
    );
    expect_each(
        |layer| layer,
        |by, reply| {
            let document = reply.json();
            let is_absent = |name| document.get(name).is_none_or(Value::is_null);
            assert!(is_absent("code") && is_absent("reason"), "{by:?} {document}");
        },
    );
}

#[test]
fn a_plain_layer_has_no_bodies_anywhere() {
    expect_each(
        |layer| layer.responder(Plain),
        |by, reply| {
            assert!(reply.body.is_empty(), "{by:?}");
            assert_eq!(reply.header("content-type"), None, "{by:?}");
            let is_challenged = reply.header("www-authenticate").is_some();
            assert_eq!(is_challenged, by != By::WrongExtractor, "{by:?}");
        },
    );
}

#[test]
fn a_responder_of_your_own_answers_for_all_and_cannot_forget_the_challenge() {
    let careless = |rejection: &Rejection<'_>, request: &Parts| {
        let text = format!("{} {}", rejection.error().kind(), request.uri.path());
        let mut response = http::Response::new(Bytes::from(text));
        *response.status_mut() = rejection.status();
        response.headers_mut().insert("x-mine", HeaderValue::from_static("yes"));
        response
    };
    expect_each(
        |layer| layer.realm("orders").responder(from_fn(careless)),
        |by, reply| {
            assert_eq!(reply.text(), format!("{} /", by.kind()), "{by:?}");
            assert_eq!(reply.header("x-mine"), Some("yes"), "{by:?}");
            let challenge = reply.header("www-authenticate");
            let names_realm = challenge.is_some_and(|it| it.starts_with("Bearer realm=\"orders\""));
            assert_eq!(names_realm, by != By::WrongExtractor, "{by:?} {challenge:?}");
        },
    );
}

#[test]
fn grpc_clients_are_answered_as_such_wherever_they_are_refused() {
    for by in ALL {
        let layer = || layer().realm("orders").responder(GrpcAware::new());
        let (grpc_status, message) = match by {
            By::Scope => ("7", "The access token lacks a scope"),
            By::Role => ("7", "The access token does not permit this"),
            By::StepUp => ("16", "A stronger or more recent login is needed"),
            By::Nobody | By::Extractor => ("16", "The request needs an access token"),
            By::WrongExtractor => ("13", "The server cannot answer this request"),
        };
        let reply = by.ask(layer(), Some("application/grpc-web-text"));
        let family = Some("application/grpc-web-text+proto");
        assert_eq!(reply.header("content-type"), family, "{by:?}");
        let reply = by.ask(layer(), Some("application/grpc+proto"));
        assert_eq!(reply.verdict(), (200, Some(by.kind())), "{by:?}");
        assert!(reply.body.is_empty(), "{by:?}");
        assert_eq!(reply.header("content-type"), Some("application/grpc"), "{by:?}");
        assert_eq!(reply.header("grpc-status"), Some(grpc_status), "{by:?}");
        assert_eq!(reply.header("grpc-message"), Some(message), "{by:?}");
        let is_challenged = reply.header("www-authenticate").is_some();
        assert_eq!(is_challenged, by != By::WrongExtractor, "{by:?}");
        // Others of the same layer are not.
        let reply = by.ask(layer(), Some("application/json"));
        assert_eq!(reply.verdict(), (by.status(), Some(by.kind())), "{by:?}");
        assert_eq!(reply.header("grpc-status"), None, "{by:?}");
    }
}

#[test]
fn whoever_has_what_is_asked_for_gets_in_whatever_the_manner() {
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
