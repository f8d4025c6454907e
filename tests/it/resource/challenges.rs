//! The challenges of layers with a resource.

use http::Request;
use tower::{Layer, service_fn};
use tower_jwt_auth::ErrorKind::{
    Forbidden, InsufficientScope, InvalidSignature, MalformedHeader, MissingToken, TokenExpired,
};
use tower_jwt_auth::{ErrorKind, JwtAuthLayer, RequireLayer, Rule};

use super::fixture::{api, issuer, layer, resource, token};
use crate::support::ask::{Reply, ask, ask_layer, bearer, request, who};

const METADATA: &str =
    r#"resource_metadata="https://api.example.com/.well-known/oauth-protected-resource/mcp""#;
const ALL: &str = r#"scope="orders:read orders:write""#;

fn ask_both(layer: &JwtAuthLayer, require: &RequireLayer, request: Request<String>) -> Reply {
    ask(layer.layer(require.layer(service_fn(who::<String>))), request)
}

#[track_caller]
fn check(reply: &Reply, verdict: (u16, ErrorKind), parameters: &str) {
    assert_eq!(reply.verdict(), (verdict.0, Some(verdict.1)));
    assert_eq!(reply.header("www-authenticate"), Some(&*format!("Bearer {parameters}")));
}

#[test]
fn every_rejection_of_the_layer_names_the_metadata() {
    let api = api();
    let expired = issuer().token().claim("aud", api.identifier()).expired().mint();
    let tampered = issuer().token().claim("aud", api.identifier()).mint_tampered();
    for (request, verdict, parameters) in [
        (request::<&str>([]), (401, MissingToken), ALL.to_owned()),
        (
            request(["Bearer a b"]),
            (400, MalformedHeader),
            r#"error="invalid_request", error_description="The request is malformed""#.to_owned(),
        ),
        (
            bearer(&tampered),
            (401, InvalidSignature),
            r#"error="invalid_token", error_description="The access token is invalid""#.to_owned(),
        ),
        (
            bearer(&expired),
            (401, TokenExpired),
            r#"error="invalid_token", error_description="The access token expired""#.to_owned(),
        ),
    ] {
        let reply = ask_layer(&layer(&api), request);
        check(&reply, verdict, &format!("{parameters}, {METADATA}"));
    }
    let accepted = ask_layer(&layer(&api), bearer(&token(&api, "")));
    assert_eq!((accepted.status, accepted.header("www-authenticate")), (200, None));
}

#[test]
fn a_forbidden_request_learns_all_scopes_of_the_operation() {
    let api = api();
    let both = RequireLayer::all_scopes(["orders:read", "orders:write"]);
    let narrow = ask_both(&layer(&api), &both, bearer(&token(&api, "orders:read")));
    let error = r#"error="insufficient_scope", error_description="The access token lacks a scope""#;
    check(&narrow, (403, InsufficientScope), &format!("{ALL}, {error}, {METADATA}"));

    // More scopes would not help.
    let clerk = ask_both(&layer(&api), &RequireLayer::role("clerk"), bearer(&token(&api, "")));
    let error =
        r#"error="insufficient_scope", error_description="The access token does not permit this""#;
    check(&clerk, (403, Forbidden), &format!("{error}, {METADATA}"));

    let wide = token(&api, "orders:read orders:write");
    assert_eq!(ask_both(&layer(&api), &both, bearer(&wide)).status, 200);
}

#[test]
fn the_scope_without_a_token_is_the_most_specific() {
    let api = api();
    let read = Rule::scope("orders:read");
    let none = || request::<&str>([]);
    let narrow = format!(r#"scope="orders:read", {METADATA}"#);
    for layer in [
        layer(&api).challenge_scope(&read),
        layer(&api).challenge_scope(&Rule::scope("orders:write")).challenge_scope(&read),
        layer(&api).challenge_scope(&read).resource(&api),
    ] {
        check(&ask_layer(&layer, none()), (401, MissingToken), &narrow);
    }
    let optional = layer(&api).allow_missing_token();
    let reply = ask_both(&optional, &RequireLayer::new(read), none());
    check(&reply, (401, MissingToken), &narrow);
    // Without scopes, none are named.
    let unknown = resource("https://api.example.com/mcp").build().unwrap();
    check(&ask_layer(&layer(&unknown), none()), (401, MissingToken), METADATA);
}

#[test]
fn resources_of_one_process_do_not_clash() {
    let api = api();
    let other = resource("https://api.example.com/b").scopes(["b"]).build().unwrap();
    let none = || request::<&str>([]);
    let (layer_of_api, layer_of_other) = (layer(&api), layer(&other));
    let challenge = |layer: &JwtAuthLayer| {
        ask_layer(layer, none()).header("www-authenticate").unwrap().to_owned()
    };
    let of_other = r#"Bearer scope="b", resource_metadata="https://api.example.com/.well-known/oauth-protected-resource/b""#;
    assert_eq!(challenge(&layer_of_api), format!("Bearer {ALL}, {METADATA}"));
    assert_eq!(challenge(&layer_of_other), of_other);
    // The last resource of a layer counts.
    assert_eq!(challenge(&layer_of_api.resource(&other)), of_other);
}
