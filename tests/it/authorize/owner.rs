//! Resource owners: in the path, elsewhere in the request, and in stored data.

use std::borrow::Cow;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::routing::get;
use http::{Method, Request, StatusCode};
use serde_json::json;
use tower_jwt_auth::error::ProblemKind;
use tower_jwt_auth::testing::TestToken;
use tower_jwt_auth::{ErrorKind, Identity, RequireLayer, Rule};

use super::fixture::Outcome::{Allowed, Forbidden, Lacks};
use super::fixture::{ask_both, check, issuer, layer, raw, to, token, verified};
use crate::support::ask::{ask, bearer};

fn owner_in(template: &str) -> RequireLayer {
    RequireLayer::owner_in_path(template).unwrap()
}

fn ada() -> String {
    issuer().token().subject("ada").mint()
}

#[test]
fn only_the_subject_in_the_owner_segment_is_permitted() {
    for (template, path, outcome) in [
        ("/users/{id}", "/users/ada", Allowed),
        ("/users/{id}", "/users/ada?as=bob", Allowed),
        ("/users/{id}", "/users/ada/", Allowed),
        ("/users/{id}", "/users/ada/todos/7", Allowed),
        ("/users/{id}", "/users/ada//todos", Allowed),
        ("/users/{id}", "/users/%61da", Allowed),
        ("/users/{id}", "/users/bob", Forbidden),
        ("/users/{id}", "/users/bob?id=ada", Forbidden),
        ("/users/{id}", "/users/bob/ada", Forbidden),
        ("/users/{id}", "/users/Ada", Forbidden),
        ("/users/{id}", "/users/ada2", Forbidden),
        ("/users/{id}", "/users/ad", Forbidden),
        ("/users/{id}", "/users", Forbidden),
        ("/users/{id}", "/", Forbidden),
        ("/users/{id}", "/Users/ada", Forbidden),
        ("/users/{id}", "/x/users/ada", Forbidden),
        ("/users/{id}", "/admins/ada", Forbidden),
        // Percent-encoding is decoded once before the comparison.
        ("/users/{id}", "/users/%2561da", Forbidden),
        ("/users/{id}", "/users/ada%20", Forbidden),
        ("/users/{id}", "/users/ada+", Forbidden),
        ("/users/{id}", "/users/ada%00", Forbidden),
        ("/users/{id}", "/users/ada%0d%0a", Forbidden),
        ("/users/{id}", "/users/ada%", Forbidden),
        ("/users/{id}", "/users/%ff", Forbidden),
        ("/users/{id}", "/users/ada%ff", Forbidden),
        ("/users/{id}", "/users/%c0%a1da", Forbidden),
        ("/users/{id}", "/%75sers/ada", Forbidden),
        // Other interpretations of a path.
        ("/users/{id}", "//users/ada", Forbidden),
        ("/users/{id}", "/users//ada", Forbidden),
        ("/users/{id}", "/users/", Forbidden),
        ("/users/{id}", "/users//", Forbidden),
        ("/users/{id}", "/users/ada;v=1", Forbidden),
        ("/users/{id}", "/users;x/ada", Forbidden),
        ("/users/{id}", "/users/ada,bob", Forbidden),
        ("/users/{id}", "/users/bob%2Fada", Forbidden),
        ("/users/{id}", "/users/ada%2Fbob", Forbidden),
        ("/users/{id}", "/users/{id}", Forbidden),
        ("/users/{id}/todos", "/users/ada/todos", Allowed),
        ("/users/{id}/todos", "/users/ada/todos/", Allowed),
        ("/users/{id}/todos", "/users/ada/todos/7", Allowed),
        ("/users/{id}/todos", "/users/ada/todos%2f7", Forbidden),
        ("/users/{id}/todos", "/users/ada/notes", Forbidden),
        ("/users/{id}/todos", "/users/ada", Forbidden),
        ("/users/{id}/todos", "/users/ada/", Forbidden),
        ("/users/{id}/todos", "/users/bob/todos", Forbidden),
        ("/users/{id}/", "/users/ada/", Allowed),
        ("/users/{id}/", "/users/ada", Forbidden),
        ("/users/{id}/", "/users/ada/todos", Forbidden),
        ("/{id}", "/ada", Allowed),
        ("/{id}", "/bob", Forbidden),
        ("/{id}", "//ada", Forbidden),
    ] {
        let reply = ask_both(&layer(), &owner_in(template), to(path, &ada()));
        check(&reply, outcome, &format!("{template} {path}"));
    }
}

