//! The state of all issuers' keys, and how to fetch them before the first request.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use super::trust::Trust;
use super::verifier::Verifier;
use crate::answer::Answer;
use crate::clock::Timer;
use crate::key::{
    Failure, KeyHealth, KeySource, KeysError, KeysErrorKind, RefreshError, RefreshReason,
    Refreshed, pause_before_next_look,
};

/// The waiting time after a source that reports success but has no keys.
const RETRY_AFTER: Duration = Duration::from_secs(1);

impl<C> Verifier<C> {
    /// Returns the state of each issuer's keys, for readiness probes and dashboards.
    ///
    /// The order is that in which the issuers were trusted. Nothing is fetched.
    ///
    /// ```
    /// use tower_jwt_auth::key::KeySetState;
    /// use tower_jwt_auth::{Verifier, testing::TestIssuer};
    ///
    /// fn is_ready(verifier: &Verifier) -> bool {
    ///     verifier.health().all(|keys| keys.state != KeySetState::Empty)
    /// }
    ///
    /// let issuer = TestIssuer::es256().issuer("https://auth.example.com");
    /// let verifier =
    ///     Verifier::jwks(issuer.jwks()).issuer("https://auth.example.com").any_audience().build()?;
    /// assert!(is_ready(&verifier));
    /// assert_eq!(verifier.health().next().unwrap().issuer.as_deref(), Some("https://auth.example.com"));
    /// # Ok::<(), tower_jwt_auth::BuildError>(())
    /// ```
    pub fn health(&self) -> impl Iterator<Item = KeyHealth> {
        self.current().issuers.health().into_iter()
    }
}

