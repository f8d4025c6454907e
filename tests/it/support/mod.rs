//! What several tests share.

pub(crate) mod alloc;
pub(crate) mod ask;
pub(crate) mod late_keys;
pub(crate) mod permits;
pub(crate) mod tokens;
pub(crate) mod wire;
