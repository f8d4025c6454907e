//! Required claims, rules and checks, and the order of their evaluation (RFC 7519 §4, §7.2).

use serde::Deserialize;
use tower_jwt_auth::VerifierBuilder;
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{Algorithm, Error, ErrorKind, Verifier};

use super::identity::{expect, of};
use crate::support::tokens::{Verdict, algorithms, header, issuer, pair, trusting, verdict};

const ISSUER: Verdict = Err(ErrorKind::InvalidIssuer);
const AUDIENCE: Verdict = Err(ErrorKind::InvalidAudience);
const SUBJECT: Verdict = Err(ErrorKind::InvalidSubject);
const MISSING: Verdict = Err(ErrorKind::MissingClaim);
const UNUSABLE: Verdict = Err(ErrorKind::InvalidClaims);
const FAILED: Verdict = Err(ErrorKind::CheckFailed);
const EXPIRED: Verdict = Err(ErrorKind::TokenExpired);

#[test]
fn required_claims_must_be_top_level_and_not_null() {
    expect(
        |builder| builder.require_claim("tenant").require_claim("jti").require_claim("tenant"),
        &[
            (r#","tenant":"acme","jti":"1""#, Ok(())),
            (r#","t\u0065nant":"acme","jti":"1""#, Ok(())),
            (r#","tenant":0,"jti":"1""#, Ok(())),
            (r#","tenant":false,"jti":"1""#, Ok(())),
            (r#","tenant":"","jti":"""#, Ok(())),
            (r#","tenant":[],"jti":"1""#, Ok(())),
            (r#","tenant":{},"jti":"1""#, Ok(())),
            (r#","tenant":[null],"jti":"1""#, Ok(())),
            (r#","tenant":null,"jti":"1""#, MISSING),
            (r#","tenant": null ,"jti":"1""#, MISSING),
            (r#","jti":"1""#, MISSING),
            (r#","tenant":"acme""#, MISSING),
            ("", MISSING),
            (r#","Tenant":"acme","jti":"1""#, MISSING),
            (r#","TENANT":"acme","jti":"1""#, MISSING),
            (r#","tenant ":"acme","jti":"1""#, MISSING),
            (r#","x":{"tenant":"acme"},"jti":"1""#, MISSING),
            (r#","x":[{"tenant":"acme"}],"jti":"1""#, MISSING),
            (r#","x":"\"tenant\":1","jti":"1""#, MISSING),
        ],
    );
}

#[test]
fn each_of_sixty_four_required_claims_is_checked() {
    let issuer = issuer(Algorithm::HS256);
    let names: Vec<_> = (0..64).map(|n| format!("claim-{n}")).collect();
    let builder = names.iter().fold(trusting(&issuer), VerifierBuilder::require_claim);
    let verifier = builder.build().unwrap();
    let with = |names: &[String]| {
        let members: Vec<_> = names.iter().map(|name| format!(",\"{name}\":1")).collect();
        of(&issuer, &members.concat())
    };
    assert_eq!(verdict(&verifier, &with(&names)), Ok(()));
    for left_out in 0..64 {
        let mut names = names.clone();
        names.remove(left_out);
        assert_eq!(verdict(&verifier, &with(&names)), MISSING, "{left_out}");
    }
}

#[derive(Deserialize)]
struct Mine {
    tenant: String,
    #[serde(default)]
    admin: bool,
}

#[test]
fn claims_that_do_not_fit_the_type_are_rejected() {
    for algorithm in algorithms() {
        let issuer = issuer(algorithm);
        let verifier = trusting(&issuer).claims::<Mine>().build().unwrap();
        for (members, expected) in [
            (r#","tenant":"acme""#, Ok(())),
            (r#","tenant":"acme","admin":true"#, Ok(())),
            (r#","tenant":"acme","unknown":[1]"#, Ok(())),
            ("", UNUSABLE),
            (r#","tenant":null"#, UNUSABLE),
            (r#","tenant":7"#, UNUSABLE),
            (r#","tenant":["acme"]"#, UNUSABLE),
            (r#","tenant":"acme","admin":"yes""#, UNUSABLE),
            (r#","tenant":"acme","admin":null"#, UNUSABLE),
        ] {
            assert_eq!(verdict(&verifier, &of(&issuer, members)), expected, "{members}");
        }
        let mine = verifier.verify_now(&of(&issuer, r#","tenant":"acme""#)).unwrap();
        assert_eq!((mine.tenant.as_str(), mine.admin), ("acme", false));
    }
    // A type that no JSON object deserializes into.
    let issuer = issuer(Algorithm::HS256);
    let numbers = trusting(&issuer).claims::<Vec<u8>>().build().unwrap();
    assert_eq!(verdict(&numbers, &of(&issuer, "")), UNUSABLE);
}

#[test]
fn failed_rules_and_checks_are_named() {
    for algorithm in algorithms() {
        let issuer = issuer(algorithm);
        let verifier = trusting(&issuer)
            .claims::<Mine>()
            .check_token("an id that is not empty", |token| token.token_id() != Some(""))
            .check_token("one of us", |token| token.subject().is_some())
            .check("no admins", |mine| !mine.admin)
            .check("acme alone", |mine| mine.tenant == "acme")
            .build()
            .unwrap();
        for (members, expected, name) in [
            (r#","sub":"a","tenant":"acme""#, Ok(()), None),
            (r#","sub":"a","jti":"1","tenant":"acme""#, Ok(()), None),
            (r#","sub":"a","jti":"","tenant":"acme""#, FAILED, Some("an id that is not empty")),
            (r#","tenant":"acme""#, FAILED, Some("one of us")),
            (r#","sub":"a","tenant":"acme","admin":true"#, FAILED, Some("no admins")),
            (r#","sub":"a","tenant":"evil""#, FAILED, Some("acme alone")),
        ] {
            let outcome = verifier.verify_now(&of(&issuer, members));
            assert_eq!(outcome.as_ref().map(|_| ()).map_err(Error::kind), expected, "{members}");
            assert_eq!(outcome.err().and_then(|error| error.detail()), name, "{members}");
        }
    }
}

#[test]
fn expiry_is_reported_only_for_otherwise_valid_tokens() {
    let issuer = issuer(Algorithm::ES256).issuer("https://auth.example").audience("orders");
    let verifier = Verifier::jwks(issuer.jwks())
        .issuer("https://auth.example")
        .audience("orders")
        .subject("user-1")
        .require_claim("jti")
        .typ("at+jwt")
        .check_token("no guests", |token| token.token_id() != Some("guest"))
        .claims::<Mine>()
        .check("acme alone", |mine| mine.tenant == "acme")
        .clock(FixedClock::new())
        .build()
        .unwrap();
    let good = || {
        let token = issuer.token().subject("user-1").header("typ", "at+jwt");
        token.claim("jti", "1").claim("tenant", "acme")
    };
    let late = || good().expired();
    // Everything is wrong at first; then one fault after the other is corrected.
    let wrong = || late().header("typ", "JWT").claim("iss", "x").claim("aud", "x").subject("x");
    let wrong = || wrong().without("jti").claim("nbf", 9_000_000_000_u64).claim("tenant", 7);
    let typed = || wrong().header("typ", "at+jwt");
    let ours = || typed().claim("iss", "https://auth.example");
    let for_us = || ours().claim("aud", "orders");
    let about = || for_us().subject("user-1");
    let complete = || about().claim("jti", "guest");
    let begun = || complete().without("nbf");
    let ruled = || begun().claim("jti", "1");
    let lasting = || ruled().claim("exp", 1_767_226_500);
    let fitting = || lasting().claim("tenant", "evil");
    for (token, expected) in [
        (wrong(), Err(ErrorKind::InvalidType)),
        (typed(), ISSUER),
        (ours(), AUDIENCE),
        (for_us(), SUBJECT),
        (about(), MISSING),
        (complete(), Err(ErrorKind::TokenNotYetValid)),
        (begun(), FAILED),
        (ruled(), EXPIRED),
        (lasting(), UNUSABLE),
        (fitting(), FAILED),
        (good(), Ok(())),
        // Each single fault of an expired token.
        (late(), EXPIRED),
        (late().claim("tenant", 7), EXPIRED),
        (late().claim("tenant", "evil"), EXPIRED),
        (late().claim("aud", "billing"), AUDIENCE),
        (late().claim("iss", "x"), ISSUER),
        (late().subject("x"), SUBJECT),
        (late().without("jti"), MISSING),
        (late().claim("jti", "guest"), FAILED),
        (late().header("typ", "JWT"), Err(ErrorKind::InvalidType)),
    ] {
        let token = token.mint();
        assert_eq!(verdict(&verifier, &token), expected, "{expected:?}");
    }
}

#[test]
fn the_order_of_members_does_not_matter() {
    let rotations = |members: &[&str]| -> Vec<String> {
        let rotated = |by: usize| [&members[by..], &members[..by]].concat().join(",");
        (0..members.len()).map(|by| format!("{{{}}}", rotated(by))).collect()
    };
    let (issuer, verifier) = pair(Algorithm::EdDSA);
    let good = [
        r#""iss":"a""#,
        r#""sub":"user-1""#,
        r#""aud":["orders"]"#,
        r#""exp":1767226500"#,
        r#""nbf":1767225600"#,
        r#""iat":1767225600"#,
        r#""scope":"read write""#,
        r#""x":{"exp":0,"nbf":9e9,"iss":7}"#,
    ];
    let mut rows = vec![(good.to_vec(), Ok(()))];
    for (fault, expected) in [
        (r#""jti":7"#, UNUSABLE),
        (r#""iss":"b""#, Err(ErrorKind::MalformedToken)), // a second time
        (r#""y":1e"#, Err(ErrorKind::MalformedToken)),
    ] {
        rows.push(([&good[..], &[fault]].concat(), expected));
    }
    for (at, fault, expected) in [
        (0, r#""iss":[]"#, ISSUER),
        (2, r#""aud":{}"#, AUDIENCE),
        (3, r#""exp":1767225540"#, EXPIRED),
        (3, r#""exp":null"#, UNUSABLE),
        (3, r#""EXP":1767226500"#, MISSING),
        (4, r#""nbf":1767225661"#, Err(ErrorKind::TokenNotYetValid)),
    ] {
        let mut members = good.to_vec();
        members[at] = fault;
        rows.push((members, expected));
    }
    for (members, expected) in rows {
        for payload in rotations(&members) {
            let token = issuer.sign(header(Algorithm::EdDSA), &payload);
            assert_eq!(verdict(&verifier, &token), expected, "{payload}");
        }
    }
    let payload = r#"{"exp":1767226500}"#;
    for header in
        rotations(&[r#""alg":"EdDSA""#, r#""kid":"demo-EdDSA""#, r#""typ":"JWT""#, r#""x":[]"#])
    {
        assert_eq!(verdict(&verifier, &issuer.sign(&header, payload)), Ok(()), "{header}");
    }
    for header in rotations(&[r#""alg":"EdDSA""#, r#""kid":"other""#, r#""typ":"JWT""#]) {
        let unknown = Err(ErrorKind::UnknownKey);
        assert_eq!(verdict(&verifier, &issuer.sign(&header, payload)), unknown, "{header}");
    }
}
