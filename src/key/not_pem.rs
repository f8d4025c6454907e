//! Recognizes what was passed in place of PEM. No part of it is printed, because it may be a secret.

use base64_simd::STANDARD;
use memchr::memmem::find;

use super::der::{invalid_key, private_key};
use super::public_text::SSH;
use crate::error::BuildError;

/// Line breaks in the encodings that replace them. A backslash, `%`, `&` and `<` are not base64.
const ESCAPED_LINE_BREAKS: [&str; 10] =
    ["\\n", "\\r", "%0A", "%0a", "%0D", "%0d", "&#10;", "&#13;", "&#x", "<br"];

/// The endings of the names of key files.
const FILE_ENDINGS: [&[u8]; 10] =
    [b".pem", b".pub", b".crt", b".cer", b".cert", b".key", b".der", b".txt", b".json", b".jwk"];

/// The error for a text without a block.
pub(super) fn not_pem(text: &[u8]) -> BuildError {
    let trimmed = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii();
    let is_one_line = !trimmed.iter().any(|byte| matches!(byte, b'\n' | b'\r'));
    if is_der(text) {
        der_bytes()
    } else if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") {
        utf_16()
    } else if find(text, b"-----BEGIN").is_some() || find(text, b"-----END").is_some() {
        damaged_boundary()
    } else if trimmed.starts_with(b"{") || trimmed.starts_with(b"[") {
        json()
    } else if SSH.iter().any(|start| trimmed.starts_with(start)) {
        ssh()
    } else if trimmed.starts_with(b"PuTTY-User-Key-File") {
        private_key("a key file of PuTTY with a private key")
    } else if is_one_line && is_url(trimmed) {
        url()
    } else if is_base64_of_der(trimmed) {
        bare_base64()
    } else if is_one_line && is_path(trimmed) {
        path()
    } else {
        other(text.len())
    }
}

/// The first escaped line break in the content of a block.
pub(super) fn escaped_line_breaks(content: &[u8]) -> Option<&'static str> {
    let escaped = ESCAPED_LINE_BREAKS.iter().find(|it| find(content, it.as_bytes()).is_some());
    // DER begins with `M` in base64. A shell may have removed the backslash of `\n`.
    let is_bare = || content.trim_ascii_start().first().is_some_and(|it| matches!(it, b'n' | b'r'));
    escaped.copied().or_else(|| is_bare().then_some("n"))
}

/// Whether the bytes begin like DER. Text contains no control characters except white space.
pub(super) fn is_der(bytes: &[u8]) -> bool {
    let is_control = |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
    bytes.first() == Some(&0x30) && bytes.iter().any(is_control)
}

fn is_url(text: &[u8]) -> bool {
    let scheme = find(text, b"://").and_then(|end| text.get(..end)).unwrap_or_default();
    scheme.iter().all(u8::is_ascii_alphabetic) && !scheme.is_empty()
}

fn is_path(text: &[u8]) -> bool {
    let ends = |ending: &&[u8]| {
        let end = text.len().checked_sub(ending.len()).and_then(|at| text.get(at..));
        end.is_some_and(|end| end.eq_ignore_ascii_case(ending))
    };
    let starts = [&b"/"[..], b"./", b"../", b"~/"].iter().any(|start| text.starts_with(start));
    let has_drive = matches!(text, [b'A'..=b'Z' | b'a'..=b'z', b':', b'\\' | b'/', ..]);
    starts || has_drive || FILE_ENDINGS.iter().any(ends)
}

/// Whether it is the base64 of a DER sequence, without the lines around it.
fn is_base64_of_der(text: &[u8]) -> bool {
    let joined: Vec<u8> = text.iter().copied().filter(|it| !it.is_ascii_whitespace()).collect();
    joined.starts_with(b"M") && STANDARD.decode_to_vec(joined).is_ok_and(|bytes| is_der(&bytes))
}