impl<C: 'static> Verifier<C> {
    /// Fetches the keys of all issuers that have none, and waits for them.
    ///
    /// Call it when the server starts: then no request waits for keys, and a readiness probe based on
    /// [`health`](Self::health) succeeds. It works with every constructor. The keys of all issuers are fetched
    /// concurrently ([`KeySource::warm`]); fixed keys need no fetch.
    ///
    /// ```
    /// # #[cfg(feature = "jwks")] {
    /// # use bytes::Bytes;
    /// # use http::{Request, Response};
    /// # use http_body_util::Full;
    /// # use tower_jwt_auth::jwks::NoBody;
    /// use tower_jwt_auth::key::KeySetState;
    /// use tower_jwt_auth::key::KeysErrorKind;
    /// use tower_jwt_auth::{Verifier, testing::TestIssuer};
    ///
    /// fn is_ready(verifier: &Verifier) -> bool {
    ///     verifier.health().all(|keys| keys.state != KeySetState::Empty)
    /// }
    ///
    /// # tokio_test::block_on(async {
    /// # let client = |document: String| {
    /// #     let document = Bytes::from(document);
    /// #     tower::service_fn(move |_: Request<NoBody>| {
    /// #         let response = Response::new(Full::new(document.clone()));
    /// #         async { Ok::<_, std::convert::Infallible>(response) }
    /// #     })
    /// # };
    /// # let (working, broken) = (client(TestIssuer::es256().jwks()), client("no keys".to_owned()));
    /// let verifier = |client| {
    ///     let keys = Verifier::jwks_url("https://auth.example.com/jwks.json").client(client);
    ///     keys.issuer("https://auth.example.com").audience("orders").build()
    /// };
    /// let good = verifier(working)?;
    /// assert!(!is_ready(&good));
    /// assert!(good.warm().await.is_ok());
    /// assert!(is_ready(&good));
    ///
    /// let bad = verifier(broken)?;
    /// let error = bad.warm().await.unwrap_err();
    /// assert_eq!(error.kind(), KeysErrorKind::NoKeys);
    /// assert_eq!(error.failures().next().unwrap().0, Some("https://auth.example.com"));
    /// assert!(!is_ready(&bad));
    /// # Ok::<(), tower_jwt_auth::BuildError>(()) }).unwrap();
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The issuers whose keys could not be fetched. The server can start anyway: it answers 503 to their tokens, and
    /// later requests fetch the keys again.
    pub fn warm(&self) -> impl Future<Output = Result<(), KeysError>> + Send + 'static {
        let verifier = self.clone();
        async move {
            let trust = Arc::clone(&verifier.current());
            let outcomes = trust.call_all(KeySource::warm).await;
            let failed = outcomes
                .into_iter()
                .filter_map(|(issuer, source, outcome)| failure(issuer, &*source, outcome.err()));
            KeysError::unless_empty(failed.collect())
        }
    }

    /// Fetches newer keys of all issuers now, and waits for them.
    ///
    /// Call it when an operator requests new keys. It returns [`Refreshed::Replaced`] if an issuer has new keys, and
    /// [`Refreshed::Suppressed`] if all sources were fetched too recently. Fixed keys do not change.
    ///
    /// # Errors
    ///
    /// The issuers whose keys could not be fetched. The keys in memory remain in use.
    pub fn refresh(&self) -> impl Future<Output = Result<Refreshed, KeysError>> + Send + 'static {
        let verifier = self.clone();
        async move {
            let trust = Arc::clone(&verifier.current());
            let outcomes = trust.call_all(|source| source.refresh(RefreshReason::Manual)).await;
            let (mut all, mut failed) = (Vec::new(), Vec::new());
            for (issuer, source, outcome) in outcomes {
                let error = outcome.map(|refreshed| all.push(refreshed)).err();
                failed.extend(failure(issuer, &*source, error));
            }
            KeysError::unless_empty(failed)?;
            let first = [Refreshed::Replaced, Refreshed::Unchanged, Refreshed::Suppressed];
            let achieved = first.into_iter().find(|one| all.contains(one));
            Ok(achieved.unwrap_or(Refreshed::Unchanged))
        }
    }

    /// Fetches the keys of all issuers now, and refreshes them in the background.
    ///
    /// Spawn it: `tokio::spawn(verifier.keep_fresh())`. It works with every constructor. It ends within half a minute
    /// after the last clone of the verifier is dropped. It ends immediately if there is nothing to refresh: with fixed
    /// keys, or with sources that do not implement [`KeySource::refresh_if_due`].
    ///
    /// If the verifier is `reloadable`, it refreshes the keys of the new trust within half a minute after a replacement.
    /// It then ends only after the last clone of the handle is dropped as well.
    ///
    /// Without this task, the first request that needs keys fetches them. After a period without requests, the next
    /// request may be verified with old keys.
    ///
    /// It waits with the verifier's clock ([`Clock::sleep_until`](crate::clock::Clock::sleep_until)). If the clock has
    /// no timers, the task ends immediately; remote keys report that as an event and in their health.
    pub fn keep_fresh(&self) -> impl Future<Output = ()> + Send + 'static {
        let held = self.0.downgrade();
        async move {
            while let Some(held) = held.upgrade() {
                let Some(pause) = Verifier(held).refresh_and_pause() else { return };
                pause.await;
            }
        }
    }

    /// Starts the refreshes that are due, and returns a timer for the next check. `None` if there never is anything to
    /// refresh, or without timers.
    fn refresh_and_pause(&self) -> Option<Timer> {
        let trust = self.current();
        // The next trust, or the next issuer that is looked up, may have keys to refresh.
        let may_change = !self.0.is_fixed() || trust.issuers.has_resolvers();
        let idle = may_change.then_some(Duration::MAX);
        let sources = trust.issuers.sources().into_iter();
        let due = sources.filter_map(|(_, source)| source.refresh_if_due());
        let pause = pause_before_next_look(due.min().or(idle)?);
        trust.clock.sleep_until(trust.clock.monotonic().saturating_add(pause))
    }
}

impl<C> Trust<C> {
    /// Calls the sources of all issuers concurrently, and waits for all answers.
    async fn call_all<T>(
        &self,
        call: impl Fn(&dyn KeySource) -> Answer<T>,
    ) -> Vec<(Option<String>, Arc<dyn KeySource>, T)> {
        join_all(self.issuers.sources().into_iter().map(|(issuer, source)| {
            let answer = call(&*source);
            async move { (issuer, source, answer.await) }
        }))
        .await
    }
}

/// The failure to report for an issuer; `None` if it has keys and there was no error.
fn failure(
    issuer: Option<String>,
    source: &dyn KeySource,
    error: Option<RefreshError>,
) -> Option<Failure> {
    let kind = match source.current() {
        Some(_) => KeysErrorKind::NotRefreshed,
        None => KeysErrorKind::NoKeys,
    };
    let error = error.or_else(|| match kind {
        KeysErrorKind::NoKeys => Some(
            RefreshError::new(RETRY_AFTER)
                .with_source("the key source reported success but has no keys"),
        ),
        KeysErrorKind::NotRefreshed => None,
    })?;
    Some(Failure { issuer, kind, error })
}
