//! The events.

use std::time::Duration;

use super::entry_kind::EntryKind;
use super::fetch_failure::FetchFailure;
use super::introspection::IntrospectionOutcome;
use super::refresh_reason::RefreshReason;
use super::skip_reason::SkipReason;
use super::store_failure::StoreFailure;
use crate::error::{Error, ErrorKind};

/// An event for metrics and logs.
///
/// Every field that is an enum has `as_str()`, which returns a stable label. No label comes from a token, so a client
/// cannot create new ones. `issuer`, `host` and `detail` come from the configuration and from the issuer's metadata.
///
/// ```
/// use tower_jwt_auth::observe::{Event, RefreshOutcome};
///
/// /// Writes a line for each event that an operator should see.
/// fn alert(event: &Event<'_>) -> Option<String> {
///     match event {
///         Event::KeysRefreshed { detail, outcome: RefreshOutcome::Failed(failure), .. } => {
///             Some(format!("{failure}: {}", detail.unwrap_or_default()))
///         }
///         event if event.is_failure() => Some(format!("{event:?}")),
///         _ => None,
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A layer or an extractor has judged a request.
    ///
    /// Each request has one verdict of the stage [`Authenticate`](Stage::Authenticate), and one more for each
    /// `RequireLayer` that it reaches. Extractors report rejections only.
    #[non_exhaustive]
    RequestJudged {
        /// The layer or extractor.
        stage: Stage,
        /// The result.
        verdict: Verdict,
        /// Why the request was rejected, or why its invalid token was ignored.
        reason: Option<ErrorKind>,
        /// The error with the details for operators, as for [`reason`](Self::RequestJudged::reason). Its text is not
        /// a label for metrics.
        error: Option<&'a Error>,
        /// Whether another party acts for the subject: an accepted token has the claim `act` (RFC 8693 §4.1).
        delegated: bool,
        /// The duration of the stage by the verifier's clock, including waits. Zero for extractors, and if there
        /// is no `JwtAuthLayer`.
        took: Duration,
    },
    /// A responder could not build its body. The client received the rejection without a body.
    #[non_exhaustive]
    ResponderFailed {
        /// A fixed sentence that describes the problem.
        problem: &'static str,
    },
    /// A token was looked up in the cache of verified tokens.
    #[non_exhaustive]
    CacheLookup {
        /// Whether the cache contained the token and the cached verdict is still valid.
        hit: bool,
    },
    /// A fetch of keys has completed.
    #[non_exhaustive]
    KeysRefreshed {
        /// The name of the issuer that the keys belong to; `None` if it is not known.
        issuer: Option<&'a str>,
        /// The host of the last request; empty for keys from a file.
        host: &'a str,
        /// Why the keys were fetched.
        trigger: RefreshReason,
        /// The result of the fetch.
        outcome: RefreshOutcome,
        /// For a failure, the URL without its query, or the file, and what was found there. Not a label for metrics: it
        /// may quote the issuer's metadata, escaped and cut.
        detail: Option<&'a str>,
        /// The number of keys that are available now.
        keys: usize,
        /// The number of unusable keys in the document.
        skipped: usize,
        /// The duration of the fetch, by the clock of the key source.
        took: Duration,
    },
    /// A new document contains unusable keys, which were skipped.
    #[non_exhaustive]
    KeysSkipped {
        /// As for [`KeysRefreshed`](Self::KeysRefreshed).
        issuer: Option<&'a str>,
        /// The host of the document; empty for keys from a file.
        host: &'a str,
        /// Why the keys were skipped.
        reason: SkipReason,
        /// The number of keys that were skipped for this reason.
        keys: usize,
    },
    /// The policy of an issuer lists an algorithm that none of its keys can be used with.
    ///
    /// Emitted once for each new key set of a source, when the first token is verified with it. Tokens with the algorithm
    /// are rejected. For keys that never change, the same is a [`Problem`](crate::error::Problem).
    #[non_exhaustive]
    AlgorithmWithoutKey {
        /// The name of the issuer in the configuration; `None` for an issuer without one.
        issuer: Option<&'a str>,
        /// The name of the algorithm, such as `ES256`.
        algorithm: &'static str,
    },
    /// The metadata of an issuer could not be refreshed; the previous `jwks_uri` was used.
    #[non_exhaustive]
    MetadataUnavailable {
        /// As for [`KeysRefreshed`](Self::KeysRefreshed).
        issuer: Option<&'a str>,
        /// The host of the metadata.
        host: &'a str,
        /// Why the keys were fetched.
        trigger: RefreshReason,
        /// Why the metadata could not be refreshed.
        reason: FetchFailure,
        /// As for [`KeysRefreshed`](Self::KeysRefreshed).
        detail: Option<&'a str>,
    },
    /// A request was rejected because too many requests already wait for keys.
    #[non_exhaustive]
    TooManyWaiting {
        /// As for [`KeysRefreshed`](Self::KeysRefreshed).
        issuer: Option<&'a str>,
        /// The host of the configured URL.
        host: &'a str,
        /// Why a fetch was requested.
        trigger: RefreshReason,
    },
    /// The issuer of a tenant was looked up with an [`IssuerResolver`](crate::resolver::IssuerResolver).
    #[non_exhaustive]
    IssuerLookup {
        /// The template that the names of the issuers match.
        template: &'a str,
        /// What the resolver returned.
        outcome: LookupOutcome,
    },
    /// A verified token was rejected because of an entry of a [`Denylist`](crate::revocation::Denylist).
    #[non_exhaustive]
    TokenDenied {
        /// What the entry matches.
        kind: EntryKind,
    },
    /// A logout token was received, by a [`BackchannelLogout`](crate::logout::BackchannelLogout).
    ///
    /// Requests without a logout token cause no event.
    #[non_exhaustive]
    LogoutReceived {
        /// What was revoked; `None` if the token was rejected, or could not be checked or stored now.
        revoked: Option<EntryKind>,
        /// Why nothing was revoked. Its text is not a label for metrics.
        error: Option<&'a Error>,
    },
    /// An introspection endpoint was asked about a token, or was not asked for the reason in `outcome`.
    ///
    /// Cached answers cause no event.
    #[non_exhaustive]
    TokenIntrospected {
        /// The host of the endpoint.
        host: &'a str,
        /// The result.
        outcome: IntrospectionOutcome,
        /// For a failure, the URL of the endpoint without its query, and what it answered. Not a label for metrics.
        detail: Option<&'a str>,
        /// The duration of the call, by the clock of the introspection; zero if there was none.
        took: Duration,
    },
    /// A shared denylist is connected to its store.
    ///
    /// Emitted before the list is read, for each connection.
    #[non_exhaustive]
    DenylistConnected {
        /// The name of the list in the store, from the configuration.
        key: &'a str,
    },
    /// A shared denylist was read as a whole. It is then complete.
    #[non_exhaustive]
    DenylistRead {
        /// As for [`DenylistConnected`](Self::DenylistConnected).
        key: &'a str,
        /// The number of entries that were read.
        entries: usize,
        /// The number of entries that are not understood.
        skipped: usize,
        /// The duration, by the clock of the list.
        took: Duration,
    },
    /// A shared denylist lost its store, or an attempt to connect or to read the list failed.
    #[non_exhaustive]
    DenylistDisconnected {
        /// As for [`DenylistConnected`](Self::DenylistConnected).
        key: &'a str,
        /// Why.
        reason: StoreFailure,
        /// The command and the code that the store answered. Not a label for metrics.
        detail: &'a str,
    },
    /// Entries of a shared denylist are not understood and have no effect.
    ///
    /// A writer does not follow the layout. Emitted for each such message, and each time that the list is read.
    #[non_exhaustive]
    DenylistEntriesSkipped {
        /// As for [`DenylistConnected`](Self::DenylistConnected).
        key: &'a str,
        /// The number of entries.
        entries: usize,
    },
    /// A fetch was requested and not started, because the last attempt is too recent.
    #[non_exhaustive]
    RefreshSuppressed {
        /// As for [`KeysRefreshed`](Self::KeysRefreshed).
        issuer: Option<&'a str>,
        /// The host of the configured URL.
        host: &'a str,
        /// Why a fetch was requested.
        trigger: RefreshReason,
    },
}

