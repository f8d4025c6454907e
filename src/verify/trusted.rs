//! A trusted issuer with its built keys.

use std::iter;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::issuer::{Issuer, IssuerName};
use super::problem;
use crate::clock::Clock;
use crate::error::Problem;
use crate::jws::{Algorithm, AlgorithmFamily, AlgorithmSet};
use crate::jwt::{Lifetime, Recheck};
use crate::key::{Crowded, CryptoBackend, Held, KeySet, VerificationKey};
use crate::observe::{Event, Observing};
use crate::policy::{IssuerTemplate, Policy, issuer_name_problem};

/// A trusted issuer.
#[derive(Debug)]
pub(super) struct Trusted {
    pub(super) name: IssuerName,
    pub(super) keys: Held,
    /// The fixed secrets that the keys replace, while the issuer migrates.
    pub(super) secrets: Option<Held>,
    pub(super) policy: Policy,
    /// What limits the validity of its tokens after their verification.
    pub(super) lifetime: Arc<Lifetime>,
    /// The generation of the last key set whose algorithms were reported.
    reported: AtomicU64,
}

impl Trusted {
    /// Builds the keys of an issuer with this clock; `None` if they have problems. Reports all problems of the issuer.
    pub(super) fn build(
        issuer: Issuer,
        clock: Option<&Arc<dyn Clock>>,
        recheck: &Arc<Recheck>,
        backend: CryptoBackend,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let without_keys = problems_without_keys(&issuer);
        let Issuer { name, keys, policy, migrating_from, .. } = issuer;
        match keys.build(clock.cloned()) {
            Ok(keys) => {
                let secrets = migrating_from.into_iter().next().map(Held::Fixed);
                let (recheck, leeway) = (Arc::clone(recheck), policy.times.leeway);
                let lifetime = Arc::new(Lifetime { recheck, leeway });
                let reported = AtomicU64::new(0);
                let issuer = Self { name, keys, secrets, policy, lifetime, reported };
                problems.extend(without_keys);
                problems.extend(issuer.problems(backend));
                Some(issuer)
            }
            Err(reported) => {
                // Keys that are found by the issuer's name report the same problems with the name.
                let others = without_keys.into_iter().filter(|it| !reported.contains(it));
                let others: Vec<_> = others.collect();
                problems.extend(reported.into_iter().chain(others));
                None
            }
        }
    }

    /// The keys for tokens with this algorithm. While the issuer migrates, HMAC is only for its secrets, and all other
    /// algorithms only for its public keys.
    pub(super) fn keys_for(&self, algorithm: Algorithm) -> &Held {
        match &self.secrets {
            Some(secrets) if algorithm.family() == AlgorithmFamily::Hmac => secrets,
            _ => &self.keys,
        }
    }

    /// Whether the key set with this generation is in use. No two sets have the same generation.
    pub(super) fn uses_generation(&self, generation: u64) -> bool {
        let is_used = |keys: &Held| keys.generation() == Some(generation);
        is_used(&self.keys) || self.secrets.as_ref().is_some_and(is_used)
    }

    /// The listed algorithms that `keys` must support.
    fn listed_for_keys(&self) -> Option<AlgorithmSet> {
        let listed = self.policy.listed()?;
        Some(if self.secrets.is_some() { listed.public() } else { listed })
    }

    /// The name as configured: that of the issuer, or the text of a template.
    pub(super) fn name(&self) -> Option<&str> {
        self.name.text()
    }

    pub(super) const fn template(&self) -> Option<&IssuerTemplate> {
        self.name.template()
    }

    /// Reports the listed algorithms that no key of a source's set can be used with, once for each set.
    pub(super) fn report_unused_algorithms(&self, set: &KeySet, observing: &Observing) {
        let Some(listed) = self.listed_for_keys().filter(|_| !set.is_empty()) else { return };
        let generation = set.generation();
        if self.reported.load(Ordering::Relaxed) >= generation
            || self.reported.fetch_max(generation, Ordering::Relaxed) >= generation
        {
            return;
        }
        for algorithm in listed.iter().filter(|one| !set.serves(*one, listed)) {
            let (issuer, algorithm) = (self.name(), algorithm.name());
            observing.report(&Event::AlgorithmWithoutKey { issuer, algorithm });
        }
    }

    /// Whether claims other than the registered ones are hidden.
    pub(super) fn hides_claims(&self) -> bool {
        self.policy.mapping().is_some_and(|mapping| mapping.is_sealed)
    }

    /// The description of the issuer in problems.
    pub(super) fn described(&self) -> String {
        described(self.name())
    }

    pub(super) fn shares_a_secret_with(&self, others: &[VerificationKey]) -> bool {
        let is_shared = |key: &VerificationKey| others.iter().any(|it| key.is_same_secret(it));
        self.fixed_sets().any(|set| set.keys().iter().any(is_shared))
    }

    /// The keys that are not from a source.
    pub(super) fn fixed_sets(&self) -> impl Iterator<Item = &Arc<KeySet>> {
        iter::once(&self.keys).chain(&self.secrets).filter_map(|keys| match keys {
            Held::Fixed(set) => Some(set),
            Held::Source(_) => None,
        })
    }

