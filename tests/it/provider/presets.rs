//! The presets: an access token of each provider is accepted, and its neighbours are rejected.

use std::collections::HashMap;

use serde_json::{Map, Value, json};
use tower_jwt_auth::ErrorKind::{self, *};
use tower_jwt_auth::key::KeySet;
use tower_jwt_auth::provider::Provider;
use tower_jwt_auth::source::TokenSource;
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{Algorithm, Error, Verifier};

use super::preset_rows::rows;
use crate::support::tokens::issuer;

/// One provider.
pub(super) struct Row {
    pub(super) name: &'static str,
    /// The preset, with everything that an application must set.
    pub(super) preset: fn() -> Provider,
    pub(super) algorithm: Algorithm,
    /// The claims of an accepted token.
    pub(super) token: Value,
    /// Other tokens: the claims that differ, null for a missing one, and the verdict.
    pub(super) others: Vec<(&'static str, Value, Result<(), ErrorKind>)>,
    /// How far the preset is tested.
    pub(super) tested: &'static str,
    /// The documentation or sample that the claims follow, and the date on which it was read.
    pub(super) source: &'static str,
}

/// A token with these claims, without those that are null. `header:typ` is the member `typ` of the header.
fn mint(server: &TestIssuer, claims: &Map<String, Value>) -> String {
    let token = claims.iter().fold(server.token(), |token, (name, value)| {
        match (name.strip_prefix("header:"), value) {
            (Some(member), value) => token.header(member, value.clone()),
            (None, Value::Null) => token.without(name),
            (None, value) => token.claim(name.clone(), value.clone()),
        }
    });
    token.mint()
}

fn changed(token: &Value, other: &Value) -> Map<String, Value> {
    let mut claims = token.as_object().unwrap().clone();
    claims.extend(other.as_object().unwrap().clone());
    claims
}

fn verifier(row: &Row, server: &TestIssuer) -> Verifier {
    let keys = KeySet::jwks(server.jwks()).unwrap();
    (row.preset)().keys(keys).into_builder().clock(FixedClock::new()).build().unwrap()
}

/// The neighbours that every provider has.
fn neighbours(row: &Row) -> Vec<(&'static str, Value, Result<(), ErrorKind>)> {
    let iss = row.token["iss"].as_str().unwrap();
    let spelled = iss.strip_suffix('/').map_or_else(|| format!("{iss}/"), str::to_owned);
    vec![
        ("the issuer with or without a slash", json!({ "iss": spelled }), Err(InvalidIssuer)),
        ("another tenant", json!({ "iss": format!("{iss}x") }), Err(InvalidIssuer)),
        ("the issuer in upper case", json!({"iss": iss.to_uppercase()}), Err(InvalidIssuer)),
        ("no issuer", json!({ "iss": null }), Err(InvalidIssuer)),
        ("an expired token", json!({"exp": 1_767_220_000}), Err(TokenExpired)),
        ("no expiry", json!({ "exp": null }), Err(MissingClaim)),
    ]
}

#[test]
fn each_provider_has_accepted_tokens_and_rejected_neighbours() {
    println!("| provider | accepted | rejected | tested | source |\n|---|---|---|---|---|");
    for row in rows() {
        let server = issuer(row.algorithm);
        let verifier = verifier(&row, &server);
        let accepted = mint(&server, &changed(&row.token, &json!({})));
        let mut verdicts = HashMap::from([(true, 1), (false, 0)]);
        let verdict = verifier.verify_now(&accepted);
        assert!(verdict.is_ok(), "{}: {}", row.name, verdict.unwrap_err());

        let stranger =
            mint(&issuer(row.algorithm).with_other_key(), &changed(&row.token, &json!({})));
        assert_eq!(verifier.verify_now(&stranger).unwrap_err().kind(), InvalidSignature);
        let others = neighbours(&row).into_iter().chain(row.others);
        for (name, other, expected) in others {
            let token = mint(&server, &changed(&row.token, &other));
            let verdict = verifier.verify_now(&token);
            let kind = verdict.as_ref().map(|_| ()).map_err(Error::kind);
            assert_eq!(kind, expected, "{}, {name}: {:?}", row.name, verdict.err());
            *verdicts.get_mut(&expected.is_ok()).unwrap() += 1;
        }
        let (accepted, rejected) = (verdicts[&true], verdicts[&false] + 1);
        println!("| {} | {accepted} | {rejected} | {} | {} |", row.name, row.tested, row.source);
        assert!(rejected >= 8, "{}: {rejected}", row.name);
    }
}

#[test]
fn presets_without_the_settings_of_the_application_do_not_build() {
    for (name, preset) in [
        ("Entra", Provider::entra("72f988bf-86f1-41af-91ab-2d7cd011db47")),
        ("Cognito", Provider::cognito("eu-west-1", "eu-west-1_Ab12Cd34")),
        ("Clerk", Provider::clerk("https://clerk.example.com")),
        ("Keycloak", Provider::keycloak("https://sso.example.com", "shop")),
        ("Auth0", Provider::auth0("example.eu.auth0.com")),
        ("Okta", Provider::okta("example.okta.com", "default")),
        ("Kubernetes", Provider::kubernetes("https://oidc.eks.eu-west-1.amazonaws.com/id/AB12")),
    ] {
        let error = preset.build().err().unwrap();
        let kinds: Vec<_> = error.problems().iter().map(|it| it.kind().as_str()).collect();
        assert_eq!(kinds, ["missing_audience"], "{name}: {error}");
    }
}

#[test]
fn arguments_that_change_the_url_do_not_build() {
    for preset in [
        Provider::auth0("https://example.eu.auth0.com/"),
        Provider::auth0("example.com/evil"),
        Provider::auth0("user@example.com"),
        Provider::auth0("example.com:8443"),
        Provider::auth0(""),
        Provider::okta("example.okta.com", "../default"),
        Provider::okta("example.okta.com", ".."),
        Provider::okta("https://example.okta.com", "default"),
        Provider::cognito("eu-west-1.evil.example/", "eu-west-1_Ab12"),
        Provider::cognito("eu-west-1", "pool?x"),
        Provider::cognito("eu-west-1", ""),
        Provider::entra("<tenant>"),
        Provider::entra("common"),
        Provider::entra("organizations"),
        Provider::entra_tenants([] as [&str; 0]),
        Provider::entra_tenants(["72f988bf/x"]),
        Provider::entra_tenants(["common"]),
        Provider::entra("contoso.onmicrosoft.com"),
        Provider::cloudflare_access("team.evil", "tag").keys(keys()),
        Provider::keycloak("https://sso.example.com", "a/b"),
        Provider::keycloak("sso.example.com", "shop"),
        Provider::keycloak("https://sso.example.com?x", "shop"),
        Provider::supabase("http://abc.supabase.co"),
        Provider::clerk(""),
        Provider::spiffe("example.org/x", "https://spire.example.org/bundle"),
        Provider::spiffe("example.org", "http://spire.example.org/bundle"),
    ] {
        let shown = format!("{preset:?}");
        assert!(preset.audience("a").build().is_err(), "{shown}");
    }
}

fn keys() -> KeySet {
    KeySet::jwks(TestIssuer::es256().jwks()).unwrap()
}

#[test]
fn gateways_send_their_tokens_in_fields_of_their_own() {
    for (preset, field, value) in [
        (Provider::iap("/projects/1/apps/a"), "x-goog-iap-jwt-assertion", "a.b.c"),
        (Provider::cloudflare_access("acme", "tag"), "cf-access-jwt-assertion", "a.b.c"),
        #[cfg(feature = "pem")]
        (Provider::alb("arn", "https://auth.example.com"), "x-amzn-oidc-data", "a.b.c"),
        (Provider::auth0("example.eu.auth0.com"), "authorization", "Bearer a.b.c"),
    ] {
        let other =
            if field == "authorization" { "cf-access-jwt-assertion" } else { "authorization" };
        let found = |name: &str, value: &str| {
            let request = http::Request::builder().header(name, value).body(()).unwrap();
            let parts = request.into_parts().0;
            let token = preset.token_source().find(&parts).unwrap();
            token.map(|token| token.as_str().to_owned())
        };
        assert_eq!(found(field, value).as_deref(), Some("a.b.c"), "{field}");
        assert_eq!(found(other, "Bearer a.b.c"), None, "{field}");
    }
}

#[test]
fn several_providers_are_trusted_beside_each_other() {
    let server = issuer(Algorithm::RS256);
    let keys = || KeySet::jwks(server.jwks()).unwrap();
    let auth0 = Provider::auth0("example.eu.auth0.com").audience("orders").keys(keys());
    let google = Provider::google("123.apps.googleusercontent.com").keys(keys());
    let builder = google.trust_in(auth0.trust_in(Verifier::builder()));
    let verifier = builder.clock(FixedClock::new()).build().unwrap();
    let verdict = |claims: Value| {
        let token = mint(&server, claims.as_object().unwrap());
        verifier.verify_now(&token).map(|_| ()).map_err(|error| error.kind())
    };
    let client = "123.apps.googleusercontent.com";
    let auth0 = "https://example.eu.auth0.com/";
    assert_eq!(verdict(json!({"iss": auth0, "aud": "orders", "azp": "web", "sub": "7"})), Ok(()));
    for iss in ["https://accounts.google.com", "accounts.google.com"] {
        assert_eq!(verdict(json!({"iss": iss, "aud": client, "sub": "7"})), Ok(()));
        assert_eq!(verdict(json!({"iss": iss, "aud": "orders", "sub": "7"})), Err(InvalidAudience));
    }
    assert_eq!(
        verdict(json!({"iss": auth0, "aud": client, "azp": "web", "sub": "7"})),
        Err(InvalidAudience)
    );
}

#[test]
fn a_preset_for_spiffe_accepts_one_trust_domain() {
    let server = issuer(Algorithm::ES256);
    let keys = KeySet::jwks(server.jwks()).unwrap();
    let preset = Provider::spiffe("example.org", "https://spire.example.org/bundle").keys(keys);
    let verifier =
        preset.audience("orders").into_builder().clock(FixedClock::new()).build().unwrap();
    let good = json!({"sub": "spiffe://example.org/shop/web", "aud": ["orders"]});
    for (other, expected) in [
        (json!({}), Ok(())),
        (json!({"iss": "https://spire.example.org"}), Ok(())),
        (json!({"header:typ": "JOSE"}), Ok(())),
        (json!({"header:typ": "wit+jwt"}), Err(CheckFailed)),
        (json!({"sub": "spiffe://example.org.evil.example/web"}), Err(CheckFailed)),
        (json!({"sub": "spiffe://example.com/web"}), Err(CheckFailed)),
        (json!({"sub": "spiffe://example.org"}), Err(CheckFailed)),
        (json!({ "sub": null }), Err(CheckFailed)),
        (json!({"aud": ["billing"]}), Err(InvalidAudience)),
        (json!({ "exp": null }), Err(MissingClaim)),
    ] {
        let verdict = verifier.verify_now(&mint(&server, &changed(&good, &other)));
        assert_eq!(verdict.map(|_| ()).map_err(|error| error.kind()), expected, "{other}");
    }
}

#[cfg(feature = "pem")]
#[test]
fn the_region_of_a_load_balancer_is_in_its_arn() {
    let balancer =
        "elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/shop/6284be65b827c598";
    for (arn, is_valid) in [
        (format!("arn:aws:{balancer}"), true),
        (format!("arn:aws-us-gov:{}", balancer.replace("eu-west", "us-gov-west")), true),
        (format!("arn:aws-cn:{balancer}"), false),
        (format!("arn:aws:{}", balancer.replace("eu-west-1", "evil.example/")), false),
        (format!("arn:aws:{}", balancer.replace("eu-west-1", "")), false),
        (format!("arn:aws:{}", balancer.replace("loadbalancer/", "targetgroup/")), false),
        (balancer.to_owned(), false),
        (String::new(), false),
    ] {
        let preset = Provider::alb(&*arn, "https://auth.example.com").remote_keys(|keys| {
            keys.client(tower::service_fn(|_: http::Request<tower_jwt_auth::jwks::NoBody>| async {
                Ok::<_, std::io::Error>(http::Response::new(
                    http_body_util::Empty::<bytes::Bytes>::new(),
                ))
            }))
        });
        assert_eq!(preset.build().is_ok(), is_valid, "{arn}");
    }
}

/// Keys of Entra's shape, each with its issuer.
fn entra_keys(server: &TestIssuer, issuer: &str) -> KeySet {
    let mut key: Map<String, Value> = serde_json::from_str(&server.jwk()).unwrap();
    key.insert("issuer".to_owned(), issuer.into());
    KeySet::jwks(json!({"keys": [key]}).to_string()).unwrap()
}

#[test]
fn strangers_cannot_sign_in_at_a_preset_for_several_tenants() {
    const OURS: [&str; 2] =
        ["72f988bf-86f1-41af-91ab-2d7cd011db47", "5d1c8bc6-1111-2222-3333-444455556666"];
    const STRANGER: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";
    let server = issuer(Algorithm::RS256);
    let token = |tid: &str, claimed: &str| {
        let iss = format!("https://login.microsoftonline.com/{tid}/v2.0");
        let claims = json!({"iss": iss, "tid": claimed, "aud": "api", "azp": "web", "sub": "pair", "oid": "user",
            "scp": "read", "ver": "2.0"});
        mint(&server, claims.as_object().unwrap())
    };
    for (key_issuer, tid, claimed, expected) in [
        ("{tenantid}", OURS[0], OURS[0], Ok(())),
        ("{tenantid}", OURS[1], OURS[1], Ok(())),
        ("{tenantid}", STRANGER, STRANGER, Err(InvalidIssuer)),
        ("{tenantid}", OURS[0], STRANGER, Err(InvalidIssuer)),
        ("{tenantid}", STRANGER, OURS[0], Err(InvalidIssuer)),
        ("{tenantid}", "common", "common", Err(InvalidIssuer)),
        // A key of another tenant.
        (STRANGER, OURS[0], OURS[0], Err(InvalidIssuer)),
        (OURS[0], OURS[0], OURS[0], Ok(())),
        (OURS[0], OURS[1], OURS[1], Err(InvalidIssuer)),
    ] {
        let key_issuer = format!("https://login.microsoftonline.com/{key_issuer}/v2.0");
        let preset = Provider::entra_tenants(OURS).audience("api");
        let preset = preset.keys(entra_keys(&server, &key_issuer)).into_builder();
        let verifier = preset.clock(FixedClock::new()).build().unwrap();
        let verdict = verifier.verify_now(&token(tid, claimed));
        let kind = verdict.as_ref().map(|_| ()).map_err(Error::kind);
        assert_eq!(kind, expected, "{key_issuer} {tid} {claimed}");
        if let Ok(verified) = verdict {
            assert_eq!(verified.token().tenant(), Some(tid));
            assert_eq!(verified.subject(), Some("user"));
        }
    }
}

#[test]
fn the_guide_says_how_far_each_preset_is_tested() {
    let page = include_str!("../../../docs/providers.md");
    for Row { name, tested, source, .. } in rows() {
        assert!(page.contains(&format!("| {name} | {tested} | {source} |")), "{name}");
        assert!(page.contains(&format!("\n| {name} | `")), "{name}");
    }
}
