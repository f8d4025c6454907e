//! In builds without the feature `jwks`, keys behind a URL cannot be fetched.

use crate::error::{Problem, ProblemKind};
use crate::key::Keys;

#[derive(Default)]
pub(super) struct Remote;

impl Remote {
    pub(super) fn allow_insecure_http(self) -> Self {
        self
    }

    pub(super) fn at(_: Self, _: String) -> Result<Keys, Problem> {
        Err(Problem::new(
            ProblemKind::MissingFeature,
            "keys behind a URL",
            "this build cannot fetch them",
            "Enable the feature `jwks-client`, or pass the keys with `keys`",
        ))
    }
}
