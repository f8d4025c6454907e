//! How the layer in front rejects requests.

use std::sync::Arc;

use http::Extensions;

use crate::respond::Refuser;
use crate::verify::{Companion, Identity};

/// What the `JwtAuthLayer` that a request went through has left of itself.
pub(crate) fn companion_in(extensions: &Extensions) -> Option<&dyn Companion> {
    match extensions.get::<Identity>() {
        Some(identity) => identity.companion(),
        None => extensions.get::<Arc<dyn Companion>>().map(|companion| &**companion),
    }
}

/// The refuser of that layer, so that whatever rejects the request afterwards answers in the same manner.
pub(crate) fn refuser_of(companion: &dyn Companion) -> Option<&Refuser> {
    companion.refuser().downcast_ref()
}
