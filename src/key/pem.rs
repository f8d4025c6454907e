//! Public keys in PEM form.

use x509_cert::der::asn1::{ObjectIdentifier, UintRef};
use x509_cert::der::{self, Decode, Reader, SliceReader, pem};
use x509_cert::spki::SubjectPublicKeyInfoRef;

use super::material::{Material, Weakness};
use crate::build_error::{BuildError, Problem};

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");

/// Reads and checks a key. Its own type decides what it is; the caller's algorithm is held against it.
pub(super) fn read(text: &[u8]) -> Result<Material, BuildError> {
    let (label, der) = pem::decode_vec(text).map_err(|_| {
        problem(
            format!("{} bytes that are not PEM", text.len()),
            "a key file starts with `-----BEGIN PUBLIC KEY-----` and has lines of 64 characters",
            "Check that the file is complete and that its line breaks survived",
        )
    })?;
    match label {
        "PUBLIC KEY" => subject_public_key_info(&der).unwrap_or_else(|_| Err(not_der(label))),
        "RSA PUBLIC KEY" => match pkcs1(&der) {
            Ok(checked) => checked.map_err(weak),
            Err(_) => Err(not_der(label)),
        },
        private if private.ends_with("PRIVATE KEY") => Err(problem(
            "a PEM with a private key".into(),
            "whoever can read this server's configuration could sign tokens",
            "Give the server the public half: `openssl pkey -in key.pem -pubout`",
        )),
        "CERTIFICATE" => Err(problem(
            "a PEM with a certificate".into(),
            "certificates are not read",
            "Take the key out of it: `openssl x509 -in cert.pem -noout -pubkey`",
        )),
        other => Err(problem(
            format!("a PEM labelled `{other}`"),
            "it is no public key",
            "Give the server a `PUBLIC KEY` or `RSA PUBLIC KEY`",
        )),
    }
}

type Checked<T> = der::Result<Result<T, BuildError>>;

fn subject_public_key_info(der: &[u8]) -> Checked<Material> {
    let info = SubjectPublicKeyInfoRef::from_der(der)?;
    let Some(key) = info.subject_public_key.as_bytes() else {
        return Err(der::ErrorKind::Failed.into());
    };
    Ok(match info.algorithm.oid {
        RSA_ENCRYPTION => pkcs1(key)?.map_err(weak),
        EC_PUBLIC_KEY => match info.algorithm.parameters_oid() {
            Ok(P256) => ec(key, Material::p256),
            Ok(P384) => ec(key, Material::p384),
            _ => Err(unsupported("an elliptic-curve key that is neither P-256 nor P-384")),
        },
        ED25519 => Material::ed25519(key).map_err(weak),
        _ => Err(unsupported("a public key that is neither RSA, EC nor Ed25519")),
    })
}

fn pkcs1(der: &[u8]) -> der::Result<Result<Material, Weakness>> {
    let mut reader = SliceReader::new(der)?;
    let (n, e) = reader.sequence(|fields| {
        let n = UintRef::decode(fields)?;
        Ok((n, UintRef::decode(fields)?))
    })?;
    reader.finish(Material::rsa(n.as_bytes(), e.as_bytes()))
}

fn ec(
    point: &[u8],
    check: fn(&[u8], &[u8]) -> Result<Material, Weakness>,
) -> Result<Material, BuildError> {
    match point.split_first() {
        Some((4, coordinates)) => {
            let (x, y) = coordinates.split_at(coordinates.len() / 2);
            check(x, y).map_err(weak)
        }
        _ => Err(unsupported("an elliptic-curve key in compressed form")),
    }
}

fn weak(weakness: Weakness) -> BuildError {
    let why = match weakness {
        Weakness::ShortSecret | Weakness::PublicKeyAsSecret => "it is no public key",
        Weakness::SmallModulus => "the RSA modulus is shorter than 2048 bits (RFC 7518 §3.3)",
        Weakness::LargeModulus => "the RSA modulus is longer than 4096 bits",
        Weakness::EvenModulus => "the RSA modulus is even",
        Weakness::BadExponent => "the RSA exponent is even, 1 or longer than 33 bits",
        Weakness::CoordinateLength => "a coordinate does not have the length of the curve",
        Weakness::SmallOrder => "the point has small order or is not canonical",
    };
    problem(
        "a PEM with a key that is not safe to use".into(),
        why,
        "Have the issuer make a new key",
    )
}

fn unsupported(what: &str) -> BuildError {
    problem(
        what.into(),
        "no algorithm here verifies with it",
        "Use RSA, P-256, P-384 or Ed25519, uncompressed",
    )
}

fn not_der(label: &str) -> BuildError {
    problem(
        format!("a PEM labelled `{label}` that holds something else"),
        "its content is not the DER structure that the label promises",
        "Export the key again",
    )
}

fn problem(what: String, why: &'static str, fix: &'static str) -> BuildError {
    BuildError::new(Problem::new(what, why, fix))
}
