//! Secrets as text, in base64 and in files.

use std::fs;
use std::path::{Path, PathBuf};

use base64_simd::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use tower_jwt_auth::error::ProblemKind as Kind;
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{Algorithm, ErrorKind, VerificationKey, Verifier, VerifierBuilder};

use super::builder::expect_naming;
use crate::support::tokens::{PAYLOAD, Verdict, encode, header, mac_token, verdict};

const WRONG: Verdict = Err(ErrorKind::InvalidSignature);
const SECRET: &str = "hunter2 hunter2 hunter2 hunter2 hunter2";

/// The verdict for a token that is signed with these bytes.
fn signed_with(builder: VerifierBuilder, secret: &[u8]) -> Verdict {
    let token = mac_token(Algorithm::HS256, secret, &header(Algorithm::HS256), PAYLOAD);
    verdict(&builder.any_audience().clock(FixedClock::new()).build().unwrap(), &token)
}

/// The secret, and its texts in both alphabets, with and without padding.
fn encodings(secret: &[u8]) -> [String; 4] {
    [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD].map(|it| it.encode_to_string(secret))
}

#[test]
fn a_base64_secret_may_have_either_alphabet_and_padding() {
    for len in [32, 33, 34, 64] {
        // The encodings differ in several characters.
        let secret = vec![0xfb; len];
        for text in encodings(&secret) {
            assert_eq!(
                signed_with(Verifier::shared_secret_base64(&text), &secret),
                Ok(()),
                "{text}"
            );
            let as_text = Verifier::shared_secret_base64(&text);
            assert_eq!(signed_with(as_text, text.as_bytes()), WRONG, "{text}");
            // The plain constructor does the reverse.
            let plain = Verifier::shared_secret(&text);
            assert_eq!(signed_with(plain, &secret), WRONG, "{text}");
            assert_eq!(signed_with(Verifier::shared_secret(&text), text.as_bytes()), Ok(()));
        }
    }
}

#[test]
fn text_that_is_not_base64_is_rejected_by_length() {
    let [standard, .., url_safe] = encodings(&[0xfb; 34]);
    let mixed = standard.replacen('+', "-", 1);
    for text in [
        &*mixed,
        &format!("{url_safe}="),
        &format!("{url_safe}A=="),
        &format!("{standard}="),
        &format!("{standard}===="),
        &format!("{}\n{}", &url_safe[..20], &url_safe[20..]),
        &format!("{}%2B", &url_safe[..43]),
        &url_safe[..45],
        SECRET,
        "",
    ] {
        let expected: &[_] = match text {
            "" => &[(Kind::WeakSecret, "0 bytes")],
            _ => &[(Kind::InvalidValue, &*format!("{} characters", text.len()))],
        };
        expect_naming(VerificationKey::shared_secret_base64(text), expected);
        expect_naming(Verifier::shared_secret_base64(text).any_audience().build(), expected);
    }
}

#[test]
fn problems_with_base64_secrets_name_both_calls() {
    let short = encode([7; 18]);
    for made in [
        VerificationKey::shared_secret(&short),
        VerificationKey::shared_secret_base64(&short),
        VerificationKey::shared_secret_base64(encode([7; 31])),
        VerificationKey::shared_secret_base64("not base64, and long enough for a secret"),
        VerificationKey::guessable_legacy_secret("aHVudGVyMg=="),
    ] {
        let error = made.unwrap_err();
        let fix = error.problems()[0].fix();
        assert!(fix.contains("`shared_secret`") && fix.contains("`shared_secret_base64`"), "{fix}");
    }
    for plain in ["hunter2", "00112233445566778899aabbcc"] {
        let error = VerificationKey::shared_secret(plain).unwrap_err();
        assert!(!error.problems()[0].fix().contains("base64`"), "{error}");
    }
}

#[test]
fn a_wrong_signature_with_a_base64_secret_names_both_calls() {
    let text = encode([7; 40]);
    let token =
        |secret: &[u8]| mac_token(Algorithm::HS256, secret, &header(Algorithm::HS256), PAYLOAD);
    let build =
        |builder: VerifierBuilder| builder.any_audience().clock(FixedClock::new()).build().unwrap();
    for (verifier, token, is_named) in [
        (build(Verifier::shared_secret(&text)), token(&[7; 40]), true),
        (build(Verifier::shared_secret_base64(&text)), token(text.as_bytes()), true),
        (build(Verifier::shared_secret(SECRET).previous_secret(&text)), token(&[7; 40]), true),
        (build(Verifier::shared_secret(SECRET)), token(&[7; 40]), false),
        (build(Verifier::shared_secret([7; 40])), token(&[8; 40]), false),
        (build(Verifier::shared_secret("0f".repeat(32))), token(&[15; 32]), false),
    ] {
        let error = verifier.verify_now(&token).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidSignature);
        let detail = error.detail().unwrap_or_default();
        assert_eq!(detail.contains("`shared_secret_base64`"), is_named, "{error}");
        assert!(!error.to_string().contains(&text), "{error}");
    }
}

