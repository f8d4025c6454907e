//! The observer, which receives the events.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::event::{Event, Stage, Verdict};
use super::trace;
use crate::clock::Clock;
use crate::error::Error;
use crate::error::{BuildError, Problem, ProblemKind};

static FALLBACK: OnceLock<Arc<dyn Observer>> = OnceLock::new();

/// Receives events, for metrics and logs.
///
/// Any `Fn(&Event<'_>)` is an observer. It is called synchronously while a request is processed, so it should be fast.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use tower_jwt_auth::observe::{Event, Observer};
///
/// static SUPPRESSED: AtomicU64 = AtomicU64::new(0);
///
/// fn count(event: &Event<'_>) {
///     if let Event::RefreshSuppressed { .. } = event {
///         SUPPRESSED.fetch_add(1, Ordering::Relaxed);
///     }
/// }
/// fn takes(_: impl Observer) {}
/// takes(count);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an observer",
    note = "a closure is one if its argument has a type: `|event: &Event<'_>| ..`"
)]
pub trait Observer: Send + Sync + 'static {
    /// Receives an event.
    fn observe(&self, event: &Event<'_>);
}

impl<F: Fn(&Event<'_>) + Send + Sync + 'static> Observer for F {
    fn observe(&self, event: &Event<'_>) {
        self(event);
    }
}

/// Sets the process-wide observer of requests that passed no `JwtAuthLayer`.
///
/// A [`RequireLayer`](crate::RequireLayer) or an extractor without a `JwtAuthLayer` in front of it answers 500. There
/// is no verifier whose observer could receive the event, so this observer receives it.
///
/// ```
/// use tower_jwt_auth::observe::{self, Event};
///
/// observe::set_fallback(|event: &Event<'_>| eprintln!("{event:?}"))?;
/// // A process has only one.
/// assert!(observe::set_fallback(|_: &Event<'_>| {}).is_err());
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
///
/// # Errors
///
/// A fallback observer is already set.
pub fn set_fallback(observer: impl Observer) -> Result<(), BuildError> {
    FALLBACK.set(Arc::new(observer)).map_err(|_| {
        BuildError::new(Problem::new(
            ProblemKind::Conflict,
            "a second fallback observer",
            "the process has only one, and the first observer would no longer receive events",
            "Call `observe::set_fallback` once, at the start of the program",
        ))
    })
}

/// An optional observer, opaque in `Debug` output.
#[derive(Clone)]
pub(crate) struct Observing(Option<Arc<dyn Observer>>);

/// When a stage began. Unknown without an observer.
#[derive(Clone, Copy)]
pub(crate) struct Started(Option<Duration>);

impl Observing {
    /// The observer of requests without a verifier.
    pub(crate) fn fallback() -> Self {
        Self(FALLBACK.get().cloned())
    }

    pub(crate) const fn observer(&self) -> Option<&Arc<dyn Observer>> {
        self.0.as_ref()
    }

    pub(crate) fn report(&self, event: &Event<'_>) {
        trace::event(event);
        if let Some(observer) = &self.0 {
            observer.observe(event);
        }
    }

    /// Reads the clock if there is an observer.
    pub(crate) fn start(&self, clock: &dyn Clock) -> Started {
        Started(self.0.is_some().then(|| clock.monotonic()))
    }

    /// Reports that a request was accepted.
    pub(crate) fn accepted(
        &self,
        stage: Stage,
        delegated: impl FnOnce() -> bool,
        started: Started,
        clock: &dyn Clock,
    ) {
        if self.0.is_some() {
            let (verdict, delegated, took) = (Verdict::Accepted, delegated(), started.took(clock));
            let (reason, error) = (None, None);
            self.report(&Event::RequestJudged { stage, verdict, reason, error, delegated, took });
        }
    }

    /// Reports the verdict on a request without a valid token, or on one that is rejected.
    pub(crate) fn judged(
        &self,
        stage: Stage,
        verdict: Verdict,
        error: Option<&Error>,
        started: Started,
        clock: &dyn Clock,
    ) {
        if self.0.is_none() && error.is_none() {
            return;
        }
        let (reason, delegated) = (error.map(Error::kind), false);
        // Without an observer, nothing reads the duration.
        let took = if self.0.is_some() { started.took(clock) } else { Duration::ZERO };
        self.report(&Event::RequestJudged { stage, verdict, reason, error, delegated, took });
    }
}

impl Started {
    pub(crate) const UNKNOWN: Self = Self(None);

    fn took(self, clock: &dyn Clock) -> Duration {
        self.0.map_or(Duration::ZERO, |started| clock.monotonic().saturating_sub(started))
    }
}

impl From<Option<Arc<dyn Observer>>> for Observing {
    fn from(observer: Option<Arc<dyn Observer>>) -> Self {
        Self(observer)
    }
}

impl fmt::Debug for Observing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "an observer" } else { "no observer" })
    }
}
