//! Writes entries to Redis.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;

use super::connection::Commands;
use super::layout::{self, Written};
use super::shared::Shared;
use super::store_error::StoreError;
use crate::answer::Answer;
use crate::error::{Error, ErrorKind};
use crate::observe::StoreFailure;
use crate::revocation::Entry;

/// When to try again to write an entry.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// The largest number of entries that wait until they can be written.
const MOST_UNWRITTEN: usize = 10_000;

/// Applies the entry here at once, and starts to write it.
pub(super) fn revoke(shared: &Arc<Shared>, entry: &Entry) -> Answer<Result<(), Error>> {
    let entry = with_end(shared, entry);
    shared.apply(&entry);
    let Some(written) = layout::write(&entry) else {
        let error = Error::new(ErrorKind::RevocationUnavailable);
        let detail = "the entry is longer than 4096 bytes; only this server applies it";
        return Answer::now(Err(error.with_detail(detail)));
    };
    let Ok(runtime) = Handle::try_current() else {
        return Answer::now(Err(failed(StoreError::new(StoreFailure::NoRuntime, "connecting"))));
    };
    let shared = Arc::clone(shared);
    // A task, so that the entry is written even if the request that revokes is dropped.
    let task = runtime.spawn(async move {
        let outcome = write(&shared, &written).await;
        if outcome.is_err() {
            put_back(&shared, written);
        }
        outcome
    });
    Answer::later(async move {
        let ended = || StoreError::new(StoreFailure::NoRuntime, "the runtime was shut down");
        task.await.unwrap_or_else(|_| Err(ended())).map_err(failed)
    })
}

/// Keeps an entry until it can be written. If there are too many, it is dropped: this server still applies it.
fn put_back(shared: &Shared, entry: Written) {
    let mut unwritten = shared.unwritten.lock().unwrap_or_else(PoisonError::into_inner);
    if unwritten.len() < MOST_UNWRITTEN {
        unwritten.push_back(entry);
    }
}

/// Writes the entries that could not be written before, up to the first that fails again.
pub(super) async fn write_again(shared: &Shared) {
    let next = || shared.unwritten.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    while let Some(entry) = next() {
        if write(shared, &entry).await.is_err() {
            return put_back(shared, entry);
        }
    }
}

/// The entry with the time until which it is needed. `None` in it means that it never expires.
fn with_end(shared: &Shared, entry: &Entry) -> Entry {
    let now = shared.clock.now();
    let default = shared.lifetime.map(|longest| {
        let now: crate::claims::NumericDate = now.into();
        now.saturating_add(longest)
    });
    entry.clone().until(entry.needed_until().or(default))
}

fn failed(error: StoreError) -> Error {
    Error::new(ErrorKind::RevocationUnavailable)
        .with_detail(
            "the entry could not be written to the store; until it is, only this server applies it",
        )
        .with_retry_after(RETRY_AFTER)
        .with_source(error)
}

async fn write(shared: &Shared, entry: &Written) -> Result<(), StoreError> {
    let written = shared.limited("`ZADD` and `PUBLISH`", attempt(shared, entry)).await;
    match written {
        Ok(commands) => {
            keep(shared, Some(commands));
            Ok(())
        }
        Err(error) => {
            // The next entry begins with a new connection.
            keep(shared, None);
            Err(error)
        }
    }
}

/// Writes on the connection that is open, or on a new one if that was closed meanwhile.
async fn attempt(shared: &Shared, entry: &Written) -> Result<Commands, StoreError> {
    let (key, expired) = (shared.connector.key(), shared.expired().seconds());
    let open = shared.writer.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(mut commands) = open {
        match commands.write(key, entry, expired).await {
            Ok(()) => return Ok(commands),
            Err(error) if error.failure() == StoreFailure::Connection => (),
            Err(error) => return Err(error),
        }
    }
    let mut commands = shared.connector.open().await?;
    commands.write(key, entry, expired).await?;
    Ok(commands)
}

fn keep(shared: &Shared, commands: Option<Commands>) {
    *shared.writer.lock().unwrap_or_else(PoisonError::into_inner) = commands;
}
