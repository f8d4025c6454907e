//! Issuers with one name for each tenant: a template, and the tenants that are trusted.

use serde_json::{Value, json};
use tower_jwt_auth::key::KeySet;
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{Algorithm, BuildError, ErrorKind, Issuer, Policy, Verifier, VerifierBuilder};

use super::issuers::{A, any, key, naming};
use crate::support::tokens::{Verdict, header, issuer, verdict};

pub(super) const TEMPLATE: &str = "https://login.example.com/{tid}/v2.0";

/// A trusted tenant, and one that is not listed.
pub(super) const OURS: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
pub(super) const OTHER: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

const ISSUER: Verdict = Err(ErrorKind::InvalidIssuer);
const WRONG: Verdict = Err(ErrorKind::InvalidSignature);

pub(super) fn provider() -> TestIssuer {
    issuer(Algorithm::ES256).without_key_id()
}

pub(super) fn name(tenant: &str) -> String {
    TEMPLATE.replace("{tid}", tenant)
}

pub(super) fn template(text: &str) -> Issuer {
    Issuer::template(text, key(&provider()), any())
}

pub(super) fn listed() -> Issuer {
    template(TEMPLATE).tenants([OURS, "acme_2"])
}

pub(super) fn build(issuer: Issuer) -> Result<Verifier, BuildError> {
    Verifier::builder().trust(issuer).clock(FixedClock::new()).build()
}

/// The template alone, and beside issuers with and without a name; each without and with a cache.
fn verifiers(template: &Issuer) -> Vec<Verifier> {
    let others = issuer(Algorithm::ES256).without_key_id().with_other_key();
    let alone = || Verifier::builder().trust(template.clone()).clock(FixedClock::new());
    let beside = || {
        let unnamed = Issuer::unnamed(key(&issuer(Algorithm::EdDSA)), any());
        alone().trust(Issuer::new(A, key(&others), any())).trust(unnamed)
    };
    let builders = [alone(), beside()].into_iter();
    #[cfg(feature = "cache")]
    let builders = builders.chain([
        alone().cache(tower_jwt_auth::TokenCache::new(64)),
        beside().cache(tower_jwt_auth::TokenCache::new(64).digest_keys()),
    ]);
    builders.map(VerifierBuilder::build).map(Result::unwrap).collect()
}

/// Signs these values of `iss` and `tid`. A value that is `Null` is left out.
fn signed(signer: &TestIssuer, iss: impl Into<Value>, tid: impl Into<Value>) -> String {
    let (iss, tid) = (iss.into(), tid.into());
    let claims = [("iss", iss), ("tid", tid)].into_iter().filter(|(_, value)| !value.is_null());
    claims.fold(signer.token(), |token, (claim, value)| token.claim(claim, value)).mint()
}

#[track_caller]
fn assert_verdicts(verifiers: &[Verifier], token: &str, expected: Verdict, of: &str) {
    // Twice, so that a cache is asked.
    for verifier in verifiers.iter().chain(verifiers) {
        assert_eq!(verdict(verifier, token), expected, "{of}");
    }
}

#[test]
fn only_listed_tenants_are_accepted() {
    let signer = provider();
    let (listed, all) = (verifiers(&listed()), verifiers(&template(TEMPLATE).any_tenant()));
    let long = "a".repeat(128);
    for (tenant, when_listed) in [
        (OURS, Ok(())),
        ("acme_2", Ok(())),
        (OTHER, ISSUER),
        ("acme", ISSUER),
        ("acme_22", ISSUER),
        ("ACME_2", ISSUER),
        (&OURS.to_uppercase(), ISSUER),
        ("0", ISSUER),
        ("common", ISSUER),
        (&long, ISSUER),
    ] {
        let token = signed(&signer, name(tenant), tenant);
        assert_verdicts(&listed, &token, when_listed, tenant);
        assert_verdicts(&all, &token, Ok(()), tenant);
    }
}

#[test]
fn a_template_may_end_with_its_placeholder() {
    let verifiers = verifiers(&template("https://login.example.com/{tid}").tenants(["acme", "a"]));
    for (path, tenant, verdict) in [
        ("acme", "acme", Ok(())),
        ("a", "a", Ok(())),
        ("acme/", "acme", ISSUER),
        ("acme/v2.0", "acme", ISSUER),
        ("acme", "a", ISSUER),
        ("acm", "acm", ISSUER),
        ("", "acme", ISSUER),
        ("", "", ISSUER),
    ] {
        let token = signed(&provider(), format!("https://login.example.com/{path}"), tenant);
        assert_verdicts(&verifiers, &token, verdict, path);
    }
}

