//! The trait of the presets' claims types.

use serde::de::DeserializeOwned;

use super::session::{Facts, SessionUser};
use super::user::User;

/// The claims types of the presets.
pub(super) trait Account: DeserializeOwned + Send + Sync + 'static {
    fn user(&self) -> &User;

    /// The values to check, for session cookies.
    fn session(&self) -> Option<&Facts>;
}

impl Account for User {
    fn user(&self) -> &User {
        self
    }

    fn session(&self) -> Option<&Facts> {
        None
    }
}

impl Account for SessionUser {
    fn user(&self) -> &User {
        self
    }

    fn session(&self) -> Option<&Facts> {
        Some(&self.facts)
    }
}
