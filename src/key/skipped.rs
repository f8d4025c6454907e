//! Why a JWK is not used: the reason in a key set, and the problem of a single key.

use super::backend::CryptoBackend;
use super::weakness::Weakness;
use crate::error::{BuildError, Problem, ProblemKind};
use crate::observe::skip_reason::SkipReason;

/// Why a key is not used, and the problem if it was configured alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Skipped {
    pub(super) reason: SkipReason,
    kind: ProblemKind,
    why: &'static str,
}

impl Skipped {
    pub(super) fn into_error(self) -> BuildError {
        let what = match self.reason {
            SkipReason::MissingMember(name) => format!("a JWK without the member `{name}`"),
            SkipReason::MalformedMember(name) => {
                format!("a JWK whose member `{name}` is malformed")
            }
            _ => "a JWK that cannot be used".to_owned(),
        };
        let fix = "Export the issuer's public signing key as a JWK";
        BuildError::new(Problem::new(self.kind, what, self.why, fix))
    }
}

impl From<SkipReason> for Skipped {
    fn from(reason: SkipReason) -> Self {
        Self { reason, kind: kind(reason), why: reason.sentence() }
    }
}

impl From<Weakness> for Skipped {
    fn from(weakness: Weakness) -> Self {
        Self { reason: weakness.skip_reason(), kind: weakness.kind(), why: weakness.sentence() }
    }
}

fn kind(reason: SkipReason) -> ProblemKind {
    match reason {
        SkipReason::OtherAlgorithm | SkipReason::NotInBackend => ProblemKind::UnsuitableAlgorithm,
        SkipReason::PrivateKey => ProblemKind::PrivateKey,
        SkipReason::Secret => ProblemKind::MixedKeys,
        SkipReason::Weak => ProblemKind::WeakKey,
        SkipReason::TooLong => ProblemKind::OutOfRange,
        SkipReason::Published => ProblemKind::PublishedSecret,
        SkipReason::Rejected if CryptoBackend::active().is_none() => ProblemKind::MissingFeature,
        SkipReason::Malformed
        | SkipReason::UnknownType
        | SkipReason::MissingMember(_)
        | SkipReason::MalformedMember(_)
        | SkipReason::NotForSignatures
        | SkipReason::Rejected
        | SkipReason::TooMany => ProblemKind::InvalidKey,
    }
}
