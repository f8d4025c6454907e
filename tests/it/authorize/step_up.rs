//! How somebody has to have logged in (RFC 9470).

use std::time::Duration;

use serde_json::{Value, json};
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{ErrorKind, JwtAuthLayer, RequireLayer, Rule, Verifier};

use super::fixture::Outcome::{Forbidden, In, Lacks};
use super::fixture::{ask_both, check, issuer, layer, raw, to, token};
use crate::support::ask::{Reply, bearer};
use crate::support::tokens::NOW;

fn anybody() -> RequireLayer {
    RequireLayer::new(Rule::authenticated()).clock(FixedClock::new())
}

fn within(seconds: u64) -> RequireLayer {
    anybody().max_authentication_age(Duration::from_secs(seconds))
}

/// Expects a 401 that asks for another log-in, with these parameters at its end.
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
fn one_of_the_contexts_is_there_or_all_are_named() {
    let require = anybody().authentication_context(["gold", "silver"]);
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
        if is_met { check(&reply, In, &at) } else { check_step_up(&reply, values, &at) }
    }
    for claims in [json!({}), json!({"ACR": "gold"}), json!({"x": {"acr": "gold"}})] {
        let reply = ask_both(&layer(), &require, bearer(&token(&claims)));
        check_step_up(&reply, values, &claims.to_string());
    }
}

#[test]
fn an_empty_list_of_contexts_is_met_by_nobody_and_names_none() {
    let none: [&str; 0] = [];
    let require = anybody().authentication_context(none);
    for claims in [json!({}), json!({"acr": ""}), json!({"acr": "gold"})] {
        let reply = ask_both(&layer(), &require, bearer(&token(&claims)));
        check_step_up(&reply, "", &claims.to_string());
    }
}

/// Asks with this `auth_time`, as it stands.
fn logged_in(require: &RequireLayer, auth_time: &str) -> Reply {
    let token = raw(&format!("\"sub\":\"ada\",\"auth_time\":{auth_time}"));
    ask_both(&layer(), require, bearer(&token))
}

#[test]
fn the_log_in_is_at_most_that_long_ago_and_a_minute() {
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
        // A log-in in the future is another clock's, up to a minute.
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
        // Ways to write a number.
        (300, "1767225600.0", true),
        (300, "1.7672256e9", true),
        (300, "17672256E2", true),
    ] {
        let at = format!("{max_age} {auth_time}");
        let reply = logged_in(&within(max_age), auth_time);
        if is_met {
            check(&reply, In, &at);
        } else {
            check_step_up(&reply, &format!(", max_age=\"{max_age}\""), &at);
        }
    }
}

#[test]
fn what_is_no_time_was_no_log_in() {
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
    check(&logged_in(&within(300), "1767225600"), In, "the valid neighbour");
    // Beyond what a number can be, for a claims type that leaves it unread.
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
fn the_clock_of_the_layer_decides() {
    let clock = FixedClock::new();
    let require = within(300).clock(clock.clone());
    let asked = || logged_in(&require, "1767225600");
    check(&asked(), In, "just now");
    clock.advance(Duration::from_millis(359_999));
    check(&asked(), In, "nearly six minutes");
    clock.advance(Duration::from_millis(1));
    check_step_up(&asked(), ", max_age=\"300\"", "six minutes");
}

#[test]
fn without_a_clock_of_its_own_the_verifiers_decides() {
    let (clock, other) = (FixedClock::new(), FixedClock::new());
    let verifier = Verifier::shared_secret(issuer().secret()).any_audience();
    let layer = JwtAuthLayer::new(verifier.clock(clock.clone()).build().unwrap());
    let require = RequireLayer::new(Rule::authenticated());
    let follows = require.clone().max_authentication_age(Duration::from_secs(300));
    let own = follows.clone().clock(other.clone());
    let token = raw("\"sub\":\"ada\",\"auth_time\":1767225600");
    let asked = |require: &RequireLayer| ask_both(&layer, require, bearer(&token));
    let too_old = ", max_age=\"300\"";
    check(&asked(&follows), In, "just now");
    clock.advance(Duration::from_millis(359_999));
    check(&asked(&follows), In, "nearly six minutes");
    clock.advance(Duration::from_millis(1));
    check_step_up(&asked(&follows), too_old, "six minutes");
    // A clock that was set keeps its say.
    check(&asked(&own), In, "by another clock, just now");
    other.advance(Duration::from_secs(360));
    check_step_up(&asked(&own), too_old, "by another clock, six minutes");
}

#[test]
fn both_have_to_be_met_and_both_are_named() {
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
        if is_met { check(&reply, In, &at) } else { check_step_up(&reply, named, &at) }
    }
}

#[test]
fn nobody_logs_in_again_for_what_they_may_not_do_all_the_same() {
    let own = Rule::owner_in_path("/users/{id}").unwrap();
    let require = RequireLayer::new(Rule::scope("pay").and(Rule::role("clerk")).and(own))
        .authentication_context(["gold"])
        .clock(FixedClock::new());
    let asked = |path: &str, claims: &Value| ask_both(&layer(), &require, to(path, &token(claims)));
    let all = json!({"scope": "pay", "roles": ["clerk"], "acr": "gold"});
    check(&asked("/users/ada", &all), In, "everything");
    let weak = json!({"scope": "pay", "roles": ["clerk"]});
    check_step_up(&asked("/users/ada", &weak), ", acr_values=\"gold\"", "only the log-in");
    check(&asked("/users/bob", &weak), Forbidden, "another user's, and the log-in");
    let scopeless = json!({"roles": ["clerk"]});
    check(&asked("/users/ada", &scopeless), Lacks("pay"), "a scope and the log-in");
    check(&asked("/users/bob", &scopeless), Forbidden, "a scope, the owner and the log-in");
    let roleless = json!({"scope": "pay"});
    check(&asked("/users/ada", &roleless), Forbidden, "a role and the log-in");
}

#[test]
fn whole_seconds_are_named_and_the_stricter_ones() {
    let require = anybody().max_authentication_age(Duration::from_millis(1_999));
    check_step_up(&logged_in(&require, "0"), ", max_age=\"1\"", "rounded down");
}
