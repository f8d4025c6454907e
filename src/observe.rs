//! What operators get to see, without tokens and without claims. The one file that names `tracing`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, ErrorKind};

/// Something worth counting. Labels are few and fixed: nothing of a token is ever one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A layer has judged a request.
    #[non_exhaustive]
    RequestJudged {
        /// `accepted`, `anonymous` or `refused`.
        result: &'static str,
        /// Why it was refused.
        reason: Option<ErrorKind>,
    },
    /// Keys were asked for at their source.
    #[non_exhaustive]
    KeysRefreshed {
        /// Why: `schedule`, `cold`, `unknown_key`, `bad_signature` or `manual`.
        trigger: &'static str,
        /// `replaced`, `unchanged`, or the label of what went wrong.
        outcome: &'static str,
        /// The number of keys that are held now.
        keys: usize,
        /// The number of entries of the document that could not be used.
        skipped: usize,
        /// How long it took, by the injected clock.
        took: Duration,
    },
    /// Entries of a document that was taken could not be used.
    #[non_exhaustive]
    KeysSkipped {
        /// Why: a label of [`SkipReason`](crate::key::SkipReason).
        reason: &'static str,
        /// How many.
        keys: usize,
    },
    /// An issuer's metadata could not be read again; its keys were fetched from the place it named before.
    #[non_exhaustive]
    MetadataUnavailable {
        /// As for [`KeysRefreshed`](Self::KeysRefreshed).
        trigger: &'static str,
        /// The label of what went wrong.
        reason: &'static str,
    },
    /// A request was turned away: more wait for keys than may.
    #[non_exhaustive]
    TooManyWaiting {
        /// As for [`KeysRefreshed`](Self::KeysRefreshed).
        trigger: &'static str,
    },
    /// Keys were wanted and not asked for: the last attempt is too recent.
    #[non_exhaustive]
    RefreshSuppressed {
        /// As for [`KeysRefreshed`](Self::KeysRefreshed).
        trigger: &'static str,
    },
}

impl Event {
    /// Whether something went wrong that somebody should look at: keys could not be had, requests were turned
    /// away, or the server is put together wrongly. A request that was refused for what it is, is no failure.
    pub fn is_failure(&self) -> bool {
        match *self {
            Self::RequestJudged { reason, .. } => reason == Some(ErrorKind::Internal),
            Self::KeysRefreshed { outcome, .. } => {
                !matches!(outcome, "replaced" | "unchanged" | "superseded")
            }
            Self::TooManyWaiting { .. } | Self::MetadataUnavailable { .. } => true,
            Self::KeysSkipped { .. } | Self::RefreshSuppressed { .. } => false,
        }
    }
}

/// Is told what happens, for metrics and logs.
///
/// It is called where the thing happens: it should count and return. Any `Fn(&Event)` is one.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use tower_jwt_auth::observe::{Event, Observer};
///
/// static SUPPRESSED: AtomicU64 = AtomicU64::new(0);
///
/// fn count(event: &Event) {
///     if let Event::RefreshSuppressed { .. } = event {
///         SUPPRESSED.fetch_add(1, Ordering::Relaxed);
///     }
/// }
/// fn takes(_: impl Observer) {}
/// takes(count);
/// ```
pub trait Observer: Send + Sync + 'static {
    /// Something happened.
    fn observe(&self, event: &Event);
}

impl<F: Fn(&Event) + Send + Sync + 'static> Observer for F {
    fn observe(&self, event: &Event) {
        self(event);
    }
}

/// An observer in its place, which shows nothing of itself.
#[derive(Clone)]
pub(crate) struct Observing(Option<Arc<dyn Observer>>);

impl Observing {
    pub(crate) const NOBODY: Self = Self(None);

    pub(crate) fn with(observer: impl Observer) -> Self {
        Self(Some(Arc::new(observer)))
    }

    pub(crate) fn tell(&self, event: &Event) {
        traced(event);
        if let Some(observer) = &self.0 {
            observer.observe(event);
        }
    }
}

impl fmt::Debug for Observing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "an observer" } else { "nobody" })
    }
}

/// A request was refused.
#[cfg(feature = "tracing")]
pub(crate) fn refused(error: &Error) {
    if error.kind() == ErrorKind::Internal {
        tracing::error!(reason = error.kind().as_str(), "{error}");
    } else {
        // Anybody can cause these, as many as they like: not above debug.
        tracing::debug!(reason = error.kind().as_str(), "request refused: {error}");
    }
}

/// A request was refused.
#[cfg(not(feature = "tracing"))]
pub(crate) const fn refused(error: &Error) {
    let _: ErrorKind = error.kind();
}

/// What a client said of a fetch that failed: the rest of the chain of causes.
#[cfg(all(feature = "jwks", feature = "tracing"))]
pub(crate) fn cause(trigger: &'static str, error: &(dyn std::error::Error + 'static)) {
    // It may name hosts and, with some clients, a whole URL: not above debug.
    tracing::debug!(trigger, error, "why the keys could not be refreshed");
}

/// What a client said of a fetch that failed.
#[cfg(all(feature = "jwks", not(feature = "tracing")))]
pub(crate) const fn cause(_: &'static str, _: &(dyn std::error::Error + 'static)) {}

#[cfg(feature = "tracing")]
fn traced(event: &Event) {
    match *event {
        // `refused` has said more of it.
        Event::RequestJudged { .. } => (),
        Event::KeysRefreshed { trigger, outcome, keys, skipped, took } if !event.is_failure() => {
            tracing::info!(trigger, outcome, keys, skipped, ?took, "keys refreshed");
        }
        Event::KeysRefreshed { trigger, outcome, keys, took, .. } => {
            tracing::warn!(trigger, outcome, keys, ?took, "keys could not be refreshed");
        }
        Event::KeysSkipped { reason, keys } => {
            tracing::warn!(reason, keys, "keys that cannot be used");
        }
        Event::MetadataUnavailable { trigger, reason } => {
            tracing::warn!(trigger, reason, "the issuer's metadata could not be read again");
        }
        Event::TooManyWaiting { trigger } => {
            tracing::warn!(trigger, "a request was turned away: too many wait for keys");
        }
        // Tokens with invented key ids cause these.
        Event::RefreshSuppressed { trigger } => {
            tracing::debug!(trigger, "no refresh: the last attempt is too recent");
        }
    }
}

#[cfg(not(feature = "tracing"))]
const fn traced(_: &Event) {}
