//! The error texts for unusable keys, documents and environment variables.

use std::process::{Command, Output};

use tower_jwt_auth::error::ProblemKind as Kind;
use tower_jwt_auth::key::KeySet;
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{Algorithm, ErrorKind, VerificationKey, Verifier};

use super::builder::{expect, expect_naming};
use super::der::{EC, ED448, P256, RSA, SECP256K1, der, pem, pkcs1, spki};
use crate::support::tokens::{PAYLOAD, encode, header, issuer, mac_token, verdict};

#[test]
fn secrets_are_described_only_by_their_length() {
    let short = |length: &'static str| [(Kind::WeakSecret, length)];
    expect_naming(VerificationKey::shared_secret("hunter2"), &short("7 bytes, but at least 32"));
    expect_naming(VerificationKey::shared_secret(""), &short("0 bytes, but at least 32"));
    let legacy = VerificationKey::guessable_legacy_secret("hunter2");
    expect_naming(legacy, &short("7 bytes, but at least 16"));
    for text in ["hunter2 hunter2 hunter2 hunter2 hunter2", "aHVudGVyMg===", "hunter2/+hunter-2"] {
        let length = format!("{} characters", text.len());
        let expected = [(Kind::InvalidValue, &*length)];
        expect_naming(VerificationKey::shared_secret_base64(text), &expected);
        expect_naming(Verifier::shared_secret_base64(text).any_audience().build(), &expected);
    }
    let decoded = VerificationKey::shared_secret_base64(encode("hunter2"));
    expect_naming(decoded, &short("7 bytes, but at least 32"));
    let builder = Verifier::shared_secret("hunter2").any_audience().build();
    expect_naming(builder, &short("7 bytes, but at least 32"));
}

#[test]
fn a_base64url_secret_is_decoded() {
    let secret = [7; 40];
    let token = mac_token(Algorithm::HS256, &secret, &header(Algorithm::HS256), PAYLOAD);
    let clock = FixedClock::new();
    let decoded = Verifier::shared_secret_base64(encode(secret)).any_audience();
    assert_eq!(verdict(&decoded.clock(clock.clone()).build().unwrap(), &token), Ok(()));
    let as_text = Verifier::shared_secret(encode(secret)).any_audience();
    let wrong = Err(ErrorKind::InvalidSignature);
    assert_eq!(verdict(&as_text.clock(clock).build().unwrap(), &token), wrong);
}

