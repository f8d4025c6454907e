//! The settings of keys that are fetched from the server.

use super::builder::BetterAuth;
use crate::jwks::RemoteJwksBuilder;

impl<C> BetterAuth<C> {
    /// Changes how the server's keys are fetched, with any setting of [`RemoteJwksBuilder`].
    ///
    /// `build` fails if the preset uses a secret, or together with [`keys`](Self::keys), because nothing is fetched
    /// then.
    ///
    /// ```
    /// # #[cfg(feature = "jwks-client")] {
    /// use std::time::Duration;
    /// use tower_jwt_auth::provider::better_auth::BetterAuth;
    /// use tower_jwt_auth::testing::TestIssuer;
    ///
    /// let preset = BetterAuth::url("https://example.com");
    /// assert!(preset.remote_keys(|keys| keys.max_stale(Duration::from_secs(3600))).build().is_ok());
    ///
    /// let preset = BetterAuth::bridge_token(TestIssuer::hs256().secret());
    /// assert!(preset.remote_keys(|keys| keys.max_stale(Duration::from_secs(3600))).build().is_err());
    /// # }
    /// ```
    pub fn remote_keys(
        self,
        settings: impl FnOnce(RemoteJwksBuilder) -> RemoteJwksBuilder,
    ) -> Self {
        self.change_remote("`remote_keys`", |keys| keys.change(settings))
    }
}
