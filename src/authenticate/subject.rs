//! The subject of the token as a field of the current span.

use zeroize::Zeroizing;

use crate::error::{Problem, ProblemKind};
use crate::key::CryptoBackend;
use crate::observe;

const SHORTEST_KEY: usize = 32;
/// The number of bytes of the HMAC that are recorded.
const RECORDED: usize = 16;

/// The span field in which the subject of each accepted token is recorded.
pub(super) struct Subject {
    field: Box<str>,
    /// The key of the hash; `None` if the subject itself is recorded.
    key: Option<Zeroizing<Vec<u8>>>,
}

impl Subject {
    pub(super) fn plain(field: String) -> Self {
        Self { field: field.into(), key: None }
    }

    /// # Errors
    ///
    /// The key is too short.
    pub(super) fn hashed(field: String, key: &[u8]) -> Result<Self, Problem> {
        if key.len() < SHORTEST_KEY {
            return Err(short_key(key.len()));
        }
        Ok(Self { field: field.into(), key: Some(Zeroizing::new(key.to_vec())) })
    }

    pub(super) fn record(&self, subject: Option<&str>) {
        match (subject, &self.key) {
            (Some(subject), None) => observe::record(&self.field, subject),
            (Some(subject), Some(key)) => {
                if let Some(hash) = hash(key, subject) {
                    observe::record(&self.field, &hash);
                }
            }
            (None, _) => {}
        }
    }
}

/// The first half of the HMAC-SHA-256, in hexadecimal. `None` without a crypto backend, which verifies no token.
fn hash(key: &[u8], subject: &str) -> Option<String> {
    let tag = CryptoBackend::active()?.hmac_sha256(key, subject.as_bytes())?;
    let half: &[u8; RECORDED] = tag.first_chunk()?;
    Some(format!("{:032x}", u128::from_be_bytes(*half)))
}

fn short_key(len: usize) -> Problem {
    Problem::new(
        ProblemKind::WeakSecret,
        format!("the key of `record_subject_hashed` has {len} bytes"),
        "a short key can be brute-forced, which reveals the subject in each log line",
        "Pass at least 32 random bytes, and keep them secret",
    )
}

#[cfg(all(test, any(feature = "aws-lc-rs", feature = "rust-crypto")))]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_half_of_the_hmac() {
        // Computed with Python: `hmac.new(key, subject, "sha256").hexdigest()[:32]`.
        let key = b"0123456789abcdef0123456789abcdef";
        for (subject, expected) in [
            ("user-1", "813a2f79241b5fddb4dd0b6cdab3ce80"),
            ("user-2", "019bf8545a86b650f21ef236db3eb9b3"),
            ("", "796cd3078af14636753d26b3b5555422"),
        ] {
            assert_eq!(hash(key, subject).as_deref(), Some(expected), "{subject}");
        }
        assert_ne!(hash(&[7; 32], "user-1"), hash(key, "user-1"));
    }

    #[test]
    fn a_key_has_at_least_32_bytes() {
        for (len, is_accepted) in [(0, false), (16, false), (31, false), (32, true), (64, true)] {
            let subject = Subject::hashed("user.hash".to_owned(), &vec![7; len]);
            assert_eq!(subject.is_ok(), is_accepted, "{len}");
        }
    }
}
