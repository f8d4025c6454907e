//! Tenants: their claim, rules on the path, and stored data.

use serde_json::json;
use tower_jwt_auth::claims::ClaimPath;
use tower_jwt_auth::error::ProblemKind;
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{
    Algorithm, Error, ErrorKind, Issuer, JwtAuthLayer, Policy, RequireLayer, Rule, VerificationKey,
    Verifier, VerifierBuilder,
};

use super::fixture::Outcome::{Allowed, Forbidden, Lacks};
use super::fixture::{ask_both, check, issuer, raw, to, token};
use crate::support::tokens;

fn builder(claim: impl Into<ClaimPath>) -> VerifierBuilder {
    let verifier = Verifier::shared_secret(issuer().secret()).any_audience();
    verifier.clock(FixedClock::new()).tenant_claim(claim)
}

fn layer() -> JwtAuthLayer {
    JwtAuthLayer::new(builder("org_id").build().unwrap())
}

fn tenant_in(template: &str) -> Rule {
    Rule::tenant_in_path(template).unwrap()
}

/// A token of `ada` for this tenant.
fn of(tenant: &str) -> String {
    token(&json!({"org_id": tenant}))
}

#[test]
fn only_the_tenant_in_the_path_is_permitted() {
    let acme = of("acme");
    for (template, path, outcome) in [
        ("/orgs/{org}", "/orgs/acme", Allowed),
        ("/orgs/{org}", "/orgs/acme?org=globex", Allowed),
        ("/orgs/{org}", "/orgs/acme/users/ada", Allowed),
        ("/orgs/{org}", "/orgs/%61cme", Allowed),
        ("/orgs/{org}", "/orgs/globex", Forbidden),
        ("/orgs/{org}", "/orgs/globex?org=acme", Forbidden),
        ("/orgs/{org}", "/orgs/globex/acme", Forbidden),
        ("/orgs/{org}", "/orgs/Acme", Forbidden),
        ("/orgs/{org}", "/orgs/acme2", Forbidden),
        ("/orgs/{org}", "/orgs/acm", Forbidden),
        // The subject is not the tenant.
        ("/orgs/{org}", "/orgs/ada", Forbidden),
        ("/orgs/{org}", "/orgs", Forbidden),
        ("/orgs/{org}", "/orgs/", Forbidden),
        ("/orgs/{org}", "/orgs//acme", Forbidden),
        ("/orgs/{org}", "/Orgs/acme", Forbidden),
        ("/orgs/{org}", "/users/acme", Forbidden),
        ("/orgs/{org}", "/orgs/%2561cme", Forbidden),
        ("/orgs/{org}", "/orgs/acme%20", Forbidden),
        ("/orgs/{org}", "/orgs/acme%ff", Forbidden),
        ("/orgs/{org}", "/orgs/acme/../globex", Forbidden),
        ("/orgs/{org}", "/orgs/acme/%2e%2e/globex", Forbidden),
        ("/orgs/{org}", "/orgs/acme/..;x/globex", Forbidden),
        ("/orgs/{org}/orders", "/orgs/acme/orders/7", Allowed),
        ("/orgs/{org}/orders", "/orgs/acme/users", Forbidden),
        ("/orgs/{org}/orders", "/orgs/globex/orders", Forbidden),
        ("/{org}", "/acme", Allowed),
        ("/{org}", "/globex", Forbidden),
    ] {
        let require = RequireLayer::tenant_in_path(template).unwrap();
        let reply = ask_both(&layer(), &require, to(path, &acme));
        check(&reply, outcome, &format!("{template} {path}"));
    }
}

