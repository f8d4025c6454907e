//! The key source.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::inner::Inner;
use super::key_id::KeyId;
use super::keys::Decision;
use crate::answer::Answer;
use crate::jwks::remote::failed;
use crate::jwks::shared::nanos;
use crate::jwks::sync::{Runtime, timer};
use crate::key::{
    FetchFailure, KeyHealth, KeySet, KeySetState, KeySource, RefreshError, RefreshReason, Refreshed,
};
use crate::observe::{Event, Observer};

/// Public keys that a server has one by one, in PEM form at a URL with the key's id.
///
/// Use it for issuers without a key set, such as the load balancers of AWS. It is an `Arc`: clones share the keys. The
/// requests are those of a [`RemoteJwks`](crate::jwks::RemoteJwks), with the same limits and errors.
///
/// 1. A token with an unknown `kid` starts a fetch and waits for it. Concurrent requests share the fetch of one id.
/// 2. An id must be a UUID. A token with another `kid`, or without one, is rejected without a fetch.
/// 3. A key verifies only tokens with its id and the configured algorithm.
/// 4. All ids together cause at most [`max_keys`](super::PemByKeyIdBuilder::max_keys) fetches in each `cooldown`: by default, 16
///    in 30 seconds, however many ids an attacker invents. A token whose key may not be fetched yet is rejected with
///    [`KeysUnavailable`](crate::ErrorKind::KeysUnavailable).
/// 5. If the server answers 404 or 410, the token is rejected with [`UnknownKey`](crate::ErrorKind::UnknownKey), and the
///    id is not fetched again for the `cooldown`.
/// 6. Keys in memory are used while the server is down, until [`max_age`](super::PemByKeyIdBuilder::max_age) ends. If there are
///    too many, the key that was fetched first is dropped.
///
/// ```
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use tower_jwt_auth::jwks::{NoBody, PemByKeyId};
/// use tower_jwt_auth::{Algorithm, ErrorKind, Verifier, testing::TestIssuer};
///
/// # tokio_test::block_on(async {
/// let id = "c2f80c8b-c05c-4068-af14-17299f7896b1";
/// let balancer = TestIssuer::es256().issuer("https://auth.example.com").key_id(id);
/// let pem = balancer.public_pem();
/// let client = tower::service_fn(move |request: Request<NoBody>| {
///     let found = request.uri().path() == format!("/{id}");
///     let status = if found { 200 } else { 404 };
///     let response = Response::builder().status(status).body(Full::new(Bytes::from(pem)));
///     async { response }
/// });
/// let keys = PemByKeyId::url("https://public-keys.auth.elb.eu-west-1.amazonaws.com/{kid}", Algorithm::ES256)
///     .remote_keys(|keys| keys.client(client))
///     .build()?;
/// let verifier =
///     Verifier::key_source(keys).issuer("https://auth.example.com").any_audience().build()?;
///
/// assert!(verifier.verify(&balancer.token().mint()).await.is_ok());
/// let invented = balancer.token().header("kid", "00000000-0000-4000-8000-000000000000").mint();
/// assert_eq!(verifier.verify(&invented).await.unwrap_err().kind(), ErrorKind::UnknownKey);
/// # Ok::<(), tower_jwt_auth::BuildError>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct PemByKeyId(pub(super) Arc<Inner>);

impl KeySource for PemByKeyId {
    fn current(&self) -> Option<Arc<KeySet>> {
        let now = self.0.clock.monotonic();
        let held = self.0.held.load();
        match held.as_ref() {
            Some(held) if nanos(now) < held.until => Some(Arc::clone(&held.set)),
            _ => Some(self.0.publish(&mut self.0.state().keys, now)),
        }
    }

    /// Fetches nothing: without an id there is no URL.
    fn refresh(&self, _: RefreshReason) -> Answer<Result<Refreshed, RefreshError>> {
        Answer::now(Ok(Refreshed::Suppressed))
    }

