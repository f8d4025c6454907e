//! The answers in memory, which clones and verifiers share.

use std::sync::{Arc, OnceLock, PoisonError};

use super::lookups::{Known, Lookups};
use crate::clock::{Clock, SystemClock};
use crate::jwks::sync::{Mutex, MutexGuard};
use crate::swap::{Loaded, Swap};

pub(super) struct Table {
    /// The issuers in memory. Requests read them without a lock.
    known: Swap<Arc<Known>>,
    lookups: Mutex<Lookups>,
    /// The clock of the first verifier. Times by different clocks cannot be compared.
    clock: OnceLock<Arc<dyn Clock>>,
}

impl Table {
    /// The clock of the answers: this one for the first verifier, and the same for all later ones.
    pub(super) fn clock_or(&self, clock: Option<&Arc<dyn Clock>>) -> Arc<dyn Clock> {
        let own = || clock.cloned().unwrap_or_else(|| Arc::new(SystemClock::new()));
        Arc::clone(self.clock.get_or_init(own))
    }

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
        // Declared first, and so dropped after the lock is released: a key source may be dropped with it.
        let before;
        let mut lookups = self.lookups();
        lookups.forget(tenant);
        before = Arc::clone(&self.known());
        if before.contains_key(tenant) {
            let mut known = Known::clone(&before);
            known.remove(tenant);
            self.store(known);
        }
    }
}

impl Default for Table {
    fn default() -> Self {
        Self {
            known: Swap::new(Arc::default()),
            lookups: Mutex::new(Lookups::default()),
            clock: OnceLock::new(),
        }
    }
}