/// The JSON of a claim, and the tenant that it names.
const TENANTS: [(&str, Option<&str>); 15] = [
    (r#""acme""#, Some("acme")),
    (r#""acme\u002feu""#, Some("acme/eu")),
    (r#"" ""#, Some(" ")),
    ("7", Some("7")),
    (r#""7""#, Some("7")),
    ("-7", Some("-7")),
    ("18446744073709551615", Some("18446744073709551615")),
    ("18446744073709551616", None),
    ("7.0", None),
    (r#""""#, None),
    ("null", None),
    ("true", None),
    (r#"["acme"]"#, None),
    ("{}", None),
    (r#"{"id":"acme"}"#, None),
];

#[test]
fn a_token_without_a_tenant_is_rejected() {
    let top = builder("org_id").build().unwrap();
    let nested = builder(["o", "id"]).build().unwrap();
    let rejected = |result: Result<Option<String>, Error>, claim: &str, at: &str| {
        let error = result.unwrap_err();
        let expected = format!("the claim `{claim}`");
        let found = (error.kind(), error.expected());
        assert_eq!(found, (ErrorKind::MissingClaim, Some(&*expected)), "{at}");
        assert!(error.to_string().contains("`tenant_claim`"), "{error}");
    };
    let tenant = |verifier: &Verifier, members: &str| {
        let verified = verifier.verify_now(&raw(members));
        verified.map(|it| it.identity().tenant().map(str::to_owned))
    };
    for (value, expected) in TENANTS {
        for (verifier, members, claim) in [
            (&top, format!(r#""org_id":{value}"#), "org_id"),
            (&nested, format!(r#""o":{{"x":1,"id":{value}}}"#), "o › id"),
        ] {
            match (tenant(verifier, &members), expected) {
                (Ok(found), Some(_)) => assert_eq!(found.as_deref(), expected, "{members}"),
                (result, _) => rejected(result, claim, &members),
            }
        }
    }
    for (verifier, members, claim) in [
        (&top, "", "org_id"),
        (&top, r#""Org_id":"acme""#, "org_id"),
        (&top, r#""o":{"org_id":"acme"}"#, "org_id"),
        (&nested, "", "o › id"),
        (&nested, r#""o.id":"acme""#, "o › id"),
        (&nested, r#""o":[{"id":"acme"}]"#, "o › id"),
        (&nested, r#""o":{"id":"acme","id":"acme"}"#, "o › id"),
        (&nested, r#""o":{"id":"acme","\u0069d":"globex"}"#, "o › id"),
    ] {
        rejected(tenant(verifier, members), claim, members);
    }
}

#[test]
fn a_tenant_claim_that_names_nothing_does_not_build() {
    let none = ClaimPath::from([] as [&str; 0]);
    for (claim, kind) in [
        (ClaimPath::from(""), ProblemKind::EmptyValue),
        (["o", ""].into(), ProblemKind::EmptyValue),
        (none.clone(), ProblemKind::EmptyValue),
        (" org_id".into(), ProblemKind::InvalidValue),
        (["o", "id\n"].into(), ProblemKind::InvalidValue),
    ] {
        for (setting, builder) in [
            ("`tenant_claim`", builder(claim.clone())),
            ("`subject_claim`", builder("org_id").subject_claim(claim.clone())),
        ] {
            let error = builder.build().unwrap_err();
            let [problem] = error.problems() else { panic!("{error}") };
            assert_eq!(problem.kind(), kind, "{error}");
            assert!(problem.what().contains(setting), "{error}");
        }
    }
    for claim in
        [ClaimPath::from("org_id"), "https://acme.example/org id".into(), ["o", "id"].into()]
    {
        assert!(builder(claim.clone()).subject_claim(claim).build().is_ok());
    }
}

#[test]
fn a_tenant_combines_with_other_rules() {
    let own = || tenant_in("/orgs/{org}");
    let user = || Rule::owner_in_path("/orgs/acme/{user}").unwrap();
    let acme = json!({"org_id": "acme"});
    let admin = json!({"org_id": "acme", "roles": ["admin"]});
    let reader = json!({"org_id": "acme", "scope": "read"});
    for (rule, path, claims, outcome) in [
        (own().or(Rule::role("admin")), "/orgs/acme", &acme, Allowed),
        (own().or(Rule::role("admin")), "/orgs/globex", &acme, Forbidden),
        (own().or(Rule::role("admin")), "/orgs/globex", &admin, Allowed),
        (own().or(Rule::role("admin")), "/other", &admin, Allowed),
        (own().and(Rule::scope("read")), "/orgs/acme", &reader, Allowed),
        // More scopes help only within the same tenant.
        (own().and(Rule::scope("read")), "/orgs/acme", &acme, Lacks("read")),
        (own().and(Rule::scope("read")), "/orgs/globex", &acme, Forbidden),
        (own().and(user()), "/orgs/acme/ada", &acme, Allowed),
        (own().and(user()), "/orgs/acme/bob", &acme, Forbidden),
        (own().and(user()), "/orgs/globex/ada", &acme, Forbidden),
        (own().not(), "/orgs/acme", &acme, Forbidden),
        (own().not(), "/orgs/globex", &acme, Allowed),
        // The tenant of other paths is unknown.
        (own().not(), "/other", &acme, Forbidden),
        (own().not(), "/orgs/globex/../acme", &acme, Forbidden),
        (own().not(), "/orgs/", &acme, Forbidden),
        (own().not(), "/orgs/%ff", &acme, Forbidden),
    ] {
        let at = format!("{rule:?} {path} {claims}");
        let reply = ask_both(&layer(), &RequireLayer::new(rule), to(path, &token(claims)));
        check(&reply, outcome, &at);
    }
}

#[test]
fn without_a_tenant_claim_the_tenant_is_unknown() {
    let plain = super::fixture::layer();
    let own = || tenant_in("/orgs/{org}");
    for (rule, outcome) in [
        (own(), Forbidden),
        (own().not(), Forbidden),
        (own().and(own().not()), Forbidden),
        (own().or(own().not()), Forbidden),
        (own().not().or(Rule::scope("read")), Lacks("read")),
        (own().not().or(Rule::authenticated()), Allowed),
    ] {
        for path in ["/orgs/acme", "/orgs/globex"] {
            let at = format!("{rule:?} {path}");
            let require = RequireLayer::new(rule.clone());
            check(&ask_both(&plain, &require, to(path, &of("acme"))), outcome, &at);
        }
    }
}

#[test]
fn the_detail_names_the_reason_for_another_tenant() {
    let require = RequireLayer::tenant_in_path("/orgs/{org}").unwrap();
    for (layer, path, detail) in [
        (layer(), "/orgs/globex", "the path belongs to another tenant"),
        (layer(), "/users/acme", "the path does not match the tenant template"),
        (
            super::fixture::layer(),
            "/orgs/acme",
            "the policy of the token's issuer has no `tenant_claim`",
        ),
    ] {
        let reply = ask_both(&layer, &require, to(path, &of("acme")));
        assert_eq!(reply.error.unwrap().detail(), Some(detail), "{path}");
    }
}

#[test]
fn a_template_without_exactly_one_tenant_does_not_build() {
    for template in ["", "/", "orgs/{org}", "/orgs", "/orgs/x{org}", "/orgs/{*org}", "/{a}/{b}"] {
        let error = RequireLayer::tenant_in_path(template).err().unwrap();
        let [problem] = error.problems() else { panic!("{error}") };
        let is_empty = template.is_empty();
        let kind = if is_empty { ProblemKind::EmptyValue } else { ProblemKind::InvalidValue };
        assert_eq!(problem.kind(), kind, "{error}");
        assert!(problem.what().contains(&format!("tenant template `{template}`")), "{error}");
    }
    for template in ["/{org}", "/orgs/{org}", "/orgs/{org}/orders/"] {
        assert!(RequireLayer::tenant_in_path(template).is_ok(), "{template}");
    }
}

#[test]
fn each_issuer_has_its_own_tenant_claim() {
    let named = |name: &str, algorithm| tokens::issuer(algorithm).issuer(name);
    let entra = named("https://entra.example", Algorithm::ES256);
    let auth0 = named("https://auth0.example", Algorithm::EdDSA);
    let plain = named("https://plain.example", Algorithm::RS256);
    let trust = |issuer: &TestIssuer, name, claim: Option<&str>| {
        let policy = Policy::new().any_audience();
        let policy = claim.into_iter().fold(policy, Policy::tenant_claim);
        Issuer::new(name, VerificationKey::jwk(issuer.jwk()).unwrap(), policy)
    };
    let verifier = Verifier::builder()
        .trust(trust(&entra, "https://entra.example", Some("tid")))
        .trust(trust(&auth0, "https://auth0.example", Some("org_id")))
        .trust(trust(&plain, "https://plain.example", None))
        .clock(FixedClock::new());
    let layer = JwtAuthLayer::new(verifier.build().unwrap());
    let both = json!({"tid": "acme", "org_id": "globex"});
    for (issuer, claims, path, status) in [
        (&entra, &both, "/orgs/acme", 200),
        (&entra, &both, "/orgs/globex", 403),
        (&auth0, &both, "/orgs/globex", 200),
        (&auth0, &both, "/orgs/acme", 403),
        (&plain, &both, "/orgs/acme", 403),
        (&plain, &both, "/orgs/globex", 403),
        // The claim of another issuer does not count.
        (&entra, &json!({"org_id": "globex"}), "/orgs/globex", 401),
        (&auth0, &json!({"tid": "acme"}), "/orgs/acme", 401),
    ] {
        let token = issuer.token().subject("ada").claims(claims).mint();
        let require = RequireLayer::tenant_in_path("/orgs/{org}").unwrap();
        let reply = ask_both(&layer, &require, to(path, &token));
        assert_eq!(reply.status, status, "{issuer:?} {claims} {path}");
    }
}

#[test]
fn the_tenant_of_stored_data_is_compared_exactly() {
    let verifier = builder("org_id").build().unwrap();
    for (tenant, stored, matches) in [
        ("acme", "acme", true),
        ("acme", "Acme", false),
        ("acme", "acme ", false),
        ("acme", "", false),
        (" ", " ", true),
        (" ", "", false),
    ] {
        let user = verifier.verify_now(&of(tenant)).unwrap().identity();
        assert_eq!(user.has_tenant(stored), matches, "{tenant:?} {stored:?}");
    }
    let plain = Verifier::shared_secret(issuer().secret()).any_audience();
    let plain = plain.clock(FixedClock::new()).build().unwrap();
    let user = plain.verify_now(&of("acme")).unwrap().identity();
    assert_eq!((user.tenant(), user.has_tenant("acme"), user.has_tenant("")), (None, false, false));
}

#[test]
fn a_tenant_is_read_although_claims_are_hidden() {
    let layer = JwtAuthLayer::new(builder("org_id").hide_claims().build().unwrap());
    let by_claim = Rule::claim("org_id", |it| it == "acme");
    for (rule, path, outcome) in [
        (tenant_in("/orgs/{org}"), "/orgs/acme", Allowed),
        (tenant_in("/orgs/{org}"), "/orgs/globex", Forbidden),
        (tenant_in("/orgs/{org}").not(), "/orgs/globex", Allowed),
        (by_claim, "/orgs/acme", Forbidden),
    ] {
        let at = format!("{rule:?} {path}");
        let reply = ask_both(&layer, &RequireLayer::new(rule), to(path, &of("acme")));
        check(&reply, outcome, &at);
    }
}

#[test]
fn tenant_rules_never_permit_without_a_request() {
    let user = builder("org_id").build().unwrap().verify_now(&of("acme")).unwrap().identity();
    let own = || tenant_in("/orgs/{org}");
    assert!(!own().permits(&user));
    assert!(!own().not().permits(&user));
    assert!(own().or(Rule::authenticated()).permits(&user));
}
