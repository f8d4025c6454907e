//! `exp`, `nbf`, `iat` and the leeway, at both sides of every boundary (RFC 7519 §4.1.4–§4.1.6).

use std::time::{Duration, UNIX_EPOCH};

use serde::de::IgnoredAny;
use tower_jwt_auth::VerifierBuilder;
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{Algorithm, ErrorKind, Verifier};

use crate::support::tokens::{NOW, Verdict, algorithms, header, issuer, pair, trusting, verdict};

const EXPIRED: Verdict = Err(ErrorKind::TokenExpired);
const EARLY: Verdict = Err(ErrorKind::TokenNotYetValid);
const TOO_OLD: Verdict = Err(ErrorKind::TokenTooOld);
const MISSING: Verdict = Err(ErrorKind::MissingClaim);
const UNUSABLE: Verdict = Err(ErrorKind::InvalidClaims);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A token with these members, verbatim.
fn of(issuer: &TestIssuer, members: &str) -> String {
    issuer.sign(header(issuer.algorithm()), format!("{{{members}}}"))
}

/// The verdict, which must not depend on whether the claims type reads all claims or none.
#[track_caller]
fn expect(change: impl Fn(VerifierBuilder) -> VerifierBuilder, members: &str, expected: Verdict) {
    let issuer = issuer(Algorithm::HS256);
    let all = change(trusting(&issuer)).build().unwrap();
    let none = change(trusting(&issuer)).claims::<IgnoredAny>().build().unwrap();
    let token = of(&issuer, members);
    assert_eq!(verdict(&none, &token), expected, "{members}, under a type that reads nothing");
    assert_eq!(verdict(&all, &token), expected, "{members}");
}

#[test]
fn a_token_expires_after_exp_and_the_leeway() {
    // NOW is 1767225600.
    for (leeway, exp, expected) in [
        (0, "1767225601", Ok(())),
        (0, "1767225600", EXPIRED),
        (0, "1767225599", EXPIRED),
        (0, "1767225600.5", Ok(())),
        (0, "1767225600.0", EXPIRED),
        (0, "1767225599.999", EXPIRED),
        (60, "1767225541", Ok(())),
        (60, "1767225540", EXPIRED),
        (60, "1767225540.5", Ok(())),
        (60, "1767225539.5", EXPIRED),
        (300, "1767225301", Ok(())),
        (300, "1767225300", EXPIRED),
        (300, "1767225300.25", Ok(())),
        (300, "1767225299.75", EXPIRED),
    ] {
        let members = format!("\"exp\":{exp}");
        expect(|builder| builder.leeway(seconds(leeway)), &members, expected);
        // Sixty seconds are the default.
        if leeway == 60 {
            expect(|builder| builder, &members, expected);
        }
    }
}

#[test]
fn a_token_is_valid_from_nbf_less_the_leeway() {
    for (leeway, nbf, expected) in [
        (0, "1767225599", Ok(())),
        (0, "1767225600", Ok(())),
        (0, "1767225601", EARLY),
        (0, "1767225600.5", EARLY),
        (0, "1767225600.0", Ok(())),
        (60, "1767225660", Ok(())),
        (60, "1767225661", EARLY),
        (60, "1767225660.5", EARLY),
        (60, "1767225659.5", Ok(())),
        (300, "1767225900", Ok(())),
        (300, "1767225901", EARLY),
        (300, "1767225900.25", EARLY),
    ] {
        let members = format!("\"exp\":1767229200,\"nbf\":{nbf}");
        expect(|builder| builder.leeway(seconds(leeway)), &members, expected);
        if leeway == 60 {
            expect(|builder| builder, &members, expected);
        }
    }
}

#[test]
fn max_age_counts_from_iat() {
    for (leeway, iat, expected) in [
        // the maximum age is 600 seconds
        (0, "1767225001", Ok(())),
        (0, "1767225000", TOO_OLD),
        (0, "1767225000.5", Ok(())),
        (0, "1767224999.5", TOO_OLD),
        (0, "1767225600", Ok(())),
        (0, "1767225601", EARLY),
        (0, "1767225600.5", EARLY),
        (60, "1767224941", Ok(())),
        (60, "1767224940", TOO_OLD),
        (60, "1767225660", Ok(())),
        (60, "1767225661", EARLY),
        (300, "1767224701", Ok(())),
        (300, "1767224700", TOO_OLD),
        (300, "1767225900", Ok(())),
        (300, "1767225901", EARLY),
    ] {
        let aging =
            |builder: VerifierBuilder| builder.max_age(seconds(600)).leeway(seconds(leeway));
        expect(aging, &format!("\"exp\":1767229200,\"iat\":{iat}"), expected);
    }
    let aging = |builder: VerifierBuilder| builder.max_age(seconds(600));
    expect(aging, "\"exp\":1767229200", MISSING);
    // Without a maximum age, `iat` may be missing, old or in the future.
    for iat in ["", ",\"iat\":0", ",\"iat\":-1e300", ",\"iat\":9e300", ",\"iat\":1767229200"] {
        expect(|builder| builder, &format!("\"exp\":1767229200{iat}"), Ok(()));
    }
}

