//! The audience that a resource sets.

use serde_json::json;
use tower_jwt_auth::ErrorKind::InvalidAudience;
use tower_jwt_auth::error::{Problem, ProblemKind as Kind};
use tower_jwt_auth::{
    BuildError, Error, Issuer, Policy, VerificationKey, Verifier, VerifierBuilder,
};

use super::fixture::{API, api, issuer, resource};

fn builder() -> VerifierBuilder {
    Verifier::shared_secret(issuer().secret())
}

#[test]
fn only_two_other_spellings_of_the_resource_are_accepted() {
    let root = "https://api.example.com";
    for (identifier, audience, is_accepted) in [
        (API, API, true),
        (API, "HTTPS://API.EXAMPLE.COM/mcp", true),
        (API, "https://Api.Example.com/mcp", true),
        (root, root, true),
        (root, "https://api.example.com/", true),
        (root, "HTTPS://API.EXAMPLE.COM", true),
        ("https://api.example.com/", root, true),
        (API, "https://api.example.com/mcp/", false),
        (API, "https://api.example.com/MCP", false),
        (API, "https://api.example.com//mcp", false),
        (API, "https://api.example.com/./mcp", false),
        (API, "https://api.example.com/x/../mcp", false),
        (API, "https://api.example.com/%6Dcp", false),
        (API, "https://api.example.com/mcp?", false),
        (API, "https://api.example.com/mcp#", false),
        (API, "https://api.example.com/mcp ", false),
        (API, "https://api.example.com/mcp/admin", false),
        (API, "https://api.example.com/mc", false),
        (API, root, false),
        (API, "https://api.example.com:443/mcp", false),
        (API, "https://api.example.com:8443/mcp", false),
        (API, "http://api.example.com/mcp", false),
        (API, "https://user@api.example.com/mcp", false),
        (API, "https://api.example.com@evil.example/mcp", false),
        (API, "https://api.example.com.evil.example/mcp", false),
        (API, "https://api.example.com./mcp", false),
        (API, "https:\\\\api.example.com/mcp", false),
        (API, "https://ap\u{131}.example.com/mcp", false),
        (API, "api.example.com/mcp", false),
        (API, "//api.example.com/mcp", false),
        (API, "*", false),
        (API, "", false),
        (root, "https://api.example.com//", false),
        (root, "https://api.example.com/mcp", false),
        (root, "https://api.example.com.evil", false),
        (root, "https://api.example.com/%2F", false),
        ("https://api.example.com:8443", root, false),
        ("https://api.example.com/mcp/", API, false),
    ] {
        let api = resource(identifier).build().unwrap();
        let verifier = builder().resource(&api).build().unwrap();
        for aud in [json!(audience), json!(["billing", audience])] {
            let verdict = verifier.verify_now(&issuer().token().claim("aud", aud).mint());
            let expected = if is_accepted { Ok(()) } else { Err(InvalidAudience) };
            let verdict = verdict.map(drop).map_err(|error: Error| error.kind());
            assert_eq!(verdict, expected, "{identifier} {audience}");
        }
    }
}

#[test]
fn a_missing_audience_is_rejected() {
    let verifier = builder().resource(&api()).build().unwrap();
    for token in [issuer().token().mint(), issuer().token().claim("aud", json!([])).mint()] {
        assert_eq!(verifier.verify_now(&token).unwrap_err().kind(), InvalidAudience);
    }
    let rejected = verifier.verify_now(&issuer().token().claim("aud", "billing").mint());
    let expected = format!("the audience `{API}`");
    assert_eq!(rejected.unwrap_err().expected(), Some(&*expected));
}

#[test]
fn a_plain_audience_is_still_compared_byte_for_byte() {
    let root = "https://api.example.com";
    let verifier = builder().audience(root).build().unwrap();
    for (audience, is_accepted) in
        [(root, true), ("https://api.example.com/", false), ("HTTPS://api.example.com", false)]
    {
        let token = issuer().token().claim("aud", audience).mint();
        assert_eq!(verifier.verify_now(&token).is_ok(), is_accepted, "{audience}");
    }
}

#[test]
fn the_audience_and_the_resource_must_agree() {
    let api = api();
    let other = resource("https://api.example.com/other").build().unwrap();
    let again = resource(API).build().unwrap();
    let cases: Vec<(VerifierBuilder, Option<Kind>)> = vec![
        (builder().resource(&api), None),
        (builder().resource(&api).audience(API), None),
        (builder().audience(API).resource(&api), None),
        (builder().resource(&api).resource(&again), None),
        (builder().client_id("app").resource(&api), None),
        (builder().resource(&api).audience("orders"), Some(Kind::Conflict)),
        (builder().audience("orders").resource(&api), Some(Kind::Conflict)),
        (builder().audience(API).audience("orders").resource(&api), Some(Kind::Conflict)),
        (builder().resource(&api).audience("orders").audience(API), Some(Kind::Conflict)),
        (builder().resource(&api).audience("HTTPS://api.example.com/mcp"), Some(Kind::Conflict)),
        (builder().resource(&api).resource(&other), Some(Kind::Conflict)),
        (builder().resource(&api).any_audience(), Some(Kind::Conflict)),
        (builder().any_audience().resource(&api), Some(Kind::Conflict)),
        (
            Verifier::builder().resource(&api).trust(of_policy(Policy::new().resource(&api))),
            Some(Kind::NoEffect),
        ),
    ];
    for (index, (builder, expected)) in cases.into_iter().enumerate() {
        let problems = builder.build().map(drop).map_err(BuildError::into_problems);
        let kinds: Vec<_> = problems.err().iter().flatten().map(Problem::kind).collect();
        assert_eq!(kinds, expected.into_iter().collect::<Vec<_>>(), "case {index}");
    }
    let error = builder().resource(&api).audience("orders").build().unwrap_err().to_string();
    assert!(error.contains("`orders`") && error.contains(API), "{error}");
}

fn of_policy(policy: Policy) -> Issuer {
    let key = VerificationKey::shared_secret(issuer().secret()).unwrap();
    Issuer::new("https://auth.example.com", key, policy)
}

#[test]
fn a_policy_takes_the_audience_from_a_resource() {
    let verifier = Verifier::builder().trust(of_policy(Policy::new().resource(&api())));
    let verifier = verifier.build().unwrap();
    let issuer = issuer().issuer("https://auth.example.com");
    let token = |audience: &str| issuer.token().claim("aud", audience).mint();
    assert!(verifier.verify_now(&token("https://API.example.com/mcp")).is_ok());
    let rejected = verifier.verify_now(&token("https://api.example.com/other"));
    assert_eq!(rejected.unwrap_err().kind(), InvalidAudience);
}
