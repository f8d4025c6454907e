//! The keys behind the URL of a server.

use crate::error::Problem;
use crate::jwks::{RemoteJwks, RemoteJwksBuilder};
use crate::key::Keys;

/// Keys whose URL is known when the preset is built.
pub(super) struct Remote(Box<RemoteJwksBuilder>);

impl Default for Remote {
    fn default() -> Self {
        // A server with ids that count up uses one again after its database was set up anew.
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
    #[allow(clippy::unnecessary_wraps)] // builds without `jwks` have none
    pub(super) fn at(self, url: String) -> Result<Keys, Problem> {
        Ok(self.0.at(url).into())
    }
}
