//! Background refresh with a timer.

use super::remote::RemoteJwks;
use crate::clock::Timer;
use crate::key::{KeySource, pause_before_next_look};

impl RemoteJwks {
    /// Fetches the keys now, and refreshes them in the background.
    ///
    /// Spawn it: `tokio::spawn(keys.keep_fresh())`. It ends when the last clone of the keys is dropped. After the
    /// machine was suspended, it fetches the keys within half a minute.
    ///
    /// Without this task, the first request that needs keys fetches them. A request after 70 to 80 % of their lifetime
    /// starts a refresh in the background. After a period without requests, the next request may be verified with old
    /// keys.
    ///
    /// It needs a Tokio runtime with timers (`enable_time` or `enable_all`), as every fetch does. Without timers it
    /// ends immediately and fetches nothing. It reports that as an
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

    /// Starts a refresh if one is due, and returns a timer for the next check. `None` without timers.
    fn refresh_and_pause(&self) -> Option<Timer> {
        let due_in = self.refresh_if_due()?;
        self.timer(pause_before_next_look(due_in))
    }
}
