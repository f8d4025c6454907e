//! Several issuers: each with its own keys and its own rules, which never mix (RFC 8725 §3.8).

use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::verify::VerifierBuilder;
use tower_jwt_auth::{Algorithm, ErrorKind, Issuer, Policy, VerificationKey, Verifier};

use crate::support::tokens::{
    PAYLOAD, Verdict, algorithms, header, issuer, mac_token, parts, trusting, verdict,
};

const ISSUER: Verdict = Err(ErrorKind::InvalidIssuer);
const MALFORMED: Verdict = Err(ErrorKind::MalformedToken);
const NOT_ALLOWED: Verdict = Err(ErrorKind::AlgorithmNotAllowed);
const UNKNOWN: Verdict = Err(ErrorKind::UnknownKey);
const WRONG: Verdict = Err(ErrorKind::InvalidSignature);

const A: &str = "https://a.example";
const B: &str = "https://b.example";

fn key(issuer: &TestIssuer) -> VerificationKey {
    VerificationKey::jwk(issuer.jwk()).unwrap()
}

fn any() -> Policy {
    Policy::new().any_audience()
}

fn trusting_all(issuers: impl IntoIterator<Item = Issuer>) -> Verifier {
    let builder = Verifier::builder().clock(FixedClock::new());
    let builder = issuers.into_iter().fold(builder, VerifierBuilder::trust);
    builder.build().unwrap()
}

/// A token of this issuer that names another, or none.
fn naming(issuer: &TestIssuer, name: Option<&str>) -> String {
    match name {
        Some(name) => issuer.token().claim("iss", name).mint(),
        None => issuer.token().without("iss").mint(),
    }
}

#[test]
fn a_key_does_not_speak_for_another_issuer_even_under_the_same_id() {
    for algorithm in algorithms() {
        let of_a = issuer(algorithm).key_id("k");
        let of_b = of_a.clone().with_other_key();
        let verifier =
            trusting_all([Issuer::new(A, key(&of_a), any()), Issuer::new(B, key(&of_b), any())]);
        for (signer, name, expected) in [
            (&of_a, Some(A), Ok(())),
            (&of_b, Some(B), Ok(())),
            (&of_a, Some(B), WRONG),
            (&of_b, Some(A), WRONG),
            (&of_a, None, ISSUER),
            (&of_a, Some(""), ISSUER),
            (&of_a, Some("https://c.example"), ISSUER),
            (&of_a, Some("https://a.example/"), ISSUER),
            (&of_a, Some("https://A.example"), ISSUER),
            (&of_a, Some("https://a.example\0"), ISSUER),
            (&of_a, Some("https://a.example,https://b.example"), ISSUER),
        ] {
            let token = naming(signer, name);
            assert_eq!(verdict(&verifier, &token), expected, "{algorithm}: {name:?}");
        }
    }
}

#[test]
fn keys_of_other_ids_and_other_algorithms_do_not_cross_either() {
    let mut crossed = 0;
    for first in algorithms() {
        for second in algorithms() {
            let of_a = issuer(first).key_id("a");
            let of_b = issuer(second).with_other_key().key_id("b");
            let verifier = trusting_all([
                Issuer::new(A, key(&of_a), any()),
                Issuer::new(B, key(&of_b), any()),
            ]);
            assert_eq!(verdict(&verifier, &naming(&of_a, Some(A))), Ok(()));
            assert_eq!(verdict(&verifier, &naming(&of_b, Some(B))), Ok(()));
            assert_eq!(verdict(&verifier, &naming(&of_a, Some(B))), UNKNOWN);
            assert_eq!(verdict(&verifier, &naming(&of_b, Some(A))), UNKNOWN);
            // Even when it claims the other's key id.
            let forged = of_b.token().claim("iss", A).header("kid", "a").mint();
            let expected = if first == second { WRONG } else { NOT_ALLOWED };
            assert_eq!(verdict(&verifier, &forged), expected, "{first} {second}");
            crossed += 1;
        }
    }
    assert_eq!(crossed, algorithms().count().pow(2));
}

