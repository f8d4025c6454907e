//! Key sets whose signing keys have another `use` than `sig` (RFC 7517 §4.2).

use tower_jwt_auth::error::ProblemKind as Kind;
use tower_jwt_auth::key::{KeySet, SkipReason};
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{Algorithm, ErrorKind, Issuer, Policy, Verifier};

use super::builder::expect_naming;
use crate::support::tokens::{issuer, verdict};

/// A document with the demo key, with these members.
fn document(issuer: &TestIssuer, members: &str) -> String {
    format!("{{\"keys\":[{},{members}}}]}}", issuer.jwk().strip_suffix('}').unwrap())
}

#[test]
fn only_keys_with_the_named_use_are_read() {
    let issuer = issuer(Algorithm::ES256).key_id("1");
    for (members, by_default, named) in [
        (r#""x":0"#, false, false), // a repeated member
        (r#""z":0"#, true, false),
        (r#""use":null"#, true, false),
        (r#""use":"sig""#, true, false),
        (r#""use":"jwt-svid""#, false, true),
        (r#""use":"jwt-svid","key_ops":null"#, false, true),
        (r#""use":"jwt-svid","key_ops":["verify"]"#, false, true),
        (r#""use":"jwt-svid","key_ops":["sign"]"#, false, false),
        (r#""use":"jwt-svid","d":"AA""#, false, false),
        (r#""use":"jwt-svid ""#, false, false),
        (r#""use":"JWT-SVID""#, false, false),
        (r#""use":["jwt-svid"]"#, false, false),
        (r#""use":"x509-svid""#, false, false),
        (r#""use":"enc""#, false, false),
        (r#""use":"""#, false, false),
    ] {
        let document = document(&issuer, members);
        assert_eq!(KeySet::jwks(&document).is_ok(), by_default, "{members}");
        let set = KeySet::jwks_for_use(&document, "jwt-svid");
        assert_eq!(set.is_ok(), named, "{members}");
        let Ok(set) = set else { continue };
        let trusted = Issuer::unnamed(set, Policy::new().any_audience());
        let verifier = Verifier::builder().trust(trusted).clock(FixedClock::new()).build().unwrap();
        assert_eq!(verdict(&verifier, &issuer.token().mint()), Ok(()), "{members}");
        let forged = issuer.clone().with_other_key().token().mint();
        assert_eq!(verdict(&verifier, &forged), Err(ErrorKind::InvalidSignature));
    }
}

#[test]
fn keys_of_other_uses_are_skipped_for_that_reason() {
    let jwk = issuer(Algorithm::ES256).jwk();
    let with = |key_use: &str| jwk.replacen('{', &format!("{{\"use\":\"{key_use}\","), 1);
    let all = format!("{{\"keys\":[{},{},{}]}}", with("jwt-svid"), with("x509-svid"), jwk);
    let set = KeySet::jwks_for_use(all, "jwt-svid").unwrap();
    assert_eq!((set.len(), set.skipped()), (1, &[SkipReason::NotForSignatures; 2][..]));
}

#[test]
fn a_use_that_is_not_for_tokens_cannot_be_named() {
    let issuer = issuer(Algorithm::ES256);
    for (key_use, expected) in [
        ("enc", &[(Kind::InvalidValue, "`enc`")][..]),
        ("ENC", &[(Kind::InvalidValue, "`ENC`")]),
        ("x509-svid", &[(Kind::InvalidValue, "`x509-svid`")]),
        ("", &[(Kind::EmptyValue, "an empty `key_use`")]),
        ("sig", &[]),
        ("jwt-svid", &[]),
        ("acme", &[]),
    ] {
        let document = document(&issuer, &format!("\"use\":\"{key_use}\""));
        expect_naming(KeySet::jwks_for_use(document, key_use), expected);
    }
}

#[cfg(feature = "jwks-client")]
#[test]
fn a_remote_use_not_for_tokens_is_a_problem() {
    for (key_use, kinds) in [
        ("enc", &[(Kind::InvalidValue, "`enc`")][..]),
        ("", &[(Kind::EmptyValue, "")]),
        ("jwt-svid", &[]),
    ] {
        let made = Verifier::jwks_url("https://spire.example.com/keys")
            .remote_keys(|keys| keys.key_use(key_use))
            .any_issuer()
            .audience("orders")
            .build();
        expect_naming(made, kinds);
    }
}
