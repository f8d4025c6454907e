//! Issuer, audience, subject and token id (RFC 7519 §4.1.1–§4.1.3, §4.1.7).

use serde::de::IgnoredAny;
use tower_jwt_auth::VerifierBuilder;
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{Algorithm, ErrorKind, Verifier};

use crate::support::tokens::{Verdict, algorithms, header, issuer, trusting, verdict};

const ISSUER: Verdict = Err(ErrorKind::InvalidIssuer);
const AUDIENCE: Verdict = Err(ErrorKind::InvalidAudience);
const SUBJECT: Verdict = Err(ErrorKind::InvalidSubject);
const MISSING: Verdict = Err(ErrorKind::MissingClaim);
const UNUSABLE: Verdict = Err(ErrorKind::InvalidClaims);

/// An otherwise valid token with these additional members.
pub(super) fn of(issuer: &TestIssuer, members: &str) -> String {
    let payload = format!("{{\"exp\":1767226500{members}}}");
    issuer.sign(header(issuer.algorithm()), payload)
}

/// Asserts the verdicts for every algorithm, and for claims types that read all claims and none.
pub(super) fn expect(
    change: impl Fn(VerifierBuilder) -> VerifierBuilder,
    rows: &[(&str, Verdict)],
) {
    for algorithm in algorithms() {
        let issuer = issuer(algorithm);
        let all = change(trusting(&issuer)).build().unwrap();
        let none = change(trusting(&issuer)).claims::<IgnoredAny>().build().unwrap();
        for (members, expected) in rows {
            let token = of(&issuer, members);
            assert_eq!(verdict(&all, &token), *expected, "{algorithm}: {members}");
            assert_eq!(verdict(&none, &token), *expected, "{algorithm}: {members}");
        }
    }
}

