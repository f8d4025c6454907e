//! One public key in a file.

use crate::claims::Claims;
use crate::jws::Algorithm;
use crate::key::VerificationKey;
use crate::verify::{Verifier, VerifierBuilder};

impl Verifier<Claims> {
    /// Verifies tokens with the public key in this PEM, as [`VerificationKey::pem`] reads it.
    ///
    /// The issuer has to be decided on: [`issuer`](VerifierBuilder::issuer) or
    /// [`any_issuer`](VerifierBuilder::any_issuer).
    ///
    /// ```
    /// use tower_jwt_auth::{Algorithm, ErrorKind, Verifier, testing::TestIssuer};
    ///
    /// let issuer = TestIssuer::new(Algorithm::RS256).issuer("https://auth.example.com");
    /// let verifier = Verifier::pem(Algorithm::RS256, issuer.public_pem())
    ///     .issuer("https://auth.example.com")
    ///     .any_audience()
    ///     .build()?;
    /// assert!(verifier.verify_now(&issuer.token().mint()).is_ok());
    ///
    /// let refused = verifier.verify_now(&issuer.token().without("iss").mint()).unwrap_err();
    /// assert_eq!(refused.kind(), ErrorKind::InvalidIssuer);
    /// # Ok::<(), tower_jwt_auth::BuildError>(())
    /// ```
    pub fn pem(algorithm: Algorithm, pem: impl AsRef<[u8]>) -> VerifierBuilder<Claims> {
        VerifierBuilder::with_public_key(VerificationKey::pem(algorithm, pem))
    }
}
