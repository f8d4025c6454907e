//! Issuers that are found by name while the server runs.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::issuer::{Issuer, IssuerName};
use super::problem;
use super::trusted::Trusted;
use crate::answer::Answer;
use crate::clock::Clock;
use crate::error::{BuildError, Problem, ProblemKind, quoted};
use crate::jwt::Recheck;
use crate::key::{
    CryptoBackend, Held, KeyHealth, KeySet, KeySetState, KeySource, Keys, RefreshError,
    RefreshReason, Refreshed,
};
use crate::observe::Observing;
use crate::policy::IssuerTemplate;

/// Finds the issuers whose names match a template. Implemented in a higher module.
pub(crate) trait FindIssuer: fmt::Debug + Send + Sync {
    /// Returns what is in memory about a tenant. It must not block.
    fn find(&self, tenant: &str) -> Found;

    /// Looks up the issuer of a tenant, and fetches its keys. It must limit how often: the tenant is from a token that is
    /// not verified.
    fn look_up(&self, tenant: &str) -> Answer<Result<Refreshed, RefreshError>>;

    /// The issuers in memory.
    fn in_memory(&self) -> Vec<ResolvedIssuer>;
}

/// What is known about a tenant.
pub(crate) enum Found {
    Issuer(ResolvedIssuer),
    /// The tenant has no issuer.
    Absent,
    /// It must be looked up first.
    NotInMemory,
}

/// The names to look up, before the verifier is built.
pub(crate) struct Unresolved {
    pub(crate) template: IssuerTemplate,
    /// The problems of the settings.
    pub(crate) problems: Vec<Problem>,
    pub(crate) connect: Box<dyn FnOnce(Surroundings) -> Arc<dyn FindIssuer> + Send + Sync>,
}

/// What a verifier's issuers have in common.
#[derive(Clone, Debug)]
pub(crate) struct Surroundings {
    /// The clock of the verifier, if one was configured.
    pub(crate) clock: Option<Arc<dyn Clock>>,
    pub(crate) recheck: Arc<Recheck>,
    pub(crate) backend: CryptoBackend,
    pub(crate) observing: Observing,
    /// The fixed keys of all configured issuers.
    pub(crate) fixed: Arc<[Arc<KeySet>]>,
}

/// An issuer that was found. Clones share its keys.
#[derive(Clone, Debug)]
pub(crate) struct ResolvedIssuer(Arc<Built>);

/// The number of the last one in this process.
static LAST_NUMBER: AtomicU64 = AtomicU64::new(0);

#[derive(Debug)]
struct Built {
    issuer: Trusted,
    /// No two have the same. A token is found in the cache only with the issuer that verified it.
    number: u64,
    /// Where its keys are fetched from.
    place: Option<String>,
}

impl ResolvedIssuer {
    /// Builds the keys of an issuer that must have this name. If its keys are from the same place as before, those in
    /// memory are kept.
    pub(crate) fn build(
        mut issuer: Issuer,
        name: &str,
        before: Option<&Self>,
        surroundings: &Surroundings,
    ) -> Result<Self, BuildError> {
        if !matches!(&issuer.name, IssuerName::Exact(given) if given == name) {
            let other = another_issuer(name, issuer.name.text());
            return Err(BuildError::of(vec![other]));
        }
        let place = issuer.keys.place();
        let kept = before.filter(|before| place.is_some() && before.0.place == place);
        if let Some(source) = kept.and_then(Self::source) {
            issuer.keys = Keys::held(Held::Source(Arc::clone(source)));
        }
        let Surroundings { clock, recheck, backend, observing, fixed } = surroundings;
        let mut problems = Vec::new();
        let issuer = Trusted::build(issuer, clock.as_ref(), recheck, *backend, &mut problems);
        let Some(issuer) = issuer.filter(|_| problems.is_empty()) else {
            // A clone of the keys has reported the problems before.
            let again = problems.is_empty().then(|| bad_keys(name));
            return Err(BuildError::of(problems.into_iter().chain(again).collect()));
        };
        if fixed.iter().any(|keys| issuer.shares_a_secret_with(keys.keys())) {
            return Err(BuildError::of(vec![problem::same_secret(&issuer.described())]));
        }
        if let (Some(source), Some(observer)) = (issuer.keys.source(), observing.observer()) {
            source.observe_with(issuer.name(), observer);
        }
        let number = LAST_NUMBER.fetch_add(1, Ordering::Relaxed) + 1;
        Ok(Self(Arc::new(Built { issuer, number, place })))
    }

    pub(super) fn number(&self) -> u64 {
        self.0.number
    }

    #[inline]
    pub(super) fn trusted(&self) -> &Trusted {
        &self.0.issuer
    }

    pub(crate) fn source(&self) -> Option<&Arc<dyn KeySource>> {
        self.trusted().keys.source()
    }

    /// An error if one of these issuers has the same secret.
    pub(crate) fn check_secrets<'a>(
        &self,
        mut others: impl Iterator<Item = &'a Self>,
    ) -> Result<(), BuildError> {
        let issuer = self.trusted();
        let shares = |other: &Self| {
            issuer.fixed_sets().any(|set| other.trusted().shares_a_secret_with(set.keys()))
        };
        if others.any(shares) {
            return Err(BuildError::of(vec![problem::same_secret(&issuer.described())]));
        }
        Ok(())
    }
}

/// The issuer of one tenant as a key source: its refresh looks the issuer up.
#[derive(Debug)]
pub(super) struct Lookup {
    pub(super) finder: Arc<dyn FindIssuer>,
    pub(super) tenant: Box<str>,
}

impl KeySource for Lookup {
    fn current(&self) -> Option<Arc<KeySet>> {
        match self.finder.find(&self.tenant) {
            Found::Issuer(issuer) => match &issuer.trusted().keys {
                Held::Fixed(set) => Some(Arc::clone(set)),
                Held::Source(source) => source.current(),
            },
            Found::Absent | Found::NotInMemory => None,
        }
    }

    fn refresh(&self, _: RefreshReason) -> Answer<Result<Refreshed, RefreshError>> {
        self.finder.look_up(&self.tenant)
    }

    fn health(&self) -> KeyHealth {
        let keys = self.current().map_or(0, |set| set.len());
        KeyHealth::new(if keys == 0 { KeySetState::Empty } else { KeySetState::Fresh }, keys)
    }
}

fn another_issuer(name: &str, given: Option<&str>) -> Problem {
    let given =
        given.map_or_else(|| "an issuer without a name".to_owned(), |it| quoted(it).to_string());
    Problem::new(
        ProblemKind::Conflict,
        format!("{given} for a lookup of {}", quoted(name)),
        "tokens of one issuer would be verified with the keys of another",
        "Return `Issuer::new` with the name that matches the template, byte for byte",
    )
}

fn bad_keys(name: &str) -> Problem {
    Problem::new(
        ProblemKind::InvalidKey,
        format!("keys that were rejected before, for {}", quoted(name)),
        "they can verify nothing",
        "Correct the problem that was reported for the first clone of the keys",
    )
}
