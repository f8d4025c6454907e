//! Order and nesting of the two layers.

use http::Request;
use serde_json::json;
use tower::{Layer, ServiceBuilder, service_fn};
use tower_jwt_auth::ErrorKind::{Forbidden, InsufficientScope, Internal, MissingToken};
use tower_jwt_auth::source::{RawToken, from_fn};
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{Error, ErrorKind, JwtAuthLayer, RequireLayer, Rule, Verifier};

use super::fixture::{Outcome, ask_both, check, layer, token, verified};
use crate::support::ask::{Reply, ask, bearer, request, who};
use crate::support::tokens;

fn read() -> RequireLayer {
    RequireLayer::scope("orders:read")
}

fn reader() -> Request<String> {
    bearer(&token(&json!({"scope": "orders:read"})))
}

#[track_caller]
fn check_misconfigured(reply: &Reply, at: &str) {
    assert_eq!(reply.verdict(), (500, Some(Internal)), "{at}");
    let detail = reply.error.as_ref().and_then(Error::detail);
    assert_eq!(detail, Some("the route has no JwtAuthLayer in front of it"), "{at}");
    let expected = reply.error.as_ref().and_then(Error::expected);
    let names_layer_rule_and_request = "a `JwtAuthLayer` outside of `RequireLayer` on `GET /` \
                                        (in axum, the layer that is added last is the outermost)";
    assert_eq!(expected, Some(names_layer_rule_and_request), "{at}");
    assert_eq!(reply.header("www-authenticate"), None, "{at}");
    assert_eq!(reply.header("cache-control"), Some("no-store"), "{at}");
    let document = json!({
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "detail": "The server cannot answer this request",
    });
    assert_eq!(reply.json(), document, "{at}");
}

#[test]
fn a_rule_without_authentication_is_a_server_error() {
    let every = [
        read(),
        RequireLayer::role("admin"),
        RequireLayer::new(Rule::authenticated()),
        RequireLayer::new(Rule::authenticated().not()),
        RequireLayer::new(Rule::role("guest").not()),
        RequireLayer::owner_in_path("/{id}").unwrap(),
        RequireLayer::new(Rule::authenticated()).owner(|_| Some("ada".into())),
        RequireLayer::new(Rule::authenticated()).authentication_context(["gold"]),
    ];
    for require in every {
        for request in [request::<&str>([]), reader(), bearer("a.b.c")] {
            let at = format!("{require:?} {request:?}");
            check_misconfigured(&ask(require.layer(service_fn(who::<String>)), request), &at);
        }
    }
}

#[test]
fn a_rule_outside_the_authentication_is_a_server_error() {
    let wrong = || read().layer(layer().layer(service_fn(who::<String>)));
    check_misconfigured(&ask(wrong(), reader()), "with a token");
    check_misconfigured(&ask(wrong(), Request::default()), "without");
    // The valid neighbour: the correct order.
    check(&ask_both(&layer(), &read(), reader()), Outcome::Allowed, "the right order");
}

#[test]
fn a_verified_token_without_its_identity_is_not_enough() {
    let user = verified(&token(&json!({"scope": "orders:read"})));
    let mut request = Request::new(String::new());
    request.extensions_mut().insert(user.clone());
    check_misconfigured(
        &ask(read().layer(service_fn(who::<String>)), request.clone()),
        "no identity",
    );
    // Code that verifies without the layer inserts both.
    request.extensions_mut().insert(user.identity());
    check(&ask(read().layer(service_fn(who::<String>)), request.clone()), Outcome::Allowed, "both");
    let rejected = ask(RequireLayer::role("admin").layer(service_fn(who::<String>)), request);
    check(&rejected, Outcome::Forbidden, "both");
}

