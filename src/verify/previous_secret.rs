//! Secrets of before a rotation, for builders that start with a secret.

use super::builder::VerifierBuilder;

impl<C> VerifierBuilder<C> {
    /// Takes tokens that were signed with this secret, too: the one before the last rotation, spelled as
    /// the first one is and held to the same length.
    pub fn and_previous(self, secret: impl AsRef<[u8]>) -> Self {
        self.and_previous_key(|read| (read.like_the_first)(secret.as_ref()))
    }

    /// As [`and_previous`](Self::and_previous), for a previous secret of 16 to 31 bytes, which may be found by
    /// brute force; as
    /// [`VerificationKey::guessable_legacy_secret`](crate::VerificationKey::guessable_legacy_secret).
    ///
    /// For the rotation away from such a secret. Leave it out when the last token that was signed with it has
    /// expired.
    ///
    /// ```
    /// use tower_jwt_auth::{Verifier, testing::TestIssuer};
    ///
    /// let old = TestIssuer::hs256().with_secret("16 bytes or more");
    /// let new = TestIssuer::hs256();
    /// let builder = || Verifier::shared_secret(new.secret()).any_audience();
    /// assert!(builder().and_previous(old.secret()).build().is_err());
    ///
    /// let verifier = builder().and_previous_guessable_legacy_secret(old.secret()).build()?;
    /// assert!(verifier.verify_now(&new.token().mint()).is_ok());
    /// assert!(verifier.verify_now(&old.token().mint()).is_ok());
    /// assert!(verifier.verify_now(&old.token().mint_tampered()).is_err());
    /// # Ok::<(), tower_jwt_auth::BuildError>(())
    /// ```
    pub fn and_previous_guessable_legacy_secret(self, secret: impl AsRef<[u8]>) -> Self {
        self.and_previous_key(|read| (read.guessable_legacy)(secret.as_ref()))
    }
}
