//! The requirement of one layer, and the check of a request against it.

use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Response};

use super::owner::Owner;
use super::step_up::StepUp;
use crate::claims::NumericDate;
use crate::clock::{Clock, SystemClock};
use crate::error::{Error, ErrorKind};
use crate::identity::{Anonymous, Identity, Unjudged, rejector_of};
use crate::observe::{Stage, Started};
use crate::respond::{Demand, Rejector};
use crate::rule::Rule;
use crate::wiring::{Needed, unlisted_scope};

#[derive(Clone, Debug)]
pub(super) struct Requirement {
    pub(super) rule: Rule,
    /// Each must be the token's subject.
    pub(super) owners: Vec<Owner>,
    pub(super) step_up: StepUp,
    /// `None` for the verifier's clock.
    pub(super) clock: Option<Arc<dyn Clock>>,
    /// The requirements that the challenges name.
    pub(super) demand: Demand,
}

impl Requirement {
    /// Checks the rule first and the login last.
    ///
    /// Otherwise a user could be sent to log in again for a request that would still be forbidden.
    fn judge(&self, parts: &Parts, identity: Option<&Identity>) -> Result<(), Error> {
        let Some(identity) = identity else {
            return Err(without_identity(parts));
        };
        let path = parts.uri.path();
        if !self.rule.is_met_by(&**identity, Some(path)) {
            return Err(self.denied(identity, path));
        }
        for owner in &self.owners {
            let detail = match owner.find(parts) {
                Some(owner) if identity.owns(&owner) => continue,
                Some(_) => "the requested data belongs to another user",
                None => "the requested data has no owner",
            };
            return Err(Error::new(ErrorKind::Forbidden).with_detail(detail));
        }
        if !self.step_up.is_empty() && !self.step_up.is_met_by(identity, self.now(identity)) {
            return Err(ErrorKind::StepUpRequired.into());
        }
        Ok(())
    }

    /// The error for a rule that does not permit the request.
    fn denied(&self, identity: &Identity, path: &str) -> Error {
        if self.rule.lacks_only_scopes(&**identity, Some(path)) {
            return ErrorKind::InsufficientScope.into();
        }
        let error = Error::new(ErrorKind::Forbidden);
        match self.rule.mismatch(&**identity, path) {
            Some(detail) => error.with_detail(detail),
            None => error,
        }
    }

    /// The time by the configured clock, or by the clock with which the token was verified.
    fn now(&self, identity: &Identity) -> NumericDate {
        let now = match (&self.clock, identity.rejector()) {
            (Some(clock), _) => clock.now(),
            (None, Some(rejector)) => rejector.clock().now(),
            // The application inserted the identity into the extensions.
            (None, None) => SystemClock::new().now(),
        };
        NumericDate::from(now)
    }

    /// The response to a rejected request, built with the responder of its `JwtAuthLayer`. `None` if it is admitted.
    pub(super) fn rejection(&self, parts: &Parts) -> Option<Response<Bytes>> {
        let identity = parts.extensions.get::<Identity>();
        let rejector = rejector_of(identity, &parts.extensions);
        let started = rejector.map_or(Started::UNKNOWN, Rejector::start);
        let unlisted = rejector.and_then(|it| it.challenges.unlisted_scope(&self.demand));
        let judged = match unlisted {
            Some(scope) => Err(unlisted_scope(scope, parts)),
            None => self.judge(parts, identity),
        };
        let Err(error) = judged else {
            if let Some(rejector) = rejector {
                let delegated = || identity.is_some_and(|it| it.is_delegated());
                rejector.accepted(Stage::Authorize, delegated, started);
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

fn without_identity(parts: &Parts) -> Error {
    match parts.extensions.get::<Anonymous>() {
        Some(anonymous) => anonymous.rejection(),
        None if parts.extensions.get::<Unjudged>().is_some() => Unjudged::rejection(),
        None => Needed::ByRule.without_layer(parts),
    }
}
