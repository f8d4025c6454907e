//! The builder of the presets.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use super::base_url::BaseUrl;
use super::profile::Profile;
use super::remote::Remote;
use super::secret;
use super::session::SessionUser;
use super::user::User;
use crate::clock::Clock;
use crate::error::{BuildError, Problem, ProblemKind};
use crate::key::{Keys, VerificationKey};
use crate::observe::Observer;

/// Builds a verifier for tokens of a Better Auth server.
///
/// The module [`better_auth`](crate::provider::better_auth) compares the presets. What all Better Auth servers have in
/// common is built in; the settings are for what differs between servers.
///
/// ```
/// use tower_jwt_auth::provider::better_auth::BetterAuth;
/// use tower_jwt_auth::testing::TestIssuer;
///
/// let secret = TestIssuer::hs256();
/// assert!(BetterAuth::session_cookie(secret.secret()).build().is_ok());
/// assert!(BetterAuth::session_cookie("better-auth-secret-12345678901234567890").build().is_err());
/// ```
#[must_use = "a preset does nothing until `build` is called"]
pub struct BetterAuth<C = User> {
    pub(super) profile: Profile,
    pub(super) material: Material,
    pub(super) settings: Settings,
    pub(super) problems: Vec<Problem>,
    claims: PhantomData<fn() -> C>,
}

/// The keys that signatures are checked with.
pub(super) enum Material {
    Server(Server),
    Secrets(Vec<VerificationKey>),
}

/// The key pairs of a server.
#[derive(Default)]
pub(super) struct Server {
    pub(super) url: Option<BaseUrl>,
    pub(super) jwks_url: Option<String>,
    pub(super) keys: Option<Keys>,
    pub(super) remote: Remote,
    /// Whether a setting for fetching the keys was called.
    pub(super) has_remote_settings: bool,
}

pub(super) struct Settings {
    pub(super) issuers: Vec<String>,
    pub(super) audiences: Vec<String>,
    /// `sub` unless set.
    pub(super) user_id_claim: Option<String>,
    pub(super) session_version: Option<Box<str>>,
    pub(super) email_required: bool,
    pub(super) verified_email_required: bool,
    pub(super) leeway: Option<Duration>,
    pub(super) clock: Option<Arc<dyn Clock>>,
    pub(super) observer: Option<Arc<dyn Observer>>,
}

impl Server {
    /// Reports settings for fetching keys when the keys were passed.
    pub(super) fn settings_beside_keys(&self) -> Option<Problem> {
        (self.jwks_url.is_some() || self.has_remote_settings).then(|| {
            Problem::new(
                ProblemKind::NoEffect,
                "`jwks_url`, `allow_insecure_http` or `remote_keys` is called together with `keys`",
                "keys that are passed with `keys` are not fetched by the preset",
                "Leave these settings out, or set them on the `RemoteJwks` that is passed to `keys`",
            )
        })
    }
}

impl Settings {
    /// The claim that has the user's id. Session cookies do not use it.
    pub(super) fn user_id_claim(&self) -> &str {
        self.user_id_claim.as_deref().unwrap_or("sub")
    }

    /// Reports settings that are unsafe or have no meaning for this kind of token.
    pub(super) fn problems(&self, profile: Profile) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut check = |is_wrong: bool, what: String, why, fix| {
            if is_wrong {
                problems.push(Problem::new(ProblemKind::ProfileConflict, what, why, fix));
            }
        };
        check(
            profile.shares_claim(self.user_id_claim())
                && self.audiences.is_empty()
                && self.issuers.is_empty(),
            format!(
                "`user_id_claim(\"{}\")` is set for bridge tokens, without `audience` or `issuer`",
                self.user_id_claim()
            ),
            "Better Auth signs e-mail links and session cookies with the same secret, and they contain this \
             claim: an e-mail link would be accepted as a login",
            "Call `audience` or `issuer` with the value in the application's tokens, or put the user's id \
             into `sub` of the tokens",
        );
        let decided = "Better Auth decides which claims session cookies contain";
        check(
            profile.is_session() && !self.audiences.is_empty(),
            "`audience` is set for session cookies".to_owned(),
            decided,
            "Leave `audience` out",
        );
        check(
            profile == Profile::SessionBySecret && !self.issuers.is_empty(),
            "`issuer` is set for session cookies that are signed with the secret".to_owned(),
            "these cookies have no `iss`, so every one of them would be rejected",
            "Leave `issuer` out",
        );
        check(
            profile.is_session() && self.user_id_claim.is_some(),
            "`user_id_claim` is set for session cookies".to_owned(),
            decided,
            "Leave `user_id_claim` out: the id is read from `user.id`",
        );
        problems
    }
}

