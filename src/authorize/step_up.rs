//! The requirements for the login behind a token (RFC 9470).

use std::time::Duration;

use crate::claims::NumericDate;
use crate::identity::Identity;

/// The accepted difference between the clocks of issuer and server, as for the other times of a token.
const LEEWAY: Duration = Duration::from_secs(60);

/// The requirements for the login behind a token.
#[derive(Clone, Debug, Default)]
pub(super) struct StepUp {
    /// The accepted authentication contexts (`acr`), in order of preference.
    pub(super) contexts: Option<Vec<String>>,
    /// The maximum time since the login (`auth_time`).
    pub(super) max_age: Option<Duration>,
}

impl StepUp {
    pub(super) const fn is_empty(&self) -> bool {
        self.contexts.is_none() && self.max_age.is_none()
    }

    /// Whether the login is strong and recent enough. A missing claim does not satisfy a requirement.
    pub(super) fn is_met_by(&self, identity: &Identity, now: NumericDate) -> bool {
        self.context_is_met(identity) && self.age_is_met(identity, now)
    }

    fn context_is_met(&self, identity: &Identity) -> bool {
        let Some(contexts) = &self.contexts else { return true };
        let context: Option<String> = identity.claim("acr");
        context.is_some_and(|context| contexts.contains(&context))
    }

    fn age_is_met(&self, identity: &Identity, now: NumericDate) -> bool {
        let Some(max_age) = self.max_age else { return true };
        let logged_in: Option<NumericDate> = identity.claim("auth_time");
        logged_in.is_some_and(|logged_in| {
            logged_in <= now.saturating_add(LEEWAY)
                && now < logged_in.saturating_add(max_age.saturating_add(LEEWAY))
        })
    }
}
