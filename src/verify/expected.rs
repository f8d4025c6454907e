//! What the configuration of an issuer requires of a rejected token, for operators.

use super::trusted::Trusted;
use crate::error::{Error, ErrorKind};
use crate::jws::{Algorithm, AlgorithmSet};
use crate::key::{Held, KeySet};
use crate::policy::{ExpectedIssuer, one_of};

impl Trusted {
    /// Adds what this issuer requires to an error that a setting explains.
    pub(super) fn with_expected(
        &self,
        error: Error,
        issuer: ExpectedIssuer<'_>,
        algorithm: Algorithm,
    ) -> Error {
        if error.expected().is_some() {
            return error;
        }
        let expected = match error.kind() {
            ErrorKind::InvalidIssuer => match issuer {
                ExpectedIssuer::Named(name) => one_of("issuer", [name]),
                ExpectedIssuer::Template(template) => Some(template.described()),
                ExpectedIssuer::Absent => Some("a token without `iss`".to_owned()),
                ExpectedIssuer::Any => None,
            },
            ErrorKind::AlgorithmNotAllowed => self.algorithms(),
            ErrorKind::UnknownKey => self.key_ids(algorithm),
            kind => self.policy.expected(kind),
        };
        match expected {
            Some(expected) => error.with_expected(expected),
            None => error,
        }
    }

    /// The algorithms of the keys in memory that the policy allows.
    fn algorithms(&self) -> Option<String> {
        one_of("algorithm", self.allowed_algorithms()?.iter().map(Algorithm::name))
    }

    /// The algorithms that the policy and the keys allow; `None` if neither is known.
    pub(super) fn allowed_algorithms(&self) -> Option<AlgorithmSet> {
        let listed = self.policy.listed();
        let usable = |set: &KeySet| {
            let usable = set.keys().iter().map(|key| key.usable(listed));
            usable.fold(AlgorithmSet::default(), AlgorithmSet::union)
        };
        let allowed = with_keys(&self.keys, usable).or(listed)?;
        let of_secrets = self.secrets.as_ref().and_then(|secrets| with_keys(secrets, usable));
        Some(allowed.union(of_secrets.unwrap_or_default()))
    }

    /// The ids of the keys in memory for this algorithm.
    fn key_ids(&self, algorithm: Algorithm) -> Option<String> {
        let ids = |set: &KeySet| one_of("key id", set.keys().iter().filter_map(|key| key.key_id()));
        with_keys(self.keys_for(algorithm), ids)?
    }
}

/// Reads the keys in memory, if there are any.
pub(super) fn with_keys<T>(keys: &Held, read: impl FnOnce(&KeySet) -> T) -> Option<T> {
    match keys {
        Held::Fixed(set) => Some(read(set)),
        Held::Source(source) => source.current().map(|set| read(&set)),
    }
}
