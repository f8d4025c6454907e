//! Conversions from the keys of `jsonwebtoken`, under the same rules as every other key.
//!
//! Do not call functions of that crate that need one of its crypto providers, such as `Jwk::thumbprint`
//! or `Jwk::from_decoding_key`: without a provider they panic.

use jsonwebtoken::jwk::{Jwk, JwkSet, KeyAlgorithm};
use jsonwebtoken::{AlgorithmFamily as Family, DecodingKey, DecodingKeyKind as Kind};
use zeroize::Zeroizing;

use super::material::Material;
use super::secret::unusable_secret;
use super::set::KeySet;
use super::verification_key::VerificationKey;
use super::weakness::Weakness;
use crate::error::{BuildError, Problem, ProblemKind};
use crate::jws::{Algorithm, AlgorithmFamily};

impl VerificationKey {
    /// Converts a [`DecodingKey`] of `jsonwebtoken`, for this algorithm only.
    ///
    /// The key must be of the algorithm's family, so the bytes of a public key never act as an HMAC secret.
    /// All other rules for keys apply as well: see [`pem`](Self::pem) and
    /// [`shared_secret`](Self::shared_secret).
    ///
    /// ```
    /// use jsonwebtoken::DecodingKey;
    /// use tower_jwt_auth::{Algorithm, VerificationKey};
    ///
    /// let theirs =
    ///     DecodingKey::from_ed_components("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")?;
    /// assert!(VerificationKey::decoding_key(Algorithm::EdDSA, &theirs).is_ok());
    /// assert!(VerificationKey::decoding_key(Algorithm::ES256, &theirs).is_err()); // another family
    /// assert!(VerificationKey::decoding_key(Algorithm::HS256, &theirs).is_err()); // never a secret
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// A `DecodingKey` does not record what it was made from. The key of a certificate is therefore
    /// accepted here, without a call of [`certificate`](Self::certificate).
    ///
    /// # Errors
    ///
    /// The key is of another family, private, weak, too short, or an elliptic-curve point in compressed
    /// form. A key made by `from_rsa_pem` or one of the `from_*_der` functions is in DER form (RFC 8017
    /// §A.1.1, RFC 5280 §4.1), which needs the feature `pem`.
    pub fn decoding_key(algorithm: Algorithm, key: &DecodingKey) -> Result<Self, BuildError> {
        if !is_of_family(algorithm, key.family()) {
            return Err(other_family(algorithm, key.family()));
        }
        let material = match (key.family(), key.kind()) {
            (Family::Hmac, Kind::SecretOrDer(secret)) => {
                Material::hmac(secret).map_err(|why| unusable_secret(why, secret.len(), 32))
            }
            (Family::Rsa, Kind::RsaModulusExponent { n, e }) => {
                Material::rsa(n, e).map_err(Weakness::of_public_key)
            }
            (Family::Rsa, Kind::SecretOrDer(der)) => read_der(der),
            (Family::Ec, Kind::SecretOrDer(bytes)) => elliptic_curve(bytes),
            (Family::Ed, Kind::SecretOrDer(bytes)) => edwards_curve(bytes),
            (family, Kind::RsaModulusExponent { .. }) => Err(other_family(algorithm, family)),
        };
        Self::new(material?, Some(algorithm))
    }
}

fn is_of_family(algorithm: Algorithm, family: Family) -> bool {
    matches!(
        (algorithm.family(), family),
        (AlgorithmFamily::Hmac, Family::Hmac)
            | (AlgorithmFamily::RsaPkcs1 | AlgorithmFamily::RsaPss, Family::Rsa)
            | (AlgorithmFamily::Ecdsa, Family::Ec)
            | (AlgorithmFamily::EdDsa, Family::Ed)
    )
}

/// Reads an uncompressed point, whose length determines the curve, or `SubjectPublicKeyInfo`. Preparing the key
/// checks that the point is on the curve.
fn elliptic_curve(bytes: &[u8]) -> Result<Material, BuildError> {
    let Some((4, coordinates)) = bytes.split_first() else {
        return if is_der(bytes) { read_der(bytes) } else { Err(not_uncompressed()) };
    };
    let (x, y) = coordinates.split_at(coordinates.len() / 2);
    let checked = match x.len() {
        48 => Material::p384(x, y),
        66 => Material::p521(x, y),
        _ => Material::p256(x, y),
    };
    checked.map_err(Weakness::of_public_key)
}

/// Reads the 32 bytes of the key, or `SubjectPublicKeyInfo`. The 32 bytes may begin like DER, but DER is
/// longer.
fn edwards_curve(bytes: &[u8]) -> Result<Material, BuildError> {
    if bytes.len() != 32 && is_der(bytes) {
        return read_der(bytes);
    }
    Material::ed25519(bytes).map_err(Weakness::of_public_key)
}

/// Whether the bytes begin with the tag of a sequence.
fn is_der(bytes: &[u8]) -> bool {
    bytes.first() == Some(&0x30)
}

#[cfg(feature = "pem")]
fn read_der(der: &[u8]) -> Result<Material, BuildError> {
    super::der::read(der)
}

