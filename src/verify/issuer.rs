//! An issuer to trust, with its configuration.

use std::sync::Arc;

use crate::key::{KeySet, Keys};
use crate::policy::{IssuerTemplate, Policy};

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
    pub(super) name: IssuerName,
    pub(super) keys: Keys,
    pub(super) policy: Policy,
    /// The secrets that the keys replace, one set for each call of `migrating_from`; `build` rejects a second one.
    pub(super) migrating_from: Vec<Arc<KeySet>>,
    /// The name of a setting for templates that was called on another issuer; `build` rejects it.
    pub(super) stray: Option<&'static str>,
}

/// The values of `iss` that identify an issuer.
#[derive(Clone, Debug)]
pub(super) enum IssuerName {
    Exact(String),
    Template(IssuerTemplate),
    /// Only the keys identify the issuer.
    Unnamed,
}

impl IssuerName {
    /// The name as configured.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Exact(name) => Some(name),
            Self::Template(template) => Some(template.text()),
            Self::Unnamed => None,
        }
    }

    pub(super) const fn template(&self) -> Option<&IssuerTemplate> {
        match self {
            Self::Template(template) => Some(template),
            Self::Exact(_) | Self::Unnamed => None,
        }
    }
}

impl Issuer {
    /// An issuer whose tokens have this name in `iss` (RFC 7519 §4.1.1).
    ///
    /// The name is compared byte for byte. `keys` is a key, a key set, a key source, or the builder of a
    /// [`RemoteJwks`](crate::jwks::RemoteJwks). Building the verifier fails if the keys belong to an issuer with
    /// another name ([`KeySource::issuer`](crate::key::KeySource::issuer)).
    pub fn new(name: impl Into<String>, keys: impl Into<Keys>, policy: Policy) -> Self {
        Self::with_name(IssuerName::Exact(name.into()), keys.into(), policy)
    }

    /// A provider with one issuer for each of its tenants, all with the same keys.
    ///
    /// The template is a URL in which one whole segment of the path is a placeholder. The placeholder is the name of a
    /// claim. You must also call [`tenants`](Self::tenants) or [`any_tenant`](Self::any_tenant).
    ///
    /// After the signature is verified, `iss` must be the template with a tenant in place of the placeholder, byte for
    /// byte, and the claim must be the same tenant. A tenant has 1 to 128 ASCII letters, digits, `-` and `_`. If an
    /// issuer is also trusted by its exact name, only its own keys and policy apply.
    ///
    /// ```
    /// use tower_jwt_auth::key::KeySet;
    /// use tower_jwt_auth::{ErrorKind, Issuer, Policy, Verifier, testing::TestIssuer};
    ///
    /// let provider = TestIssuer::es256().audience("orders");
    /// let template = "https://login.example.com/{tid}/v2.0";
    /// let issuer = Issuer::template(template, KeySet::jwks(provider.jwks())?, Policy::new().audience("orders"));
    /// assert!(Verifier::builder().trust(issuer.clone()).build().is_err()); // which tenants?
    /// let verifier = Verifier::builder().trust(issuer.tenants(["acme", "globex"])).build()?;
    ///
    /// let token = |of: &str, tid: &str| {
    ///     provider.token().claim("iss", format!("https://login.example.com/{of}/v2.0")).claim("tid", tid).mint()
    /// };
    /// assert!(verifier.verify_now(&token("acme", "acme")).is_ok());
    /// for other in [token("evil", "evil"), token("acme", "globex"), token("ACME", "ACME")] {
    ///     assert_eq!(verifier.verify_now(&other).unwrap_err().kind(), ErrorKind::InvalidIssuer);
    /// }
    /// # Ok::<(), tower_jwt_auth::BuildError>(())
    /// ```
    pub fn template(template: impl Into<String>, keys: impl Into<Keys>, policy: Policy) -> Self {
        let template = IssuerTemplate::new(template.into());
        Self::with_name(IssuerName::Template(template), keys.into(), policy)
    }

