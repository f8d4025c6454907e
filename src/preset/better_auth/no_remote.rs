//! In builds without the feature `jwks`, keys behind a URL cannot be fetched.

use std::sync::Arc;

use crate::build_error::{BuildError, Problem};
use crate::clock::Clock;
use crate::key::Keys;

#[derive(Default)]
pub(super) struct Remote;

impl Remote {
    pub(super) fn allow_insecure_http(self) -> Self {
        self
    }

    pub(super) fn build(_: Self, _: String, _: Option<Arc<dyn Clock>>) -> Result<Keys, BuildError> {
        Err(BuildError::new(Problem::new(
            "keys behind a URL",
            "there is nothing to fetch them with",
            "Turn on the feature `jwks-client`, or pass the `keys`",
        )))
    }
}
