//! Explanations: each step, the hints, and what they never contain.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tower_jwt_auth::explain::{Explanation, Outcome, Step};
use tower_jwt_auth::key::KeySet;
use tower_jwt_auth::respond::ProblemJson;
use tower_jwt_auth::testing::{FixedClock, TestIssuer, TestToken};
use tower_jwt_auth::{
    Algorithm, ErrorKind, Issuer, JwtAuthLayer, Policy, VerificationKey, Verifier,
};

use super::scripted_source::Script;
use crate::support::ask::{ask_layer, bearer};
use crate::support::tokens::{NOW, issuer};

const NAME: &str = "https://auth.example.com";

#[derive(Deserialize)]
struct Tenant {
    #[serde(rename = "tenant")]
    _tenant: String,
}

fn rs256() -> TestIssuer {
    issuer(Algorithm::RS256).issuer(NAME).audience("orders").key_id("2026")
}

fn good(issuer: &TestIssuer) -> TestToken<'_> {
    issuer.token().subject("user-1").claim("tenant", "acme")
}

fn verifier() -> Verifier<Tenant> {
    let verifier = Verifier::jwks(rs256().jwks()).issuer(NAME).audience("orders");
    verifier.claims::<Tenant>().clock(FixedClock::new()).build().unwrap()
}

fn failed(explanation: &Explanation) -> Option<Step> {
    let mut failed = explanation.steps().iter().filter(|step| step.outcome == Outcome::Failed);
    let step = failed.next().map(|step| step.step);
    assert!(failed.next().is_none(), "{explanation}");
    step
}

/// A name, a token, how it is rejected, and a part of a hint.
type Case = (&'static str, String, Option<(ErrorKind, Step)>, &'static str);

/// The twelve tokens that people ask about.
fn twelve() -> Vec<Case> {
    let (ours, others) = (rs256(), rs256().with_other_key());
    let hs256 = issuer(Algorithm::HS256).issuer(NAME).audience("orders").key_id("2026");
    let slash = good(&ours).claim("iss", "https://auth.example.com/").mint();
    let id_token =
        good(&ours).claim("aud", "my-app").claim("at_hash", "MTIzNDU2Nzg5MDEyMzQ1Ng").mint();
    let early = good(&ours).claim("nbf", NOW + 90).mint();
    let audience = Some((ErrorKind::InvalidAudience, Step::Audience));
    let format = Some((ErrorKind::MalformedToken, Step::Format));
    vec![
        ("good", good(&ours).mint(), None, ""),
        (
            "expired",
            good(&ours).claim("exp", NOW - 180).mint(),
            Some((ErrorKind::TokenExpired, Step::Expiry)),
            "clocks",
        ),
        ("wrong issuer by a slash", slash, Some((ErrorKind::InvalidIssuer, Step::Issuer)), "slash"),
        ("wrong audience", good(&ours).claim("aud", "account").mint(), audience, "audience mapper"),
        (
            "unknown key",
            good(&ours).header("kid", "2025").mint(),
            Some((ErrorKind::UnknownKey, Step::Key)),
            "environment",
        ),
        (
            "bad signature",
            good(&others).mint(),
            Some((ErrorKind::InvalidSignature, Step::Signature)),
            "",
        ),
        (
            "HS256 at an RSA issuer",
            good(&hs256).mint(),
            Some((ErrorKind::AlgorithmNotAllowed, Step::Algorithm)),
            "shared secret",
        ),
        ("opaque", "2YotnFZFEjr1zCsicMWpAA".to_owned(), format, "opaque"),
        (
            "encrypted",
            format!("{}.a.b.c.d", good(&ours).mint().split('.').next().unwrap()),
            format,
            "JWE",
        ),
        ("ID token", id_token, audience, "ID token"),
        (
            "missing member",
            good(&ours).without("tenant").mint(),
            Some((ErrorKind::InvalidClaims, Step::ClaimsType)),
            "",
        ),
        ("not yet valid", early, Some((ErrorKind::TokenNotYetValid, Step::NotBefore)), "clocks"),
    ]
}

