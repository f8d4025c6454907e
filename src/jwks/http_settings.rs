//! The settings of a remote key set that change its requests.

use std::time::Duration;

use http::{HeaderName, HeaderValue};

use super::builder::RemoteJwksBuilder;
#[cfg(feature = "jwks-client")]
use super::proxy::ProxySetting;
use crate::error::BoxError;

/// Settings for the requests.
impl RemoteJwksBuilder {
    /// Adds a header to each request for keys or metadata.
    ///
    /// It is sent only to the scheme, host and port of the configured URL, and not to a `jwks_uri` on another origin.
    /// It is marked as sensitive. A header that the client sets itself, such as `Host` or `If-None-Match`, is a problem
    /// at `build`. `User-Agent` and `Accept` replace the defaults.
    ///
    /// ```
    /// use tower_jwt_auth::jwks::RemoteJwks;
    ///
    /// # #[cfg(feature = "jwks-client")] {
    /// let keys = || RemoteJwks::url("https://auth.example.com/jwks.json");
    /// assert!(keys().header("x-api-key", "4711").build().is_ok());
    /// assert!(keys().header("host", "auth.example.com").build().is_err());
    /// # }
    /// ```
    pub fn header(
        mut self,
        name: impl TryInto<HeaderName>,
        value: impl TryInto<HeaderValue>,
    ) -> Self {
        self.headers.add(name.try_into().ok(), value.try_into().ok());
        self
    }

    /// Sends the value that this function returns as `Authorization`.
    ///
    /// The function is called for each request, so it can read a file whose token is replaced while the server runs. If
    /// it returns an error, the fetch fails with [`NoCredential`](crate::key::FetchFailure::NoCredential). It must
    /// return soon: it runs on the async runtime. As with [`header`](Self::header), only the configured origin receives
    /// the value. For a fixed value, call `header`.
    ///
    /// ```
    /// use tower_jwt_auth::jwks::RemoteJwks;
    ///
    /// # #[cfg(feature = "jwks-client")] {
    /// // The keys of a Kubernetes cluster.
    /// let token = || {
    ///     let file = "/var/run/secrets/kubernetes.io/serviceaccount/token";
    ///     std::fs::read_to_string(file).map(|token| format!("Bearer {}", token.trim()))
    /// };
    /// let keys = || RemoteJwks::url("https://kubernetes.default.svc/openid/v1/jwks").authorization(token);
    /// assert!(keys().build().is_ok());
    /// // A request has only one such header.
    /// assert!(keys().header("authorization", "Bearer 4711").build().is_err());
    /// # }
    /// ```
    pub fn authorization<V, E>(
        mut self,
        read: impl Fn() -> Result<V, E> + Send + Sync + 'static,
    ) -> Self
    where
        V: TryInto<HeaderValue, Error: Into<BoxError>>,
        E: Into<BoxError>,
    {
        self.headers.authorize(Box::new(move || {
            read().map_err(Into::into)?.try_into().map_err(Into::into)
        }));
        self
    }

    /// Sets the connect timeout of the default client (feature `jwks-client`).
    ///
    /// It is also the limit for a tunnel through a proxy. The default is 2 seconds.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }
}

/// Settings for the default client.
#[cfg(feature = "jwks-client")]
impl RemoteJwksBuilder {
    /// Trusts these root certificates in addition to the platform's, for a private certificate authority.
    ///
    /// `pem` contains one or more certificates. Anything else is a problem at `build`. Call it again to add more.
    ///
    /// ```
    /// use tower_jwt_auth::jwks::RemoteJwks;
    ///
    /// let keys = |pem: &str| RemoteJwks::url("https://auth.internal.example/jwks.json").root_certificates(pem);
    /// assert!(keys("not a certificate").build().is_err());
    /// # let pem = "-----BEGIN CERTIFICATE-----
    /// # MIIBqjCCAU+gAwIBAgIUX5K8FDn2VjleYPIdpvf9Jf9+2c8wCgYIKoZIzj0EAwIw
    /// # ITEfMB0GA1UEAwwWdG93ZXItand0LWF1dGggdGVzdCBjYTAgFw0yNjExMjMxMDU2
    /// # MTZaGA8yMTI2MTAzMDEwNTYxNlowITEfMB0GA1UEAwwWdG93ZXItand0LWF1dGgg
    /// # dGVzdCBjYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABD2o47kTUQlJsjn5onRd
    /// # e12Uu19tVMsXLGi5ZP2B7krVoVm1aUe+AmiJugZ2tSdW4/V9pxCC6dSvFaX3Ro+g
    /// # 3HqjYzBhMB0GA1UdDgQWBBSVGmmg4IDsfjrVQxbDIn0FS4IE7TAfBgNVHSMEGDAW
    /// # gBSVGmmg4IDsfjrVQxbDIn0FS4IE7TAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB
    /// # /wQEAwICBDAKBggqhkjOPQQDAgNJADBGAiEAswwC37AuMxRkneSHCl6KJbAr0FEg
    /// # Z+RPu2C+6lEn/D4CIQCcKGa5mzHeBSyTS6NyA9FMaIrC+aexzxNCLMJ1RuypIg==
    /// # -----END CERTIFICATE-----";
    /// assert!(keys(pem).build().is_ok()); // "-----BEGIN CERTIFICATE-----…"
    /// ```
    pub fn root_certificates(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.default_client.roots.add("root_certificates", pem.as_ref());
        self
    }

    /// Trusts only these root certificates, and not those of the platform.
    ///
    /// It takes precedence over `webpki_roots`. Otherwise it is like [`root_certificates`](Self::root_certificates).
    pub fn only_root_certificates(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.default_client.roots.only("only_root_certificates", pem.as_ref());
        self
    }

    /// Uses Mozilla's root certificates in the default client, instead of the platform's.
    ///
    /// They are compiled into the binary. Use it for container images without root certificates.
    #[cfg(feature = "webpki-roots")]
    pub fn webpki_roots(mut self) -> Self {
        self.default_client.roots.mozilla();
        self
    }

    /// Sends the requests through this proxy, whatever the environment variables say.
    ///
    /// The URL is `http` or `https`, and may contain a user name and a password for the proxy. Keys at an `https` URL
    /// are fetched through a tunnel (`CONNECT`), so the proxy cannot change them. Requests over plain `http` to this
    /// machine are never sent to a proxy.
    ///
    /// Without this call, the variables `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` apply, in upper or
    /// lower case, as they are when the keys are built. A proxy that cannot be used is a problem at `build`.
    ///
    /// ```
    /// use tower_jwt_auth::jwks::RemoteJwks;
    ///
    /// let keys = |proxy| RemoteJwks::url("https://auth.example.com/jwks.json").proxy(proxy);
    /// assert!(keys("http://user:password@proxy.example:3128").build().is_ok());
    /// assert!(keys("socks5://proxy.example:1080").build().is_err());
    /// ```
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.default_client.proxy = ProxySetting::At(url.into());
        self
    }

    /// Sends the requests directly, whatever the environment variables say.
    pub fn no_proxy(mut self) -> Self {
        self.default_client.proxy = ProxySetting::Off;
        self
    }
}