#[test]
fn pem_errors_name_the_content_of_the_file() {
    let rsa = issuer(Algorithm::RS256).public_pem().to_owned();
    let point = [vec![4], vec![1; 64]].concat();
    let info = |algorithm, parameters: &[u8], key: &[u8]| {
        pem("PUBLIC KEY", &spki(algorithm, parameters, key))
    };
    for (text, kind, what) in [
        (String::new(), Kind::InvalidKey, "0 bytes"),
        ("hunter2".into(), Kind::InvalidKey, "7 bytes"),
        (rsa.replace("MIIB", "hunter2"), Kind::InvalidKey, "`PUBLIC KEY`"),
        (pem("PRIVATE KEY", b"hunter2"), Kind::PrivateKey, "private key"),
        (pem("RSA PRIVATE KEY", b"hunter2"), Kind::PrivateKey, "private key"),
        (pem("ENCRYPTED PRIVATE KEY", b"hunter2"), Kind::PrivateKey, "private key"),
        (pem("CERTIFICATE", b"hunter2"), Kind::InvalidKey, "certificate"),
        (pem("X509 CRL", b"hunter2"), Kind::InvalidKey, "`X509 CRL`"),
        (pem("PUBLIC KEY", b"hunter2"), Kind::InvalidKey, "`PUBLIC KEY`"),
        (pem("RSA PUBLIC KEY", b"hunter2"), Kind::InvalidKey, "`RSA PUBLIC KEY`"),
        (pem("RSA PUBLIC KEY", &pkcs1(&[5; 256], &[3])[1..]), Kind::InvalidKey, "`RSA PUBLIC KEY`"),
        (info(RSA, &[5, 0], b"hunter2"), Kind::InvalidKey, "`PUBLIC KEY`"),
        (info(EC, &der(6, SECP256K1), &point), Kind::InvalidKey, "not on P-256"),
        (info(EC, &[], &point), Kind::InvalidKey, "not on P-256"),
        (info(EC, &der(6, P256), &[2; 33]), Kind::InvalidKey, "compressed form"),
        (info(EC, &der(6, P256), &point), Kind::InvalidKey, "P-256 public key"),
        (info(EC, &der(6, P256), &point[..64]), Kind::InvalidKey, ""),
        (info(ED448, &[], &[1; 57]), Kind::InvalidKey, "neither RSA, EC nor Ed25519"),
        (pem("RSA PUBLIC KEY", &pkcs1(&[5; 128], &[3])), Kind::WeakKey, ""),
        (info(RSA, &[5, 0], &pkcs1(&[5; 256], &[2])), Kind::WeakKey, ""),
        (rsa.clone(), Kind::UnsuitableAlgorithm, "RSA public key for ES256"),
    ] {
        expect_naming(VerificationKey::pem(Algorithm::ES256, &text), &[(kind, what)]);
        let builder = Verifier::pem(Algorithm::ES256, &text).any_issuer().any_audience();
        expect_naming(builder.build(), &[(kind, what)]);
    }
    expect(VerificationKey::pem(Algorithm::RS256, &rsa), &[]);
    expect(VerificationKey::pem(Algorithm::RS256, rsa.replace('\n', "\r\n")), &[]);
    expect(VerificationKey::pem(Algorithm::RS256, rsa.trim_end()), &[]);
}

#[test]
fn a_key_serves_only_algorithms_of_its_kind() {
    use Algorithm::{ES256, ES384, EdDSA, HS256, PS512, RS256};
    for (kind, asked, fits) in [
        (RS256, PS512, true),
        (RS256, ES256, false),
        (RS256, EdDSA, false),
        (RS256, HS256, false),
        (ES256, ES256, true),
        (ES256, ES384, false),
        (ES384, ES384, true),
        (ES384, ES256, false),
        (ES384, RS256, false),
        (EdDSA, EdDSA, true),
        (EdDSA, ES256, false),
        (EdDSA, HS256, false),
    ] {
        let named = format!(" public key for {asked}");
        let what = [(Kind::UnsuitableAlgorithm, &*named)];
        let made = VerificationKey::pem(asked, issuer(kind).public_pem());
        expect_naming(made, if fits { &[] } else { &what });
        let jwk = issuer(kind).without_key_id().jwk();
        let jwk = jwk.replace(&format!("\"{kind}\""), &format!("\"{asked}\""));
        let unsuitable = [Kind::UnsuitableAlgorithm];
        expect(VerificationKey::jwk(jwk), if fits { &[] } else { &unsuitable });
    }
}

