//! Key sources: keys that change while the server runs.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::set::KeySet;
use crate::answer::Answer;
use crate::error::BoxError;
use crate::observe::Observer;
use crate::observe::fetch_failure::FetchFailure;
use crate::observe::refresh_reason::RefreshReason;

/// The longest time between two checks whether a refresh is due, because an injected clock may jump.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);

/// The time to wait before [`KeySource::refresh_if_due`] is called again.
pub(crate) fn pause_before_next_look(due_in: Duration) -> Duration {
    due_in.clamp(SHORTEST_PAUSE, LONGEST_PAUSE)
}

/// A source of keys that change while the server runs.
///
/// [`current`](Self::current) is called for every token and must not block. [`refresh`](Self::refresh) is called at
/// most once per token, and only if no current key verifies it. The source itself must limit how often it fetches, and
/// let concurrent calls share one fetch. For keys that the application replaces itself, use
/// [`Settable`](crate::key::Settable).
///
/// ```
/// use std::sync::{Arc, RwLock};
/// use std::time::Duration;
/// use tower_jwt_auth::key::{
///     KeySet, KeySetState, KeySource, KeyHealth, RefreshError, RefreshReason, Refreshed,
/// };
/// use tower_jwt_auth::{Answer, ErrorKind, Issuer, Policy, Verifier, testing::TestIssuer};
///
/// /// A set that an operator can replace while the server runs.
/// #[derive(Clone, Debug, Default)]
/// struct Replaceable(Arc<RwLock<Option<Arc<KeySet>>>>);
///
/// impl KeySource for Replaceable {
///     fn current(&self) -> Option<Arc<KeySet>> {
///         self.0.read().ok()?.clone()
///     }
///     fn refresh(&self, _: RefreshReason) -> Answer<Result<Refreshed, RefreshError>> {
///         // There is no server to fetch from.
///         Answer::now(match self.current() {
///             Some(_) => Ok(Refreshed::Suppressed),
///             None => Err(RefreshError::new(Duration::from_secs(5))),
///         })
///     }
///     fn health(&self) -> KeyHealth {
///         match self.current() {
///             Some(set) => KeyHealth::new(KeySetState::Fresh, set.len()),
///             None => KeyHealth::new(KeySetState::Empty, 0),
///         }
///     }
/// }
///
/// let issuer = TestIssuer::es256().issuer("https://auth.example.com");
/// let keys = Replaceable::default();
/// let policy = Policy::new().any_audience();
/// let verifier =
///     Verifier::builder().trust(Issuer::new("https://auth.example.com", keys.clone(), policy)).build()?;
///
/// let token = issuer.token().mint();
/// assert_eq!(verifier.verify_now(&token).unwrap_err().kind(), ErrorKind::KeysUnavailable);
/// *keys.0.write().unwrap() = Some(Arc::new(KeySet::jwks(issuer.jwks())?));
/// assert!(verifier.verify_now(&token).is_ok());
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a source of keys",
    note = "for keys that do not change, call `Verifier::jwks`, `pem` or `shared_secret`; for keys from a URL, `issuer_url` or `jwks_url`"
)]
pub trait KeySource: fmt::Debug + Send + Sync + 'static {
    /// Returns the current keys; `None` if there are none yet. It must not block.
    fn current(&self) -> Option<Arc<KeySet>>;

    /// Fetches newer keys, or answers immediately if no fetch is due.
    ///
    /// An answer that comes later must come in bounded time: a request waits for it, up to the
    /// [`max_wait`](crate::JwtAuthLayer::max_wait) of the layer. Start the fetch before you return the answer: the
    /// caller may drop the answer without polling it, as [`verify_now`](crate::Verifier::verify_now) does.
    fn refresh(&self, reason: RefreshReason) -> Answer<Result<Refreshed, RefreshError>>;

    /// Fetches the key with this id, which no current key has.
    ///
    /// It is called instead of [`refresh`](Self::refresh) for a token that names an unknown key. The default ignores
    /// the id and calls `refresh`. Override it for a source that can look up one key, and limit how often it does: the
    /// id is from a token that is not verified, and an attacker can send any number of them. Do not put it into a URL
    /// or a log without escaping it.
    fn refresh_key(
        &self,
        key_id: &str,
        reason: RefreshReason,
    ) -> Answer<Result<Refreshed, RefreshError>> {
        let _ = key_id;
        self.refresh(reason)
    }

    /// Returns the state of the keys, for readiness probes and dashboards.
    fn health(&self) -> KeyHealth;

    /// Returns the issuer that the keys belong to, if there is one.
    ///
    /// The default is `None`. Using the keys for an issuer with another name is a [`BuildError`](crate::BuildError).
    fn issuer(&self) -> Option<&str> {
        None
    }

    /// Fetches the keys if there are none. [`Verifier::warm`](crate::Verifier::warm) calls it.
    ///
    /// By default it calls [`refresh`](Self::refresh) with [`RefreshReason::Empty`] if
    /// [`current`](Self::current) returns no keys.
    fn warm(&self) -> Answer<Result<(), RefreshError>> {
        refresh_if_empty(self)
    }

    /// Starts a refresh if it is due, and returns the time until the next one.
    ///
    /// [`Verifier::keep_fresh`](crate::Verifier::keep_fresh) calls it again after that time. It must not block. The
    /// default is `None`: the source is not refreshed by a timer.
    fn refresh_if_due(&self) -> Option<Duration> {
        None
    }

    /// Sets the observer that receives the events of these keys.
    ///
    /// A verifier with an [`observer`](crate::verify::VerifierBuilder::observer) calls it when it is built. `issuer` is
    /// the issuer's name for the events. A source that already has an observer keeps it. The default does nothing.
    fn observe_with(&self, issuer: Option<&str>, observer: &Arc<dyn Observer>) {
        let _ = (issuer, observer);
    }
}

