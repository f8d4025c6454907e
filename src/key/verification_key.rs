//! A key: its material, its id, and the algorithms that it may be used with.

use std::fmt;
use std::sync::Arc;

use super::backend::{CryptoBackend, PreparedKey, Unprepared};
use super::material::Material;
use crate::error::{BuildError, Error, ErrorKind, Problem, ProblemKind};
use crate::jws::{Algorithm, AlgorithmFamily, AlgorithmSet, SignatureCheck};

/// A key for verifying signatures, checked and prepared.
///
/// The type of the key decides which algorithms it can be used with. Secrets and public keys have
/// different constructors, so the bytes of a public key can never act as an HMAC secret. `Debug` shows
/// no key bytes.
///
/// ```
/// # #[cfg(feature = "pem")] {
/// use tower_jwt_auth::{Algorithm, VerificationKey};
///
/// let pem = b"-----BEGIN PUBLIC KEY-----
/// MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEtPkC4q0jNczKA2SgMERzYy/Ldw6f
/// 0KE8BGPqVMw+47KKz9iiw7oq2aqz7hP9aDhxVsZssACnhIzTS3VKJtu3Kg==
/// -----END PUBLIC KEY-----
/// ";
/// assert!(VerificationKey::pem(Algorithm::ES256, pem).is_ok());
/// assert!(VerificationKey::pem(Algorithm::RS256, pem).is_err()); // not an RSA key
/// # }
/// ```
pub struct VerificationKey {
    key_id: Option<Box<str>>,
    /// The only issuer whose tokens the key verifies, from the member `issuer` of a JWK.
    issuer: Option<Arc<str>>,
    material: Material,
    /// The only algorithm of the key, if the caller or a JWK's `alg` names one.
    declared: Option<Algorithm>,
    /// The declared algorithm, or all algorithms of the material.
    possible: AlgorithmSet,
    prepared: Vec<(Algorithm, PreparedKey)>,
    /// A secret that looks like base64. It is not known whether the issuer signs with the text or with its bytes.
    has_doubtful_encoding: bool,
}

impl VerificationKey {
    /// Reads a public key in PEM form.
    ///
    /// The label is `PUBLIC KEY` (RFC 5280 §4.1) or `RSA PUBLIC KEY` (RFC 8017 §A.1.1). Text around the key, the length
    /// of lines and the kind of line breaks make no difference (RFC 7468 §2, §3): the key may be on one line.
    ///
    /// ```
    /// use tower_jwt_auth::{Algorithm, VerificationKey};
    ///
    /// let line = "-----BEGIN PUBLIC KEY-----MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\
    ///     -----END PUBLIC KEY-----";
    /// assert!(VerificationKey::pem(Algorithm::EdDSA, line).is_ok());
    ///
    /// let error = VerificationKey::pem(Algorithm::EdDSA, "/etc/key.pem").unwrap_err();
    /// assert!(error.to_string().starts_with("the path of a file in place of PEM"));
    /// ```
    ///
    /// # Errors
    ///
    /// The text is not PEM with exactly one public key, or the key is private, does not fit the algorithm, or is weak
    /// (RSA below 2048 bits, an Ed25519 point of small order). A certificate is rejected as well: pass it to
    /// `VerificationKey::certificate` (feature `x509`).
    #[cfg(feature = "pem")]
    pub fn pem(algorithm: Algorithm, pem: impl AsRef<[u8]>) -> Result<Self, BuildError> {
        Self::new(super::pem::read(pem.as_ref())?, Some(algorithm))
    }

    /// Reads a public key in DER form.
    ///
    /// The structure is `SubjectPublicKeyInfo` (RFC 5280 §4.1) or `RSAPublicKey` (RFC 8017 §A.1.1).
    ///
    /// # Errors
    ///
    /// The same as for [`pem`](Self::pem).
    #[cfg(feature = "pem")]
    pub fn der(algorithm: Algorithm, der: impl AsRef<[u8]>) -> Result<Self, BuildError> {
        Self::new(super::der::read(der.as_ref())?, Some(algorithm))
    }

