//! A key with the member `issuer` verifies only tokens of this issuer, whatever the verifier accepts.

use serde_json::{Value, json};
use tower_jwt_auth::key::{KeySet, Settable, SkipReason};
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{Algorithm, ErrorKind, Issuer, VerificationKey, Verifier, VerifierBuilder};

use super::issuers::{A, B, any};
use super::templates::{OTHER, OURS, TEMPLATE, name, provider};
use crate::support::tokens::{Verdict, issuer, verdict};

const ISSUER: Verdict = Err(ErrorKind::InvalidIssuer);

/// The issuer of the keys for all tenants, in the spelling of Entra.
const OF_EACH: &str = "https://login.example.com/{tenantid}/v2.0";

/// The key of the issuer, with this member.
fn jwk(signer: &TestIssuer, key_issuer: &Value) -> String {
    let mut jwk: Value = serde_json::from_str(&signer.jwk()).unwrap();
    jwk["issuer"] = key_issuer.clone();
    jwk.to_string()
}

fn set(signer: &TestIssuer, key_issuer: &Value) -> KeySet {
    KeySet::fetched_jwks(format!("{{\"keys\":[{}]}}", jwk(signer, key_issuer))).unwrap()
}

fn signed(signer: &TestIssuer, iss: Option<&str>, tid: Option<&str>) -> String {
    let claims = [("iss", iss), ("tid", tid)];
    let claims = claims.into_iter().filter_map(|(claim, value)| Some((claim, value?)));
    claims.fold(signer.token(), |token, (claim, value)| token.claim(claim, value)).mint()
}

fn build(builder: VerifierBuilder) -> Verifier {
    builder.clock(FixedClock::new()).build().unwrap()
}

/// Every way to trust a key for tokens of `name(OURS)`. The last does not compare `iss` with a name.
fn trusting(signer: &TestIssuer, key_issuer: &Value) -> [Verifier; 5] {
    let ours = name(OURS);
    let keys = || set(signer, key_issuer);
    let beside =
        Issuer::new(B, VerificationKey::jwk(issuer(Algorithm::EdDSA).jwk()).unwrap(), any());
    let template = || Issuer::template(TEMPLATE, keys(), any());
    [
        build(Verifier::builder().trust(Issuer::new(&*ours, keys(), any())).trust(beside)),
        build(Verifier::builder().trust(Issuer::new(&*ours, keys(), any()))),
        build(Verifier::builder().trust(template().tenants([OURS]))),
        build(Verifier::builder().trust(template().any_tenant())),
        build(Verifier::builder().trust(Issuer::unnamed(keys(), any()))),
    ]
}

#[test]
fn a_key_verifies_only_tokens_of_its_own_issuer() {
    let signer = provider();
    let (ours, other) = (name(OURS), name(OTHER));
    for (key_issuer, expected) in [
        (Value::Null, Ok(())),
        (json!(ours), Ok(())),
        (json!(OF_EACH), Ok(())),
        (json!(TEMPLATE), Ok(())),
        (json!("https://login.example.com/{anything}/v2.0"), Ok(())),
        (json!(other), ISSUER),
        (json!(""), ISSUER),
        (json!(format!("{ours}/")), ISSUER),
        (json!(format!(" {ours}")), ISSUER),
        (json!(ours.to_uppercase()), ISSUER),
        (json!("https://login.example.com/{tenantid}"), ISSUER),
        (json!("https://login.example.com/{tenantid}/v2.0/"), ISSUER),
        (json!("https://evil.example/{tenantid}/v2.0"), ISSUER),
        (json!("https://sts.windows.net/{tenantid}/"), ISSUER),
        (json!("https://login.example.com/{a}/{b}"), ISSUER),
        (json!("https://login.example.com/{{a}}/v2.0"), ISSUER),
        (json!("https://login.example.com/{a/v2.0"), ISSUER),
        (json!("{issuer}"), ISSUER),
        (json!("*"), ISSUER),
    ] {
        for (at, verifier) in trusting(&signer, &key_issuer).iter().enumerate() {
            let token = signed(&signer, Some(&ours), Some(OURS));
            assert_eq!(verdict(verifier, &token), expected, "{key_issuer} {at}");
        }
    }
}

