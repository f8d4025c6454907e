//! Keeps the list in memory equal to the one in Redis.
//!
//! 1. Subscribe to the channel. Messages are buffered from now on.
//! 2. Read the set, page by page. What is added meanwhile is in the messages.
//! 3. Apply messages as they arrive. Every few seconds, a ping shows that the connection works; every minute, the set is
//!    read again, in case a message was lost.
//! 4. If the connection is lost, begin again after a pause. What is known stays in the list.

use std::hash::{BuildHasher, RandomState};
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::future::{Either, select};
use redis::Msg;

use super::connection::{Commands, Messages, Subscription};
use super::freshness::Moment;
use super::layout;
use super::shared::Shared;
use super::store_error::StoreError;
use super::write::write_again;
use crate::observe::{Event, StoreFailure};

const PING_EVERY: Duration = Duration::from_secs(5);
const READ_EVERY: Duration = Duration::from_secs(60);
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Runs until the last clone of the list is dropped, or there are no timers.
pub(super) async fn run(list: Weak<Shared>) {
    let mut failures = 0;
    loop {
        let Some(shared) = list.upgrade() else { return };
        let error = match Session::open(&shared).await {
            Ok(mut session) => {
                failures = 0;
                write_again(&shared).await;
                drop(shared);
                match session.follow(&list).await {
                    Ok(()) => return,
                    Err(error) => error,
                }
            }
            Err(error) => error,
        };
        let Some(shared) = list.upgrade() else { return };
        report_lost(&shared, &error);
        let Ok(pause) = shared.timer(pause(failures, RandomState::new().hash_one(()))) else {
            return;
        };
        failures = failures.saturating_add(1);
        drop(shared);
        pause.await;
    }
}

/// Reads the list once.
pub(super) async fn read_once(shared: &Shared) -> Result<(), StoreError> {
    let read = Session::open(shared).await.map(drop);
    read.inspect_err(|error| report_lost(shared, error))
}

fn report_lost(shared: &Shared, error: &StoreError) {
    shared.freshness.lose(error.clone());
    shared.report(|key| Event::DenylistDisconnected {
        key,
        reason: error.failure(),
        detail: error.detail(),
    });
}

/// The pause after this number of failures: it doubles, and half of it is random, so that replicas do not all connect
/// at the same time.
fn pause(failures: u32, chance: u64) -> Duration {
    let longest = FIRST_PAUSE.saturating_mul(1 << failures.min(16)).min(LONGEST_PAUSE);
    let thousandths = u32::try_from(chance % 1000).unwrap_or_default();
    longest / 2 + longest / 2 * thousandths / 1000
}

/// A subscription whose messages, together with what was read, are the complete list.
struct Session {
    subscription: Subscription,
    commands: Commands,
    /// When the set is to be read again.
    read_at: Duration,
}

impl Session {
    /// Subscribes, and reads the set.
    async fn open(shared: &Shared) -> Result<Self, StoreError> {
        let subscription = shared.limited("connecting", shared.connector.subscribe()).await?;
        let commands = shared.limited("connecting", shared.connector.open()).await?;
        shared.report(|key| Event::DenylistConnected { key });
        let mut session = Self { subscription, commands, read_at: Duration::ZERO };
        session.read(shared).await?;
        Ok(session)
    }

    /// Follows the list until an error. Ends with `Ok` after the last clone of the list is dropped.
    async fn follow(&mut self, list: &Weak<Shared>) -> Result<(), StoreError> {
        loop {
            let Some(shared) = list.upgrade() else { return Ok(()) };
            if shared.clock.monotonic() >= self.read_at {
                self.read(&shared).await?;
            }
            // Several pings within the bound, so that a lost one does not cause rejections.
            let timer = shared.timer(PING_EVERY.min(shared.max_stale / 4))?;
            drop(shared);
            let Subscription { messages, pings } = &mut self.subscription;
            let apply = |message: &Msg| list.upgrade().iter().for_each(|to| receive(to, message));
            listen(messages, apply, timer).await?;

            let Some(shared) = list.upgrade() else { return Ok(()) };
            let started = Moment::now(&*shared.clock);
            let ping = shared.limited("`PING`", pings.ping());
            listen(messages, |message| receive(&shared, message), ping).await??;
            self.confirm(&shared, started);
            write_again(&shared).await;
        }
    }

    /// Reads the whole set.
    async fn read(&mut self, shared: &Shared) -> Result<(), StoreError> {
        let started = Moment::now(&*shared.clock);
        shared.limited("`ROLE`", self.commands.check_role()).await?;
        let expired = shared.expired();
        let (mut entries, mut skipped, mut cursor) = (0, 0, 0);
        loop {
            let page = self.commands.page(shared.connector.key(), cursor);
            let page = shared.limited("`ZSCAN`", page);
            let messages = &mut self.subscription.messages;
            let (next, members) =
                listen(messages, |message| receive(shared, message), page).await??;
            for (member, score) in members {
                match layout::read_member(&member, score) {
                    Some(entry) if entry.needed_until().is_some_and(|until| until < expired) => {}
                    Some(entry) => {
                        entries += 1;
                        shared.apply(&entry);
                    }
                    None => skipped += 1,
                }
            }
            cursor = next;
            if cursor == 0 {
                break;
            }
        }
        self.read_at = started.monotonic.saturating_add(READ_EVERY);
        self.confirm(shared, started);
        let took = shared.clock.monotonic().saturating_sub(started.monotonic);
        shared.report(|key| Event::DenylistRead { key, entries, skipped, took });
        if skipped > 0 {
            shared.report(|key| Event::DenylistEntriesSkipped { key, entries: skipped });
        }
        Ok(())
    }

    /// Records that everything that was stored before this time is in the list.
    fn confirm(&mut self, shared: &Shared, at: Moment) {
        while let Some(message) = self.subscription.messages.arrived() {
            receive(shared, &message);
        }
        shared.freshness.confirm(at);
    }
}

/// Applies messages until the future completes.
async fn listen<T>(
    messages: &mut Messages,
    apply: impl Fn(&Msg),
    until: impl Future<Output = T>,
) -> Result<T, StoreError> {
    let mut until = pin!(until);
    loop {
        // The future first: a flood of messages must not keep a ping from being sent.
        match select(until.as_mut(), pin!(messages.next())).await {
            Either::Left((result, _)) => return Ok(result),
            Either::Right((Some(message), _)) => apply(&message),
            Either::Right((None, _)) => {
                return Err(StoreError::new(StoreFailure::Connection, "the subscription ended"));
            }
        }
    }
}

fn receive(shared: &Shared, message: &Msg) {
    match layout::read_message(message.get_payload_bytes()) {
        Some(entry) => shared.apply(&entry),
        None => shared.report(|key| Event::DenylistEntriesSkipped { key, entries: 1 }),
    }
}

/// Starts [`run`] without keeping the list alive.
pub(super) fn keep_fresh(shared: &Arc<Shared>) -> impl Future<Output = ()> + Send + 'static {
    run(Arc::downgrade(shared))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_ten_seconds() {
        let millis = |failures, chance| pause(failures, chance).as_millis();
        let longest: Vec<_> = (0..8).map(|failures| millis(failures, 999)).collect();
        assert_eq!(longest, [249, 499, 999, 1999, 3998, 7996, 9995, 9995]);
        let shortest: Vec<_> = (0..8).map(|failures| millis(failures, 0)).collect();
        assert_eq!(shortest, [125, 250, 500, 1000, 2000, 4000, 5000, 5000]);
        assert_eq!(millis(u32::MAX, u64::MAX) / 5000, 1);
    }
}