    /// Reads the public key of an X.509 certificate (RFC 5280 §4.1).
    ///
    /// The certificate is in PEM or DER form. PEM may contain a chain, in which each certificate is followed by that of
    /// its signer. Only the key of the first certificate is used, and it is trusted because you trust this file.
    /// **The certificate's dates, names, signer and revocation are not checked**: the key of an expired certificate is
    /// accepted. The key usage is the only extension that is checked.
    ///
    /// ```
    /// use tower_jwt_auth::{Algorithm, VerificationKey};
    ///
    /// let certificate = "-----BEGIN CERTIFICATE-----
    /// MIIBjjCCATWgAwIBAgIUXu57LPipbo3PNHOYCm8ZrppYRfYwCgYIKoZIzj0EAwIw
    /// HTEbMBkGA1UEAwwSYSBkZW1vIGNlcnRpZmljYXRlMB4XDTI2MTEyMzA5NTM0NloX
    /// DTI2MTEyNDA5NTM0NlowHTEbMBkGA1UEAwwSYSBkZW1vIGNlcnRpZmljYXRlMFkw
    /// EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEtPkC4q0jNczKA2SgMERzYy/Ldw6f0KE8
    /// BGPqVMw+47KKz9iiw7oq2aqz7hP9aDhxVsZssACnhIzTS3VKJtu3KqNTMFEwHQYD
    /// VR0OBBYEFI/x7HGUfrHhrpH95g5qtQT7SRRAMB8GA1UdIwQYMBaAFI/x7HGUfrHh
    /// rpH95g5qtQT7SRRAMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIg
    /// dwEOJb+dcvtpHSc9ZrbspTxLq9aIfP15Fm+tPOntVQMCICBXgJ0AkKD5sGTztQzT
    /// 57CuQJXmd0ToE/esOTmXMUOk
    /// -----END CERTIFICATE-----
    /// ";
    /// assert!(VerificationKey::certificate(Algorithm::ES256, certificate).is_ok());
    /// assert!(VerificationKey::certificate(Algorithm::RS256, certificate).is_err()); // not an RSA key
    /// assert!(VerificationKey::pem(Algorithm::ES256, certificate).is_err()); // not a public-key PEM
    /// ```
    ///
    /// # Errors
    ///
    /// The bytes are not exactly one such certificate or chain, its key usage, if present, has neither
    /// `digitalSignature` nor `nonRepudiation`, or the key is rejected for the reasons of
    /// [`pem`](Self::pem).
    #[cfg(feature = "x509")]
    #[cfg_attr(docsrs, doc(cfg(feature = "x509")))]
    pub fn certificate(
        algorithm: Algorithm,
        certificate: impl AsRef<[u8]>,
    ) -> Result<Self, BuildError> {
        Self::new(super::certificate::read(certificate.as_ref())?, Some(algorithm))
    }

    /// Sets the id of the key.
    ///
    /// The key then verifies only tokens with this `kid` and tokens without one. An empty id counts as
    /// no id.
    #[must_use]
    pub fn with_key_id(mut self, key_id: impl Into<String>) -> Self {
        self.key_id = Some(key_id.into()).filter(|id| !id.is_empty()).map(String::into_boxed_str);
        self
    }

