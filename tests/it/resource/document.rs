//! The members of the metadata document.

use http::header::{AUTHORIZATION, HeaderName};
use http::request::Parts;
use tower::{Layer, service_fn};
use tower_jwt_auth::Error;
use tower_jwt_auth::source::{
    AnyOf, BearerHeader, BearerMethods, CookieToken, HeaderToken, QueryToken, RawToken,
    TokenSource, WebSocketProtocol, from_fn,
};

use super::fixture::{API, SERVER, api, layer, metadata, resource};
use crate::support::ask::who;

#[test]
fn the_smallest_document_has_two_members() {
    let api = resource("https://api.example.com").build().unwrap();
    assert_eq!(
        metadata(&api).text(),
        r#"{"resource":"https://api.example.com","authorization_servers":["https://auth.example.com"]}"#
    );
}

#[test]
fn the_document_has_every_configured_member() {
    let api = resource(API)
        .authorization_server("https://login.example.com/tenant/")
        .authorization_server(SERVER)
        .scopes(["orders:read", "orders:write"])
        .scopes(["orders:read"])
        .name("Orders \"new\" 注文")
        .documentation("https://docs.example.com/orders#start")
        .policy_uri("https://example.com/policy")
        .terms_of_service_uri("http://example.com/tos")
        .jwks_uri("https://api.example.com/jwks.json")
        .authorization_details_types(["payment_initiation"])
        .build()
        .unwrap();
    let layer = layer(&api);
    assert_eq!(
        metadata(&api).text(),
        r#"{"resource":"https://api.example.com/mcp","authorization_servers":["https://auth.example.com","https://login.example.com/tenant/"],"scopes_supported":["orders:read","orders:write"],"bearer_methods_supported":["header"],"resource_name":"Orders \"new\" 注文","resource_documentation":"https://docs.example.com/orders#start","resource_policy_uri":"https://example.com/policy","resource_tos_uri":"http://example.com/tos","jwks_uri":"https://api.example.com/jwks.json","authorization_details_types_supported":["payment_initiation"]}"#
    );
    drop(layer);
}

/// A source of the application that wraps another one.
#[derive(Debug)]
struct Form;

impl TokenSource for Form {
    fn find<'a>(&self, _: &'a Parts) -> Result<Option<RawToken<'a>>, Error> {
        Ok(None)
    }

    fn bearer_methods(&self) -> BearerMethods {
        BearerMethods::BODY
    }
}

#[test]
fn bearer_methods_are_those_of_the_token_source() {
    let field = || HeaderToken::new(HeaderName::from_static("x-access-token"));
    let sources: [(AnyOf, Option<&str>); 13] = [
        (AnyOf::new(BearerHeader), Some(r#"["header"]"#)),
        (AnyOf::new(HeaderToken::new(AUTHORIZATION).scheme("bearer")), Some(r#"["header"]"#)),
        (AnyOf::new(HeaderToken::new(AUTHORIZATION)), None),
        (AnyOf::new(HeaderToken::new(AUTHORIZATION).scheme("Token")), None),
        (AnyOf::new(field().scheme("Bearer")), None),
        (AnyOf::new(QueryToken::new("access_token")), Some(r#"["query"]"#)),
        (AnyOf::new(QueryToken::new("token")), None),
        (AnyOf::new(CookieToken::new("__Host-session")), None),
        (AnyOf::new(WebSocketProtocol::new("bearer")), None),
        (AnyOf::new(from_fn(|_| Ok(None))), None),
        (AnyOf::new(Form), Some(r#"["body"]"#)),
        (QueryToken::new("access_token").or(BearerHeader), Some(r#"["header","query"]"#)),
        (
            AnyOf::new(
                CookieToken::new("s").or_else(QueryToken::new("access_token")).or_else(Form),
            ),
            Some(r#"["body","query"]"#),
        ),
    ];
    for (source, expected) in sources {
        let api = api();
        let at = format!("{source:?}");
        let layer = layer(&api).token_source(source);
        let document = metadata(&api).json();
        let methods = document.get("bearer_methods_supported").map(ToString::to_string);
        assert_eq!(methods.as_deref(), expected, "{at}");
        drop(layer);
    }
}

#[test]
fn bearer_methods_follow_the_layers_that_exist() {
    let api = api();
    let methods = || metadata(&api).json()["bearer_methods_supported"].to_string();
    assert_eq!(methods(), "null");
    let header = layer(&api);
    assert_eq!(methods(), r#"["header"]"#);
    // A clone with another source does not change the layer that it was made from.
    let query = header.clone().token_source(QueryToken::new("access_token"));
    assert_eq!(methods(), r#"["header","query"]"#);
    // The service of a layer counts, and the settings may be in any order.
    let service = header.layer(service_fn(who::<()>));
    drop(header);
    assert_eq!(methods(), r#"["header","query"]"#);
    drop(service);
    assert_eq!(methods(), r#"["query"]"#);
    drop(query.token_source(CookieToken::new("session")));
    assert_eq!(methods(), "null");
    // A layer of another resource does not count.
    let other = layer(&resource("https://api.example.com/other").build().unwrap());
    assert_eq!(methods(), "null");
    drop(other);
}

#[test]
fn the_entity_tag_follows_the_document() {
    let api = api();
    let tag = || metadata(&api).header("etag").unwrap().to_owned();
    let before = tag();
    assert_eq!(before, tag());
    let layer = layer(&api);
    assert_ne!(before, tag());
    drop(layer);
    assert_eq!(before, tag());
}