#[test]
fn twelve_tokens_are_explained() {
    let verifier = verifier();
    for (name, token, expected, hint) in twelve() {
        let explanation = verifier.explain(&token);
        println!("== {name}\n\n{explanation}");
        let error = explanation.error();
        let found = error.map(|error| (error.kind(), failed(&explanation).unwrap()));
        assert_eq!(found, expected, "{explanation}");
        let verdict = verifier.verify_now(&token).err();
        let texts = (verdict.map(|it| it.to_string()), error.map(ToString::to_string));
        assert_eq!(texts.0, texts.1);
        assert!(
            explanation.hints().iter().any(|it| it.contains(hint)) || hint.is_empty(),
            "{explanation}"
        );
        assert!(!hint.is_empty() || explanation.hints().is_empty(), "{explanation}");
        let parts: Vec<_> = token.split('.').filter(|part| part.len() > 8).collect();
        assert!(parts.iter().all(|part| !explanation.to_string().contains(part)), "{explanation}");
    }
}

#[test]
fn the_member_that_does_not_fit_is_named() {
    for (token, line) in [
        (good(&rs256()).without("tenant"), "Tenant`, with the claim `tenant`"),
        (good(&rs256()).claim("tenant", 7), "Tenant`, with a string in `tenant`"),
    ] {
        let report = verifier().explain(&token.mint()).to_string();
        assert!(report.contains("FAILED       claims type") && report.contains(line), "{report}");
    }
}

#[test]
fn a_report_names_both_sides_of_each_step() {
    let token = good(&rs256()).claim("aud", json!(["billing", "a`b\n"])).mint();
    let report = verifier().explain(&token).to_string();
    for line in [
        "rejected with invalid_audience: the token is for another audience; expected the audience `orders`",
        "passed       header           `alg` `RS256`, `kid` `2026`, `typ` none; expected a JSON object with `alg`",
        "passed       key              `kid` `2026`; expected one of the keys `2026` (RS256)",
        r"FAILED       audience         `billing`, `a\u{60}b\n`; expected the audience `orders`",
        "not reached  expiry           2026-01-01T00:15:00Z (in 15 minutes); expected after 2026-01-01T00:00:00Z, with a leeway of 60s",
    ] {
        assert!(report.lines().any(|it| it == line), "{line}\n{report}");
    }
}

#[test]
fn found_text_is_marked_unless_the_signature_is_valid() {
    let verifier = verifier();
    let forged = verifier.explain(&good(&rs256().with_other_key()).claim("iss", "x").mint());
    assert!(
        forged.to_string().contains("not reached  issuer           unverified `x`;"),
        "{forged}"
    );
    let data = serde_json::to_value(&forged).unwrap();
    assert_eq!(data["signature_valid"], false);
    let steps = data["steps"].as_array().unwrap();
    assert!(steps.iter().all(|step| step["found"].is_null()), "{data}");
    assert!(steps.iter().any(|step| step["unverified"] == "`x`"), "{data}");

    let signed = verifier.explain(&good(&rs256()).claim("iss", "x").mint());
    assert!(!signed.to_string().contains("unverified"), "{signed}");
    let data = serde_json::to_value(&signed).unwrap();
    assert_eq!((&data["verdict"], &data["code"]), (&json!("rejected"), &json!("invalid_issuer")));
    assert!(data["steps"].as_array().unwrap().iter().any(|step| step["found"] == "`x`"), "{data}");
}

#[test]
fn configured_subject_and_tenant_claims_are_rows_without_values() {
    let verifier = Verifier::jwks(rs256().jwks()).issuer(NAME).audience("orders");
    let verifier = verifier.subject_claim("uid").tenant_claim(["org", "id"]);
    let verifier = verifier.clock(FixedClock::new()).build().unwrap();
    let token = |claims: Value| rs256().token().claims(&claims).mint();
    for (claims, failed_step, line) in [
        (json!({"uid": 7, "org": {"id": "acme"}}), None, "a value; expected a value in `org › id`"),
        (
            json!({"uid": 7, "org": {"id": ["acme"]}}),
            Some(Step::Tenant),
            "neither a string nor an integer; expected a value in `org › id`",
        ),
        (
            json!({"uid": 7, "org": {"id": ""}}),
            Some(Step::Tenant),
            "an empty string; expected a value in `org › id`",
        ),
        (json!({"uid": 7}), Some(Step::Tenant), "none; expected a value in `org › id`"),
        (json!({"org": {"id": "acme"}}), Some(Step::Subject), "none; expected a value in `uid`"),
    ] {
        let explanation = verifier.explain(&token(claims));
        assert_eq!(failed(&explanation), failed_step, "{explanation}");
        assert!(explanation.to_string().contains(line), "{explanation}");
        assert!(!explanation.to_string().contains("acme"), "{explanation}");
    }
}

