//! The observers of a key source.

use std::sync::{Arc, OnceLock};

use super::event::Event;
use super::observer::{Observer, Observing};

pub(crate) struct Observers {
    /// The observer of the source, which takes precedence.
    own: Observing,
    /// The observer of the first verifier that uses the keys.
    verifiers: OnceLock<Attached>,
}

struct Attached {
    issuer: Option<Box<str>>,
    observing: Observing,
}

impl Observers {
    /// An observer of the source's own, if there is one.
    pub(crate) const fn new(own: Observing) -> Self {
        Self { own, verifiers: OnceLock::new() }
    }

    /// Attaches the observer of a verifier. Only the first call has an effect.
    pub(crate) fn attach(&self, issuer: Option<&str>, observer: &Arc<dyn Observer>) {
        self.verifiers.get_or_init(|| Attached {
            issuer: issuer.map(Box::from),
            observing: Observing::from(Some(Arc::clone(observer))),
        });
    }

    /// Reports an event with this issuer's name, or with the name in the verifier's configuration.
    pub(crate) fn report<'a>(
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
