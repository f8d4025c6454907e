//! Shared secrets.

use zeroize::Zeroizing;

use super::material::Material;
use super::verification_key::VerificationKey;
use super::weakness::Weakness;
use crate::error::{BuildError, Problem, ProblemKind};
use crate::jws::base64url;

/// Shared secrets for HMAC.
impl VerificationKey {
    /// A shared secret for HMAC, used as it is: neither decoded nor trimmed.
    ///
    /// It is used with HS256, or with the algorithms that [`Policy::algorithms`](crate::Policy::algorithms) lists.
    ///
    /// # Errors
    ///
    /// The secret is shorter than 32 bytes (RFC 7518 §3.2) or is the text of a public key. Without the
    /// feature `test-util`, published secrets are rejected as well: the demo secrets of that feature,
    /// and samples from documentation.
    pub fn shared_secret(secret: impl AsRef<[u8]>) -> Result<Self, BuildError> {
        let secret = secret.as_ref();
        let material =
            Material::hmac(secret).map_err(|why| unusable_secret(why, secret.len(), 32))?;
        Self::new(material, None)
    }

    /// A shared secret in base64url without padding; the decoded bytes are the key.
    ///
    /// # Errors
    ///
    /// The text is not base64url, or [`shared_secret`](Self::shared_secret) rejects the decoded secret.
    pub fn shared_secret_base64url(text: impl AsRef<str>) -> Result<Self, BuildError> {
        Self::shared_secret(decode_secret(text.as_ref())?.as_slice())
    }

    /// A shared secret of 16 to 31 bytes, which is short enough to be brute-forced.
    ///
    /// Use it only for systems that cannot change their secret yet. Such a secret is used only with HS256.
    ///
    /// # Errors
    ///
    /// The secret is shorter than 16 bytes, or [`shared_secret`](Self::shared_secret) rejects it for
    /// another reason.
    pub fn guessable_legacy_secret(secret: impl AsRef<[u8]>) -> Result<Self, BuildError> {
        let secret = secret.as_ref();
        let material =
            Material::legacy_hmac(secret).map_err(|why| unusable_secret(why, secret.len(), 16))?;
        Self::new(material, None)
    }

    /// Like [`guessable_legacy_secret`](Self::guessable_legacy_secret), for a secret in base64url.
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

pub(super) fn unusable_secret(why: Weakness, len: usize, min_len: usize) -> BuildError {
    BuildError::new(match why {
        Weakness::PublicKeyAsSecret => public_key(),
        Weakness::Published => published(),
        _ => short(len, min_len),
    })
}

fn public_key() -> Problem {
    Problem::new(
        ProblemKind::MixedKeys,
        "a shared secret that is the text of a public key",
        "a public key is not secret, so an attacker could sign tokens with it",
        "Call `Verifier::pem` or `Verifier::jwks` for public keys",
    )
}

fn published() -> Problem {
    Problem::new(
        ProblemKind::PublishedSecret,
        "a shared secret that is published",
        "an attacker can find it in documentation or source code and sign tokens with it",
        "Generate one with `openssl rand -base64 32`; in tests, turn on the feature `test-util`",
    )
}

fn short(len: usize, min_len: usize) -> Problem {
    Problem::new(
        ProblemKind::WeakSecret,
        format!("a shared secret of {len} bytes, but at least {min_len} are required"),
        "it can be brute-forced (RFC 7518 §3.2)",
        "Generate one with `openssl rand -base64 32`",
    )
}