    /// The key's id (`kid`).
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// The algorithms that tokens may have if the policy lists none.
    pub fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        self.usable(None).iter()
    }

    pub(super) fn new(material: Material, declared: Option<Algorithm>) -> Result<Self, BuildError> {
        Self::prepare(material, declared).map_err(|(what, why)| BuildError::new(why.problem(what)))
    }

    /// Prepares the material for every algorithm that it may be used with.
    pub(super) fn prepare(
        material: Material,
        declared: Option<Algorithm>,
    ) -> Result<Self, (String, Unusable)> {
        let possible = material.algorithms();
        let algorithms = match declared {
            Some(one) if !possible.contains(one) => {
                let short = material.is_secret() && one.family() == AlgorithmFamily::Hmac;
                let why = if short { Unusable::ShortSecret } else { Unusable::OtherKind };
                return Err((format!("{material:?} for {one}"), why));
            }
            Some(one) => AlgorithmSet::of(one),
            None => possible,
        };
        let prepare = |algorithm| match PreparedKey::new(&material, algorithm) {
            Ok(key) => Ok((algorithm, key)),
            Err(Unprepared::NoBackend) => Err((format!("{material:?}"), Unusable::NoBackend)),
            Err(Unprepared::Unsupported) => {
                Err((format!("{material:?} for {algorithm}"), Unusable::NotInBackend))
            }
            Err(Unprepared::Rejected) => Err((format!("{material:?}"), Unusable::Rejected)),
        };
        let prepared = algorithms.iter().map(prepare).collect::<Result<_, _>>()?;
        let has_doubtful_encoding = false;
        let possible = algorithms;
        Ok(Self {
            key_id: None,
            issuer: None,
            material,
            declared,
            possible,
            prepared,
            has_doubtful_encoding,
        })
    }

    /// Limits the key to tokens of this issuer.
    pub(super) fn for_issuer(mut self, issuer: Option<&str>) -> Self {
        self.issuer = issuer.map(Arc::from);
        self
    }

    pub(super) const fn with_doubtful_encoding(mut self, is_doubtful: bool) -> Self {
        self.has_doubtful_encoding = is_doubtful;
        self
    }

    pub(crate) const fn has_doubtful_encoding(&self) -> bool {
        self.has_doubtful_encoding
    }

    pub(crate) const fn is_secret(&self) -> bool {
        self.material.is_secret()
    }

    /// Whether it is an RSA key of more than 4096 bits.
    pub(super) const fn is_large(&self) -> bool {
        self.material.is_large()
    }

    /// The algorithms that the key is used with, given the algorithms that the policy lists, if any.
    ///
    /// A key has one algorithm (RFC 8725 §3.1). A key without a declared algorithm serves all listed
    /// algorithms of its type, because the operator listed them.
    pub(crate) fn usable(&self, listed: Option<AlgorithmSet>) -> AlgorithmSet {
        match (listed, &self.material) {
            (Some(listed), _) => self.possible.intersection(listed),
            (None, Material::Hmac(_)) if self.declared.is_none() => {
                AlgorithmSet::of(Algorithm::HS256)
            }
            (None, Material::Rsa { .. }) if self.declared.is_none() => {
                AlgorithmSet::of(Algorithm::RS256)
            }
            (None, _) => self.possible,
        }
    }

    /// Whether both are the same shared secret.
    pub(crate) fn is_same_secret(&self, other: &Self) -> bool {
        match (&self.material, &other.material) {
            (Material::Hmac(one), Material::Hmac(other)) => one == other,
            _ => false,
        }
    }

    /// Whether the library supports any of the key's algorithms.
    pub(crate) fn is_supported_by(&self, backend: CryptoBackend) -> bool {
        self.possible.iter().any(|algorithm| backend.supports(algorithm))
    }

    /// Checks signatures of this algorithm with this key.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::AlgorithmNotAllowed`] if the key was not prepared for the algorithm.
    pub(crate) fn check(
        &self,
        algorithm: Algorithm,
        backend: CryptoBackend,
    ) -> Result<impl SignatureCheck, Error> {
        match self.prepared_for(algorithm) {
            Some(key) => Ok(KeyCheck { key, backend, issuer: self.issuer.as_ref() }),
            None => Err(ErrorKind::AlgorithmNotAllowed.into()),
        }
    }

    /// Whether the signature is valid for a message, which need not be from a token.
    #[cfg(feature = "test-util")]
    pub(crate) fn is_signature(
        &self,
        backend: CryptoBackend,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let key = self.prepared_for(algorithm);
        key.is_some_and(|key| key.verify(backend, message, signature))
    }

    fn prepared_for(&self, algorithm: Algorithm) -> Option<&PreparedKey> {
        let prepared = self.prepared.iter().find(|(prepared, _)| *prepared == algorithm);
        prepared.map(|(_, key)| key)
    }
}

/// A key prepared for one algorithm, and the library that verifies with it.
struct KeyCheck<'k> {
    key: &'k PreparedKey,
    backend: CryptoBackend,
    issuer: Option<&'k Arc<str>>,
}

impl SignatureCheck for KeyCheck<'_> {
    fn is_signature(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify(self.backend, message, signature)
    }

    fn issuer(&self) -> Option<&Arc<str>> {
        self.issuer
    }
}

impl fmt::Debug for VerificationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerificationKey")
            .field("key_id", &self.key_id)
            .field("issuer", &self.issuer)
            .field("material", &self.material)
            .field("declared", &self.declared)
            .finish_non_exhaustive()
    }
}

/// Why checked material cannot become a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    OtherKind,
    ShortSecret,
    NoBackend,
    NotInBackend,
    Rejected,
}

impl Unusable {
    fn problem(self, what: String) -> Problem {
        Problem::new(self.kind(), what, self.why(), self.fix())
    }

