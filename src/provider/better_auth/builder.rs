//! Putting a preset together.

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

/// Verifies what a Better Auth server issues. The module [`better_auth`](crate::provider::better_auth) says which of
/// the presets is the right one.
///
/// The settings are those that differ between servers; everything else is as Better Auth does it.
#[must_use = "a preset does nothing until `build` is called"]
pub struct BetterAuth<C = User> {
    pub(super) profile: Profile,
    pub(super) material: Material,
    pub(super) settings: Settings,
    pub(super) problems: Vec<Problem>,
    claims: PhantomData<fn() -> C>,
}

/// What signatures are checked with.
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
    /// Whether a setting of the keys behind the URL was called.
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
    /// Settings of keys from a URL that have no effect on keys that were passed.
    pub(super) fn settings_beside_keys(&self) -> Option<Problem> {
        (self.jwks_url.is_some() || self.has_remote_settings).then(|| {
            Problem::new(
                ProblemKind::NoEffect,
                "`jwks_url`, `allow_insecure_http` or `remote_keys` beside `keys`",
                "keys that are passed are not fetched from a URL",
                "Call one of them; a `RemoteJwks` has these settings itself",
            )
        })
    }
}

impl Settings {
    /// The claim that has the user's id, of tokens that are no session cookies.
    pub(super) fn user_id_claim(&self) -> &str {
        self.user_id_claim.as_deref().unwrap_or("sub")
    }

    /// The settings that this kind of token makes unsafe, or cannot follow.
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
                "`user_id_claim(\"{}\")` for bridge tokens of any audience and any issuer",
                self.user_id_claim()
            ),
            "Better Auth signs the links in its e-mails and its session cookies with the same secret and \
             puts this claim into them, so that a link could be used as a login",
            "Call `audience` or `issuer` with what the application puts into its tokens, or have it put the \
             user's id into `sub`",
        );
        let decided = "Better Auth decides on what they contain";
        check(
            profile.is_session() && !self.audiences.is_empty(),
            "an audience for session cookies".to_owned(),
            decided,
            "Leave `audience` out",
        );
        check(
            profile == Profile::SessionBySecret && !self.issuers.is_empty(),
            "an issuer for session cookies that are signed with the secret".to_owned(),
            "they have no `iss`, and none would be accepted",
            "Leave `issuer` out",
        );
        check(
            profile.is_session() && self.user_id_claim.is_some(),
            "`user_id_claim` for session cookies".to_owned(),
            decided,
            "Leave `user_id_claim` out: the id is that of the session's user",
        );
        problems
    }
}

impl BetterAuth {
    /// Tokens of the JWT plugin (`/token`, `set-auth-jwt`), verified with the keys that the server
    /// publishes. No secret is needed.
    ///
    /// `url` is the server's base URL, as in `BETTER_AUTH_URL`. From it follow, as on the server, the URL of
    /// the keys (`/api/auth/jwks`), the issuer and the audience (both the origin); each can be set on its
    /// own. Nothing is fetched before the first token, unless [`Verifier::warm`](crate::Verifier::warm) or
    /// [`Verifier::keep_fresh`](crate::Verifier::keep_fresh) asks for the keys.
    pub fn url(url: impl AsRef<str>) -> Self {
        let mut problems = Vec::new();
        let url = BaseUrl::read(url.as_ref()).map_err(|problem| problems.push(problem)).ok();
        let server = Server { url, ..Server::default() };
        Self { problems, ..Self::new(Profile::Token, Material::Server(server)) }
    }

    /// Tokens that an application signs itself, HS256 with a secret that both know, for its own API. They
    /// have to have `exp` and `sub`.
    ///
    /// Whoever holds `BETTER_AUTH_SECRET` can sign in as anybody at the auth server too. Prefer
    /// [`url`](Self::url), or a secret that is used for nothing else. The issuer and the audience are judged
    /// when they are set; set them where the application writes them.
    pub fn bridge_token(secret: impl AsRef<str>) -> Self {
        Self::with_secret(Profile::BridgeToken, secret.as_ref())
    }

    /// OAuth access tokens (`at+jwt`) of the OAuth provider plugin, for this audience: the `resource` that
    /// the client asks for. Their issuer is the base URL with its path.
    ///
    /// A client can get one for itself alone (`client_credentials`). Its `sub`, and so the [`User::id`], is
    /// the client's id, the same as `client_id`: no user has it.
    pub fn oauth_access_token(mut self, audience: impl Into<String>) -> Self {
        self.expect_server("`oauth_access_token`");
        self.profile = Profile::OAuthAccessToken;
        self.audience(audience)
    }
}

impl BetterAuth<SessionUser> {
    /// The cookie cache of sessions (`session_data`) with the strategy `jwt`, signed with the secret.
    ///
    /// Take it from the cookie with [`session_cookie_source`](super::session_cookie_source). The secret can
    /// do everything that the auth server can: prefer [`BetterAuth::url`] where there is a choice.
    pub fn session_cookie(secret: impl AsRef<str>) -> Self {
        Self::with_secret(Profile::SessionBySecret, secret.as_ref())
    }

