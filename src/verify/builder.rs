//! The builder of a verifier. Only `build` fails, and it reports all problems at once.

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::cache::{Cache, TokenCache};
use super::expiry::recheck;
use super::issuer::Issuer;
use super::issuers::Issuers;
use super::problem;
use super::rejections::Rejections;
use super::resolved::Unresolved;
use super::trust::{Check, Hint, Trust};
use super::verifier::Verifier;
use crate::claims::Claims;
use crate::clock::{Clock, SystemClock};
use crate::error::{BuildError, Problem};
use crate::key::{CryptoBackend, KeySet, Keys, VerificationKey};
use crate::observe::{Observer, Observing};
use crate::policy::Policy;
use crate::revocation::Revocation;

const DEFAULT_MAX_TOKEN_LEN: usize = 16 * 1024;
const LARGEST_MAX_TOKEN_LEN: usize = 1024 * 1024;

/// Collects the settings of a [`Verifier`].
///
/// For one issuer, start with [`Verifier::shared_secret`], [`Verifier::jwks`] or a similar constructor. For several,
/// start with [`Verifier::builder`] and call [`trust`](Self::trust) for each. The settings of a [`Policy`] on this
/// builder apply to the single issuer of the constructor.
///
/// ```
/// use serde::Deserialize;
/// use tower_jwt_auth::{ErrorKind, Verifier, testing::TestIssuer};
///
/// #[derive(Deserialize)]
/// struct TenantClaims {
///     tenant: String,
/// }
///
/// let issuer = TestIssuer::hs256();
/// let verifier = Verifier::shared_secret(issuer.secret())
///     .any_audience()
///     .claims::<TenantClaims>()
///     .check("a known tenant", |claims| claims.tenant == "acme")
///     .build()?;
///
/// assert!(verifier.verify_now(&issuer.token().claim("tenant", "acme").mint()).is_ok());
/// let rejected = verifier.verify_now(&issuer.token().claim("tenant", "evil").mint()).unwrap_err();
/// assert_eq!(rejected.kind(), ErrorKind::CheckFailed);
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
#[must_use = "a builder does nothing until `build` is called"]
pub struct VerifierBuilder<C = Claims> {
    pub(super) single: Option<Single>,
    policy: Policy,
    pub(super) stray_settings: bool,
    trusted: Vec<Issuer>,
    pub(super) checks: Vec<Check<C>>,
    pub(super) clock: Option<Arc<dyn Clock>>,
    revocation: Option<Arc<dyn Revocation>>,
    max_token_len: usize,
    cache: Option<TokenCache>,
    backend: Option<CryptoBackend>,
    pub(super) hint: Option<Hint>,
    pub(super) explain: Option<Rejections>,
    pub(super) observer: Option<Arc<dyn Observer>>,
    resolvers: Vec<Unresolved>,
    pub(super) problems: Vec<Problem>,
}

/// The issuer of a constructor for a single issuer.
pub(super) struct Single {
    /// `None` if they were rejected; the list of problems contains the reason.
    pub(super) keys: Option<SingleKeys>,
    /// How further shared secrets are read. With a secret, the issuer needs no name.
    pub(super) secret: Option<ReadSecret>,
    pub(super) name: Option<String>,
    pub(super) any_name: bool,
    pub(super) migrating_from: Vec<Arc<KeySet>>,
}

pub(super) enum SingleKeys {
    Listed(Vec<VerificationKey>),
    Other(Keys),
}

/// Creates keys from further secrets, encoded as the first one: as text, or as base64.
#[derive(Clone, Copy)]
pub(crate) struct ReadSecret {
    /// For a secret with the same minimum length as the first one.
    pub(crate) like_the_first: MakeKey,
    /// For a short secret, see [`VerificationKey::guessable_legacy_secret`].
    pub(crate) guessable_legacy: MakeKey,
}

type MakeKey = fn(&[u8]) -> Result<VerificationKey, BuildError>;

impl From<SingleKeys> for Keys {
    fn from(keys: SingleKeys) -> Self {
        match keys {
            SingleKeys::Listed(keys) => KeySet::new(keys).into(),
            SingleKeys::Other(keys) => keys,
        }
    }
}

impl Verifier<Claims> {
    /// Returns an empty builder; add issuers with [`trust`](VerifierBuilder::trust).
    pub fn builder() -> VerifierBuilder<Claims> {
        VerifierBuilder {
            single: None,
            policy: Policy::new(),
            stray_settings: false,
            trusted: Vec::new(),
            checks: Vec::new(),
            clock: None,
            revocation: None,
            max_token_len: DEFAULT_MAX_TOKEN_LEN,
            cache: None,
            backend: None,
            hint: None,
            explain: None,
            observer: None,
            resolvers: Vec::new(),
            problems: Vec::new(),
        }
    }
}