    const fn kind(self) -> ProblemKind {
        match self {
            Self::OtherKind | Self::NotInBackend => ProblemKind::UnsuitableAlgorithm,
            Self::ShortSecret => ProblemKind::WeakSecret,
            Self::NoBackend => ProblemKind::MissingFeature,
            Self::Rejected => ProblemKind::InvalidKey,
        }
    }

    const fn why(self) -> &'static str {
        match self {
            Self::OtherKind => "the algorithm needs another type of key",
            Self::ShortSecret => "the secret is shorter than the hash (RFC 7518 §3.2)",
            Self::NoBackend => "the crate was built without a crypto backend",
            Self::NotInBackend => "the crypto backend `rust-crypto` does not support the algorithm",
            Self::Rejected => {
                "the crypto library rejects it, for example because a point is not on its curve"
            }
        }
    }

    const fn fix(self) -> &'static str {
        match self {
            Self::OtherKind => "Pass the algorithm that the issuer signs with",
            Self::ShortSecret => "Generate a longer one with `openssl rand -base64 64`",
            Self::NoBackend => {
                "Enable the feature `aws-lc-rs` or `rust-crypto` of `tower-jwt-auth`"
            }
            Self::NotInBackend => "Enable the feature `aws-lc-rs` of `tower-jwt-auth`",
            Self::Rejected => "Export the key again",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";

    fn rsa(alg: &str) -> VerificationKey {
        VerificationKey::jwk(format!(r#"{{"kty":"RSA","n":"{N}","e":"AQAB"{alg}}}"#)).unwrap()
    }

    fn usable(key: &VerificationKey, listed: &[Algorithm]) -> Vec<Algorithm> {
        let listed = (!listed.is_empty()).then(|| listed.iter().copied().collect());
        key.usable(listed).iter().collect()
    }

    #[test]
    fn an_rsa_key_without_alg_serves_every_listed_algorithm() {
        use Algorithm::{ES256, PS256, PS512, RS256, RS384, RS512};
        let key = rsa("");
        assert_eq!(usable(&key, &[]), [RS256]);
        assert_eq!(usable(&key, &[RS256, PS256, RS512]), [RS256, RS512, PS256]);
        assert_eq!(usable(&key, &[PS256, PS512]), [PS256, PS512]);
        assert_eq!(usable(&key, &[RS384, PS256]), [RS384, PS256]);
        assert_eq!(usable(&key, &[RS384, ES256]), [RS384]);
        assert_eq!(usable(&key, &[ES256]), []);
    }

    #[test]
    fn a_declared_algorithm_is_the_only_one() {
        use Algorithm::{PS256, RS256, RS512};
        let key = rsa(r#","alg":"PS256""#);
        assert_eq!(usable(&key, &[]), [PS256]);
        assert_eq!(usable(&key, &[RS256, RS512]), []);
        assert_eq!(usable(&key, &[RS256, PS256]), [PS256]);
    }

    #[test]
    fn a_secret_is_hs256_unless_the_policy_lists_others() {
        use Algorithm::{HS256, HS512, RS256};
        let key = VerificationKey::shared_secret([7; 64]).unwrap();
        assert_eq!(usable(&key, &[]), [HS256]);
        assert_eq!(usable(&key, &[HS512]), [HS512]);
        assert_eq!(usable(&key, &[HS256, HS512]), [HS256, HS512]);
        assert_eq!(usable(&key, &[RS256]), []);
        let short = VerificationKey::shared_secret([7; 32]).unwrap();
        assert_eq!(usable(&short, &[HS512]), []);
    }

    #[test]
    fn an_empty_key_id_counts_as_absent() {
        let key = |kid: &str| rsa(kid).key_id().map(str::to_owned);
        assert_eq!(key(",\"kid\":\"\""), None);
        assert_eq!(key(r#","kid":null"#), None);
        assert_eq!(key(r#","kid":" ""#).as_deref(), Some(" "));
        assert_eq!(rsa("").with_key_id("").key_id(), None);
        assert_eq!(rsa("").with_key_id("a").key_id(), Some("a"));
    }

    #[test]
    fn debug_shows_no_key_bytes() {
        let key = VerificationKey::shared_secret("very-secret-very-secret-very-secret").unwrap();
        assert!(!format!("{key:?}").contains("very"));
        assert!(!format!("{:?}", rsa("")).contains(&N[..8]));
    }
}
