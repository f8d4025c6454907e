//! Public keys in PEM form (RFC 7468): the label says which structure is inside.

use ::der::pem;

use super::der::{self, private_key, problem};
use super::material::Material;
use crate::error::BuildError;

/// How to read a certificate; `pem` never does.
#[cfg(feature = "x509")]
const CERTIFICATE_FIX: &str =
    "Call `VerificationKey::certificate` if you trust this certificate's key";
#[cfg(not(feature = "x509"))]
const CERTIFICATE_FIX: &str = "Turn on the feature `x509` and call `VerificationKey::certificate` if you trust this \
    certificate's key, or pass its public key: `openssl x509 -in cert.pem -noout -pubkey`";

/// Reads and checks a key. Its own type decides what it is; the caller's algorithm is held against it.
pub(super) fn read(text: &[u8]) -> Result<Material, BuildError> {
    let (label, content) = decode(text)?;
    let read = match label {
        "PUBLIC KEY" => der::subject_public_key_info(&content),
        "RSA PUBLIC KEY" => der::pkcs1(&content),
        private if private.ends_with("PRIVATE KEY") => {
            return Err(private_key("a PEM with a private key"));
        }
        "CERTIFICATE" => {
            return Err(problem(
                "a PEM with a certificate".into(),
                "neither its dates nor its signer would be checked",
                CERTIFICATE_FIX,
            ));
        }
        other => {
            return Err(problem(
                format!("a PEM labelled `{other}`"),
                "it is no public key",
                "Give the server a `PUBLIC KEY` or `RSA PUBLIC KEY`",
            ));
        }
    };
    read.unwrap_or_else(|_| {
        Err(problem(
            format!("a PEM labelled `{label}` that holds something else"),
            "its content is not the DER structure that the label promises",
            "Export the key again",
        ))
    })
}

/// The label and the content of a PEM with one block.
pub(super) fn decode(text: &[u8]) -> Result<(&str, Vec<u8>), BuildError> {
    if memchr::memmem::find_iter(text, b"-----BEGIN ").nth(1).is_some() {
        return Err(problem(
            "a PEM with several blocks".into(),
            "which of them is the issuer's key would be a matter of chance",
            "Keep the block of the signing key, which is the first of a certificate chain",
        ));
    }
    pem::decode_vec(text).map_err(|_| {
        problem(
            format!("{} bytes that are not PEM", text.len()),
            "a key file starts with `-----BEGIN PUBLIC KEY-----` and has lines of 64 characters",
            "Check that the file is complete and that its line breaks survived",
        )
    })
}
