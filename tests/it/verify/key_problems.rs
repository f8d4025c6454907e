//! What is said about keys, documents and environment variables that cannot be used.

use std::process::{Command, Output};

use tower_jwt_auth::key::KeySet;
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{Algorithm, ErrorKind, VerificationKey, Verifier};

use super::builder::expect;
use super::der::{EC, ED448, P256, RSA, SECP256K1, der, pem, pkcs1, spki};
use crate::support::tokens::{PAYLOAD, encode, header, issuer, mac_token, verdict};

#[test]
fn secrets_are_described_by_their_length_alone() {
    expect(VerificationKey::shared_secret("hunter2"), &["a shared secret of 7 bytes, where 32"]);
    expect(VerificationKey::shared_secret(""), &["a shared secret of 0 bytes, where 32"]);
    let legacy = VerificationKey::guessable_legacy_secret("hunter2");
    expect(legacy, &["a shared secret of 7 bytes, where 16"]);
    for text in ["hunter2 hunter2 hunter2 hunter2 hunter2", "aHVudGVyMg==", "hunter2/+hunter2"] {
        let what = format!("a shared secret of {} characters that is not base64url", text.len());
        expect(VerificationKey::shared_secret_base64url(text), &[&what]);
        expect(Verifier::shared_secret_base64url(text).any_audience().build(), &[&what]);
    }
    let short = VerificationKey::shared_secret_base64url(encode("hunter2"));
    expect(short, &["a shared secret of 7 bytes, where 32"]);
    let road = Verifier::shared_secret("hunter2").any_audience().build();
    expect(road, &["a shared secret of 7 bytes, where 32"]);
}

#[test]
fn a_secret_in_base64url_is_the_bytes_that_it_spells() {
    let secret = [7; 40];
    let token = mac_token(Algorithm::HS256, &secret, &header(Algorithm::HS256), PAYLOAD);
    let clock = FixedClock::new();
    let decoded = Verifier::shared_secret_base64url(encode(secret)).any_audience();
    assert_eq!(verdict(&decoded.clock(clock.clone()).build().unwrap(), &token), Ok(()));
    let as_text = Verifier::shared_secret(encode(secret)).any_audience();
    let wrong = Err(ErrorKind::InvalidSignature);
    assert_eq!(verdict(&as_text.clock(clock).build().unwrap(), &token), wrong);
}

#[test]
fn pem_files_are_described_by_what_they_are() {
    let rsa = issuer(Algorithm::RS256).public_pem().to_owned();
    let point = [vec![4], vec![1; 64]].concat();
    let info = |algorithm, parameters: &[u8], key: &[u8]| {
        pem("PUBLIC KEY", &spki(algorithm, parameters, key))
    };
    for (text, what) in [
        (String::new(), "0 bytes that are not PEM"),
        ("hunter2".into(), "7 bytes that are not PEM"),
        (rsa.replace('\n', ""), "442 bytes that are not PEM"),
        (rsa.replace("MIIB", "hunter2"), "457 bytes that are not PEM"),
        (rsa.replace("END PUBLIC", "END PRIVATE"), "452 bytes that are not PEM"),
        (pem("PRIVATE KEY", b"hunter2"), "a PEM with a private key"),
        (pem("RSA PRIVATE KEY", b"hunter2"), "a PEM with a private key"),
        (pem("ENCRYPTED PRIVATE KEY", b"hunter2"), "a PEM with a private key"),
        (pem("CERTIFICATE", b"hunter2"), "a PEM with a certificate"),
        (pem("X509 CRL", b"hunter2"), "a PEM labelled `X509 CRL`"),
        (pem("PUBLIC KEY", b"hunter2"), "a PEM labelled `PUBLIC KEY` that holds something else"),
        (pem("RSA PUBLIC KEY", b"hunter2"), "a PEM labelled `RSA PUBLIC KEY` that holds"),
        (pem("RSA PUBLIC KEY", &pkcs1(&[5; 256], &[3])[1..]), "a PEM labelled `RSA PUBLIC KEY`"),
        (info(RSA, &[5, 0], b"hunter2"), "a PEM labelled `PUBLIC KEY` that holds something else"),
        (info(EC, &der(6, SECP256K1), &point), "an elliptic-curve key that is not on"),
        (info(EC, &[], &point), "an elliptic-curve key that is not on"),
        (info(EC, &der(6, P256), &[2; 33]), "an elliptic-curve key in compressed form"),
        (info(EC, &der(6, P256), &point), "P-256 public key"),
        (info(EC, &der(6, P256), &point[..64]), "a public key that is not safe to use"),
        (info(ED448, &[], &[1; 57]), "a public key that is neither RSA, EC nor Ed25519"),
        (pem("RSA PUBLIC KEY", &pkcs1(&[5; 128], &[3])), "a public key that is not safe to use"),
        (info(RSA, &[5, 0], &pkcs1(&[5; 256], &[2])), "a public key that is not safe to use"),
        (rsa.clone(), "RSA public key for ES256"),
    ] {
        expect(VerificationKey::pem(Algorithm::ES256, &text), &[what]);
        let road = Verifier::pem(Algorithm::ES256, &text).any_issuer().any_audience();
        expect(road.build(), &[what]);
    }
    expect(VerificationKey::pem(Algorithm::RS256, &rsa), &[]);
    expect(VerificationKey::pem(Algorithm::RS256, rsa.replace('\n', "\r\n")), &[]);
    expect(VerificationKey::pem(Algorithm::RS256, rsa.trim_end()), &[]);
}

