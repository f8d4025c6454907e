//! Extractors on a real router.

use std::any::type_name;

use axum::extract::{Extension, Request};
use axum::routing::{any, get};
use axum::{Router, body::Body};
use serde::Deserialize;
use tower_jwt_auth::ErrorKind::{self, Internal, InvalidSignature, MissingToken};
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{Claims, Identity, JwtAuthLayer, Verified, Verifier};

use crate::support::ask::{Reply, ask};

fn issuer() -> TestIssuer {
    TestIssuer::hs256()
}

fn layer() -> JwtAuthLayer {
    let verifier = Verifier::shared_secret(issuer().secret()).any_audience();
    JwtAuthLayer::new(verifier.build().unwrap())
}

#[derive(Clone, Deserialize)]
struct Mine {
    tenant: String,
}

fn layer_of_mine() -> JwtAuthLayer<Mine> {
    let verifier = Verifier::shared_secret(issuer().secret()).any_audience();
    JwtAuthLayer::new(verifier.claims().build().unwrap())
}

/// One route for each kind of extractor.
fn routes() -> Router {
    async fn verified(user: Verified) -> String {
        user.subject().unwrap_or("no subject").to_owned()
    }
    async fn mine(mine: Verified<Mine>) -> String {
        mine.tenant.clone()
    }
    async fn identity(identity: Identity) -> String {
        identity.subject().unwrap_or("no subject").to_owned()
    }
    async fn maybe_verified(user: Option<Verified>) -> String {
        format!("{:?}", user.as_ref().map(|user| user.subject()))
    }
    async fn maybe_mine(mine: Option<Verified<Mine>>) -> String {
        format!("{:?}", mine.map(|mine| mine.claims().clone().tenant))
    }
    async fn maybe_identity(identity: Option<Identity>) -> String {
        format!("{:?}", identity.as_ref().map(|it| it.subject()))
    }
    async fn extension(Extension(user): Extension<Verified>) -> String {
        user.subject().unwrap_or("no subject").to_owned()
    }
    async fn all(a: Verified, b: Identity, c: Option<Verified>, body: String) -> String {
        assert_eq!(a.subject(), b.subject());
        assert_eq!(a.subject(), c.as_ref().and_then(|c| c.subject()));
        body
    }
    Router::new()
        .route("/verified", any(verified))
        .route("/mine", get(mine))
        .route("/identity", get(identity))
        .route("/maybe-verified", get(maybe_verified))
        .route("/maybe-mine", get(maybe_mine))
        .route("/maybe-identity", get(maybe_identity))
        .route("/extension", get(extension))
        .route("/all", any(all))
        .route("/open", get(|| async { "open" }))
}

fn to(path: &str, token: Option<&str>) -> Request {
    let mut request = Request::builder().uri(path);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    request.body(Body::from("the body")).unwrap()
}

fn token() -> String {
    issuer().token().subject("ada").claim("tenant", "acme").mint()
}

const ALL: [&str; 8] = [
    "/verified",
    "/mine",
    "/identity",
    "/maybe-verified",
    "/maybe-mine",
    "/maybe-identity",
    "/extension",
    "/all",
];

/// Checks the response of each path in `ALL`.
fn check_paths(app: &Router, token: Option<&str>, expected: [Result<&str, (u16, ErrorKind)>; 8]) {
    for (path, expected) in ALL.into_iter().zip(expected) {
        let reply = ask(app.clone(), to(path, token));
        match expected {
            Ok(text) => assert_eq!((reply.status, reply.text()), (200, text), "{path}"),
            Err((status, kind)) => {
                // `Extension` belongs to axum and reports no `ErrorKind`.
                let kind = Some(kind).filter(|_| path != "/extension");
                assert_eq!(reply.verdict(), (status, kind), "{path}");
            }
        }
    }
}

#[test]
fn extractors_return_the_verified_token() {
    let wrong_type = Err((500, Internal));
    let ada = "Some(Some(\"ada\"))";
    check_paths(
        &routes().layer(layer()),
        Some(&token()),
        [Ok("ada"), wrong_type, Ok("ada"), Ok(ada), wrong_type, Ok(ada), Ok("ada"), Ok("the body")],
    );
    check_paths(
        &routes().layer(layer_of_mine()),
        Some(&token()),
        [
            wrong_type,
            Ok("acme"),
            Ok("ada"),
            wrong_type,
            Ok("Some(\"acme\")"),
            Ok(ada),
            wrong_type,
            wrong_type,
        ],
    );
}

#[test]
fn every_extractor_returns_500_without_a_layer() {
    let misconfigured = Err((500, Internal));
    for token in [None, Some(token())] {
        check_paths(&routes(), token.as_deref(), [misconfigured; 8]);
    }
    assert_eq!(ask(routes(), to("/open", None)).text(), "open");
}

#[test]
fn anonymous_requests_pass_only_optional_extractors() {
    let challenged = Err((401, MissingToken));
    check_paths(
        &routes().layer(layer().allow_missing_token()),
        None,
        [
            challenged,
            challenged,
            challenged,
            Ok("None"),
            Ok("None"),
            Ok("None"),
            Err((500, Internal)),
            challenged,
        ],
    );
    check_paths(
        &routes().layer(layer().bypass(|_| true)),
        Some(&token()),
        [
            challenged,
            challenged,
            challenged,
            Ok("None"),
            Ok("None"),
            Ok("None"),
            Err((500, Internal)),
            challenged,
        ],
    );
}

