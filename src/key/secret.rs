//! Shared secrets.

use zeroize::Zeroizing;

use super::base64;
use super::material::Material;
use super::verification_key::VerificationKey;
use super::weakness::Weakness;
use crate::error::{BuildError, Problem, ProblemKind};

/// Shared secrets for HMAC.
impl VerificationKey {
    /// A shared secret for HMAC, used as it is: neither decoded nor trimmed.
    ///
    /// It is used with HS256, or with the algorithms that [`Policy::algorithms`](crate::Policy::algorithms) lists.
    ///
    /// # Errors
    ///
    /// The secret is shorter than 32 bytes (RFC 7518 §3.2) or is the text of a public key. A text with white space at
    /// its start or end is rejected, because the white space is rarely a part of the secret. Without the
    /// feature `test-util`, published secrets are rejected as well: the demo secrets of that feature,
    /// and samples from documentation.
    pub fn shared_secret(secret: impl AsRef<[u8]>) -> Result<Self, BuildError> {
        Length::Full.secret(secret.as_ref())
    }

    /// A shared secret in base64; the decoded bytes are the key.
    ///
    /// Both alphabets are accepted, with or without padding (RFC 4648 §4, §5).
    ///
    /// ```
    /// use tower_jwt_auth::VerificationKey;
    ///
    /// // An example from RFC 7515 appendix A.1, in both alphabets.
    /// for text in [
    ///     "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ+EstJQLr/T+1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow==",
    ///     "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    /// ] {
    ///     assert!(VerificationKey::shared_secret_base64(text).is_ok());
    /// }
    /// assert!(VerificationKey::shared_secret_base64("not base64").is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// The text is not base64, or the decoded secret is too short, the text of a public key, or published.
    pub fn shared_secret_base64(text: impl AsRef<str>) -> Result<Self, BuildError> {
        Length::Full.encoded_secret(text.as_ref())
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
        Length::Legacy.secret(secret.as_ref())
    }

    /// Like [`guessable_legacy_secret`](Self::guessable_legacy_secret), for a secret in base64.
    pub(crate) fn guessable_legacy_secret_base64(text: &str) -> Result<Self, BuildError> {
        Length::Legacy.encoded_secret(text)
    }
}

/// The minimum length of a secret.
#[derive(Clone, Copy)]
enum Length {
    Full,
    Legacy,
}

impl Length {
    const fn min_len(self) -> usize {
        match self {
            Self::Full => 32,
            Self::Legacy => 16,
        }
    }

    fn material(self, secret: &[u8], looks_encoded: bool) -> Result<Material, BuildError> {
        let checked = match self {
            Self::Full => Material::hmac(secret),
            Self::Legacy => Material::legacy_hmac(secret),
        };
        checked.map_err(|why| match why {
            Weakness::ShortSecret => short(secret.len(), self.min_len(), looks_encoded).into(),
            _ => unusable_secret(why, secret.len(), self.min_len()),
        })
    }

    /// A key of these bytes.
    fn secret(self, secret: &[u8]) -> Result<VerificationKey, BuildError> {
        let looks_encoded = base64::looks_encoded(secret);
        let material = self.material(secret, looks_encoded)?;
        if has_white_space_at_an_end(secret) {
            return Err(white_space().into());
        }
        Ok(VerificationKey::new(material, None)?.with_doubtful_encoding(looks_encoded))
    }

    /// A key of the bytes that this text encodes.
    fn encoded_secret(self, text: &str) -> Result<VerificationKey, BuildError> {
        if has_white_space_at_an_end(text.as_bytes()) {
            return Err(white_space().into());
        }
        let secret = base64::decode(text.as_bytes()).map(Zeroizing::new);
        let secret = secret.ok_or_else(|| not_base64(text.len()))?;
        let material = self.material(&secret, true)?;
        Ok(VerificationKey::new(material, None)?.with_doubtful_encoding(true))
    }
}

/// Whether it is text with white space or a byte order mark at its start or end. Random bytes are not text.
fn has_white_space_at_an_end(secret: &[u8]) -> bool {
    let is_space = |c: char| c.is_whitespace() || c == '\u{feff}';
    str::from_utf8(secret).is_ok_and(|text| {
        text.chars().all(|c| !c.is_control() || is_space(c))
            && (text.starts_with(is_space) || text.ends_with(is_space))
    })
}

fn not_base64(len: usize) -> BuildError {
    BuildError::new(Problem::new(
        ProblemKind::InvalidValue,
        format!("a shared secret of {len} characters that is not base64"),
        "it cannot be decoded into the bytes that the issuer signs with",
        "Call `shared_secret` if the issuer signs with the text itself; `shared_secret_base64` decodes it",
    ))
}

fn white_space() -> Problem {
    Problem::new(
        ProblemKind::InvalidValue,
        "a shared secret with white space at its start or end",
        "a line break from a file or a variable is rarely a part of the secret, and no token would verify with it",
        "Remove it; `Verifier::shared_secret_from_file` ignores one line break at the end of a file, and \
         `shared_secret_base64` accepts a secret that really has white space",
    )
}

pub(super) fn unusable_secret(why: Weakness, len: usize, min_len: usize) -> BuildError {
    BuildError::new(match why {
        Weakness::PublicKeyAsSecret => public_key(),
        Weakness::Published => published(),
        _ => short(len, min_len, false),
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
        "Generate one with `openssl rand -base64 32`; in tests, enable the feature `test-util`",
    )
}

fn short(len: usize, min_len: usize, looks_encoded: bool) -> Problem {
    Problem::new(
        ProblemKind::WeakSecret,
        format!("a shared secret of {len} bytes, but at least {min_len} are required"),
        "it can be brute-forced (RFC 7518 §3.2)",
        if looks_encoded {
            "Call `shared_secret` if the issuer signs with the text itself, or `shared_secret_base64` if it decodes \
             the text; if that call fails as well, generate a longer one with `openssl rand -base64 32`"
        } else {
            "Generate one with `openssl rand -base64 32`"
        },
    )
}
