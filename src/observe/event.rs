//! What is reported.

use std::time::Duration;

use super::fetch_failure::FetchFailure;
use super::refresh_reason::RefreshReason;
use super::skip_reason::SkipReason;
use crate::error::ErrorKind;

/// Something worth counting.
///
/// Every field that is an enum has `as_str()`, a stable label. Nothing that a token says is a label, so that a
/// client cannot create new ones; `issuer` and `host` come from the configuration and from the issuer's
/// metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A layer or an extractor has judged a request.
    ///
    /// Every request has one verdict of the stage [`Authenticate`](Stage::Authenticate), and one more for each
    /// `RequireLayer` that it reaches. Extractors report rejections only.
    #[non_exhaustive]
    RequestJudged {
        /// What judged it.
        stage: Stage,
        /// The result.
        verdict: Verdict,
        /// Why it was rejected.
        reason: Option<ErrorKind>,
        /// The time that the stage took, by the verifier's clock, waiting included. Zero for extractors, and
        /// where a `JwtAuthLayer` is missing.
        took: Duration,
    },
    /// A token was looked up in the cache of verified tokens.
    #[non_exhaustive]
    CacheLookup {
        /// Whether it was there and its verdict still holds.
        hit: bool,
    },
    /// A fetch of keys has ended.
    #[non_exhaustive]
    KeysRefreshed {
        /// The issuer whose keys these are, where it has one name.
        issuer: Option<&'a str>,
        /// The host that was asked last.
        host: &'a str,
        /// Why the keys were fetched.
        trigger: RefreshReason,
        /// How the fetch ended.
        outcome: RefreshOutcome,
        /// The number of keys that are held now.
        keys: usize,
        /// The number of keys of the document that could not be used.
        skipped: usize,
        /// The time that the fetch took, by the clock of the keys.
        took: Duration,
    },
    /// Keys of a new document could not be used.
    #[non_exhaustive]
    KeysSkipped {
        /// As for [`KeysRefreshed`](Self::KeysRefreshed).
        issuer: Option<&'a str>,
        /// The host of the document.
        host: &'a str,
        /// Why.
        reason: SkipReason,
        /// The number of keys that were skipped for this reason.
        keys: usize,
    },
    /// An issuer's metadata could not be read again; its keys were fetched from the URL it named before.
    #[non_exhaustive]
    MetadataUnavailable {
        /// As for [`KeysRefreshed`](Self::KeysRefreshed).
        issuer: Option<&'a str>,
        /// The host of the metadata.
        host: &'a str,
        /// Why the keys were fetched.
        trigger: RefreshReason,
        /// Why the metadata could not be read.
        reason: FetchFailure,
    },
    /// A request was rejected because too many wait for keys already.
    #[non_exhaustive]
    TooManyWaiting {
        /// As for [`KeysRefreshed`](Self::KeysRefreshed).
        issuer: Option<&'a str>,
        /// The host that the keys are configured to come from.
        host: &'a str,
        /// Why the keys were wanted.
        trigger: RefreshReason,
    },
    /// Keys were wanted and not fetched: the last attempt is too recent.
    #[non_exhaustive]
    RefreshSuppressed {
        /// As for [`KeysRefreshed`](Self::KeysRefreshed).
        issuer: Option<&'a str>,
        /// The host that the keys are configured to come from.
        host: &'a str,
        /// Why the keys were wanted.
        trigger: RefreshReason,
    },
}

impl Event<'_> {
    /// Whether an operator should look: the server is misconfigured, or something it depends on is unavailable.
    ///
    /// A request that was rejected for what it is, is not a failure.
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
            Self::TooManyWaiting { .. } | Self::MetadataUnavailable { .. } => true,
            Self::CacheLookup { .. }
            | Self::KeysSkipped { .. }
            | Self::RefreshSuppressed { .. } => false,
        }
    }
}

/// The part of this crate that judged a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// [`JwtAuthLayer`](crate::JwtAuthLayer): the token.
    Authenticate,
    /// [`RequireLayer`](crate::RequireLayer): what the token grants.
    Authorize,
    /// An extractor of a handler: that there is an identity, of the claims type that the handler asks for.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// The request passed this stage.
    Accepted,
    /// The request passed without a token, as the layer allows.
    Anonymous,
    /// The request was answered here.
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

/// How a fetch of keys ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefreshOutcome {
    /// There is a new set.
    Replaced,
    /// The key server has the same keys.
    Unchanged,
    /// A fetch that started later has ended before; the result was dropped.
    Superseded,
    /// The keys could not be fetched; those that are held go on serving.
    Failed(FetchFailure),
}

impl RefreshOutcome {
    /// The stable, lower-case label, for logs and metrics; that of the failure if there was one.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Replaced => "replaced",
            Self::Unchanged => "unchanged",
            Self::Superseded => "superseded",
            Self::Failed(failure) => failure.as_str(),
        }
    }
}
