//! The claims that scopes and roles are read from.

use serde_json::json;
use tower::{Layer, service_fn};
use tower_jwt_auth::claims::{ClaimPath, GrantClaims};
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{
    Algorithm, Identity, Issuer, JwtAuthLayer, Policy, RequireLayer, Rule, VerificationKey,
    Verifier,
};

use super::fixture::{Outcome, ask_both, check, issuer, raw, to};
use crate::support::ask::{ask, bearer};
use crate::support::tokens;

fn layer(grants: GrantClaims) -> JwtAuthLayer {
    let verifier = Verifier::shared_secret(issuer().secret()).any_audience().grants(grants);
    JwtAuthLayer::new(verifier.clock(FixedClock::new()).build().unwrap())
}

/// The scopes and roles of the identity.
fn granted(layer: &JwtAuthLayer, token: &str) -> [Vec<String>; 2] {
    let list = service_fn(async |request: http::Request<String>| {
        let identity = request.extensions().get::<Identity>().unwrap();
        let scopes: Vec<_> = identity.scopes().collect();
        let roles: Vec<_> = identity.roles().collect();
        let text = json!([scopes, roles]).to_string();
        Ok::<_, std::convert::Infallible>(http::Response::new(text))
    });
    let reply = ask(layer.layer(list), bearer(token));
    assert_eq!(reply.status, 200, "{reply:?}");
    serde_json::from_slice(&reply.body).unwrap()
}

/// Every scope and role of the rows. Each is required on its own.
const ALL: [&str; 8] = ["a", "b", "c", "d", "a b", "user", "admin", "clerk"];

/// Checks the granted scopes and roles, and the verdicts of rules on them.
#[track_caller]
fn expect(grants: &GrantClaims, members: &str, scopes: &[&str], roles: &[&str]) {
    let layer = layer(grants.clone());
    let token = raw(&format!("\"sub\":\"ada\",{members}"));
    assert_eq!(granted(&layer, &token), [scopes, roles], "{members}");
    for name in ALL {
        let at = format!("{members}: {name}");
        let ruled = |rule| ask_both(&layer, &RequireLayer::new(rule), bearer(&token));
        let outcome = |is_in, otherwise| if is_in { Outcome::Allowed } else { otherwise };
        let role = outcome(roles.contains(&name), Outcome::Forbidden);
        check(&ruled(Rule::role(name)), role, &at);
        let scope = outcome(scopes.contains(&name), Outcome::Lacks(name));
        check(&ruled(Rule::scope(name)), scope, &at);
    }
}

