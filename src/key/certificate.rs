//! The public key in an X.509 certificate (RFC 5280 §4.1), in PEM or DER form.

use ::der::Decode;
use ::der::referenced::OwnedToRef;
use x509_cert::Certificate;
use x509_cert::ext::pkix::KeyUsage;

use super::der::{material, private_key, problem};
use super::material::Material;
use super::pem;
use crate::error::BuildError;

/// Reads the key of a certificate and checks it.
pub(super) fn read(certificate: &[u8]) -> Result<Material, BuildError> {
    // A DER certificate begins with the tag of a sequence, and may hold no text at all.
    if certificate.first() == Some(&0x30) {
        return from_der(certificate);
    }
    match pem::decode(certificate)? {
        ("CERTIFICATE", content) => from_der(&content),
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

/// Reads only the key and its usage.
fn from_der(der: &[u8]) -> Result<Material, BuildError> {
    let not_a_certificate = |_| {
        problem(
            format!("{} bytes that are no X.509 certificate", der.len()),
            "they are not the structure of RFC 5280 §4.1",
            "Export the certificate again: `openssl x509 -in cert.pem -outform DER`",
        )
    };
    let certificate = Certificate::from_der(der).map_err(not_a_certificate)?;
    let certificate = certificate.tbs_certificate();
    let usage = certificate.get_extension::<KeyUsage>().map_err(not_a_certificate)?;
    if usage.is_some_and(|(_, usage)| !usage.digital_signature() && !usage.non_repudiation()) {
        return Err(problem(
            "a certificate whose key is not for signatures".into(),
            "its key usage has neither `digitalSignature` nor `nonRepudiation` (RFC 5280 §4.2.1.3)",
            "Use the certificate that the issuer signs tokens with",
        ));
    }
    let key = certificate.subject_public_key_info().owned_to_ref();
    material(&key).unwrap_or_else(|error| Err(not_a_certificate(error)))
}
