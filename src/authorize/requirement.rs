//! What one layer requires, and how a request is held against it.

use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{Extensions, HeaderMap, Response};

use super::owner::Owner;
use super::step_up::StepUp;
use crate::claims::NumericDate;
use crate::clock::{Clock, SystemClock};
use crate::error::{Error, ErrorKind};
use crate::identity::{Anonymous, Identity, rejector_of};
use crate::observe::{Stage, Started, Verdict};
use crate::respond::{Demand, Rejector};
use crate::rule::Rule;

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
        if !self.rule.is_met_by(&**identity) {
            let missing_scopes = self.rule.lacks_only_scopes(&**identity);
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
        let now = match (&self.clock, identity.rejector()) {
            (Some(clock), _) => clock.now(),
            (None, Some(rejector)) => rejector.clock().now(),
            // An identity that the application put into the extensions.
            (None, None) => SystemClock::new().now(),
        };
        NumericDate::from(now)
    }

    /// The response to a request that may not go on, as the layer that authenticated it would make it.
    pub(super) fn rejection(&self, parts: &Parts) -> Option<Response<Bytes>> {
        let identity = parts.extensions.get::<Identity>();
        let rejector = rejector_of(identity, &parts.extensions);
        let started = rejector.map_or(Started::UNKNOWN, Rejector::start);
        let Err(error) = self.judge(parts, identity) else {
            if let Some(rejector) = rejector {
                rejector.passed(Stage::Authorize, Verdict::Accepted, started);
            }
            return None;
        };
        let reject = |by: &Rejector| {
            by.reject(Stage::Authorize, error, started, &self.demand, HeaderMap::new(), parts)
        };
        Some(match rejector {
            Some(rejector) => reject(rejector),
            None => reject(&Rejector::default()),
        })
    }
}

fn without_identity(extensions: &Extensions) -> Error {
    if extensions.get::<Anonymous>().is_some() {
        return ErrorKind::MissingToken.into();
    }
    Error::new(ErrorKind::Internal).with_detail("the route has no JwtAuthLayer in front of it")
}
