//! The spellings of PEM (RFC 7468 §2, §3), and what is passed in place of it.

use tower_jwt_auth::error::ProblemKind as Kind;
use tower_jwt_auth::{Algorithm, ErrorKind, VerificationKey};

use super::der::{der, pem, pkcs1};
use super::key_forms::{assert_rejected, der_of, over};
use crate::support::tokens::{decode, issuer, verdict};

/// A key for each structure and length.
const ALGORITHMS: [Algorithm; 4] =
    [Algorithm::RS256, Algorithm::ES256, Algorithm::ES512, Algorithm::EdDSA];

/// The base64 of a PEM.
fn body(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with('-')).collect()
}

fn wrapped(text: &str, width: usize, line_break: &str) -> String {
    let body = body(text).into_bytes();
    let lines: Vec<_> = body.chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let [begin, end] = ["BEGIN", "END"].map(|it| format!("-----{it} PUBLIC KEY-----"));
    [&[&*begin], &lines[..], &[&*end]].concat().join(line_break)
}

/// The lines, each changed.
fn each_line(text: &str, change: impl Fn(&str) -> String) -> String {
    text.lines().map(|line| change(line) + "\n").collect()
}

/// Spellings of the same key that RFC 7468 lets a parser accept.
fn spellings(text: &str) -> Vec<String> {
    let notes = "subject=CN = issuer\nissuer=CN = root\n0 s:CN\n";
    let mut spellings = vec![
        text.to_owned(),
        text.trim_end().to_owned(),
        format!("\n\n{text}\n \t\r\n"),
        format!("{notes}{text}{notes}"),
        format!("\u{feff}{text}"),
        format!("é {text}"),
        wrapped(text, usize::MAX, ""),
        wrapped(text, usize::MAX, "\n"),
        text.replace('\n', " "),
        text.replace('\n', "\t"),
        text.replace('\n', "\n\n"),
        text.replace('\n', "\x0b\x0c"),
        each_line(text, |line| format!("{line} \t")),
        each_line(text, |line| format!("  {line}")),
        each_line(text, |line| format!("> {line}")),
        each_line(text, |line| format!("{line}\\")),
        format!("\"{}\"", text.trim_end()),
        // RFC 7468 §2: the label of the last line may be disregarded.
        text.replace("END PUBLIC KEY", "END KEY"),
        // RFC 7468 §3: white space between the characters for padding.
        text.replace("==", "= ="),
    ];
    for width in [1, 4, 37, 63, 65, 76] {
        for line_break in ["\n", "\r\n", "\r", "\n\r"] {
            spellings.push(wrapped(text, width, line_break));
        }
    }
    spellings
}

#[test]
fn every_spelling_of_pem_verifies_the_same_tokens() {
    for algorithm in ALGORITHMS {
        let issuer = issuer(algorithm).without_key_id();
        let forged = issuer.clone().with_other_key().token().mint();
        for text in spellings(issuer.public_pem()) {
            let key =
                VerificationKey::pem(algorithm, &text).unwrap_or_else(|it| panic!("{it} {text}"));
            let verifier = over(key);
            assert_eq!(verdict(&verifier, &issuer.token().mint()), Ok(()), "{text}");
            assert_eq!(verdict(&verifier, &forged), Err(ErrorKind::InvalidSignature), "{text}");
        }
    }
}

#[test]
fn an_rsa_public_key_has_the_same_spellings() {
    let issuer = issuer(Algorithm::RS256).without_key_id();
    let jwk: serde_json::Value = serde_json::from_str(&issuer.jwk()).unwrap();
    let [n, e] = ["n", "e"].map(|name| decode(jwk[name].as_str().unwrap()));
    let text = pem("RSA PUBLIC KEY", &pkcs1(&n, &e));
    for text in [&text, &text.replace('\n', ""), &text.replace('\n', " \r\n")] {
        let verifier = over(VerificationKey::pem(Algorithm::RS256, text).unwrap());
        assert_eq!(verdict(&verifier, &issuer.token().mint()), Ok(()), "{text}");
    }
}

#[test]
fn pem_that_was_altered_in_transit_is_named() {
    for algorithm in ALGORITHMS {
        let text = issuer(algorithm).public_pem();
        let lines = "in place of line breaks";
        for (altered, what) in [
            (text.replace('\n', "\\n"), "a PEM with `\\n` in place of line breaks"),
            (text.replace('\n', "\\\\n"), lines),
            (text.replace('\n', "\\r\\n"), lines),
            (text.replace('\n', "\\n\n"), lines),
            (text.replace('\n', "%0A"), "a PEM with `%0A` in place"),
            (text.replace('\n', "%0d%0a"), lines),
            (text.replace('\n', "&#10;"), lines),
            (text.replace('\n', "<br>"), lines),
            (text.replace('\n', "n"), "a PEM with `n` in place"),
            (text.replace('\n', "rn"), lines),
            (text.replace(' ', "+"), "a damaged first or last line"),
            (text.replace(' ', "%20"), "a damaged first or last line"),
            (text.replace(' ', ""), "a damaged first or last line"),
            (text.replace("-----BEGIN", "----BEGIN"), "a damaged first or last line"),
            (text.replacen("KEY-----", "KEY----", 1), "a damaged first or last line"),
            (text.replacen("KEY-----\n", "KEY\n", 1), "a damaged first or last line"),
            (text.replace("-----BEGIN PUBLIC KEY-----\n", ""), "a damaged first or last line"),
            (text.replace("-----END PUBLIC KEY-----\n", ""), "does not end with a line"),
            (text.replace("-----END", "----END"), "does not end with a line"),
            (text.trim_end().strip_suffix('-').unwrap().to_owned(), "does not end with a line"),
            (body(text), "base64 without the first and last line"),
            (text.replacen('M', "", 1), "other content"),
            (text.replacen("\nM", "\nMAAAA", 1), "other content"),
            (text.replacen('M', "=M", 1), "other content"),
        ] {
            assert_rejected(VerificationKey::pem(algorithm, &altered), Kind::InvalidKey, what);
        }
    }
}

