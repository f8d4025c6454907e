//! Arbitrary bytes get a verdict, and an accepted token was signed and is not expired.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use proptest::{prop_assert, prop_assert_eq};
use serde::Deserialize;
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{Algorithm, Issuer, Policy, VerificationKey, Verifier};

use super::cases::{Judged, Seen, for_all};
use super::near_misses::{json_soup, mutated};
use crate::support::tokens::{
    NOW, PAYLOAD, Three, encode, header, issuer, mac_token, parts, trusting, verdict,
};

/// Verifiers with different settings and the key of one signer.
struct Judges {
    signer: TestIssuer,
    three: Three,
    several: Verifier,
}

impl Judges {
    fn new() -> Self {
        let signer = issuer(Algorithm::HS256).key_id("k");
        let secret = || VerificationKey::shared_secret(signer.secret()).unwrap();
        let other = VerificationKey::jwk(issuer(Algorithm::ES256).jwk()).unwrap();
        let any = || Policy::new().any_audience();
        let several = Verifier::builder()
            .trust(Issuer::unnamed(secret(), any()))
            .trust(Issuer::new("https://a.example", other, any()))
            .clock(FixedClock::new());
        let (three, several) = (Three::new(|| trusting(&signer)), several.build().unwrap());
        Self { signer, three, several }
    }

    /// Passes the token to all verifiers, and checks each acceptance independently.
    fn judge(&self, token: &str, seen: &Seen) -> Judged {
        let [all, small, none] = self.three.verdicts(token);
        let by_name = verdict(&self.several, token);
        let outcomes = [all, small, none, by_name];
        if outcomes.iter().any(Result::is_ok) {
            prop_assert!(is_good(token, self.signer.secret()), "{token}");
        }
        seen.accepted(&none);
        seen.note(none.err().map_or("accepted", |kind| kind.as_str()));
        Ok(())
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
}

#[derive(Deserialize)]
struct Ending {
    exp: f64,
}

/// Whether the token is correctly signed, in its only valid spelling, and not expired. Decodes, signs and compares it
/// without the code under test.
fn is_good(token: &str, secret: &str) -> bool {
    let decoded = |part: &str| {
        let bytes = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(part).ok()?;
        String::from_utf8(bytes).ok()
    };
    let [header, payload, _] = parts(token);
    let (Some(header), Some(payload)) = (decoded(header), decoded(payload)) else { return false };
    // Other members are ignored, whatever they contain.
    let (head, claims) = (serde_json::from_str(&header), serde_json::from_str(&payload));
    let (Ok(Header { alg }), Ok(Ending { exp })) = (head, claims) else { return false };
    alg == "HS256"
        && mac_token(Algorithm::HS256, secret.as_bytes(), &header, &payload) == token
        && exp + 60.0 > f64::from(i32::try_from(NOW).unwrap())
}

#[test]
fn every_text_gets_a_verdict() {
    let (judges, seen) = (Judges::new(), Seen::default());
    let part = || json_soup().prop_map(encode);
    let good = || prop_oneof![Just(encode(header(Algorithm::HS256))), Just(encode(PAYLOAD))];
    let part = move || prop_oneof![3 => part(), 1 => good(), 1 => "[A-Za-z0-9_.=-]{0,20}"];
    let text = prop_oneof![
        vec(any::<char>(), 0..40).prop_map(String::from_iter),
        "[A-Za-z0-9_.=-]{0,60}",
        vec(part(), 0..6).prop_map(|parts| parts.join(".")),
        [part(), part(), part()].prop_map(|parts| parts.join(".")),
        (select(&["a", ".", "a.", "eyJ9.", "\u{e9}"][..]), 0..20_000_usize)
            .prop_map(|(piece, times)| piece.repeat(times)),
    ];
    for_all(3_000, &text, |text| judges.judge(&text, &seen))
        .and_saw(&seen, ["malformed_token", "token_too_large"]);
}

#[test]
fn every_correctly_signed_payload_gets_a_verdict() {
    let (judges, seen) = (Judges::new(), Seen::default());
    let in_header = json_soup().prop_map(|header| (header, PAYLOAD.as_bytes().to_vec()));
    let members = vec(
        select(&["\"kid\":\"k\"", "\"kid\":\"l\"", "\"typ\":\"JWT\"", "\"crit\":[]"][..]),
        0..3,
    );
    let in_both = (members, json_soup()).prop_map(|(members, payload)| {
        let members: Vec<_> = members.into_iter().map(|member| format!(",{member}")).collect();
        (format!("{{\"alg\":\"HS256\"{}}}", members.concat()).into_bytes(), payload)
    });
    let cases = prop_oneof![1 => in_header, 3 => in_both];
    for_all(4_000, &cases, |(header, payload)| {
        judges.judge(&judges.signer.sign(header, payload), &seen)
    })
    .and_saw(
        &seen,
        [
            "accepted",
            "malformed_token",
            "unknown_key",
            "token_expired",
            "token_not_yet_valid",
            "invalid_claims",
            "invalid_audience",
            "invalid_issuer",
            "missing_claim",
        ],
    );
}

#[test]
fn a_tampered_token_is_rejected_or_unchanged() {
    let (judges, seen) = (Judges::new(), Seen::default());
    let good = [
        judges.signer.token().subject("user-1").mint(),
        judges.signer.sign(header(Algorithm::HS256), r#"{"exp":1e10,"aud":["a"],"iss":"b"}"#),
    ];
    for_all(3_000, &mutated(select(good.to_vec())), |token| {
        judges.judge(&token, &seen)?;
        let outcome = judges.three.verdicts(&token)[2];
        prop_assert_eq!(outcome.is_ok(), good.contains(&token), "{}", token);
        Ok(())
    })
    .and_saw(&seen, ["malformed_token", "invalid_signature"]);
}