#[test]
fn paths_with_dot_segments_are_rejected() {
    for path in [
        "/users/ada/../bob",
        "/users/ada/..",
        "/users/ada/./../bob",
        "/users/ada/todos/../../bob",
        "/users/bob/../ada",
        "/users/../users/ada",
        "/./users/ada",
        "/../users/ada",
        "/users/./ada",
        "/users/ada/.",
        "/users/ada/%2e%2e/bob",
        "/users/ada/.%2E/bob",
        "/users/ada/..%2fbob",
        "/users/ada/%2e%2e%2Fbob",
        "/users/ada%2f..%2fbob",
        "/users/ada/..%5cbob",
        "/users/ada/..;/bob",
        "/users/ada/..;v=1/bob",
        "/users/ada/..%3b/bob",
    ] {
        let reply = ask_both(&layer(), &owner_in("/users/{id}"), to(path, &ada()));
        check(&reply, Forbidden, path);
    }
    // Dots within a segment or in the query are not dot segments.
    for path in [
        "/users/ada/...",
        "/users/ada/..x",
        "/users/ada/.hidden",
        "/users/ada/a..b",
        "/users/ada/x;..",
        "/users/ada?next=/../bob",
    ] {
        let reply = ask_both(&layer(), &owner_in("/users/{id}"), to(path, &ada()));
        check(&reply, Allowed, path);
    }
}

#[test]
fn subjects_are_compared_byte_for_byte_after_decoding() {
    for (subject, path, status) in [
        (Some("auth0|a1"), "/users/auth0%7Ca1", 200),
        (Some("auth0|a1"), "/users/auth0|a1", 200),
        (Some("https://idp.example/u/1"), "/users/https%3A%2F%2Fidp.example%2Fu%2F1", 200),
        (Some("https://idp.example/u/1"), "/users/https://idp.example/u/1", 403),
        (Some("a b"), "/users/a%20b", 200),
        (Some("a b"), "/users/a+b", 403),
        (Some("a+b"), "/users/a+b", 200),
        (Some("%61da"), "/users/%2561da", 200),
        (Some("%61da"), "/users/%61da", 403),
        (Some("j\u{fc}rgen"), "/users/j%C3%BCrgen", 200),
        (Some("j\u{fc}rgen"), "/users/ju%CC%88rgen", 403),
        (Some("j\u{fc}rgen"), "/users/j%FCrgen", 403),
        (Some("{id}"), "/users/%7Bid%7D", 200),
        // A missing subject, an empty one and `..` own nothing.
        (Some(""), "/users/", 403),
        (Some(""), "/users", 403),
        (Some(""), "/users//x", 403),
        (Some(".."), "/users/%2e%2e", 403),
        (None, "/users/", 403),
        (None, "/users/ada", 403),
        (None, "/users/None", 403),
        (None, "/users/null", 403),
    ] {
        let issuer = issuer();
        let token = issuer.token();
        let token = subject.into_iter().fold(token, TestToken::subject).mint();
        let reply = ask_both(&layer(), &owner_in("/users/{id}"), to(path, &token));
        assert_eq!(reply.status, status, "{subject:?} {path}");
    }
}

#[test]
fn a_request_target_without_a_path_has_no_owner() {
    let asked = |method: Method, target: &str| {
        let mut request = to(target, &ada());
        *request.method_mut() = method;
        ask_both(&layer(), &owner_in("/users/{id}"), request)
    };
    check(&asked(Method::OPTIONS, "*"), Forbidden, "*");
    check(&asked(Method::CONNECT, "ada:443"), Forbidden, "authority");
    check(&asked(Method::GET, "http://users/ada"), Forbidden, "the host is not in the path");
    check(&asked(Method::GET, "http://api.example/users/ada"), Allowed, "absolute");
}

#[test]
fn a_template_without_exactly_one_owner_does_not_build() {
    for template in [
        "",
        "/",
        "users/{id}",
        "{id}",
        "/users",
        "/users/:id",
        "/users/id",
        "/users/x{id}",
        "/users/{id}x",
        "/users/{id",
        "/users/id}",
        "/users/{}",
        "/users/{*id}",
        "/users/{a}{b}",
        "/users/{org}/{id}",
        "/{a}/x/{b}",
        "/users/{id}?full",
    ] {
        let built = RequireLayer::owner_in_path(template);
        let error = built.err().unwrap();
        let [problem] = error.problems() else { panic!("{error}") };
        let is_empty = template.is_empty();
        let kind = if is_empty { ProblemKind::EmptyValue } else { ProblemKind::InvalidValue };
        assert_eq!(problem.kind(), kind, "{error}");
        assert!(problem.what().contains(&format!("`{template}`")), "{error}");
    }
    for template in ["/{id}", "/users/{id}", "/users/{user_id}/todos", "/users/{id}/"] {
        assert!(RequireLayer::owner_in_path(template).is_ok(), "{template}");
    }
}

