//! Keys whose settings stay open until the verifier is built.

use std::any::Any;
use std::sync::Arc;

use crate::clock::Clock;
use crate::error::BuildError;
use crate::key::Keys;

/// Keys, or the builder of a key source of a module that this one does not know.
pub(crate) trait UnbuiltKeys: Any + Send + Sync {
    /// Builds the source. The clock is that of the verifier, for sources that were given none.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with its settings.
    fn build(self: Box<Self>, clock: Option<Arc<dyn Clock>>) -> Result<Keys, BuildError>;
}

impl UnbuiltKeys for Keys {
    fn build(self: Box<Self>, _: Option<Arc<dyn Clock>>) -> Result<Keys, BuildError> {
        Ok(*self)
    }
}