impl BetterAuth {
    /// Verifies tokens of the JWT plugin with the keys that the server publishes.
    ///
    /// The server issues them at `/token` and in the header `set-auth-jwt`. No secret is needed.
    ///
    /// `url` is the server's base URL, as in `BETTER_AUTH_URL`. The URL of the keys (`/api/auth/jwks`), the issuer
    /// and the audience (both the origin) follow from it, as on the server; each can be set separately. Nothing is
    /// fetched before the first token, unless [`Verifier::warm`](crate::Verifier::warm) or
    /// [`Verifier::keep_fresh`](crate::Verifier::keep_fresh) fetches the keys.
    pub fn url(url: impl AsRef<str>) -> Self {
        let mut problems = Vec::new();
        let url = BaseUrl::read(url.as_ref()).map_err(|problem| problems.push(problem)).ok();
        let server = Server { url, ..Server::default() };
        Self { problems, ..Self::new(Profile::Token, Material::Server(server)) }
    }

    /// Verifies HS256 tokens that an application signs for its own API with a shared secret.
    ///
    /// The tokens must have `exp` and `sub`. Issuer and audience are checked only when they are set; set them if the
    /// application writes these claims.
    ///
    /// Anyone who has `BETTER_AUTH_SECRET` can also sign in to the auth server as any user. Prefer
    /// [`url`](Self::url), or use a separate secret for these tokens.
    pub fn bridge_token(secret: impl AsRef<str>) -> Self {
        Self::with_secret(Profile::BridgeToken, secret.as_ref())
    }

    /// Verifies access tokens (`at+jwt`) of the OAuth provider plugin instead.
    ///
    /// `audience` is the `resource` that the client requests. The issuer of these tokens is the base URL with its
    /// path.
    ///
    /// With `client_credentials`, a client gets a token without a user. Its `sub`, and therefore the [`User::id`], is
    /// the `client_id`.
    pub fn oauth_access_token(mut self, audience: impl Into<String>) -> Self {
        self.expect_server("`oauth_access_token`");
        self.profile = Profile::OAuthAccessToken;
        self.audience(audience)
    }
}

impl BetterAuth<SessionUser> {
    /// Verifies session cache cookies (`session_data`, strategy `jwt`) signed with the secret.
    ///
    /// Read the cookie with [`session_cookie_source`](super::session_cookie_source). Anyone who has the secret can also
    /// sign in to the auth server as any user, so prefer [`BetterAuth::url`] if you can.
    pub fn session_cookie(secret: impl AsRef<str>) -> Self {
        Self::with_secret(Profile::SessionBySecret, secret.as_ref())
    }

    /// Verifies session cache cookies signed with the server's key pairs.
    ///
    /// The server does this if its JWT plugin is configured with `jwt({ sessionCookieCache: true })`.
    pub fn session_cookie_url(url: impl AsRef<str>) -> Self {
        let BetterAuth { material, problems, .. } = BetterAuth::url(url);
        Self { problems, ..Self::new(Profile::SessionByServer, material) }
    }

    /// Accepts only cookies of this version (`session.cookieCache.version`).
    pub fn session_version(mut self, version: impl Into<String>) -> Self {
        self.settings.session_version = Some(version.into().into());
        self
    }
}

impl<C> BetterAuth<C> {
    pub(super) fn new(profile: Profile, material: Material) -> Self {
        let settings = Settings {
            issuers: Vec::new(),
            audiences: Vec::new(),
            user_id_claim: None,
            session_version: None,
            email_required: false,
            verified_email_required: false,
            leeway: None,
            clock: None,
            observer: None,
        };
        Self { profile, material, settings, problems: Vec::new(), claims: PhantomData }
    }

    fn with_secret(profile: Profile, secret: &str) -> Self {
        let (mut keys, mut problems) = (Vec::new(), Vec::new());
        match secret::key(secret) {
            Ok(key) => keys.push(key),
            Err(error) => problems.extend(error.into_problems()),
        }
        Self { problems, ..Self::new(profile, Material::Secrets(keys)) }
    }

    pub(super) fn with_problems(mut self, problems: Vec<Problem>) -> Self {
        self.problems.extend(problems);
        self
    }

    /// Reports a setting of the server's keys on a preset with a secret.
    fn expect_server(&mut self, setting: &str) -> Option<&mut Server> {
        match &mut self.material {
            Material::Server(server) => Some(server),
            Material::Secrets(_) => {
                self.problems.push(Problem::new(
                    ProblemKind::NoEffect,
                    format!("{setting} is called on a preset with a secret"),
                    "the preset verifies tokens with the secret and uses no keys of the server",
                    "Start with `BetterAuth::url`",
                ));
                None
            }
        }
    }

