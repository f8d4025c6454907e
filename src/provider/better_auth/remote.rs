//! The keys behind the URL of a server.

use std::sync::Arc;

use crate::clock::Clock;
use crate::error::BuildError;
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

    /// Checks the settings. The keys use the clock that they are given, unless the settings have one.
    pub(super) fn checked(
        self,
        url: String,
    ) -> Result<impl FnOnce(Option<Arc<dyn Clock>>) -> Keys + Send + Sync, BuildError> {
        let keys = self.0.at(url).checked()?;
        Ok(|clock| keys.build(clock).into())
    }
}
