//! Scopes that imply other scopes.

use axum::{Router, body::Body, routing::get};
use http::Request;
use serde_json::json;
use tower_jwt_auth::claims::Scopes;
use tower_jwt_auth::error::{Problem, ProblemKind as Kind};
use tower_jwt_auth::resource::Resource;
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{
    BuildError, Issuer, JwtAuthLayer, Policy, RequireLayer, Rule, VerificationKey, Verified,
    Verifier, VerifierBuilder,
};

use super::fixture::{Outcome, ask_both, check, issuer, token};
use crate::support::ask::{ask, bearer};

/// `admin` implies `write`, which implies `read`.
fn hierarchy() -> Scopes {
    Scopes::new().implies("admin", ["write", "delete"]).implies("write", ["read"])
}

fn builder() -> VerifierBuilder {
    Verifier::shared_secret(issuer().secret()).any_audience().clock(FixedClock::new())
}

fn verifier() -> Verifier {
    builder().implied_scopes(hierarchy()).build().unwrap()
}

const ALL: [&str; 5] = ["admin", "write", "delete", "read", "other"];

#[test]
fn rules_and_accessors_follow_implied_scopes() {
    let layer = JwtAuthLayer::new(verifier());
    for (granted, expected) in [
        ("admin", &["admin", "write", "delete", "read"][..]),
        ("write", &["write", "read"]),
        ("read", &["read"]),
        ("delete other", &["delete", "other"]),
        ("other", &["other"]),
        ("Write WRITE writ write:all", &[]),
        ("* write:* admin.* adm", &[]),
        ("", &[]),
    ] {
        let token = token(&json!({"scope": granted}));
        let verified = verifier().verify_now(&token).unwrap();
        let identity = verified.identity();
        let words: Vec<&str> = granted.split_whitespace().collect();
        assert_eq!(verified.scopes().collect::<Vec<_>>(), words);
        for scope in ALL {
            let is_granted = expected.contains(&scope);
            let at = format!("{granted}: {scope}");
            assert_eq!(verified.has_scope(scope), is_granted, "{at}");
            assert_eq!(identity.has_scope(scope), is_granted, "{at}");
            assert_eq!(Rule::scope(scope).permits(verified.token()), is_granted, "{at}");
            assert_eq!(Rule::scope(scope).not().permits(&identity), !is_granted, "{at}");
            // The challenge names the scope of the route, and not a wider one.
            let reply = ask_both(&layer, &RequireLayer::scope(scope), bearer(&token));
            let outcome = if is_granted { Outcome::Allowed } else { Outcome::Lacks(scope) };
            check(&reply, outcome, &at);
        }
    }
}

#[test]
fn a_forbidden_request_learns_all_scopes_of_the_rule() {
    let layer = JwtAuthLayer::new(verifier());
    let require = RequireLayer::all_scopes(["write", "other"]);
    let narrow = token(&json!({"scope": "other"}));
    let reply = ask_both(&layer, &require, bearer(&narrow));
    check(&reply, Outcome::Lacks("write other"), "narrow");
    let wide = token(&json!({"scope": "other admin"}));
    check(&ask_both(&layer, &require, bearer(&wide)), Outcome::Allowed, "wide");
}

#[test]
fn without_the_setting_no_scope_implies_another() {
    let plain = builder().build().unwrap();
    let token = token(&json!({"scope": "admin"}));
    for (verifier, is_granted) in [(plain, false), (verifier(), true)] {
        assert_eq!(verifier.verify_now(&token).unwrap().has_scope("read"), is_granted);
    }
}

#[test]
fn extractors_see_implied_scopes() {
    let handler = async |user: Verified| user.has_scope("read").to_string();
    let app = Router::new().route("/", get(handler)).layer(JwtAuthLayer::new(verifier()));
    for (scope, expected) in [("admin", "true"), ("delete", "false")] {
        let token = token(&json!({"scope": scope}));
        let request = Request::builder().header("authorization", format!("Bearer {token}"));
        assert_eq!(ask(app.clone(), request.body(Body::empty()).unwrap()).text(), expected);
    }
}

