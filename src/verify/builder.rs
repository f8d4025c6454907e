//! Putting a verifier together. Nothing fails before `build`, which then says everything at once.

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::cache::{Cache, TokenCache};
use super::issuers::{Issuer, Issuers};
use super::unbuilt::UnbuiltKeys;
use super::verifier::{Check, Hint, Inner, Verifier};
use crate::claims::Claims;
use crate::clock::{Clock, SystemClock};
use crate::error::{BuildError, Problem};
use crate::key::{CryptoBackend, KeySet, Keys, VerificationKey};
use crate::observe::Observer;
use crate::policy::Policy;
use crate::revocation::Revocation;

const DEFAULT_MAX_TOKEN_LEN: usize = 16 * 1024;
const LARGEST_MAX_TOKEN_LEN: usize = 1024 * 1024;

/// Collects the settings of a [`Verifier`].
///
/// Started by [`Verifier::shared_secret`], [`Verifier::jwks`] and their neighbours, which speak of one
/// issuer, or by [`Verifier::builder`] for several. The settings that a [`Policy`] has, too, are those
/// of that one issuer.
///
/// ```
/// use serde::Deserialize;
/// use tower_jwt_auth::{ErrorKind, Verifier, testing::TestIssuer};
///
/// #[derive(Deserialize)]
/// struct Mine {
///     tenant: String,
/// }
///
/// let issuer = TestIssuer::hs256();
/// let verifier = Verifier::shared_secret(issuer.secret())
///     .any_audience()
///     .claims::<Mine>()
///     .check("a known tenant", |mine| mine.tenant == "acme")
///     .build()?;
///
/// assert!(verifier.verify_now(&issuer.token().claim("tenant", "acme").mint()).is_ok());
/// let refused = verifier.verify_now(&issuer.token().claim("tenant", "evil").mint()).unwrap_err();
/// assert_eq!(refused.kind(), ErrorKind::CheckFailed);
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
#[must_use = "a builder does nothing until `build` is called"]
pub struct VerifierBuilder<C = Claims> {
    pub(super) single: Option<Single>,
    policy: Policy,
    stray_settings: bool,
    trusted: Vec<Issuer>,
    pub(super) issuers_by_clock: Option<IssuersByClock>,
    pub(super) checks: Vec<Check<C>>,
    clock: Option<Arc<dyn Clock>>,
    revocation: Option<Arc<dyn Revocation>>,
    max_token_len: usize,
    cache: Option<TokenCache>,
    backend: Option<CryptoBackend>,
    pub(super) hint: Option<Hint>,
    pub(super) observer: Option<Arc<dyn Observer>>,
    pub(super) problems: Vec<Problem>,
}

/// The issuer of a short road.
pub(super) struct Single {
    /// `None` when they were refused; the reason is in the list of problems.
    pub(super) keys: Option<RoadKeys>,
    /// How a shared secret is read. It has but one issuer, whose name need not be decided on.
    pub(super) secret: Option<ReadSecret>,
    pub(super) name: Option<String>,
    pub(super) any_name: bool,
}

/// Makes keys of further secrets, spelled as the first one is: text, or base64url.
#[derive(Clone, Copy)]
pub(crate) struct ReadSecret {
    /// Of a secret that is held to the same length as the first one.
    pub(crate) like_the_first: MakeKey,
    /// Of a short one, after [`VerificationKey::guessable_legacy_secret`].
    pub(crate) guessable_legacy: MakeKey,
}

type MakeKey = fn(&[u8]) -> Result<VerificationKey, BuildError>;

/// Issuers whose keys use the clock of the verifier, unless they have one.
pub(super) type IssuersByClock =
    Box<dyn FnOnce(Option<Arc<dyn Clock>>) -> Vec<Issuer> + Send + Sync>;

pub(super) enum RoadKeys {
    Single(Vec<VerificationKey>),
    Other(Box<dyn UnbuiltKeys>),
}

impl RoadKeys {
    fn build(self, clock: Option<Arc<dyn Clock>>) -> Result<Keys, BuildError> {
        match self {
            Self::Single(keys) => Ok(KeySet::new(keys).into()),
            Self::Other(keys) => keys.build(clock),
        }
    }
}

impl Verifier<Claims> {
    /// Starts from nothing: [`trust`](VerifierBuilder::trust) somebody.
    pub fn builder() -> VerifierBuilder<Claims> {
        VerifierBuilder {
            single: None,
            policy: Policy::new(),
            stray_settings: false,
            trusted: Vec::new(),
            issuers_by_clock: None,
            checks: Vec::new(),
            clock: None,
            revocation: None,
            max_token_len: DEFAULT_MAX_TOKEN_LEN,
            cache: None,
            backend: None,
            hint: None,
            observer: None,
            problems: Vec::new(),
        }
    }
}

impl VerifierBuilder<Claims> {
    /// A short road over one secret; `read` makes keys of further ones.
    pub(crate) fn with_secret(key: Result<VerificationKey, BuildError>, read: ReadSecret) -> Self {
        Self::with_keys(key.map(|key| RoadKeys::Single(vec![key])), Some(read))
    }

