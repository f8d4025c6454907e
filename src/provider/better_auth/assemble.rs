//! From a preset to a verifier.

use std::sync::Arc;

use super::account::Account;
use super::base_url::BaseUrl;
use super::builder::{BetterAuth, Material, Server, Settings};
use super::profile::{Profile, SESSION_LEEWAY};
use super::remote::Remote;
use crate::clock::Clock;
use crate::error::{BuildError, Problem};
use crate::key::{KeySet, Keys};
use crate::observe::Event;
use crate::verify::{Issuer, Verifier, VerifierBuilder};

/// Keys without problems. They use the clock that they are given, unless they have one.
type KeysByClock = Box<dyn FnOnce(Option<Arc<dyn Clock>>) -> Keys + Send + Sync>;

#[allow(private_bounds)] // there are the two claims types and no others
impl<C: Account> BetterAuth<C> {
    /// Checks the settings and prepares the verifier. No I/O happens here.
    ///
    /// # Errors
    ///
    /// Everything that is unsafe or cannot work, at once.
    pub fn build(self) -> Result<Verifier<C>, BuildError> {
        self.into_builder()?.build()
    }

    /// The preset as a [`VerifierBuilder`], for what it has no setting of: a revocation list, a memory of
    /// verified tokens, checks of your own. Whatever is set there comes on top: nothing of the preset can be
    /// taken back.
    ///
    /// ```
    /// use tower_jwt_auth::provider::better_auth::BetterAuth;
    /// use tower_jwt_auth::{ErrorKind, testing::TestIssuer};
    ///
    /// let application = TestIssuer::hs256();
    /// let verifier = BetterAuth::bridge_token(application.secret())
    ///     .into_builder()?
    ///     .check("staff", |user| user.email().is_some_and(|email| email.ends_with("@example.com")))
    ///     .build()?;
    ///
    /// let token = |email: &str| application.token().subject("user-1").claim("email", email).mint();
    /// assert!(verifier.verify_now(&token("ada@example.com")).is_ok());
    /// let refused = verifier.verify_now(&token("eve@example.org")).unwrap_err();
    /// assert_eq!(refused.kind(), ErrorKind::CheckFailed);
    /// # Ok::<(), tower_jwt_auth::BuildError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What is unsafe or cannot work about the preset; `build` has the rest.
    pub fn into_builder(self) -> Result<VerifierBuilder<C>, BuildError> {
        let Self { profile, material, mut settings, mut problems, .. } = self;
        let (keys, url) = match material {
            Material::Secrets(keys) => (Some(fixed(KeySet::new(keys))), None),
            Material::Server(mut server) => (server_keys(&mut server, &mut problems), server.url),
        };
        problems.extend(settings.problems(profile));
        let audiences = std::mem::take(&mut settings.audiences);
        let mut policy = profile.policy(url.as_ref(), audiences);
        if let Some(leeway) = settings.leeway {
            policy = policy.leeway(leeway);
        }
        if !profile.is_session() {
            policy = policy.require_claim(settings.user_id_claim());
        }
        if let Some(claim) = profile.subject_path(settings.user_id_claim()) {
            policy = policy.subject_claim(claim);
        }
        let Some(keys) = keys.filter(|_| problems.is_empty()) else {
            return Err(BuildError::of(problems));
        };
        let observer = settings.observer.take();
        let names = profile.issuers(url.as_ref(), std::mem::take(&mut settings.issuers));
        let builder = Verifier::builder().claims::<C>().hint(profile.hint());
        let builder = match observer {
            Some(observer) => builder.observer(move |event: &Event<'_>| observer.observe(event)),
            None => builder,
        };
        let builder = match settings.clock.take() {
            Some(clock) => builder.clock(clock),
            None => builder,
        };
        let builder = builder.trust_by_clock(move |clock| {
            let keys = keys(clock);
            if names.is_empty() {
                return vec![Issuer::unnamed(keys, policy)];
            }
            let issuer = |name| Issuer::new(name, keys.clone(), policy.clone());
            names.into_iter().map(issuer).collect()
        });
        Ok(with_checks(builder, profile, settings))
    }
}

/// Keys that were passed, which have a clock of their own or need none.
fn fixed(keys: impl Into<Keys>) -> KeysByClock {
    let keys = keys.into();
    Box::new(|_| keys)
}

/// The keys behind the URL, unless there are others.
fn server_keys(server: &mut Server, problems: &mut Vec<Problem>) -> Option<KeysByClock> {
    if let Some(keys) = server.keys.take() {
        problems.extend(server.settings_beside_keys());
        return Some(fixed(keys));
    }
    let url = server.jwks_url.take().or_else(|| server.url.as_ref().map(BaseUrl::jwks))?;
    match Remote::checked(std::mem::take(&mut server.remote), url) {
        Ok(keys) => Some(Box::new(keys)),
        Err(error) => {
            problems.extend(error.into_problems());
            None
        }
    }
}

fn with_checks<C: Account>(
    builder: VerifierBuilder<C>,
    profile: Profile,
    settings: Settings,
) -> VerifierBuilder<C> {
    let is_session = profile.is_session();
    let id = if is_session { "id" } else { settings.user_id_claim() }.to_owned();
    let Settings { session_version, email_required, verified_email_required, leeway, .. } =
        settings;
    let leeway = leeway.unwrap_or(SESSION_LEEWAY);
    let builder = builder
        .check("the user's id", move |account| account.user().take_id_from(&id))
        .check("the session's facts", move |account| match account.session() {
            Some(facts) => {
                let by_server = profile == Profile::SessionByServer;
                let signed = |fact: Option<bool>| fact.unwrap_or(!by_server);
                facts.is_the_users
                    && signed(facts.subject_is_the_users)
                    && signed(facts.sid_is_the_sessions)
            }
            None => !is_session,
        })
        .check_by_clock("the session's end", move |account, clock| match account.session() {
            Some(facts) => {
                let ends = facts.ends_at.as_deref().map(humantime::parse_rfc3339);
                ends.and_then(Result::ok)
                    .and_then(|ends| ends.checked_add(leeway))
                    .is_some_and(|ends| clock.now() < ends)
            }
            None => !is_session,
        });
    let builder = match session_version {
        Some(version) => builder.check("the session's version", move |account| {
            account.session().is_some_and(|facts| facts.version.as_ref() == Some(&version))
        }),
        None => builder,
    };
    let builder = if email_required {
        builder.check("an e-mail address", |account| {
            account.user().email().is_some_and(|email| !email.trim().is_empty())
        })
    } else {
        builder
    };
    if verified_email_required {
        builder.check("a verified e-mail address", |account| {
            account.user().email_verified() == Some(true)
        })
    } else {
        builder
    }
}
