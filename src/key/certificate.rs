//! The public key in an X.509 certificate (RFC 5280 §4.1), in PEM or DER form.

use ::der::Decode;
use ::der::referenced::OwnedToRef;
use x509_cert::Certificate;
use x509_cert::ext::pkix::KeyUsage;

use super::der::{invalid_key, material};
use super::material::Material;
use super::not_pem::is_der;
use super::pem::{self, Block};
use crate::error::BuildError;

/// Reads the key of a certificate, or of the first one of a chain, and checks it.
pub(super) fn read(certificate: &[u8]) -> Result<Material, BuildError> {
    if is_der(certificate) {
        return key(&parse(certificate)?);
    }
    let blocks = pem::blocks(certificate)?;
    match &*blocks {
        chain if chain.iter().all(Block::is_certificate) => {}
        [other] => return Err(other_label(other.label)),
        several => return Err(pem::several_blocks(several)),
    }
    let chain =
        blocks.iter().map(|block| parse(&block.decode()?)).collect::<Result<Vec<_>, _>>()?;
    match &*chain {
        [first, ..] if is_chain(&chain) => key(first),
        _ => Err(not_a_chain(chain.len())),
    }
}

fn parse(der: &[u8]) -> Result<Certificate, BuildError> {
    Certificate::from_der(der).map_err(|_| not_a_certificate(der.len()))
}

/// Whether each certificate names the next one as its signer, and is not its own signer (RFC 5280 §6.1). Otherwise the
/// certificates are not of one key. Signatures are not checked.
fn is_chain(certificates: &[Certificate]) -> bool {
    let certificates = certificates.iter().map(Certificate::tbs_certificate);
    certificates
        .clone()
        .zip(certificates.skip(1))
        .all(|(this, next)| this.issuer() == next.subject() && this.issuer() != this.subject())
}

/// Reads only the key and its usage.
fn key(certificate: &Certificate) -> Result<Material, BuildError> {
    let certificate = certificate.tbs_certificate();
    let usage = certificate.get_extension::<KeyUsage>().map_err(|_| malformed())?;
    if usage.is_some_and(|(_, usage)| !usage.digital_signature() && !usage.non_repudiation()) {
        return Err(not_for_signatures());
    }
    let key = certificate.subject_public_key_info().owned_to_ref();
    material(&key).unwrap_or_else(|_| Err(malformed()))
}

fn other_label(label: &str) -> BuildError {
    invalid_key(
        format!("a PEM labelled `{label}` in place of a certificate"),
        "certificates have the label `CERTIFICATE`",
        "Call `VerificationKey::pem` for a public key",
    )
}

fn not_a_chain(count: usize) -> BuildError {
    invalid_key(
        format!("a PEM with several blocks ({count} `CERTIFICATE`) that are not a chain"),
        "in a chain, each certificate is signed by the next one, and the first is the issuer's",
        "Keep only the certificate of the issuer's signing key",
    )
}

fn malformed() -> BuildError {
    invalid_key(
        "an X.509 certificate with a malformed key or key usage".into(),
        "they do not have the structure of RFC 5280 §4.1 and §4.2.1.3",
        "Export the certificate again: `openssl x509 -in cert.pem -outform DER`",
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