#[test]
fn key_documents_are_described_without_their_content() {
    for (document, kind, what) in [
        ("hunter2", Kind::InvalidKey, "7 bytes"),
        ("{}", Kind::InvalidKey, "2 bytes"),
        ("{\"keys\":[]}", Kind::MissingKeys, "()"),
        (
            r#"{"keys":[{"kty":"oct","k":"hunter2"},{"kty":"RSA","d":"hunter2"},7]}"#,
            Kind::MissingKeys,
            "(1 malformed, 1 malformed_member `k`, 1 private_key)",
        ),
        (
            r#"{"keys":[{"kty":"oct","k":"aHVudGVyMg"},{"kty":"hunter2"}]}"#,
            Kind::MissingKeys,
            "(1 unknown_type, 1 weak)",
        ),
    ] {
        expect_naming(KeySet::jwks(document), &[(kind, what)]);
        let builder = Verifier::jwks(document).any_issuer().any_audience();
        expect_naming(builder.build(), &[(kind, what)]);
    }
    for (jwk, kind) in [
        ("hunter2", Kind::InvalidKey),
        ("{}", Kind::InvalidKey),
        ("[]", Kind::InvalidKey),
        (r#"{"kty":"oct","k":"hunter2"}"#, Kind::InvalidKey),
        (r#"{"kty":"oct","k":"aHVudGVyMg"}"#, Kind::WeakSecret),
        (r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#, Kind::WeakKey),
        (r#"{"kty":"oct","k":7}"#, Kind::InvalidKey),
        (r#"{"kty":"oct"}"#, Kind::InvalidKey),
        (r#"{"kty":"hunter2"}"#, Kind::InvalidKey),
        (r#"{"kty":"OKP","crv":"Ed25519","x":"AA","d":"hunter2"}"#, Kind::PrivateKey),
        (r#"{"kty":"oct","k":"hunter2","use":"enc"}"#, Kind::InvalidKey),
        (r#"{"kty":"oct","k":"hunter2","alg":"none"}"#, Kind::UnsuitableAlgorithm),
    ] {
        expect(VerificationKey::jwk(jwk), &[kind]);
    }
}

#[test]
fn each_jwk_problem_has_its_own_sentence() {
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

/// Names the variable to read, for the part of the test that runs in a child process.
const CASE: &str = "TOWER_JWT_AUTH_TEST_CASE";
const VARIABLE: &str = "TOWER_JWT_AUTH_TEST_SECRET";

/// Runs the test below again in a child process with these variables. Changing the variables of this process would
/// affect every other test.
fn in_an_environment(case: &str, secret: Option<&std::ffi::OsStr>) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([
        "--exact",
        "--nocapture",
        "verify::key_problems::environment_variables_are_read_verbatim",
    ]);
    command.env(CASE, case).env_remove(VARIABLE);
    if let Some(secret) = secret {
        command.env(VARIABLE, secret);
    }
    command.output().unwrap()
}

#[test]
fn environment_variables_are_read_verbatim() {
    if let Ok(case) = std::env::var(CASE) {
        return judge_the_environment(&case);
    }
    let secret = "hunter2 hunter2 hunter2 hunter2 ";
    let mut cases = vec![
        ("absent", None),
        ("0 bytes", Some("".into())),
        ("31 bytes", Some(secret.trim_end().into())),
        ("white space", Some(secret.into())),
        ("32 bytes", Some(format!("h{}", secret.trim_end()).into())),
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
    let builder = || Verifier::shared_secret_from_env(VARIABLE).any_audience();
    match case {
        "absent" => expect_naming(builder().build(), &[(Kind::MissingVariable, VARIABLE)]),
        "0 bytes" | "31 bytes" => {
            expect_naming(builder().build(), &[(Kind::WeakSecret, VARIABLE)]);
            expect_naming(builder().build(), &[(Kind::WeakSecret, case)]);
        }
        "white space" => {
            expect_naming(builder().build(), &[(Kind::InvalidValue, VARIABLE)]);
            expect_naming(builder().build(), &[(Kind::InvalidValue, case)]);
        }
        "no text" => expect_naming(builder().build(), &[(Kind::InvalidValue, VARIABLE)]),
        "32 bytes" => {
            let verifier = builder().clock(FixedClock::new()).build().unwrap();
            let secret = std::env::var(VARIABLE).unwrap();
            let signed = |secret: &str| {
                mac_token(Algorithm::HS256, secret.as_bytes(), &header(Algorithm::HS256), PAYLOAD)
            };
            assert_eq!(verdict(&verifier, &signed(&secret)), Ok(()));
            let wrong = Err(ErrorKind::InvalidSignature);
            assert_eq!(verdict(&verifier, &signed(&secret[1..])), wrong);
        }
        other => panic!("{other}"),
    }
    println!("judged: {case}");
}