#[test]
fn each_issuer_has_its_own_rules() {
    let of_a = issuer(Algorithm::ES256).key_id("a");
    let of_b = issuer(Algorithm::RS256).key_id("b");
    let of_c = issuer(Algorithm::HS256);
    let verifier = trusting_all([
        Issuer::new(A, key(&of_a), Policy::new().audience("orders").typ("at+jwt")),
        Issuer::new(B, key(&of_b), Policy::new().audience("billing").without_expiry()),
        Issuer::unnamed(key(&of_c), any().require("tenant")),
    ]);
    let a = || of_a.token().claim("iss", A).claim("aud", "orders").header("typ", "at+jwt");
    let b = || of_b.token().claim("iss", B).claim("aud", "billing");
    let c = || of_c.token().claim("tenant", 1);
    for (token, expected) in [
        (a(), Ok(())),
        (b(), Ok(())),
        (c(), Ok(())),
        (a().claim("aud", "billing"), Err(ErrorKind::InvalidAudience)),
        (b().claim("aud", "orders"), Err(ErrorKind::InvalidAudience)),
        (a().header("typ", "JWT"), Err(ErrorKind::InvalidType)),
        (b().header("typ", "JWT"), Ok(())),
        (a().without("exp"), Err(ErrorKind::MissingClaim)),
        (b().without("exp"), Ok(())),
        (c().without("exp"), Err(ErrorKind::MissingClaim)),
        (c().without("tenant"), Err(ErrorKind::MissingClaim)),
        (c().claim("iss", A), NOT_ALLOWED),
    ] {
        assert_eq!(verdict(&verifier, &token.mint()), expected);
    }
}

#[test]
fn beside_named_issuers_the_unnamed_one_takes_only_tokens_without_a_name() {
    for algorithm in algorithms() {
        let named = issuer(algorithm).without_key_id();
        let unnamed = named.clone().with_other_key();
        let beside = trusting_all([
            Issuer::unnamed(key(&unnamed), any()),
            Issuer::new(A, key(&named), any()),
        ]);
        let alone = trusting_all([Issuer::unnamed(key(&unnamed), any())]);
        for (signer, name, with_another, by_itself) in [
            (&unnamed, None, Ok(()), Ok(())),
            (&unnamed, Some(A), WRONG, Ok(())),
            (&unnamed, Some(B), ISSUER, Ok(())),
            (&unnamed, Some(""), ISSUER, Ok(())),
            (&named, Some(A), Ok(()), WRONG),
            (&named, None, WRONG, WRONG),
            (&named, Some(B), ISSUER, WRONG),
        ] {
            let token = naming(signer, name);
            assert_eq!(verdict(&beside, &token), with_another, "{algorithm}: {name:?}");
            assert_eq!(verdict(&alone, &token), by_itself, "{algorithm}: {name:?}");
        }
        for odd in ["null", "7", "[\"https://a.example\"]", "{}"] {
            let payload = format!("{{\"exp\":1767226500,\"iss\":{odd}}}");
            let token = unnamed.sign(header(algorithm), payload);
            assert_eq!(verdict(&beside, &token), ISSUER, "{odd}");
        }
    }
}

#[test]
fn a_short_road_takes_more_issuers_and_stays_apart_from_them() {
    let own = issuer(Algorithm::HS256);
    let partner = issuer(Algorithm::ES256);
    let verifier = Verifier::shared_secret(own.secret())
        .any_audience()
        .trust(Issuer::new(A, key(&partner), any()))
        .clock(FixedClock::new())
        .build()
        .unwrap();
    for (signer, name, expected) in [
        (&own, None, Ok(())),
        (&partner, Some(A), Ok(())),
        (&own, Some(A), NOT_ALLOWED),
        (&own, Some(B), ISSUER),
        (&partner, None, NOT_ALLOWED),
    ] {
        assert_eq!(verdict(&verifier, &naming(signer, name)), expected, "{name:?}");
    }
}