#[test]
fn the_standard_claims_are_read_by_default() {
    for (members, scopes, roles) in [
        (r#""scope":"a b""#, &["a", "b"][..], &[][..]),
        (r#""scope":["a","b"]"#, &["a", "b"], &[]),
        (r#""scp":"a b""#, &["a", "b"], &[]),
        (r#""scp":["a b"]"#, &["a b"], &[]),
        (r#""roles":["user","admin"]"#, &[], &["user", "admin"]),
        (r#""roles":"admin""#, &[], &["admin"]),
        (r#""scope":"c","scp":["a"],"roles":["user"]"#, &["c", "a"], &["user"]),
        // Claims of providers that are not configured.
        (r#""permissions":["a"]"#, &[], &[]),
        (r#""groups":["admin"]"#, &[], &[]),
        (r#""cognito:groups":["admin"]"#, &[], &[]),
        (r#""realm_access":{"roles":["admin"]}"#, &[], &[]),
        (r#""resource_access":{"orders":{"roles":["admin"]}}"#, &[], &[]),
    ] {
        expect(&GrantClaims::new(), members, scopes, roles);
    }
}

#[test]
fn the_permissions_of_auth0_are_scopes() {
    for (members, scopes) in [
        (r#""permissions":["a","b"]"#, &["a", "b"][..]),
        (r#""permissions":["a b"]"#, &["a b"]),
        (r#""permissions":"a b""#, &["a", "b"]),
        (r#""scope":"c","permissions":["a"]"#, &["c", "a"]),
        (r#""Permissions":["a"]"#, &[]),
        (r#""permission":["a"]"#, &[]),
    ] {
        expect(&GrantClaims::auth0(), members, scopes, &[]);
    }
}

#[test]
fn the_groups_of_cognito_are_roles() {
    for (members, roles) in [
        (r#""cognito:groups":["admin","clerk"]"#, &["admin", "clerk"][..]),
        (r#""cognito:groups":"admin""#, &["admin"]),
        (r#""cognito\u003agroups":["admin"]"#, &["admin"]),
        (r#""cognito":{"groups":["admin"]}"#, &[]),
        (r#""groups":["admin"]"#, &[]),
    ] {
        expect(&GrantClaims::cognito(), members, &[], roles);
    }
}

#[test]
fn keycloak_grants_realm_roles_and_the_roles_of_this_client() {
    for (members, roles) in [
        (r#""realm_access":{"roles":["admin"]}"#, &["admin"][..]),
        (r#""resource_access":{"orders":{"roles":["clerk"]}}"#, &["clerk"]),
        (
            r#""realm_access":{"roles":["user"]},"resource_access":{"orders":{"roles":["clerk"]},"account":{"roles":["admin"]}}"#,
            &["user", "clerk"],
        ),
        // Roles of other clients are ignored, even if the client name is similar.
        (r#""resource_access":{"billing":{"roles":["admin"]}}"#, &[]),
        (r#""resource_access":{"Orders":{"roles":["admin"]}}"#, &[]),
        (r#""resource_access":{"orders ":{"roles":["admin"]}}"#, &[]),
        (r#""resource_access":{"orders2":{"roles":["admin"]}}"#, &[]),
        (r#""resource_access":{"":{"roles":["admin"]}}"#, &[]),
        (r#""resource_access":{"x":{"orders":{"roles":["admin"]}}}"#, &[]),
        (r#""resource_access":{"roles":["admin"]}"#, &[]),
        (r#""resource_access.orders.roles":["admin"]"#, &[]),
        (r#""orders":{"roles":["admin"]}"#, &[]),
        (r#""x":{"realm_access":{"roles":["admin"]}}"#, &[]),
    ] {
        expect(&GrantClaims::keycloak("orders"), members, &[], roles);
    }
    // A client name with a dot is a single member name.
    let members = r#""resource_access":{"a.b":{"roles":["admin"]},"a":{"b":{"roles":["clerk"]}}}"#;
    expect(&GrantClaims::keycloak("a.b"), members, &[], &["admin"]);
}

/// Values of a key that grant nothing.
const NOT_GRANTED: [&str; 9] =
    ["false", "null", "{}", "[]", "0", "1", r#""""#, r#""admin""#, r#"["admin"]"#];

#[test]
fn zitadel_grants_the_role_keys_of_this_project() {
    let grants = GrantClaims::zitadel("4711");
    for (members, roles) in [
        (
            r#""urn:zitadel:iam:org:project:4711:roles":{"admin":{"1":"acme.example"}}"#,
            &["admin"][..],
        ),
        (
            r#""urn:zitadel:iam:org:project:4711:roles":{"clerk":{"1":"a"},"user":{"1":"a","2":"b"}}"#,
            &["clerk", "user"],
        ),
        (
            r#""roles":["user"],"urn:zitadel:iam:org:project:4711:roles":{"admin":{"1":"a"}}"#,
            &["user", "admin"],
        ),
        // A role that is granted in no organization.
        (r#""urn:zitadel:iam:org:project:4711:roles":{"admin":{}}"#, &[]),
        // Roles of other projects, or of the client's project.
        (r#""urn:zitadel:iam:org:project:4712:roles":{"admin":{"1":"a"}}"#, &[]),
        (r#""urn:zitadel:iam:org:project:roles":{"admin":{"1":"a"}}"#, &[]),
        // The organization is not a role.
        (r#""urn:zitadel:iam:org:project:4711:roles":{"user":{"admin":"clerk"}}"#, &["user"]),
    ] {
        expect(&grants, members, &[], roles);
    }
}

#[test]
fn the_keys_of_a_claim_are_roles_if_granted() {
    let grants = GrantClaims::new().role_keys("r").role_keys(["app", "roles"]);
    for (members, roles) in [
        (r#""r":{"admin":true}"#, &["admin"][..]),
        (r#""r":{"admin":{"org":1}}"#, &["admin"]),
        (r#""r":{"\u0061dmin":true}"#, &["admin"]),
        (r#""app":{"roles":{"user":true}},"r":{"clerk":true}"#, &["clerk", "user"]),
        (r#""r":{"a b":true}"#, &["a b"]),
        (r#""r":{"admin":true,"clerk":false,"user":{}}"#, &["admin"]),
        (r#""r":["admin"]"#, &[]),
        (r#""r":"admin""#, &[]),
        (r#""r":null"#, &[]),
        (r#""r":{}"#, &[]),
        (r#""r":[{"admin":true}]"#, &[]),
        (r#""R":{"admin":true}"#, &[]),
        (r#""x":{"r":{"admin":true}}"#, &[]),
        (r#""app.roles":{"admin":true}"#, &[]),
        (r#""app":{"roles":[{"admin":true}]}"#, &[]),
        // A duplicate key, with any value, makes the object ambiguous.
        (r#""r":{"admin":true,"admin":false}"#, &[]),
        (r#""r":{"admin":true,"\u0061dmin":true}"#, &[]),
        (r#""r":{"clerk":1,"admin":true,"clerk":1}"#, &[]),
        (r#""r":{"admin":{"x":1,"x":2}}"#, &[]),
        (r#""app":{"roles":{"admin":true},"roles":{"admin":true}}"#, &[]),
    ] {
        expect(&grants, members, &[], roles);
    }
    for value in NOT_GRANTED {
        expect(&grants, &format!(r#""r":{{"admin":{value},"user":true}}"#), &[], &["user"]);
    }
}

#[test]
fn roles_of_each_member_are_granted_only_on_request() {
    let each = GrantClaims::new().roles_of_each("resource_access", "roles");
    let deep = GrantClaims::new().roles_of_each(["a", "b"], ["c", "roles"]);
    for (grants, members, roles) in [
        (
            &each,
            r#""resource_access":{"orders":{"roles":["clerk"]},"billing":{"roles":"admin"}}"#,
            &["clerk", "admin"][..],
        ),
        (&each, r#""resource_access":{"":{"roles":["user"]}}"#, &["user"]),
        (
            &each,
            r#""resource_access":{"x":{"roles":["user"]},"y":{"roles":["admin",7]},"z":7}"#,
            &["user"],
        ),
        (&each, r#""resource_access":{"x":{"roles":{"admin":true}}}"#, &[]),
        (&each, r#""resource_access":{"x":["admin"],"y":"admin"}"#, &[]),
        (&each, r#""resource_access":{"roles":["admin"]}"#, &[]),
        (&each, r#""resource_access":{"x":{"y":{"roles":["admin"]}}}"#, &[]),
        (&each, r#""resource_access":[{"roles":["admin"]}]"#, &[]),
        (&each, r#""resource_access":"admin""#, &[]),
        (&each, r#""other":{"x":{"roles":["admin"]}}"#, &[]),
        // Duplicates make the object, or one member of it, ambiguous.
        (&each, r#""resource_access":{"x":{"roles":["user"]},"x":{"roles":["admin"]}}"#, &[]),
        (
            &each,
            r#""resource_access":{"x":{"roles":["user"],"roles":["admin"]},"y":{"roles":"clerk"}}"#,
            &["clerk"],
        ),
        (
            &deep,
            r#""a":{"b":{"x":{"c":{"roles":["user"]}},"y":{"c":{"roles":["clerk"]}}}}"#,
            &["user", "clerk"],
        ),
        (&deep, r#""a":{"b":{"x":{"roles":["admin"]}}}"#, &[]),
        (&deep, r#""a":{"b":{"c":{"roles":["admin"]}}}"#, &[]),
    ] {
        expect(grants, members, &[], roles);
    }
    // A star is the name of a member everywhere else.
    let star = GrantClaims::new().roles(["resource_access", "*", "roles"]).roles("*").scopes("*");
    for (members, scopes, roles) in [
        (r#""resource_access":{"*":{"roles":["user"]}}"#, &[][..], &["user"][..]),
        (r#""resource_access":{"orders":{"roles":["admin"]}}"#, &[], &[]),
        (r#""*":"a""#, &["a"], &["a"]),
        (r#""x":"admin""#, &[], &[]),
    ] {
        expect(&star, members, scopes, roles);
    }
    // Empty paths match nothing.
    let none = || ClaimPath::from([] as [&str; 0]);
    let empty = GrantClaims::new().role_keys(none()).roles_of_each(none(), "roles");
    let empty = empty.roles_of_each("r", none());
    expect(&empty, r#""admin":true,"r":{"x":["admin"],"roles":"admin"}"#, &[], &[]);
}

#[test]
fn configured_claims_may_be_nested_and_have_any_name() {
    let grants = GrantClaims::new()
        .scopes("https://orders.example/claims/scopes")
        .scopes(["auth", "scopes"])
        .roles("app.roles")
        .roles(["a", "b", "c", "roles"])
        .roles("urn:example:role");
    for (members, scopes, roles) in [
        (r#""https://orders.example/claims/scopes":"a b""#, &["a", "b"][..], &[][..]),
        (r#""https:\/\/orders.example\/claims\/scopes":["a"]"#, &["a"], &[]),
        (r#""https://orders.example/claims/scopes/":"a""#, &[], &[]),
        (r#""auth":{"scopes":["a"]}"#, &["a"], &[]),
        (r#""auth.scopes":["a"]"#, &[], &[]),
        (r#""auth":[{"scopes":["a"]}]"#, &[], &[]),
        (r#""app.roles":["admin"]"#, &[], &["admin"]),
        (r#""app":{"roles":["admin"]}"#, &[], &[]),
        (r#""a":{"b":{"c":{"roles":"user"}}}"#, &[], &["user"]),
        (r#""a":{"b":{"roles":"user"}}"#, &[], &[]),
        (r#""urn:example:role":"clerk""#, &[], &["clerk"]),
        (r#""roles":["user"],"app.roles":["clerk"]"#, &[], &["user", "clerk"]),
    ] {
        expect(&grants, members, scopes, roles);
    }
    // An empty path matches nothing, not the whole payload.
    let empty = ClaimPath::from([] as [&str; 0]);
    let grants = GrantClaims::new().roles(empty.clone()).scopes(empty);
    expect(&grants, r#""a":"admin""#, &[], &[]);
}

#[test]
fn malformed_claims_grant_nothing_and_do_not_affect_others() {
    let grants = GrantClaims::keycloak("orders").scopes("permissions");
    for value in [
        "7",
        "-1.5e10",
        "true",
        "null",
        "{}",
        "[]",
        r#"{"admin":true}"#,
        r#"["admin",7]"#,
        r#"["admin",null]"#,
        r#"[["admin"]]"#,
        r#"[{"name":"admin"}]"#,
        r#"[["a"],"a"]"#,
        "[[[[[[[[]]]]]]]]",
    ] {
        for member in [
            format!(r#""roles":{value}"#),
            format!(r#""scope":{value}"#),
            format!(r#""scp":{value}"#),
            format!(r#""permissions":{value}"#),
            format!(r#""realm_access":{value}"#),
            format!(r#""realm_access":{{"roles":{value}}}"#),
            format!(r#""resource_access":{value}"#),
            format!(r#""resource_access":{{"orders":{value}}}"#),
            format!(r#""resource_access":{{"orders":{{"roles":{value}}}}}"#),
        ] {
            let token = raw(&format!("\"sub\":\"ada\",{member}"));
            let layer = layer(grants.clone());
            assert_eq!(granted(&layer, &token), [[""; 0], [""; 0]], "{member}");
            let role = ask_both(&layer, &RequireLayer::role("admin"), bearer(&token));
            check(&role, Outcome::Forbidden, &member);
            let scope = ask_both(&layer, &RequireLayer::scope("a"), bearer(&token));
            check(&scope, Outcome::Lacks("a"), &member);
        }
    }
    let members =
        r#""roles":7,"realm_access":{"roles":["clerk"]},"scope":null,"permissions":["c"]"#;
    expect(&grants, members, &["c"], &["clerk"]);
}

#[test]
fn a_duplicate_nested_name_grants_nothing() {
    let grants = GrantClaims::keycloak("orders");
    for members in [
        r#""realm_access":{"roles":["user"],"roles":["admin"]}"#,
        r#""realm_access":{"roles":["admin"],"roles":["admin"]}"#,
        r#""realm_access":{"roles":["user"],"\u0072oles":["admin"]}"#,
        r#""realm_access":{"roles":["admin"],"roles":null}"#,
        r#""resource_access":{"orders":{"roles":["user"]},"orders":{"roles":["admin"]}}"#,
        r#""resource_access":{"orders":{"roles":["user"],"roles":["admin"]}}"#,
    ] {
        expect(&grants, members, &[], &[]);
    }
    // Duplicates outside the path are ignored.
    let members = r#""realm_access":{"x":1,"x":2,"roles":["user"]}"#;
    expect(&grants, members, &[], &["user"]);
}

#[test]
fn grant_claims_apply_only_to_tokens_of_their_issuer() {
    let keycloak = named("https://keycloak.example", Algorithm::ES256);
    let auth0 = named("https://auth0.example", Algorithm::EdDSA);
    let plain = named("https://plain.example", Algorithm::HS256);
    let trust = |issuer: &TestIssuer, name, grants: Option<GrantClaims>| {
        let key = if issuer.algorithm() == Algorithm::HS256 {
            VerificationKey::shared_secret(issuer.secret()).unwrap()
        } else {
            VerificationKey::jwk(issuer.jwk()).unwrap()
        };
        let policy = Policy::new().any_audience();
        Issuer::new(name, key, grants.into_iter().fold(policy, Policy::grants))
    };
    let verifier = Verifier::builder()
        .trust(trust(&keycloak, "https://keycloak.example", Some(GrantClaims::keycloak("orders"))))
        .trust(trust(&auth0, "https://auth0.example", Some(GrantClaims::auth0())))
        .trust(trust(&plain, "https://plain.example", None))
        .clock(FixedClock::new());
    let layer = JwtAuthLayer::new(verifier.build().unwrap());
    let claims = json!({
        "scope": "c",
        "roles": ["user"],
        "permissions": ["a"],
        "realm_access": {"roles": ["admin"]},
        "resource_access": {"orders": {"roles": ["clerk"]}},
    });
    for (issuer, scopes, roles) in [
        (&keycloak, &["c"][..], &["user", "admin", "clerk"][..]),
        (&auth0, &["c", "a"], &["user"]),
        (&plain, &["c"], &["user"]),
    ] {
        let token = issuer.token().subject("ada").claims(&claims).mint();
        assert_eq!(granted(&layer, &token), [scopes, roles], "{issuer:?}");
        let admin = ask_both(&layer, &RequireLayer::role("admin"), bearer(&token));
        let is_admin = roles.contains(&"admin");
        let outcome = if is_admin { Outcome::Allowed } else { Outcome::Forbidden };
        check(&admin, outcome, &format!("{issuer:?}"));
        let a = ask_both(&layer, &RequireLayer::scope("a"), bearer(&token));
        let outcome = if scopes.contains(&"a") { Outcome::Allowed } else { Outcome::Lacks("a") };
        check(&a, outcome, &format!("{issuer:?}"));
    }
}

#[test]
fn a_rule_on_iss_rejects_tokens_of_other_issuers() {
    let ours = named("https://ours.example", Algorithm::ES256);
    let partners = named("https://partner.example", Algorithm::EdDSA);
    let trust = |issuer: &TestIssuer, name| {
        let key = VerificationKey::jwk(issuer.jwk()).unwrap();
        Issuer::new(name, key, Policy::new().any_audience())
    };
    let verifier = Verifier::builder()
        .trust(trust(&ours, "https://ours.example"))
        .trust(trust(&partners, "https://partner.example"))
        .clock(FixedClock::new());
    let layer = JwtAuthLayer::new(verifier.build().unwrap());
    let any = || Rule::role("admin");
    let only_ours = || any().and(Rule::claim("iss", |iss| iss == "https://ours.example"));
    let owned = |rule: Rule| RequireLayer::new(rule.and(Rule::owner_in_path("/{id}").unwrap()));
    for (issuer, rule, outcome) in [
        (&ours, any(), Outcome::Allowed),
        (&ours, only_ours(), Outcome::Allowed),
        // Without a rule on `iss`, the subjects and roles of every trusted issuer count.
        (&partners, any(), Outcome::Allowed),
        (&partners, only_ours(), Outcome::Forbidden),
    ] {
        let token = issuer.token().subject("ada").claim("roles", json!(["admin"])).mint();
        let reply = ask_both(&layer, &owned(rule.clone()), to("/ada", &token));
        check(&reply, outcome, &format!("{issuer:?} {rule:?}"));
    }
}

fn named(name: &str, algorithm: Algorithm) -> TestIssuer {
    tokens::issuer(algorithm).issuer(name)
}
