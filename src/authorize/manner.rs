//! How the layer in front refuses requests.

use std::sync::Arc;

use http::Extensions;

use crate::respond::Refuser;
use crate::verify::Identity;

/// The refuser of the `JwtAuthLayer` that a request went through, so that whatever refuses it
/// afterwards answers in the same manner.
pub(crate) fn refuser_in(extensions: &Extensions) -> Option<&Refuser> {
    match extensions.get::<Identity>() {
        Some(identity) => identity.companion()?.refuser().downcast_ref(),
        None => extensions.get::<Arc<Refuser>>().map(|refuser| &**refuser),
    }
}
