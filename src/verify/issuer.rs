//! An issuer to trust, with its configuration.

use crate::key::Keys;
use crate::policy::Policy;

/// An issuer to trust, with its own keys and its own policy.
///
/// ```
/// use tower_jwt_auth::{ErrorKind, Issuer, Policy, VerificationKey, Verifier, testing::TestIssuer};
///
/// let own = TestIssuer::hs256().audience("orders");
/// let partner = TestIssuer::es256().issuer("https://partner.example").audience("orders");
/// let policy = Policy::new().audience("orders");
/// let verifier = Verifier::builder()
///     .trust(Issuer::new("https://partner.example", VerificationKey::jwk(partner.jwk())?, policy.clone()))
///     .trust(Issuer::unnamed(VerificationKey::shared_secret(own.secret())?, policy))
///     .build()?;
///
/// assert!(verifier.verify_now(&partner.token().mint()).is_ok());
/// assert!(verifier.verify_now(&own.token().mint()).is_ok());
///
/// // The key of one issuer does not verify tokens of another.
/// let forged = own.token().claim("iss", "https://partner.example").mint();
/// assert_eq!(verifier.verify_now(&forged).unwrap_err().kind(), ErrorKind::AlgorithmNotAllowed);
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "an issuer is not trusted until it is passed to `VerifierBuilder::trust`"]
pub struct Issuer {
    pub(super) name: Option<String>,
    pub(super) keys: Keys,
    pub(super) policy: Policy,
}

impl Issuer {
    /// An issuer whose tokens have this name in `iss` (RFC 7519 §4.1.1).
    ///
    /// The name is compared byte for byte. `keys` is a key, a key set, a key source, or the builder of a
    /// [`RemoteJwks`](crate::jwks::RemoteJwks). Building the verifier fails if the keys belong to an issuer with
    /// another name ([`KeySource::issuer`](crate::key::KeySource::issuer)).
    pub fn new(name: impl Into<String>, keys: impl Into<Keys>, policy: Policy) -> Self {
        Self { name: Some(name.into()), keys: keys.into(), policy }
    }

    /// An issuer without a name, identified only by its keys.
    ///
    /// If it is the only issuer, tokens with any `iss` or none are accepted. Together with other issuers, only tokens
    /// without `iss` are accepted.
    pub fn unnamed(keys: impl Into<Keys>, policy: Policy) -> Self {
        Self { name: None, keys: keys.into(), policy }
    }
}
