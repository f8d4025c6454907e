//! The keys of all issuers: whether they are in memory, and how to get them before a token needs them.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use super::trusted::Trusted;
use super::verifier::{Inner, Verifier};
use crate::answer::Answer;
use crate::clock::Timer;
use crate::key::{
    Failure, KeyHealth, KeySource, KeysError, KeysErrorKind, RefreshError, RefreshReason,
    Refreshed, pause_before_next_look,
};

/// When to try again after a source that reports success and has no keys.
const RETRY_AFTER: Duration = Duration::from_secs(1);

impl<C> Verifier<C> {
    /// How the keys of each issuer are doing, in the order in which they were trusted: for readiness probes
    /// and dashboards. A look into memory; nothing is fetched for it.
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
        self.0.issuers.health()
    }
}

impl<C: 'static> Verifier<C> {
    /// Fetches the keys of all issuers that have none, and waits for them.
    ///
    /// Call it when the server starts, so that no request waits for keys and a readiness probe that asks for
    /// [`health`](Self::health) becomes ready. It works with every constructor: all key sources are asked at
    /// once ([`KeySource::warm`]), and fixed keys need nothing.
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
    /// The issuers whose keys could not be fetched. Later requests try again: a server may start all the same,
    /// and answers 503 for their tokens until then.
    pub fn warm(&self) -> impl Future<Output = Result<(), KeysError>> + Send + 'static {
        let verifier = self.clone();
        async move {
            let outcomes = verifier.0.ask_all(KeySource::warm).await;
            let failed = outcomes
                .into_iter()
                .filter_map(|(issuer, source, outcome)| failure(issuer, source, outcome.err()));
            KeysError::unless_empty(failed.collect())
        }
    }

    /// Asks for newer keys of all issuers now, and waits for them: for an operator's command.
    ///
    /// Returns the most that one issuer's refresh achieved: [`Refreshed::Replaced`] if there are new keys,
    /// [`Refreshed::Suppressed`] if all sources were asked too recently to be asked again. Fixed keys are
    /// unchanged.
    ///
    /// # Errors
    ///
    /// The issuers whose keys could not be fetched. Keys in memory stay in use.
    pub fn refresh(&self) -> impl Future<Output = Result<Refreshed, KeysError>> + Send + 'static {
        let verifier = self.clone();
        async move {
            let outcomes = verifier.0.ask_all(|source| source.refresh(RefreshReason::Manual)).await;
            let (mut all, mut failed) = (Vec::new(), Vec::new());
            for (issuer, source, outcome) in outcomes {
                let error = outcome.map(|refreshed| all.push(refreshed)).err();
                failed.extend(failure(issuer, source, error));
            }
            KeysError::unless_empty(failed)?;
            let first = [Refreshed::Replaced, Refreshed::Unchanged, Refreshed::Suppressed];
            let achieved = first.into_iter().find(|one| all.contains(one));
            Ok(achieved.unwrap_or(Refreshed::Unchanged))
        }
    }

    /// Fetches the keys of all issuers now, and again whenever it is time, without waiting for a request.
    ///
    /// Spawn it: `tokio::spawn(verifier.keep_fresh())`. It works with every constructor, ends within half a
    /// minute after the last clone of the verifier is dropped, and ends at once when there is nothing to
    /// refresh: with fixed keys, or sources without a [`KeySource::refresh_if_due`]. Without it, the first
    /// request that needs keys fetches them, and the first one after a quiet time may be verified with old
    /// ones.
    ///
    /// It waits by the verifier's clock ([`Clock::sleep_until`](crate::clock::Clock::sleep_until)), and ends at
    /// once without timers. Remote keys report that as an event, and in their health.
    pub fn keep_fresh(&self) -> impl Future<Output = ()> + Send + 'static {
        let verifier = Arc::downgrade(&self.0);
        async move {
            while let Some(inner) = verifier.upgrade() {
                let Some(pause) = inner.refresh_and_pause() else { return };
                drop(inner);
                pause.await;
            }
        }
    }
}

impl<C> Inner<C> {
    /// Asks the sources of all issuers at once, and waits for the last answer.
    async fn ask_all<T>(
        &self,
        ask: impl Fn(&dyn KeySource) -> Answer<T>,
    ) -> Vec<(&Trusted, &dyn KeySource, T)> {
        join_all(self.issuers.sources().map(|(issuer, source)| {
            let (source, answer) = (&**source, ask(&**source));
            async move { (issuer, source, answer.await) }
        }))
        .await
    }

    /// Starts the refreshes that are due; gives the time until the next look. `None` when there is nothing to
    /// refresh, or without timers.
    fn refresh_and_pause(&self) -> Option<Timer> {
        let due = self.issuers.sources().filter_map(|(_, source)| source.refresh_if_due());
        let pause = pause_before_next_look(due.min()?);
        self.clock.sleep_until(self.clock.monotonic().saturating_add(pause))
    }
}

/// What is reported of an issuer whose source was asked: nothing if it has keys and no error.
fn failure(
    issuer: &Trusted,
    source: &dyn KeySource,
    error: Option<RefreshError>,
) -> Option<Failure> {
    let kind = match source.current() {
        Some(_) => KeysErrorKind::NotRefreshed,
        None => KeysErrorKind::NoKeys,
    };
    let error = error.or_else(|| match kind {
        KeysErrorKind::NoKeys => {
            Some(RefreshError::new(RETRY_AFTER).with_source("the key source has no keys"))
        }
        KeysErrorKind::NotRefreshed => None,
    })?;
    Some(Failure { issuer: issuer.name.clone(), kind, error })
}