#[test]
fn other_claims_are_shown_only_on_request() {
    let verifier = verifier();
    let token = good(&rs256()).claim("email", "ada@example.com").mint();
    let explanation = verifier.explain(&token);
    assert!(!explanation.to_string().contains("acme") && !explanation.to_string().contains("ada@"));
    let asked = explanation.with_claims(["tenant", "absent"]);
    let report = asked.to_string();
    assert!(report.contains("claim        tenant           `\"acme\"`"), "{report}");
    assert!(report.contains("claim        absent           none"), "{report}");
    assert!(!report.contains("ada@"), "{report}");
    let data: Value = serde_json::to_value(&asked).unwrap();
    assert_eq!(data["claims"], json!({"tenant": "`\"acme\"`", "absent": null}));
}

#[test]
fn hidden_claims_are_never_shown() {
    let issuer = issuer(Algorithm::HS256);
    let verifier = |policy: Policy| {
        let key = VerificationKey::shared_secret(issuer.secret()).unwrap();
        let verifier = Verifier::builder().trust(Issuer::unnamed(key, policy));
        verifier.clock(FixedClock::new()).build().unwrap()
    };
    let token = issuer.token().claim("password", "hunter2").mint();
    for (policy, is_shown) in
        [(Policy::new().any_audience(), true), (Policy::new().any_audience().hide_claims(), false)]
    {
        let explanation = verifier(policy).explain(&token).with_claims(["password"]);
        assert_eq!(explanation.to_string().contains("hunter2"), is_shown, "{explanation}");
    }
}

#[test]
fn claims_stay_hidden_if_the_issuer_is_unknown() {
    let issuer = issuer(Algorithm::HS256);
    let verifier = |policy: Policy| {
        let key = VerificationKey::shared_secret(issuer.secret()).unwrap();
        Verifier::builder().trust(Issuer::unnamed(key, policy)).build().unwrap()
    };
    let token = issuer.token().claim("password", "hunter2").mint();
    let [head, payload, _] = token.split('.').collect::<Vec<_>>()[..] else { panic!("{token}") };
    let (hidden, shown) = (
        verifier(Policy::new().any_audience().hide_claims()),
        verifier(Policy::new().any_audience()),
    );
    for token in [
        format!("{head}.{payload}."),
        format!("{head}.{payload}"),
        format!("Bearer {token}"),
        format!("e30.{payload}.AA"),
    ] {
        let explain = |verifier: &Verifier| verifier.explain(&token).with_claims(["password"]);
        assert!(!explain(&hidden).to_string().contains("hunter2"), "{}", explain(&hidden));
        assert!(explain(&shown).to_string().contains("hunter2"), "{}", explain(&shown));
    }
}

#[test]
fn a_mapped_subject_that_is_missing_is_a_failed_step() {
    let issuer = issuer(Algorithm::HS256);
    let verifier = Verifier::shared_secret(issuer.secret()).any_audience().subject_claim("uid");
    let verifier = verifier.clock(FixedClock::new()).build().unwrap();
    assert_eq!(failed(&verifier.explain(&issuer.token().mint())), Some(Step::Subject));
    assert_eq!(failed(&verifier.explain(&issuer.token().claim("uid", "7").mint())), None);
}

#[test]
fn long_names_are_not_compared() {
    let issuer = issuer(Algorithm::HS256).audience("orders");
    let verifier = Verifier::shared_secret(issuer.secret()).issuer(NAME).audience("orders");
    let verifier = verifier.clock(FixedClock::new()).build().unwrap();
    let hints = |slashes: usize| {
        let name = format!("{NAME}{}", "/".repeat(slashes));
        verifier.explain(&issuer.token().claim("iss", name).mint()).hints().len()
    };
    assert_eq!((hints(1), hints(400), hints(600)), (1, 1, 0));
}

