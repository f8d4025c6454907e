//! The trait that checks signatures.

/// Checks signatures. Only keys implement it.
pub(crate) trait SignatureCheck {
    /// Whether this is the signature of the message.
    fn is_signature(&self, message: &[u8], signature: &[u8]) -> bool;
}
