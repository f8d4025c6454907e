//! What the configuration of an issuer requires of a rejected token, for operators.

use super::trusted::Trusted;
use crate::error::{Error, ErrorKind};
use crate::jws::{Algorithm, AlgorithmSet};
use crate::key::{Held, KeySet};
use crate::policy::{ExpectedIssuer, one_of};

impl Trusted {
    /// Adds what this issuer requires to an error that a setting explains.
    pub(super) fn with_expected(&self, error: Error, issuer: ExpectedIssuer<'_>) -> Error {
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
            ErrorKind::UnknownKey => self.key_ids(),
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
        let allowed = self.with_keys(|set| {
            let usable = set.keys().iter().map(|key| key.usable(listed));
            usable.fold(AlgorithmSet::default(), AlgorithmSet::union)
        });
        allowed.or(listed)
    }

    /// The ids of the keys in memory.
    fn key_ids(&self) -> Option<String> {
        self.with_keys(|set| one_of("key id", set.keys().iter().filter_map(|key| key.key_id())))?
    }

    pub(super) fn with_keys<T>(&self, read: impl FnOnce(&KeySet) -> T) -> Option<T> {
        match &self.keys {
            Held::Fixed(set) => Some(read(set)),
            Held::Source(source) => source.current().map(|set| read(&set)),
        }
    }
}