#[test]
fn a_custom_owner_is_compared_with_the_subject() {
    let require = RequireLayer::new(Rule::authenticated()).owner(|parts| {
        let value = parts.headers.get("x-owner")?;
        value.to_str().ok().map(Cow::from)
    });
    let asked = |owner: Option<&[u8]>, token: &str| {
        let mut request = bearer(token);
        if let Some(owner) = owner {
            let owner = http::HeaderValue::from_bytes(owner).unwrap();
            request.headers_mut().insert("x-owner", owner);
        }
        ask_both(&layer(), &require, request)
    };
    let ada = ada();
    check(&asked(Some(b"ada"), &ada), Allowed, "her own");
    for owner in [&b"bob"[..], b"", b"Ada", b"ad", b"ada2", b"%61da", b"ada,bob", b"ad\xe4"] {
        check(&asked(Some(owner), &ada), Forbidden, &owner.escape_ascii().to_string());
    }
    check(&asked(None, &ada), Forbidden, "nothing found");
    // A token without a subject owns nothing, not even an empty owner.
    for nameless in [raw(""), raw("\"sub\":\"\"")] {
        for owner in [None, Some(&b""[..]), Some(b"ada")] {
            assert_eq!(asked(owner, &nameless).verdict(), (403, Some(ErrorKind::Forbidden)));
        }
    }
}

#[test]
fn two_owner_rules_must_both_match() {
    fn header(parts: &http::request::Parts) -> Option<Cow<'_, str>> {
        parts.headers.get("x-owner")?.to_str().ok().map(Cow::from)
    }
    let require = owner_in("/users/{id}").owner(header);
    for (path, owner, outcome) in [
        ("/users/ada", "ada", Allowed),
        ("/users/ada", "bob", Forbidden),
        ("/users/bob", "ada", Forbidden),
        ("/users/bob", "bob", Forbidden),
    ] {
        let mut request = to(path, &ada());
        request.headers_mut().insert("x-owner", owner.parse().unwrap());
        let reply = ask_both(&layer(), &require, request);
        check(&reply, outcome, &format!("{path} {owner}"));
    }
}

#[test]
fn a_scope_is_named_only_if_it_would_suffice() {
    let own = Rule::owner_in_path("/users/{id}").unwrap();
    let require = RequireLayer::new(Rule::scope("todos").and(own));
    for (scope, path, outcome) in [
        ("todos", "/users/ada", Allowed),
        ("x", "/users/ada", Lacks("todos")),
        ("x", "/users/bob", Forbidden),
        ("todos", "/users/bob", Forbidden),
    ] {
        let request = to(path, &token(&json!({"scope": scope})));
        check(&ask_both(&layer(), &require, request), outcome, &format!("{scope} {path}"));
    }
}

#[test]
fn an_owner_combines_with_other_rules() {
    let own = || Rule::owner_in_path("/users/{id}").unwrap();
    let admin = json!({"roles": ["admin"]});
    let user = json!({});
    let unnamed = json!({"sub": ""});
    for (rule, path, claims, outcome) in [
        (own().or(Rule::role("admin")), "/users/ada", &user, Allowed),
        (own().or(Rule::role("admin")), "/users/bob", &user, Forbidden),
        (own().or(Rule::role("admin")), "/users/bob", &admin, Allowed),
        (own().or(Rule::role("admin")), "/other", &admin, Allowed),
        (own().or(Rule::role("admin")), "/other", &user, Forbidden),
        (own().not(), "/users/ada", &user, Forbidden),
        (own().not(), "/users/bob", &user, Allowed),
        // The owner of other paths is unknown.
        (own().not(), "/other", &user, Forbidden),
        (own().not(), "/users/bob/../ada", &user, Forbidden),
        (own().not(), "/users/", &user, Forbidden),
        (own().not(), "/users/%ff", &user, Forbidden),
        (own().and(own()), "/users/ada", &user, Allowed),
        // Without a subject, it is unknown whose token it is.
        (own(), "/users/ada", &unnamed, Forbidden),
        (own().not(), "/users/ada", &unnamed, Forbidden),
    ] {
        let at = format!("{rule:?} {path} {claims}");
        let reply = ask_both(&layer(), &RequireLayer::new(rule), to(path, &token(claims)));
        check(&reply, outcome, &at);
    }
}

#[test]
fn owner_rules_never_permit_without_a_request() {
    let token = verified(&ada()).identity();
    let own = || Rule::owner_in_path("/users/{id}").unwrap();
    assert!(!own().permits(&token));
    assert!(!own().not().permits(&token));
    assert!(own().or(Rule::authenticated()).permits(&token));
}