    fn refresh_key(
        &self,
        key_id: &str,
        reason: RefreshReason,
    ) -> Answer<Result<Refreshed, RefreshError>> {
        let Some(id) = KeyId::read(key_id) else { return Answer::now(Ok(Refreshed::Suppressed)) };
        let Some(runtime) = Runtime::current() else {
            return Answer::now(Err(failed(FetchFailure::Aborted)));
        };
        let now = self.0.clock.monotonic();
        let mut state = self.0.state();
        let (waiting, fetch) = match state.join(&id, now) {
            Some(waiting) => (waiting, None),
            None => match state.keys.decide(&id, now) {
                Decision::Fetch => {
                    let (waiting, fetch) = self.0.start(&mut state, id, now, reason);
                    (waiting, Some(fetch))
                }
                Decision::Held => return Answer::now(Ok(Refreshed::Unchanged)),
                too_early => {
                    drop(state);
                    return Answer::now(self.suppressed(too_early, reason));
                }
            },
        };
        drop(state);
        if let Some(fetch) = fetch {
            fetch.spawn(&runtime);
        }
        match waiting.limited(&self.0.waiting, &*self.0.clock, self.0.timeout) {
            Ok(outcome) => {
                let inner = Arc::clone(&self.0);
                Answer::later(async move {
                    outcome.await.map_err(|error| {
                        let wait = match inner.state().keys.decide(&id, inner.clock.monotonic()) {
                            Decision::Wait(_, wait) => wait,
                            _ => Duration::ZERO,
                        };
                        error.retry_in(wait.max(Duration::from_secs(1)))
                    })
                })
            }
            Err(failure) => {
                if failure == FetchFailure::TooManyWaiting {
                    let host = self.0.host();
                    let event = |issuer| Event::TooManyWaiting { issuer, host, trigger: reason };
                    self.0.observers.report(None, event);
                }
                Answer::now(Err(failed(failure)))
            }
        }
    }

    fn health(&self) -> KeyHealth {
        let now = self.0.clock.monotonic();
        let mut state = self.0.state();
        let keys = state.keys.len(now);
        let known = match (state.keys.is_down(), keys) {
            (false, _) => KeySetState::Fresh,
            (true, 0) => KeySetState::Empty,
            (true, _) => KeySetState::Stale,
        };
        let mut health = KeyHealth::new(known, keys);
        if let Some((error, wait)) = state.keys.failure(now) {
            health.next_attempt = Some(wait);
            health.last_error = Some(error.clone().retry_in(wait));
        }
        health
    }

    /// Fetches nothing: the ids are not known before the first token.
    fn warm(&self) -> Answer<Result<(), RefreshError>> {
        Answer::now(timer(&*self.0.clock, Duration::ZERO).map(drop).map_err(failed))
    }

    fn observe_with(&self, issuer: Option<&str>, observer: &Arc<dyn Observer>) {
        self.0.observers.attach(issuer, observer);
    }
}

impl PemByKeyId {
    /// The answer if the key is not fetched now.
    fn suppressed(
        &self,
        decision: Decision,
        trigger: RefreshReason,
    ) -> Result<Refreshed, RefreshError> {
        let host = self.0.host();
        let event = |issuer| Event::RefreshSuppressed { issuer, host, trigger };
        self.0.observers.report(None, event);
        match decision {
            Decision::Wait(Some(error), wait) => Err(error.retry_in(wait)),
            Decision::Wait(None, wait) => Err(RefreshError::new(wait)
                .with_source("more unknown key ids than `max_keys` within the `cooldown`")),
            _ => Ok(Refreshed::Suppressed),
        }
    }
}

impl fmt::Debug for PemByKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.0.template.url();
        f.debug_struct("PemByKeyId")
            .field("host", &url.host())
            .field("path", &url.path())
            .field("algorithm", &self.0.algorithm)
            .field("health", &self.health())
            .finish_non_exhaustive()
    }
}
