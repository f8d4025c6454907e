//! Step-up authentication: the required strength and age of the login (RFC 9470).

use std::time::Duration;

use serde_json::{Value, json};
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{ErrorKind, JwtAuthLayer, RequireLayer, Rule, Verifier};

use super::fixture::Outcome::{Allowed, Forbidden, Lacks};
use super::fixture::{ask_both, check, issuer, layer, raw, to, token};
use crate::support::ask::{Reply, bearer};
use crate::support::tokens::NOW;

fn authenticated() -> RequireLayer {
    RequireLayer::new(Rule::authenticated()).clock(FixedClock::new())
}

fn within(seconds: u64) -> RequireLayer {
    authenticated().max_authentication_age(Duration::from_secs(seconds))
}

/// Expects a 401 that requests another login and ends with these parameters.
#[track_caller]
fn check_step_up(reply: &Reply, parameters: &str, at: &str) {
    assert_eq!(reply.verdict(), (401, Some(ErrorKind::StepUpRequired)), "{at}");
    let challenge = format!(
        "Bearer error=\"insufficient_user_authentication\", \
         error_description=\"A stronger or more recent login is needed\"{parameters}"
    );
    assert_eq!(reply.header("www-authenticate"), Some(&*challenge), "{at}");
    assert_eq!(reply.header("cache-control"), Some("no-store"), "{at}");
    let document = json!({
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "detail": "A stronger or more recent login is needed",
        "error": "insufficient_user_authentication",
    });
    assert_eq!(reply.json(), document, "{at}");
}

#[test]
fn a_missing_context_is_challenged_with_all_accepted_contexts() {
    let require = authenticated().authentication_context(["gold", "silver"]);
    let values = ", acr_values=\"gold silver\"";
    for (acr, is_met) in [
        (json!("gold"), true),
        (json!("silver"), true),
        (json!("bronze"), false),
        (json!("Gold"), false),
        (json!("gold "), false),
        (json!("gold silver"), false),
        (json!("gol"), false),
        (json!("golden"), false),
        (json!(""), false),
        (json!(["gold"]), false),
        (json!({"gold": true}), false),
        (json!(1), false),
        (json!(true), false),
        (json!(null), false),
    ] {
        let reply = ask_both(&layer(), &require, bearer(&token(&json!({"acr": acr}))));
        let at = acr.to_string();
        if is_met { check(&reply, Allowed, &at) } else { check_step_up(&reply, values, &at) }
    }
    for claims in [json!({}), json!({"ACR": "gold"}), json!({"x": {"acr": "gold"}})] {
        let reply = ask_both(&layer(), &require, bearer(&token(&claims)));
        check_step_up(&reply, values, &claims.to_string());
    }
}

#[test]
fn no_token_satisfies_an_empty_list_of_contexts() {
    let none: [&str; 0] = [];
    let require = authenticated().authentication_context(none);
    for claims in [json!({}), json!({"acr": ""}), json!({"acr": "gold"})] {
        let reply = ask_both(&layer(), &require, bearer(&token(&claims)));
        check_step_up(&reply, "", &claims.to_string());
    }
}

/// Sends a token with this raw `auth_time`.
fn logged_in(require: &RequireLayer, auth_time: &str) -> Reply {
    let token = raw(&format!("\"sub\":\"ada\",\"auth_time\":{auth_time}"));
    ask_both(&layer(), require, bearer(&token))
}

#[test]
fn the_login_age_is_bounded_with_a_minute_of_leeway() {
    assert_eq!(NOW, 1_767_225_600);
    for (max_age, auth_time, is_met) in [
        (300, "1767225600", true),
        (300, "1767225300", true), // 300 s ago
        (300, "1767225299", true), // 301 s, within the leeway
        (300, "1767225241", true), // 359 s
        (300, "1767225240.5", true),
        (300, "1767225240.001", true),
        (300, "1767225240", false), // 360 s
        (300, "1767225239.999", false),
        (300, "1767225239", false),
        (0, "1767225600", true),
        (0, "1767225541", true), // 59 s
        (0, "1767225540.25", true),
        (0, "1767225540", false), // 60 s
        (0, "0", false),
        (0, "-1", false),
        // A login up to a minute in the future is clock skew.
        (300, "1767225601", true),
        (300, "1767225660", true), // 60 s ahead
        (300, "1767225660.5", false),
        (300, "1767225661", false),
        (300, "4000000000", false),
        (300, "1e300", false),
        (300, "-1e300", false),
        (300, "9223372036854775807", false),
        (300, "9223372036854775808", false),
        (300, "-9223372036854775808", false),
        (u64::MAX, "1767225600", true),
        (u64::MAX, "0", true),
        (u64::MAX, "-9223372036854775808", true),
        (u64::MAX, "1767225661", false),
        // Other notations of a number.
        (300, "1767225600.0", true),
        (300, "1.7672256e9", true),
        (300, "17672256E2", true),
    ] {
        let at = format!("{max_age} {auth_time}");
        let reply = logged_in(&within(max_age), auth_time);
        if is_met {
            check(&reply, Allowed, &at);
        } else {
            check_step_up(&reply, &format!(", max_age=\"{max_age}\""), &at);
        }
    }
}

