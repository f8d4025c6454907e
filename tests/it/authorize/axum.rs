//! Rules on routes, on routers and around a whole application.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::routing::{any, get};
use http::Method;
use serde_json::json;
use tower_jwt_auth::ErrorKind::{InsufficientScope, MissingToken};
use tower_jwt_auth::{ErrorKind, Identity, RequireLayer, Verified};

use super::fixture::{layer, to, token};
use crate::support::ask::ask;

type Verdict = (u16, Option<ErrorKind>);

const PERMITTED: Verdict = (200, None);
const NOT_FOUND: Verdict = (404, None);
const METHOD_NOT_ALLOWED: Verdict = (405, None);
const LACKS: Verdict = (403, Some(InsufficientScope));
const MISSING: Verdict = (401, Some(MissingToken));

fn read() -> RequireLayer {
    RequireLayer::scope("read")
}

fn write() -> RequireLayer {
    RequireLayer::scope("write")
}

async fn hello() -> &'static str {
    "hello"
}

/// The verdict for a request with this scope, or without a token.
fn asked(app: &Router, method: Method, path: &str, scope: Option<&str>) -> Verdict {
    let mut request: Request = match scope {
        Some(scope) => to(path, &token(&json!({"scope": scope}))).map(Body::from),
        None => Request::builder().uri(path).body(Body::empty()).unwrap(),
    };
    *request.method_mut() = method;
    ask(app.clone(), request).verdict()
}

#[track_caller]
fn expect(app: &Router, rows: &[(Method, &str, Option<&str>, Verdict)]) {
    for (method, path, scope, verdict) in rows {
        let got = asked(app, method.clone(), path, *scope);
        assert_eq!(got, *verdict, "{method} {path} {scope:?}");
    }
}

#[test]
fn routes_and_methods_have_separate_rules() {
    let app = Router::new()
        .route("/open", get(hello))
        .route("/orders", get(hello).layer(read()).post(hello).route_layer(write()))
        .route("/split", get(hello).layer(read()).merge(axum::routing::post(hello).layer(write())))
        .layer(layer());
    let (get, post) = (Method::GET, Method::POST);
    expect(
        &app,
        &[
            (get.clone(), "/open", Some("x"), PERMITTED),
            (get.clone(), "/open", None, MISSING),
            // A later layer wraps all methods that were added before it.
            (get.clone(), "/orders", Some("read write"), PERMITTED),
            (get.clone(), "/orders", Some("read"), LACKS),
            (get.clone(), "/orders", Some("write"), LACKS),
            (post.clone(), "/orders", Some("write"), PERMITTED),
            (post.clone(), "/orders", Some("read"), LACKS),
            (get.clone(), "/split", Some("read"), PERMITTED),
            (get.clone(), "/split", Some("write"), LACKS),
            (post.clone(), "/split", Some("write"), PERMITTED),
            (post.clone(), "/split", Some("read"), LACKS),
            (Method::HEAD, "/split", Some("read"), PERMITTED),
            (Method::HEAD, "/split", Some("write"), LACKS),
            (post, "/split", None, MISSING),
            (get, "/nowhere", Some("x"), NOT_FOUND),
        ],
    );
}

#[test]
fn only_layer_applies_to_unknown_paths_and_methods() {
    let routes = || Router::new().route("/orders", get(hello));
    let (get, delete) = (Method::GET, Method::DELETE);
    // Both around known routes: unknown paths get 404 without authentication.
    let app = routes().route_layer(read()).route_layer(layer());
    expect(
        &app,
        &[
            (get.clone(), "/orders", Some("read"), PERMITTED),
            (get.clone(), "/orders", Some("x"), LACKS),
            (get.clone(), "/orders", None, MISSING),
            (get.clone(), "/nowhere", Some("read"), NOT_FOUND),
            (get.clone(), "/nowhere", Some("x"), NOT_FOUND),
            (get.clone(), "/nowhere", None, NOT_FOUND),
            (delete.clone(), "/orders", Some("read"), METHOD_NOT_ALLOWED),
        ],
    );
    // The rule around known routes, the authentication around everything.
    let app = routes().route_layer(read()).layer(layer());
    expect(
        &app,
        &[
            (get.clone(), "/orders", Some("read"), PERMITTED),
            (get.clone(), "/orders", Some("x"), LACKS),
            (get.clone(), "/nowhere", Some("x"), NOT_FOUND),
            (get.clone(), "/nowhere", None, MISSING),
        ],
    );
    // Both around everything: only permitted requests can see a 404 or 405.
    let app = routes().layer(read()).layer(layer());
    expect(
        &app,
        &[
            (get.clone(), "/orders", Some("read"), PERMITTED),
            (get.clone(), "/orders", Some("x"), LACKS),
            (get.clone(), "/nowhere", Some("read"), NOT_FOUND),
            (get.clone(), "/nowhere", Some("x"), LACKS),
            (get, "/nowhere", None, MISSING),
            (delete.clone(), "/orders", Some("read"), METHOD_NOT_ALLOWED),
            (delete, "/orders", Some("x"), LACKS),
        ],
    );
}

#[test]
fn routes_added_after_the_layer_are_not_covered() {
    let app = Router::new()
        .route("/before", get(hello))
        .route_layer(read())
        .route("/after", get(hello))
        .layer(layer())
        .route("/outside", get(hello).layer(read()));
    expect(
        &app,
        &[
            (Method::GET, "/before", Some("x"), LACKS),
            (Method::GET, "/after", Some("x"), PERMITTED),
            // Not covered by the authentication layer: a server error, not a client error.
            (Method::GET, "/outside", Some("read"), (500, Some(ErrorKind::Internal))),
            (Method::GET, "/outside", None, (500, Some(ErrorKind::Internal))),
        ],
    );
}

#[test]
fn nested_and_merged_routers_keep_their_rules() {
    let admin = Router::new().route("/users", get(hello)).layer(write());
    let shop = Router::new().route("/orders", get(hello)).route_layer(read());
    let app = Router::new()
        .nest("/admin", admin)
        .merge(shop)
        .fallback(any(async || (http::StatusCode::NOT_FOUND, "no")))
        .layer(layer());
    expect(
        &app,
        &[
            (Method::GET, "/admin/users", Some("write"), PERMITTED),
            (Method::GET, "/admin/users", Some("read"), LACKS),
            (Method::GET, "/orders", Some("read"), PERMITTED),
            (Method::GET, "/orders", Some("write"), LACKS),
            (Method::GET, "/nowhere", Some("x"), NOT_FOUND),
            (Method::GET, "/admin//users", Some("x"), NOT_FOUND),
            (Method::GET, "//admin/users", Some("x"), NOT_FOUND),
        ],
    );
}

#[test]
fn extractors_work_behind_a_rule() {
    async fn handler(user: Verified, identity: Identity, maybe: Option<Verified>) -> String {
        assert_eq!(user.subject(), identity.subject());
        assert_eq!(maybe.as_ref().and_then(|it| it.subject()), identity.subject());
        identity.scopes().collect::<Vec<_>>().join(" ")
    }
    let app = Router::new().route("/", get(handler).layer(read())).layer(layer());
    let request = to("/", &token(&json!({"scope": "read more"}))).map(Body::from);
    assert_eq!(ask(app, request).text(), "read more");
}
