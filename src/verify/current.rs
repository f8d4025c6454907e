//! Where a verifier finds its trust: in itself, or behind a pointer that its handle replaces.

use std::ops::Deref;
use std::sync::{Arc, Weak};

use super::trust::Trust;
#[cfg(feature = "reload")]
use crate::swap::{Loaded, Swap};

pub(super) enum Held<C> {
    Fixed(Arc<Trust<C>>),
    #[cfg(feature = "reload")]
    Reloadable(Arc<Swap<Arc<Trust<C>>>>),
}

/// The trust at one moment. A request takes it once, so that no request is judged with parts of two builds.
pub(crate) enum Current<'v, C> {
    Fixed(&'v Arc<Trust<C>>),
    #[cfg(feature = "reload")]
    Loaded(Loaded<Arc<Trust<C>>>),
}

/// [`Held`] without keeping the trust alive.
pub(super) enum WeakHeld<C> {
    Fixed(Weak<Trust<C>>),
    #[cfg(feature = "reload")]
    Reloadable(Weak<Swap<Arc<Trust<C>>>>),
}

impl<C> Held<C> {
    #[inline]
    pub(super) fn current(&self) -> Current<'_, C> {
        match self {
            Self::Fixed(trust) => Current::Fixed(trust),
            #[cfg(feature = "reload")]
            Self::Reloadable(swap) => Current::Loaded(swap.load()),
        }
    }

    /// Whether the trust is never replaced.
    pub(super) const fn is_fixed(&self) -> bool {
        matches!(self, Self::Fixed(_))
    }

    pub(super) fn downgrade(&self) -> WeakHeld<C> {
        match self {
            Self::Fixed(trust) => WeakHeld::Fixed(Arc::downgrade(trust)),
            #[cfg(feature = "reload")]
            Self::Reloadable(swap) => WeakHeld::Reloadable(Arc::downgrade(swap)),
        }
    }
}

impl<C> WeakHeld<C> {
    pub(super) fn upgrade(&self) -> Option<Held<C>> {
        Some(match self {
            Self::Fixed(trust) => Held::Fixed(trust.upgrade()?),
            #[cfg(feature = "reload")]
            Self::Reloadable(swap) => Held::Reloadable(swap.upgrade()?),
        })
    }
}

impl<C> Deref for Current<'_, C> {
    type Target = Arc<Trust<C>>;

    #[inline]
    fn deref(&self) -> &Arc<Trust<C>> {
        match self {
            Self::Fixed(trust) => trust,
            #[cfg(feature = "reload")]
            Self::Loaded(trust) => trust,
        }
    }
}

impl<C> Clone for Held<C> {
    fn clone(&self) -> Self {
        match self {
            Self::Fixed(trust) => Self::Fixed(Arc::clone(trust)),
            #[cfg(feature = "reload")]
            Self::Reloadable(swap) => Self::Reloadable(Arc::clone(swap)),
        }
    }
}