#[test]
fn an_anonymous_request_is_challenged_with_the_required_scope() {
    let scoped = Rule::scope("orders:read");
    let rows = [
        (layer(), read(), "Bearer scope=\"orders:read\""),
        (layer(), RequireLayer::all_scopes(["a", "b"]), "Bearer scope=\"a b\""),
        (layer(), RequireLayer::role("admin"), "Bearer"),
        (layer(), RequireLayer::new(Rule::authenticated()), "Bearer"),
        (layer(), RequireLayer::new(Rule::authenticated().not()), "Bearer"),
        (layer(), RequireLayer::new(Rule::role("guest").not()), "Bearer"),
        (layer(), RequireLayer::new(Rule::scope("trial").not()), "Bearer"),
        (
            layer(),
            RequireLayer::new(Rule::authenticated()).authentication_context(["gold"]),
            "Bearer",
        ),
        (layer().realm("orders"), read(), "Bearer realm=\"orders\", scope=\"orders:read\""),
        // The scope of the rule takes precedence over the scope of the layer.
        (layer().challenge_scope(&scoped), RequireLayer::scope("a"), "Bearer scope=\"a\""),
        (
            layer().challenge_scope(&scoped),
            RequireLayer::role("admin"),
            "Bearer scope=\"orders:read\"",
        ),
    ];
    for (layer, require, challenge) in rows {
        let at = format!("{require:?}");
        let tokenless = [request::<&str>([]), request(["Basic YWRhOnB3"])];
        for asked in tokenless {
            let reply = ask_both(&layer.clone().allow_missing_token(), &require, asked);
            check_tokenless(&reply, challenge, &at);
        }
        // A bypassed request is anonymous for the rule, even with a token.
        for asked in [request::<&str>([]), reader(), bearer("a.b.c")] {
            let reply = ask_both(&layer.clone().bypass(|_| true), &require, asked);
            check_tokenless(&reply, challenge, &at);
        }
    }
    // A request with a token is authenticated.
    let optional = layer().allow_missing_token();
    check(&ask_both(&optional, &read(), reader()), Outcome::Allowed, "with a token");
    let other = bearer(&token(&json!({"scope": "x"})));
    check(&ask_both(&optional, &read(), other), Outcome::Lacks("orders:read"), "another scope");
}

#[track_caller]
fn check_tokenless(reply: &Reply, challenge: &str, at: &str) {
    assert_eq!(reply.verdict(), (401, Some(MissingToken)), "{at}");
    assert_eq!(reply.header("www-authenticate"), Some(challenge), "{at}");
    assert_eq!(reply.header("cache-control"), Some("no-store"), "{at}");
    let document = json!({
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "detail": "The request needs an access token",
    });
    assert_eq!(reply.json(), document, "{at}");
}

#[test]
fn two_rules_must_both_permit_and_the_outer_answers_first() {
    let service = || {
        ServiceBuilder::new()
            .layer(layer())
            .layer(RequireLayer::scope("a"))
            .layer(RequireLayer::new(Rule::scope("b").and(Rule::role("clerk"))))
            .service_fn(who::<String>)
    };
    for (claims, outcome) in [
        (json!({"scope": "a b", "roles": ["clerk"]}), Outcome::Allowed),
        (json!({"scope": "a", "roles": ["clerk"]}), Outcome::Lacks("b")),
        (json!({"scope": "b", "roles": ["clerk"]}), Outcome::Lacks("a")),
        (json!({"scope": "a b"}), Outcome::Forbidden),
        (json!({"scope": "a"}), Outcome::Forbidden),
        (json!({}), Outcome::Lacks("a")),
    ] {
        let reply = ask(service(), bearer(&token(&claims)));
        check(&reply, outcome, &claims.to_string());
    }
}

/// Another issuer, whose tokens arrive in a separate header.
fn partner() -> TestIssuer {
    tokens::issuer(tower_jwt_auth::Algorithm::HS256).with_other_key()
}

