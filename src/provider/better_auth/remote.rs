//! Keys that are fetched from a server.

use crate::error::Problem;
use crate::jwks::{RemoteJwks, RemoteJwksBuilder};
use crate::key::Keys;

/// Keys whose URL is known when the preset is built.
pub(super) struct Remote(Box<RemoteJwksBuilder>);

impl Default for Remote {
    fn default() -> Self {
        // A server with sequential ids reuses a key id after its database was recreated.
        let keys = RemoteJwks::url("").refresh_on_bad_signature();
        Self(Box::new(keys.allow_http_on_loopback()))
    }
}

impl Remote {
    pub(super) fn allow_insecure_http(self) -> Self {
        self.change(RemoteJwksBuilder::allow_insecure_http)
    }

    pub(super) fn change(
        self,
        settings: impl FnOnce(RemoteJwksBuilder) -> RemoteJwksBuilder,
    ) -> Self {
        Self(Box::new(settings(*self.0)))
    }

    /// The keys at this URL, built with the verifier.
    #[allow(clippy::unnecessary_wraps)] // it fails in builds without `jwks`
    pub(super) fn at(self, url: String) -> Result<Keys, Problem> {
        Ok(self.0.at(url).into())
    }
}