impl Event<'_> {
    /// Returns whether an operator should act: the server is misconfigured, or a dependency is unavailable.
    ///
    /// The rejection of a bad request is not a failure.
    pub fn is_failure(&self) -> bool {
        match *self {
            Self::RequestJudged { reason, .. } => matches!(
                reason,
                Some(
                    ErrorKind::Internal
                        | ErrorKind::KeysUnavailable
                        | ErrorKind::RevocationUnavailable
                        | ErrorKind::ConfirmUnavailable
                )
            ),
            Self::KeysRefreshed { outcome, .. } => matches!(outcome, RefreshOutcome::Failed(_)),
            Self::AlgorithmWithoutKey { .. }
            | Self::DenylistDisconnected { .. }
            | Self::DenylistEntriesSkipped { .. }
            | Self::TooManyWaiting { .. }
            | Self::MetadataUnavailable { .. }
            | Self::ResponderFailed { .. } => true,
            Self::LogoutReceived { error, .. } => error.is_some_and(|error| {
                let kind = error.kind();
                matches!(kind, ErrorKind::KeysUnavailable | ErrorKind::RevocationUnavailable)
            }),
            Self::IssuerLookup { outcome, .. } => outcome == LookupOutcome::Failed,
            Self::TokenIntrospected { outcome, .. } => {
                matches!(outcome, IntrospectionOutcome::Failed(_))
            }
            Self::CacheLookup { .. }
            | Self::DenylistConnected { .. }
            | Self::DenylistRead { .. }
            | Self::TokenDenied { .. }
            | Self::KeysSkipped { .. }
            | Self::RefreshSuppressed { .. } => false,
        }
    }
}

