//! Rules on routes, on routers, and around a whole application.

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

const IN: Verdict = (200, None);
const NOWHERE: Verdict = (404, None);
const NOT_SO: Verdict = (405, None);
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

/// With this scope, or without a token.
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
fn each_route_and_each_method_may_have_a_rule_of_its_own() {
    let app = Router::new()
        .route("/open", get(hello))
        .route("/orders", get(hello).layer(read()).post(hello).route_layer(write()))
        .route("/split", get(hello).layer(read()).merge(axum::routing::post(hello).layer(write())))
        .layer(layer());
    let (get, post) = (Method::GET, Method::POST);
    expect(
        &app,
        &[
            (get.clone(), "/open", Some("x"), IN),
            (get.clone(), "/open", None, MISSING),
            // A later layer stands around all methods that are there by then.
            (get.clone(), "/orders", Some("read write"), IN),
            (get.clone(), "/orders", Some("read"), LACKS),
            (get.clone(), "/orders", Some("write"), LACKS),
            (post.clone(), "/orders", Some("write"), IN),
            (post.clone(), "/orders", Some("read"), LACKS),
            (get.clone(), "/split", Some("read"), IN),
            (get.clone(), "/split", Some("write"), LACKS),
            (post.clone(), "/split", Some("write"), IN),
            (post.clone(), "/split", Some("read"), LACKS),
            (Method::HEAD, "/split", Some("read"), IN),
            (Method::HEAD, "/split", Some("write"), LACKS),
            (post, "/split", None, MISSING),
            (get, "/nowhere", Some("x"), NOWHERE),
        ],
    );
}

#[test]
fn a_route_layer_leaves_unknown_paths_and_methods_alone_and_a_layer_does_not() {
    let routes = || Router::new().route("/orders", get(hello));
    let (get, delete) = (Method::GET, Method::DELETE);
    // Both around known routes: what is unknown is nobody's business.
    let app = routes().route_layer(read()).route_layer(layer());
    expect(
        &app,
        &[
            (get.clone(), "/orders", Some("read"), IN),
            (get.clone(), "/orders", Some("x"), LACKS),
            (get.clone(), "/orders", None, MISSING),
            (get.clone(), "/nowhere", Some("read"), NOWHERE),
            (get.clone(), "/nowhere", Some("x"), NOWHERE),
            (get.clone(), "/nowhere", None, NOWHERE),
            (delete.clone(), "/orders", Some("read"), NOT_SO),
        ],
    );
    // The rule around known routes, the authentication around everything.
    let app = routes().route_layer(read()).layer(layer());
    expect(
        &app,
        &[
            (get.clone(), "/orders", Some("read"), IN),
            (get.clone(), "/orders", Some("x"), LACKS),
            (get.clone(), "/nowhere", Some("x"), NOWHERE),
            (get.clone(), "/nowhere", None, MISSING),
        ],
    );
    // Both around everything: who may not ask is not told what there is.
    let app = routes().layer(read()).layer(layer());
    expect(
        &app,
        &[
            (get.clone(), "/orders", Some("read"), IN),
            (get.clone(), "/orders", Some("x"), LACKS),
            (get.clone(), "/nowhere", Some("read"), NOWHERE),
            (get.clone(), "/nowhere", Some("x"), LACKS),
            (get, "/nowhere", None, MISSING),
            (delete.clone(), "/orders", Some("read"), NOT_SO),
            (delete, "/orders", Some("x"), LACKS),
        ],
    );
}

#[test]
fn routes_that_are_added_after_the_layer_are_outside_of_it() {
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
            (Method::GET, "/after", Some("x"), IN),
            // Forgotten by the authentication: refused, and not as the client's fault.
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
            (Method::GET, "/admin/users", Some("write"), IN),
            (Method::GET, "/admin/users", Some("read"), LACKS),
            (Method::GET, "/orders", Some("read"), IN),
            (Method::GET, "/orders", Some("write"), LACKS),
            (Method::GET, "/nowhere", Some("x"), NOWHERE),
            (Method::GET, "/admin//users", Some("x"), NOWHERE),
            (Method::GET, "//admin/users", Some("x"), NOWHERE),
        ],
    );
}

#[test]
fn the_handler_behind_a_rule_has_its_extractors() {
    async fn handler(user: Verified, identity: Identity, maybe: Option<Verified>) -> String {
        assert_eq!(user.subject(), identity.subject());
        assert_eq!(maybe.as_ref().and_then(|it| it.subject()), identity.subject());
        identity.scopes().collect::<Vec<_>>().join(" ")
    }
    let app = Router::new().route("/", get(handler).layer(read())).layer(layer());
    let request = to("/", &token(&json!({"scope": "read more"}))).map(Body::from);
    assert_eq!(ask(app, request).text(), "read more");
}