#[test]
fn a_placeholder_is_filled_by_one_plain_segment_only() {
    let signer = provider();
    let all = verifiers(&template(TEMPLATE).any_tenant());
    assert_verdicts(&all, &signed(&signer, name("acme"), "acme"), Ok(()), "plain");
    let long = "a".repeat(129);
    // The claim is the same text, so that only the text itself is wrong.
    for tenant in [
        "",
        ".",
        "..",
        "acme.com",
        "acme/evil",
        "acme/",
        "/acme",
        "../acme",
        "acme/..",
        "acme?a=b",
        "acme#b",
        "acme;b",
        "acme%2f",
        "%61cme",
        "acme:443",
        "acme@evil",
        "acme,evil",
        "acme evil",
        " acme",
        "acme ",
        "acme\n",
        "acme\0",
        "acm\u{e9}",
        "\u{430}cme",
        "acme\u{200b}",
        "{tid}",
        "*",
        "$tid",
        "acme\\",
        "acme+",
        "acme~",
        &long,
    ] {
        let token = signed(&signer, name(tenant), tenant);
        assert_verdicts(&all, &token, ISSUER, tenant);
    }
}

#[test]
fn the_fixed_parts_of_a_template_are_compared_exactly() {
    let signer = provider();
    let all = verifiers(&template(TEMPLATE).any_tenant());
    for iss in [
        "https://login.example.com/acme",
        "https://login.example.com/acme/",
        "https://login.example.com/acme/v2.0/",
        "https://login.example.com/acme/v2.0?x=y",
        "https://login.example.com/acme/v2.0#x",
        "https://login.example.com/acme/v2.0/v2.0",
        "https://login.example.com/acme/V2.0",
        "https://login.example.com/acme/v1.0",
        "https://login.example.com//acme/v2.0",
        "https://login.example.com/v2.0",
        "https://login.example.com/acme/v2%2e0",
        "https://login.example.com:443/acme/v2.0",
        "https://LOGIN.example.com/acme/v2.0",
        "http://login.example.com/acme/v2.0",
        "https://login.example.com.evil.example/acme/v2.0",
        "https://evil.example/acme/v2.0",
        "https://evil.example/https://login.example.com/acme/v2.0",
        "https://login.example.com@evil.example/acme/v2.0",
        " https://login.example.com/acme/v2.0",
        "https://login.example.com/acme/v2.0 ",
        "acme",
        "",
        TEMPLATE,
    ] {
        assert_verdicts(&all, &signed(&signer, iss, "acme"), ISSUER, iss);
    }
    for odd in [json!([name("acme")]), json!(7), json!({}), Value::Null] {
        assert!(all.iter().all(|it| verdict(it, &signed(&signer, odd.clone(), "acme")).is_err()));
    }
}