/// The part of this crate that judged a request.
///
/// ```
/// use tower_jwt_auth::observe::Stage;
///
/// assert_eq!(Stage::Authorize.as_str(), "authorize");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// [`JwtAuthLayer`](crate::JwtAuthLayer), which verifies the token.
    Authenticate,
    /// [`RequireLayer`](crate::RequireLayer), which checks what the token grants.
    Authorize,
    /// An extractor, which checks that there is an identity of the handler's claims type.
    Extract,
}

impl Stage {
    /// The stable, lower-case label, for logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authenticate => "authenticate",
            Self::Authorize => "authorize",
            Self::Extract => "extract",
        }
    }
}

/// The result of one [`Stage`].
///
/// ```
/// use tower_jwt_auth::observe::Verdict;
///
/// assert_eq!(Verdict::Rejected.as_str(), "rejected");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// The request passed this stage.
    Accepted,
    /// The request passed without a verified token, as configured. If it has an invalid one, the event has the reason.
    Anonymous,
    /// The request was rejected.
    Rejected,
}

impl Verdict {
    /// The stable, lower-case label, for logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Anonymous => "anonymous",
            Self::Rejected => "rejected",
        }
    }
}

/// The result of the lookup of an issuer.
///
/// ```
/// use tower_jwt_auth::observe::LookupOutcome;
///
/// assert_eq!(LookupOutcome::Absent.as_str(), "absent");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LookupOutcome {
    /// The tenant has an issuer.
    Found,
    /// There is no such tenant.
    Absent,
    /// The lookup failed, or returned an issuer that cannot be trusted.
    Failed,
    /// Nothing was looked up: there were too many unknown tenants in one second.
    Suppressed,
}

impl LookupOutcome {
    /// The stable, lower-case label, for logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Absent => "absent",
            Self::Failed => "failed",
            Self::Suppressed => "suppressed",
        }
    }
}

/// The result of a key fetch.
///
/// ```
/// use tower_jwt_auth::key::FetchFailure;
/// use tower_jwt_auth::observe::RefreshOutcome;
///
/// assert_eq!(RefreshOutcome::Replaced.as_str(), "replaced");
/// assert_eq!(RefreshOutcome::Failed(FetchFailure::Timeout).as_str(), "timeout");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefreshOutcome {
    /// The key set was replaced with a new one.
    Replaced,
    /// The key set has not changed.
    Unchanged,
    /// A later fetch completed first; this result was discarded.
    Superseded,
    /// The fetch failed; the previous keys remain in use.
    Failed(FetchFailure),
}

impl RefreshOutcome {
    /// The stable, lower-case label, for logs and metrics.
    ///
    /// For a failure, it is the label of its [`FetchFailure`].
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Replaced => "replaced",
            Self::Unchanged => "unchanged",
            Self::Superseded => "superseded",
            Self::Failed(failure) => failure.as_str(),
        }
    }
}
