//! The settings of the built-in client (feature `jwks-client`).

use super::builder::IntrospectionBuilder;

/// Settings for the built-in client.
///
/// They are those of [`RemoteJwksBuilder`](crate::jwks::RemoteJwksBuilder), and a problem at `build` together with
/// [`client`](Self::client).
impl IntrospectionBuilder {
    /// Trusts these root certificates in addition to the platform's, for a private certificate authority.
    ///
    /// `pem` contains one or more certificates. Anything else is a problem at `build`. Call it again to add more.
    pub fn root_certificates(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.default_client.add_roots("root_certificates", pem.as_ref());
        self
    }

    /// Uses Mozilla's root certificates in the built-in client, instead of the platform's.
    #[cfg(feature = "webpki-roots")]
    #[cfg_attr(docsrs, doc(cfg(feature = "webpki-roots")))]
    pub fn webpki_roots(mut self) -> Self {
        self.default_client.use_webpki_roots();
        self
    }

    /// Sends the requests through this proxy, whatever the environment variables say.
    ///
    /// See [`RemoteJwksBuilder::proxy`](crate::jwks::RemoteJwksBuilder::proxy).
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.default_client.set_proxy(Some(url.into()));
        self
    }

    /// Sends the requests directly, whatever the environment variables say.
    pub fn no_proxy(mut self) -> Self {
        self.default_client.set_proxy(None);
        self
    }
}
