//! The trusted issuers, each with its own keys and policy.

use std::collections::HashMap;
use std::sync::Arc;

use super::issuer::Issuer;
use super::problem;
use super::trusted::{Trusted, problems_without_keys};
use crate::claims::mistyped_issuer;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Problem};
use crate::json::Object;
use crate::jws::Compact;
use crate::key::{CryptoBackend, KeyHealth, KeySource};
use crate::policy::{ExpectedIssuer, one_of};

/// The trusted issuers, indexed by name.
#[derive(Debug)]
pub(super) struct Issuers {
    all: Vec<Trusted>,
    by_name: HashMap<Box<str>, usize>,
    unnamed: Option<usize>,
}

impl Issuers {
    /// Builds the keys of the issuers with this clock, indexes the issuers, and reports conflicts.
    pub(super) fn new(
        configured: Vec<Issuer>,
        clock: Option<&Arc<dyn Clock>>,
        backend: CryptoBackend,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut all: Vec<Trusted> = Vec::new();
        for issuer in configured {
            let without_keys = problems_without_keys(&issuer);
            let Issuer { name, keys, policy } = issuer;
            match keys.build(clock.cloned()) {
                Ok(keys) => {
                    let issuer = Trusted::new(name, keys, policy);
                    problems.extend(without_keys);
                    problems.extend(issuer.problems(backend));
                    all.push(issuer);
                }
                Err(reported) => {
                    // Keys that are found by the issuer's name report the same problems with the name.
                    let others = without_keys.into_iter().filter(|it| !reported.contains(it));
                    let others: Vec<_> = others.collect();
                    problems.extend(reported.into_iter().chain(others));
                }
            }
        }
        let (mut by_name, mut unnamed) = (HashMap::new(), None);
        for (index, issuer) in all.iter().enumerate() {
            if all.iter().skip(index + 1).any(|other| issuer.shares_a_secret_with(other)) {
                problems.push(problem::same_secret(&issuer.described()));
            }
            let twice = match &issuer.name {
                Some(name) => by_name.insert(name.as_str().into(), index).is_some(),
                None => unnamed.replace(index).is_some(),
            };
            if twice {
                problems.push(problem::trusted_twice(&issuer.described()));
            }
        }
        Self { all, by_name, unnamed }
    }

    pub(super) fn health(&self) -> impl Iterator<Item = KeyHealth> {
        self.all.iter().map(|it| KeyHealth { issuer: it.name.clone(), ..it.keys.health() })
    }

    /// The issuers whose keys may change, with their key sources.
    pub(super) fn sources(&self) -> impl Iterator<Item = (&Trusted, &Arc<dyn KeySource>)> {
        self.all.iter().filter_map(|issuer| Some((issuer, issuer.keys.source()?)))
    }

    pub(super) fn get(&self, index: usize) -> Option<&Trusted> {
        self.all.get(index)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Trusted> {
        self.all.iter()
    }

    /// The names of the named issuers.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.all.iter().filter_map(|issuer| issuer.name.as_deref())
    }

    pub(super) fn are_several(&self) -> bool {
        self.all.len() > 1
    }

    /// Selects the issuer of a token. With a single issuer, nothing is read; with several, the unverified `iss` only
    /// selects among the configured issuers.
    pub(super) fn route(&self, compact: &Compact<'_>) -> Result<usize, Error> {
        if self.all.len() == 1 {
            return Ok(0);
        }
        let payload = Object::read(compact.unverified_payload()?).map_err(|_| {
            let detail = "the payload is not one strict JSON object";
            Error::new(ErrorKind::MalformedToken).with_detail(detail)
        })?;
        let index = match payload.get("iss") {
            None => self.unnamed,
            Some(value) => match value.string() {
                Some(name) => self.by_name.get(name).copied(),
                None if value.is_null() && self.allows_null_issuer() => self.unnamed,
                None => return Err(mistyped_issuer(value)),
            },
        };
        index.ok_or_else(|| self.unknown_issuer())
    }

    /// Whether an `iss` that is null selects the unnamed issuer.
    fn allows_null_issuer(&self) -> bool {
        let unnamed = self.unnamed.and_then(|index| self.get(index));
        unnamed.is_some_and(|issuer| issuer.policy.allows_null_claims())
    }

    /// The error for an `iss` that names no trusted issuer.
    fn unknown_issuer(&self) -> Error {
        let error = Error::new(ErrorKind::InvalidIssuer);
        match one_of("issuer", self.names()) {
            Some(expected) => error.with_expected(expected),
            None => error,
        }
    }

    /// The `iss` that the verified token must have, which confirms the selection of `route`.
    pub(super) fn expected<'i>(&self, issuer: &'i Trusted) -> ExpectedIssuer<'i> {
        match &issuer.name {
            Some(name) => ExpectedIssuer::Named(name),
            None if self.all.len() == 1 => ExpectedIssuer::Any,
            None => ExpectedIssuer::Absent,
        }
    }
}
