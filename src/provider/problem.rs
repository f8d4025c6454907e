//! The problems of [`Settings`](super::Settings) and of secrets from the environment.
//!
//! A setting is named as in its source, such as `JWT_SECRET` for the environment.

use std::io;

use crate::error::{Problem, ProblemKind};

pub(super) fn not_utf8(name: &str) -> Problem {
    Problem::new(
        ProblemKind::InvalidValue,
        format!("`{name}` is not UTF-8"),
        "its value cannot be read",
        "Set it to UTF-8 text",
    )
}

/// `file` is its path, or the setting that names it.
pub(super) fn unreadable_file(file: &str, error: &io::Error) -> Problem {
    Problem::new(
        ProblemKind::InvalidValue,
        format!("the file {file} cannot be read ({})", error.kind()),
        "there is no secret to verify tokens with",
        "Use the path of a UTF-8 file that the server may read",
    )
}

pub(super) fn two_secrets(secret: &str, file: &str) -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        format!("both {secret} and {file} are set"),
        "only one of them can be used",
        "Set one of them",
    )
}

pub(super) fn unknown_algorithm(setting: &str) -> Problem {
    Problem::new(
        ProblemKind::InvalidValue,
        format!("{setting} contains an unknown algorithm"),
        "the algorithms to accept are not known",
        "List names such as `RS256` or `ES256`, separated by commas",
    )
}

/// A leeway that is not a number, or too long.
pub(super) fn bad_leeway(kind: ProblemKind, setting: &str) -> Problem {
    Problem::new(
        kind,
        format!("{setting} is not a number of seconds from 0 to 300"),
        "a longer leeway would accept tokens long after they expired",
        "Set it to a number such as 60, or leave it out",
    )
}

pub(super) fn no_keys(issuer: &str, secret: &str) -> Problem {
    Problem::new(
        ProblemKind::MissingKeys,
        format!("neither {issuer} nor {secret} is set"),
        "there are no keys to verify tokens with",
        "Set the URL of the issuer, or the secret shared with it",
    )
}

pub(super) fn no_audience(setting: &str) -> Problem {
    Problem::new(
        ProblemKind::MissingAudience,
        format!("{setting} is not set"),
        "tokens that were issued for other services would be accepted",
        "Set it to the name of this service in `aud`; if the tokens name a client and no audience, call \
         `VerifierBuilder::from(Settings::from_env()).client_id(\"the client\")`; if the issuer serves no other service, \
         call `any_audience()` instead",
    )
}

pub(super) fn empty_audience(setting: &str) -> Problem {
    Problem::new(
        ProblemKind::EmptyValue,
        format!("{setting} contains an empty name"),
        "an empty name is usually a missing setting",
        "Set it to the names of this service, separated by commas",
    )
}

#[cfg(feature = "jwks")]
pub(super) fn bad_issuer_url(setting: &str, bad: crate::url::BadUrl) -> Problem {
    Problem::new(
        bad.kind(),
        format!("{setting} is not the URL of an issuer: {}", bad.why()),
        "there are no keys to verify tokens with",
        "Set it to the value of `iss`, such as `https://auth.example.com`",
    )
}

#[cfg(not(feature = "jwks"))]
pub(super) fn no_key_client(setting: &str) -> Problem {
    Problem::new(
        ProblemKind::MissingFeature,
        format!("{setting} is set without a secret"),
        "this build cannot fetch the keys of an issuer",
        "Enable the feature `jwks-client`, or set a secret",
    )
}

const SECRET_FIX: &str =
    "Set it to a secret of at least 32 bytes: `openssl rand -base64 32` generates one";

pub(super) fn no_secret(variable: &str) -> Problem {
    Problem::new(
        ProblemKind::MissingVariable,
        format!("`{variable}` is not set"),
        "there is no secret to verify tokens with",
        SECRET_FIX,
    )
}

pub(super) fn secret_not_utf8(variable: &str) -> Problem {
    Problem::new(
        ProblemKind::InvalidValue,
        format!("`{variable}` is not UTF-8"),
        "its bytes may differ from those that the issuer signs with",
        SECRET_FIX,
    )
}
