//! What the layer leaves in a request's extensions, and what it takes out.

use std::sync::Arc;

use http::{Extensions, Request};

use super::claims_types;
use crate::identity::{Anonymous, Identity};
use crate::respond::Rejector;
use crate::verify::Verified;

/// Takes out every identity that an outer layer left, whatever has become of the rest since: the handler
/// sees what this layer verified, or nothing.
pub(super) fn forget<C: Send + Sync + 'static>(extensions: &mut Extensions) {
    if extensions.is_empty() {
        return;
    }
    // Of this layer's type there may be one of the application's own, too.
    claims_types::note::<C>();
    claims_types::remove_all(extensions);
    extensions.remove::<Identity>();
    extensions.remove::<Anonymous>();
    extensions.remove::<Arc<Rejector>>();
}

pub(super) fn insert<C: Send + Sync + 'static>(
    extensions: &mut Extensions,
    verified: Verified<C>,
    rejector: Arc<Rejector>,
) {
    claims_types::note::<C>();
    extensions.insert(verified.identity().with_rejector(rejector));
    extensions.insert(verified);
}

/// The rejector goes along, for a handler that needs an identity after all.
pub(super) fn insert_anonymous(extensions: &mut Extensions, rejector: Arc<Rejector>) {
    extensions.insert(Anonymous);
    extensions.insert(rejector);
}

impl<C: Send + Sync + 'static> Verified<C> {
    /// The verified token of a request that went through a [`JwtAuthLayer`](crate::JwtAuthLayer).
    ///
    /// `None` without such a layer in front, when it reads another claims type, and when it let the
    /// request through without a token.
    pub fn of<B>(request: &Request<B>) -> Option<&Self> {
        Self::in_extensions(request.extensions())
    }

    /// As [`of`](Self::of), where only the extensions are at hand, as with tonic.
    pub fn in_extensions(extensions: &Extensions) -> Option<&Self> {
        extensions.get()
    }
}
