//! The builder of the logout endpoint.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::logout_token::Rules;
use super::problem;
use super::service::{BackchannelLogout, Inner};
use crate::clock::{Clock, SystemClock};
use crate::error::BuildError;
use crate::expiring_set::ExpiringSet;
#[cfg(feature = "jwks")]
use crate::jwks::RemoteJwks;
use crate::key::Keys;
use crate::observe::Observer;
use crate::policy::Policy;
use crate::revocation::Revoke;
use crate::verify::{Issuer, Verifier};

/// The oldest logout token that is accepted.
const MAX_AGE: Duration = Duration::from_secs(5 * 60);

/// Collects the settings of a [`BackchannelLogout`].
///
/// ```
/// use tower_jwt_auth::error::ProblemKind;
/// use tower_jwt_auth::logout::BackchannelLogout;
/// use tower_jwt_auth::{VerificationKey, testing::TestIssuer};
///
/// let key = VerificationKey::jwk(TestIssuer::es256().jwk())?;
/// let error = BackchannelLogout::new("https://auth.example.com", key).build().unwrap_err();
/// let kinds: Vec<_> = error.problems().iter().map(|problem| problem.kind()).collect();
/// assert_eq!(kinds, [ProblemKind::MissingAudience, ProblemKind::NoEffect]);
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
#[must_use = "a builder does nothing until `build` is called"]
pub struct BackchannelLogoutBuilder {
    issuer: String,
    keys: Keys,
    clients: Vec<String>,
    lists: Vec<Arc<dyn Revoke>>,
    rules: Rules,
    clock: Option<Arc<dyn Clock>>,
    observer: Option<Arc<dyn Observer>>,
}

impl BackchannelLogout {
    /// Starts a builder for the logout tokens of this issuer, which are signed with these keys.
    ///
    /// `keys` is anything that [`Issuer::new`](crate::Issuer::new) takes. To fetch the keys only once, build a
    /// [`RemoteJwks`](crate::jwks::RemoteJwks) and pass a clone of it here and to the verifier.
    #[expect(clippy::new_ret_no_self, reason = "every value is made by a builder")]
    pub fn new(issuer: impl Into<String>, keys: impl Into<Keys>) -> BackchannelLogoutBuilder {
        BackchannelLogoutBuilder {
            issuer: issuer.into(),
            keys: keys.into(),
            clients: Vec::new(),
            lists: Vec::new(),
            rules: Rules::default(),
            clock: None,
            observer: None,
        }
    }

    /// Starts a builder for the logout tokens of this issuer, whose keys are found through its metadata.
    ///
    /// The same as [`new`](Self::new) with [`RemoteJwks::issuer`](crate::jwks::RemoteJwks::issuer). For other settings of
    /// the keys, such as a private root certificate, use `new`.
    #[cfg(feature = "jwks")]
    #[cfg_attr(docsrs, doc(cfg(feature = "jwks")))]
    pub fn issuer_url(url: impl Into<String>) -> BackchannelLogoutBuilder {
        let url = url.into();
        Self::new(url.clone(), RemoteJwks::issuer(url))
    }
}

impl BackchannelLogoutBuilder {
    /// Accepts logout tokens for this client, in `aud`. Required.
    ///
    /// It is the id of the client that is registered at the issuer with the URL of this endpoint. If called several
    /// times, logout tokens for any of the clients are accepted.
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.clients.push(id.into());
        self
    }

    /// Passes what is revoked to this list. Required.
    ///
    /// If called several times, every list receives it, and the answer is 200 after all of them have stored it.
    pub fn feeds(mut self, list: impl Revoke) -> Self {
        self.lists.push(Arc::new(list));
        self
    }

    /// Revokes all tokens of the subject, even if the logout token names one session.
    ///
    /// Use it for issuers that put no `sid` into access tokens: there, revoking a session has no effect. The user is
    /// signed out of all sessions.
    pub fn revoke_all_sessions(mut self) -> Self {
        self.rules.all_sessions = true;
        self
    }

    /// Accepts logout tokens with any header `typ`, or without it.
    ///
    /// Some issuers do not send the type `logout+jwt`, which the specification only recommends. Because of
    /// the other rules, ID tokens and access tokens are still rejected.
    pub fn allow_any_type(mut self) -> Self {
        self.rules.any_type = true;
        self
    }

    /// Accepts logout tokens without `exp`, from issuers that follow the specification before its first errata.
    ///
    /// They are accepted for five minutes after their `iat`, plus 60 seconds of leeway. That limit applies to all logout
    /// tokens.
    pub fn allow_missing_expiry(mut self) -> Self {
        self.rules.expiry_optional = true;
        self
    }

    /// Sets the clock; the default is [`SystemClock`].
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Sets the observer, which receives an event for each request.
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Builds the endpoint.
    ///
    /// # Errors
    ///
    /// There is no client id or no list, or the issuer or its keys cannot be used.
    pub fn build(self) -> Result<BackchannelLogout, BuildError> {
        let mut policy = Policy::new().max_age(MAX_AGE).require_claim("jti");
        if !self.rules.any_type {
            policy = policy.typ("logout+jwt");
        }
        if self.rules.expiry_optional {
            policy = policy.allow_missing_expiry();
        }
        let mut builder = Verifier::builder();
        if self.clients.is_empty() {
            policy = policy.any_audience();
            builder = builder.problem(problem::no_client());
        }
        for client in self.clients {
            policy = policy.audience(client);
        }
        if self.lists.is_empty() {
            builder = builder.problem(problem::feeds_nothing());
        }
        let clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock::new()));
        builder = builder.trust(Issuer::new(self.issuer, self.keys, policy));
        builder = builder.clock(Arc::clone(&clock));
        if let Some(observer) = self.observer {
            builder =
                builder.observer(move |event: &crate::observe::Event<'_>| observer.observe(event));
        }
        let verifier = builder.build()?;
        let (rules, lists, received) = (self.rules, self.lists, ExpiringSet::new());
        Ok(BackchannelLogout::from(Inner { verifier, clock, rules, lists, received }))
    }
}

impl fmt::Debug for BackchannelLogoutBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackchannelLogoutBuilder")
            .field("issuer", &self.issuer)
            .field("clients", &self.clients)
            .finish_non_exhaustive()
    }
}