fn partner_layer() -> JwtAuthLayer {
    let verifier = Verifier::shared_secret(partner().secret()).any_audience();
    let layer = JwtAuthLayer::new(verifier.clock(FixedClock::new()).build().unwrap());
    layer.realm("partner").token_source(from_fn(|parts| {
        let value = parts.headers.get("x-partner-token");
        Ok(value.and_then(|value| value.to_str().ok()).map(RawToken::new))
    }))
}

/// A request with a token for each layer. A flag is true if the token has the scope.
fn both(ours: bool, partners: Option<bool>) -> Request<String> {
    let scope = |has| if has { "orders:read" } else { "none" };
    let mut request = bearer(&token(&json!({"scope": scope(ours)})));
    if let Some(has) = partners {
        let token = partner().token().subject("ada").claim("scope", scope(has)).mint();
        request.headers_mut().insert("x-partner-token", token.parse().unwrap());
    }
    request
}

#[test]
fn a_rule_uses_the_identity_of_the_innermost_layer() {
    let verdicts = |outer: JwtAuthLayer, inner: JwtAuthLayer, request: Request<String>| {
        let service = outer.layer(inner.layer(read().layer(service_fn(who::<String>))));
        ask(service, request).verdict()
    };
    let lacking: (u16, Option<ErrorKind>) = (403, Some(InsufficientScope));
    let missing = (401, Some(MissingToken));
    for (ours, partners, partner_is_inner, ours_is_inner) in [
        (true, Some(true), (200, None), (200, None)),
        (false, Some(true), (200, None), lacking),
        (true, Some(false), lacking, (200, None)),
        (false, Some(false), lacking, lacking),
        // An inner layer that finds no token removes the outer identity.
        (true, None, missing, missing),
    ] {
        let at = format!("{ours} {partners:?}");
        let asked = || both(ours, partners);
        assert_eq!(verdicts(layer(), partner_layer(), asked()), partner_is_inner, "{at}");
        assert_eq!(verdicts(partner_layer(), layer(), asked()), ours_is_inner, "{at}");
        if partners.is_none() {
            let lenient = partner_layer().allow_missing_token();
            assert_eq!(verdicts(layer(), lenient, asked()), missing, "{at}");
            let open = partner_layer().bypass(|_| true);
            assert_eq!(verdicts(layer(), open, asked()), missing, "{at}");
        }
    }
}

#[test]
fn a_rule_between_two_layers_uses_the_outer_identity() {
    let service = || {
        let inner = partner_layer().layer(service_fn(who::<String>));
        layer().realm("ours").layer(read().layer(inner))
    };
    assert_eq!(ask(service(), both(true, Some(false))).status, 200);
    let rejected = ask(service(), both(false, Some(true)));
    assert_eq!(rejected.verdict(), (403, Some(InsufficientScope)));
    let challenge = rejected.header("www-authenticate").unwrap();
    assert!(challenge.starts_with("Bearer realm=\"ours\", scope=\"orders:read\""), "{challenge}");
    let rejected = ask(service(), both(true, None));
    assert_eq!(rejected.verdict(), (401, Some(MissingToken)));
    assert_eq!(rejected.header("www-authenticate"), Some("Bearer realm=\"partner\""));
}

#[test]
fn a_rejection_behind_two_layers_uses_the_inner_realm() {
    let rejected = |inner: JwtAuthLayer, request| {
        let require = RequireLayer::role("admin");
        let service = inner.layer(require.layer(service_fn(who::<String>)));
        ask(layer().realm("ours").layer(service), request)
    };
    let reply = rejected(partner_layer(), both(true, Some(true)));
    assert_eq!(reply.verdict(), (403, Some(Forbidden)));
    assert!(reply.header("www-authenticate").unwrap().starts_with("Bearer realm=\"partner\", "));
    let reply = rejected(partner_layer().allow_missing_token(), both(true, None));
    assert_eq!(reply.verdict(), (401, Some(MissingToken)));
    assert_eq!(reply.header("www-authenticate"), Some("Bearer realm=\"partner\""));
}
