//! The problems with the settings.

use std::time::Duration;

use tokio::sync::Semaphore;

use crate::error::{Problem, ProblemKind};
use crate::url::BadUrl;

const LONGEST_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest time for which the verdict `Active` is cached.
pub(super) const LONGEST_CACHED_FOR: Duration = Duration::from_secs(30);

pub(super) fn bad_url(bad: BadUrl) -> Problem {
    Problem::new(
        bad.kind(),
        "the URL of the introspection endpoint",
        bad.why(),
        "Pass the `introspection_endpoint` of the issuer's metadata, such as `https://auth.example.com/introspect`",
    )
}

/// Whether `http` is permitted is decided by the caller.
pub(super) const fn plain_http(is_loopback: bool) -> BadUrl {
    BadUrl::insecure(if is_loopback {
        "plain HTTP is for development, and `allow_http_on_loopback` was not called"
    } else {
        "over `http`, an attacker on the network path can read the tokens and this server's credential, and answer \
         that a revoked token is active"
    })
}

pub(super) fn empty_issuer() -> Problem {
    Problem::new(
        ProblemKind::EmptyValue,
        "an empty name of the issuer",
        "no token is from this issuer, so none would be introspected",
        "Pass the issuer's name, which its tokens have in `iss`",
    )
}

pub(super) fn unsigned() -> Problem {
    Problem::new(
        ProblemKind::MissingKeys,
        "introspection without `signed`",
        "an unsigned answer proves nothing but a TLS connection: a proxy or a cache on the way can answer that a \
         revoked token is active",
        "Call `signed` with the issuer's keys if the issuer supports RFC 9701; otherwise call \
         `allow_unsigned_answers`",
    )
}

pub(super) fn signed_and_unsigned() -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        "both `signed` and `allow_unsigned_answers`",
        "an attacker who can change the answer would send the unsigned one",
        "Call only one of them",
    )
}

pub(super) fn no_audience() -> Problem {
    Problem::new(
        ProblemKind::MissingAudience,
        "`signed` without an audience",
        "a signed answer names the client that it is for in `aud`, and an answer to another client would be accepted",
        "Call `audience` with the id that the issuer gave to this server, or `client_secret_basic`",
    )
}

pub(super) fn no_credential() -> Problem {
    Problem::new(
        ProblemKind::MissingCredential,
        "introspection without a credential",
        "an endpoint must require one (RFC 7662 §2.1), or an attacker could test guessed tokens",
        "Call `client_secret_basic`, `bearer` or `authenticate_with`",
    )
}

pub(super) fn two_credentials() -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        "two credentials for the introspection endpoint",
        "a client must not use more than one method in a request (RFC 6749 §2.3)",
        "Call only one of `client_secret_basic`, `bearer` and `authenticate_with`",
    )
}

pub(super) fn unusable_credential(setting: &str) -> Problem {
    Problem::new(
        ProblemKind::InvalidValue,
        format!("`{setting}` with an empty text, or with one that a header cannot contain"),
        "the endpoint would reject every request",
        "Pass the credential as the issuer shows it, without spaces and line breaks around it",
    )
}

pub(super) fn limits(timeout: Duration, max_calls: usize, cached_for: Duration) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut check = |good: bool, what: String, why, fix| {
        if !good {
            problems.push(Problem::new(ProblemKind::OutOfRange, what, why, fix));
        }
    };
    check(
        !timeout.is_zero() && timeout <= LONGEST_TIMEOUT,
        format!("a `timeout` of {timeout:?}"),
        "with 0 no call could succeed; above 30 seconds, requests would pile up if the endpoint hangs",
        "Keep the default of 2 seconds",
    );
    check(
        (1..=Semaphore::MAX_PERMITS).contains(&max_calls),
        format!("`max_calls` of {max_calls}"),
        "with 0 no token could be introspected; the maximum is `Semaphore::MAX_PERMITS` of Tokio",
        "Keep the default of 100",
    );
    check(
        cached_for <= LONGEST_CACHED_FOR,
        format!("`cache_active_for` with {cached_for:?}"),
        "above 30 seconds, a revoked token would be accepted for too long",
        "Keep the default of 30 seconds",
    );
    problems
}

#[cfg(not(feature = "jwks-client"))]
pub(super) fn no_client() -> Problem {
    Problem::new(
        ProblemKind::MissingFeature,
        "introspection without an HTTP client",
        "the endpoint cannot be called, because the feature `jwks-client` is disabled",
        "Enable the feature `jwks-client`, or call `client` with a Tower HTTP client",
    )
}