#[test]
fn white_space_around_a_secret_is_a_problem() {
    let text = encode([7; 40]);
    let build = |builder: VerifierBuilder| builder.any_audience().build();
    for (start, end) in [
        ("", "\n"),
        ("", "\r\n"),
        (" ", ""),
        ("", " "),
        ("\t", ""),
        ("", "\u{a0}"),
        ("\u{feff}", ""),
    ] {
        let around = |secret: &str| format!("{start}{secret}{end}");
        for (rejected, accepted) in [
            (
                build(Verifier::shared_secret(around(SECRET))),
                build(Verifier::shared_secret(SECRET)),
            ),
            (
                build(Verifier::shared_secret_base64(around(&text))),
                build(Verifier::shared_secret_base64(&text)),
            ),
            (
                build(Verifier::guessable_legacy_secret(around(&SECRET[..23]))),
                build(Verifier::guessable_legacy_secret(&SECRET[..23])),
            ),
            (
                build(Verifier::shared_secret(&text).previous_secret(around(SECRET))),
                build(Verifier::shared_secret(&text).previous_secret(SECRET)),
            ),
            (
                build(
                    Verifier::shared_secret(&text).previous_guessable_legacy_secret(around(SECRET)),
                ),
                build(Verifier::shared_secret(&text).previous_guessable_legacy_secret(SECRET)),
            ),
        ] {
            expect_naming(rejected, &[(Kind::InvalidValue, "white space at its start or end")]);
            assert!(accepted.is_ok());
        }
        // The issuer may sign with the white space: base64 says so without doubt.
        let secret = around(SECRET);
        let encoded = Verifier::shared_secret_base64(encode(&secret));
        assert_eq!(signed_with(encoded, secret.as_bytes()), Ok(()));
    }
}

#[test]
fn white_space_inside_and_random_bytes_are_accepted() {
    let mut bytes = [0x80; 40];
    (bytes[0], bytes[39]) = (b'\n', b' ');
    let mut controls = [b'a'; 40];
    (controls[20], controls[39]) = (0, b'\n');
    for secret in [&b"a b\tc\nd a b\tc\nd a b\tc\nd a b\tc\nd a"[..], &bytes, &controls] {
        assert_eq!(signed_with(Verifier::shared_secret(secret), secret), Ok(()));
    }
}

/// A file in the temporary directory, which is removed in the end.
struct File(PathBuf);

impl File {
    fn new(name: &str, content: &[u8]) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("secret-{name}"));
        fs::write(&path, content).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}

#[test]
fn one_trailing_line_break_of_a_file_is_ignored() {
    for end in ["", "\n", "\r\n"] {
        let file = File::new("good", format!("{SECRET}{end}").as_bytes());
        let builder = || Verifier::shared_secret_from_file(&file.0);
        assert_eq!(signed_with(builder(), SECRET.as_bytes()), Ok(()), "{end:?}");
        assert_eq!(signed_with(builder(), format!("{SECRET}{end}x").as_bytes()), WRONG);
        // As elsewhere, the text itself is the key.
        let file = File::new("encoded", format!("{}{end}", encode([7; 40])).as_bytes());
        let builder = || Verifier::shared_secret_from_file(&file.0);
        assert_eq!(signed_with(builder(), encode([7; 40]).as_bytes()), Ok(()));
        assert_eq!(signed_with(builder(), &[7; 40]), WRONG);
    }
}

#[test]
fn a_bad_secret_file_is_named() {
    let text = |start: &str, end: &str| format!("{start}{SECRET}{end}").into_bytes();
    for (content, kind, what) in [
        (text("", "\n\n"), Kind::InvalidValue, "white space"),
        (text("", "\r"), Kind::InvalidValue, "white space"),
        (text("", " \n"), Kind::InvalidValue, "white space"),
        (text(" ", "\n"), Kind::InvalidValue, "white space"),
        (text("\u{feff}", "\n"), Kind::InvalidValue, "white space"),
        (vec![0xff; 40], Kind::InvalidValue, "cannot be read (invalid data)"),
        (Vec::new(), Kind::WeakSecret, "0 bytes"),
        (b"\n".to_vec(), Kind::WeakSecret, "0 bytes"),
        (b"hunter2\n".to_vec(), Kind::WeakSecret, "7 bytes"),
        (b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n".to_vec(), Kind::MixedKeys, "public key"),
    ] {
        let file = File::new("bad", &content);
        let path = file.0.display().to_string();
        let made = || Verifier::shared_secret_from_file(&file.0).any_audience().build();
        expect_naming(made(), &[(kind, what)]);
        expect_naming(made(), &[(kind, &path)]);
    }
    for path in ["/no/such/file", "/"] {
        let made = Verifier::shared_secret_from_file(path).any_audience().build();
        expect_naming(made, &[(Kind::InvalidValue, &*format!("the file `{path}` cannot be read"))]);
    }
}
