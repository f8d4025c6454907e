//! A key source that follows a script.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;
use tower_jwt_auth::key::{
    KeyHealth, KeySet, KeySetState, KeySource, RefreshError, RefreshReason, Refreshed,
};
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{Answer, Issuer, Policy, Verifier};

pub(super) type Outcome = Result<Refreshed, RefreshError>;

/// One refresh: its result, and the new key set, if any.
pub(super) struct Step {
    answer: Outcome,
    set: Option<KeySet>,
    /// The refresh completes once this has been sent or dropped.
    gate: Option<oneshot::Receiver<()>>,
}

/// A source that follows the script. It fails the test if it is refreshed more often than the script expects.
#[derive(Clone, Default)]
pub(super) struct Script(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    set: Option<Arc<KeySet>>,
    steps: VecDeque<Step>,
    asked: Vec<RefreshReason>,
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Script")
    }
}

impl Script {
    pub(super) fn holding(set: KeySet) -> Self {
        let script = Self::default();
        script.0.lock().unwrap().set = Some(Arc::new(set));
        script
    }

    pub(super) fn then(self, answer: Outcome) -> Self {
        self.step(Step { answer, set: None, gate: None })
    }

    pub(super) fn then_replaced(self, set: KeySet) -> Self {
        self.step(Step { answer: Ok(Refreshed::Replaced), set: Some(set), gate: None })
    }

    pub(super) fn step(self, step: Step) -> Self {
        self.0.lock().unwrap().steps.push_back(step);
        self
    }

    pub(super) fn asked(&self) -> Vec<RefreshReason> {
        self.0.lock().unwrap().asked.clone()
    }

    pub(super) fn verifier(&self) -> Verifier {
        let issuer = Issuer::unnamed(self.clone(), Policy::new().any_audience());
        Verifier::builder().trust(issuer).clock(FixedClock::new()).build().unwrap()
    }
}

impl KeySource for Script {
    fn current(&self) -> Option<Arc<KeySet>> {
        self.0.lock().unwrap().set.clone()
    }

    fn refresh(&self, reason: RefreshReason) -> Answer<Outcome> {
        let mut state = self.0.lock().unwrap();
        state.asked.push(reason);
        let step = state.steps.pop_front().expect("more refreshes than in the script");
        drop(state);
        let this = self.clone();
        let finish = move |answer, set: Option<KeySet>| {
            if let Some(set) = set {
                this.0.lock().unwrap().set = Some(Arc::new(set));
            }
            answer
        };
        match step.gate {
            None => Answer::now(finish(step.answer, step.set)),
            Some(gate) => Answer::later(async move {
                let _ = gate.await;
                finish(step.answer, step.set)
            }),
        }
    }

    fn health(&self) -> KeyHealth {
        KeyHealth::new(KeySetState::Fresh, 0)
    }
}

/// A step that waits until the test releases it.
pub(super) fn gated(answer: Outcome, set: Option<KeySet>) -> (oneshot::Sender<()>, Step) {
    let (open, gate) = oneshot::channel();
    (open, Step { answer, set, gate: Some(gate) })
}