#[test]
fn pem_must_contain_exactly_one_public_key() {
    let algorithm = Algorithm::ES256;
    let public = issuer(algorithm).public_pem();
    let other = issuer(algorithm).with_other_key().public_pem().to_owned();
    let certificate = issuer(algorithm).certificate_pem();
    let private = pem("PRIVATE KEY", b"hunter2");
    let openssh = pem("OPENSSH PRIVATE KEY", b"hunter2");
    let made = |text: &str| VerificationKey::pem(algorithm, text);
    assert!(made(public).is_ok());
    assert!(made(&format!("one\n{public}two")).is_ok());
    let several = "a PEM with several blocks ";
    for (text, kind, what) in [
        (format!("{public}{public}"), Kind::InvalidKey, format!("{several}(2 `PUBLIC KEY`)")),
        (format!("{public}{other}"), Kind::InvalidKey, format!("{several}(2 `PUBLIC KEY`)")),
        (
            format!("{certificate}{public}"),
            Kind::InvalidKey,
            format!("{several}(1 `CERTIFICATE`, 1 `PUBLIC KEY`)"),
        ),
        (certificate.into(), Kind::InvalidKey, "a PEM with a certificate".into()),
        (certificate.repeat(2), Kind::InvalidKey, "a PEM with a certificate".into()),
        (private.clone(), Kind::PrivateKey, "a PEM with a private key".into()),
        (openssh.clone(), Kind::PrivateKey, "a PEM with a private key".into()),
        (format!("{public}{private}"), Kind::PrivateKey, "private key".into()),
        (format!("{private}{public}"), Kind::PrivateKey, "private key".into()),
        (format!("{certificate}{openssh}"), Kind::PrivateKey, "private key".into()),
        (private.replace('\n', "\\n"), Kind::PrivateKey, "private key".into()),
        (private.replace("-----END", ""), Kind::PrivateKey, "private key".into()),
        (pem("PGP PRIVATE KEY BLOCK", b"hunter2"), Kind::PrivateKey, "private key".into()),
        (pem("PGP PUBLIC KEY BLOCK", b"x"), Kind::InvalidKey, "`PGP PUBLIC KEY BLOCK`".into()),
        (pem("EC PARAMETERS", &der(6, &[0x2a])), Kind::InvalidKey, "`EC PARAMETERS`".into()),
        (pem("public key", &der_of(public)), Kind::InvalidKey, "`public key`".into()),
    ] {
        assert_rejected(made(&text), kind, &what);
    }
}

#[test]
fn what_is_passed_in_place_of_pem_is_named() {
    let jwk = issuer(Algorithm::ES256).jwk();
    for (text, kind, what, fix) in [
        ("/etc/jwt/public.pem", Kind::InvalidKey, "the path of a file", "`std::fs::read(path)?`"),
        ("key.pem\n", Kind::InvalidKey, "the path of a file", "`std::fs::read(path)?`"),
        ("C:/keys/key", Kind::InvalidKey, "the path of a file", "`std::fs::read(path)?`"),
        ("https://a.example/key.pem", Kind::InvalidKey, "a URL", "`Verifier::jwks_url`"),
        ("file:///etc/key.pem", Kind::InvalidKey, "a URL", "the content of the key file"),
        (&*jwk, Kind::InvalidKey, "JSON", "`VerificationKey::jwk`"),
        ("\n{\"keys\":[]}", Kind::InvalidKey, "JSON", "`Verifier::jwks`"),
        ("ssh-rsa AAAAB3NzaC1yc2E= me@host", Kind::InvalidKey, "an SSH key", "`ssh-keygen "),
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5", Kind::InvalidKey, "an SSH key", "`ssh-keygen "),
        ("PuTTY-User-Key-File-2: ssh-rsa", Kind::PrivateKey, "a key file of PuTTY", "public key"),
        ("hunter2 hunter2", Kind::InvalidKey, "15 bytes that are not PEM", "public key"),
    ] {
        let made = VerificationKey::pem(Algorithm::ES256, text);
        let error = made.as_ref().unwrap_err().clone();
        assert_rejected(made, kind, what);
        assert!(error.problems()[0].fix().contains(fix), "{error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
    let der = der_of(issuer(Algorithm::EdDSA).public_pem());
    let made = VerificationKey::pem(Algorithm::EdDSA, der);
    assert_rejected(made, Kind::InvalidKey, "DER bytes in place of PEM");
    let utf_16: Vec<u8> = "\u{feff}-----BEGIN".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let made = VerificationKey::pem(Algorithm::EdDSA, utf_16);
    assert_rejected(made, Kind::InvalidKey, "UTF-16 text");
}
