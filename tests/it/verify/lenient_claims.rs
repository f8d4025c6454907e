//! Tokens that deviate from the defaults: empty audiences, null claims and numeric subjects.

use serde::Deserialize;
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{
    Algorithm, Error, ErrorKind, Issuer, Policy, Rule, Verifier, VerifierBuilder,
};

use super::identity::{expect, of};
use super::issuers::{A, any, key, trusting_all};
use crate::support::tokens::{Verdict, header, issuer, mac_token, trusting, verdict};

const ISSUER: Verdict = Err(ErrorKind::InvalidIssuer);
const AUDIENCE: Verdict = Err(ErrorKind::InvalidAudience);
const MISSING: Verdict = Err(ErrorKind::MissingClaim);
const SUBJECT: Verdict = Err(ErrorKind::InvalidSubject);
const UNUSABLE: Verdict = Err(ErrorKind::InvalidClaims);

/// The text for the operator.
fn text(verifier: &Verifier, token: &str) -> String {
    verifier.verify_now(token).map_or_else(|error| error.to_string(), |_| "accepted".to_owned())
}

#[test]
fn empty_audiences_count_as_missing_under_every_setting() {
    let signer = issuer(Algorithm::ES256);
    let base = || Verifier::jwks(signer.jwks()).issuer(A).clock(FixedClock::new());
    let build = |builder: VerifierBuilder| builder.build().unwrap();
    let any = build(base().any_audience());
    let ours = build(base().audience("orders"));
    let required = build(base().any_audience().require_claim("aud"));
    let profile = build(base().audience("orders").rfc9068());
    let by_client = build(base().client_id("web"));
    let lenient = build(base().audience("orders").allow_null_claims());
    let any_lenient = build(base().any_audience().allow_null_claims());
    let required_lenient = build(base().any_audience().require_claim("aud").allow_null_claims());
    let empty = "`aud` is missing or names no audience";
    let null = "`aud` is null, which only `allow_null_claims` accepts";
    let mistyped = "`aud` is not a string or a list of strings";
    let required_text = "a claim that the policy requires is missing";
    // For each verifier: the rejection of no audience, of null, and of a list with another type.
    for (name, verifier, none, of_null) in [
        ("any_audience", &any, "accepted", null),
        ("audience", &ours, empty, null),
        ("require_claim", &required, required_text, null),
        ("rfc9068", &profile, empty, null),
        ("client_id", &by_client, "accepted", null),
        ("audience, lenient", &lenient, empty, empty),
        ("any_audience, lenient", &any_lenient, "accepted", "accepted"),
        ("require_claim, lenient", &required_lenient, required_text, required_text),
    ] {
        for (member, expected) in [
            ("", none),
            (r#""aud":[],"#, none),
            (r#""aud":[ ],"#, none),
            ("\"aud\" : [\r\n\t] ,", none),
            (r#""aud":null,"#, of_null),
            (r#""aud":[null],"#, mistyped),
            (r#""aud":[[]],"#, mistyped),
            (r#""aud":{},"#, mistyped),
            (r#""aud":7,"#, mistyped),
            (r#""aud":"orders","#, "accepted"),
            (r#""aud":["orders"],"#, "accepted"),
            (r#""aud":["billing","orders"],"#, "accepted"),
        ] {
            let payload = format!(
                r#"{{{member}"iss":"{A}","sub":"user-1","client_id":"web","iat":1767225600,"jti":"1","exp":1767226500}}"#
            );
            let token = signer.sign(r#"{"alg":"ES256","typ":"at+jwt"}"#, payload);
            let shown = text(verifier, &token);
            assert!(shown.contains(expected), "{name}, {member}: {shown}");
        }
    }
}

#[test]
fn null_claims_are_absent_only_if_allowed() {
    let lenient_text = "which only `allow_null_claims` accepts";
    let signer = issuer(Algorithm::HS256);
    let strict = trusting(&signer).build().unwrap();
    for (claim, in_strict, in_lenient) in [
        ("iss", ISSUER, Ok(())),
        ("sub", UNUSABLE, Ok(())),
        ("aud", AUDIENCE, Ok(())),
        ("nbf", UNUSABLE, Ok(())),
        ("iat", UNUSABLE, Ok(())),
        ("jti", UNUSABLE, Ok(())),
        // A null `exp` is a missing `exp`.
        ("exp", UNUSABLE, MISSING),
    ] {
        let exp = if claim == "exp" { "" } else { r#""exp":1767226500,"# };
        let token = |value: &str| {
            let payload = format!("{{{exp}\"{claim}\":{value}}}");
            signer.sign(header(Algorithm::HS256), payload)
        };
        assert_eq!(verdict(&strict, &token("null")), in_strict, "{claim}");
        let shown = text(&strict, &token("null"));
        assert!(shown.contains(&format!("`{claim}` is null, {lenient_text}")), "{shown}");
        let lenient = |policy: Policy| {
            let trusted = Issuer::unnamed(key(&signer), policy.any_audience());
            trusting_all([trusted])
        };
        let allowed = lenient(Policy::new().allow_null_claims());
        assert_eq!(verdict(&allowed, &token("null")), in_lenient, "{claim}");
        // The same for a verifier's own settings, and for a claims type that reads nothing.
        let builder = || trusting(&signer).allow_null_claims();
        assert_eq!(verdict(&builder().build().unwrap(), &token("null")), in_lenient);
        let ignoring = builder().claims::<serde::de::IgnoredAny>().build().unwrap();
        assert_eq!(verdict(&ignoring, &token("null")), in_lenient);
        let without_expiry = lenient(Policy::new().allow_null_claims().allow_missing_expiry());
        assert_eq!(verdict(&without_expiry, &token("null")), Ok(()), "{claim}");
        // Every other type is rejected as before, and does not name the switch.
        for wrong in ["true", "{}", "[null]", "[[]]"] {
            assert_eq!(verdict(&allowed, &token(wrong)), in_strict, "{claim}: {wrong}");
            let shown = text(&strict, &token(wrong));
            assert!(!shown.contains("allow_null_claims"), "{shown}");
        }
        let duplicate = token(&format!("null,\"{claim}\":null"));
        assert_eq!(verdict(&allowed, &duplicate), Err(ErrorKind::MalformedToken), "{claim}");
    }
}

#[test]
fn a_null_claim_does_not_meet_a_requirement() {
    let signer = issuer(Algorithm::ES256);
    let named = Verifier::jwks(signer.jwks()).issuer(A).any_audience().clock(FixedClock::new());
    let named = named.allow_null_claims().build().unwrap();
    assert_eq!(verdict(&named, &of(&signer, r#","iss":null"#)), ISSUER);
    assert!(text(&named, &of(&signer, r#","iss":null"#)).contains("`iss` is missing"));
    assert_eq!(verdict(&named, &of(&signer, &format!(",\"iss\":\"{A}\""))), Ok(()));

    let hour = std::time::Duration::from_secs(3_600);
    expect(
        |builder| builder.allow_null_claims().require_claim("jti").require_claim("tenant"),
        &[
            (r#","jti":"1","tenant":1"#, Ok(())),
            (r#","jti":null,"tenant":1"#, MISSING),
            (r#","jti":"1","tenant":null"#, MISSING),
        ],
    );
    expect(
        |builder| builder.allow_null_claims().subject("user-1").max_age(hour),
        &[
            (r#","sub":"user-1","iat":1767225600"#, Ok(())),
            (r#","sub":null,"iat":1767225600"#, MISSING),
            (r#","sub":"user-1","iat":null"#, MISSING),
            (r#","sub":"user-1","iat":1767225600,"nbf":null"#, Ok(())),
            (
                r#","sub":"user-1","iat":1767225600,"nbf":1767229200"#,
                Err(ErrorKind::TokenNotYetValid),
            ),
        ],
    );
    // Only registered claims are lenient: a null `cnf` still needs a proof.
    let proof = Err(ErrorKind::ProofRequired);
    expect(VerifierBuilder::allow_null_claims, &[(r#","cnf":null"#, proof), ("", Ok(()))]);
    expect(|builder| builder, &[(r#","cnf":null"#, proof)]);
}

#[test]
fn a_null_iss_selects_the_unnamed_issuer_only_if_allowed() {
    let (named, unnamed) = (issuer(Algorithm::ES256), issuer(Algorithm::HS256));
    let pair = |policy: Policy, of_named: Policy| {
        trusting_all([
            Issuer::new(A, key(&named), of_named),
            Issuer::unnamed(key(&unnamed), policy),
        ])
    };
    let null = of(&unnamed, r#","iss":null"#);
    let of_named = of(&named, r#","iss":null"#);
    let allowed = pair(any().allow_null_claims(), any());
    assert_eq!(verdict(&allowed, &null), Ok(()));
    assert_eq!(verdict(&allowed, &of_named), Err(ErrorKind::AlgorithmNotAllowed));
    // The setting of another issuer has no effect.
    let strict = pair(any(), any().allow_null_claims());
    assert_eq!(verdict(&strict, &null), ISSUER);
    assert!(text(&strict, &null).contains("allow_null_claims"));
    for odd in [r#","iss":7"#, r#","iss":[]"#, r#","iss":"""#] {
        assert_eq!(verdict(&allowed, &of(&unnamed, odd)), ISSUER, "{odd}");
    }
    let alone = trusting_all([
        Issuer::new(A, key(&named), any().allow_null_claims()),
        Issuer::new("https://b.example", key(&unnamed), any().allow_null_claims()),
    ]);
    for token in [&null, &of_named] {
        assert_eq!(verdict(&alone, token), ISSUER);
    }
}

#[test]
fn null_claims_become_absent_options_in_the_claims_type() {
    #[derive(Deserialize)]
    struct Optional {
        sub: Option<String>,
        jti: Option<String>,
    }
    #[derive(Deserialize)]
    struct Required {
        #[serde(rename = "sub")]
        _sub: String,
    }
    let signer = issuer(Algorithm::HS256);
    let builder = || trusting(&signer).allow_null_claims();
    let token = of(&signer, r#","sub":null,"jti":"1""#);
    let optional = builder().claims::<Optional>().build().unwrap().verify_now(&token).unwrap();
    assert_eq!((optional.sub.as_deref(), optional.jti.as_deref()), (None, Some("1")));
    assert_eq!(optional.token().subject(), None);
    assert_eq!(verdict(&builder().claims::<Required>().build().unwrap(), &token), UNUSABLE);
}

/// Values of a claim, and the subject if integers are accepted.
const SUBJECTS: [(&str, Option<&str>); 22] = [
    ("\"user-1\"", Some("user-1")),
    ("\"7\"", Some("7")),
    ("\"07\"", Some("07")),
    ("7", Some("7")),
    ("0", Some("0")),
    ("-7", Some("-7")),
    ("999999999999999999", Some("999999999999999999")),
    ("9223372036854775807", Some("9223372036854775807")),
    ("-9223372036854775808", Some("-9223372036854775808")),
    ("18446744073709551615", Some("18446744073709551615")),
    ("18446744073709551616", None),
    ("-9223372036854775809", None),
    ("-0", None),
    ("7.0", None),
    ("7.5", None),
    ("7e0", None),
    ("7E2", None),
    ("true", None),
    ("[7]", None),
    ("[\"7\"]", None),
    ("{\"sub\":7}", None),
    ("null", None),
];

#[test]
fn an_integer_subject_is_its_decimal_text_if_allowed() {
    let signer = issuer(Algorithm::HS256);
    let strict = trusting(&signer).build().unwrap();
    let numeric = trusting(&signer).allow_numeric_subject().build().unwrap();
    let mapped = trusting(&signer).subject_claim("uid").build().unwrap();
    let nested = trusting(&signer).subject_claim(["user", "id"]).build().unwrap();
    for (value, expected) in SUBJECTS {
        let is_string = value.starts_with('"');
        let sub = of(&signer, &format!(",\"sub\":{value}"));
        assert_eq!(verdict(&strict, &sub), if is_string { Ok(()) } else { UNUSABLE }, "{value}");
        for (verifier, token, rejection) in [
            (&numeric, sub, UNUSABLE),
            (&mapped, of(&signer, &format!(",\"uid\":{value}")), MISSING),
            (&nested, of(&signer, &format!(",\"user\":{{\"id\":{value}}}")), MISSING),
        ] {
            let verified = verifier.verify_now(&token);
            let subject = verified.as_ref().ok().and_then(|it| it.token().subject());
            assert_eq!(subject, expected, "{value}");
            let outcome = verified.as_ref().map(drop).map_err(Error::kind);
            assert_eq!(outcome, expected.map(drop).map_or(rejection, Ok), "{value}");
            let (Ok(verified), Some(expected)) = (&verified, expected) else { continue };
            assert_eq!(verified.subject(), Some(expected));
            let identity = verified.identity();
            assert_eq!(identity.subject(), Some(expected));
            assert!(identity.owns(expected) && !identity.owns("") && !identity.owns("8"));
            assert!(!identity.owns(&format!("0{expected}")));
            assert!(!identity.owns(&format!("{expected}.0")));
        }
    }
    // A missing `sub` stays optional, and a leading zero is not JSON.
    assert_eq!(verdict(&numeric, &of(&signer, "")), Ok(()));
    assert_eq!(verdict(&numeric, &of(&signer, ",\"sub\":07")), Err(ErrorKind::MalformedToken));
}

#[test]
fn rejected_subjects_name_the_setting_that_helps() {
    let signer = issuer(Algorithm::HS256);
    let strict = trusting(&signer).build().unwrap();
    let numeric = trusting(&signer).allow_numeric_subject().build().unwrap();
    let switch = "`sub` is an integer, which only `allow_numeric_subject` accepts";
    for (value, in_strict, in_numeric) in [
        ("7", switch, "accepted"),
        ("-7", switch, "accepted"),
        ("7.5", "`sub` is not a string", "`sub` is neither a string nor an integer"),
        ("1e3", "`sub` is not a string", "`sub` is neither a string nor an integer"),
        ("{}", "`sub` is not a string", "`sub` is neither a string nor an integer"),
        ("null", "only `allow_null_claims` accepts", "only `allow_null_claims` accepts"),
        ("\"7\"", "accepted", "accepted"),
    ] {
        let token = of(&signer, &format!(",\"sub\":{value}"));
        for (verifier, expected) in [(&strict, in_strict), (&numeric, in_numeric)] {
            let shown = text(verifier, &token);
            assert!(shown.contains(expected), "{value}: {shown}");
        }
    }
    let both = trusting(&signer).allow_numeric_subject().allow_null_claims().build().unwrap();
    for (value, expected) in [("null", Ok(())), ("7", Ok(())), ("7.5", UNUSABLE)] {
        assert_eq!(verdict(&both, &of(&signer, &format!(",\"sub\":{value}"))), expected);
    }
}

#[test]
fn the_configured_subject_is_compared_with_the_text() {
    expect(
        |builder| builder.allow_numeric_subject().subject("7"),
        &[
            (r#","sub":7"#, Ok(())),
            (r#","sub":"7""#, Ok(())),
            (r#","sub":8"#, SUBJECT),
            (r#","sub":-7"#, SUBJECT),
            (r#","sub":"07""#, SUBJECT),
            (r#","sub":7.0"#, UNUSABLE),
            ("", MISSING),
        ],
    );
    // With a mapped subject, the type of `sub` is not checked.
    for numeric in [false, true] {
        expect(
            |builder| {
                let builder = builder.subject_claim("uid").subject("7");
                if numeric { builder.allow_numeric_subject() } else { builder }
            },
            &[
                (r#","uid":7"#, Ok(())),
                (r#","uid":"7","sub":8"#, Ok(())),
                (r#","uid":7,"sub":null"#, Ok(())),
                (r#","uid":7,"sub":[{}]"#, Ok(())),
                (r#","uid":7,"sub":7.5"#, Ok(())),
                (r#","uid":8,"sub":"7""#, SUBJECT),
                (r#","sub":"7""#, MISSING),
                (r#","uid":7,"jti":7"#, UNUSABLE),
                (r#","uid":7,"iat":null"#, UNUSABLE),
            ],
        );
    }
}

#[test]
fn owner_rules_use_the_text_of_a_numeric_subject() {
    use crate::support::ask::{ask, bearer, who};
    use tower::{Layer, service_fn};
    use tower_jwt_auth::{JwtAuthLayer, RequireLayer};

    let secret = issuer(Algorithm::HS256).secret().to_owned();
    let token = |sub: &str| {
        let payload = format!("{{\"exp\":1767226500,\"sub\":{sub}}}");
        mac_token(Algorithm::HS256, secret.as_bytes(), &header(Algorithm::HS256), &payload)
    };
    let verifier = Verifier::shared_secret(&secret).any_audience().allow_numeric_subject();
    let layer = JwtAuthLayer::new(verifier.clock(FixedClock::new()).build().unwrap());
    let rule = Rule::owner_in_path("/users/{id}").unwrap();
    for (sub, path, status) in [
        ("7", "/users/7", 200),
        ("7", "/users/7/todos", 200),
        ("\"7\"", "/users/7", 200),
        ("7", "/users/8", 403),
        ("7", "/users/07", 403),
        ("7", "/users/7.0", 403),
        ("-7", "/users/7", 403),
        ("77", "/users/7", 403),
        ("7.0", "/users/7", 401),
    ] {
        let mut request = bearer(&token(sub));
        *request.uri_mut() = path.parse().unwrap();
        let service = RequireLayer::new(rule.clone()).layer(service_fn(who::<String>));
        assert_eq!(ask(layer.layer(service), request).status, status, "{sub} {path}");
    }
}