/// The default implementation of [`KeySource::warm`].
pub(crate) fn refresh_if_empty<S: KeySource + ?Sized>(
    source: &S,
) -> Answer<Result<(), RefreshError>> {
    if source.current().is_some() {
        return Answer::now(Ok(()));
    }
    match source.refresh(RefreshReason::Empty).try_now() {
        Ok(outcome) => Answer::now(outcome.map(drop)),
        Err(waiting) => Answer::later(async move { waiting.await.map(drop) }),
    }
}

impl<S: KeySource + ?Sized> KeySource for Arc<S> {
    fn current(&self) -> Option<Arc<KeySet>> {
        S::current(self)
    }

    fn refresh(&self, reason: RefreshReason) -> Answer<Result<Refreshed, RefreshError>> {
        S::refresh(self, reason)
    }

    fn refresh_key(
        &self,
        key_id: &str,
        reason: RefreshReason,
    ) -> Answer<Result<Refreshed, RefreshError>> {
        S::refresh_key(self, key_id, reason)
    }

    fn health(&self) -> KeyHealth {
        S::health(self)
    }

    fn issuer(&self) -> Option<&str> {
        S::issuer(self)
    }

    fn warm(&self) -> Answer<Result<(), RefreshError>> {
        S::warm(self)
    }

    fn refresh_if_due(&self) -> Option<Duration> {
        S::refresh_if_due(self)
    }

    fn observe_with(&self, issuer: Option<&str>, observer: &Arc<dyn Observer>) {
        S::observe_with(self, issuer, observer);
    }
}

/// The outcome of a successful call of [`KeySource::refresh`].
///
/// ```
/// use tower_jwt_auth::key::{RefreshError, Refreshed};
///
/// /// A line for an operator's log.
/// fn report(outcome: &Result<Refreshed, RefreshError>) -> String {
///     match outcome {
///         Ok(refreshed) => format!("keys: {}", refreshed.as_str()),
///         Err(error) => format!("keys: {error}, next attempt in {:?}", error.retry_after()),
///     }
/// }
/// assert_eq!(report(&Ok(Refreshed::Replaced)), "keys: replaced");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refreshed {
    /// The keys were replaced by a new set.
    Replaced,
    /// The keys were fetched and are the same as before.
    Unchanged,
    /// Nothing was fetched.
    ///
    /// The last fetch succeeded recently, or the source does not fetch for this reason.
    Suppressed,
}

impl Refreshed {
    /// The stable, lower-case label, for logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Replaced => "replaced",
            Self::Unchanged => "unchanged",
            Self::Suppressed => "suppressed",
        }
    }
}

