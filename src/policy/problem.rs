//! The problems of a policy. Each is reported for an issuer: `of` describes it.

use std::time::Duration;

use crate::error::{Problem, ProblemKind, quoted};

pub(super) fn no_audience(of: &str) -> Problem {
    Problem::new(
        ProblemKind::MissingAudience,
        format!("no audience for {of}"),
        "tokens that the issuer made for other services would be accepted",
        "Call `audience(\"this service\")`, `client_id(\"the client\")` if the tokens name a client and no audience, or \
         `any_audience()` if the issuer serves no other service",
    )
}

pub(super) fn contradictory_audiences(of: &str) -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        format!("both `audience` and `any_audience` for {of}"),
        "only one of them can have an effect",
        "Call one of them; `resource` sets an audience too",
    )
}

pub(super) fn audience_of_another_resource(audience: &str, resource: &str, of: &str) -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        format!(
            "the audience `{}` beside the resource `{}` for {of}",
            audience.escape_debug(),
            resource.escape_debug(),
        ),
        "clients request tokens for the identifier in the resource's metadata, and no others (RFC 8707 §2)",
        "Remove the call of `audience`, or create the `Resource` with this identifier",
    )
}

/// An empty value that must equal one in the token.
pub(super) fn empty_value(setting: &str, of: &str) -> Problem {
    Problem::new(
        ProblemKind::EmptyValue,
        format!("an empty {setting} for {of}"),
        "an empty value is usually a missing setting",
        "Pass the value that the issuer's tokens contain, or remove the call",
    )
}

/// A value with white space at its ends.
pub(super) fn padded_value(setting: &str, value: &str, of: &str) -> Problem {
    Problem::new(
        ProblemKind::InvalidValue,
        format!("white space around the {setting} `{}` for {of}", value.escape_debug()),
        "values are compared byte for byte, so no token would be accepted",
        "Remove the white space; a value from a file often ends with a line break",
    )
}

pub(super) fn list_of_audiences(list: &str, of: &str) -> Problem {
    Problem::new(
        ProblemKind::InvalidValue,
        format!("the list `{}` as one audience for {of}", list.escape_debug()),
        "no token has the whole list as one of its audiences",
        "Call `audience` once for each name",
    )
}

/// `any_audience` or `client_id` without `audience`.
pub(super) fn profile_without_audience(setting: &str, of: &str) -> Problem {
    Problem::new(
        ProblemKind::ProfileConflict,
        format!("`rfc9068` with `{setting}` and without `audience` for {of}"),
        "the profile requires servers to check the audience (RFC 9068 §4)",
        "Call `audience(\"this service\")`, and do not call `any_audience`",
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

pub(super) fn type_of_another_kind(typ: &str, of: &str) -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        format!("`access_tokens_only` with the `typ` `{typ}` for {of}"),
        "access tokens do not have this `typ`, so no token would be accepted",
        "Pass the `typ` of the access tokens, or remove one of the two calls",
    )
}

pub(super) fn malformed_scope(scope: &str, of: &str) -> Problem {
    Problem::new(
        ProblemKind::InvalidScope,
        format!("the scope {} in `implied_scopes` for {of}", quoted(scope)),
        "a scope has no spaces, quotes or backslashes, and no characters outside of ASCII (RFC 6749 §3.3)",
        "Pass each scope as an element of its own",
    )
}

pub(super) fn cyclic_scopes(scopes: &str, of: &str) -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        format!("scopes in `implied_scopes` that imply themselves for {of}: {scopes}"),
        "a token with one of them would have all of them, so they would not be different scopes",
        "Let the wider scope imply the narrower one, and remove the opposite direction",
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
        "Trust two issuers with different names; if this issuer replaces a secret with public keys, pass the secret to \
         `migrating_from`",
    )
}
