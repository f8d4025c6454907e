//! The one file that names `tracing`: what operators get to see, without tokens and without claims.

use crate::error::{Error, ErrorKind};

/// A request was refused.
#[cfg(feature = "tracing")]
pub(crate) fn refused(error: &Error) {
    if error.kind() == ErrorKind::Internal {
        tracing::error!(reason = error.kind().as_str(), "{error}");
    } else {
        // Anybody can cause these, as many as they like: not above debug.
        tracing::debug!(reason = error.kind().as_str(), "request refused: {error}");
    }
}

/// A request was refused.
#[cfg(not(feature = "tracing"))]
pub(crate) const fn refused(error: &Error) {
    let _: ErrorKind = error.kind();
}
