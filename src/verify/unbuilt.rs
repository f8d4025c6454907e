//! Keys whose settings stay open until the verifier is built.

use std::any::Any;

use crate::build_error::BuildError;
use crate::key::Keys;

/// Keys, or the builder of a key source of a module that this one does not know.
pub(crate) trait UnbuiltKeys: Any + Send + Sync {
    /// Builds the source.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with its settings.
    fn build(self: Box<Self>) -> Result<Keys, BuildError>;
}

impl UnbuiltKeys for Keys {
    fn build(self: Box<Self>) -> Result<Keys, BuildError> {
        Ok(*self)
    }
}
