//! How the layer in front rejects requests.

use std::sync::Arc;

use http::Extensions;

use crate::respond::Refuser;
use crate::verify::{Companion, Identity};

/// What the `JwtAuthLayer` that a request went through has left of itself.
#[cfg(feature = "axum")]
pub(crate) fn companion_in(extensions: &Extensions) -> Option<&dyn Companion> {
    companion_of(extensions.get(), extensions)
}

/// As [`companion_in`], where the identity was looked up already.
pub(super) fn companion_of<'e>(
    identity: Option<&'e Identity>,
    extensions: &'e Extensions,
) -> Option<&'e dyn Companion> {
    match identity {
        Some(identity) => identity.companion(),
        None => extensions.get::<Arc<dyn Companion>>().map(|companion| &**companion),
    }
}

/// The refuser of that layer, so that whatever rejects the request afterwards answers in the same manner.
pub(crate) fn refuser_of(companion: &dyn Companion) -> Option<&Refuser> {
    companion.refuser().downcast_ref()
}