#[test]
fn iss_must_equal_the_configured_issuer() {
    let named = |members: &str, name: &str| {
        let issuer = issuer(Algorithm::ES256);
        let builder = Verifier::jwks(issuer.jwks()).issuer(name).any_audience();
        let verifier = builder.clock(FixedClock::new()).build().unwrap();
        verdict(&verifier, &of(&issuer, members))
    };
    for (members, expected) in [
        (r#","iss":"https://auth.example/a""#, Ok(())),
        (r#","iss":"https:\/\/auth.example\/\u0061""#, Ok(())),
        ("", ISSUER),
        (r#","iss":null"#, ISSUER),
        (r#","iss":"""#, ISSUER),
        (r#","iss":"https://auth.example/a/""#, ISSUER),
        (r#","iss":"https://auth.example/""#, ISSUER),
        (r#","iss":"https://auth.example/ab""#, ISSUER),
        (r#","iss":"https://auth.example/A""#, ISSUER),
        (r#","iss":"https://AUTH.example/a""#, ISSUER),
        (r#","iss":"HTTPS://auth.example/a""#, ISSUER),
        (r#","iss":"https://auth.example:443/a""#, ISSUER),
        (r#","iss":"https://auth.example/%61""#, ISSUER),
        (r#","iss":"https://auth.example/./a""#, ISSUER),
        (r#","iss":"https://auth.example/a#x""#, ISSUER),
        (r#","iss":"https://user@auth.example/a""#, ISSUER),
        (r#","iss":"http://auth.example/a""#, ISSUER),
        (r#","iss":" https://auth.example/a""#, ISSUER),
        (r#","iss":"https://auth.example/a ""#, ISSUER),
        (r#","iss":"https://auth.example/a\u0000""#, ISSUER),
        (r#","iss":"https://evil.example/?https://auth.example/a""#, ISSUER),
        (r#","iss":["https://auth.example/a"]"#, ISSUER),
        (r#","iss":["https://evil.example","https://auth.example/a"]"#, ISSUER),
        (r#","iss":[]"#, ISSUER),
        (r#","iss":{"https://auth.example/a":1}"#, ISSUER),
        (r#","iss":7"#, ISSUER),
        (r#","iss":true"#, ISSUER),
        (r#","Iss":"https://auth.example/a""#, ISSUER),
        (r#","x":{"iss":"https://auth.example/a"}"#, ISSUER),
    ] {
        assert_eq!(named(members, "https://auth.example/a"), expected, "{members}");
    }
    // The configured name is not a pattern.
    for name in ["https://auth.example/*", "https://auth.example/", ".*", "*"] {
        assert_eq!(named(r#","iss":"https://auth.example/a""#, name), ISSUER, "{name}");
    }
}

#[test]
fn iss_must_be_a_string_even_under_any_issuer() {
    expect(
        |builder| builder,
        &[
            ("", Ok(())),
            (r#","iss":"anybody""#, Ok(())),
            (r#","iss":"""#, Ok(())),
            (r#","iss":null"#, ISSUER),
            (r#","iss":7"#, ISSUER),
            (r#","iss":["anybody"]"#, ISSUER),
            (r#","iss":{}"#, ISSUER),
        ],
    );
}

#[test]
fn the_configured_audience_must_be_in_aud() {
    let rows = [
        (r#","aud":"orders""#, Ok(())),
        (r#","aud":"ord\u0065rs""#, Ok(())),
        (r#","aud":["orders"]"#, Ok(())),
        (r#","aud":["billing","orders"]"#, Ok(())),
        (r#","aud":["orders","orders"]"#, Ok(())),
        (r#","aud":"invoices""#, Ok(())), // the second configured audience
        ("", AUDIENCE),
        (r#","aud":null"#, AUDIENCE),
        (r#","aud":"""#, AUDIENCE),
        (r#","aud":[]"#, AUDIENCE),
        (r#","aud":[""]"#, AUDIENCE),
        (r#","aud":"billing""#, AUDIENCE),
        (r#","aud":["billing","shipping"]"#, AUDIENCE),
        (r#","aud":"Orders""#, AUDIENCE),
        (r#","aud":"orders ""#, AUDIENCE),
        (r#","aud":" orders""#, AUDIENCE),
        (r#","aud":"orders2""#, AUDIENCE),
        (r#","aud":"order""#, AUDIENCE),
        (r#","aud":"orders,billing""#, AUDIENCE),
        (r#","aud":"orders billing""#, AUDIENCE),
        (r#","aud":"orders\u0000""#, AUDIENCE),
        (r#","aud":["orders",7]"#, AUDIENCE),
        (r#","aud":["orders",null]"#, AUDIENCE),
        (r#","aud":[["orders"]]"#, AUDIENCE),
        (r#","aud":{"orders":true}"#, AUDIENCE),
        (r#","aud":7"#, AUDIENCE),
        (r#","aud":true"#, AUDIENCE),
        (r#","AUD":"orders""#, AUDIENCE),
        (r#","x":{"aud":"orders"}"#, AUDIENCE),
    ];
    for algorithm in algorithms() {
        let issuer = issuer(algorithm);
        let builder = Verifier::jwks(issuer.jwks()).any_issuer();
        let verifier = builder.audience("orders").audience("invoices");
        let verifier = verifier.clock(FixedClock::new()).build().unwrap();
        for (members, expected) in rows {
            assert_eq!(verdict(&verifier, &of(&issuer, members)), expected, "{members}");
        }
    }
    // Even under any audience, a malformed `aud` is rejected.
    expect(
        |builder| builder,
        &[
            ("", Ok(())),
            (r#","aud":"billing""#, Ok(())),
            (r#","aud":["billing","shipping"]"#, Ok(())),
            (r#","aud":[]"#, Ok(())),
            (r#","aud":[ ]"#, Ok(())),
            (r#","aud":[""]"#, Ok(())),
            (r#","aud":[[]]"#, AUDIENCE),
            (r#","aud":[null]"#, AUDIENCE),
            (r#","aud":null"#, AUDIENCE),
            (r#","aud":7"#, AUDIENCE),
            (r#","aud":["billing",7]"#, AUDIENCE),
            (r#","aud":{}"#, AUDIENCE),
        ],
    );
}

#[test]
fn an_empty_audience_list_matches_no_audience() {
    let issuer = issuer(Algorithm::HS256);
    let builder = || Verifier::shared_secret(issuer.secret()).clock(FixedClock::new());
    let empty = of(&issuer, r#","aud":[]"#);
    let reason = |verifier: &Verifier, token: &str| {
        verifier.verify_now(token).map(|it| it.token().audience().count()).map_err(|error| {
            let detail = error.to_string();
            (error.kind(), detail)
        })
    };
    let any = builder().any_audience().build().unwrap();
    assert_eq!(reason(&any, &empty), Ok(0));
    assert_eq!(reason(&any, &of(&issuer, r#","aud":["a","b"]"#)), Ok(2));

    let ours = builder().audience("orders").build().unwrap();
    for members in ["", r#","aud":[]"#] {
        let (kind, text) = reason(&ours, &of(&issuer, members)).unwrap_err();
        assert_eq!(kind, ErrorKind::InvalidAudience, "{members}");
        assert!(text.contains("`aud` is missing or names no audience"), "{text}");
    }
    let (_, text) = reason(&any, &of(&issuer, r#","aud":[7]"#)).unwrap_err();
    assert!(text.contains("`aud` is not a string or a list of strings"), "{text}");

    let required = builder().any_audience().require_claim("aud").build().unwrap();
    assert_eq!(reason(&required, &empty).unwrap_err().0, ErrorKind::MissingClaim);
    assert_eq!(reason(&required, &of(&issuer, r#","aud":[""]"#)), Ok(1));
}

#[test]
fn subjects_and_token_ids_must_be_strings() {
    let mut rows = vec![(String::new(), Ok(()))];
    for name in ["sub", "jti"] {
        for (value, expected) in [
            ("\"a\"", Ok(())),
            ("\"\"", Ok(())),
            ("\"\\u0000\"", Ok(())),
            ("null", UNUSABLE),
            ("7", UNUSABLE),
            ("true", UNUSABLE),
            ("[\"a\"]", UNUSABLE),
            ("{\"a\":1}", UNUSABLE),
        ] {
            rows.push((format!(",\"{name}\":{value}"), expected));
        }
    }
    let rows: Vec<_> =
        rows.iter().map(|(members, expected)| (members.as_str(), *expected)).collect();
    expect(|builder| builder, &rows);
}

#[test]
fn only_the_configured_subject_is_accepted() {
    expect(
        |builder| builder.subject("user-1"),
        &[
            (r#","sub":"user-1""#, Ok(())),
            (r#","sub":"user\u002d1""#, Ok(())),
            (r#","sub":"user-2""#, SUBJECT),
            (r#","sub":"User-1""#, SUBJECT),
            (r#","sub":"user-1 ""#, SUBJECT),
            (r#","sub":"user-11""#, SUBJECT),
            (r#","sub":"""#, SUBJECT),
            ("", MISSING),
            (r#","Sub":"user-1""#, MISSING),
            (r#","sub":["user-1"]"#, UNUSABLE),
        ],
    );
}
