//! Recognizes public keys in place of a secret. An attacker knows a public key and could sign tokens with it.
//!
//! This only catches configuration mistakes. Secrets and public keys have different types.

use memchr::memmem::find;
use zeroize::Zeroizing;

use super::base64;

/// The beginnings of public keys in the formats of SSH.
pub(super) const SSH: [&[u8]; 5] =
    [b"ssh-", b"ecdsa-sha2-", b"sk-ssh-", b"sk-ecdsa-", b"---- BEGIN SSH2 PUBLIC KEY"];

/// The object identifiers of keys in DER: of RSA, of elliptic curves, and of Ed25519 (RFC 8017, RFC 5480, RFC 8410).
const KEY_TYPES: [&[u8]; 3] = [
    b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01",
    b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01",
    b"\x06\x03\x2b\x65\x70",
];

/// The end of an RSA key without an object identifier, with the exponent 65537.
const EXPONENT: &[u8] = b"\x02\x03\x01\x00\x01";

/// Whether the secret is a public key, in any of the forms in which they are exchanged, or the base64 of one.
pub(super) fn is_public_key(secret: &[u8]) -> bool {
    let joined: Vec<u8> = secret.iter().copied().filter(|it| !it.is_ascii_whitespace()).collect();
    let decoded = base64::decode(&Zeroizing::new(joined)).map(Zeroizing::new);
    is_key(secret) || decoded.is_some_and(|bytes| is_key(&bytes))
}

fn is_key(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let has = |part: &[u8]| find(text, part).is_some();
    let is_json = text.starts_with(b"{") && (has(b"\"kty\"") || has(b"\"keys\""));
    let is_der = bytes.starts_with(b"\x30")
        && (KEY_TYPES.iter().any(|it| find(bytes, it).is_some()) || bytes.ends_with(EXPONENT));
    has(b"-----BEGIN") || SSH.iter().any(|start| text.starts_with(start)) || is_json || is_der
}

#[cfg(test)]
mod tests {
    use super::*;

    const EC: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==";
    const ED25519: &str = "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    const RSA: &str = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKB";

    #[test]
    fn public_keys_are_recognized_in_every_form() {
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{EC}\n-----END PUBLIC KEY-----\n");
        let der = base64::decode(EC.as_bytes()).unwrap();
        let url_safe = EC.replace('+', "-").replace('/', "_").replace('=', "");
        let (lines, in_base64) =
            (EC.replace("0D", "0D\n"), base64_simd::STANDARD.encode_to_string(&pem));
        let rsa_pkcs1 =
            [&b"\x30\x82\x01\x0a\x02\x82\x01\x01\x00"[..], &[0xab; 256], EXPONENT].concat();
        for text in [
            pem.as_bytes(),
            format!("Bag Attributes\n  friendlyName: x\n{pem}").as_bytes(),
            format!("\u{feff} \n{pem}").as_bytes(),
            b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE",
            b"ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTY",
            b"sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5",
            b"---- BEGIN SSH2 PUBLIC KEY ----\nAAAAB3NzaC1yc2E",
            br#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS"}"#,
            br#"{"keys":[{"crv":"Ed25519","x":"11qYAYKxCrfVS"}]}"#,
            EC.as_bytes(),
            url_safe.as_bytes(),
            lines.as_bytes(),
            ED25519.as_bytes(),
            RSA.as_bytes(),
            in_base64.as_bytes(),
            &der,
            &rsa_pkcs1,
            base64_simd::STANDARD.encode_to_string(&rsa_pkcs1).as_bytes(),
        ] {
            assert!(is_public_key(text), "{}", text.escape_ascii());
        }
    }

    #[test]
    fn secrets_are_not_taken_for_public_keys() {
        for text in [
            &b"{a secret that merely begins like JSON}"[..],
            b"0123456789abcdef0123456789abcdef",
            b"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
            b"my ssh- secret with at least 32 bytes",
            &[0x30; 64],
            b"",
        ] {
            assert!(!is_public_key(text), "{}", text.escape_ascii());
        }
    }
}