#[test]
fn a_key_is_for_algorithms_of_its_kind() {
    use Algorithm::{ES256, ES384, EdDSA, HS256, PS512, RS256};
    for (kind, asked, what) in [
        (RS256, PS512, &[][..]),
        (RS256, ES256, &["RSA public key for ES256"]),
        (RS256, EdDSA, &["RSA public key for EdDSA"]),
        (RS256, HS256, &["RSA public key for HS256"]),
        (ES256, ES256, &[]),
        (ES256, ES384, &["P-256 public key for ES384"]),
        (ES384, ES384, &[]),
        (ES384, ES256, &["P-384 public key for ES256"]),
        (ES384, RS256, &["P-384 public key for RS256"]),
        (EdDSA, EdDSA, &[]),
        (EdDSA, ES256, &["Ed25519 public key for ES256"]),
        (EdDSA, HS256, &["Ed25519 public key for HS256"]),
    ] {
        expect(VerificationKey::pem(asked, issuer(kind).public_pem()), what);
        let jwk = issuer(kind).without_key_id().jwk();
        let jwk = jwk.replace(&format!("\"{kind}\""), &format!("\"{asked}\""));
        let unusable = ["a JWK that cannot be used"];
        expect(VerificationKey::jwk(jwk), if what.is_empty() { &[] } else { &unusable });
    }
}

#[test]
fn key_documents_are_described_without_their_content() {
    for (document, what) in [
        ("hunter2", "7 bytes that are no JWKS document"),
        ("{}", "2 bytes that are no JWKS document"),
        ("{\"keys\":[]}", "a JWKS document without a usable key ()"),
        (
            r#"{"keys":[{"kty":"oct","k":"hunter2"},{"kty":"RSA","d":"hunter2"},7]}"#,
            "a JWKS document without a usable key (1 malformed, 1 missing_member, 1 private_key)",
        ),
        (
            r#"{"keys":[{"kty":"oct","k":"aHVudGVyMg"},{"kty":"hunter2"}]}"#,
            "a JWKS document without a usable key (1 unknown_type, 1 weak)",
        ),
    ] {
        expect(KeySet::jwks(document), &[what]);
        expect(Verifier::jwks(document).any_issuer().any_audience().build(), &[what]);
    }
    for jwk in [
        "hunter2",
        "{}",
        "[]",
        r#"{"kty":"oct","k":"hunter2"}"#,
        r#"{"kty":"oct","k":"aHVudGVyMg"}"#,
        r#"{"kty":"oct","k":7}"#,
        r#"{"kty":"oct"}"#,
        r#"{"kty":"hunter2"}"#,
        r#"{"kty":"OKP","crv":"Ed25519","x":"AA","d":"hunter2"}"#,
        r#"{"kty":"oct","k":"hunter2","use":"enc"}"#,
        r#"{"kty":"oct","k":"hunter2","alg":"none"}"#,
    ] {
        expect(VerificationKey::jwk(jwk), &["a JWK that cannot be used"]);
    }
}

