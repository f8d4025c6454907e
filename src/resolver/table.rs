//! The answers in memory, which clones and verifiers share.

use std::sync::{Arc, PoisonError};

use super::lookups::{Known, Lookups};
use crate::jwks::sync::{Mutex, MutexGuard};
use crate::swap::{Loaded, Swap};

pub(super) struct Table {
    /// The issuers in memory. Requests read them without a lock.
    known: Swap<Arc<Known>>,
    lookups: Mutex<Lookups>,
}

impl Table {
    pub(super) fn known(&self) -> Loaded<Arc<Known>> {
        self.known.load()
    }

    /// Ignores poisoning: no panic can leave the state inconsistent.
    pub(super) fn lookups(&self) -> MutexGuard<'_, Lookups> {
        self.lookups.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the issuers in memory. Call it with the lock held.
    pub(super) fn store(&self, known: Known) {
        self.known.store(Arc::new(known));
    }

    pub(super) fn forget(&self, tenant: &str) {
        let mut lookups = self.lookups();
        lookups.forget(tenant);
        let mut known = Known::clone(&self.known());
        if known.remove(tenant).is_some() {
            self.store(known);
        }
    }
}

impl Default for Table {
    fn default() -> Self {
        Self { known: Swap::new(Arc::default()), lookups: Mutex::new(Lookups::default()) }
    }
}
