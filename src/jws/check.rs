//! The trait that checks signatures.

use std::sync::Arc;

/// Checks signatures. Only keys implement it.
pub(crate) trait SignatureCheck {
    /// Whether this is the signature of the message.
    fn is_signature(&self, message: &[u8], signature: &[u8]) -> bool;

    /// The only issuer whose tokens the key verifies, if it names one.
    fn issuer(&self) -> Option<&Arc<str>>;
}
