//! The public key in an X.509 certificate (RFC 5280 §4.1), in PEM or DER form.

use ::der::Decode;
use ::der::referenced::OwnedToRef;
use x509_cert::Certificate;
use x509_cert::ext::pkix::KeyUsage;

use super::der::{invalid_key, material, private_key};
use super::material::Material;
use super::pem;
use crate::error::BuildError;

/// Reads the key of a certificate and checks it.
pub(super) fn read(certificate: &[u8]) -> Result<Material, BuildError> {
    // A DER certificate begins with the tag of a sequence.
    if certificate.first() == Some(&0x30) {
        return from_der(certificate);
    }
    match pem::decode(certificate)? {
        ("CERTIFICATE", content) => from_der(&content),
        (private, _) if private.ends_with("PRIVATE KEY") => {
            Err(private_key("a PEM with a private key in place of a certificate"))
        }
        (other, _) => Err(other_label(other)),
    }
}

/// Reads only the key and its usage.
fn from_der(der: &[u8]) -> Result<Material, BuildError> {
    let not_a_certificate = |_| not_a_certificate(der.len());
    let certificate = Certificate::from_der(der).map_err(not_a_certificate)?;
    let certificate = certificate.tbs_certificate();
    let usage = certificate.get_extension::<KeyUsage>().map_err(not_a_certificate)?;
    if usage.is_some_and(|(_, usage)| !usage.digital_signature() && !usage.non_repudiation()) {
        return Err(not_for_signatures());
    }
    let key = certificate.subject_public_key_info().owned_to_ref();
    material(&key).unwrap_or_else(|error| Err(not_a_certificate(error)))
}

fn other_label(label: &str) -> BuildError {
    invalid_key(
        format!("a PEM labelled `{label}` in place of a certificate"),
        "certificates have the label `CERTIFICATE`",
        "Call `VerificationKey::pem` for a public key",
    )
}

fn not_a_certificate(len: usize) -> BuildError {
    invalid_key(
        format!("{len} bytes that are not an X.509 certificate"),
        "they do not have the structure of RFC 5280 §4.1",
        "Export the certificate again: `openssl x509 -in cert.pem -outform DER`",
    )
}

fn not_for_signatures() -> BuildError {
    invalid_key(
        "a certificate whose key is not for signatures".into(),
        "its key usage has neither `digitalSignature` nor `nonRepudiation` (RFC 5280 §4.2.1.3)",
        "Pass the certificate of the key that the issuer signs tokens with",
    )
}
