//! The commands that are sent to Redis.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use futures_util::{FutureExt, StreamExt};
use redis::aio::{MultiplexedConnection, PubSubSink, PubSubStream};
use redis::{AsyncConnectionConfig, Client, Msg, RedisResult, Value};
use tokio::runtime::Handle;

use super::layout::Written;
use super::store_error::StoreError;
use crate::observe::StoreFailure;

/// The number of entries that one command reads. Redis runs nothing else in the meantime, which takes about 1 ms.
const PAGE: usize = 1000;

/// A page of the set: the cursor of the next one, and members with their scores.
pub(super) type Page = (u64, Vec<(Vec<u8>, f64)>);

/// Opens connections.
pub(super) struct Connector {
    client: Client,
    key: String,
}

/// A connection for commands.
#[derive(Clone)]
pub(super) struct Commands(MultiplexedConnection);

/// A connection that is subscribed to the channel.
pub(super) struct Subscription {
    pub(super) messages: Messages,
    pub(super) pings: Pings,
}

/// The messages on the channel.
pub(super) struct Messages(PubSubStream);

/// Sends pings on the connection of the [`Messages`].
pub(super) struct Pings(PubSubSink);

impl Connector {
    pub(super) const fn new(client: Client, key: String) -> Self {
        Self { client, key }
    }

    /// The name of the set and of the channel.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    pub(super) async fn open(&self) -> Result<Commands, StoreError> {
        in_runtime()?;
        // The caller limits the time, with its own clock.
        let config = AsyncConnectionConfig::new().set_connection_timeout(None);
        let config = config.set_response_timeout(None);
        let opened = self.client.get_multiplexed_async_connection_with_config(&config);
        let opened = caught(opened).await?;
        opened.map(Commands).map_err(|error| StoreError::of(&error, "connecting"))
    }

    pub(super) async fn subscribe(&self) -> Result<Subscription, StoreError> {
        in_runtime()?;
        let opened = caught(self.client.get_async_pubsub()).await?;
        let opened = opened.map_err(|error| StoreError::of(&error, "connecting"))?;
        let (mut sink, stream) = opened.split();
        let subscribed = sink.subscribe(&self.key).await;
        subscribed.map_err(|error| StoreError::of(&error, "`SUBSCRIBE`"))?;
        Ok(Subscription { messages: Messages(stream), pings: Pings(sink) })
    }
}

/// Outside of a Tokio runtime, a connection would panic.
fn in_runtime() -> Result<(), StoreError> {
    let missing = |_| StoreError::new(StoreFailure::NoRuntime, "connecting");
    Handle::try_current().map(drop).map_err(missing)
}

/// Catches a panic of the client: without I/O in the runtime or without a crypto provider, it panics when it connects.
/// Otherwise the task that keeps the list fresh would end without a report.
async fn caught<T>(connecting: impl Future<Output = T>) -> Result<T, StoreError> {
    let mut connecting = pin!(connecting);
    let polled =
        poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| connecting.as_mut().poll(cx))) {
            Ok(polled) => polled.map(Ok),
            Err(_) => Poll::Ready(Err(StoreError::new(StoreFailure::Panicked, "connecting"))),
        });
    polled.await
}

impl Commands {
    /// Fails if the server is a replica that has lost its primary, because what it answers is old. It is not an error
    /// if this user has no permission for the command.
    pub(super) async fn check_role(&mut self) -> Result<(), StoreError> {
        let role: RedisResult<Vec<Value>> = redis::cmd("ROLE").query_async(&mut self.0).await;
        match role.map_err(|error| StoreError::of(&error, "`ROLE`")) {
            Ok(role) if has_lost_primary(&role) => {
                Err(StoreError::new(StoreFailure::LostPrimary, "`ROLE`"))
            }
            Err(error) if is_about_connection(error.failure()) => Err(error),
            _ => Ok(()),
        }
    }

    /// Reads a page. Cursor 0 is the first page, and the cursor after the last one.
    ///
    /// Redis guarantees that a full pass returns every member that is in the set during all of it, while others are
    /// added and removed.
    pub(super) async fn page(&mut self, key: &str, cursor: u64) -> Result<Page, StoreError> {
        let mut command = redis::cmd("ZSCAN");
        let command = command.arg(key).arg(cursor).arg("COUNT").arg(PAGE);
        let page: RedisResult<Page> = command.query_async(&mut self.0).await;
        page.map_err(|error| StoreError::of(&error, "`ZSCAN`"))
    }

    /// Adds an entry, publishes it, and removes the entries that expired before this second.
    pub(super) async fn write(
        &mut self,
        key: &str,
        entry: &Written,
        expired: i64,
    ) -> Result<(), StoreError> {
        // Not a transaction: each command helps without the others, and `redis` 1.8.1 has an overflow in its own task if
        // the server rejects `MULTI`.
        let mut commands = redis::pipe();
        // `GT`: an entry that is there keeps the later time.
        commands.cmd("ZADD").arg(key).arg("GT").arg(entry.score).arg(&entry.member);
        commands.cmd("PUBLISH").arg(key).arg(&entry.message);
        commands.cmd("ZREMRANGEBYSCORE").arg(key).arg("-inf").arg(format!("({expired}"));
        let written: RedisResult<Value> = commands.query_async(&mut self.0).await;
        written.map(drop).map_err(|error| StoreError::of(&error, "`ZADD` and `PUBLISH`"))
    }
}

/// Whether this answer to `ROLE` is `slave`, host, port, and another state than `connected`.
fn has_lost_primary(role: &[Value]) -> bool {
    let text = |index| match role.get(index) {
        Some(Value::BulkString(text)) => Some(text.as_slice()),
        Some(Value::SimpleString(text)) => Some(text.as_bytes()),
        _ => None,
    };
    text(0) == Some(b"slave") && text(3) != Some(b"connected")
}

const fn is_about_connection(failure: StoreFailure) -> bool {
    matches!(failure, StoreFailure::Connection | StoreFailure::Timeout)
}

impl Messages {
    /// The next message. `None` after the connection is closed.
    pub(super) async fn next(&mut self) -> Option<Msg> {
        self.0.next().await
    }

    /// A message that has already arrived.
    pub(super) fn arrived(&mut self) -> Option<Msg> {
        // Not within Tokio's budget of a task, which would hide messages after the first hundred.
        tokio::task::unconstrained(self.0.next()).now_or_never().flatten()
    }
}

impl Pings {
    /// Waits until the server answers. Messages that were published before have then arrived.
    pub(super) async fn ping(&mut self) -> Result<(), StoreError> {
        let answer: RedisResult<Value> = self.0.ping().await;
        // An answer to a subscribed connection may be an error that is not reported as one.
        let answer = answer.and_then(Value::extract_error);
        answer.map(drop).map_err(|error| StoreError::of(&error, "`PING`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_replica_in_contact_with_its_primary_is_current() {
        let text = |text: &str| Value::BulkString(text.into());
        let replica = |state| {
            let state = Value::SimpleString(state);
            vec![text("slave"), text("10.0.0.7"), Value::Int(6379), state, Value::Int(7)]
        };
        for state in ["connect", "connecting", "sync", ""] {
            assert!(has_lost_primary(&replica(state.to_owned())), "{state}");
        }
        assert!(has_lost_primary(&[text("slave")]));
        assert!(!has_lost_primary(&replica("connected".to_owned())));
        assert!(!has_lost_primary(&[text("master"), Value::Int(7), Value::Array(Vec::new())]));
        assert!(!has_lost_primary(&[]));
    }
}
