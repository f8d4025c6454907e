//! Credentials that are not JWTs, which an inner layer of the application judges.

use std::sync::{Arc, Mutex};

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Router, body::Body};
use tower_jwt_auth::ErrorKind::{self, InvalidSignature, MalformedToken, MissingToken};
use tower_jwt_auth::observe::Event;
use tower_jwt_auth::source::CookieToken;
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{
    Anonymous, Identity, JwtAuthLayer, RequireLayer, Rule, Unjudged, Verified, Verifier,
};

use crate::support::ask::{Reply, ask};
use crate::support::tokens::encode;

const KEY: &str = "sk_7h5q3c";
const REJECTED: (u16, Option<ErrorKind>) = (401, Some(MissingToken));
const OK: (u16, Option<ErrorKind>) = (200, None);

fn issuer() -> TestIssuer {
    TestIssuer::hs256()
}

fn verifier() -> Verifier {
    Verifier::shared_secret(issuer().secret()).any_audience().build().unwrap()
}

fn layer() -> JwtAuthLayer {
    JwtAuthLayer::new(verifier()).allow_non_jwt(|credential| credential.starts_with("sk_"))
}

/// Accepts one key.
async fn api_keys(mut request: Request, next: Next) -> Response {
    if let Some(unjudged) = Unjudged::of(&request).cloned()
        && unjudged.credential() == KEY
    {
        let identity = Identity::external("api-key", "service-7", &["orders:read", "orders:list"]);
        unjudged.accept(identity, request.extensions_mut());
    }
    next.run(request).await
}

/// A route for each way to read the identity.
fn routes() -> Router {
    let requires = |rule| get(async || "passed").route_layer(RequireLayer::new(rule));
    Router::new()
        .route("/verified", get(async |user: Verified| user.subject().unwrap().to_owned()))
        .route("/identity", get(async |user: Identity| user.subject().unwrap().to_owned()))
        .route("/maybe", get(async |user: Option<Verified>| format!("{}", user.is_some())))
        .route("/maybe-identity", get(async |user: Option<Identity>| format!("{}", user.is_some())))
        .route("/nothing", get(async || "passed"))
        .route("/redirect", get(async || axum::response::Redirect::to("/login")))
        .route("/failure", get(async || (http::StatusCode::CONFLICT, "taken")))
        .route("/read", requires(Rule::scope("orders:read")))
        .route("/write", requires(Rule::scope("orders:write")))
        .route("/anyone", requires(Rule::authenticated()))
        .route("/users/{id}", requires(Rule::owner_in_path("/users/{id}").unwrap()))
}

fn send(app: &Router, path: &str, credential: &str) -> Reply {
    let request = Request::get(path).header("authorization", format!("Bearer {credential}"));
    ask(app.clone(), request.body(Body::empty()).unwrap())
}

const PATHS: [&str; 9] = [
    "/verified",
    "/identity",
    "/maybe",
    "/maybe-identity",
    "/nothing",
    "/redirect",
    "/read",
    "/anyone",
    "/users/service-7",
];

#[test]
fn a_credential_that_no_layer_accepts_is_rejected_everywhere() {
    let alone = routes().route_layer(layer());
    let with_keys = routes().route_layer(from_fn(api_keys)).route_layer(layer());
    for path in PATHS {
        for (app, credential) in [(&alone, KEY), (&with_keys, "sk_another")] {
            let reply = send(app, path, credential);
            assert_eq!(reply.verdict(), REJECTED, "{path} {credential}");
            let scope = if path == "/read" { " scope=\"orders:read\"" } else { "" };
            assert_eq!(
                reply.header("www-authenticate"),
                Some(&*format!("Bearer{scope}")),
                "{path}"
            );
            assert_eq!(reply.header("cache-control"), Some("no-store"), "{path}");
        }
    }
    // An error of the inner service stays.
    assert_eq!(send(&alone, "/failure", KEY).status, 409);
}

