//! The claims types whose `Verified` may be in a request's extensions.
//!
//! Extensions are found by type and cannot be listed. A layer that removes what outer layers left therefore
//! has to know every type that one of them may have left. It cannot ask the request: the application can
//! replace or remove anything in there, an [`Identity`](crate::Identity) included. So the types are
//! noted here for the whole process, each before the first request gets a `Verified` of it.

use std::any::TypeId;
use std::sync::OnceLock;

use http::Extensions;

use crate::verify::Verified;

/// A list that only grows, by one entry per claims type: reading it takes no lock.
static FIRST: Next = Next::new();

type Next = OnceLock<Box<Entry>>;

struct Entry {
    claims_type: TypeId,
    remove: fn(&mut Extensions),
    next: Next,
}

/// Notes a claims type, unless that has been done.
pub(super) fn note<C: Send + Sync + 'static>() {
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

/// Removes every [`Verified`] of a type that was noted.
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
