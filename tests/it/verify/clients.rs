//! The client that a token was issued to, and the authorized party.

use tower_jwt_auth::error::{Problem, ProblemKind};
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{Algorithm, BuildError, Error, ErrorKind, Issuer, Policy, Verifier};

use super::identity::{expect, of};
use super::issuers::{A, key};
use crate::support::tokens::{Verdict, issuer, trusting, verdict};

const AUDIENCE: Verdict = Err(ErrorKind::InvalidAudience);
const TYPE: Verdict = Err(ErrorKind::InvalidType);

#[test]
fn the_first_claim_that_is_present_decides_about_the_client() {
    let rows = [
        (r#","client_id":"web""#, Ok(())),
        (r#","azp":"web""#, Ok(())),
        (r#","cid":"web""#, Ok(())),
        (r#","appid":"web""#, Ok(())),
        (r#","client_id":"\u0077eb""#, Ok(())),
        (r#","azp":"app""#, Ok(())), // the second configured client
        (r#","azp":"web","client_id":"web""#, Ok(())),
        // The order of the claims decides, not that of the token.
        (r#","azp":"other","client_id":"web""#, Ok(())),
        (r#","client_id":"web","azp":7,"cid":null,"appid":"other""#, Ok(())),
        (r#","azp":"web","cid":"other""#, Ok(())),
        (r#","cid":"web","appid":"other""#, Ok(())),
        (r#","client_id":"other","azp":"web""#, AUDIENCE),
        (r#","azp":"web","client_id":"other""#, AUDIENCE),
        (r#","azp":"other","cid":"web","appid":"web""#, AUDIENCE),
        (r#","cid":"other","appid":"web""#, AUDIENCE),
        // A claim of another type decides as well.
        (r#","client_id":null,"azp":"web""#, AUDIENCE),
        (r#","client_id":7,"azp":"web""#, AUDIENCE),
        (r#","client_id":["web"],"azp":"web""#, AUDIENCE),
        (r#","client_id":"","azp":"web""#, AUDIENCE),
        (r#","azp":null,"cid":"web""#, AUDIENCE),
        (r#","cid":{},"appid":"web""#, AUDIENCE),
        (r#","appid":null"#, AUDIENCE),
        ("", AUDIENCE),
        (r#","aud":"web""#, AUDIENCE),
        (r#","azp":"WEB""#, AUDIENCE),
        (r#","azp":"web ""#, AUDIENCE),
        (r#","azp":"web2""#, AUDIENCE),
        (r#","azp":"we""#, AUDIENCE),
        (r#","azp":"web,app""#, AUDIENCE),
        (r#","azp":["web","app"]"#, AUDIENCE),
        (r#","AZP":"web""#, AUDIENCE),
        (r#","x":{"azp":"web"}"#, AUDIENCE),
        (r#","azp":"web","azp":"web""#, Err(ErrorKind::MalformedToken)),
        // `aud` must still be well-formed, whatever it names.
        (r#","azp":"web","aud":"billing""#, Ok(())),
        (r#","azp":"web","aud":[]"#, Ok(())),
        (r#","azp":"web","aud":7"#, AUDIENCE),
        (r#","azp":"web","aud":null"#, AUDIENCE),
    ];
    // `trusting` calls `any_audience`, which changes nothing.
    expect(|builder| builder.client_id("web").client_id("app"), &rows);
    let signer = issuer(Algorithm::ES256);
    let alone = Policy::new().client_id("web").client_id("app");
    let alone = Verifier::builder().trust(Issuer::unnamed(key(&signer), alone));
    let alone = alone.clock(FixedClock::new()).build().unwrap();
    for (members, expected) in rows {
        assert_eq!(verdict(&alone, &of(&signer, members)), expected, "{members}");
    }
}

#[test]
fn audience_client_and_authorized_party_must_all_match() {
    let signer = issuer(Algorithm::ES256);
    let base = || Verifier::jwks(signer.jwks()).any_issuer().clock(FixedClock::new());
    let verifiers = [
        base().audience("orders").client_id("web").authorized_party("https://app.example"),
        base().authorized_party("https://app.example").client_id("web").audience("orders"),
    ];
    for builder in verifiers {
        let verifier = builder.build().unwrap();
        for (members, expected) in [
            (r#","aud":"orders","client_id":"web","azp":"https://app.example""#, Ok(())),
            (r#","client_id":"web","azp":"https://app.example""#, AUDIENCE),
            (r#","aud":"billing","client_id":"web","azp":"https://app.example""#, AUDIENCE),
            (r#","aud":"orders","client_id":"app","azp":"https://app.example""#, AUDIENCE),
            (r#","aud":"orders","client_id":"web","azp":"https://evil.example""#, AUDIENCE),
            (r#","aud":"orders","client_id":"web""#, AUDIENCE),
            (r#","aud":"orders","azp":"https://app.example""#, AUDIENCE),
        ] {
            assert_eq!(verdict(&verifier, &of(&signer, members)), expected, "{members}");
        }
    }
}

#[test]
fn the_authorized_party_is_one_of_the_configured_ones() {
    expect(
        |builder| {
            builder
                .authorized_party("https://app.example")
                .authorized_party("http://localhost:3000")
        },
        &[
            (r#","azp":"https://app.example""#, Ok(())),
            (r#","azp":"http://localhost:3000""#, Ok(())),
            (r#","azp":"https:\/\/app.example""#, Ok(())),
            // Only `azp` counts. Such tokens need not be access tokens.
            (r#","azp":"https://app.example","client_id":"x","at_hash":"y""#, Ok(())),
            ("", AUDIENCE),
            (r#","client_id":"https://app.example""#, AUDIENCE),
            (r#","azp":"https://app.example/""#, AUDIENCE),
            (r#","azp":"https://app.example:443""#, AUDIENCE),
            (r#","azp":"https://APP.example""#, AUDIENCE),
            (r#","azp":"http://app.example""#, AUDIENCE),
            (r#","azp":"https://app.example.evil.example""#, AUDIENCE),
            (r#","azp":"https://evil.example""#, AUDIENCE),
            (r#","azp":"""#, AUDIENCE),
            (r#","azp":null"#, AUDIENCE),
            (r#","azp":["https://app.example"]"#, AUDIENCE),
        ],
    );
}

#[test]
fn a_rejected_client_is_explained() {
    let signer = issuer(Algorithm::ES256);
    let base = || Verifier::jwks(signer.jwks()).any_issuer().clock(FixedClock::new());
    let client = base().client_id("web").client_id("app").build().unwrap();
    let both = base().audience("orders").client_id("web").build().unwrap();
    let party = base().any_audience().authorized_party("https://app.example").build().unwrap();
    for (verifier, members, detail, expected) in [
        (
            &client,
            "",
            "`client_id`, `azp`, `cid` and `appid` are missing",
            "the client `web` or `app`",
        ),
        (&client, r#","azp":"secret-1""#, "`azp` has another value", "the client `web` or `app`"),
        (&client, r#","appid":7"#, "`appid` is not a string", "the client `web` or `app`"),
        (
            &both,
            r#","aud":"orders","client_id":"secret-1""#,
            "`client_id` has another value",
            "the audience `orders`, and the client `web`",
        ),
        (
            &both,
            r#","client_id":"web""#,
            "`aud` is missing or names no audience",
            "the audience `orders`, and the client `web`",
        ),
        (
            &party,
            r#","azp":"secret-1""#,
            "`azp` has another value",
            "the authorized party `https://app.example`",
        ),
        (&party, "", "`azp` is missing", "the authorized party `https://app.example`"),
    ] {
        let error = verifier.verify_now(&of(&signer, members)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidAudience, "{members}");
        assert_eq!((error.detail(), error.expected()), (Some(detail), Some(expected)), "{members}");
        assert!(!format!("{error} {error:?}").contains("secret-1"));
    }
}

#[test]
fn a_client_replaces_the_decision_about_the_audience() {
    let signer = issuer(Algorithm::ES256);
    let base = || Verifier::jwks(signer.jwks()).issuer(A);
    let problems = |built: Result<Verifier, BuildError>| {
        let error = built.err();
        let problems = error.as_ref().map(BuildError::problems).unwrap_or_default();
        problems.iter().map(Problem::kind).collect::<Vec<_>>()
    };
    for (built, expected) in [
        (base().client_id("web").build(), &[][..]),
        (base().client_id("web").audience("orders").build(), &[]),
        (base().audience("orders").client_id("web").build(), &[]),
        (base().client_id("web").any_audience().build(), &[]),
        (base().any_audience().client_id("web").build(), &[]),
        (base().any_audience().authorized_party("https://app.example").build(), &[]),
        (base().build(), &[ProblemKind::MissingAudience]),
        // Where the request came from is not for whom the token is.
        (base().authorized_party("https://app.example").build(), &[ProblemKind::MissingAudience]),
        (
            base().client_id("web").any_audience().audience("orders").build(),
            &[ProblemKind::Conflict],
        ),
        (base().client_id("").build(), &[ProblemKind::EmptyValue]),
        (base().any_audience().authorized_party("").build(), &[ProblemKind::EmptyValue]),
        (base().client_id("web\n").build(), &[ProblemKind::InvalidValue]),
        // RFC 9068 §4 requires an audience.
        (base().client_id("web").rfc9068().build(), &[ProblemKind::ProfileConflict]),
        (base().client_id("web").audience("orders").rfc9068().build(), &[]),
        (
            Verifier::builder()
                .client_id("web")
                .trust(Issuer::new(A, key(&signer), Policy::new().client_id("web")))
                .build(),
            &[ProblemKind::NoEffect],
        ),
    ] {
        assert_eq!(problems(built), expected);
    }
    let error = base().build().unwrap_err();
    assert!(error.problems()[0].fix().contains("client_id("), "{error}");
}

#[test]
fn a_client_admits_only_access_tokens() {
    let signer = issuer(Algorithm::HS256);
    let by_client = trusting(&signer).client_id("web").build().unwrap();
    let without = trusting(&signer).build().unwrap();
    for (members, expected) in [
        (r#","azp":"web""#, Ok(())),
        (r#","azp":"web","nonce":"x""#, Ok(())),
        (r#","azp":"web","at_hash":"x""#, TYPE),
        (r#","azp":"web","typ":"ID""#, TYPE),
        (r#","client_id":"web","token_use":"id""#, TYPE),
    ] {
        let token = of(&signer, members);
        let outcome = by_client.verify_now(&token).map(drop).map_err(|error: Error| error.kind());
        assert_eq!(outcome, expected, "{members}");
        assert_eq!(verdict(&without, &token), Ok(()), "{members}");
    }
}