#[test]
fn the_detail_distinguishes_another_user_from_another_path() {
    let by_header = RequireLayer::new(Rule::authenticated())
        .owner(|parts| parts.headers.get("x-owner")?.to_str().ok().map(Cow::from));
    let in_path = owner_in("/users/{id}");
    for (require, path, owner, detail) in [
        (&in_path, "/users/bob", None, "the path belongs to another user"),
        (&in_path, "/todos/ada", None, "the path does not match the owner template"),
        (&by_header, "/", Some("bob"), "the requested data belongs to another user"),
        (&by_header, "/", None, "the requested data has no owner"),
    ] {
        let mut request = to(path, &ada());
        if let Some(owner) = owner {
            request.headers_mut().insert("x-owner", owner.parse().unwrap());
        }
        let reply = ask_both(&layer(), require, request);
        assert_eq!(reply.error.unwrap().detail(), Some(detail), "{path}");
    }
}

#[test]
fn layers_inside_nest_see_the_path_without_the_prefix() {
    async fn handler() -> &'static str {
        "user ada"
    }
    // A layer inside `nest` sees the path without the prefix; a layer outside sees the whole path.
    let inside = Router::new().route("/{id}/todos", get(handler)).layer(owner_in("/{id}"));
    let method = get(handler).layer(owner_in("/{id}"));
    let app = Router::new()
        .nest("/users", inside)
        .nest("/people", Router::new().route("/{id}/todos", method))
        .nest(
            "/whole",
            Router::new().route("/{id}/todos", get(handler)).layer(owner_in("/whole/{id}")),
        )
        .nest("/outside", Router::new().route("/{id}/todos", get(handler)));
    let outer = app.clone().layer(owner_in("/outside/{id}")).layer(layer());
    let app = app.layer(layer());
    let asked = |app: &Router, path: &str| ask(app.clone(), to(path, &ada()).map(Body::from));
    for (path, outcome) in [
        ("/users/ada/todos", Allowed),
        ("/users/bob/todos", Forbidden),
        ("/people/ada/todos", Allowed),
        ("/people/bob/todos", Forbidden),
        // The template contains the removed prefix and never matches.
        ("/whole/ada/todos", Forbidden),
        ("/whole/bob/todos", Forbidden),
    ] {
        check(&asked(&app, path), outcome, path);
    }
    check(&asked(&outer, "/outside/ada/todos"), Allowed, "outside");
    check(&asked(&outer, "/outside/bob/todos"), Forbidden, "outside");
}

#[test]
fn axum_and_the_layer_extract_the_same_owner() {
    // For every permitted request, the path parameter of axum equals the subject.
    let handler = get(|Path(id): Path<String>| async move { format!("user {id}") });
    let app = Router::new().route("/users/{id}", handler.layer(owner_in("/users/{id}")));
    let app = app.layer(layer());
    for subject in ["ada", "a b", "a%b", "a/b", "j\u{fc}rgen", "a;b", "%2e", "auth0|a1", "a+b"] {
        let encoded: Vec<_> = subject.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let token = issuer().token().subject(subject).mint();
        let request: Request<Body> =
            to(&format!("/users/{}", encoded.concat()), &token).map(Body::from);
        let reply = ask(app.clone(), request);
        assert_eq!((reply.status, reply.text()), (200, &*format!("user {subject}")));
        let other = to("/users/bob", &token).map(Body::from);
        assert_eq!(ask(app.clone(), other).status, 403, "{subject}");
    }
}

#[test]
fn a_handler_checks_the_owner_of_stored_data() {
    async fn read(identity: Identity, Path(order): Path<u32>) -> Result<String, StatusCode> {
        let owners = ["ada", "bob", "", "Ada"];
        let owner = owners.get(order as usize).ok_or(StatusCode::NOT_FOUND)?;
        identity.owns(owner).then(|| format!("order {order}")).ok_or(StatusCode::FORBIDDEN)
    }
    let app = Router::new().route("/orders/{order}", get(read)).layer(layer());
    let of = |subject: &str| issuer().token().subject(subject).mint();
    let without_subject = issuer().token().mint();
    for (token, order, status) in [
        (of("ada"), 0, 200),
        (of("ada"), 1, 403),
        (of("ada"), 2, 403),
        (of("ada"), 3, 403),
        (of("ada"), 4, 404),
        (of("bob"), 1, 200),
        (of("Ada"), 3, 200),
        (of(""), 2, 403),
        (without_subject.clone(), 2, 403),
        (without_subject, 0, 403),
    ] {
        let request = to(&format!("/orders/{order}"), &token).map(Body::from);
        assert_eq!(ask(app.clone(), request).status, status, "{order}");
    }
}