#[test]
fn an_accepted_credential_is_an_identity() {
    let app = routes().route_layer(from_fn(api_keys)).route_layer(layer());
    for (path, verdict, text) in [
        ("/identity", OK, "service-7"),
        ("/maybe-identity", OK, "true"),
        // There is no JWT, and so there are no claims.
        ("/verified", REJECTED, ""),
        ("/maybe", OK, "false"),
        ("/nothing", OK, "passed"),
        ("/read", OK, "passed"),
        ("/write", (403, Some(ErrorKind::InsufficientScope)), ""),
        ("/anyone", OK, "passed"),
        ("/users/service-7", OK, "passed"),
        ("/users/service-8", (403, Some(ErrorKind::Forbidden)), ""),
    ] {
        let reply = send(&app, path, KEY);
        assert_eq!(reply.verdict(), verdict, "{path}");
        assert!(verdict != OK || reply.text() == text, "{path}: {}", reply.text());
    }
    assert_eq!(send(&app, "/redirect", KEY).status, 303);
    let narrow = send(&app, "/write", KEY);
    assert!(narrow.header("www-authenticate").unwrap().contains("scope=\"orders:write\""));
}

#[test]
fn a_jwt_is_never_left_to_an_inner_layer() {
    let everything = JwtAuthLayer::new(verifier()).allow_non_jwt(|_| true);
    let seen = async |request: Request| match Unjudged::of(&request) {
        Some(_) => (http::StatusCode::IM_A_TEAPOT, "left").into_response(),
        None => "judged".into_response(),
    };
    let app = Router::new().route("/", get(seen)).route_layer(everything);
    let jwt = issuer().token().mint();
    let tampered = issuer().token().mint_tampered();
    let spaced = format!("{}.e30.AAAA", encode(" \t\r\n{\"alg\":\"HS256\"}"));
    for (credential, verdict) in [
        (&*jwt, OK),
        (&tampered, (401, Some(InvalidSignature))),
        (&spaced, (401, Some(InvalidSignature))),
        ("eyJhbGciOiJub25lIn0.e30.", (401, Some(MalformedToken))),
        // Encrypted, without a dot too few or too many, and with a header that is not an object.
        ("eyJhbGciOiJkaXIifQ..a.b.c", (401, Some(MalformedToken))),
        ("eyJhbGciOiJIUzI1NiJ9.e30", (401, Some(MalformedToken))),
        ("e30.e30.AAAA", (401, Some(MalformedToken))),
        ("eyJhbGciOiJIUzI1NiJ9", (418, None)),
        ("sk_live.a.b", (418, None)),
        ("W10.e30.AAAA", (418, None)),
        ("a.b.c", (418, None)),
        ("opaque", (418, None)),
    ] {
        assert_eq!(send(&app, "/", credential).verdict(), verdict, "{credential}");
    }
}

#[test]
fn other_credentials_are_judged_as_before() {
    let (strict, app) = (
        JwtAuthLayer::new(verifier()),
        routes().route_layer(from_fn(api_keys)).route_layer(layer()),
    );
    let strict = routes().route_layer(strict);
    let long = format!("sk_{}", "a".repeat(16 * 1024));
    let jwt = issuer().token().subject("ada").mint();
    for credential in ["pk_7h5q3c", "opaque", &long, &jwt, &issuer().token().expired().mint()] {
        let (before, after) =
            (send(&strict, "/nothing", credential), send(&app, "/nothing", credential));
        assert_eq!(before.verdict(), after.verdict(), "{credential}");
        assert_eq!(before.headers, after.headers, "{credential}");
    }
}

#[test]
fn another_jwt_layer_judges_the_request_anew() {
    let inner = JwtAuthLayer::new(verifier()).token_source(CookieToken::new("session"));
    let app = routes().route_layer(inner.clone()).route_layer(layer());
    let with_cookie = |cookie: &str| {
        let request = Request::get("/identity").header("authorization", format!("Bearer {KEY}"));
        let request = request.header("cookie", format!("session={cookie}"));
        ask(app.clone(), request.body(Body::empty()).unwrap())
    };
    let good = with_cookie(&issuer().token().subject("ada").mint());
    assert_eq!((good.verdict(), good.text()), (OK, "ada"));
    assert_eq!(with_cookie("a.b.c").verdict(), (401, Some(MalformedToken)));
    // An inner layer that admits the request without a token has not judged the credential.
    for lenient in [inner.clone().allow_missing_token(), inner.allow_invalid_token()] {
        let app = routes().route_layer(lenient).route_layer(layer());
        assert_eq!(send(&app, "/nothing", KEY).verdict(), REJECTED);
    }
}

