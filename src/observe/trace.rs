//! The same as log events. The one file that names `tracing`.

#[cfg(all(feature = "jwks", feature = "tracing"))]
pub(crate) use on::cause;
#[cfg(feature = "tracing")]
pub(super) use on::{event, rejected};

#[cfg(all(feature = "jwks", not(feature = "tracing")))]
pub(crate) use off::cause;
#[cfg(not(feature = "tracing"))]
pub(super) use off::{event, rejected};

#[cfg(feature = "tracing")]
mod on {
    use crate::error::{Error, ErrorKind};
    use crate::observe::event::{Event, Stage};
    #[cfg(feature = "jwks")]
    use crate::observe::refresh_reason::RefreshReason;

    /// A request was rejected.
    pub(in crate::observe) fn rejected(stage: Stage, error: &Error) {
        let (stage, reason) = (stage.as_str(), error.kind().as_str());
        if error.kind() == ErrorKind::Internal {
            tracing::error!(stage, reason, "{error}");
        } else {
            // Any client can cause these, as many as it likes: not above debug.
            tracing::debug!(stage, reason, "request rejected: {error}");
        }
    }

    /// What a client says of a fetch that failed: the rest of the chain of causes.
    #[cfg(feature = "jwks")]
    pub(crate) fn cause(trigger: RefreshReason, error: &(dyn std::error::Error + 'static)) {
        // It may name hosts and, with some clients, a whole URL: not above debug.
        tracing::debug!(trigger = trigger.as_str(), error, "why the keys could not be fetched");
    }

    pub(in crate::observe) fn event(event: &Event<'_>) {
        match *event {
            // `rejected` says more.
            Event::RequestJudged { .. } | Event::CacheLookup { .. } => (),
            Event::KeysRefreshed { issuer, host, trigger, outcome, keys, skipped, took } => {
                let (trigger, outcome) = (trigger.as_str(), outcome.as_str());
                if event.is_failure() {
                    let text = "keys could not be fetched";
                    tracing::warn!(issuer, host, trigger, outcome, keys, ?took, "{text}");
                } else {
                    let text = "keys fetched";
                    tracing::info!(issuer, host, trigger, outcome, keys, skipped, ?took, "{text}");
                }
            }
            Event::KeysSkipped { issuer, host, reason, keys } => {
                let reason = reason.as_str();
                tracing::warn!(issuer, host, reason, keys, "keys that cannot be used");
            }
            Event::MetadataUnavailable { issuer, host, trigger, reason } => {
                let (trigger, reason) = (trigger.as_str(), reason.as_str());
                let text = "the issuer's metadata could not be read again";
                tracing::warn!(issuer, host, trigger, reason, "{text}");
            }
            Event::TooManyWaiting { issuer, host, trigger } => {
                let trigger = trigger.as_str();
                tracing::warn!(issuer, host, trigger, "request rejected: too many wait for keys");
            }
            // Tokens with invented key ids cause these.
            Event::RefreshSuppressed { issuer, host, trigger } => {
                let trigger = trigger.as_str();
                let text = "keys not fetched: the last attempt is too recent";
                tracing::debug!(issuer, host, trigger, "{text}");
            }
        }
    }
}

#[cfg(not(feature = "tracing"))]
mod off {
    use crate::error::Error;
    use crate::observe::event::{Event, Stage};
    #[cfg(feature = "jwks")]
    use crate::observe::refresh_reason::RefreshReason;

    pub(in crate::observe) const fn rejected(_: Stage, _: &Error) {}

    #[cfg(feature = "jwks")]
    pub(crate) const fn cause(_: RefreshReason, _: &(dyn std::error::Error + 'static)) {}

    pub(in crate::observe) const fn event(_: &Event<'_>) {}
}
