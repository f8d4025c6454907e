//! In builds without the feature `jwks`, keys behind a URL cannot be fetched.

use std::sync::Arc;

use crate::clock::Clock;
use crate::error::{BuildError, Problem};
use crate::key::Keys;

type KeysByClock = fn(Option<Arc<dyn Clock>>) -> Keys;

#[derive(Default)]
pub(super) struct Remote;

impl Remote {
    pub(super) fn allow_insecure_http(self) -> Self {
        self
    }

    pub(super) fn checked(_: Self, _: String) -> Result<KeysByClock, BuildError> {
        Err(BuildError::new(Problem::new(
            "keys behind a URL",
            "there is nothing to fetch them with",
            "Turn on the feature `jwks-client`, or pass the `keys`",
        )))
    }
}