#[test]
fn a_verdict_counts_for_all_outer_layers() {
    for (credential, verdict) in [(KEY, OK), ("sk_another", REJECTED)] {
        let app = routes().route_layer(from_fn(api_keys)).route_layer(layer()).route_layer(layer());
        assert_eq!(send(&app, "/nothing", credential).verdict(), verdict);
        assert_eq!(send(&app, "/identity", credential).verdict(), verdict);
    }
}

#[test]
fn rules_about_claims_never_permit_an_external_identity() {
    let key = Identity::external("api-key", "service-7", &["a b", "c"]);
    let banned = || Rule::claim("banned", |value| value == "yes");
    assert!(!banned().permits(&key) && !banned().not().permits(&key));
    assert!(["a", "b", "c"].iter().all(|scope| key.has_scope(scope)));
    assert!(!Identity::external("api-key", "", &[]).owns(""));
}

#[test]
fn removed_credentials_are_only_in_the_extensions() {
    let seen = async |request: Request| {
        let credential = Unjudged::of(&request).unwrap().credential().to_owned();
        let field = request.headers().contains_key("authorization");
        (http::StatusCode::CONFLICT, format!("{credential} {field}"))
    };
    for (layer, expected) in
        [(layer(), "sk_7h5q3c true"), (layer().remove_token(), "sk_7h5q3c false")]
    {
        let app = Router::new().route("/", get(seen)).route_layer(layer);
        assert_eq!(send(&app, "/", KEY).text(), expected);
    }
}

#[test]
fn secrets_are_not_in_debug_output() {
    let seen = async |request: Request| {
        assert!(request.extensions().get::<Anonymous>().is_none());
        let (unjudged, parts) = (Unjudged::of(&request).cloned(), request.into_parts().0);
        (http::StatusCode::CONFLICT, format!("{unjudged:?} {parts:?}"))
    };
    let app = Router::new().route("/", get(seen)).route_layer(layer());
    let reply = send(&app, "/", KEY);
    assert!(!reply.text().contains("7h5q3c"), "{}", reply.text());
}

#[test]
fn each_request_has_one_verdict() {
    let events = Arc::<Mutex<Vec<String>>>::default();
    let seen = Arc::clone(&events);
    let verifier = Verifier::shared_secret(issuer().secret()).any_audience();
    let verifier = verifier.observer(move |event: &Event<'_>| {
        if let Event::RequestJudged { stage, verdict, reason, .. } = event {
            let reason = reason.map_or("", |reason| reason.as_str());
            let line = format!("{} {} {reason}", stage.as_str(), verdict.as_str());
            seen.lock().unwrap().push(line.trim_end().to_owned());
        }
    });
    let layer = JwtAuthLayer::new(verifier.build().unwrap());
    let layer = layer.allow_non_jwt(|credential| credential.starts_with("sk_"));
    let app = routes().route_layer(from_fn(api_keys)).route_layer(layer);
    for (path, credential, expected) in [
        ("/nothing", KEY, &["authenticate accepted"][..]),
        ("/read", KEY, &["authenticate accepted", "authorize accepted"]),
        ("/nothing", "sk_another", &["authenticate rejected missing_token"]),
        ("/failure", "sk_another", &["authenticate rejected missing_token"]),
        (
            "/read",
            "sk_another",
            &["authorize rejected missing_token", "authenticate rejected missing_token"],
        ),
    ] {
        send(&app, path, credential);
        assert_eq!(std::mem::take(&mut *events.lock().unwrap()), expected, "{path} {credential}");
    }
}
