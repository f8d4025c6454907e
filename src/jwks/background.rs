//! Refreshing by a timer, so that not even the first request after a quiet hour meets old keys.

use std::time::Duration;

use super::remote::RemoteJwks;

/// The clock is injected and may be moved: it is looked at this often.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
const SHORTEST_SLEEP: Duration = Duration::from_millis(100);

impl RemoteJwks {
    /// Fetches the keys whenever it is time, without waiting for a request to notice.
    ///
    /// A machine that was suspended has them fetched within half a minute of waking up.
    ///
    /// Spawn it: `tokio::spawn(keys.keep_fresh())`. It ends when the last clone of the keys is dropped.
    /// Without it, keys are fetched by the first request that needs some, and refreshed behind a request
    /// that comes at 80 % of their lifetime; after a quiet time the first request may be verified with keys
    /// that are as old as that.
    pub fn keep_fresh(&self) -> impl Future<Output = ()> + Send + 'static {
        let keys = self.downgrade();
        async move {
            while let Some(keys) = keys.upgrade() {
                keys.refresh_if_due();
                let sleep = keys.due_in().clamp(SHORTEST_SLEEP, LONGEST_SLEEP);
                drop(keys);
                tokio::time::sleep(sleep).await;
            }
        }
    }
}