#[test]
fn long_tokens_are_not_read() {
    let explanation = verifier().explain(&"a.".repeat(20_000));
    assert_eq!(failed(&explanation), Some(Step::Length));
    assert!(explanation.to_string().contains("40000 bytes; expected at most 16384 bytes"));
    assert!(explanation.to_string().contains("header           unverified unreadable"));
}

#[test]
fn the_issuer_is_chosen_before_the_signature_is_checked() {
    let other = issuer(Algorithm::ES256).issuer("https://partner.example").audience("orders");
    let trusted = |issuer: &TestIssuer, name| {
        Issuer::new(name, KeySet::jwks(issuer.jwks()).unwrap(), Policy::new().audience("orders"))
    };
    let verifier = Verifier::builder()
        .trust(trusted(&rs256(), NAME))
        .trust(trusted(&other, "https://partner.example"))
        .clock(FixedClock::new())
        .build()
        .unwrap();
    let slash = verifier.explain(&other.token().claim("iss", "https://partner.example/").mint());
    assert_eq!(failed(&slash), Some(Step::TrustedIssuer));
    assert_eq!(
        slash.hints(),
        ["`iss` and the configured issuer differ only by a slash at the end"]
    );
    let report = slash.to_string();
    let both = "unverified `https://partner.example/`; expected `https://auth.example.com` or `https://partner.example`";
    assert!(report.contains(both), "{report}");
    assert!(verifier.explain(&other.token().mint()).error().is_none());
}

#[test]
fn newer_keys_are_mentioned_and_not_fetched() {
    // The script fails the test if it is asked for a refresh.
    let script = Script::holding(KeySet::jwks(rs256().jwks()).unwrap());
    let policy = Policy::new().audience("orders");
    let verifier = Verifier::builder().trust(Issuer::new(NAME, script, policy));
    let verifier = verifier.clock(FixedClock::new()).build().unwrap();
    let explanation = verifier.explain(&rs256().token().header("kid", "2027").mint());
    assert_eq!(failed(&explanation), Some(Step::Key));
    assert!(explanation.hints().iter().any(|hint| hint.contains("refresh")), "{explanation}");
    assert!(verifier.explain(&rs256().token().mint()).error().is_none());

    let verifier = Verifier::builder().trust(Issuer::new(
        NAME,
        Script::default(),
        Policy::new().any_audience(),
    ));
    let empty = verifier.build().unwrap().explain(&rs256().token().mint());
    assert_eq!(empty.error().unwrap().kind(), ErrorKind::KeysUnavailable);
    assert!(
        empty.to_string().contains("none have been fetched")
            && empty.to_string().contains("`warm`")
    );
}