#[test]
fn extractors_and_the_layer_reject_alike() {
    let of_the_layer = ask(routes().layer(layer()), to("/verified", None));
    let app = routes().layer(layer().allow_missing_token());
    let of_the_extractor = ask(app.clone(), to("/verified", None));
    let seen = |reply: &Reply| {
        let mut headers = reply.headers.clone();
        headers.remove("content-length");
        (reply.verdict(), headers, reply.text().to_owned())
    };
    assert_eq!(of_the_layer.verdict(), (401, Some(MissingToken)));
    assert_eq!(of_the_layer.header("www-authenticate"), Some("Bearer"));
    assert_eq!(of_the_layer.header("cache-control"), Some("no-store"));
    assert_eq!(seen(&of_the_extractor), seen(&of_the_layer));

    let mut head = to("/verified", None);
    *head.method_mut() = http::Method::HEAD;
    assert!(ask(app, head).body.is_empty());
}

#[test]
fn a_missing_layer_is_named_only_in_the_error() {
    let claims = type_name::<Claims>();
    let mine = type_name::<Mine>();
    let no_layer = "the route has no JwtAuthLayer in front of it";
    let other_type =
        "the claims type of the handler is not that of the verifier in its JwtAuthLayer";
    let order = "(in axum, the layer that is added last is the outermost)";
    let without = |layer: &str, by: &str, path: &str| {
        format!("{layer} outside of the extractor {by} on `GET {path}` {order}")
    };
    let other = |wanted: &str, path: &str, found: &str| {
        format!(
            "`JwtAuthLayer<{wanted}>` for the extractor `Verified<{wanted}>` on `GET {path}`, \
             found `JwtAuthLayer<{found}>` as the innermost one"
        )
    };
    let of = |name: &str| (format!("`JwtAuthLayer<{name}>`"), format!("`Verified<{name}>`"));
    let ((for_claims, by_claims), (for_mine, by_mine)) = (of(claims), of(mine));
    let inner_mine = || routes().layer(layer_of_mine()).layer(layer());
    for (app, path, detail, expected) in [
        (routes(), "/verified", no_layer, without(&for_claims, &by_claims, "/verified")),
        (routes(), "/maybe-mine", no_layer, without(&for_mine, &by_mine, "/maybe-mine")),
        (routes(), "/identity", no_layer, without("a `JwtAuthLayer`", "`Identity`", "/identity")),
        (
            routes().layer(layer_of_mine()),
            "/verified",
            other_type,
            other(claims, "/verified", mine),
        ),
        (routes().layer(layer()), "/maybe-mine", other_type, other(mine, "/maybe-mine", claims)),
        (inner_mine(), "/verified", other_type, other(claims, "/verified", mine)),
    ] {
        let reply = ask(app, to(&format!("{path}?page=private-page"), Some(&token())));
        assert_eq!(reply.verdict(), (500, Some(Internal)));
        let error = reply.error.as_ref().unwrap();
        assert_eq!((error.detail(), error.expected()), (Some(detail), Some(&*expected)));
        for hidden in ["Layer", "Verified", path] {
            assert!(!reply.text().contains(hidden), "{}", reply.text());
        }
        assert_eq!(reply.header("www-authenticate"), None);
        assert_eq!(reply.header("cache-control"), Some("no-store"));
    }
    // The valid neighbours.
    assert_eq!(ask(routes().layer(layer()), to("/verified", Some(&token()))).status, 200);
    assert_eq!(ask(inner_mine(), to("/mine", Some(&token()))).status, 200);
}

#[test]
fn the_challenge_of_an_extractor_names_the_realm() {
    let layer = layer().realm("orders").allow_missing_token();
    let reply = ask(routes().layer(layer), to("/verified", None));
    assert_eq!(reply.verdict(), (401, Some(MissingToken)));
    assert_eq!(reply.header("www-authenticate"), Some("Bearer realm=\"orders\""));
}

#[test]
fn the_layer_protects_routers_method_routers_and_nested_routers() {
    let handler = || get(|user: Verified| async move { user.subject().unwrap_or("").to_owned() });
    let app = Router::new()
        .route("/route", handler().layer(layer()))
        .route("/open", get(|| async { "open" }))
        .nest("/nested", Router::new().route("/", handler()).layer(layer()))
        .route("/after", handler())
        .route_layer(layer().bypass(|parts| parts.uri.path() == "/open"));
    let tampered = issuer().token().mint_tampered();
    for path in ["/route", "/nested", "/after"] {
        assert_eq!(ask(app.clone(), to(path, Some(&token()))).text(), "ada", "{path}");
        let reply = ask(app.clone(), to(path, None));
        assert_eq!(reply.verdict(), (401, Some(MissingToken)), "{path}");
        let reply = ask(app.clone(), to(path, Some(&tampered)));
        assert_eq!(reply.verdict(), (401, Some(InvalidSignature)), "{path}");
    }
    assert_eq!(ask(app.clone(), to("/open", None)).text(), "open");
    // `route_layer` does not cover unknown paths; `layer` does.
    assert_eq!(ask(app.clone(), to("/nowhere", None)).status, 404);
    assert_eq!(ask(app.layer(layer()), to("/nowhere", None)).status, 401);
}