#[cfg(not(feature = "pem"))]
fn read_der(_: &[u8]) -> Result<Material, BuildError> {
    Err(no_der_reader())
}

/// Converts one JSON Web Key of `jsonwebtoken`, as [`VerificationKey::jwk`] reads its JSON.
///
/// A [`Jwk`] keeps only the members that `jsonwebtoken` knows. Private members such as `d` are lost, so **a
/// private key cannot be recognized**. Duplicate members are lost as well. If you have the JSON, pass it to
/// [`VerificationKey::jwk`] instead.
///
/// ```
/// use jsonwebtoken::jwk::Jwk;
/// use tower_jwt_auth::VerificationKey;
///
/// let text = |usage: &str| {
///     format!(
///         r#"{{"kty":"OKP","crv":"Ed25519","kid":"2026","use":"{usage}",
///              "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}"#
///     )
/// };
/// let theirs: Jwk = serde_json::from_str(&text("sig"))?;
/// assert_eq!(VerificationKey::try_from(&theirs)?.key_id(), Some("2026"));
///
/// let theirs: Jwk = serde_json::from_str(&text("enc"))?;
/// assert!(VerificationKey::try_from(&theirs).is_err()); // not for signatures
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// The same as for [`VerificationKey::jwk`]. In addition, an `alg` that `jsonwebtoken` does not know, such
/// as `ES512` or `Ed25519`, because its name is lost. A member `issuer` is lost as well, and does not limit the key.
impl TryFrom<&Jwk> for VerificationKey {
    type Error = BuildError;

    fn try_from(jwk: &Jwk) -> Result<Self, BuildError> {
        if jwk.common.key_algorithm == Some(KeyAlgorithm::UNKNOWN_ALGORITHM) {
            return Err(unknown_algorithm());
        }
        Self::jwk(&*json(jwk)?)
    }
}

/// Converts a key set of `jsonwebtoken`, as [`KeySet::fetched_jwks`] reads its JSON.
///
/// Such a set usually comes from the network, so secrets in it are skipped: convert a configured secret
/// separately. Other keys that cannot be used are skipped as well. **A private key cannot be recognized**,
/// because a [`Jwk`] does not keep private members. A key with an `alg` that `jsonwebtoken` does not know
/// is skipped. If you have the JSON, pass it to [`KeySet::fetched_jwks`] instead.
///
/// ```
/// use jsonwebtoken::jwk::JwkSet;
/// use tower_jwt_auth::key::{KeySet, SkipReason};
///
/// let theirs: JwkSet = serde_json::from_str(r#"{"keys":[
///     {"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
///     {"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75"}
/// ]}"#)?;
/// let set = KeySet::try_from(&theirs)?;
/// assert_eq!((set.len(), set.skipped()), (1, &[SkipReason::Secret][..]));
///
/// assert!(KeySet::try_from(&JwkSet::default()).is_err()); // without a key
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// The set has no usable key.
impl TryFrom<&JwkSet> for KeySet {
    type Error = BuildError;

    fn try_from(set: &JwkSet) -> Result<Self, BuildError> {
        Self::fetched_jwks(&*json(set)?)
    }
}

/// Serializes keys to JSON, which may contain a secret.
fn json(keys: &impl serde::Serialize) -> Result<Zeroizing<String>, BuildError> {
    serde_json::to_string(keys).map(Zeroizing::new).map_err(|_| not_json())
}

fn other_family(algorithm: Algorithm, family: Family) -> BuildError {
    BuildError::new(Problem::new(
        ProblemKind::UnsuitableAlgorithm,
        format!("a `DecodingKey` of the family {family:?} for {algorithm}"),
        "the algorithm needs another type of key, and a public key must not act as a secret",
        "Pass the algorithm that the issuer signs with",
    ))
}

#[cfg(not(feature = "pem"))]
fn no_der_reader() -> BuildError {
    BuildError::new(Problem::new(
        ProblemKind::MissingFeature,
        "a `DecodingKey` in DER form",
        "this build cannot read DER",
        "Enable the feature `pem` of `tower-jwt-auth`, or make the key from its components",
    ))
}

fn not_uncompressed() -> BuildError {
    BuildError::new(Problem::new(
        ProblemKind::InvalidKey,
        "an elliptic-curve `DecodingKey` that is not an uncompressed point",
        "other forms of a point are not supported",
        "Make the key with `from_ec_components`, or export it again as an uncompressed point",
    ))
}

fn unknown_algorithm() -> BuildError {
    BuildError::new(Problem::new(
        ProblemKind::UnsupportedConversion,
        "a `Jwk` with an `alg` that `jsonwebtoken` does not know",
        "a `Jwk` does not keep the name, so the algorithm of the key is unknown",
        "Pass the JSON of the key to `VerificationKey::jwk`",
    ))
}

fn not_json() -> BuildError {
    BuildError::new(Problem::new(
        ProblemKind::UnsupportedConversion,
        "a key of `jsonwebtoken` that cannot be written as JSON",
        "the conversion reads the key from its JSON",
        "Pass the JSON of the key to `VerificationKey::jwk`",
    ))
}