#[test]
fn the_claim_of_the_placeholder_must_be_the_tenant() {
    let signer = provider();
    for all in [verifiers(&listed()), verifiers(&template(TEMPLATE).any_tenant())] {
        assert_verdicts(&all, &signed(&signer, name(OURS), OURS), Ok(()), "the same");
        for tid in [
            Value::Null, // left out
            json!(OTHER),
            json!("acme_2"),
            json!(OURS.to_uppercase()),
            json!(format!("{OURS} ")),
            json!(""),
            json!(7),
            json!(true),
            json!([OURS]),
            json!({"tid": OURS}),
        ] {
            let token = signed(&signer, name(OURS), tid.clone());
            assert_verdicts(&all, &token, ISSUER, &tid.to_string());
        }
        let members =
            |tid: &str| format!("{{\"exp\":1767226500,\"iss\":\"{}\",{tid}}}", name("acme_2"));
        for (tid, expected) in [
            (r#""tid":"acme_2""#, Ok(())),
            (r#""t\u0069d":"\u0061cme_2""#, Ok(())),
            (r#""tid":null"#, ISSUER),
            (r#""TID":"acme_2""#, ISSUER),
            (r#""x":{"tid":"acme_2"}"#, ISSUER),
            (r#""tid":"acme_2","tid":"acme_2""#, Err(ErrorKind::MalformedToken)),
        ] {
            let token = signer.sign(header(Algorithm::ES256), members(tid));
            assert_verdicts(&all, &token, expected, tid);
        }
    }
}

#[test]
fn hidden_and_nullable_claims_do_not_loosen_a_template() {
    let signer = provider();
    let policy = any().hide_claims().allow_null_claims().allow_numeric_subject();
    let trusted = Issuer::template(TEMPLATE, key(&signer), policy).tenants([OURS]);
    let verifiers = verifiers(&trusted);
    assert_verdicts(&verifiers, &signed(&signer, name(OURS), OURS), Ok(()), "ours");
    assert_verdicts(&verifiers, &signed(&signer, name(OTHER), OTHER), ISSUER, "other");
    for payload in [
        format!("{{\"exp\":1767226500,\"iss\":null,\"tid\":\"{OURS}\"}}"),
        format!("{{\"exp\":1767226500,\"iss\":\"{}\",\"tid\":null}}", name(OURS)),
    ] {
        let token = signer.sign(header(Algorithm::ES256), &payload);
        assert!(verifiers.iter().all(|it| verdict(it, &token).is_err()), "{payload}");
    }
}

#[test]
fn other_issuers_are_trusted_beside_a_template() {
    let (signer, others) = (provider(), provider().with_other_key());
    let of_tenant = Issuer::new(name(OURS), key(&others), Policy::new().audience("orders"));
    let unnamed = Issuer::unnamed(key(&issuer(Algorithm::EdDSA)), any());
    // The order makes no difference.
    let all = template(TEMPLATE).any_tenant();
    for order in [[&all, &of_tenant, &unnamed], [&unnamed, &of_tenant, &all]] {
        let builder = Verifier::builder().clock(FixedClock::new());
        let verifier =
            order.into_iter().cloned().fold(builder, VerifierBuilder::trust).build().unwrap();
        let orders = |signer: &TestIssuer, tenant: &str| {
            let token = signer.token().claim("iss", name(tenant)).claim("tid", tenant);
            verdict(&verifier, &token.claim("aud", "orders").mint())
        };
        assert_eq!(orders(&signer, OTHER), Ok(()));
        // The exact name is preferred, with its own keys and policy.
        assert_eq!(orders(&others, OURS), Ok(()));
        assert_eq!(orders(&signer, OURS), WRONG);
        assert_eq!(orders(&others, OTHER), WRONG);
        let token = signed(&others, name(OURS), OURS);
        assert_eq!(verdict(&verifier, &token), Err(ErrorKind::InvalidAudience));
        // A token without `iss` is not one of the template.
        assert_eq!(verdict(&verifier, &naming(&signer, None)), Err(ErrorKind::AlgorithmNotAllowed));
        assert_eq!(verdict(&verifier, &naming(&issuer(Algorithm::EdDSA), None)), Ok(()));
        assert_eq!(verdict(&verifier, &signed(&signer, A, OURS)), ISSUER);
    }
}

#[test]
fn rejections_by_a_template_name_it_and_the_reason() {
    let signer = provider();
    let expected = format!("the issuer `{TEMPLATE}` with the tenant `{OURS}` or `acme_2`");
    let verifier = build(listed()).unwrap();
    for (iss, tid, detail, hint) in [
        (json!(null), json!(OURS), "`iss` is missing", ""),
        (json!(A), json!(OURS), "`iss` does not match the template", ""),
        (json!(name(OURS) + "/"), json!(OURS), "does not match the template", "only by a slash"),
        (json!(name(OURS)), json!(null), "is missing or not a string", ""),
        (json!(name(OURS)), json!(7), "is missing or not a string", ""),
        (json!(name(OURS)), json!(OTHER), "differs from the tenant in `iss`", ""),
        (json!(name(OTHER)), json!(OTHER), "not one of `tenants`", "not in the list of `tenants`"),
    ] {
        let token = signed(&signer, iss, tid);
        let error = verifier.verify_now(&token).unwrap_err();
        assert_eq!((error.kind(), error.expected()), (ErrorKind::InvalidIssuer, Some(&*expected)));
        assert!(error.to_string().contains(detail), "{error}");
        let explanation = verifier.explain(&token);
        let row = format!("; expected {expected}");
        assert!(
            explanation.to_string().lines().any(|it| it.contains("issuer ") && it.ends_with(&row))
        );
        let hints = explanation.hints();
        assert!(hint.is_empty() || hints.iter().any(|it| it.contains(hint)), "{explanation}");
        assert_eq!(hints.iter().any(|it| it.contains("`tenants`")), detail.contains("one of"));
    }
    let all = build(template(TEMPLATE).any_tenant()).unwrap();
    let error = all.verify_now(&signed(&signer, A, OURS)).unwrap_err();
    assert_eq!(error.expected(), Some(&*format!("the issuer `{TEMPLATE}` with any tenant")));
    let names: Vec<_> = all.health().map(|it| it.issuer).collect();
    assert_eq!(names, [Some(TEMPLATE.to_owned())]);
    // Among several issuers, an unknown name is expected to be one of them.
    let several = &verifiers(&listed())[1];
    let error = several.verify_now(&signed(&signer, "https://c.example", OURS)).unwrap_err();
    assert_eq!(error.expected(), Some(&*format!("the issuer `{TEMPLATE}` or `{A}`")));
    // At most eight tenants are named.
    let many = template(TEMPLATE).tenants((0..9).map(|n| format!("tenant-{n}")));
    let error = build(many).unwrap().verify_now(&signed(&signer, A, OURS)).unwrap_err();
    assert!(error.expected().is_some_and(|it| it.ends_with("`tenant-7` or …")), "{error}");
}

#[test]
fn the_keys_of_a_template_may_have_ids() {
    let signer = issuer(Algorithm::RS256).key_id("2026");
    let set = KeySet::fetched_jwks(signer.jwks()).unwrap();
    let verifier = build(Issuer::template(TEMPLATE, set, any()).tenants([OURS])).unwrap();
    assert_eq!(verdict(&verifier, &signed(&signer, name(OURS), OURS)), Ok(()));
    let other = signer.with_other_key();
    assert_eq!(verdict(&verifier, &signed(&other, name(OURS), OURS)), WRONG);
}
