//! The state of a shared denylist.

use std::time::Duration;

use super::store_error::StoreError;

/// Whether a shared denylist is complete.
///
/// ```
/// use tower_jwt_auth::store::{DenylistState, RedisDenylist};
///
/// fn is_ready(denied: &RedisDenylist) -> bool {
///     matches!(denied.health().state, DenylistState::Fresh | DenylistState::Stale)
/// }
///
/// let denied = RedisDenylist::url("redis://127.0.0.1").build()?;
/// assert_eq!(denied.health().state, DenylistState::Unread);
/// assert!(!is_ready(&denied));
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DenylistState {
    /// The list was never read: tokens are rejected with 503, and those that this server revoked with 401.
    Unread,
    /// The list is complete, except for what was revoked in the last seconds if the connection was just lost.
    Fresh,
    /// The connection is lost, or [`keep_fresh`](super::RedisDenylist::keep_fresh) does not run. Tokens that were revoked
    /// since are accepted.
    Stale,
    /// The list was last complete longer ago than [`max_stale`](super::RedisDenylistBuilder::max_stale).
    ///
    /// Tokens on the list are rejected with 401, and all others with 503, except with
    /// [`allow_when_stale`](super::RedisDenylistBuilder::allow_when_stale).
    Expired,
}

impl DenylistState {
    /// The stable, lower-case label, for logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unread => "unread",
            Self::Fresh => "fresh",
            Self::Stale => "stale",
            Self::Expired => "expired",
        }
    }
}

/// The health of a shared denylist, for readiness probes and dashboards.
///
/// ```
/// use tower_jwt_auth::store::{DenylistState, RedisDenylist};
///
/// let health = RedisDenylist::url("redis://127.0.0.1").build()?.health();
/// assert_eq!((health.state, health.age, health.entries), (DenylistState::Unread, None, 0));
/// assert!(health.last_error.is_none());
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DenylistHealth {
    /// Whether the list is complete.
    pub state: DenylistState,
    /// The time since the list was known to be complete; `None` if it was never read.
    pub age: Option<Duration>,
    /// The number of entries that have not expired.
    pub entries: usize,
    /// The error of the last attempt to read the list or to keep the connection; `None` after a success.
    pub last_error: Option<StoreError>,
}
