//! The rejection settings of one layer, for the layer itself and for the layers and extractors behind it.

use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http::{HeaderMap, Method, Response};

use super::challenge::{Challenges, Demand};
use super::problem::ProblemJson;
use super::rejection::Rejection;
use super::responder::{Failure, Respond};
use crate::clock::{Clock, SystemClock};
use crate::error::{Error, ErrorKind};
use crate::observe::{Event, Observing, Stage, Started, Verdict};

/// Rejects requests with the settings of one layer, and reports verdicts to its observer.
#[derive(Clone)]
pub(crate) struct Rejector {
    pub(crate) responder: Arc<dyn Respond>,
    pub(crate) challenges: Challenges,
    /// Answers 401 instead of 503 while keys are unavailable.
    pub(crate) unavailable_is_unauthorized: bool,
    observer: Observing,
    clock: Arc<dyn Clock>,
}

/// The rejector for requests that passed no `JwtAuthLayer`.
impl Default for Rejector {
    fn default() -> Self {
        Self::new(Observing::fallback(), Arc::new(SystemClock::new()))
    }
}

impl Rejector {
    /// Creates a rejector with `ProblemJson` and the observer and clock of a verifier.
    pub(crate) fn new(observer: Observing, clock: Arc<dyn Clock>) -> Self {
        Self {
            responder: Arc::new(ProblemJson::new()),
            challenges: Challenges::default(),
            unavailable_is_unauthorized: false,
            observer,
            clock,
        }
    }

    /// The clock with which the token was verified.
    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// The start time of a stage.
    pub(crate) fn start(&self) -> Started {
        self.observer.start(self.clock())
    }

    /// Reports that a request was accepted, and whether its token is delegated.
    pub(crate) fn accepted(
        &self,
        stage: Stage,
        delegated: impl FnOnce() -> bool,
        started: Started,
    ) {
        self.observer.accepted(stage, delegated, started, self.clock());
    }

    /// Reports that a request was admitted without a valid token, with the error of its token if it has one.
    pub(crate) fn admitted(&self, stage: Stage, error: Option<&Error>, started: Started) {
        self.observer.judged(stage, Verdict::Anonymous, error, started, self.clock());
    }

    /// Reports the rejection of a request.
    #[inline]
    pub(crate) fn report_rejection(&self, stage: Stage, error: &Error, started: Started) {
        self.observer.judged(stage, Verdict::Rejected, Some(error), started, self.clock());
    }

    /// Reports the rejection of a request and returns the response. It contains these headers, the demand in its
    /// challenge, and the error in its extensions.
    pub(crate) fn reject(
        &self,
        stage: Stage,
        error: Error,
        started: Started,
        demand: &Demand,
        headers: HeaderMap,
        parts: &Parts,
    ) -> Response<Bytes> {
        self.report_rejection(stage, &error, started);
        let mut rejection = Rejection::new(&error, &self.challenges, demand);
        if self.unavailable_is_unauthorized && error.kind() == ErrorKind::KeysUnavailable {
            rejection = rejection.into_invalid_token();
        }
        let mut response = self.responder.respond(&rejection, parts);
        if let Some(Failure(problem)) = response.extensions_mut().remove() {
            self.observer.report(&Event::ResponderFailed { problem });
        }
        if !headers.is_empty() {
            response.headers_mut().extend(headers);
        }
        rejection.add_required_headers(&mut response);
        if parts.method == Method::HEAD {
            // The length is that of the response to a GET (RFC 9110 §8.6). The server would set it to 0.
            let length = std::mem::take(response.body_mut()).len();
            response.headers_mut().insert(CONTENT_LENGTH, length.into());
        }
        response.extensions_mut().insert(error);
        response
    }
}