    /// The problems of the keys in combination with the name and the policy.
    fn problems(&self, backend: CryptoBackend) -> Vec<Problem> {
        let of = self.described();
        let mut problems = Vec::new();
        problems.extend(self.keys_of_another(&of));
        let listed = self.policy.listed().unwrap_or_default();
        let missing = listed.iter().filter(|algorithm| !backend.supports(*algorithm));
        problems.extend(missing.map(|it| problem::algorithm_not_in_backend(it, &of)));
        let listed = self.listed_for_keys();
        match &self.keys {
            // The keys of a source are not known yet.
            Held::Source(_) if !listed.unwrap_or_default().hmac().is_empty() => {
                problems.push(problem::hmac_for_source(&of));
            }
            Held::Source(_) => {}
            Held::Fixed(set) => problems.extend(problems_of_keys(set, listed, &of, backend)),
        }
        problems.extend(self.problem_of_new_keys(&of));
        problems
    }

    /// A problem if the keys cannot replace the secrets.
    fn problem_of_new_keys(&self, of: &str) -> Option<Problem> {
        self.secrets.as_ref()?;
        match &self.keys {
            Held::Fixed(set)
                if !set.is_empty() && set.keys().iter().all(VerificationKey::is_secret) =>
            {
                Some(problem::secrets_for_secrets(of))
            }
            _ => {
                let listed = self.policy.listed()?;
                (!listed.is_empty() && listed.public().is_empty())
                    .then(|| problem::only_hmac_listed(of))
            }
        }
    }

    /// A problem if the keys belong to an issuer with another name.
    fn keys_of_another(&self, of: &str) -> Option<Problem> {
        let (name, other) = (self.name()?, self.keys.source()?.issuer()?);
        (name != other).then(|| problem::keys_of_another(other, of))
    }
}

fn problems_of_keys(
    set: &KeySet,
    listed: Option<AlgorithmSet>,
    of: &str,
    backend: CryptoBackend,
) -> Vec<Problem> {
    let secrets = set.keys().iter().filter(|key| key.is_secret()).count();
    if set.is_empty() {
        return vec![problem::no_keys(of)];
    }
    if secrets != 0 && secrets != set.len() {
        return vec![problem::mixed_keys(of)];
    }
    if !set.keys().iter().any(|key| key.is_supported_by(backend)) {
        return vec![problem::keys_not_in_backend(of, backend)];
    }
    problems_of_selection(set, listed, secrets, of)
}

/// The keys that would never be tried, and the listed algorithms without a key.
fn problems_of_selection(
    set: &KeySet,
    listed: Option<AlgorithmSet>,
    secrets: usize,
    of: &str,
) -> Vec<Problem> {
    if let Some(crowded) = set.crowded(listed) {
        let algorithm = match crowded {
            Crowded::Keys(algorithm) => return vec![problem::too_many_keys(algorithm, of)],
            Crowded::LargeKeys(algorithm) => algorithm,
        };
        return vec![problem::too_many_large_keys(algorithm, of)];
    }
    match listed {
        Some(listed) => unused_algorithms(listed, set, secrets, of),
        None => Vec::new(),
    }
}

/// The problems of the secrets that public keys replace.
fn problems_of_migration(issuer: &Issuer, of: &str) -> Vec<Problem> {
    let set = match &*issuer.migrating_from {
        [] => return Vec::new(),
        [set] => set,
        _ => return vec![problem::two_migrations(of)],
    };
    if set.is_empty() {
        return vec![problem::no_secret_to_migrate_from(of)];
    }
    if !set.keys().iter().all(VerificationKey::is_secret) {
        return vec![problem::migrating_from_public_keys(of)];
    }
    let listed = issuer.policy.listed();
    if listed.is_some_and(|listed| !listed.is_empty() && listed.hmac().is_empty()) {
        return vec![problem::no_hmac_listed(of)];
    }
    problems_of_selection(set, listed.map(AlgorithmSet::hmac), set.len(), of)
}

/// The listed algorithms that the keys cannot be used with.
///
/// For each algorithm, one public key is enough. Secrets must all be usable, otherwise the previous secret would verify
/// nothing.
fn unused_algorithms(listed: AlgorithmSet, set: &KeySet, secrets: usize, of: &str) -> Vec<Problem> {
    let serves = |algorithm, key: &VerificationKey| key.usable(Some(listed)).contains(algorithm);
    let unused = listed.iter().filter(|one| match secrets {
        0 => !set.serves(*one, listed),
        _ => !set.keys().iter().all(|key| serves(*one, key)),
    });
    let problem = |unused: Algorithm| {
        let is_short = unused.family() == AlgorithmFamily::Hmac && secrets != 0;
        problem::unused_algorithm(unused, of, is_short)
    };
    unused.map(problem).collect()
}

/// The problems of an issuer that do not depend on its keys.
fn problems_without_keys(issuer: &Issuer) -> Vec<Problem> {
    let of = described(issuer.name.text());
    let mut problems = issuer.policy.problems(&of, !issuer.migrating_from.is_empty());
    problems.extend(problems_of_migration(issuer, &of));
    problems.extend(issuer.stray.map(|setting| problem::tenants_without_template(setting, &of)));
    match &issuer.name {
        IssuerName::Exact(name) => {
            problems.extend(issuer_name_problem(name));
            problems.extend(name.is_empty().then(problem::empty_name));
        }
        IssuerName::Template(template) => problems.extend(template.problems(&of)),
        IssuerName::Unnamed if issuer.policy.wants_named_issuer() => {
            problems.push(problem::unnamed_profile());
        }
        IssuerName::Unnamed => {}
    }
    problems
}

fn described(name: Option<&str>) -> String {
    match name {
        Some(name) => format!("the issuer `{name}`"),
        None => "the unnamed issuer".to_owned(),
    }
}