fn der_bytes() -> BuildError {
    invalid_key(
        "DER bytes in place of PEM".into(),
        "PEM is text with a line `-----BEGIN PUBLIC KEY-----`",
        "Call `VerificationKey::der` for a public key",
    )
}

fn utf_16() -> BuildError {
    invalid_key("UTF-16 text in place of PEM".into(), "PEM is ASCII text", "Save the file as UTF-8")
}

/// Also the error for a block whose first line is incomplete.
pub(super) fn damaged_boundary() -> BuildError {
    invalid_key(
        "a PEM with a damaged first or last line".into(),
        "the lines must be exactly like `-----BEGIN PUBLIC KEY-----` and `-----END PUBLIC KEY-----`",
        "Pass the unchanged content of the key file",
    )
}

fn json() -> BuildError {
    invalid_key(
        "JSON in place of PEM".into(),
        "a JWK and a JWKS document have their own constructors",
        "Call `VerificationKey::jwk` for one key, or `Verifier::jwks` for a document with `keys`",
    )
}

fn ssh() -> BuildError {
    invalid_key(
        "an SSH key in place of PEM".into(),
        "it is a public key in another format",
        "Convert it: `ssh-keygen -e -m PKCS8 -f key.pub`",
    )
}

fn url() -> BuildError {
    invalid_key(
        "a URL in place of PEM".into(),
        "nothing is fetched from it",
        "Pass the content of the key file, or call `Verifier::jwks_url` for the URL of a key set",
    )
}

fn bare_base64() -> BuildError {
    invalid_key(
        "base64 without the first and last line of PEM".into(),
        "the first line names the structure inside, for example `PUBLIC KEY`",
        "Put it between the lines `-----BEGIN PUBLIC KEY-----` and `-----END PUBLIC KEY-----`",
    )
}

fn path() -> BuildError {
    invalid_key(
        "the path of a file in place of PEM".into(),
        "the file is not read",
        "Pass the content of the file: `std::fs::read(path)?`, or `include_bytes!` at compile time",
    )
}

fn other(len: usize) -> BuildError {
    invalid_key(
        format!("{len} bytes that are not PEM"),
        "a key file has a line `-----BEGIN PUBLIC KEY-----`",
        "Check that the file is complete and contains a public key",
    )
}

#[cfg(test)]
mod tests {
    use crate::key::pem;

    #[test]
    fn input_in_place_of_pem_is_named() {
        for (text, what) in [
            (&b"{\"kty\":\"RSA\"}"[..], "JSON"),
            (b" [ ]", "JSON"),
            (b"ssh-rsa AAAAB3NzaC1yc2E user@host", "an SSH key"),
            (b"ecdsa-sha2-nistp256 AAAA", "an SSH key"),
            (b"---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----", "an SSH key"),
            (b"PuTTY-User-Key-File-3: ssh-ed25519", "a key file of PuTTY"),
            (b"https://auth.example.com/jwks.json", "a URL"),
            (b"file:///etc/key.pem\n", "a URL"),
            (b"/etc/key.pem", "the path"),
            (b"key.pem", "the path"),
            (b"./keys/signing.PUB", "the path"),
            (b"C:\\keys\\signing", "the path"),
            (b"~/key", "the path"),
            (b"\xff\xfe-\0-\0", "UTF-16"),
            (b"-----BEGIN+PUBLIC+KEY-----", "a PEM with a damaged"),
            (b"-----BEGIN PUBLIC KEY----\nMFkw\n", "a PEM with a damaged"),
            (b"0\x2a\x30\x05", "DER bytes"),
            (b"MCowBQYDK2VwAyEA\n11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "base64"),
            (b"", "0 bytes"),
            (b"hunter2", "7 bytes"),
            (b"0 is not DER", "12 bytes"),
            (b"see key.pem\nfor the key", "23 bytes"),
        ] {
            let error = pem::read(text).map(drop).unwrap_err();
            let found = error.problems()[0].what();
            assert!(found.starts_with(what), "{found} for {}", text.escape_ascii());
        }
    }
}
