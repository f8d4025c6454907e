//! Builds without the feature `jwks` cannot fetch keys from a URL.

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
            "the preset needs the keys of the server",
            "this build cannot fetch keys from a URL",
            "Enable the feature `jwks-client`, or pass the keys with `keys`",
        ))
    }
}