    /// Accepts tokens of this issuer instead of the one derived from the URL.
    ///
    /// Use it for a server behind a proxy, or if the server sets `jwt.issuer`. Each further call adds an issuer.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.settings.issuers.push(issuer.into());
        self
    }

    /// Accepts tokens for this audience instead of the one derived from the URL.
    ///
    /// Each further call adds an audience.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.settings.audiences.push(audience.into());
        self
    }

    /// Fetches the keys from this URL.
    ///
    /// Use it if this program reaches the server at another address, or if the server sets `jwks.jwksPath`.
    pub fn jwks_url(mut self, url: impl Into<String>) -> Self {
        if let Some(server) = self.expect_server("`jwks_url`") {
            server.jwks_url = Some(url.into());
        }
        self
    }

    /// Allows fetching the keys from any host over plain HTTP, as between containers.
    ///
    /// An attacker on the network path can then substitute the keys and sign in as any user.
    pub fn allow_insecure_http(self) -> Self {
        self.change_remote("`allow_insecure_http`", Remote::allow_insecure_http)
    }

    /// Changes how the keys are fetched.
    pub(super) fn change_remote(
        mut self,
        setting: &str,
        change: impl FnOnce(Remote) -> Remote,
    ) -> Self {
        if let Some(server) = self.expect_server(setting) {
            server.remote = change(std::mem::take(&mut server.remote));
            server.has_remote_settings = true;
        }
        self
    }

    /// Verifies with these keys instead of fetching the server's keys.
    ///
    /// Use it with a [`RemoteJwks`](crate::jwks::RemoteJwks) that is shared with other code, or with a
    /// [`KeySet`](crate::key::KeySet) that is deployed with the application.
    pub fn keys(mut self, keys: impl Into<Keys>) -> Self {
        let keys = keys.into();
        if let Some(server) = self.expect_server("`keys`") {
            server.keys = Some(keys);
        }
        self
    }

    /// Also accepts tokens signed with this secret, the one before the last rotation.
    pub fn previous_secret(self, secret: impl AsRef<str>) -> Self {
        self.previous_key(secret::key(secret.as_ref()))
    }

    /// Like [`previous_secret`](Self::previous_secret), for a previous secret of 16 bytes or more.
    ///
    /// A secret of less than 32 bytes can be brute-forced; see [`VerificationKey::guessable_legacy_secret`]. Remove this
    /// call when the last token that was signed with the secret has expired.
    pub fn previous_guessable_legacy_secret(self, secret: impl AsRef<str>) -> Self {
        self.previous_key(secret::legacy_key(secret.as_ref()))
    }

    fn previous_key(mut self, key: Result<VerificationKey, BuildError>) -> Self {
        match &mut self.material {
            Material::Secrets(keys) => match key {
                Ok(key) => keys.push(key),
                Err(error) => self.problems.extend(error.into_problems()),
            },
            Material::Server(_) => self.problems.push(Problem::new(
                ProblemKind::MixedKeys,
                "`previous_secret` is called on a preset with public keys",
                "a secret and public keys must not be used for the same issuer",
                "Leave it out: rotated public keys are selected by `kid`",
            )),
        }
        self
    }

    /// Rejects tokens without an e-mail address.
    pub fn require_email(mut self) -> Self {
        self.settings.email_required = true;
        self
    }

    /// Rejects tokens without a verified e-mail address.
    pub fn require_verified_email(mut self) -> Self {
        self.settings.verified_email_required = true;
        self.require_email()
    }

    /// Reads the user's id from this claim instead of `sub`.
    ///
    /// Use it for servers that put something else into `sub` (`getSubject`), and for bridge tokens with the id in
    /// another claim.
    ///
    /// With [`bridge_token`](BetterAuth::bridge_token), some claims need an [`audience`](Self::audience) or an
    /// [`issuer`](Self::issuer), otherwise `build` fails. They are the claims that Better Auth's e-mail links and
    /// session cookies also contain (`userId`, `email`, `updateTo`, `version`, …). The same secret signs links and
    /// cookies, so a link would be accepted as a login; but they have no `aud` and no `iss`. The claims `sub` and `id`
    /// are not in them, and need neither setting.
    ///
    /// ```
    /// use tower_jwt_auth::provider::better_auth::BetterAuth;
    /// use tower_jwt_auth::{ErrorKind, testing::TestIssuer};
    ///
    /// let application = TestIssuer::hs256();
    /// let preset = || BetterAuth::bridge_token(application.secret()).user_id_claim("userId");
    /// assert!(preset().build().is_err());
    ///
    /// let verifier = preset().audience("orders").build()?;
    /// let token = || application.token().claim("userId", "user-1");
    /// assert_eq!(verifier.verify_now(&token().claim("aud", "orders").mint())?.id(), "user-1");
    /// let rejected = verifier.verify_now(&token().mint()).unwrap_err(); // like an e-mail link
    /// assert_eq!(rejected.kind(), ErrorKind::InvalidAudience);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn user_id_claim(mut self, claim: impl Into<String>) -> Self {
        self.settings.user_id_claim = Some(claim.into());
        self
    }

    /// Sets the allowed clock difference, like [`Policy::leeway`](crate::Policy::leeway).
    ///
    /// The default for session cookies is 15 seconds, as on the server.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.settings.leeway = Some(leeway);
        self
    }

    /// Reads the time from this clock.
    ///
    /// It is used for tokens, sessions and the age of fetched keys. Keys passed with [`keys`](Self::keys) use their
    /// own clock.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.settings.clock = Some(Arc::new(clock));
        self
    }

    /// Reports events to this observer, like
    /// [`VerifierBuilder::observer`](crate::verify::VerifierBuilder::observer).
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.settings.observer = Some(Arc::new(observer));
        self
    }
}

impl<C> fmt::Debug for BetterAuth<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BetterAuth").field("profile", &self.profile).finish_non_exhaustive()
    }
}