impl VerifierBuilder<Claims> {
    /// One issuer with one secret; `read` creates keys from further secrets.
    pub(crate) fn with_secret(key: Result<VerificationKey, BuildError>, read: ReadSecret) -> Self {
        Self::with_keys(key.map(|key| SingleKeys::Listed(vec![key])), Some(read))
    }

    /// One issuer with one public key.
    #[cfg(feature = "pem")]
    pub(crate) fn with_public_key(key: Result<VerificationKey, BuildError>) -> Self {
        Self::with_keys(key.map(|key| SingleKeys::Listed(vec![key])), None)
    }

    /// One issuer with public keys.
    pub(crate) fn with_public_keys<K: Into<Keys>>(keys: Result<K, BuildError>) -> Self {
        Self::with_keys(keys.map(|keys| SingleKeys::Other(keys.into())), None)
    }

    fn with_keys(given: Result<SingleKeys, BuildError>, secret: Option<ReadSecret>) -> Self {
        let mut builder = Verifier::builder();
        let keys = given.map_err(|error| builder.problems.extend(error.into_problems())).ok();
        let migrating_from = Vec::new();
        builder.single = Some(Single { keys, secret, name: None, any_name: false, migrating_from });
        builder
    }
}

impl<C> VerifierBuilder<C> {
    /// Reads the claims into the type `D`.
    ///
    /// `D` can be any type that `serde` can deserialize from a JSON object. Call it before [`check`](Self::check): if
    /// there are checks for the previous type, [`build`](Self::build) fails.
    pub fn claims<D: DeserializeOwned + Send + Sync + 'static>(self) -> VerifierBuilder<D> {
        let mut problems = self.problems;
        if !self.checks.is_empty() {
            problems.push(problem::claims_after_check());
        }
        VerifierBuilder {
            single: self.single,
            policy: self.policy,
            stray_settings: self.stray_settings,
            trusted: self.trusted,
            checks: Vec::new(),
            clock: self.clock,
            revocation: self.revocation,
            max_token_len: self.max_token_len,
            cache: self.cache,
            backend: self.backend,
            hint: self.hint,
            explain: self.explain,
            observer: self.observer,
            resolvers: self.resolvers,
            problems,
        }
    }

    /// Trusts an issuer; call it again for each further issuer.
    ///
    /// The keys of one issuer never verify tokens of another.
    pub fn trust(mut self, issuer: Issuer) -> Self {
        self.trusted.push(issuer);
        self
    }

    /// Looks up the issuers with these names while the server runs.
    #[cfg(feature = "jwks")]
    pub(crate) fn resolve(mut self, names: Unresolved) -> Self {
        self.resolvers.push(names);
        self
    }

    /// Sets the issuer's name; `iss` must then be exactly this text (RFC 7519 §4.1.1).
    pub fn issuer(mut self, name: impl Into<String>) -> Self {
        let name = name.into();
        match &mut self.single {
            Some(single) => match &single.name {
                Some(other) if *other != name => {
                    self.problems.push(problem::two_names(&name, other));
                }
                _ => single.name = Some(name),
            },
            None => self.stray_settings = true,
        }
        self
    }

    /// Accepts tokens with any `iss` or none; only the keys decide.
    ///
    /// This also applies to keys that were found through an issuer's metadata: `iss` is not compared with the issuer's
    /// name.
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
                    if let Some(SingleKeys::Listed(keys)) = keys {
                        keys.push(key);
                    }
                }
                Err(error) => self.problems.extend(error.into_problems()),
            },
            _ => self.problems.push(problem::previous_without_secret()),
        }
        self
    }

    /// The policy of the single issuer.
    pub(crate) fn policy_mut(&mut self) -> &mut Policy {
        self.stray_settings |= self.single.is_none();
        &mut self.policy
    }

    /// Adds a check of the claims, for every issuer; `false` rejects the token with 401.
    ///
    /// The check must have no effects: an [explanation](crate::explain) runs it again. Logs contain the name of the
    /// check that failed. To decide what a user may do, use a [`Rule`](crate::Rule), which
    /// rejects with 403.
    pub fn check(
        mut self,
        name: &'static str,
        check: impl Fn(&C) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.checks.push((name, Arc::new(move |claims, _| check(claims))));
        self
    }

    /// Checks every verified token for revocation; see [`Revocation`].
    pub fn revocation(mut self, revocation: impl Revocation) -> Self {
        self.revocation = Some(Arc::new(revocation));
        self
    }

    /// Reads the time from this clock.
    ///
    /// The keys of `issuer_url`, `jwks_url` and presets also use it, unless they have a clock of their own.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Sets the maximum length of a token in bytes; longer tokens are rejected unread.
    ///
    /// The default is 16 KiB, the maximum 1 MiB.
    pub fn max_token_len(mut self, bytes: usize) -> Self {
        self.max_token_len = bytes;
        self
    }

    /// Caches verified tokens; [`TokenCache`] lists the checks that still run for each request.
    #[cfg(feature = "cache")]
    pub fn cache(mut self, cache: TokenCache) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Verifies with this crypto library instead of [`CryptoBackend::active`].
    ///
    /// The feature of the library must be enabled. Both libraries accept the same tokens. [`build`](Self::build) fails
    /// if an issuer has no key that the library supports.
    pub fn crypto_backend(mut self, backend: CryptoBackend) -> Self {
        self.backend = Some(backend);
        self
    }

    /// Checks the settings and prepares the verifier. No I/O happens here.
    ///
    /// # Errors
    ///
    /// Lists every setting that is unsafe or cannot work.
    pub fn build(self) -> Result<Verifier<C>, BuildError> {
        self.build_trust().map(Verifier::new)
    }

    pub(super) fn build_trust(self) -> Result<Trust<C>, BuildError> {
        let Self { single, policy, mut trusted, resolvers, mut problems, .. } = self;
        // A preset that reported a problem may have no issuer.
        let is_reported = !problems.is_empty();
        if self.stray_settings {
            problems.push(problem::setting_without_issuer());
        }
        if !(1..=LARGEST_MAX_TOKEN_LEN).contains(&self.max_token_len) {
            problems.push(problem::token_length(self.max_token_len));
        }
        match single {
            None if trusted.is_empty() && resolvers.is_empty() && !is_reported => {
                problems.push(problem::nothing_trusted());
            }
            None => {}
            Some(single) => {
                problems
                    .extend(single.problem_of_name(!trusted.is_empty() || !resolvers.is_empty()));
                match single.into_issuer(policy) {
                    Ok(issuer) => trusted.insert(0, issuer),
                    Err(others) => problems.extend(others),
                }
            }
        }
        let backend = choose_backend(self.backend, &mut problems);
        problems.extend(self.cache.iter().flat_map(TokenCache::problems));
        let clock = self.clock.clone().unwrap_or_else(|| Arc::new(SystemClock::new()));
        let recheck = recheck(&clock, self.revocation.as_ref());
        let (given, observer) = (self.clock.as_ref(), Observing::from(self.observer));
        let issuers =
            Issuers::new(trusted, resolvers, given, recheck, backend, &observer, &mut problems);
        let trust = Trust {
            issuers,
            backend,
            checks: self.checks,
            clock,
            revocation: self.revocation,
            max_token_len: self.max_token_len,
            hint: self.hint,
            explain: self.explain,
            cache: self.cache.and_then(|settings| Cache::new(&settings, backend)),
            observer,
        };
        if problems.is_empty() {
            trust.observe_keys();
        }
        BuildError::unless_none(problems, trust)
    }
}

