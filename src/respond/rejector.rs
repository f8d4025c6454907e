//! How one layer rejects requests: its settings, for the layer itself and for everything behind it.

use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http::{HeaderMap, Method, Response};

use super::challenge::{Challenges, Demand};
use super::problem::ProblemJson;
use super::rejection::Rejection;
use super::responder::Respond;
use crate::clock::{Clock, SystemClock};
use crate::error::{Error, ErrorKind};
use crate::observe::{Observing, Stage, Started, Verdict};

/// Rejects requests in one layer's way and reports the verdicts to its observer.
#[derive(Clone)]
pub(crate) struct Rejector {
    pub(crate) responder: Arc<dyn Respond>,
    pub(crate) challenges: Challenges,
    /// 401 instead of 503 while the keys are unavailable.
    pub(crate) unavailable_is_unauthorized: bool,
    observer: Observing,
    clock: Arc<dyn Clock>,
}

/// That of requests which met no `JwtAuthLayer`.
impl Default for Rejector {
    fn default() -> Self {
        Self::new(Observing::fallback(), Arc::new(SystemClock::new()))
    }
}

impl Rejector {
    /// Rejects with `ProblemJson`, and has the observer and the clock of a verifier.
    pub(crate) fn new(observer: Observing, clock: Arc<dyn Clock>) -> Self {
        Self {
            responder: Arc::new(ProblemJson::new()),
            challenges: Challenges::default(),
            unavailable_is_unauthorized: false,
            observer,
            clock,
        }
    }

    /// The clock that the token was judged by.
    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// When a stage begins.
    pub(crate) fn start(&self) -> Started {
        self.observer.start(self.clock())
    }

    /// Reports that a request passed a stage.
    pub(crate) fn passed(&self, stage: Stage, verdict: Verdict, started: Started) {
        self.observer.passed(stage, verdict, started, self.clock());
    }

    /// Reports that a request is rejected, and returns the response: with these headers, with what the request
    /// would have needed in its challenge, and with the error in its extensions.
    pub(crate) fn reject(
        &self,
        stage: Stage,
        error: Error,
        started: Started,
        demand: &Demand,
        headers: HeaderMap,
        parts: &Parts,
    ) -> Response<Bytes> {
        self.observer.rejected(stage, &error, started, self.clock());
        let mut rejection = Rejection::new(&error, &self.challenges, demand);
        if self.unavailable_is_unauthorized && error.kind() == ErrorKind::KeysUnavailable {
            rejection = rejection.into_invalid_token();
        }
        let mut response = self.responder.respond(&rejection, parts);
        if !headers.is_empty() {
            response.headers_mut().extend(headers);
        }
        rejection.protect(&mut response);
        if parts.method == Method::HEAD {
            // The length is that of the answer to a GET (RFC 9110 §8.6): left to the server, it would be 0.
            let length = std::mem::take(response.body_mut()).len();
            response.headers_mut().insert(CONTENT_LENGTH, length.into());
        }
        response.extensions_mut().insert(error);
        response
    }
}
