//! An issuer with a URL: its metadata says where its keys are.

use crate::claims::Claims;
use crate::jwks::RemoteJwks;
use crate::verify::{Verifier, VerifierBuilder};

impl Verifier<Claims> {
    /// Verifies tokens of the issuer with this URL: its keys are found by its metadata (OpenID Connect
    /// Discovery 1.0 §4, RFC 8414 §3), kept in memory and refreshed, and `iss` has to be this text.
    ///
    /// Nothing is fetched here: a server starts while the issuer is down, answers 503 until it is up, and
    /// recovers by itself. For other settings than the defaults, or to ask for the keys' health, make a
    /// [`RemoteJwks`] and pass it to [`key_source`](Verifier::key_source).
    ///
    /// ```
    /// use tower_jwt_auth::Verifier;
    ///
    /// # if tower_jwt_auth::key::CryptoBackend::active().is_some() {
    /// let verifier = Verifier::issuer_url("https://auth.example.com").audience("orders").build();
    /// assert!(verifier.is_ok());
    ///
    /// // Whoever stands between could answer with keys of their own.
    /// let plain = Verifier::issuer_url("http://auth.example.com").audience("orders").build();
    /// assert!(plain.is_err());
    /// # }
    /// ```
    pub fn issuer_url(url: impl Into<String>) -> VerifierBuilder<Claims> {
        let url = url.into();
        VerifierBuilder::with_public_keys(RemoteJwks::issuer(&*url).build()).issuer(url)
    }

    /// Verifies tokens with the keys that are served at this URL, an issuer's `jwks_uri`.
    ///
    /// As [`issuer_url`](Self::issuer_url), for issuers without metadata: their name has to be decided on,
    /// with [`issuer`](VerifierBuilder::issuer) or [`any_issuer`](VerifierBuilder::any_issuer).
    pub fn jwks_url(url: impl Into<String>) -> VerifierBuilder<Claims> {
        VerifierBuilder::with_public_keys(RemoteJwks::url(url).build())
    }
}
