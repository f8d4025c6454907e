//! A service with a limited number of permits that records its calls.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::Service;

use super::ask::who;

/// A recorded call and the number of the instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Polled(u32),
    Called(u32),
    Cloned(u32),
}

/// The errors of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    NotReady,
    Failed,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broken")
    }
}

impl std::error::Error for Broken {}

/// The permits of one service and all its clones.
#[derive(Clone, Debug)]
pub(crate) struct Gate(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    free: usize,
    wakers: Vec<Waker>,
    events: Vec<Event>,
    instances: u32,
    alive: usize,
    broken: bool,
}

impl Gate {
    /// A service with this many permits, and a gate to observe it.
    pub(crate) fn with_permits(free: usize) -> (Self, Limited) {
        let gate = Self(Arc::new(Mutex::new(State {
            free,
            wakers: Vec::new(),
            events: Vec::new(),
            instances: 0,
            alive: 0,
            broken: false,
        })));
        let service = gate.instance();
        (gate, service)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn instance(&self) -> Limited {
        let mut state = self.lock();
        let id = state.instances;
        state.instances += 1;
        state.alive += 1;
        Limited { gate: self.clone(), id, permit: None }
    }

    /// The number of free permits.
    pub(crate) fn free(&self) -> usize {
        self.lock().free
    }

    /// The number of instances.
    pub(crate) fn alive(&self) -> usize {
        self.lock().alive
    }

    /// The calls since the last time.
    pub(crate) fn events(&self) -> Vec<Event> {
        std::mem::take(&mut self.lock().events)
    }

    /// Makes every further `poll_ready` fail.
    pub(crate) fn break_down(&self) {
        self.lock().broken = true;
        self.wake();
    }

    fn wake(&self) {
        let wakers = std::mem::take(&mut self.lock().wakers);
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// The service. `poll_ready` takes a permit, which is free again after the call.
#[derive(Debug)]
pub(crate) struct Limited {
    gate: Gate,
    id: u32,
    permit: Option<Permit>,
}

impl Limited {
    /// The number of this instance.
    pub(crate) const fn id(&self) -> u32 {
        self.id
    }
}

/// A clone is another instance and holds no permit.
impl Clone for Limited {
    fn clone(&self) -> Self {
        let clone = self.gate.instance();
        self.gate.lock().events.push(Event::Cloned(self.id));
        clone
    }
}

impl Drop for Limited {
    fn drop(&mut self) {
        self.gate.lock().alive -= 1;
    }
}

#[derive(Debug)]
struct Permit(Gate);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.lock().free += 1;
        self.0.wake();
    }
}

impl<B: Send + 'static> Service<Request<B>> for Limited {
    type Response = Response<Full<Bytes>>;
    type Error = Broken;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Broken>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        let mut state = self.gate.lock();
        state.events.push(Event::Polled(self.id));
        if state.broken {
            return Poll::Ready(Err(Broken::NotReady));
        }
        if self.permit.is_none() {
            if state.free == 0 {
                state.wakers.push(cx.waker().clone());
                return Poll::Pending;
            }
            state.free -= 1;
            self.permit = Some(Permit(self.gate.clone()));
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.gate.lock().events.push(Event::Called(self.id));
        let permit = self.permit.take();
        let permit = permit.expect("called without having been polled ready");
        Box::pin(async move {
            let _held = permit;
            if request.uri().path() == "/fail" {
                return Err(Broken::Failed);
            }
            Ok(who(request).await.unwrap_or_else(|never| match never {}))
        })
    }
}
