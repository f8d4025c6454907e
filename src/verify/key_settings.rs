//! Settings of the keys of a builder for one issuer.

use std::sync::Arc;

use super::builder::VerifierBuilder;
#[cfg(feature = "jwks")]
use super::builder::{Single, SingleKeys};
#[cfg(feature = "jwks")]
use super::problem;
#[cfg(feature = "jwks")]
use crate::key::BuildKeys;
use crate::key::KeySet;

impl<C> VerifierBuilder<C> {
    /// Also accepts tokens signed with the secret that the issuer is replacing with public keys.
    ///
    /// Call it after a constructor for public keys, such as [`jwks`](crate::Verifier::jwks) or `issuer_url`. For the
    /// rules, see [`Issuer::migrating_from`](crate::Issuer::migrating_from).
    ///
    /// ```
    /// use tower_jwt_auth::{ErrorKind, VerificationKey, Verifier, testing::TestIssuer};
    ///
    /// const NAME: &str = "https://auth.example.com";
    /// let old = TestIssuer::hs256().issuer(NAME);
    /// let new = TestIssuer::es256().issuer(NAME);
    /// let verifier = Verifier::jwks(new.jwks())
    ///     .migrating_from(VerificationKey::shared_secret(old.secret())?)
    ///     .issuer(NAME)
    ///     .any_audience()
    ///     .build()?;
    ///
    /// assert!(verifier.verify_now(&old.token().mint()).is_ok());
    /// assert!(verifier.verify_now(&new.token().mint()).is_ok());
    /// let forged = old.clone().with_other_key().token().mint();
    /// assert_eq!(verifier.verify_now(&forged).unwrap_err().kind(), ErrorKind::InvalidSignature);
    /// # Ok::<(), tower_jwt_auth::BuildError>(())
    /// ```
    pub fn migrating_from(mut self, secret: impl Into<KeySet>) -> Self {
        match &mut self.single {
            Some(single) => single.migrating_from.push(Arc::new(secret.into())),
            None => self.stray_settings = true,
        }
        self
    }

    /// Changes a setting of the keys' builder. Reports a problem if the builder is not a `K`.
    #[cfg(feature = "jwks")]
    pub(crate) fn change_keys<K: BuildKeys>(
        mut self,
        setting: &str,
        change: impl FnOnce(K) -> K,
    ) -> Self {
        let is_changed = match &self.single {
            Some(Single { keys: Some(SingleKeys::Other(keys)), .. }) => keys.change(change),
            _ => false,
        };
        if !is_changed {
            self.problems.push(problem::setting_of_other_keys(setting));
        }
        self
    }
}
