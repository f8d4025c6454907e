//! Scopes that a route requires and its resource does not list.

use http::Request;
use tower::{Layer, service_fn};
use tower_jwt_auth::ErrorKind::Internal;
use tower_jwt_auth::{Error, JwtAuthLayer, RequireLayer, Rule};

use super::fixture::{API, api, layer, resource, token};
use crate::support::ask::{Reply, ask, bearer, request, who};

fn ask_both(layer: &JwtAuthLayer, require: &RequireLayer, request: Request<String>) -> Reply {
    ask(layer.layer(require.layer(service_fn(who::<String>))), request)
}

#[test]
fn an_unlisted_scope_is_a_server_error() {
    let api = api();
    let unlisted = [
        RequireLayer::scope("orders:delete"),
        RequireLayer::scope("orders"),
        RequireLayer::scope("Orders:read"),
        RequireLayer::all_scopes(["orders:read", "orders:delete"]),
        RequireLayer::any_scope(["orders:read", "orders:delete"]),
        RequireLayer::new(Rule::role("clerk").and(Rule::scope("orders:delete"))),
    ];
    for require in unlisted {
        let every = token(&api, "orders:read orders:write orders:delete orders");
        for request in [bearer(&every), bearer(&token(&api, ""))] {
            let reply = ask_both(&layer(&api), &require, request);
            assert_eq!(reply.verdict(), (500, Some(Internal)), "{require:?}");
            assert_eq!(reply.header("www-authenticate"), None);
            assert!(!reply.text().contains("orders"), "{}", reply.text());
        }
        let optional = layer(&api).allow_missing_token();
        let reply = ask_both(&optional, &require, request::<&str>([]));
        assert_eq!(reply.verdict(), (500, Some(Internal)), "{require:?}");
    }
}

#[test]
fn the_error_names_the_scope_and_the_route() {
    let api = api();
    let delete = RequireLayer::scope("orders:delete");
    let reply = ask_both(&layer(&api), &delete, bearer(&token(&api, "")));
    let error = reply.error.as_ref().unwrap();
    let detail = "the route requires a scope that its resource does not list";
    assert_eq!(error.detail(), Some(detail));
    let expected = "the scope `orders:delete` of the `RequireLayer` on `GET /` in `scopes` of the \
                    `Resource`";
    assert_eq!(Error::expected(error), Some(expected));
}

#[test]
fn listed_and_unknown_scopes_are_not_errors() {
    let api = api();
    let delete = RequireLayer::scope("orders:delete");
    let holder = |scope: &str| bearer(&token(&api, scope));
    for (layer, require) in [
        (layer(&api), RequireLayer::scope("orders:read")),
        (layer(&api), RequireLayer::any_scope(["orders:write", "orders:read"])),
        (layer(&api), RequireLayer::new(Rule::scope("orders:delete").not())),
        (layer(&api), RequireLayer::new(Rule::authenticated())),
        // The scopes are unknown, or there is no resource.
        (layer(&resource(API).build().unwrap()), delete.clone()),
    ] {
        let scope = if require.rule().scopes() == ["orders:delete"] {
            "orders:delete"
        } else {
            "orders:read"
        };
        assert_eq!(ask_both(&layer, &require, holder(scope)).status, 200, "{require:?}");
    }
}