#[test]
fn the_unverified_name_chooses_among_the_configured_and_does_nothing_else() {
    for algorithm in algorithms() {
        let of_a = issuer(algorithm).without_key_id();
        let of_b = of_a.clone().with_other_key();
        let verifier =
            trusting_all([Issuer::new(A, key(&of_a), any()), Issuer::new(B, key(&of_b), any())]);
        let payload = |members: &str| of_a.sign(header(algorithm), format!("{{{members}}}"));
        for (members, expected) in [
            (r#""iss":"https://a.example","exp":1767226500"#, Ok(())),
            (r#""exp":1767226500,"iss":"https://a.example""#, Ok(())),
            (r#""exp":1767226500,"i\u0073s":"https:\/\/a.example""#, Ok(())),
            (
                r#""exp":1767226500,"x":{"iss":"https://b.example"},"iss":"https://a.example""#,
                Ok(()),
            ),
            (r#""exp":1767226500,"x":{"iss":"https://a.example"}"#, ISSUER),
            (r#""exp":1767226500,"Iss":"https://a.example""#, ISSUER),
            (r#""iss":["https://a.example"],"exp":1767226500"#, ISSUER),
            (r#""iss":"https://a.example","iss":"https://a.example","exp":1767226500"#, MALFORMED),
            (r#""iss":"https://a.example","iss":"https://b.example","exp":1767226500"#, MALFORMED),
            (r#""iss":"https://a.example","exp":1767226500,}"#, MALFORMED),
            (r#""iss":"https://a.example","exp":1767226500"x"#, MALFORMED),
        ] {
            assert_eq!(verdict(&verifier, &payload(members)), expected, "{members}");
        }
        // Whichever of two names is believed, the keys are never those of the other.
        let both = r#""iss":"https://b.example","iss":"https://a.example","exp":1767226500"#;
        assert_ne!(verdict(&verifier, &payload(both)), Ok(()));
        for raw in ["", "x", "[]", "7", "\"https://a.example\"", "\u{feff}{}"] {
            let outcome = verdict(&verifier, &of_a.sign(header(algorithm), raw));
            assert_eq!(outcome, MALFORMED, "{raw}");
        }
        let token = naming(&of_a, Some(A));
        let [h, _, s] = parts(&token);
        assert_eq!(verdict(&verifier, &format!("{h}.!!!!.{s}")), MALFORMED);
    }
}

#[test]
fn a_deep_or_crowded_payload_does_not_trouble_the_choice() {
    let of_a = issuer(Algorithm::HS256);
    let of_b = issuer(Algorithm::ES256);
    let verifier = Verifier::builder()
        .trust(Issuer::new(A, key(&of_a), any()))
        .trust(Issuer::new(B, key(&of_b), any()))
        .clock(FixedClock::new())
        .max_token_len(1 << 20)
        .build()
        .unwrap();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let crowd: Vec<_> = (0..10_000).map(|n| format!("\"n{n}\":0")).collect();
    for (members, expected) in [
        (format!("\"x\":{deep},\"iss\":\"{A}\""), MALFORMED),
        (format!("\"iss\":\"{A}\",\"x\":{deep}"), MALFORMED),
        (format!("{},\"iss\":\"{A}\"", crowd.join(",")), Ok(())),
        (format!("{},\"iss\":\"{B}\"", crowd.join(",")), NOT_ALLOWED),
    ] {
        let token =
            of_a.sign(header(Algorithm::HS256), format!("{{\"exp\":1767226500,{members}}}"));
        assert_eq!(verdict(&verifier, &token), expected);
    }
}

#[test]
fn the_order_in_which_issuers_are_trusted_does_not_matter() {
    let of_a = issuer(Algorithm::ES256).key_id("k");
    let of_b = of_a.clone().with_other_key();
    let unnamed = issuer(Algorithm::EdDSA).key_id("k");
    let make = [
        || Issuer::new(A, key(&issuer(Algorithm::ES256).key_id("k")), any()),
        || Issuer::new(B, key(&issuer(Algorithm::ES256).key_id("k").with_other_key()), any()),
        || Issuer::unnamed(key(&issuer(Algorithm::EdDSA).key_id("k")), any()),
    ];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let verifier = trusting_all(order.map(|at| make[at]()));
        for (signer, name, expected) in [
            (&of_a, Some(A), Ok(())),
            (&of_b, Some(B), Ok(())),
            (&unnamed, None, Ok(())),
            (&of_a, Some(B), WRONG),
            (&of_b, Some(A), WRONG),
            (&of_a, None, NOT_ALLOWED),
            (&unnamed, Some(A), NOT_ALLOWED),
            (&unnamed, Some("https://c.example"), ISSUER),
        ] {
            let token = naming(signer, name);
            assert_eq!(verdict(&verifier, &token), expected, "{order:?}: {name:?}");
        }
    }
}

#[test]
fn a_hundred_issuers_are_told_apart() {
    let name = |n: usize| format!("https://issuer-{n}.example");
    let secret = |n: usize| format!("the secret of issuer {n}, which nobody else shares");
    let token = |signer: usize, named: usize| {
        let payload = PAYLOAD.replace('}', &format!(",\"iss\":\"{}\"}}", name(named)));
        let header = header(Algorithm::HS256);
        mac_token(Algorithm::HS256, secret(signer).as_bytes(), &header, &payload)
    };
    let verifier = trusting_all((0..100).map(|n| {
        let key = VerificationKey::shared_secret(secret(n)).unwrap();
        Issuer::new(name(n), key, any())
    }));
    for n in 0..100 {
        assert_eq!(verdict(&verifier, &token(n, n)), Ok(()));
        assert_eq!(verdict(&verifier, &token(n, (n + 1) % 100)), WRONG);
        assert_eq!(verdict(&verifier, &token(n, n + 100)), ISSUER);
    }
}

#[test]
fn two_verifiers_share_no_verdicts() {
    let (a, b) = (issuer(Algorithm::ES256), issuer(Algorithm::ES256).with_other_key());
    let (first, second) = (trusting(&a).build().unwrap(), trusting(&b).build().unwrap());
    for _ in 0..3 {
        assert_eq!(verdict(&first, &a.token().mint()), Ok(()));
        assert_eq!(verdict(&second, &a.token().mint()), WRONG);
        assert_eq!(verdict(&second, &b.token().mint()), Ok(()));
        assert_eq!(verdict(&first, &b.token().mint()), WRONG);
    }
}
