//! The missing scope, context and age that a custom responder receives.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use serde_json::json;
use tower_jwt_auth::respond::{Rejection, from_fn};
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{JwtAuthLayer, RequireLayer, Rule};

use super::fixture::{ask_both, layer, token};
use crate::support::ask::{ask_layer, bearer};

/// Responds with the requirements of the rejection.
fn with_requirements(layer: JwtAuthLayer) -> JwtAuthLayer {
    layer.responder(from_fn(|rejection: &Rejection<'_>, _| {
        rejection.response(Bytes::from(format!(
            "{:?} {:?} {:?}",
            rejection.scope(),
            rejection.acr_values(),
            rejection.max_age().map(|age| age.as_secs()),
        )))
    }))
}

#[test]
fn a_responder_receives_the_requirements_of_the_challenge() {
    let require = RequireLayer::new(Rule::scope("a").and(Rule::role("clerk")))
        .authentication_context(["gold"])
        .max_authentication_age(Duration::from_secs(300))
        .clock(FixedClock::new());
    let layer = with_requirements(layer()).challenge_scope(&Rule::scope("of-the-layer"));
    for (claims, status, expected) in [
        (json!({"roles": ["clerk"]}), 403, r#"Some("a") None None"#),
        (json!({"scope": "a"}), 403, "None None None"),
        (json!({"scope": "a", "roles": ["clerk"]}), 401, r#"None Some("gold") Some(300)"#),
    ] {
        let reply = ask_both(&layer, &require, bearer(&token(&claims)));
        assert_eq!((reply.status, reply.text()), (status, expected), "{claims}");
    }
    let optional = layer.clone().allow_missing_token();
    let reply = ask_both(&optional, &require, Request::default());
    assert_eq!((reply.status, reply.text()), (401, r#"Some("a") None None"#));
    let roles = RequireLayer::role("clerk");
    let reply = ask_both(&optional, &roles, Request::default());
    assert_eq!((reply.status, reply.text()), (401, r#"Some("of-the-layer") None None"#));
    // Rejections by the authentication layer itself.
    let reply = ask_layer(&layer, Request::<String>::default());
    assert_eq!((reply.status, reply.text()), (401, r#"Some("of-the-layer") None None"#));
    let reply = ask_layer(&layer, bearer("a.b.c"));
    assert_eq!((reply.status, reply.text()), (401, "None None None"));
}

#[test]
fn a_rule_without_scopes_reports_no_scope() {
    let none: [&str; 0] = [];
    for rule in [Rule::all_scopes(none), Rule::scope(""), Rule::role("admin")] {
        let require = RequireLayer::new(rule.clone());
        let layer = with_requirements(layer()).challenge_scope(&rule);
        let reply = ask_both(&layer, &require, bearer(&token(&json!({"scope": "a"}))));
        assert_eq!((reply.status, reply.text()), (403, "None None None"), "{rule:?}");
        let reply = ask_layer(&layer, Request::<String>::default());
        assert_eq!((reply.status, reply.text()), (401, "None None None"), "{rule:?}");
        assert_eq!(reply.header("www-authenticate"), Some("Bearer"), "{rule:?}");
    }
}