#[test]
fn time_boundaries_are_exact_to_the_nanosecond() {
    let issuer = issuer(Algorithm::EdDSA);
    let clock = FixedClock::new();
    let verifier = trusting(&issuer).clock(clock.clone()).build().unwrap();
    let token = of(&issuer, "\"exp\":1767225600,\"nbf\":1767225000");
    for (second, nanos, expected) in [
        (1_767_225_659, 999_999_999, Ok(())),
        (1_767_225_660, 0, EXPIRED),
        (1_767_224_940, 0, Ok(())),
        (1_767_224_939, 999_999_999, EARLY),
        (0, 0, EARLY),
    ] {
        clock.set(UNIX_EPOCH + Duration::new(second, nanos));
        assert_eq!(verdict(&verifier, &token), expected, "{second}.{nanos:09}");
    }
}

#[test]
fn tokens_of_every_algorithm_expire_as_time_passes() {
    for algorithm in algorithms() {
        let clock = FixedClock::new();
        let issuer = issuer(algorithm);
        let verifier = trusting(&issuer).clock(clock.clone()).build().unwrap();
        let token = issuer.token().expires_in(seconds(10)).claim("nbf", NOW).mint();
        assert_eq!(verdict(&verifier, &token), Ok(()), "{algorithm}");
        clock.advance(seconds(69));
        assert_eq!(verdict(&verifier, &token), Ok(()), "{algorithm}");
        clock.advance(seconds(1));
        assert_eq!(verdict(&verifier, &token), EXPIRED, "{algorithm}");
    }
}

#[test]
fn optional_expiry_is_still_checked_when_present() {
    let optional = VerifierBuilder::allow_missing_expiry;
    expect(|builder| builder, "", MISSING);
    expect(|builder| builder, "\"EXP\":1767229200", MISSING);
    expect(|builder| builder, "\"x\":{\"exp\":1767229200}", MISSING);
    expect(optional, "", Ok(()));
    expect(optional, "\"exp\":1767229200", Ok(()));
    expect(optional, "\"exp\":1767225540", EXPIRED);
    expect(optional, "\"nbf\":1767225661", EARLY);
}

#[test]
fn optional_dates_must_still_be_numbers() {
    let optional = VerifierBuilder::allow_missing_expiry;
    for name in ["exp", "nbf", "iat"] {
        for (value, usable) in [
            ("1767225599", true),
            ("1767225599.5", true),
            ("1.767225599e9", true),
            ("17672255990E-1", true),
            ("\"1767225599\"", false),
            ("\"\"", false),
            ("\"2026-01-01T00:00:00Z\"", false),
            ("null", false),
            ("true", false),
            ("false", false),
            ("[]", false),
            ("[1767225599]", false),
            ("{}", false),
            ("{\"seconds\":1767225599}", false),
        ] {
            let expected = if usable { Ok(()) } else { UNUSABLE };
            expect(optional, &format!("\"{name}\":{value}"), expected);
            let beside = format!("\"exp\":1767229200,\"{name}\":{value}");
            if name != "exp" {
                expect(|builder| builder, &beside, expected);
            }
        }
    }
}

#[test]
fn dates_beyond_the_range_saturate() {
    for (exp, expected) in [
        ("9007199254740993", Ok(())),
        ("9223372036854775807", Ok(())),
        ("9223372036854775808", Ok(())),
        ("18446744073709551615", Ok(())),
        ("18446744073709551616", Ok(())),
        ("1e19", Ok(())),
        ("1e300", Ok(())),
        ("1.7976931348623157e308", Ok(())),
        ("0", EXPIRED),
        ("-0", EXPIRED),
        ("-0.0", EXPIRED),
        ("0.5", EXPIRED),
        ("1e-400", EXPIRED),
        ("-1", EXPIRED),
        ("-9223372036854775808", EXPIRED),
        ("-9223372036854775809", EXPIRED),
        ("-1e300", EXPIRED),
    ] {
        for leeway in [0, 60, 300] {
            let patient = |builder: VerifierBuilder| builder.leeway(seconds(leeway));
            expect(patient, &format!("\"exp\":{exp}"), expected);
            let opposite = if expected.is_ok() { EARLY } else { Ok(()) };
            expect(patient, &format!("\"exp\":1767229200,\"nbf\":{exp}"), opposite);
            // With the longest possible age no token is too old, but an `iat` in the future is still rejected.
            let aging = |builder: VerifierBuilder| patient(builder).max_age(Duration::MAX);
            expect(aging, &format!("\"exp\":1767229200,\"iat\":{exp}"), opposite);
        }
    }
}

#[test]
fn dates_beyond_f64_are_rejected() {
    let digits = "7".repeat(5_000);
    let optional = VerifierBuilder::allow_missing_expiry;
    for name in ["exp", "nbf", "iat"] {
        for value in
            ["1e309", "1e400", "-1e400", &format!("1e{digits}"), &digits, &format!("-{digits}")]
        {
            expect(optional, &format!("\"{name}\":{value}"), UNUSABLE);
        }
        // Numbers too small for an `f64` become zero.
        let tiny = format!("\"{name}\":1e-{digits}");
        expect(optional, &tiny, if name == "exp" { EXPIRED } else { Ok(()) });
    }
}

#[test]
fn the_default_time_policy_is_strict() {
    let (issuer, verifier) = pair(Algorithm::RS256);
    let read = |verifier: &Verifier, members| verdict(verifier, &of(&issuer, members));
    assert_eq!(read(&verifier, "\"exp\":1767225541"), Ok(()));
    assert_eq!(read(&verifier, "\"exp\":1767225540"), EXPIRED);
    assert_eq!(read(&verifier, "\"sub\":\"user-1\""), MISSING);
    assert_eq!(read(&verifier, "\"exp\":1767229200,\"nbf\":1767225661"), EARLY);
    assert_eq!(read(&verifier, "\"exp\":1767229200,\"nbf\":1767225660"), Ok(()));
}