#[test]
fn the_key_of_a_tenant_does_not_sign_for_others() {
    let signer = provider();
    let (ours, other) = (name(OURS), name(OTHER));
    // As the keys of Entra for personal accounts.
    let verifiers = trusting(&signer, &json!(other));
    let [.., any_tenant, unnamed] = &verifiers;
    assert_eq!(verdict(any_tenant, &signed(&signer, Some(&other), Some(OTHER))), Ok(()));
    assert_eq!(verdict(unnamed, &signed(&signer, Some(&other), Some(OTHER))), Ok(()));
    for verifier in &verifiers {
        for tid in [Some(OURS), Some(OTHER), None] {
            assert_eq!(verdict(verifier, &signed(&signer, Some(&ours), tid)), ISSUER, "{tid:?}");
        }
    }
}

#[test]
fn without_a_template_the_claim_tid_is_the_tenant() {
    let signer = provider();
    let (ours, other) = (name(OURS), name(OTHER));
    let [beside, named, .., unnamed] = trusting(&signer, &json!(OF_EACH));
    let any_issuer = Verifier::jwks(format!("{{\"keys\":[{}]}}", jwk(&signer, &json!(OF_EACH))));
    let any_issuer = build(any_issuer.any_issuer().any_audience());
    for (iss, tid, by_name, by_keys) in [
        (Some(&*ours), Some(OURS), Ok(()), Ok(())),
        (Some(&*other), Some(OTHER), ISSUER, Ok(())),
        (Some(&*ours), None, ISSUER, ISSUER),
        (Some(&*ours), Some(OTHER), ISSUER, ISSUER),
        (Some(&*other), Some(OURS), ISSUER, ISSUER),
        (Some(&*ours), Some(""), ISSUER, ISSUER),
        (None, Some(OURS), ISSUER, ISSUER),
        (None, None, ISSUER, ISSUER),
        (Some(OF_EACH), Some("{tenantid}"), ISSUER, ISSUER),
        (Some("https://login.example.com//v2.0"), Some(""), ISSUER, ISSUER),
        (Some("https://login.example.com/a/b/v2.0"), Some("a/b"), ISSUER, ISSUER),
        (Some("https://login.example.com/../v2.0"), Some(".."), ISSUER, ISSUER),
    ] {
        let token = signed(&signer, iss, tid);
        for (verifier, expected) in
            [(&beside, by_name), (&named, by_name), (&unnamed, by_keys), (&any_issuer, by_keys)]
        {
            assert_eq!(verdict(verifier, &token), expected, "{iss:?} {tid:?}");
        }
    }
    for tid in [json!(7), json!([OURS]), json!({}), Value::Null] {
        let token = signer.token().claim("iss", &*ours).claim("tid", tid.clone()).mint();
        assert_eq!(verdict(&named, &token), ISSUER, "{tid}");
    }
}

#[test]
fn a_key_with_an_issuer_verifies_no_token_without_iss() {
    let (signer, ed) = (provider(), issuer(Algorithm::EdDSA));
    let with = |key_issuer| {
        let unnamed = Issuer::unnamed(set(&signer, &key_issuer), any());
        let named = Issuer::new(A, VerificationKey::jwk(ed.jwk()).unwrap(), any());
        build(Verifier::builder().trust(unnamed).trust(named))
    };
    let token = signed(&signer, None, Some(OURS));
    assert_eq!(verdict(&with(Value::Null), &token), Ok(()));
    for key_issuer in [json!(A), json!(""), json!(OF_EACH)] {
        assert_eq!(verdict(&with(key_issuer.clone()), &token), ISSUER, "{key_issuer}");
    }
}

#[test]
fn each_key_of_a_set_has_its_own_issuer() {
    let (each, personal) = (provider().key_id("1"), provider().with_other_key().key_id("2"));
    let keys = [jwk(&each, &json!(OF_EACH)), jwk(&personal, &json!(name(OTHER)))].join(",");
    let keys = KeySet::jwks(format!("{{\"keys\":[{keys}]}}")).unwrap();
    let template = Issuer::template(TEMPLATE, keys, any()).any_tenant();
    let verifier = build(Verifier::builder().trust(template));
    for (signer, tenant, expected) in [
        (&each, OURS, Ok(())),
        (&each, OTHER, Ok(())),
        (&personal, OTHER, Ok(())),
        (&personal, OURS, ISSUER),
    ] {
        for signer in [signer.clone(), signer.clone().without_key_id()] {
            let token = signed(&signer, Some(&name(tenant)), Some(tenant));
            assert_eq!(verdict(&verifier, &token), expected, "{tenant}");
        }
    }
}

