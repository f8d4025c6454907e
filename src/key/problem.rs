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
        *counts.entry(reason.to_string()).or_insert(0) += 1;
    }
    let counts: Vec<_> = counts.iter().map(|(reason, n)| format!("{n} {reason}")).collect();
    Problem::new(
        ProblemKind::MissingKeys,
        format!("a JWKS document without a usable key ({})", counts.join(", ")),
        "no token could be verified",
        "Pass the issuer's set of public signing keys",
    )
}

/// A problem with a `use` whose keys do not sign tokens, and with an empty one.
pub(crate) fn unsafe_use(key_use: &str) -> Option<Problem> {
    if key_use.is_empty() {
        return Some(Problem::new(
            ProblemKind::EmptyValue,
            "an empty `key_use`",
            "an empty name is usually a missing setting",
            "Pass the `use` of the signing keys, such as `jwt-svid`",
        ));
    }
    let is_for_others = ["enc", "x509-svid"].iter().any(|it| it.eq_ignore_ascii_case(key_use));
    is_for_others.then(|| {
        Problem::new(
            ProblemKind::InvalidValue,
            format!("`key_use` or `jwks_for_use` with `{key_use}`"),
            "keys for encryption or for certificates must not verify tokens",
            "Pass the `use` of the keys that sign tokens, such as `jwt-svid`",
        )
    })
}

pub(super) fn unreadable_file(path: &str, error: &std::io::Error) -> Problem {
    Problem::new(
        ProblemKind::InvalidValue,
        format!("the key file `{path}` cannot be read ({error})"),
        "there are no keys to verify tokens with",
        "Pass the path of a JWKS document that the server may read",
    )
}
