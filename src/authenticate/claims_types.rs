//! The claims types whose `Verified` may be in a request's extensions.
//!
//! Extensions are found by type and cannot be listed. A layer that removes the identities of outer layers must
//! therefore know every type that an outer layer may have inserted. The request cannot carry that list, because the
//! application can replace or remove any extension, including [`Identity`](crate::Identity). So this process-wide
//! list records each claims type before the first `Verified` of that type is inserted.

use std::any::TypeId;
use std::sync::OnceLock;

use http::Extensions;

use crate::verify::Verified;

/// An append-only list with one entry per claims type, so reads take no lock.
static FIRST: Next = Next::new();

type Next = OnceLock<Box<Entry>>;

struct Entry {
    claims_type: TypeId,
    remove: fn(&mut Extensions),
    next: Next,
}

/// Records a claims type, unless it is already recorded.
pub(super) fn record<C: Send + Sync + 'static>() {
    let mut next = &FIRST;
    loop {
        let entry = next.get_or_init(|| {
            let claims_type = TypeId::of::<C>();
            Box::new(Entry { claims_type, remove: remove::<C>, next: Next::new() })
        });
        if entry.claims_type == TypeId::of::<C>() {
            return;
        }
        next = &entry.next;
    }
}

/// Removes every [`Verified`] of a recorded type.
pub(super) fn remove_all(extensions: &mut Extensions) {
    let mut next = &FIRST;
    while let Some(entry) = next.get() {
        (entry.remove)(extensions);
        next = &entry.next;
    }
}

fn remove<C: Send + Sync + 'static>(extensions: &mut Extensions) {
    extensions.remove::<Verified<C>>();
}