#[test]
fn hints_name_the_probable_cause() {
    let hs256 = issuer(Algorithm::HS256).audience("orders");
    let by_secret = Verifier::shared_secret(hs256.secret()).issuer(NAME).audience("orders");
    let by_secret = by_secret.clock(FixedClock::new()).build().unwrap();
    let unsigned = |token: String| token.rsplit_once('.').unwrap().0.to_owned() + ".";
    let none = TestIssuer::hs256().sign(r#"{"alg":"none"}"#, "{}");
    let by_key = good(&rs256()).mint();
    let token = || hs256.token().claim("iss", NAME);
    for (token, hint) in [
        (format!("Bearer {}", token().mint()), "begins with `Bearer`"),
        ("undefined".to_owned(), "empty variable"),
        ("null".to_owned(), "empty variable"),
        ("[object Object]".to_owned(), "empty variable"),
        (format!("\"{}\"", token().mint()), "quotation marks"),
        (format!("{}=", token().mint()), "padding"),
        (unsigned(token().mint()), "no signature"),
        (none, "`alg` is `none`"),
        (by_key, "key pair"),
        (
            issuer(Algorithm::HS256)
                .with_secret("another secret of at least 32 bytes")
                .token()
                .mint(),
            "base64",
        ),
        (token().claim("iss", "http://auth.example.com").mint(), "`http`, `https`"),
        (token().claim("iss", "https://Auth.example.com").mint(), "upper and lower case"),
        (token().claim("iss", "https://auth.example.com:443").mint(), "port"),
        (token().claim("iss", "https://auth.example.com/realms/a").mint(), "different paths"),
        (token().claim("aud", "Orders").mint(), "upper and lower case"),
        (token().claim("aud", "api://orders").mint(), "scheme"),
        (token().without("aud").claim("token_use", "access").mint(), "Cognito"),
        (token().without("aud").claim("azp", "app").mint(), "`authorized_party`"),
        (token().claim("aud", "app").claim("nonce", "n").mint(), "ID token"),
        (token().claim("aud", "app").claim("token_use", "id").mint(), "ID token"),
        (token().claim("aud", "app").claim("typ", "Refresh").mint(), "refresh token"),
        (token().claim("nbf", NOW * 1000).mint(), "milliseconds"),
        (token().claim("nbf", NOW + 70).mint(), "clocks"),
        (token().claim("exp", NOW - 70).mint(), "clocks"),
    ] {
        let explanation = by_secret.explain(&token);
        assert!(explanation.hints().iter().any(|it| it.contains(hint)), "{hint}\n{explanation}");
    }
    for token in [
        token().mint(),
        token().claim("iss", "https://elsewhere.example").mint(),
        token().claim("aud", "billing").mint(),
        token().claim("exp", NOW - 86_400).mint(),
        token().claim("nbf", NOW + 86_400).mint(),
    ] {
        assert!(by_secret.explain(&token).hints().is_empty(), "{}", by_secret.explain(&token));
    }
}

#[test]
fn hints_recognize_tokens_of_microsoft_entra() {
    let v2 = "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0";
    let v1 = "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/";
    let ours = issuer(Algorithm::RS256).key_id("2026").audience("orders");
    let verifier = |name| {
        let verifier = Verifier::jwks(ours.jwks()).issuer(name).audience("orders");
        verifier.clock(FixedClock::new()).build().unwrap()
    };
    let graph = issuer(Algorithm::RS256).key_id("2026").with_other_key();
    for (configured, token, hint) in [
        (v2, ours.token().claim("iss", v1).mint(), "requestedAccessTokenVersion"),
        (v1, ours.token().claim("iss", v2).mint(), "ends with `/v2.0`"),
        (v2, graph.token().claim("iss", v2).header("nonce", "n").mint(), "Microsoft Graph"),
    ] {
        let explanation = verifier(configured).explain(&token);
        assert!(explanation.hints().iter().any(|it| it.contains(hint)), "{explanation}");
    }
}

#[test]
fn rejections_are_explained_at_most_ten_times_a_second() {
    let (clock, ours) = (FixedClock::new(), rs256());
    let reports = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&reports);
    let verifier = Verifier::jwks(ours.jwks()).issuer(NAME).audience("orders").clock(clock.clone());
    let verifier = verifier
        .explain_rejections(move |explanation| sink.lock().unwrap().push(explanation.to_string()))
        .build()
        .unwrap();
    assert!(verifier.verify_now(&ours.token().mint()).is_ok());
    assert_eq!(reports.lock().unwrap().len(), 0);
    let foreign = ours.token().claim("aud", "billing").mint();
    for _ in 0..25 {
        assert!(verifier.verify_now(&foreign).is_err());
    }
    assert_eq!(reports.lock().unwrap().len(), 10);
    clock.advance(Duration::from_millis(1001));
    assert!(verifier.verify_now(&foreign).is_err());
    let reports = reports.lock().unwrap();
    assert_eq!(reports.len(), 11);
    assert!(reports[10].contains("FAILED       audience"), "{}", reports[10]);
}

#[test]
fn only_verbose_responses_contain_an_explanation() {
    let ours = rs256();
    let verifier = Verifier::jwks(ours.jwks()).issuer(NAME).audience("orders");
    let verifier = verifier.clock(FixedClock::new()).build().unwrap();
    let foreign = ours.token().claim("aud", "billing").mint();
    let layer = JwtAuthLayer::new(verifier);
    let quiet = ask_layer(&layer, bearer(&foreign));
    assert!(quiet.json().get("explanation").is_none());
    let verbose = ask_layer(&layer.responder(ProblemJson::new().verbose()), bearer(&foreign));
    assert_eq!(verbose.json()["explanation"]["code"], "invalid_audience", "{}", verbose.text());
}
