//! Public keys in PEM form (RFC 7468): the label names the structure inside.

use ::der::pem;

use super::der::{self, invalid_key, private_key};
use super::material::Material;
use crate::error::BuildError;

/// The fix for a certificate, which `pem` rejects.
#[cfg(feature = "x509")]
const CERTIFICATE_FIX: &str =
    "Call `VerificationKey::certificate` if you trust this certificate's key";
#[cfg(not(feature = "x509"))]
const CERTIFICATE_FIX: &str = "Turn on the feature `x509` and call `VerificationKey::certificate` if you trust this \
    certificate's key, or pass its public key: `openssl x509 -in cert.pem -noout -pubkey`";

/// Reads and checks a key. The caller's algorithm is checked against its type later.
pub(super) fn read(text: &[u8]) -> Result<Material, BuildError> {
    let (label, content) = decode(text)?;
    let read = match label {
        "PUBLIC KEY" => der::subject_public_key_info(&content),
        "RSA PUBLIC KEY" => der::pkcs1(&content),
        private if private.ends_with("PRIVATE KEY") => {
            return Err(private_key("a PEM with a private key"));
        }
        "CERTIFICATE" => return Err(certificate()),
        other => return Err(other_label(other)),
    };
    read.unwrap_or_else(|_| Err(other_content(label)))
}

/// The label and the content of a PEM with one block.
pub(super) fn decode(text: &[u8]) -> Result<(&str, Vec<u8>), BuildError> {
    if memchr::memmem::find_iter(text, b"-----BEGIN ").nth(1).is_some() {
        return Err(several_blocks());
    }
    pem::decode_vec(text).map_err(|_| not_pem(text.len()))
}

fn certificate() -> BuildError {
    invalid_key(
        "a PEM with a certificate".into(),
        "neither its dates nor its signer would be checked",
        CERTIFICATE_FIX,
    )
}

fn other_label(label: &str) -> BuildError {
    invalid_key(
        format!("a PEM labelled `{label}`"),
        "it is not a public key",
        "Pass a `PUBLIC KEY` or an `RSA PUBLIC KEY`",
    )
}

fn other_content(label: &str) -> BuildError {
    invalid_key(
        format!("a PEM labelled `{label}` with other content"),
        "its content is not the DER structure that the label names",
        "Export the key again",
    )
}

fn several_blocks() -> BuildError {
    invalid_key(
        "a PEM with several blocks".into(),
        "it is not clear which of them is the issuer's key",
        "Keep the block of the signing key, which is the first of a certificate chain",
    )
}

fn not_pem(len: usize) -> BuildError {
    invalid_key(
        format!("{len} bytes that are not PEM"),
        "a key file starts with `-----BEGIN PUBLIC KEY-----` and has lines of 64 characters",
        "Check that the file is complete and that its line breaks are intact",
    )
}
