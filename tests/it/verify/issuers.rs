//! Several issuers: `iss` only selects one of them (RFC 7519 §4.1.1, RFC 8725 §3.8).

use tower_jwt_auth::key::{KeySet, KeySetState};
use tower_jwt_auth::testing::{FixedClock, TestIssuer};

use tower_jwt_auth::{
    Algorithm, ErrorKind, Issuer, Policy, VerificationKey, Verifier, VerifierBuilder,
};

use crate::support::late_keys::LateKeys;
use crate::support::tokens::{Verdict, algorithms, header, issuer, parts, verdict};

const ISSUER: Verdict = Err(ErrorKind::InvalidIssuer);
const MALFORMED: Verdict = Err(ErrorKind::MalformedToken);
const NOT_ALLOWED: Verdict = Err(ErrorKind::AlgorithmNotAllowed);
const WRONG: Verdict = Err(ErrorKind::InvalidSignature);

pub(super) const A: &str = "https://a.example";
pub(super) const B: &str = "https://b.example";

pub(super) fn key(issuer: &TestIssuer) -> VerificationKey {
    VerificationKey::jwk(issuer.jwk()).unwrap()
}

pub(super) fn any() -> Policy {
    Policy::new().any_audience()
}

pub(super) fn trusting_all(issuers: impl IntoIterator<Item = Issuer>) -> Verifier {
    let builder = Verifier::builder().clock(FixedClock::new());
    let builder = issuers.into_iter().fold(builder, VerifierBuilder::trust);
    builder.build().unwrap()
}

/// A token of this issuer with the `iss` of another, or without `iss`.
pub(super) fn naming(issuer: &TestIssuer, name: Option<&str>) -> String {
    match name {
        Some(name) => issuer.token().claim("iss", name).mint(),
        None => issuer.token().without("iss").mint(),
    }
}

#[test]
fn the_unnamed_issuer_accepts_only_tokens_without_iss() {
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
fn a_constructor_accepts_further_trusted_issuers() {
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
fn the_unverified_iss_only_selects_a_configured_issuer() {
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
            (r#""iss":"https://a.example","iss":"https://a.example","exp":1767226500"#, MALFORMED),
            (r#""iss":"https://a.example","iss":"https://b.example","exp":1767226500"#, MALFORMED),
            (r#""iss":"https://a.example","exp":1767226500,}"#, MALFORMED),
            (r#""iss":"https://a.example","exp":1767226500"x"#, MALFORMED),
        ] {
            assert_eq!(verdict(&verifier, &payload(members)), expected, "{members}");
        }
        // Whichever of two names is used, the keys are never those of the other issuer.
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
fn deep_or_large_payloads_do_not_affect_issuer_selection() {
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
fn key_health_is_reported_per_issuer() {
    let (named, unnamed) = (issuer(Algorithm::ES256), issuer(Algorithm::EdDSA));
    let late = LateKeys::default();
    let policy = || Policy::new().any_audience();
    let set = |issuer: &TestIssuer| KeySet::jwks(issuer.jwks()).unwrap();
    let verifier = Verifier::builder()
        .trust(Issuer::new("https://late.example", late.clone(), policy()))
        .trust(Issuer::new("https://named.example", set(&named), policy()))
        .trust(Issuer::unnamed(set(&unnamed), policy()))
        .build()
        .unwrap();
    let health = || verifier.health().map(|it| (it.issuer, it.state, it.keys)).collect::<Vec<_>>();
    let fixed = [
        (Some("https://named.example".to_owned()), KeySetState::Fresh, 1),
        (None, KeySetState::Fresh, 1),
    ];
    let late_is = |state, keys| (Some("https://late.example".to_owned()), state, keys);
    assert_eq!(health()[0], late_is(KeySetState::Empty, 0));
    assert_eq!(health()[1..], fixed);
    late.arrive(&named.jwks());
    assert_eq!(health()[0], late_is(KeySetState::Fresh, 1));
    assert_eq!(health()[1..], fixed);
}
