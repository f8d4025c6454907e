//! The signature algorithms that a token can be verified with.

use std::fmt;

/// A signature algorithm of RFC 7518 §3.1 and RFC 8037 §3.1.
///
/// There is no variant for `none`, so it can never be allowed.
///
/// ```
/// use tower_jwt_auth::Algorithm;
///
/// assert_eq!(Algorithm::from_name("ES256"), Some(Algorithm::ES256));
/// assert_eq!(Algorithm::from_name("Ed25519"), Some(Algorithm::EdDSA)); // its name in RFC 9864
/// assert_eq!(Algorithm::from_name("es256"), None); // names are case-sensitive
/// assert_eq!(Algorithm::from_name("none"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Algorithm {
    /// HMAC with SHA-256.
    HS256,
    /// HMAC with SHA-384.
    HS384,
    /// HMAC with SHA-512.
    HS512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RS256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RS384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RS512,
    /// RSASSA-PSS with SHA-256 and a salt of 32 bytes.
    PS256,
    /// RSASSA-PSS with SHA-384 and a salt of 48 bytes.
    PS384,
    /// RSASSA-PSS with SHA-512 and a salt of 64 bytes.
    PS512,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// ECDSA on P-384 with SHA-384.
    ES384,
    /// ECDSA on P-521 with SHA-512.
    ES512,
    /// Ed25519, named `EdDSA` in tokens, or `Ed25519` since RFC 9864.
    EdDSA,
}

impl Algorithm {
    /// Every algorithm, in the order of the declaration.
    pub const ALL: &'static [Self] = &[
        Self::HS256,
        Self::HS384,
        Self::HS512,
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::ES256,
        Self::ES384,
        Self::ES512,
        Self::EdDSA,
    ];

    /// The algorithm with this `alg` name, compared byte for byte.
    pub fn from_name(name: &str) -> Option<Self> {
        if name == "Ed25519" {
            return Some(Self::EdDSA);
        }
        Self::ALL.iter().copied().find(|algorithm| algorithm.name() == name)
    }

    /// The name in the registry of RFC 7518 §7.1.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HS256 => "HS256",
            Self::HS384 => "HS384",
            Self::HS512 => "HS512",
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::PS512 => "PS512",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::ES512 => "ES512",
            Self::EdDSA => "EdDSA",
        }
    }

    /// The type of key and the signature scheme.
    pub(crate) const fn family(self) -> AlgorithmFamily {
        match self {
            Self::HS256 | Self::HS384 | Self::HS512 => AlgorithmFamily::Hmac,
            Self::RS256 | Self::RS384 | Self::RS512 => AlgorithmFamily::RsaPkcs1,
            Self::PS256 | Self::PS384 | Self::PS512 => AlgorithmFamily::RsaPss,
            Self::ES256 | Self::ES384 | Self::ES512 => AlgorithmFamily::Ecdsa,
            Self::EdDSA => AlgorithmFamily::EdDsa,
        }
    }

    /// The length of the hash in bytes, which is the minimum length of an HMAC secret (RFC 7518 §3.2).
    pub(crate) const fn hash_len(self) -> usize {
        match self {
            Self::HS256 | Self::RS256 | Self::PS256 | Self::ES256 => 32,
            Self::HS384 | Self::RS384 | Self::PS384 | Self::ES384 => 48,
            Self::HS512 | Self::RS512 | Self::PS512 | Self::ES512 | Self::EdDSA => 64,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Algorithms that share a kind of key and a signature scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub(crate) enum AlgorithmFamily {
    /// A shared secret.
    Hmac,
    /// RSA with PKCS #1 v1.5 padding.
    RsaPkcs1,
    /// RSA with probabilistic padding.
    RsaPss,
    /// An elliptic curve of NIST.
    Ecdsa,
    /// An Edwards curve.
    EdDsa,
}

/// A set of algorithms, as bits.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct AlgorithmSet(u16);

impl AlgorithmSet {
    pub(crate) const EMPTY: Self = Self(0);

    pub(crate) const fn of(algorithm: Algorithm) -> Self {
        Self(1 << algorithm as u16)
    }

    pub(crate) const fn contains(self, algorithm: Algorithm) -> bool {
        self.0 & Self::of(algorithm).0 != 0
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn of_family(family: AlgorithmFamily) -> Self {
        Algorithm::ALL.iter().copied().filter(|algorithm| algorithm.family() == family).collect()
    }

    /// The algorithms with a shared secret.
    pub(crate) fn hmac(self) -> Self {
        self.intersection(Self::of_family(AlgorithmFamily::Hmac))
    }

    /// The algorithms with a public key.
    pub(crate) fn public(self) -> Self {
        Self(self.0 & !self.hmac().0)
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Algorithm> {
        Algorithm::ALL.iter().copied().filter(move |algorithm| self.contains(*algorithm))
    }
}

impl FromIterator<Algorithm> for AlgorithmSet {
    fn from_iter<I: IntoIterator<Item = Algorithm>>(algorithms: I) -> Self {
        algorithms.into_iter().fold(Self::EMPTY, |set, one| set.union(Self::of(one)))
    }
}

impl fmt::Debug for AlgorithmSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_must_match_exactly() {
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::from_name(algorithm.name()), Some(*algorithm));
        }
        for other in
            ["", "none", "None", "hs256", "HS256 ", "HS256\0", "ES256K", "ED25519", "eddsa"]
        {
            assert_eq!(Algorithm::from_name(other), None, "{other:?}");
        }
    }

    #[test]
    fn a_set_contains_the_algorithms_it_was_made_from() {
        let set: AlgorithmSet = [Algorithm::EdDSA, Algorithm::HS256].into_iter().collect();
        assert_eq!(set.iter().collect::<Vec<_>>(), [Algorithm::HS256, Algorithm::EdDSA]);
        assert!(!set.contains(Algorithm::HS384));
        let rsa = AlgorithmSet::of_family(AlgorithmFamily::RsaPkcs1);
        assert!(set.intersection(rsa).is_empty());
        assert_eq!(set.hmac(), AlgorithmSet::of(Algorithm::HS256));
        assert_eq!(set.public(), AlgorithmSet::of(Algorithm::EdDSA));
        assert_eq!(rsa.iter().count(), 3);
    }
}
