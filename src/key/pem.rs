//! Public keys and certificates in PEM form (RFC 7468): the label says which structure is inside.

use x509_cert::der::pem;

use super::der::{self, private_key, problem};
use super::material::Material;
use crate::build_error::BuildError;

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
                "neither its dates nor who signed it would be judged, which has to be meant",
                "Call `VerificationKey::certificate` if its key is to be trusted as it stands",
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

/// The key of a certificate, in PEM or DER.
pub(super) fn read_certificate(certificate: &[u8]) -> Result<Material, BuildError> {
    // A DER certificate begins with the tag of a sequence, and may hold no text at all.
    if certificate.first() == Some(&0x30) {
        return der::certificate(certificate);
    }
    match decode(certificate)? {
        ("CERTIFICATE", content) => der::certificate(&content),
        (private, _) if private.ends_with("PRIVATE KEY") => {
            Err(private_key("a PEM with a private key where a certificate is wanted"))
        }
        (other, _) => Err(problem(
            format!("a PEM labelled `{other}` where a certificate is wanted"),
            "only the label `CERTIFICATE` is one",
            "Call `VerificationKey::pem` for a public key",
        )),
    }
}

fn decode(text: &[u8]) -> Result<(&str, Vec<u8>), BuildError> {
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
