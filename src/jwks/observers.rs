//! Who is told of these keys, and under which issuer's name.

use std::sync::{Arc, OnceLock};

use crate::observe::{Event, Observer, Observing};

pub(super) struct Observers {
    /// The observer of the builder, which stays.
    own: Observing,
    /// What the first verifier that uses the keys has brought.
    verifiers: OnceLock<Attached>,
}

struct Attached {
    issuer: Option<Box<str>>,
    observing: Observing,
}

impl Observers {
    pub(super) const fn new(own: Observing) -> Self {
        Self { own, verifiers: OnceLock::new() }
    }

    /// Attaches the observer of a verifier. That of the first one is kept.
    pub(super) fn attach(&self, issuer: Option<&str>, observer: &Arc<dyn Observer>) {
        self.verifiers.get_or_init(|| Attached {
            issuer: issuer.map(Box::from),
            observing: Observing::from(Some(Arc::clone(observer))),
        });
    }

    /// Reports an event of the keys of this issuer, or of the one that the verifier trusts with them.
    pub(super) fn report<'a>(
        &'a self,
        issuer: Option<&'a str>,
        event: impl FnOnce(Option<&'a str>) -> Event<'a>,
    ) {
        let attached = self.verifiers.get();
        let named = attached.and_then(|attached| attached.issuer.as_deref());
        let observing = match attached {
            Some(attached) if self.own.observer().is_none() => &attached.observing,
            _ => &self.own,
        };
        observing.report(&event(issuer.or(named)));
    }
}
