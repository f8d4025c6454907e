//! Refreshing by a timer, so that not even the first request after a quiet hour meets old keys.

use super::remote::RemoteJwks;
use crate::clock::Timer;
use crate::key::{KeySource, pause_before_next_look};

impl RemoteJwks {
    /// Fetches the keys whenever it is time, without waiting for a request to notice.
    ///
    /// A machine that was suspended has them fetched within half a minute of waking up.
    ///
    /// Spawn it: `tokio::spawn(keys.keep_fresh())`. It ends when the last clone of the keys is dropped.
    /// Without it, keys are fetched by the first request that needs some, and refreshed behind a request
    /// that comes at 80 % of their lifetime; after a quiet time the first request may be verified with keys
    /// that are as old as that.
    ///
    /// It needs a Tokio runtime with timers (`enable_time` or `enable_all`), as every fetch does. Without them
    /// it ends at once, before it fetches anything, and reports that: as an
    /// [`Event::KeysRefreshed`](crate::observe::Event::KeysRefreshed) with the outcome `no_timer`, and in
    /// [`last_error`](crate::key::KeyHealth::last_error).
    pub fn keep_fresh(&self) -> impl Future<Output = ()> + Send + 'static {
        let keys = self.downgrade();
        async move {
            while let Some(keys) = keys.upgrade() {
                let Some(pause) = keys.refresh_and_pause() else { return };
                drop(keys);
                pause.await;
            }
        }
    }

    /// Starts a refresh if it is time for one; gives the time until the next look. `None` without timers, when
    /// a refresh could not start either.
    fn refresh_and_pause(&self) -> Option<Timer> {
        let due_in = self.refresh_if_due()?;
        self.timer(pause_before_next_look(due_in))
    }
}
