//! The problems of the settings.

use crate::error::{Problem, ProblemKind};

pub(super) fn no_client() -> Problem {
    Problem::new(
        ProblemKind::MissingAudience,
        "no client id for back-channel logout",
        "a logout token for any other client of the issuer would be accepted",
        "Call `client_id` with the id under which this logout endpoint is registered at the issuer",
    )
}

pub(super) fn feeds_nothing() -> Problem {
    Problem::new(
        ProblemKind::NoEffect,
        "back-channel logout that feeds no list",
        "logout tokens would be answered with success, and nothing would be revoked",
        "Call `feeds` with a clone of the `Denylist` that the verifier asks",
    )
}
