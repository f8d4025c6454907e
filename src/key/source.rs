//! Where keys come from: memory, or somewhere that has to be asked.

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

/// Clocks are injected and may be moved: whether a refresh is due is checked this often.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);

/// How long to wait before [`KeySource::refresh_if_due`] is called again.
pub(crate) fn pause_before_next_look(due_in: Duration) -> Duration {
    due_in.clamp(SHORTEST_PAUSE, LONGEST_PAUSE)
}

/// Keys that change while the server runs.
///
/// [`current`](Self::current) is asked for every token and must neither block nor wait. Only when it
/// has nothing that fits is [`refresh`](Self::refresh) asked, once per token; budgets, cool-downs and
/// the joining of simultaneous refreshes are the source's business.
///
/// ```
/// use std::sync::{Arc, RwLock};
/// use std::time::Duration;
/// use tower_jwt_auth::key::{
///     KeySet, KeySetState, KeySource, KeyHealth, RefreshError, RefreshReason, Refreshed,
/// };
/// use tower_jwt_auth::{Answer, ErrorKind, Issuer, Policy, Verifier, testing::TestIssuer};
///
/// /// A set that an operator may replace while the server runs.
/// #[derive(Clone, Debug, Default)]
/// struct Replaceable(Arc<RwLock<Option<Arc<KeySet>>>>);
///
/// impl KeySource for Replaceable {
///     fn current(&self) -> Option<Arc<KeySet>> {
///         self.0.read().ok()?.clone()
///     }
///     fn refresh(&self, _: RefreshReason) -> Answer<Result<Refreshed, RefreshError>> {
///         // Nobody can be asked: it is there, or it is not.
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
pub trait KeySource: fmt::Debug + Send + Sync + 'static {
    /// The keys in memory. `None` until there are any.
    fn current(&self) -> Option<Arc<KeySet>>;

    /// Tries to get newer keys, or says at once that it will not. An answer that comes later has to come
    /// in bounded time: a request waits for it, up to the
    /// [`max_wait`](crate::JwtAuthLayer::max_wait) of the layer. Who asked may drop the answer unpolled, as
    /// [`verify_now`](crate::Verifier::verify_now) does: start the work before it, or the keys never come.
    fn refresh(&self, reason: RefreshReason) -> Answer<Result<Refreshed, RefreshError>>;

    /// How the source is doing, for readiness probes and dashboards.
    fn health(&self) -> KeyHealth;

    /// The issuer whose keys these are, if the source belongs to one: `None` unless overridden.
    ///
    /// Trusting an issuer of another name with these keys is a [`BuildError`](crate::BuildError).
    fn issuer(&self) -> Option<&str> {
        None
    }

    /// Gets the keys if there are none; for [`Verifier::warm`](crate::Verifier::warm).
    ///
    /// Unless overridden, that is [`refresh`](Self::refresh) for the reason [`RefreshReason::Empty`] when
    /// [`current`](Self::current) has no keys.
    fn warm(&self) -> Answer<Result<(), RefreshError>> {
        refresh_if_empty(self)
    }

    /// Starts a refresh if it is time for one, and returns the time until the next may be due; for
    /// [`Verifier::keep_fresh`](crate::Verifier::keep_fresh), which then calls it again.
    ///
    /// It must neither block nor wait. `None`, unless overridden: this source is not refreshed by a timer.
    fn refresh_if_due(&self) -> Option<Duration> {
        None
    }

    /// Reports what happens to these keys to this observer, under the name of the issuer that is trusted with
    /// them; for [`VerifierBuilder::observer`](crate::verify::VerifierBuilder::observer).
    ///
    /// Unless overridden, nothing is reported. A source that has an observer of its own keeps it.
    fn observe_with(&self, issuer: Option<&str>, observer: &Arc<dyn Observer>) {
        let _ = (issuer, observer);
    }
}

/// What [`KeySource::warm`] does unless overridden.
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

/// What came of a refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refreshed {
    /// There is a new set.
    Replaced,
    /// The source was asked and has the same keys.
    Unchanged,
    /// The source was not asked: it was, with success, a moment ago, or it does not ask for this reason.
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
/// It is the [`source`](StdError::source) of an [`ErrorKind::KeysUnavailable`](crate::ErrorKind::KeysUnavailable), and
/// never shown to a client. Its own `source` is the error of the HTTP client, or the status that was received instead
/// of keys. `Display` and `Debug` leave that out: it may name hosts and, with some clients, a whole URL.
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
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl RefreshError {
    /// A failure after which the next attempt is worth making in `retry_after`.
    pub const fn new(retry_after: Duration) -> Self {
        Self { retry_after, failure: None, source: None }
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(Arc::from(source.into()));
        self
    }

    /// Says why a fetch failed.
    #[cfg(feature = "jwks")]
    pub(crate) fn of_fetch(
        failure: FetchFailure,
        source: Option<Arc<dyn StdError + Send + Sync>>,
        retry_after: Duration,
    ) -> Self {
        Self { retry_after, failure: Some(failure), source }
    }

    /// When the next attempt is worth making.
    pub const fn retry_after(&self) -> Duration {
        self.retry_after
    }

    /// Why the keys could not be fetched, for sources that fetch from a URL.
    pub const fn failure(&self) -> Option<FetchFailure> {
        self.failure
    }
}

impl fmt::Display for RefreshError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.failure {
            Some(failure) => failure.fmt(f),
            None => f.write_str("the keys could not be refreshed"),
        }
    }
}

impl fmt::Debug for RefreshError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshError")
            .field("failure", &self.failure)
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

/// What state the keys of a source are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeySetState {
    /// There are no keys: nothing can be verified.
    Empty,
    /// The keys are as new as they should be.
    Fresh,
    /// The keys are past their lifetime, and still serve: refreshing them fails, which the health's
    /// `last_error` then says, or there was no request to start it, as after the machine was suspended.
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

/// How a key source is doing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct KeyHealth {
    /// The issuer whose keys these are; `None` for the unnamed issuer. [`Verifier::health`](crate::Verifier::health)
    /// sets it.
    pub issuer: Option<String>,
    /// What state the keys are in.
    pub state: KeySetState,
    /// The number of keys in memory.
    pub keys: usize,
    /// The time since the keys were last known to be right.
    pub age: Option<Duration>,
    /// The time until the next attempt to refresh them.
    pub next_attempt: Option<Duration>,
    /// Why the last attempt to refresh the keys failed, or why the issuer's metadata could not be read again. `None` after
    /// a success. For operators only: its [`source`](std::error::Error::source) may name hosts and URLs.
    pub last_error: Option<RefreshError>,
}

impl KeyHealth {
    /// A health of this state with that many keys; the other fields can be set.
    pub const fn new(state: KeySetState, keys: usize) -> Self {
        Self { issuer: None, state, keys, age: None, next_attempt: None, last_error: None }
    }
}
