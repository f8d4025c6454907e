//! A key set in a file.

use crate::claims::Claims;
use crate::key::KeySet;
use crate::verify::{Verifier, VerifierBuilder};

impl Verifier<Claims> {
    /// Verifies tokens with the keys of this JWKS document, as [`KeySet::from_jwks`] reads it.
    ///
    /// The keys never change; that is right for keys that are deployed with the server. The issuer has
    /// to be decided on: [`issuer`](VerifierBuilder::issuer) or
    /// [`any_issuer`](VerifierBuilder::any_issuer).
    ///
    /// ```
    /// use tower_jwt_auth::{ErrorKind, Verifier, testing::TestIssuer};
    ///
    /// let issuer = TestIssuer::es256().issuer("https://auth.example.com").audience("orders");
    /// let verifier = Verifier::jwks(issuer.jwks())
    ///     .issuer("https://auth.example.com")
    ///     .audience("orders")
    ///     .build()?;
    /// assert!(verifier.verify_now(&issuer.token().mint()).is_ok());
    ///
    /// let refused = verifier.verify_now(&issuer.token().header("kid", "another").mint()).unwrap_err();
    /// assert_eq!(refused.kind(), ErrorKind::UnknownKey);
    /// # Ok::<(), tower_jwt_auth::BuildError>(())
    /// ```
    pub fn jwks(document: impl AsRef<str>) -> VerifierBuilder<Claims> {
        VerifierBuilder::with_public_keys(KeySet::from_jwks(document))
    }
}
