//! The trusted issuers, each with its own keys and policy.

use std::collections::HashMap;
use std::sync::Arc;

use super::issuer::{Issuer, IssuerName};
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
    /// Whether one of the issuers may send padded tokens.
    allows_padding: bool,
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
            let Issuer { name, keys, policy, migrating_from, .. } = issuer;
            match keys.build(clock.cloned()) {
                Ok(keys) => {
                    let secrets = migrating_from.into_iter().next();
                    let issuer = Trusted::new(name, keys, secrets, policy);
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
                IssuerName::Exact(name) => by_name.insert(name.as_str().into(), index).is_some(),
                IssuerName::Unnamed => unnamed.replace(index).is_some(),
                IssuerName::Template(template) => {
                    let mut before = all.iter().take(index).filter_map(Trusted::template);
                    if before.any(|other| template.overlaps(other)) {
                        problems.push(problem::overlapping_templates(&issuer.described()));
                    }
                    false
                }
            };
            if twice {
                problems.push(problem::trusted_twice(&issuer.described()));
            }
        }
        let allows_padding = all.iter().any(|issuer| issuer.policy.allows_padding);
        Self { all, by_name, unnamed, allows_padding }
    }

    pub(super) fn health(&self) -> impl Iterator<Item = KeyHealth> {
        let name = |it: &Trusted| it.name().map(str::to_owned);
        self.all.iter().map(move |it| KeyHealth { issuer: name(it), ..it.keys.health() })
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

    /// The names of the named issuers, and the templates.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.all.iter().filter_map(Trusted::name)
    }

    /// The names to compare with the `iss` of a token. The tenant of a template is that of the token, if it has one.
    pub(super) fn names_for(&self, claim: impl Fn(&str) -> Option<String>) -> Vec<String> {
        let name_of = |issuer: &Trusted| match issuer.template() {
            Some(template) => template.name_of(&claim).or_else(|| Some(template.text().to_owned())),
            None => issuer.name().map(str::to_owned),
        };
        self.all.iter().filter_map(name_of).collect()
    }

    pub(super) fn are_several(&self) -> bool {
        self.all.len() > 1
    }

    /// Splits a token. `route` rejects a padded token of an issuer that may not send it.
    pub(super) fn parse<'t>(&self, token: &'t str) -> Result<Compact<'t>, Error> {
        if self.allows_padding { Compact::parse_padded(token) } else { Compact::parse(token) }
    }

    /// Selects the issuer of a token. With a single issuer, nothing is read; with several, the unverified `iss` only
    /// selects among the configured issuers. An exact name is preferred to a template.
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
                Some(name) => self.by_name.get(name).copied().or_else(|| self.template_for(name)),
                None if value.is_null() && self.allows_null_issuer() => self.unnamed,
                None => return Err(mistyped_issuer(value)),
            },
        };
        let index = index.ok_or_else(|| self.unknown_issuer())?;
        let may_be_padded = self.get(index).is_some_and(|issuer| issuer.policy.allows_padding);
        if compact.is_padded() && !may_be_padded {
            let detail = "its parts are padded with `=`, which this issuer's policy does not allow";
            return Err(Error::new(ErrorKind::MalformedToken).with_detail(detail));
        }
        Ok(index)
    }

    /// The issuer whose template matches a name. `build` ensures that there is at most one.
    fn template_for(&self, name: &str) -> Option<usize> {
        let matches = |issuer: &Trusted| issuer.template()?.tenant_in(name);
        self.all.iter().position(|issuer| matches(issuer).is_some())
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
            IssuerName::Exact(name) => ExpectedIssuer::Named(name),
            IssuerName::Template(template) => ExpectedIssuer::Template(template),
            IssuerName::Unnamed if self.all.len() == 1 => ExpectedIssuer::Any,
            IssuerName::Unnamed => ExpectedIssuer::Absent,
        }
    }
}
