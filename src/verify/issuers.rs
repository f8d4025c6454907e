//! Trusted issuers: each with its keys and its policy, which never mix.

use std::collections::HashMap;
use std::sync::Arc;

use super::issuer::Issuer;
use super::problem;
use super::trusted::{Trusted, problems_without_keys};
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Problem};
use crate::json::{Object, Value};
use crate::jws::Compact;
use crate::key::{CryptoBackend, KeyHealth, KeySource};
use crate::policy::ExpectedIssuer;

/// The configured issuers, ready to choose from.
#[derive(Debug)]
pub(super) struct Issuers {
    all: Vec<Trusted>,
    by_name: HashMap<Box<str>, usize>,
    unnamed: Option<usize>,
}

impl Issuers {
    /// Builds the keys of the issuers with this clock, and indexes the issuers; notes what does not go together.
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
                    let issuer = Trusted { name, keys, policy };
                    problems.extend(without_keys);
                    problems.extend(issuer.problems(backend));
                    all.push(issuer);
                }
                Err(reported) => {
                    // Keys that are found by the issuer's name report what is wrong with it, too.
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

    /// The issuers whose keys may change, with where those come from.
    pub(super) fn sources(&self) -> impl Iterator<Item = (&Trusted, &Arc<dyn KeySource>)> {
        self.all.iter().filter_map(|issuer| Some((issuer, issuer.keys.source()?)))
    }

    pub(super) fn get(&self, index: usize) -> Option<&Trusted> {
        self.all.get(index)
    }

    /// Chooses the issuer that a token has to be from. With one there is nothing to read; with several
    /// the unverified `iss` chooses among those that are configured, and does nothing else.
    pub(super) fn route(&self, compact: &Compact<'_>) -> Result<usize, Error> {
        if self.all.len() == 1 {
            return Ok(0);
        }
        // Good for choosing among these issuers, and for nothing else.
        let payload = Object::read(compact.unverified_payload()?).map_err(|_| {
            let detail = "the payload is not one strict JSON object";
            Error::new(ErrorKind::MalformedToken).with_detail(detail)
        })?;
        let index = match payload.get("iss").map(Value::string) {
            Some(Some(name)) => self.by_name.get(name).copied(),
            None => self.unnamed,
            Some(None) => {
                return Err(
                    Error::new(ErrorKind::InvalidIssuer).with_detail("`iss` is not a string")
                );
            }
        };
        index.ok_or_else(|| ErrorKind::InvalidIssuer.into())
    }

    /// What `iss` must be in the verified token, so that the choice above is confirmed.
    pub(super) fn expected<'i>(&self, issuer: &'i Trusted) -> ExpectedIssuer<'i> {
        match &issuer.name {
            Some(name) => ExpectedIssuer::Named(name),
            None if self.all.len() == 1 => ExpectedIssuer::Any,
            None => ExpectedIssuer::Absent,
        }
    }
}