#[cfg(feature = "cache")]
#[test]
fn cached_tokens_keep_implied_scopes() {
    let cache = tower_jwt_auth::TokenCache::new(10);
    let verifier = builder().implied_scopes(hierarchy()).cache(cache).build().unwrap();
    let token = token(&json!({"scope": "write"}));
    for _ in 0..2 {
        let user = verifier.verify_now(&token).unwrap();
        assert!(user.has_scope("read") && !user.has_scope("admin"));
    }
}

#[test]
fn the_scopes_of_one_issuer_do_not_apply_to_another() {
    let trusted = |name: &str, policy: Policy| {
        let key = format!("the secret of {name} is at least 32 bytes long");
        Issuer::new(name, VerificationKey::shared_secret(key).unwrap(), policy.any_audience())
    };
    let verifier = Verifier::builder()
        .trust(trusted("a", Policy::new().implied_scopes(hierarchy())))
        .trust(trusted("b", Policy::new()))
        .build()
        .unwrap();
    for (name, is_granted) in [("a", true), ("b", false)] {
        let secret = format!("the secret of {name} is at least 32 bytes long");
        let issuer = tower_jwt_auth::testing::TestIssuer::hs256().with_secret(secret).issuer(name);
        let user = verifier.verify_now(&issuer.token().claim("scope", "write").mint()).unwrap();
        assert_eq!(user.has_scope("read"), is_granted, "{name}");
    }
}

#[test]
fn a_resource_adds_its_implied_scopes() {
    let api = |scopes: Scopes| {
        let api = Resource::new("https://api.example.com").implied_scopes(scopes);
        api.authorization_server("https://auth.example.com").build().unwrap()
    };
    let api = api(Scopes::new().implies("write", ["read"]));
    let more = Scopes::new().implies("admin", ["write"]);
    let from = || Verifier::shared_secret(issuer().secret()).clock(FixedClock::new());
    let wide = token(&json!({"aud": "https://api.example.com", "scope": "admin"}));
    for builder in [
        from().resource(&api).implied_scopes(more.clone()),
        from().implied_scopes(more).resource(&api),
    ] {
        let user = builder.build().unwrap().verify_now(&wide).unwrap();
        assert!(user.has_scope("write") && user.has_scope("read") && !user.has_scope("delete"));
    }
    let alone = from().resource(&api).build().unwrap().verify_now(&wide).unwrap();
    assert!(!alone.has_scope("read"));
}

#[test]
fn cycles_and_malformed_scopes_are_problems() {
    let one = |scope: &str, implied: &str| Scopes::new().implies(scope, [implied]);
    for (scopes, expected) in [
        (hierarchy(), None),
        (Scopes::new(), None),
        (one("a", "b").implies("a", ["c"]).implies("b", ["d"]).implies("c", ["d"]), None),
        (one("orders:*", "orders:read"), None),
        (one("a", "a"), Some(Kind::Conflict)),
        (one("a", "b").implies("b", ["a"]), Some(Kind::Conflict)),
        (one("a", "b").implies("b", ["c"]).implies("c", ["a"]), Some(Kind::Conflict)),
        (one("a b", "c"), Some(Kind::InvalidScope)),
        (one("a", "b\"c"), Some(Kind::InvalidScope)),
        (one("", "b"), Some(Kind::EmptyValue)),
        (one("a", ""), Some(Kind::EmptyValue)),
    ] {
        let built = builder().implied_scopes(scopes.clone()).build();
        let problems = built.map(drop).map_err(BuildError::into_problems);
        let kinds: Vec<_> = problems.err().iter().flatten().map(Problem::kind).collect();
        assert_eq!(kinds, expected.into_iter().collect::<Vec<_>>(), "{scopes:?}");
    }
    // The cycle may be closed by a second call.
    let twice = builder().implied_scopes(one("a", "b")).implied_scopes(one("b", "a"));
    let error = twice.build().unwrap_err().to_string();
    assert!(error.contains("`a`, `b`"), "{error}");
}
