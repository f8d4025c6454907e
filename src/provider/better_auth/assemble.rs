//! Builds the verifier of a preset.

use super::account::Account;
use super::base_url::BaseUrl;
use super::builder::{BetterAuth, Material, Server, Settings};
use super::profile::{Profile, SESSION_LEEWAY};
use super::remote::Remote;
use crate::error::{BuildError, Problem};
use crate::key::{KeySet, Keys};
use crate::observe::Event;
use crate::verify::{Issuer, Verifier, VerifierBuilder};

#[allow(private_bounds)] // only the two claims types of the presets are supported
impl<C: Account> BetterAuth<C> {
    /// Checks the settings and builds the verifier. It performs no I/O.
    ///
    /// # Errors
    ///
    /// Reports all settings that are unsafe or cannot work, together.
    pub fn build(self) -> Result<Verifier<C>, BuildError> {
        self.into_builder().build()
    }

    /// Converts the preset to a [`VerifierBuilder`], for further settings.
    ///
    /// Examples are a revocation list, a token cache and custom checks. They are added to the checks of the preset and
    /// cannot remove any of them.
    ///
    /// ```
    /// use tower_jwt_auth::provider::better_auth::BetterAuth;
    /// use tower_jwt_auth::{ErrorKind, testing::TestIssuer};
    ///
    /// let application = TestIssuer::hs256();
    /// let verifier = BetterAuth::bridge_token(application.secret())
    ///     .into_builder()
    ///     .check("staff", |user| user.email().is_some_and(|email| email.ends_with("@example.com")))
    ///     .build()?;
    ///
    /// let token = |email: &str| application.token().subject("user-1").claim("email", email).mint();
    /// assert!(verifier.verify_now(&token("ada@example.com")).is_ok());
    /// let rejected = verifier.verify_now(&token("eve@example.org")).unwrap_err();
    /// assert_eq!(rejected.kind(), ErrorKind::CheckFailed);
    /// # Ok::<(), tower_jwt_auth::BuildError>(())
    /// ```
    pub fn into_builder(self) -> VerifierBuilder<C> {
        let Self { profile, material, mut settings, mut problems, .. } = self;
        let (keys, url) = match material {
            Material::Secrets(keys) if keys.is_empty() => (None, None),
            Material::Secrets(keys) => (Some(KeySet::new(keys).into()), None),
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
        let builder = Verifier::builder().claims::<C>().operator_hint(profile.hint());
        let mut builder = problems.into_iter().fold(builder, VerifierBuilder::problem);
        if let Some(observer) = settings.observer.take() {
            builder = builder.observer(move |event: &Event<'_>| observer.observe(event));
        }
        if let Some(clock) = settings.clock.take() {
            builder = builder.clock(clock);
        }
        let names = profile.issuers(url.as_ref(), std::mem::take(&mut settings.issuers));
        if let Some(keys) = keys {
            builder = if names.is_empty() {
                builder.trust(Issuer::unnamed(keys, policy))
            } else {
                let issuers = names.into_iter();
                let issuers = issuers.map(|name| Issuer::new(name, keys.clone(), policy.clone()));
                issuers.fold(builder, VerifierBuilder::trust)
            };
        }
        with_checks(builder, profile, settings)
    }
}

/// The keys that were passed, or those at the URL.
fn server_keys(server: &mut Server, problems: &mut Vec<Problem>) -> Option<Keys> {
    if let Some(keys) = server.keys.take() {
        problems.extend(server.settings_beside_keys());
        return Some(keys);
    }
    let url = server.jwks_url.take().or_else(|| server.url.as_ref().map(BaseUrl::jwks))?;
    let keys = Remote::at(std::mem::take(&mut server.remote), url);
    keys.map_err(|problem| problems.push(problem)).ok()
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
        .check("the session's user and token", move |account| match account.session() {
            Some(facts) => {
                let by_server = profile == Profile::SessionByServer;
                let signed = |fact: Option<bool>| fact.unwrap_or(!by_server);
                facts.user_id_matches && signed(facts.subject_matches) && signed(facts.sid_matches)
            }
            None => !is_session,
        })
        .check_with_clock("the session's expiry", move |account, clock| match account.session() {
            Some(facts) => {
                let expiry = facts.expires_at.as_deref().map(humantime::parse_rfc3339);
                expiry
                    .and_then(Result::ok)
                    .and_then(|expiry| expiry.checked_add(leeway))
                    .is_some_and(|expiry| clock.now() < expiry)
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