    /// Trusts these tenants of a [`template`](Self::template); call it again for more.
    ///
    /// They are compared byte for byte.
    pub fn tenants(mut self, tenants: impl IntoIterator<Item = impl Into<String>>) -> Self {
        match &mut self.name {
            IssuerName::Template(it) => it.add_tenants(tenants.into_iter().map(Into::into)),
            IssuerName::Exact(_) | IssuerName::Unnamed => self.stray = Some("tenants"),
        }
        self
    }

    /// Trusts every tenant of a [`template`](Self::template).
    ///
    /// **Every customer of the provider can then sign in**, and with many providers anyone can become a customer.
    /// Compare the tenant in the claims with the requested data.
    pub fn any_tenant(mut self) -> Self {
        match &mut self.name {
            IssuerName::Template(it) => it.set_any_tenant(),
            IssuerName::Exact(_) | IssuerName::Unnamed => self.stray = Some("any_tenant"),
        }
        self
    }

    /// An issuer without a name, identified only by its keys.
    ///
    /// If it is the only issuer, tokens with any `iss` or none are accepted. Together with other issuers, only tokens
    /// without `iss` are accepted.
    pub fn unnamed(keys: impl Into<Keys>, policy: Policy) -> Self {
        Self::with_name(IssuerName::Unnamed, keys.into(), policy)
    }

    /// Also accepts tokens signed with the secret that the issuer is replacing with public keys.
    ///
    /// The keys of the constructor are the public keys, fixed or from a source. `secret` is a
    /// [`VerificationKey`](crate::VerificationKey), or a [`KeySet`] if there are several secrets. The algorithm of a token
    /// selects the keys before any key is looked up: tokens with HMAC are verified only with the secret, and all others
    /// only with the public keys (RFC 8725 §3.1). The policy applies to both.
    ///
    /// Tokens of the secret are accepted while a source has no keys, and [`health`](crate::Verifier::health) reports only
    /// on the public keys. If the policy lists algorithms, list those of the secret and those of the public keys.
    /// [`build`](crate::VerifierBuilder::build) fails if `secret` is not a secret, or if the other keys are secrets too.
    ///
    /// **Until you remove this call, every holder of the secret can sign tokens.** Remove it when the last token that was
    /// signed with the secret has expired.
    ///
    /// ```
    /// use tower_jwt_auth::{ErrorKind, Issuer, Policy, VerificationKey, Verifier, testing::TestIssuer};
    ///
    /// const NAME: &str = "https://auth.example.com";
    /// let old = TestIssuer::hs256().issuer(NAME).audience("orders");
    /// let new = TestIssuer::es256().issuer(NAME).audience("orders");
    /// let issuer = Issuer::new(NAME, VerificationKey::jwk(new.jwk())?, Policy::new().audience("orders"));
    /// let issuer = issuer.migrating_from(VerificationKey::shared_secret(old.secret())?);
    /// let verifier = Verifier::builder().trust(issuer).build()?;
    ///
    /// assert!(verifier.verify_now(&old.token().mint()).is_ok());
    /// assert!(verifier.verify_now(&new.token().mint()).is_ok());
    /// // The public key does not act as a secret.
    /// let forged = old.clone().with_secret(new.public_pem()).token().mint();
    /// assert_eq!(verifier.verify_now(&forged).unwrap_err().kind(), ErrorKind::InvalidSignature);
    /// # Ok::<(), tower_jwt_auth::BuildError>(())
    /// ```
    pub fn migrating_from(mut self, secret: impl Into<KeySet>) -> Self {
        self.migrating_from.push(Arc::new(secret.into()));
        self
    }

    const fn with_name(name: IssuerName, keys: Keys, policy: Policy) -> Self {
        Self { name, keys, policy, migrating_from: Vec::new(), stray: None }
    }
}
