//! The problems of a policy. Each is reported for an issuer: `of` describes it.

use std::time::Duration;

use crate::error::{Problem, ProblemKind};

pub(super) fn no_audience(of: &str) -> Problem {
    Problem::new(
        ProblemKind::MissingAudience,
        format!("no audience for {of}"),
        "tokens that the issuer made for other services would be accepted",
        "Call `audience(\"this service\")`, or `any_audience()` if the issuer serves no other service",
    )
}

pub(super) fn contradictory_audiences(of: &str) -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        format!("both `audience` and `any_audience` for {of}"),
        "only one of them can have an effect",
        "Call one of them",
    )
}

pub(super) fn empty_audience(of: &str) -> Problem {
    Problem::new(
        ProblemKind::EmptyValue,
        format!("an empty audience for {of}"),
        "an empty name is usually a missing setting",
        "Pass the name of this service in `aud`",
    )
}

/// An empty `subject` or `typ`.
pub(super) fn empty_value(setting: &str, of: &str) -> Problem {
    Problem::new(
        ProblemKind::EmptyValue,
        format!("an empty {setting} for {of}"),
        "an empty value is usually a missing setting",
        "Pass the value that the issuer's tokens contain, or remove the call",
    )
}

pub(super) fn profile_without_audience(of: &str) -> Problem {
    Problem::new(
        ProblemKind::ProfileConflict,
        format!("`rfc9068` with `any_audience` for {of}"),
        "the profile requires servers to check the audience (RFC 9068 §4)",
        "Call `audience(\"this service\")` instead",
    )
}

pub(super) fn profile_without_expiry(of: &str) -> Problem {
    Problem::new(
        ProblemKind::ProfileConflict,
        format!("`rfc9068` with `allow_missing_expiry` for {of}"),
        "the profile requires `exp` in every token (RFC 9068 §2.2)",
        "Remove the call of `allow_missing_expiry`",
    )
}

pub(super) fn profile_of_another_type(typ: &str, of: &str) -> Problem {
    Problem::new(
        ProblemKind::ProfileConflict,
        format!("`rfc9068` with the `typ` `{typ}` for {of}"),
        "the profile requires the `typ` `at+jwt`, which only access tokens have (RFC 9068 §4)",
        "Remove the call of `typ`",
    )
}

pub(super) fn long_leeway(leeway: Duration, of: &str) -> Problem {
    Problem::new(
        ProblemKind::OutOfRange,
        format!("a leeway of {leeway:?} for {of}"),
        "tokens would be accepted long after they expired",
        "Use 5 minutes at most; servers with synchronized clocks need 60 seconds or less",
    )
}

pub(super) fn no_algorithms(of: &str) -> Problem {
    Problem::new(
        ProblemKind::EmptyValue,
        format!("an empty list of algorithms for {of}"),
        "no token could be verified",
        "List the algorithms that the issuer signs with, or remove the call of `algorithms`",
    )
}

pub(super) fn mixed_algorithms(of: &str) -> Problem {
    Problem::new(
        ProblemKind::MixedKeys,
        format!("HMAC and public-key algorithms in one list for {of}"),
        "an attacker could use the public key as an HMAC secret and sign tokens with it",
        "Trust two issuers with different names, or build one verifier for each kind of key",
    )
}