    /// The same cookie, signed with the key pairs of the server (`jwt({ sessionCookieCache: true })`).
    pub fn session_cookie_url(url: impl AsRef<str>) -> Self {
        let BetterAuth { material, problems, .. } = BetterAuth::url(url);
        Self { problems, ..Self::new(Profile::SessionByServer, material) }
    }

    /// Takes cookies of this version only (`session.cookieCache.version`).
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

    /// Notes that this setting is about a server's keys where there is none.
    fn expect_server(&mut self, setting: &str) -> Option<&mut Server> {
        match &mut self.material {
            Material::Server(server) => Some(server),
            Material::Secrets(_) => {
                self.problems.push(Problem::new(
                    ProblemKind::NoEffect,
                    format!("{setting} with a secret"),
        "tokens that are signed with the secret are not verified with the server's keys",
                    "Start with `BetterAuth::url`",
                ));
                None
            }
        }
    }

    /// Accepts tokens of this issuer, in place of the one that follows from the URL; called again, of that one too.
    /// For servers behind a proxy, or with `jwt.issuer` set.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.settings.issuers.push(issuer.into());
        self
    }

    /// Accepts tokens for this audience, in place of the one that follows from the URL; called again, for that one
    /// too.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.settings.audiences.push(audience.into());
        self
    }

    /// Fetches the keys from here: a container's view of the server, or another path (`jwks.jwksPath`).
    pub fn jwks_url(mut self, url: impl Into<String>) -> Self {
        if let Some(server) = self.expect_server("`jwks_url`") {
            server.jwks_url = Some(url.into());
        }
        self
    }

    /// Allows plain HTTP to any host for the keys, as between containers. An attacker on the network path can then
    /// substitute the keys, and so sign in as any user.
    pub fn allow_insecure_http(self) -> Self {
        self.change_remote("`allow_insecure_http`", Remote::allow_insecure_http)
    }

    /// Changes how the keys behind the URL are fetched.
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

    /// Verifies with these keys in the place of those behind the URL: a
    /// [`RemoteJwks`](crate::jwks::RemoteJwks) that is used elsewhere too, or a
    /// [`KeySet`](crate::key::KeySet) that is deployed with the application.
    pub fn keys(mut self, keys: impl Into<Keys>) -> Self {
        let keys = keys.into();
        if let Some(server) = self.expect_server("`keys`") {
            server.keys = Some(keys);
        }
        self
    }

    /// Takes what was signed with this secret too: the one before the last rotation.
    pub fn previous_secret(self, secret: impl AsRef<str>) -> Self {
        self.previous_key(secret::key(secret.as_ref()))
    }

    /// As [`previous_secret`](Self::previous_secret), for a previous secret of 16 to 31 bytes, which may be found by
    /// brute force; as [`VerificationKey::guessable_legacy_secret`].
    ///
    /// Leave it out when the last token that was signed with it has expired.
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
                "`previous_secret` without a secret",
                "a secret and public keys must not serve one issuer",
                "Leave it out: a rotated key is found by its id",
            )),
        }
        self
    }

    /// Wants the token to have an e-mail address.
    pub fn require_email(mut self) -> Self {
        self.settings.email_required = true;
        self
    }

    /// Wants the token to have an e-mail address that the server knows to be the user's.
    pub fn require_verified_email(mut self) -> Self {
        self.settings.verified_email_required = true;
        self.require_email()
    }

    /// Takes the user's id from this claim, for servers whose `sub` is something else (`getSubject`), and for
    /// bridge tokens that call it otherwise.
    ///
    /// With [`bridge_token`](BetterAuth::bridge_token), a claim that Better Auth's e-mail links or session
    /// cookies have too (`userId`, `email`, `updateTo`, `version`, …) needs an [`audience`](Self::audience)
    /// or an [`issuer`](Self::issuer), which they lack. Without one `build` fails: the secret signs all of
    /// them, and a link would be accepted as a login. `sub` and `id` need neither.
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
    /// let rejected = verifier.verify_now(&token().mint()).unwrap_err(); // as a link is
    /// assert_eq!(rejected.kind(), ErrorKind::InvalidAudience);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn user_id_claim(mut self, claim: impl Into<String>) -> Self {
        self.settings.user_id_claim = Some(claim.into());
        self
    }

    /// How far the clocks may be apart; as [`Policy::leeway`](crate::Policy::leeway). 15 seconds for session
    /// cookies unless set, as on the server.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.settings.leeway = Some(leeway);
        self
    }

    /// Reads the time from this clock: for tokens, for sessions, and for the age of the keys that are fetched
    /// from the server. Keys that were passed with [`keys`](Self::keys) have a clock of their own.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.settings.clock = Some(Arc::new(clock));
        self
    }

    /// Reports everything that happens around the verifier to this observer; as
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
