//! The problems of a key set.

use std::collections::BTreeMap;

use crate::error::{Problem, ProblemKind};
use crate::observe::skip_reason::SkipReason;

pub(super) fn not_a_document(len: usize) -> Problem {
    Problem::new(
        ProblemKind::InvalidKey,
        format!("{len} bytes that are not a JWKS document"),
        "a key set is a JSON object with an array `keys` (RFC 7517 §5)",
        "Pass the text that the issuer serves at its `jwks_uri`",
    )
}

pub(super) fn no_usable_key(skipped: &[SkipReason]) -> Problem {
    let mut counts = BTreeMap::new();
    for reason in skipped {
        *counts.entry(reason.as_str()).or_insert(0) += 1;
    }
    let counts: Vec<_> = counts.iter().map(|(reason, n)| format!("{n} {reason}")).collect();
    Problem::new(
        ProblemKind::MissingKeys,
        format!("a JWKS document without a usable key ({})", counts.join(", ")),
        "no token could be verified",
        "Pass the issuer's set of public signing keys",
    )
}