#[test]
fn an_auth_time_that_is_not_a_number_is_rejected() {
    for auth_time in [
        "\"1767225600\"",
        "\"2026-01-01T00:00:00Z\"",
        "\"\"",
        "null",
        "true",
        "[1767225600]",
        "{\"auth_time\":1767225600}",
    ] {
        check_step_up(&logged_in(&within(300), auth_time), ", max_age=\"300\"", auth_time);
    }
    for members in
        ["\"sub\":\"ada\"", "\"AUTH_TIME\":1767225600", "\"x\":{\"auth_time\":1767225600}"]
    {
        let reply = ask_both(&layer(), &within(300), bearer(&raw(members)));
        check_step_up(&reply, ", max_age=\"300\"", members);
    }
    check(&logged_in(&within(300), "1767225600"), Allowed, "the valid neighbour");
    // Numbers outside the range of `f64`, with a claims type that does not read them.
    let verifier = Verifier::shared_secret(issuer().secret()).any_audience();
    let verifier = verifier.claims::<serde::de::IgnoredAny>().clock(FixedClock::new());
    let layer = JwtAuthLayer::new(verifier.build().unwrap());
    let inner = tower::service_fn(async |_: http::Request<String>| {
        Ok::<_, std::convert::Infallible>(http::Response::new(String::new()))
    });
    let service = tower::Layer::layer(&within(300), inner);
    let service = tower::Layer::layer(&layer, service);
    for (auth_time, status) in [("1767225600", 200), ("1e400", 401), ("-1e400", 401)] {
        let token = raw(&format!("\"auth_time\":{auth_time}"));
        let reply = crate::support::ask::ask(service.clone(), bearer(&token));
        assert_eq!(reply.status, status, "{auth_time}");
    }
}

#[test]
fn the_require_layer_uses_its_own_clock() {
    let clock = FixedClock::new();
    let require = within(300).clock(clock.clone());
    let asked = || logged_in(&require, "1767225600");
    check(&asked(), Allowed, "just now");
    clock.advance(Duration::from_millis(359_999));
    check(&asked(), Allowed, "nearly six minutes");
    clock.advance(Duration::from_millis(1));
    check_step_up(&asked(), ", max_age=\"300\"", "six minutes");
}

#[test]
fn the_require_layer_uses_the_verifier_clock_by_default() {
    let (clock, other) = (FixedClock::new(), FixedClock::new());
    let verifier = Verifier::shared_secret(issuer().secret()).any_audience();
    let layer = JwtAuthLayer::new(verifier.clock(clock.clone()).build().unwrap());
    let require = RequireLayer::new(Rule::authenticated());
    let follows = require.clone().max_authentication_age(Duration::from_secs(300));
    let own = follows.clone().clock(other.clone());
    let token = raw("\"sub\":\"ada\",\"auth_time\":1767225600");
    let asked = |require: &RequireLayer| ask_both(&layer, require, bearer(&token));
    let too_old = ", max_age=\"300\"";
    check(&asked(&follows), Allowed, "just now");
    clock.advance(Duration::from_millis(359_999));
    check(&asked(&follows), Allowed, "nearly six minutes");
    clock.advance(Duration::from_millis(1));
    check_step_up(&asked(&follows), too_old, "six minutes");
    // A clock that is set on the layer takes precedence.
    check(&asked(&own), Allowed, "by another clock, just now");
    other.advance(Duration::from_secs(360));
    check_step_up(&asked(&own), too_old, "by another clock, six minutes");
}

#[test]
fn context_and_age_are_both_required_and_both_are_named() {
    let require = within(300).authentication_context(["urn:mace:incommon:iap:silver", "gold"]);
    let named = ", acr_values=\"urn:mace:incommon:iap:silver gold\", max_age=\"300\"";
    for (claims, is_met) in [
        (json!({"acr": "gold", "auth_time": 1_767_225_500}), true),
        (json!({"acr": "urn:mace:incommon:iap:silver", "auth_time": 1_767_225_500}), true),
        (json!({"acr": "gold", "auth_time": 1_767_220_000}), false),
        (json!({"acr": "bronze", "auth_time": 1_767_225_500}), false),
        (json!({"acr": "gold"}), false),
        (json!({"auth_time": 1_767_225_500}), false),
        (json!({}), false),
    ] {
        let reply = ask_both(&layer(), &require, bearer(&token(&claims)));
        let at = claims.to_string();
        if is_met { check(&reply, Allowed, &at) } else { check_step_up(&reply, named, &at) }
    }
}

#[test]
fn step_up_is_requested_only_if_a_login_would_suffice() {
    let own = Rule::owner_in_path("/users/{id}").unwrap();
    let require = RequireLayer::new(Rule::scope("pay").and(Rule::role("clerk")).and(own))
        .authentication_context(["gold"])
        .clock(FixedClock::new());
    let asked = |path: &str, claims: &Value| ask_both(&layer(), &require, to(path, &token(claims)));
    let all = json!({"scope": "pay", "roles": ["clerk"], "acr": "gold"});
    check(&asked("/users/ada", &all), Allowed, "everything");
    let weak = json!({"scope": "pay", "roles": ["clerk"]});
    check_step_up(&asked("/users/ada", &weak), ", acr_values=\"gold\"", "only the login");
    check(&asked("/users/bob", &weak), Forbidden, "another user's, and the login");
    let scopeless = json!({"roles": ["clerk"]});
    check(&asked("/users/ada", &scopeless), Lacks("pay"), "a scope and the login");
    check(&asked("/users/bob", &scopeless), Forbidden, "a scope, the owner and the login");
    let roleless = json!({"scope": "pay"});
    check(&asked("/users/ada", &roleless), Forbidden, "a role and the login");
}

#[test]
fn a_fractional_max_age_is_rounded_down() {
    let require = authenticated().max_authentication_age(Duration::from_millis(1_999));
    check_step_up(&logged_in(&require, "0"), ", max_age=\"1\"", "rounded down");
}
