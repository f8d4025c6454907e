//! `iss` is one string, and selects the issuer with exactly this name (RFC 7519 §4.1.1).

use tower_jwt_auth::{Algorithm, ErrorKind, Issuer};

use super::issuers::{A, B, any, key, trusting_all};
use crate::support::tokens::{Verdict, header, issuer, verdict};

const ISSUER: Verdict = Err(ErrorKind::InvalidIssuer);
const MALFORMED: Verdict = Err(ErrorKind::MalformedToken);
const NOT_ALLOWED: Verdict = Err(ErrorKind::AlgorithmNotAllowed);

/// Names that are similar to [`A`].
const NEARLY_A: [&str; 26] = [
    "",
    "a",
    "https://a.exampl",
    "https://a.example/",
    "https://a.example.",
    "https://a.example:443",
    "https://a.example.evil.example",
    "https://a.examplehttps://b.example",
    "https://a.example https://b.example",
    "https://a.example,https://b.example",
    "https://a.example#x",
    "https://evil.example/https://a.example",
    "https://evil.example/?https://a.example",
    "https://user@a.example",
    " https://a.example",
    "https://a.example ",
    "https://a.example\\u0000",
    "\u{feff}https://a.example",
    "https://a.example\u{200b}",
    "https://A.example",
    "HTTPS://a.example",
    "http://a.example",
    "https://%61.example",
    "https://\u{430}.example",  // Cyrillic
    "https://\u{ff41}.example", // full width
    "https://a\u{301}.example",
];

#[test]
fn a_nested_iss_selects_no_issuer() {
    let of_a = issuer(Algorithm::HS256);
    let others = issuer(Algorithm::ES256);
    let verifier =
        trusting_all([Issuer::new(A, key(&of_a), any()), Issuer::new(B, key(&others), any())]);
    for (payload, expected) in [
        (format!("{{\"exp\":1767226500,\"iss\":\"{A}\"}}"), Ok(())),
        (format!("{{\"exp\":1767226500,\"x\":{{\"iss\":\"{A}\"}}}}"), ISSUER),
        (format!("{{\"exp\":1767226500,\"x\":[\"iss\",\"{A}\"]}}"), ISSUER),
        (format!("{{\"exp\":1767226500,\"Iss\":\"{A}\"}}"), ISSUER),
        (format!("{{\"exp\":1767226500,\"iss\":\"{A}\""), MALFORMED),
        ("7".to_owned(), MALFORMED),
    ] {
        let token = of_a.sign(header(Algorithm::HS256), &payload);
        assert_eq!(verdict(&verifier, &token), expected, "{payload}");
    }
}

#[test]
fn a_nearly_matching_iss_selects_no_issuer() {
    let of_a = issuer(Algorithm::HS256);
    let of_b = issuer(Algorithm::ES256).without_key_id();
    let nameless = issuer(Algorithm::EdDSA).without_key_id();
    let both = || [Issuer::new(A, key(&of_a), any()), Issuer::new(B, key(&of_b), any())];
    let unnamed = Issuer::unnamed(key(&nameless), any());
    let beside = trusting_all(both().into_iter().chain([unnamed]));
    let verifiers = [trusting_all(both()), beside];
    let long = format!("{A}{}", "/".repeat(10_000));
    let names = NEARLY_A.map(|name| format!("\"{name}\""));
    let mut rows: Vec<_> = names.into_iter().map(|name| (name, ISSUER)).collect();
    rows.extend([
        (format!("\"{A}\""), Ok(())),
        ("\"https:\\/\\/\\u0061.example\"".into(), Ok(())),
        (format!("\"{long}\""), ISSUER),
        (format!("\"{}\"", "x".repeat(10_000)), ISSUER),
        (format!("[\"{A}\"]"), ISSUER),
        (format!("[[\"{A}\"]]"), ISSUER),
        (format!("[\"{A}\",\"{B}\"]"), ISSUER),
        (format!("{{\"iss\":\"{A}\"}}"), ISSUER),
        (format!("{{\"{A}\":1}}"), ISSUER),
        ("[]".into(), ISSUER),
        ("{}".into(), ISSUER),
        ("null".into(), ISSUER),
        ("true".into(), ISSUER),
        ("7".into(), ISSUER),
        ("-0.5e9".into(), ISSUER),
        ("1e400".into(), ISSUER),
        (format!("\"{A}"), MALFORMED),
        (format!("'{A}'"), MALFORMED),
        (A.into(), MALFORMED),
        (format!("\"{A}\",\"iss\":\"{A}\""), MALFORMED),
        (format!("\"{A}\",\"i\\u0073s\":\"{A}\""), MALFORMED),
        (format!("\"{A}\",\"\\u0069\\u0073\\u0073\":\"{B}\""), MALFORMED),
        (format!("null,\"iss\":\"{A}\""), MALFORMED),
    ]);
    let count = rows.len();
    for (value, expected) in rows {
        let payload = format!("{{\"exp\":1767226500,\"iss\":{value}}}");
        let shown = &payload[..payload.len().min(120)];
        for verifier in &verifiers {
            let token = of_a.sign(header(Algorithm::HS256), &payload);
            assert_eq!(verdict(verifier, &token), expected, "{shown}");
            // An issuer with another name, or without one, is not selected either.
            for other in [&of_b, &nameless] {
                let token = other.sign(header(other.algorithm()), &payload);
                // Of two names, one selects the keys of A before the duplicate is detected.
                let rejections = [ISSUER, MALFORMED, NOT_ALLOWED];
                assert!(rejections.contains(&verdict(verifier, &token)), "{shown}");
            }
        }
    }
    assert_eq!(count, 49);
}