    /// A short road over one public key.
    #[cfg(feature = "pem")]
    pub(crate) fn with_public_key(key: Result<VerificationKey, BuildError>) -> Self {
        Self::with_keys(key.map(|key| RoadKeys::Single(vec![key])), None)
    }

    /// A short road over public keys that are told apart by their ids.
    pub(crate) fn with_public_keys<K: Into<Keys>>(keys: Result<K, BuildError>) -> Self {
        Self::with_keys(keys.map(|keys| RoadKeys::Other(Box::new(keys.into()))), None)
    }

    pub(super) fn with_keys(
        given: Result<RoadKeys, BuildError>,
        secret: Option<ReadSecret>,
    ) -> Self {
        let mut builder = Verifier::builder();
        let keys = given.map_err(|error| builder.problems.extend(error.into_problems())).ok();
        builder.single = Some(Single { keys, secret, name: None, any_name: false });
        builder
    }
}

impl<C> VerifierBuilder<C> {
    /// Reads the claims into `D` instead. Checks over the former type are dropped with it: call this
    /// before [`check`](Self::check).
    ///
    /// Any type that `serde` can make from a JSON object will do.
    pub fn claims<D: DeserializeOwned + Send + Sync + 'static>(self) -> VerifierBuilder<D> {
        let mut problems = self.problems;
        if !self.checks.is_empty() {
            problems.push(Problem::new(
                "`claims` after `check`",
                "the check is over another claims type and would be lost",
                "Call `claims` first",
            ));
        }
        VerifierBuilder {
            single: self.single,
            policy: self.policy,
            stray_settings: self.stray_settings,
            trusted: self.trusted,
            issuers_by_clock: self.issuers_by_clock,
            checks: Vec::new(),
            clock: self.clock,
            revocation: self.revocation,
            max_token_len: self.max_token_len,
            cache: self.cache,
            backend: self.backend,
            hint: self.hint,
            observer: self.observer,
            problems,
        }
    }

    /// Trusts an issuer. Called again, trusts that one too; keys never cross.
    pub fn trust(mut self, issuer: Issuer) -> Self {
        self.trusted.push(issuer);
        self
    }

    /// The issuer's name: `iss` is then required to be exactly this (RFC 7519 §4.1.1).
    pub fn issuer(mut self, name: impl Into<String>) -> Self {
        let name = name.into();
        match &mut self.single {
            Some(single) => match &single.name {
                Some(other) if *other != name => self.problems.push(Problem::new(
                    "two names for one issuer",
                    "`iss` is one string and can be equal to one name only",
                    "Call `trust` for each further issuer",
                )),
                _ => single.name = Some(name),
            },
            None => self.stray_settings = true,
        }
        self
    }

    /// Takes tokens of any issuer, or of none, as long as the keys fit.
    ///
    /// With keys that were found by an issuer's metadata, too: `iss` is then not compared with its name.
    pub fn any_issuer(mut self) -> Self {
        match &mut self.single {
            Some(single) => single.any_name = true,
            None => self.stray_settings = true,
        }
        self
    }

    pub(crate) fn previous_key(
        mut self,
        make: impl FnOnce(ReadSecret) -> Result<VerificationKey, BuildError>,
    ) -> Self {
        match &mut self.single {
            Some(Single { keys, secret: Some(read), .. }) => match make(*read) {
                Ok(key) => {
                    if let Some(RoadKeys::Single(keys)) = keys {
                        keys.push(key);
                    }
                }
                Err(error) => self.problems.extend(error.into_problems()),
            },
            _ => self.problems.push(Problem::new(
                "`previous_secret` without a shared secret",
                "a secret and public keys must not serve one issuer",
                "Call it after `shared_secret`; list rotated public keys in one JWKS document",
            )),
        }
        self
    }

    pub(super) fn policy(mut self, change: impl FnOnce(Policy) -> Policy) -> Self {
        self.policy = change(self.policy);
        self.stray_settings |= self.single.is_none();
        self
    }

    /// Adds a check of your own over the claims of every issuer; `false` refuses with 401.
    ///
    /// The name says in logs which check refused. What a user may do belongs to authorization, which
    /// answers 403: [`Rule`](crate::Rule).
    pub fn check(
        mut self,
        name: &'static str,
        check: impl Fn(&C) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.checks.push((name, Arc::new(move |claims, _| check(claims))));
        self
    }

    /// Asks a revocation list about every token that verified.
    pub fn revocation(mut self, revocation: impl Revocation) -> Self {
        self.revocation = Some(Arc::new(revocation));
        self
    }

    /// Reads the time from this clock, also for the age of keys that are fetched from a URL given to
    /// `issuer_url`, `jwks_url` or a preset, unless they were given another one.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// The longest token in bytes that is looked at: 16 KiB unless set, 1 MiB at most.
    pub fn max_token_len(mut self, bytes: usize) -> Self {
        self.max_token_len = bytes;
        self
    }

    /// Remembers tokens that verified; see [`TokenCache`] for what is judged all the same.
    #[cfg(feature = "cache")]
    pub fn cache(mut self, cache: TokenCache) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Verifies with this crypto library instead of [`CryptoBackend::active`].
    ///
    /// Its feature has to be on. The verdicts are the same; an issuer whose keys are all for algorithms
    /// that it does not have is a [`BuildError`].
    pub fn crypto_backend(mut self, backend: CryptoBackend) -> Self {
        self.backend = Some(backend);
        self
    }

    /// Checks the settings and prepares the verifier. No I/O happens here.
    ///
    /// # Errors
    ///
    /// Everything that is unsafe or cannot work, at once.
    pub fn build(self) -> Result<Verifier<C>, BuildError> {
        let Self { single, policy, mut trusted, mut problems, .. } = self;
        let mut problem = |what: &str, why, fix| problems.push(Problem::new(what, why, fix));
        if self.stray_settings {
            problem(
                "a setting of an issuer on a builder that has none",
                "it would be without effect",
                "Put it into the `Policy` of the issuer that you `trust`",
            );
        }
        if !(1..=LARGEST_MAX_TOKEN_LEN).contains(&self.max_token_len) {
            problem(
                "a longest token of no bytes, or of more than a megabyte",
                "no token could be verified, or a refusal would cost what its sender likes",
                "Leave it at 16 KiB, or set what the server's limit for headers allows",
            );
        }
        if let Some(issuers) = self.issuers_by_clock {
            trusted.splice(..0, issuers(self.clock.clone()));
        }
        match single {
            None if trusted.is_empty() => problem(
                "nobody to trust",
                "no token could be verified",
                "Start with `Verifier::shared_secret`, `pem` or `jwks`, or call `trust`",
            ),
            None => {}
            Some(Single { keys, secret, name, any_name }) => {
                match (&name, any_name) {
                    (None, false) if secret.is_none() => problem(
                        "no issuer",
                        "a token of whoever else signs with these keys would be accepted here",
                        "Call `issuer(\"https://…\")` with what stands in `iss`, or `any_issuer()`",
                    ),
                    (None, true) if !trusted.is_empty() => problem(
                        "`any_issuer` beside issuers with a name",
                        "beside them only tokens without `iss` could be taken",
                        "Call `issuer`, or trust an `Issuer::unnamed` for tokens without `iss`",
                    ),
                    (Some(_), true) => problem(
                        "both `issuer` and `any_issuer`",
                        "one of the two would be without effect",
                        "Call one of them",
                    ),
                    _ => {}
                }
                match keys.map(|keys| keys.build(self.clock.clone())) {
                    Some(Ok(keys)) => trusted.insert(0, Issuer { name, keys, policy }),
                    // The keys' own problem is in the list; the policy is still worth a look.
                    other => {
                        let error = other.and_then(Result::err);
                        problems.extend(error.into_iter().flat_map(BuildError::into_problems));
                        problems.extend(policy.problems("the issuer"));
                    }
                }
            }
        }
        let backend = chosen(self.backend, &mut problems);
        problems.extend(self.cache.iter().flat_map(TokenCache::problems));
        let inner = Inner {
            issuers: Issuers::new(trusted, backend, &mut problems),
            backend,
            checks: self.checks,
            clock: self.clock.unwrap_or_else(|| Arc::new(SystemClock::new())),
            revocation: self.revocation,
            max_token_len: self.max_token_len,
            hint: self.hint,
            cache: self.cache.and_then(|settings| Cache::new(&settings, backend)),
            observer: self.observer.into(),
        };
        if problems.is_empty() {
            inner.observe_keys();
        }
        BuildError::unless_none(problems, Verifier::new(inner))
    }
}

/// The backend to verify with. With a problem it does not matter which: there will be no verifier.
fn chosen(named: Option<CryptoBackend>, problems: &mut Vec<Problem>) -> CryptoBackend {
    let mut problem = |what: String, why, fix| problems.push(Problem::new(what, why, fix));
    match named.or(CryptoBackend::active()) {
        Some(backend) if backend.is_built_in() => backend,
        Some(other) => {
            problem(
                format!("the crypto backend `{}`", other.name()),
                "the crate was built without it",
                "Turn on the feature of that name of `tower-jwt-auth`",
            );
            other
        }
        None => {
            problem(
                "no crypto backend".to_owned(),
                "the crate was built without one, and no signature could be judged",
                "Turn on the feature `aws-lc-rs` or `rust-crypto` of `tower-jwt-auth`",
            );
            CryptoBackend::AwsLcRs
        }
    }
}

impl<C> fmt::Debug for VerifierBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifierBuilder")
            .field("policy", &self.policy)
            .field("trusted", &self.trusted)
            .field("problems", &self.problems)
            .finish_non_exhaustive()
    }
}
