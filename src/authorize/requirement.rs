//! What one layer requires, and how a request is held against it.

use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{Extensions, HeaderMap, Response};

use super::manner::{companion_of, refuser_of};
use super::owner::Owner;
use super::step_up::StepUp;
use crate::claims::NumericDate;
use crate::clock::{Clock, SystemClock};
use crate::error::{Error, ErrorKind};
use crate::observe::{Observing, Stage, Started, Verdict};
use crate::respond::{Demand, Refuser};
use crate::rule::Rule;
use crate::verify::{Anonymous, Companion, Identity};

#[derive(Clone, Debug)]
pub(super) struct Requirement {
    pub(super) rule: Rule,
    /// All of them have to be the bearer.
    pub(super) owners: Vec<Owner>,
    pub(super) step_up: StepUp,
    /// `None` for that of the verifier.
    pub(super) clock: Option<Arc<dyn Clock>>,
    /// What the challenges name of all this.
    pub(super) demand: Demand,
}

impl Requirement {
    /// Whether the request may go on.
    ///
    /// The rule is asked first and the log-in last: nobody is sent to log in again for something that
    /// they then may not do all the same.
    fn judge(&self, parts: &Parts, identity: Option<&Identity>) -> Result<(), Error> {
        let Some(identity) = identity else {
            return Err(without_identity(&parts.extensions));
        };
        if !self.rule.permits(identity) {
            let missing_scopes = self.rule.lacks_only_scopes(identity);
            let kind =
                if missing_scopes { ErrorKind::InsufficientScope } else { ErrorKind::Forbidden };
            return Err(kind.into());
        }
        let is_bearer =
            |owner: &Owner| owner.find(parts).is_some_and(|owner| identity.owns(&owner));
        if !self.owners.iter().all(is_bearer) {
            let detail = "it belongs to another user";
            return Err(Error::new(ErrorKind::Forbidden).with_detail(detail));
        }
        if !self.step_up.is_empty() && !self.step_up.is_met_by(identity, self.now(identity)) {
            return Err(ErrorKind::StepUpRequired.into());
        }
        Ok(())
    }

    /// The time by the clock that was set here, or else by the one that judged the token.
    fn now(&self, identity: &Identity) -> NumericDate {
        let now = match (&self.clock, identity.companion()) {
            (Some(clock), _) => clock.now(),
            (None, Some(companion)) => companion.clock().now(),
            // An identity that the application put into the extensions.
            (None, None) => SystemClock::new().now(),
        };
        NumericDate::from(now)
    }

    /// The response to a request that may not go on, in the manner of the layer that authenticated it.
    pub(super) fn rejection(&self, parts: &Parts) -> Option<Response<Bytes>> {
        let identity = parts.extensions.get::<Identity>();
        let by = companion_of(identity, &parts.extensions);
        let started = by.map_or(Started::UNKNOWN, |by| by.observer().start(by.clock()));
        let Err(error) = self.judge(parts, identity) else {
            if let Some(by) = by {
                by.observer().passed(Stage::Authorize, Verdict::Accepted, started, by.clock());
            }
            return None;
        };
        Some(self.reject(error, parts, by, started))
    }

    fn reject(
        &self,
        error: Error,
        parts: &Parts,
        companion: Option<&dyn Companion>,
        started: Started,
    ) -> Response<Bytes> {
        match companion {
            Some(by) => {
                by.observer().rejected(Stage::Authorize, &error, started, Some(by.clock()));
            }
            None => Observing::fallback().rejected(Stage::Authorize, &error, started, None),
        }
        let refuse =
            |by: &Refuser| by.refuse_with_demand(error, &self.demand, HeaderMap::new(), parts);
        match companion.and_then(refuser_of) {
            Some(refuser) => refuse(refuser),
            None => refuse(&Refuser::default()),
        }
    }
}

fn without_identity(extensions: &Extensions) -> Error {
    if extensions.get::<Anonymous>().is_some() {
        return ErrorKind::MissingToken.into();
    }
    Error::new(ErrorKind::Internal).with_detail("the route has no JwtAuthLayer in front of it")
}