#[test]
fn each_reason_against_a_jwk_has_a_sentence_of_its_own() {
    let ec = issuer(Algorithm::ES256).jwk();
    let with = |members: &str| format!("{},{members}}}", ec.strip_suffix('}').unwrap());
    let mut sentences: Vec<_> = [
        "7".to_owned(),
        with("\"kty\":\"EC\"").replacen("EC", "ec", 2),
        ec.replace("\"EC\"", "\"ec\""),
        "{}".into(),
        with("\"use\":\"enc\""),
        ec.replace("\"ES256\"", "\"RS256\""),
        with("\"d\":\"AA\""),
        r#"{"kty":"oct","k":"AA"}"#.into(),
        ec.replace("\"x\":\"tP", "\"x\":\"uP"),
    ]
    .iter()
    .map(|jwk| VerificationKey::jwk(jwk).unwrap_err().problems()[0].why().to_owned())
    .collect();
    assert_eq!(sentences.remove(1), sentences[0], "both are malformed");
    let count = sentences.len();
    sentences.sort();
    sentences.dedup();
    assert_eq!(sentences.len(), count);
}

/// Names the variable that is read, for the half of this test that runs in a process of its own.
const CASE: &str = "TOWER_JWT_AUTH_TEST_CASE";
const VARIABLE: &str = "TOWER_JWT_AUTH_TEST_SECRET";

/// Runs the one test below again in a process that has these variables: this one's are not changed,
/// which would be felt by every other test.
fn in_an_environment(case: &str, secret: Option<&std::ffi::OsStr>) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([
        "--exact",
        "--nocapture",
        "verify::key_problems::the_environment_is_read_as_it_stands",
    ]);
    command.env(CASE, case).env_remove(VARIABLE);
    if let Some(secret) = secret {
        command.env(VARIABLE, secret);
    }
    command.output().unwrap()
}

#[test]
fn the_environment_is_read_as_it_stands() {
    if let Ok(case) = std::env::var(CASE) {
        return judge_the_environment(&case);
    }
    let secret = "hunter2 hunter2 hunter2 hunter2 ";
    let mut cases = vec![
        ("absent", None),
        ("0 bytes", Some("".into())),
        ("31 bytes", Some(secret.trim_end().into())),
        ("32 bytes", Some(secret.into())),
    ];
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt;
        let bytes = [secret.as_bytes(), &[0xff]].concat();
        cases.push(("no text", Some(std::ffi::OsString::from_vec(bytes))));
    }
    for (case, secret) in cases {
        let output = in_an_environment(case, secret.as_deref());
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{case}: {printed}");
        assert!(printed.contains(&format!("judged: {case}")), "{case}: {printed}");
    }
}

fn judge_the_environment(case: &str) {
    let road = || Verifier::shared_secret_from_env(VARIABLE).any_audience();
    match case {
        "absent" => expect(road().build(), &["`TOWER_JWT_AUTH_TEST_SECRET` is not set"]),
        "0 bytes" => {
            expect(
                road().build(),
                &["`TOWER_JWT_AUTH_TEST_SECRET` holds a shared secret of 0 bytes"],
            );
        }
        "31 bytes" => {
            expect(
                road().build(),
                &["`TOWER_JWT_AUTH_TEST_SECRET` holds a shared secret of 31 bytes"],
            );
        }
        "no text" => expect(road().build(), &["`TOWER_JWT_AUTH_TEST_SECRET` is not UTF-8"]),
        "32 bytes" => {
            let verifier = road().clock(FixedClock::new()).build().unwrap();
            let secret = std::env::var(VARIABLE).unwrap();
            let signed = |secret: &str| {
                mac_token(Algorithm::HS256, secret.as_bytes(), &header(Algorithm::HS256), PAYLOAD)
            };
            assert_eq!(verdict(&verifier, &signed(&secret)), Ok(()));
            let trimmed = Err(ErrorKind::InvalidSignature);
            assert_eq!(verdict(&verifier, &signed(secret.trim_end())), trimmed);
        }
        other => panic!("{other}"),
    }
    println!("judged: {case}");
}
