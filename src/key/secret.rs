//! Shared secrets.

use zeroize::Zeroizing;

use super::material::Material;
use super::verification_key::VerificationKey;
use super::weakness::Weakness;
use crate::error::{BuildError, Problem, ProblemKind};
use crate::jws::base64url;

/// Shared secrets for HMAC.
impl VerificationKey {
    /// A shared secret for HMAC: the text as it stands, never decoded and never trimmed.
    ///
    /// It is used with HS256, or with what [`Policy::algorithms`](crate::Policy::algorithms) lists.
    ///
    /// # Errors
    ///
    /// A secret that is shorter than 32 bytes (RFC 7518 §3.2), the text of a public key, and, without the
    /// feature `test-util`, a secret that is published: its demo secrets, and samples of documentation.
    pub fn shared_secret(secret: impl AsRef<[u8]>) -> Result<Self, BuildError> {
        let secret = secret.as_ref();
        let material =
            Material::hmac(secret).map_err(|why| unusable_secret(why, secret.len(), 32))?;
        Self::new(material, None)
    }

    /// A shared secret that is kept as base64url text without padding; the decoded bytes are the key.
    ///
    /// # Errors
    ///
    /// Text that is not base64url, and as [`shared_secret`](Self::shared_secret).
    pub fn shared_secret_base64url(text: impl AsRef<str>) -> Result<Self, BuildError> {
        Self::shared_secret(decode_secret(text.as_ref())?.as_slice())
    }

    /// A secret of 16 to 31 bytes: shorter than its hash, so that it may be found by trying.
    ///
    /// For systems that cannot change theirs today. Used with HS256 alone.
    ///
    /// # Errors
    ///
    /// A secret that is shorter than 16 bytes.
    pub fn guessable_legacy_secret(secret: impl AsRef<[u8]>) -> Result<Self, BuildError> {
        let secret = secret.as_ref();
        let material =
            Material::legacy_hmac(secret).map_err(|why| unusable_secret(why, secret.len(), 16))?;
        Self::new(material, None)
    }

    /// As [`guessable_legacy_secret`](Self::guessable_legacy_secret), for a secret that is kept as base64url.
    pub(crate) fn guessable_legacy_secret_base64url(text: &str) -> Result<Self, BuildError> {
        Self::guessable_legacy_secret(decode_secret(text)?.as_slice())
    }
}

fn decode_secret(text: &str) -> Result<Zeroizing<Vec<u8>>, BuildError> {
    base64url::decode(text.as_bytes()).map(Zeroizing::new).map_err(|_| not_base64url(text.len()))
}

fn not_base64url(len: usize) -> BuildError {
    BuildError::new(Problem::new(
        ProblemKind::InvalidValue,
        format!("a shared secret of {len} characters that is not base64url"),
        "it cannot be decoded into the bytes that the issuer signs with",
        "Call `shared_secret` if the issuer signs with the text itself",
    ))
}

pub(super) fn unusable_secret(why: Weakness, len: usize, least: usize) -> BuildError {
    BuildError::new(match why {
        Weakness::PublicKeyAsSecret => public_key(),
        Weakness::Published => published(),
        _ => short(len, least),
    })
}

fn public_key() -> Problem {
    Problem::new(
        ProblemKind::MixedKeys,
        "a shared secret that is the text of a public key",
        "public keys are not secret, so that an attacker could sign tokens with it",
        "Call `Verifier::pem` or `Verifier::jwks` for public keys",
    )
}

fn published() -> Problem {
    Problem::new(
        ProblemKind::PublishedSecret,
        "a shared secret that is published",
        "it is part of public documentation or source code, so that an attacker could sign tokens",
        "Make one with `openssl rand -base64 32`; in tests, turn on the feature `test-util`",
    )
}

fn short(len: usize, least: usize) -> Problem {
    Problem::new(
        ProblemKind::WeakSecret,
        format!("a shared secret of {len} bytes, where {least} are the least"),
        "it can be brute-forced (RFC 7518 §3.2)",
        "Make one with `openssl rand -base64 32`",
    )
}
