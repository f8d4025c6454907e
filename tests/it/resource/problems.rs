//! Every problem of a resource, each with a valid neighbour.

use tower_jwt_auth::error::{Problem, ProblemKind as Kind};
use tower_jwt_auth::resource::{Resource, ResourceBuilder};

use super::fixture::{API, SERVER, resource};

fn kinds(builder: ResourceBuilder) -> Vec<Kind> {
    match builder.build() {
        Ok(_) => Vec::new(),
        Err(error) => error.problems().iter().map(Problem::kind).collect(),
    }
}

#[track_caller]
fn check(builder: ResourceBuilder, expected: Option<Kind>) {
    let at = format!("{builder:?}");
    assert_eq!(kinds(builder), expected.into_iter().collect::<Vec<_>>(), "{at}");
}

#[test]
fn the_identifier_must_be_a_safe_url() {
    for (identifier, expected) in [
        (API, None),
        ("https://api.example.com/mcp#", Some(Kind::InvalidUrl)),
        ("https://api.example.com/mcp#tools", Some(Kind::InvalidUrl)),
        ("https://user:hunter2@api.example.com/mcp", Some(Kind::InsecureUrl)),
        ("https://@api.example.com/mcp", Some(Kind::InsecureUrl)),
        ("http://api.example.com/mcp", Some(Kind::InsecureUrl)),
        ("http://127.0.0.1:3000/mcp", Some(Kind::InsecureUrl)),
        ("api.example.com/mcp", Some(Kind::InvalidUrl)),
        ("/mcp", Some(Kind::InvalidUrl)),
        ("urn:example:orders", Some(Kind::InvalidUrl)),
        ("ftp://api.example.com", Some(Kind::InvalidUrl)),
        ("https://api.example.com/{tenant}", Some(Kind::InvalidUrl)),
        ("https://api.example.com/%7Btenant%7D", None),
        ("https://api.example.com/a/../b", Some(Kind::InvalidUrl)),
        ("https://api.example.com/a/.", Some(Kind::InvalidUrl)),
        ("https://api.example.com/a/.b/..c", None),
        ("https://api.example.com/:tenant", Some(Kind::InvalidUrl)),
        ("https://api.example.com/a/*rest", Some(Kind::InvalidUrl)),
        ("https://api.example.com/a:b/c*", None),
        ("https://api.example.com/a\"b", Some(Kind::InvalidUrl)),
        ("https://api.example.com/ä", Some(Kind::InvalidUrl)),
        ("https://api.example.com/mcp ", Some(Kind::InvalidUrl)),
        ("", Some(Kind::InvalidUrl)),
    ] {
        check(resource(identifier), expected);
    }
}

#[test]
fn plain_http_is_allowed_on_loopback_only() {
    for (identifier, expected) in [
        ("http://127.0.0.1:3000/mcp", None),
        ("http://[::1]:3000", None),
        ("http://localhost:3000", None),
        (API, None),
        ("http://localhost.evil.example", Some(Kind::InsecureUrl)),
        ("http://api.example.com", Some(Kind::InsecureUrl)),
    ] {
        check(resource(identifier).allow_http_on_loopback(), expected);
    }
    let local = || Resource::new(API).authorization_server("http://localhost:4000");
    check(local(), Some(Kind::InsecureUrl));
    check(local().allow_http_on_loopback(), None);
}

#[test]
fn an_authorization_server_is_required() {
    check(Resource::new(API), Some(Kind::MissingIssuer));
    check(Resource::new(API).authorization_server(SERVER), None);
}

#[test]
fn authorization_servers_must_be_issuer_urls() {
    for (server, expected) in [
        ("https://auth.example.com/realms/orders", None),
        ("https://auth.example.com/", None),
        ("", Some(Kind::InvalidUrl)),
        ("auth.example.com", Some(Kind::InvalidUrl)),
        ("https://auth.example.com#a", Some(Kind::InvalidUrl)),
        ("https://auth.example.com?a", Some(Kind::InvalidUrl)),
        ("https://a:hunter2@auth.example.com", Some(Kind::InsecureUrl)),
        ("http://auth.example.com", Some(Kind::InsecureUrl)),
        ("https://auth.example.com/.well-known/openid-configuration", Some(Kind::InvalidIssuer)),
    ] {
        check(Resource::new(API).authorization_server(server), expected);
        check(resource(API).authorization_server(server), expected);
    }
}

#[test]
fn scopes_must_be_scopes_of_a_resource() {
    for (scope, expected) in [
        ("orders:read", None),
        ("https://api.example.com/orders.read", None),
        ("!#[]~", None),
        ("profile", None),
        ("OpenID", None),
        ("openid", Some(Kind::InvalidScope)),
        ("offline_access", Some(Kind::InvalidScope)),
        ("orders:read orders:write", Some(Kind::InvalidScope)),
        ("orders\"", Some(Kind::InvalidScope)),
        ("orders\\read", Some(Kind::InvalidScope)),
        ("orders\n", Some(Kind::InvalidScope)),
        ("\u{7f}", Some(Kind::InvalidScope)),
        ("bestellungen:ändern", Some(Kind::InvalidScope)),
        ("", Some(Kind::EmptyValue)),
    ] {
        check(resource(API).scopes([scope]), expected);
        check(resource(API).scopes(["orders:write", scope]), expected);
    }
    check(resource(API).scopes(<[&str; 0]>::default()), None);
}

#[test]
fn other_members_must_have_usable_values() {
    for (builder, expected) in [
        (resource(API).name("Orders"), None),
        (resource(API).name(" "), Some(Kind::EmptyValue)),
        (resource(API).authorization_details_types(["payment"]), None),
        (resource(API).authorization_details_types([""]), Some(Kind::EmptyValue)),
        (resource(API).documentation("https://docs.example.com/#a"), None),
        (resource(API).documentation("docs.example.com"), Some(Kind::InvalidUrl)),
        (resource(API).policy_uri("https://a:b@example.com"), Some(Kind::InsecureUrl)),
        (resource(API).policy_uri("https://example.com/policy"), None),
        (resource(API).terms_of_service_uri("/tos"), Some(Kind::InvalidUrl)),
        (resource(API).terms_of_service_uri("https://example.com/tos"), None),
        (resource(API).jwks_uri("https://api.example.com/jwks"), None),
        (resource(API).jwks_uri("http://api.example.com/jwks"), Some(Kind::InsecureUrl)),
        (resource(API).jwks_uri("http://localhost/jwks").allow_http_on_loopback(), None),
    ] {
        check(builder, expected);
    }
}

#[test]
fn all_problems_are_reported_at_once_without_passwords() {
    let wrong = Resource::new("https://a:hunter2@api.example.com").scopes(["openid"]).name("");
    let error = wrong.clone().build().unwrap_err();
    assert_eq!(
        kinds(wrong),
        [Kind::InsecureUrl, Kind::MissingIssuer, Kind::InvalidScope, Kind::EmptyValue]
    );
    assert!(!error.to_string().contains("hunter2"), "{error}");
    let error = resource("http://api.example.com").build().unwrap_err();
    assert!(error.to_string().contains("`http://api.example.com`"), "{error}");
}
