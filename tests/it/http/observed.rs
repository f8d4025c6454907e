//! The request events that an observer of the verifier receives.

use std::cell::RefCell;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::routing::get;
use axum::{Router, body::Body};
use futures_util::FutureExt;
use http::Request;
use serde::Deserialize;
use serde_json::json;
use tower::{Layer, ServiceExt, service_fn};
use tower_jwt_auth::VerifierBuilder;
use tower_jwt_auth::observe::{self, Event, Observer};
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{Error, ErrorKind, Identity, JwtAuthLayer, RequireLayer, Rule};
use tower_jwt_auth::{Verified, Verifier};

use crate::support::ask::{ask, ask_layer, bearer, request, who};
use crate::support::late_keys::LateKeys;

/// The observed events, one line each.
#[derive(Clone, Debug, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Observer for Lines {
    fn observe(&self, event: &Event<'_>) {
        self.0.lock().unwrap().push(line(event));
    }
}

fn line(event: &Event<'_>) -> String {
    match *event {
        Event::RequestJudged { stage, verdict, reason, error, delegated, took, .. } => {
            let mut line = format!("{} {}", stage.as_str(), verdict.as_str());
            line.push_str(if delegated { " delegated" } else { "" });
            line.extend(reason.iter().flat_map(|reason| [" ", reason.as_str()]));
            line.extend((!took.is_zero()).then(|| format!(" in {took:?}")));
            assert_eq!(reason, error.map(Error::kind));
            if let Some(error) = error.filter(|error| error.kind() == ErrorKind::Internal) {
                assert!(error.to_string().contains("; expected "), "{error}");
            }
            line.push_str(if event.is_failure() { " !" } else { "" });
            line
        }
        Event::CacheLookup { hit, .. } => format!("cache {}", if hit { "hit" } else { "miss" }),
        _ => format!("{event:?}"),
    }
}

fn issuer() -> TestIssuer {
    TestIssuer::hs256().clock(FixedClock::new())
}

/// A verifier with an observer, and the lines that it records.
fn observed() -> (VerifierBuilder, Lines) {
    let lines = Lines::default();
    let verifier = Verifier::shared_secret(issuer().secret()).any_audience();
    (verifier.clock(FixedClock::new()).observer(lines.clone()), lines)
}

fn layer() -> (JwtAuthLayer, Lines) {
    let (verifier, lines) = observed();
    (JwtAuthLayer::new(verifier.build().unwrap()), lines)
}

#[test]
fn every_request_is_reported_once_by_each_stage() {
    async fn mine(_: Verified<Mine>) {}
    async fn identity(_: Identity) {}
    #[derive(Clone, Deserialize)]
    struct Mine {}

    let (layer, lines) = layer();
    let reader = RequireLayer::scope("orders:read");
    let app = Router::new()
        .route("/orders", get(identity).layer(reader))
        .route("/mine", get(mine))
        .route("/admin", get(identity).layer(RequireLayer::role("admin")))
        .route("/fresh", get(identity).layer(fresh()))
        .layer(layer.clone());
    let open = Router::new()
        .route("/", get(async || "hello"))
        .route("/identity", get(identity))
        .route("/orders", get(identity).layer(RequireLayer::new(Rule::authenticated())))
        .layer(layer.allow_missing_token());
    let token = issuer().token().claim("scope", "orders:read").mint();
    let get = |path: &str, token: Option<&str>| {
        let token = token.map(|token| ("authorization", format!("Bearer {token}")));
        let request =
            token.into_iter().fold(Request::get(path), |it, (name, value)| it.header(name, value));
        request.body(Body::empty()).unwrap()
    };
    let forged = issuer().token().mint_tampered();
    let expired = issuer().token().expired().mint();

    for (app, path, token, status, expected) in [
        (&app, "/orders", Some(&*token), 200, &["authenticate accepted", "authorize accepted"][..]),
        (
            &app,
            "/admin",
            Some(&token),
            403,
            &["authenticate accepted", "authorize rejected forbidden"],
        ),
        (
            &app,
            "/fresh",
            Some(&token),
            401,
            &["authenticate accepted", "authorize rejected step_up_required"],
        ),
        (
            &app,
            "/mine",
            Some(&token),
            500,
            &["authenticate accepted", "extract rejected internal !"],
        ),
        (&app, "/orders", None, 401, &["authenticate rejected missing_token"]),
        (&app, "/orders", Some("a b"), 400, &["authenticate rejected malformed_header"]),
        (&app, "/orders", Some(&forged), 401, &["authenticate rejected invalid_signature"]),
        (&app, "/orders", Some(&expired), 401, &["authenticate rejected token_expired"]),
        (&open, "/", None, 200, &["authenticate anonymous"]),
        (
            &open,
            "/identity",
            None,
            401,
            &["authenticate anonymous", "extract rejected missing_token"],
        ),
        (
            &open,
            "/orders",
            None,
            401,
            &["authenticate anonymous", "authorize rejected missing_token"],
        ),
    ] {
        assert_eq!(ask(app.clone(), get(path, token)).status, status, "{path}");
        let received = lines.take();
        println!("GET {path} {status}\n    {}", received.join("\n    "));
        assert_eq!(received, expected, "{path}");
    }
}

