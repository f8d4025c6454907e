//! The events as log events. The only file that uses `tracing`.

#[cfg(all(feature = "jwks", feature = "tracing"))]
pub(crate) use on::cause;
#[cfg(feature = "tracing")]
pub(super) use on::event;
#[cfg(feature = "tracing")]
pub(crate) use on::record;

#[cfg(all(feature = "jwks", not(feature = "tracing")))]
pub(crate) use off::cause;
#[cfg(not(feature = "tracing"))]
pub(super) use off::event;

#[cfg(feature = "tracing")]
mod on {
    use crate::error::{Error, ErrorKind};
    use crate::observe::entry_kind::EntryKind;
    use crate::observe::event::{Event, Stage, Verdict};
    use crate::observe::introspection::{IntrospectionFailure, IntrospectionOutcome};
    #[cfg(feature = "jwks")]
    use crate::observe::refresh_reason::RefreshReason;

    /// Records a value in a field of the current span, if the span has that field.
    pub(crate) fn record(field: &str, value: &str) {
        tracing::Span::current().record(field, value);
    }

    fn not_accepted(stage: Stage, verdict: Verdict, error: &Error) {
        let (stage, reason) = (stage.as_str(), error.kind().as_str());
        // Any client can cause any number of these, except for the first: not above debug.
        match (error.kind(), verdict) {
            (ErrorKind::Internal, _) => tracing::error!(stage, reason, "{error}"),
            (_, Verdict::Anonymous) => {
                tracing::debug!(stage, reason, "invalid token, request admitted: {error}");
            }
            _ => tracing::debug!(stage, reason, "request rejected: {error}"),
        }
    }

    /// Logs the HTTP client's error for a failed fetch.
    #[cfg(feature = "jwks")]
    pub(crate) fn cause(trigger: RefreshReason, error: &(dyn std::error::Error + 'static)) {
        // The error may contain hosts and, with some clients, a whole URL: not above debug.
        tracing::debug!(trigger = trigger.as_str(), error, "cause of the failed key fetch");
    }

    fn shared_denylist(event: &Event<'_>) {
        match *event {
            Event::DenylistConnected { key } => {
                tracing::info!(key, "shared denylist connected");
            }
            Event::DenylistRead { key, entries, skipped, took } => {
                tracing::debug!(key, entries, skipped, ?took, "shared denylist read");
            }
            Event::DenylistDisconnected { key, reason, detail } => {
                let reason = reason.as_str();
                tracing::warn!(key, reason, detail, "shared denylist disconnected");
            }
            Event::DenylistEntriesSkipped { key, entries } => {
                tracing::warn!(key, entries, "entries of the shared denylist skipped");
            }
            _ => (),
        }
    }

    pub(in crate::observe) fn event(event: &Event<'_>) {
        match *event {
            Event::RequestJudged { stage, verdict, error: Some(error), .. } => {
                not_accepted(stage, verdict, error);
            }
            Event::RequestJudged { error: None, .. } | Event::CacheLookup { .. } => (),
            Event::LogoutReceived { revoked, error: None } => {
                tracing::info!(revoked = revoked.map(EntryKind::as_str), "logout token accepted");
            }
            Event::LogoutReceived { error: Some(error), .. } => {
                let reason = error.kind().as_str();
                if event.is_failure() {
                    tracing::warn!(reason, "logout token not judged: {error}");
                } else {
                    // Anyone can cause these: not above debug.
                    tracing::debug!(reason, "logout token rejected: {error}");
                }
            }
            Event::TokenDenied { kind } => {
                tracing::debug!(kind = kind.as_str(), "token on the denylist");
            }
            Event::ResponderFailed { problem } => {
                tracing::error!("rejection sent without a body: {problem}");
            }
            Event::KeysRefreshed {
                issuer,
                host,
                trigger,
                outcome,
                detail,
                keys,
                skipped,
                took,
            } => {
                let (trigger, outcome) = (trigger.as_str(), outcome.as_str());
                if event.is_failure() {
                    let text = "key fetch failed";
                    tracing::warn!(issuer, host, trigger, outcome, detail, keys, ?took, "{text}");
                } else {
                    let text = "keys fetched";
                    tracing::info!(issuer, host, trigger, outcome, keys, skipped, ?took, "{text}");
                }
            }
            Event::KeysSkipped { issuer, host, reason, keys } => {
                let reason = reason.as_str();
                tracing::warn!(issuer, host, reason, keys, "unusable keys skipped");
            }
            Event::AlgorithmWithoutKey { issuer, algorithm } => {
                let text = "no key can be used with a listed algorithm";
                tracing::warn!(issuer, algorithm, "{text}");
            }
            Event::MetadataUnavailable { issuer, host, trigger, reason, detail } => {
                let (trigger, reason) = (trigger.as_str(), reason.as_str());
                let text = "the issuer's metadata could not be refreshed";
                tracing::warn!(issuer, host, trigger, reason, detail, "{text}");
            }
            Event::TooManyWaiting { issuer, host, trigger } => {
                let trigger = trigger.as_str();
                let text = "request rejected: too many requests wait for keys";
                tracing::warn!(issuer, host, trigger, "{text}");
            }
            // Any client can cause all but a failure with invented tenants: not above debug.
            Event::IssuerLookup { template, outcome } => {
                let outcome = outcome.as_str();
                if event.is_failure() {
                    tracing::warn!(template, outcome, "issuer lookup failed");
                } else {
                    tracing::debug!(template, outcome, "issuer looked up");
                }
            }
            Event::TokenIntrospected { host, outcome, detail, took } => {
                // There is one for each request while the endpoint is not called: not above debug.
                let was_called = !matches!(
                    outcome,
                    IntrospectionOutcome::Failed(
                        IntrospectionFailure::Paused
                            | IntrospectionFailure::TooManyCalls
                            | IntrospectionFailure::TooManyWaiting
                            | IntrospectionFailure::OtherIssuer
                    )
                );
                let outcome = outcome.as_str();
                if was_called && event.is_failure() {
                    let text = "token introspection failed";
                    tracing::warn!(host, outcome, detail, ?took, "{text}");
                } else {
                    tracing::debug!(host, outcome, detail, ?took, "token introspected");
                }
            }
            Event::DenylistConnected { .. }
            | Event::DenylistRead { .. }
            | Event::DenylistDisconnected { .. }
            | Event::DenylistEntriesSkipped { .. } => shared_denylist(event),
            // Any client can cause these with unknown key ids: not above debug.
            Event::RefreshSuppressed { issuer, host, trigger } => {
                let trigger = trigger.as_str();
                let text = "key fetch suppressed: the last attempt is too recent";
                tracing::debug!(issuer, host, trigger, "{text}");
            }
        }
    }
}

#[cfg(not(feature = "tracing"))]
mod off {
    use crate::observe::event::Event;
    #[cfg(feature = "jwks")]
    use crate::observe::refresh_reason::RefreshReason;

    #[cfg(feature = "jwks")]
    pub(crate) const fn cause(_: RefreshReason, _: &(dyn std::error::Error + 'static)) {}

    pub(in crate::observe) const fn event(_: &Event<'_>) {}
}
