//! In place of `tokio_timer` where its feature is off.

use std::future::Pending;
use std::time::Duration;

/// `None`: there is no timer.
pub(super) const fn sleep(_: Duration) -> Option<Pending<()>> {
    None
}