/// A requirement that no token of these tests meets.
fn fresh() -> RequireLayer {
    RequireLayer::new(Rule::authenticated()).max_authentication_age(Duration::from_secs(60))
}

#[test]
fn bypassed_and_repeated_tokens_are_reported() {
    let (layer, lines) = layer();
    ask_layer(&layer, request(["Bearer a.b.c"; 2]));
    ask_layer(&layer.bypass(|_| true), bearer("anything"));
    assert_eq!(lines.take(), ["authenticate rejected multiple_tokens", "authenticate anonymous"]);
}

#[test]
fn a_request_that_waits_is_reported_with_its_time() {
    let issuer = TestIssuer::es256();
    for (keys_come, expected) in [
        (true, "authenticate accepted in 3s"),
        (false, "authenticate rejected keys_unavailable in 3s !"),
    ] {
        let (keys, lines, clock) = (LateKeys::default(), Lines::default(), FixedClock::new());
        let verifier = Verifier::key_source(keys.clone()).any_issuer().any_audience();
        let verifier = verifier.clock(clock.clone()).observer(lines.clone()).build().unwrap();
        let service = JwtAuthLayer::new(verifier).layer(service_fn(who));
        let mut waiting = Box::pin(service.oneshot(bearer(&issuer.token().mint())));
        assert!((&mut waiting).now_or_never().is_none());
        assert!(lines.take().is_empty());
        clock.advance(Duration::from_secs(3));
        if keys_come {
            keys.arrive(&issuer.jwks());
        } else {
            keys.fail(Duration::from_secs(1));
        }
        assert!(waiting.now_or_never().is_some());
        assert_eq!(lines.take(), [expected]);
    }
}

#[cfg(feature = "cache")]
#[test]
fn cache_lookups_are_reported() {
    use tower_jwt_auth::TokenCache;

    let (verifier, lines) = observed();
    let layer = JwtAuthLayer::new(verifier.cache(TokenCache::new(100)).build().unwrap());
    let token = issuer().token().mint();
    ask_layer(&layer, bearer(&token));
    ask_layer(&layer, bearer(&token));
    assert_eq!(
        lines.take(),
        ["cache miss", "authenticate accepted", "cache hit", "authenticate accepted"]
    );
}

#[test]
fn accepted_tokens_with_an_actor_are_reported_as_delegated() {
    let (layer, lines) = layer();
    let require = RequireLayer::new(Rule::direct().or(Rule::actor("billing")));
    for (actor, expected) in [
        ("billing", &["authenticate accepted delegated", "authorize accepted delegated"][..]),
        ("gateway", &["authenticate accepted delegated", "authorize rejected forbidden"]),
    ] {
        let token = issuer().token().claim("act", json!({"sub": actor})).mint();
        let app = Router::new().route("/", get(async || ()).layer(require.clone()));
        ask(app.layer(layer.clone()), bearer(&token));
        assert_eq!(lines.take(), expected, "{actor}");
    }
}

/// The fallback observer is global to the process, so each thread records its own lines.
#[test]
fn missing_layers_are_reported_to_the_fallback_observer() {
    thread_local! {
        static RECEIVED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }
    async fn identity(_: Identity) {}
    async fn maybe_verified(_: Option<Verified>) {}

    observe::set_fallback(|event: &Event<'_>| {
        RECEIVED.with_borrow_mut(|received| received.push(line(event)));
    })
    .unwrap();
    assert!(observe::set_fallback(|_: &Event<'_>| {}).is_err());
    let app: Router = Router::new()
        .route("/rule", get(identity).layer(RequireLayer::role("admin")))
        .route("/identity", get(identity))
        .route("/optional", get(maybe_verified));
    for (path, expected) in [
        ("/rule", "authorize rejected internal !"),
        ("/identity", "extract rejected internal !"),
        ("/optional", "extract rejected internal !"),
    ] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        assert_eq!(ask(app.clone(), request).status, 500, "{path}");
        let received = RECEIVED.take();
        println!("GET {path} 500\n    {}", received.join("\n    "));
        assert_eq!(received, [expected], "{path}");
    }

    // With a layer, the observer of its verifier receives the event.
    let (layer, lines) = layer();
    let request = Request::get("/identity").body(Body::empty()).unwrap();
    assert_eq!(ask(app.layer(layer.allow_missing_token()), request).status, 401);
    assert_eq!(lines.take(), ["authenticate anonymous", "extract rejected missing_token"]);
    assert!(RECEIVED.take().is_empty());
}