#[test]
fn the_secret_of_a_jwk_is_limited_to_its_issuer() {
    let signer = issuer(Algorithm::HS256);
    let key = VerificationKey::jwk(jwk(&signer, &json!(A))).unwrap();
    let verifier = build(Verifier::builder().trust(Issuer::unnamed(key, any())));
    assert_eq!(verdict(&verifier, &signed(&signer, Some(A), None)), Ok(()));
    assert_eq!(verdict(&verifier, &signed(&signer, Some(B), None)), ISSUER);
}

#[test]
fn a_key_whose_issuer_is_not_a_string_is_skipped() {
    let (signer, good) = (provider().key_id("1"), provider().with_other_key().key_id("2"));
    for odd in [json!(7), json!([A]), json!({"iss": A}), json!(true)] {
        let keys = format!("{{\"keys\":[{},{}]}}", jwk(&signer, &odd), good.jwk());
        for keys in [KeySet::jwks(&keys), KeySet::fetched_jwks(&keys)] {
            let keys = keys.unwrap();
            assert_eq!(keys.skipped(), [SkipReason::MalformedMember("issuer")], "{odd}");
            let verifier = build(Verifier::builder().trust(Issuer::new(A, keys, any())));
            assert_eq!(verdict(&verifier, &signed(&good, Some(A), None)), Ok(()));
            let token = signed(&signer, Some(A), None);
            assert_eq!(verdict(&verifier, &token), Err(ErrorKind::UnknownKey));
        }
        assert!(VerificationKey::jwk(jwk(&signer, &odd)).is_err());
    }
    assert!(VerificationKey::jwk(jwk(&signer, &json!(A))).is_ok());
}

#[test]
fn a_changed_key_issuer_also_applies_to_cached_tokens() {
    let signer = provider();
    let keys = Settable::new();
    keys.set(set(&signer, &json!(OF_EACH))).unwrap();
    let issuer = Issuer::template(TEMPLATE, keys.clone(), any()).any_tenant();
    let builder = Verifier::builder().trust(issuer);
    #[cfg(feature = "cache")]
    let builder = builder.cache(tower_jwt_auth::TokenCache::new(64));
    let verifier = build(builder);
    let token = signed(&signer, Some(&name(OURS)), Some(OURS));
    for (key_issuer, expected) in
        [(json!(OF_EACH), Ok(())), (json!(name(OTHER)), ISSUER), (json!(name(OURS)), Ok(()))]
    {
        keys.set(set(&signer, &key_issuer)).unwrap();
        for _ in 0..3 {
            assert_eq!(verdict(&verifier, &token), expected, "{key_issuer}");
        }
    }
}

#[test]
fn the_rejection_names_the_issuer_of_the_key() {
    let signer = provider();
    let verifiers = trusting(&signer, &json!("https://evil`\n.example"));
    for verifier in &verifiers {
        let token = signed(&signer, Some(&name(OURS)), Some(OURS));
        let error = verifier.verify_now(&token).unwrap_err();
        let expected = r"the issuer of the key, `https://evil\u{60}\n.example`";
        assert_eq!((error.kind(), error.expected()), (ErrorKind::InvalidIssuer, Some(expected)));
        let text = error.to_string();
        assert!(text.contains("the key that signed it is for another issuer"), "{text}");
    }
    // Tokens of version 1 of Entra, with the keys of version 2.
    let v1 = "https://sts.windows.net/{tid}/";
    let of_v2 = set(&signer, &json!("https://login.microsoftonline.com/{tenantid}/v2.0"));
    let verifier =
        |keys| build(Verifier::builder().trust(Issuer::template(v1, keys, any()).tenants([OURS])));
    let token = |tenant: &str| signed(&signer, Some(&v1.replace("{tid}", tenant)), Some(tenant));
    let v2_keys = verifier(of_v2);
    assert!(v2_keys.explain(&token(OURS)).hints().iter().any(|it| it.contains("/discovery/keys")));
    assert!(
        !v2_keys.explain(&token(OTHER)).hints().iter().any(|it| it.contains("/discovery/keys"))
    );
    let v1_keys = verifier(set(&signer, &Value::Null));
    assert_eq!(verdict(&v1_keys, &token(OURS)), Ok(()));
}
