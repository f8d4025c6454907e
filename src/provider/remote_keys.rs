//! Settings for fetching keys from the URL that was passed to a constructor.

use crate::jwks::{Fetch, RemoteJwksBuilder};
use crate::verify::VerifierBuilder;

/// Settings for keys that are fetched from a URL.
impl<C> VerifierBuilder<C> {
    /// Changes how the keys are fetched, with any setting of [`RemoteJwksBuilder`].
    ///
    /// Call it only on the builder of [`issuer_url`](crate::Verifier::issuer_url) or
    /// [`jwks_url`](crate::Verifier::jwks_url).
    ///
    /// ```
    /// # #[cfg(feature = "jwks-client")] {
    /// use std::time::Duration;
    /// use tower_jwt_auth::{Verifier, testing::TestIssuer};
    ///
    /// let verifier = Verifier::issuer_url("https://auth.example.com")
    ///     .remote_keys(|keys| keys.ttl(Duration::from_secs(300)).require_same_origin())
    ///     .audience("orders")
    ///     .build();
    /// assert!(verifier.is_ok());
    ///
    /// // Values that are unsafe or cannot work are rejected, as by `RemoteJwksBuilder::build`.
    /// let verifier = Verifier::issuer_url("https://auth.example.com")
    ///     .remote_keys(|keys| keys.cooldown(Duration::ZERO))
    ///     .audience("orders")
    ///     .build();
    /// assert!(verifier.is_err());
    /// // Fixed keys are not fetched.
    /// let verifier = Verifier::jwks(TestIssuer::es256().jwks()).any_issuer().any_audience();
    /// assert!(verifier.remote_keys(|keys| keys.require_same_origin()).build().is_err());
    /// # }
    /// ```
    pub fn remote_keys(
        self,
        settings: impl FnOnce(RemoteJwksBuilder) -> RemoteJwksBuilder,
    ) -> Self {
        self.change_keys("remote_keys", settings)
    }

    /// Fetches the keys with this client; see [`RemoteJwksBuilder::client`].
    pub fn client(self, client: impl Fetch) -> Self {
        self.change_keys("client", |keys: RemoteJwksBuilder| keys.client(client))
    }

    /// Allows `http` URLs on this machine, for development and tests.
    ///
    /// See [`RemoteJwksBuilder::allow_http_on_loopback`].
    pub fn allow_http_on_loopback(self) -> Self {
        self.change_keys("allow_http_on_loopback", RemoteJwksBuilder::allow_http_on_loopback)
    }

    /// Allows `http` URLs of any host.
    ///
    /// An attacker on the network path can then substitute the keys. See
    /// [`RemoteJwksBuilder::allow_insecure_http`].
    pub fn allow_insecure_http(self) -> Self {
        self.change_keys("allow_insecure_http", RemoteJwksBuilder::allow_insecure_http)
    }
}
