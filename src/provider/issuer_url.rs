//! Issuers whose keys are fetched from a URL.

use crate::claims::Claims;
use crate::jwks::{RemoteJwks, RemoteJwksBuilder};
use crate::policy::Policy;
use crate::verify::{Issuer, Verifier, VerifierBuilder};

impl Verifier<Claims> {
    /// Verifies tokens of the issuer with this URL, with keys from its metadata.
    ///
    /// The metadata (OpenID Connect Discovery 1.0 §4, RFC 8414 §3) contains the URL of the keys. The keys are kept in
    /// memory and refreshed. `iss` must be exactly this URL.
    ///
    /// This call fetches nothing. A server can start while the issuer is down: it answers 503 until the issuer is
    /// available, and recovers without a restart. [`warm`](Verifier::warm) and [`keep_fresh`](Verifier::keep_fresh)
    /// fetch the keys before the first token.
    ///
    /// If the metadata or the keys are at another URL, call [`metadata_url`](VerifierBuilder::metadata_url) or
    /// [`keys_url`](VerifierBuilder::keys_url). Other settings of the fetch are in
    /// [`remote_keys`](VerifierBuilder::remote_keys).
    ///
    /// Without the feature `jwks-client`, call [`client`](VerifierBuilder::client) with an HTTP client.
    ///
    /// ```
    /// use tower_jwt_auth::Verifier;
    ///
    /// let verifier = Verifier::issuer_url("https://auth.example.com").audience("orders").build();
    /// assert!(verifier.is_ok());
    ///
    /// // An attacker on the network path could substitute the keys.
    /// let plain = Verifier::issuer_url("http://auth.example.com").audience("orders").build();
    /// assert!(plain.is_err());
    /// // No token has this issuer: `iss` contains the tenant of the user.
    /// let common = Verifier::issuer_url("https://login.microsoftonline.com/common/v2.0");
    /// assert!(common.audience("orders").build().is_err());
    /// ```
    pub fn issuer_url(url: impl Into<String>) -> VerifierBuilder<Claims> {
        let url = url.into();
        VerifierBuilder::with_public_keys(Ok(RemoteJwks::issuer(&*url))).issuer(url)
    }

    /// Verifies tokens with the keys at this URL, an issuer's `jwks_uri`.
    ///
    /// Use it for issuers without metadata. You must also call [`issuer`](VerifierBuilder::issuer) or
    /// [`any_issuer`](VerifierBuilder::any_issuer). In everything else it is like [`issuer_url`](Self::issuer_url).
    pub fn jwks_url(url: impl Into<String>) -> VerifierBuilder<Claims> {
        VerifierBuilder::with_public_keys(Ok(RemoteJwks::url(url)))
    }
}

impl Issuer {
    /// An issuer whose keys are found through its metadata, as with [`Verifier::issuer_url`].
    ///
    /// To change how its keys are fetched, pass a builder:
    /// `Issuer::new(url, RemoteJwks::issuer(url).max_stale(..), policy)`.
    ///
    /// ```
    /// use tower_jwt_auth::{Issuer, Policy, Verifier};
    ///
    /// let trusted = |url| Issuer::url(url, Policy::new().audience("orders"));
    /// let verifier = Verifier::builder()
    ///     .trust(trusted("https://auth.example.com"))
    ///     .trust(trusted("https://partner.example"))
    ///     .build();
    /// assert!(verifier.is_ok());
    ///
    /// // An attacker on the network path could substitute the keys.
    /// assert!(Verifier::builder().trust(trusted("http://partner.example")).build().is_err());
    /// ```
    pub fn url(url: impl Into<String>, policy: Policy) -> Self {
        let url = url.into();
        Self::new(url.clone(), RemoteJwks::issuer(url), policy)
    }
}

impl<C> VerifierBuilder<C> {
    /// Fetches the keys from this URL without reading metadata; see [`RemoteJwksBuilder::keys_url`].
    ///
    /// Call it only on the builder of [`issuer_url`](Verifier::issuer_url).
    ///
    /// ```
    /// use tower_jwt_auth::Verifier;
    ///
    /// let apple = Verifier::issuer_url("https://appleid.apple.com")
    ///     .keys_url("https://appleid.apple.com/auth/keys")
    ///     .audience("com.example.app")
    ///     .build();
    /// assert!(apple.is_ok());
    ///
    /// let metadata = "https://appleid.apple.com/.well-known/openid-configuration"; // not a key set
    /// let apple = Verifier::issuer_url("https://appleid.apple.com").keys_url(metadata);
    /// assert!(apple.audience("com.example.app").build().is_err());
    /// ```
    pub fn keys_url(self, url: impl Into<String>) -> Self {
        self.change_keys("keys_url", |keys: RemoteJwksBuilder| keys.keys_url(url))
    }

    /// Reads the issuer's metadata from this URL; see [`RemoteJwksBuilder::metadata_url`].
    ///
    /// The metadata must still name the issuer exactly. Call it only on the builder of
    /// [`issuer_url`](Verifier::issuer_url).
    pub fn metadata_url(self, url: impl Into<String>) -> Self {
        self.change_keys("metadata_url", |keys: RemoteJwksBuilder| keys.metadata_url(url))
    }
}
