//! What the layers of a resource enforce, for the resource's metadata (RFC 9728 §2).

use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::source::{BearerMethods, TokenSource};

/// What a layer enforces, as far as metadata has a member for it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Enforced {
    pub(crate) bearer_methods: BearerMethods,
}

impl Enforced {
    fn of(source: &dyn TokenSource) -> Self {
        Self { bearer_methods: source.bearer_methods() }
    }

    const fn and(self, other: Self) -> Self {
        Self { bearer_methods: self.bearer_methods.or(other.bearer_methods) }
    }
}

/// The layers of one resource, and the services that they made.
#[derive(Debug, Default)]
pub(crate) struct ResourceLayers(Mutex<Vec<Weak<Enforced>>>);

impl ResourceLayers {
    /// What the existing layers enforce.
    pub(crate) fn enforced(&self) -> Enforced {
        let layers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let existing = layers.iter().filter_map(Weak::upgrade);
        existing.fold(Enforced::default(), |all, one| all.and(*one))
    }

    fn add(&self, enforced: Enforced) -> Arc<Enforced> {
        let enforced = Arc::new(enforced);
        let mut layers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        layers.retain(|layer| layer.strong_count() > 0);
        layers.push(Arc::downgrade(&enforced));
        enforced
    }
}

/// Registers a layer with its resource until it is dropped. Clones of the layer share it until they are changed.
#[derive(Clone)]
pub(super) struct Membership {
    layers: Arc<ResourceLayers>,
    /// Keeps the entry in `layers` alive.
    _enforced: Arc<Enforced>,
}

impl Membership {
    pub(super) fn new(layers: Arc<ResourceLayers>, source: &dyn TokenSource) -> Self {
        let enforced = layers.add(Enforced::of(source));
        Self { layers, _enforced: enforced }
    }

    /// The place of the same layer with another source.
    pub(super) fn with_source(self, source: &dyn TokenSource) -> Self {
        Self::new(self.layers, source)
    }
}
