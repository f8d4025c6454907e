//! Key sources that the tests control.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tower_jwt_auth::Answer;
use tower_jwt_auth::key::{
    KeyHealth, KeySet, KeySetState, KeySource, RefreshError, RefreshReason, Refreshed,
};

type Outcome = Result<Refreshed, RefreshError>;

/// A source without keys, or with old ones, until [`arrive`](Self::arrive). Clones share their state.
#[derive(Clone, Debug, Default)]
pub(crate) struct LateKeys(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    set: Option<Arc<KeySet>>,
    waiting: Vec<oneshot::Sender<Outcome>>,
}

impl LateKeys {
    /// A source that starts with these keys.
    pub(crate) fn with(jwks: &str) -> Self {
        let source = Self::default();
        source.lock().set = Some(Arc::new(KeySet::jwks(jwks).unwrap()));
        source
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores the keys and completes all waiting refreshes.
    pub(crate) fn arrive(&self, jwks: &str) {
        self.lock().set = Some(Arc::new(KeySet::jwks(jwks).unwrap()));
        self.complete(|| Ok(Refreshed::Replaced));
    }

    /// Fails all waiting refreshes.
    pub(crate) fn fail(&self, retry_after: Duration) {
        self.complete(|| Err(RefreshError::new(retry_after).with_source("10.0.0.7 refused")));
    }

    fn complete(&self, outcome: impl Fn() -> Outcome) {
        let waiting = std::mem::take(&mut self.lock().waiting);
        for one in waiting {
            // The receiver of a dropped refresh is gone.
            let _ = one.send(outcome());
        }
    }

    /// The number of waiting refreshes.
    pub(crate) fn waiting(&self) -> usize {
        let state = self.lock();
        state.waiting.iter().filter(|one| !one.is_closed()).count()
    }
}

impl KeySource for LateKeys {
    fn current(&self) -> Option<Arc<KeySet>> {
        self.lock().set.clone()
    }

    fn refresh(&self, _: RefreshReason) -> Answer<Outcome> {
        let (sender, receiver) = oneshot::channel();
        self.lock().waiting.push(sender);
        Answer::later(async move {
            receiver.await.unwrap_or_else(|_| Err(RefreshError::new(Duration::ZERO)))
        })
    }

    fn health(&self) -> KeyHealth {
        match self.current() {
            Some(set) => KeyHealth::new(KeySetState::Fresh, set.len()),
            None => KeyHealth::new(KeySetState::Empty, 0),
        }
    }
}

/// A source that fails at once.
#[derive(Debug)]
pub(crate) struct NoKeys(pub(crate) Duration);

impl KeySource for NoKeys {
    fn current(&self) -> Option<Arc<KeySet>> {
        None
    }

    fn refresh(&self, _: RefreshReason) -> Answer<Outcome> {
        Answer::now(Err(RefreshError::new(self.0).with_source("10.0.0.7 refused")))
    }

    fn health(&self) -> KeyHealth {
        KeyHealth::new(KeySetState::Empty, 0)
    }
}

/// A source that holds these keys and cannot get newer ones.
#[derive(Debug)]
pub(crate) struct StuckKeys(pub(crate) Arc<KeySet>);

impl KeySource for StuckKeys {
    fn current(&self) -> Option<Arc<KeySet>> {
        Some(Arc::clone(&self.0))
    }

    fn refresh(&self, _: RefreshReason) -> Answer<Outcome> {
        Answer::now(Err(RefreshError::new(Duration::from_secs(7))))
    }

    fn health(&self) -> KeyHealth {
        KeyHealth::new(KeySetState::Fresh, self.0.len())
    }
}
