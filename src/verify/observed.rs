//! The observer of a verifier and its keys.

use std::sync::Arc;

use super::builder::VerifierBuilder;
use super::trust::Trust;
use crate::observe::Observer;

impl<C> VerifierBuilder<C> {
    /// Reports the events of this verifier to an observer.
    ///
    /// The events are the verdicts of layers and extractors that use the verifier, the lookups in its cache, and the
    /// refreshes of its keys. A key source with its own observer keeps it. A key source that several verifiers share
    /// reports to the observer of the first one.
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU64, Ordering};
    /// use tower_jwt_auth::observe::{Event, Verdict};
    /// use tower_jwt_auth::{JwtAuthLayer, Verifier, testing::TestIssuer};
    ///
    /// static REJECTED: AtomicU64 = AtomicU64::new(0);
    ///
    /// let verifier = Verifier::shared_secret(TestIssuer::hs256().secret())
    ///     .any_audience()
    ///     .observer(|event: &Event<'_>| {
    ///         if matches!(event, Event::RequestJudged { verdict: Verdict::Rejected, .. }) {
    ///             REJECTED.fetch_add(1, Ordering::Relaxed);
    ///         }
    ///     })
    ///     .build()?;
    /// let layer = JwtAuthLayer::new(verifier);
    /// # let _ = layer;
    /// # Ok::<(), tower_jwt_auth::BuildError>(())
    /// ```
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }
}

impl<C> Trust<C> {
    /// Attaches the observer to the keys.
    pub(super) fn observe_keys(&self) {
        let Some(observer) = self.observer.observer() else { return };
        for (issuer, source) in self.issuers.sources() {
            source.observe_with(issuer.as_deref(), observer);
        }
    }
}