impl Single {
    /// The issuer to trust. If its keys were rejected, the problems of the policy; those of the keys are in the list.
    fn into_issuer(self, policy: Policy) -> Result<Issuer, Vec<Problem>> {
        let Self { keys, name, migrating_from, .. } = self;
        let Some(keys) = keys else {
            return Err(policy.problems("the issuer", !migrating_from.is_empty()));
        };
        let issuer = match name {
            Some(name) => Issuer::new(name, keys, policy),
            None => Issuer::unnamed(keys, policy),
        };
        Ok(Issuer { migrating_from, ..issuer })
    }

    /// The problem with the issuer's name, if any.
    fn problem_of_name(&self, has_others: bool) -> Option<Problem> {
        match (&self.name, self.any_name) {
            (None, false) if self.secret.is_none() => Some(problem::no_issuer_name()),
            (None, true) if has_others => Some(problem::any_issuer_beside_named()),
            (Some(_), true) => Some(problem::issuer_and_any_issuer()),
            _ => None,
        }
    }
}

/// The backend to verify with. If a problem is reported, the result is not used.
fn choose_backend(named: Option<CryptoBackend>, problems: &mut Vec<Problem>) -> CryptoBackend {
    match named.or(CryptoBackend::active()) {
        Some(backend) if backend.is_built_in() => backend,
        Some(other) => {
            problems.push(problem::backend_not_built(other));
            other
        }
        None => {
            problems.push(problem::no_backend());
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
