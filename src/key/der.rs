//! Public keys in DER: `SubjectPublicKeyInfo` and PKCS #1.

use ::der::asn1::{ObjectIdentifier, UintRef};
use ::der::{self, Decode, Header, Reader, SliceReader, Tag};
use spki::SubjectPublicKeyInfoRef;

use super::material::Material;
use super::weakness::Weakness;
use crate::error::{BuildError, Problem, ProblemKind};

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");

/// The outer error is a wrong structure, the inner one a key that cannot be used.
pub(super) type Checked = der::Result<Result<Material, BuildError>>;

/// Reads a public key in either structure.
pub(super) fn read(der: &[u8]) -> Result<Material, BuildError> {
    let read = match leading_number(der) {
        // Every private-key structure begins with its version.
        Some([0 | 1]) => return Err(private_key("DER bytes with a private key")),
        Some(_) => pkcs1(der),
        None => subject_public_key_info(der),
    };
    read.unwrap_or_else(|_| Err(not_a_public_key(der.len())))
}

/// The first element of the outermost sequence, if it is an integer.
fn leading_number(der: &[u8]) -> Option<&[u8]> {
    let mut reader = SliceReader::new(der).ok()?;
    let header = Header::decode(&mut reader).ok()?;
    header.tag().assert_eq(Tag::Sequence).ok()?;
    // The library checks the length only when it reads the content.
    if header.length() > reader.remaining_len() {
        return None;
    }
    Some(UintRef::decode(&mut reader).ok()?.as_bytes())
}

/// RFC 5280 §4.1.2.7.
pub(super) fn subject_public_key_info(der: &[u8]) -> Checked {
    material(&SubjectPublicKeyInfoRef::from_der(der)?)
}

/// RFC 8017 §A.1.1.
pub(super) fn pkcs1(der: &[u8]) -> Checked {
    let mut reader = SliceReader::new(der)?;
    let (n, e) = reader.sequence(|fields| -> der::Result<_> {
        let n = UintRef::decode(fields)?;
        Ok((n, UintRef::decode(fields)?))
    })?;
    reader.finish()?;
    Ok(Material::rsa(n.as_bytes(), e.as_bytes()).map_err(Weakness::of_public_key))
}

/// Reads the key as the type that it declares.
pub(super) fn material(info: &SubjectPublicKeyInfoRef<'_>) -> Checked {
    let Some(key) = info.subject_public_key.as_bytes() else {
        return Err(der::ErrorKind::Failed.into());
    };
    Ok(match info.algorithm.oid {
        RSA_ENCRYPTION => return pkcs1(key),
        EC_PUBLIC_KEY => match info.algorithm.parameters_oid() {
            Ok(P256) => ec(key, Material::p256),
            Ok(P384) => ec(key, Material::p384),
            Ok(P521) => ec(key, Material::p521),
            _ => Err(unsupported("an elliptic-curve key that is not on P-256, P-384 or P-521")),
        },
        ED25519 => Material::ed25519(key).map_err(Weakness::of_public_key),
        _ => Err(unsupported("a public key that is neither RSA, EC nor Ed25519")),
    })
}

fn ec(
    point: &[u8],
    check: fn(&[u8], &[u8]) -> Result<Material, Weakness>,
) -> Result<Material, BuildError> {
    match point.split_first() {
        Some((4, coordinates)) => {
            let (x, y) = coordinates.split_at(coordinates.len() / 2);
            check(x, y).map_err(Weakness::of_public_key)
        }
        _ => Err(unsupported("an elliptic-curve key in compressed form")),
    }
}

fn not_a_public_key(len: usize) -> BuildError {
    invalid_key(
        format!("{len} bytes that are not a public key in DER"),
        "they are neither a `SubjectPublicKeyInfo` nor an `RSAPublicKey`",
        "Export the key again: `openssl pkey -in key.pem -pubout -outform DER`",
    )
}

fn unsupported(what: &str) -> BuildError {
    invalid_key(
        what.into(),
        "no supported algorithm verifies with it",
        "Use RSA, P-256, P-384, P-521 or Ed25519, uncompressed",
    )
}

pub(super) fn private_key(what: &str) -> BuildError {
    BuildError::new(Problem::new(
        ProblemKind::PrivateKey,
        what,
        "anyone who can read this server's configuration could sign tokens",
        "Pass the public key: `openssl pkey -in key.pem -pubout`",
    ))
}

pub(super) fn invalid_key(what: String, why: &'static str, fix: &'static str) -> BuildError {
    BuildError::new(Problem::new(ProblemKind::InvalidKey, what, why, fix))
}