/// The keys could not be refreshed.
///
/// It is the [`source`](StdError::source) of an [`ErrorKind::KeysUnavailable`](crate::ErrorKind::KeysUnavailable)
/// error and is never sent to a client. For keys from a URL, `Display` names the URL, without the query, and what the
/// server answered. Its own `source` is the error of the HTTP client, or the status that was received instead of keys.
/// `Display` and `Debug` do not contain the `source`, because with some clients it contains a whole URL.
///
/// ```
/// use std::error::Error;
/// use std::time::Duration;
/// use tower_jwt_auth::key::RefreshError;
///
/// let error = RefreshError::new(Duration::from_secs(5)).with_source("connection to 10.0.0.7 refused");
/// assert_eq!(error.retry_after(), Duration::from_secs(5));
/// assert_eq!(error.to_string(), "the keys could not be refreshed");
/// assert_eq!(error.source().unwrap().to_string(), "connection to 10.0.0.7 refused");
/// ```
#[derive(Clone)]
pub struct RefreshError {
    retry_after: Duration,
    failure: Option<FetchFailure>,
    detail: Option<Arc<str>>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl RefreshError {
    /// Creates an error; the next attempt makes sense after `retry_after`.
    pub const fn new(retry_after: Duration) -> Self {
        Self { retry_after, failure: None, detail: None, source: None }
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(Arc::from(source.into()));
        self
    }

    /// An error with the reason why a fetch failed.
    pub(crate) fn of_fetch(
        failure: FetchFailure,
        detail: Option<Arc<str>>,
        source: Option<Arc<dyn StdError + Send + Sync>>,
        retry_after: Duration,
    ) -> Self {
        Self { retry_after, failure: Some(failure), detail, source }
    }

    /// The place that was asked and what it answered.
    pub(crate) fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// The time after which the next attempt makes sense.
    pub const fn retry_after(&self) -> Duration {
        self.retry_after
    }

    /// Why the keys could not be fetched, for keys from a URL or a file.
    pub const fn failure(&self) -> Option<FetchFailure> {
        self.failure
    }
}

impl fmt::Display for RefreshError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.failure {
            Some(failure) => failure.fmt(f)?,
            None => f.write_str("the keys could not be refreshed")?,
        }
        match &self.detail {
            Some(detail) => write!(f, ": {detail}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for RefreshError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshError")
            .field("failure", &self.failure)
            .field("detail", &self.detail)
            .field("retry_after", &self.retry_after)
            .finish_non_exhaustive()
    }
}

impl StdError for RefreshError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.source {
            Some(source) => Some(&**source),
            None => None,
        }
    }
}

/// The state of a source's keys.
///
/// ```
/// use tower_jwt_auth::{Verifier, key::KeySetState, testing::TestIssuer};
///
/// let verifier = Verifier::shared_secret(TestIssuer::hs256().secret()).any_audience().build()?;
/// assert!(verifier.health().all(|keys| keys.state == KeySetState::Fresh)); // fixed keys always are
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeySetState {
    /// There are no keys: nothing can be verified.
    Empty,
    /// The keys are within their lifetime.
    Fresh,
    /// The keys are past their lifetime and still used.
    ///
    /// Either refreshing them fails, and [`KeyHealth::last_error`] has the reason, or no request has
    /// started a refresh, for example after the machine was suspended.
    Stale,
}

impl KeySetState {
    /// The stable, lower-case label, for logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Fresh => "fresh",
            Self::Stale => "stale",
        }
    }
}

/// The health of a key source.
///
/// ```
/// use tower_jwt_auth::{Verifier, testing::TestIssuer};
///
/// let verifier = Verifier::shared_secret(TestIssuer::hs256().secret()).any_audience().build()?;
/// for health in verifier.health() {
///     assert_eq!((health.issuer.as_deref(), health.keys), (None, 1));
///     assert!(health.last_error.is_none());
/// }
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct KeyHealth {
    /// The issuer that the keys belong to; `None` for the unnamed issuer.
    /// [`Verifier::health`](crate::Verifier::health) sets it.
    pub issuer: Option<String>,
    /// The state of the keys.
    pub state: KeySetState,
    /// The number of keys in memory.
    pub keys: usize,
    /// The time since the keys were last known to be current.
    pub age: Option<Duration>,
    /// The time until the next attempt to refresh them.
    pub next_attempt: Option<Duration>,
    /// The error of the last attempt to refresh the keys or the issuer's metadata.
    ///
    /// `None` after a success. For operators only: its [`source`](std::error::Error::source) may contain hosts
    /// and URLs.
    pub last_error: Option<RefreshError>,
}

impl KeyHealth {
    /// Creates a health report with this state and number of keys.
    ///
    /// Set the other fields afterwards.
    pub const fn new(state: KeySetState, keys: usize) -> Self {
        Self { issuer: None, state, keys, age: None, next_attempt: None, last_error: None }
    }
}
