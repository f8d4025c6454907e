//! The extensions that the layer inserts into a request, and those that it removes.

use std::sync::Arc;

use http::{Extensions, Request};

use super::claims_types;
use crate::error::Error;
use crate::identity::{Anonymous, Identity, Unjudged};
use crate::respond::Rejector;
use crate::verify::Verified;

/// Removes every identity that an outer layer inserted, so that the handler sees only what this layer verified. Returns
/// the credential that an outer layer left to an inner one.
pub(super) fn remove_identity<C: Send + Sync + 'static>(
    extensions: &mut Extensions,
) -> Option<Unjudged> {
    if extensions.is_empty() {
        return None;
    }
    // The application may have inserted a `Verified` of this layer's type.
    claims_types::record::<C>();
    claims_types::remove_all(extensions);
    extensions.remove::<Identity>();
    extensions.remove::<Anonymous>();
    extensions.remove()
}

pub(super) fn insert<C: Send + Sync + 'static>(
    extensions: &mut Extensions,
    verified: Verified<C>,
    rejector: Arc<Rejector>,
) {
    claims_types::record::<C>();
    extensions.insert(verified.identity().with_rejector(rejector));
    extensions.insert(verified);
}

pub(super) fn insert_anonymous(
    extensions: &mut Extensions,
    error: Option<Error>,
    rejector: Arc<Rejector>,
) {
    extensions.insert(Anonymous::new(error, rejector));
}

impl<C: Send + Sync + 'static> Verified<C> {
    /// The verified token of a request that a [`JwtAuthLayer`](crate::JwtAuthLayer) admitted.
    ///
    /// `None` if there is no such layer in front, if the layer uses another claims type, or if it admitted the
    /// request without a token.
    pub fn of<B>(request: &Request<B>) -> Option<&Self> {
        Self::in_extensions(request.extensions())
    }

    /// Same as [`of`](Self::of), for code that has only the extensions, for example with tonic.
    pub fn in_extensions(extensions: &Extensions) -> Option<&Self> {
        extensions.get()
    }
}
