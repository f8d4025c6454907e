//! The trusted issuers, each with its own keys and policy.

use std::collections::HashMap;
use std::sync::Arc;

use super::issuer::{Issuer, IssuerName};
use super::problem;
use super::resolved::{FindIssuer, Found, Lookup, ResolvedIssuer, Surroundings, Unresolved};
use super::signature::{RefreshRequest, Stop};
use super::trusted::Trusted;
use crate::claims::mistyped_issuer;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Problem, quoted};
use crate::json::Object;
use crate::jws::Compact;
use crate::jwt::Recheck;
use crate::key::{CryptoBackend, KeyHealth, KeySource};
use crate::observe::Observing;
use crate::policy::{ExpectedIssuer, IssuerTemplate, one_of};

/// The trusted issuers, indexed by name.
#[derive(Debug)]
pub(super) struct Issuers {
    all: Vec<Trusted>,
    by_name: HashMap<Box<str>, usize>,
    unnamed: Option<usize>,
    /// The names that are looked up while the server runs.
    resolvers: Vec<(IssuerTemplate, Arc<dyn FindIssuer>)>,
    /// Whether one issuer is the only one, so that there is no choice.
    is_single: bool,
    /// Whether one of the issuers may send padded tokens.
    allows_padding: bool,
}

/// The issuer whose keys and policy apply to a token.
pub(super) enum Selected<'i> {
    Configured(usize, &'i Trusted),
    /// With the index of its resolver.
    Resolved(usize, ResolvedIssuer),
}

/// Where to find the issuer of a cached token again.
#[derive(Clone, Copy)]
pub(super) enum Slot {
    Configured(usize),
    /// The index of the resolver, and the number of the issuer that it returned.
    Resolver(usize, u64),
}

impl Selected<'_> {
    #[inline]
    pub(super) fn trusted(&self) -> &Trusted {
        match self {
            Self::Configured(_, issuer) => issuer,
            Self::Resolved(_, issuer) => issuer.trusted(),
        }
    }

    pub(super) fn slot(&self) -> Slot {
        match self {
            Self::Configured(index, _) => Slot::Configured(*index),
            Self::Resolved(index, issuer) => Slot::Resolver(*index, issuer.number()),
        }
    }
}

impl Issuers {
    /// Builds the keys of the issuers with this clock, indexes the issuers, and reports conflicts.
    pub(super) fn new(
        configured: Vec<Issuer>,
        unresolved: Vec<Unresolved>,
        clock: Option<&Arc<dyn Clock>>,
        recheck: Arc<Recheck>,
        backend: CryptoBackend,
        observing: &Observing,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let build = |issuer| Trusted::build(issuer, clock, &recheck, backend, problems);
        let all: Vec<Trusted> = configured.into_iter().filter_map(build).collect();
        let (mut by_name, mut unnamed) = (HashMap::new(), None);
        for (index, issuer) in all.iter().enumerate() {
            let mut later = all.iter().skip(index + 1).flat_map(Trusted::fixed_sets);
            if later.any(|other| issuer.shares_a_secret_with(other.keys())) {
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
        let mut templates: Vec<_> = all.iter().filter_map(Trusted::template).cloned().collect();
        let surroundings = Surroundings {
            clock: clock.cloned(),
            recheck,
            backend,
            observing: observing.clone(),
            fixed: all.iter().flat_map(Trusted::fixed_sets).cloned().collect(),
        };
        let mut resolvers = Vec::new();
        for Unresolved { template, problems: reported, connect } in unresolved {
            problems.extend(reported);
            if templates.iter().any(|other| template.overlaps(other)) {
                let of = format!("the resolver for {}", quoted(template.text()));
                problems.push(problem::overlapping_templates(&of));
            }
            templates.push(template.clone());
            resolvers.push((template, connect(surroundings.clone())));
        }
        let is_single = all.len() == 1 && resolvers.is_empty();
        // A resolved issuer may allow it.
        let allows_padding =
            !resolvers.is_empty() || all.iter().any(|issuer| issuer.policy.allows_padding);
        Self { all, by_name, unnamed, resolvers, is_single, allows_padding }
    }

    /// The health of the keys of all issuers, those that were looked up included.
    pub(super) fn health(&self) -> Vec<KeyHealth> {
        let health =
            |it: &Trusted| KeyHealth { issuer: it.name().map(str::to_owned), ..it.keys.health() };
        let resolved = self.resolved();
        self.all.iter().chain(resolved.iter().map(ResolvedIssuer::trusted)).map(health).collect()
    }

    /// The key sources of all issuers, with the names of the issuers.
    pub(super) fn sources(&self) -> Vec<(Option<String>, Arc<dyn KeySource>)> {
        let source = |issuer: &Trusted| {
            Some((issuer.name().map(str::to_owned), Arc::clone(issuer.keys.source()?)))
        };
        let resolved = self.resolved();
        let resolved = resolved.iter().map(ResolvedIssuer::trusted);
        self.all.iter().chain(resolved).filter_map(source).collect()
    }

    /// The issuers that were looked up.
    fn resolved(&self) -> Vec<ResolvedIssuer> {
        self.resolvers.iter().flat_map(|(_, finder)| finder.in_memory()).collect()
    }

    /// Whether issuers are looked up while the server runs.
    pub(super) fn has_resolvers(&self) -> bool {
        !self.resolvers.is_empty()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Trusted> {
        self.all.iter()
    }

    /// The names of the named issuers, and the templates.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let resolvers = self.resolvers.iter().map(|(template, _)| template.text());
        self.all.iter().filter_map(Trusted::name).chain(resolvers)
    }

    /// The names to compare with the `iss` of a token. The tenant of a template is that of the token, if it has one.
    pub(super) fn names_for(&self, claim: impl Fn(&str) -> Option<String>) -> Vec<String> {
        let filled = |template: &IssuerTemplate| {
            template.name_of(&claim).unwrap_or_else(|| template.text().to_owned())
        };
        let name_of = |issuer: &Trusted| match issuer.template() {
            Some(template) => Some(filled(template)),
            None => issuer.name().map(str::to_owned),
        };
        let resolvers = self.resolvers.iter().map(|(template, _)| filled(template));
        self.all.iter().filter_map(name_of).chain(resolvers).collect()
    }

    pub(super) const fn are_several(&self) -> bool {
        !self.is_single
    }

    /// Splits a token. `select` rejects a padded token of an issuer that may not send it.
    #[inline]
    pub(super) fn parse<'t>(&self, token: &'t str) -> Result<Compact<'t>, Error> {
        if self.allows_padding { Compact::parse_padded(token) } else { Compact::parse(token) }
    }

    /// Selects the issuer of a token. With a single issuer, nothing is read; with several, the unverified `iss` only
    /// selects among the configured issuers. An exact name is preferred to a template, and a template to a resolver.
    pub(super) fn select(&self, compact: &Compact<'_>) -> Result<Selected<'_>, Stop> {
        match self.all.first() {
            Some(issuer) if self.is_single => Ok(Selected::Configured(0, issuer)),
            _ => self.select_by_name(compact),
        }
    }

    fn select_by_name(&self, compact: &Compact<'_>) -> Result<Selected<'_>, Stop> {
        let payload = Object::read(compact.unverified_payload()?).map_err(|_| {
            let detail = "the payload is not one strict JSON object";
            Error::new(ErrorKind::MalformedToken).with_detail(detail)
        })?;
        let selected = match payload.get("iss") {
            None => self.configured(self.unnamed),
            Some(value) => match value.string() {
                Some(name) => self.named(name)?,
                None if value.is_null() && self.allows_null_issuer() => {
                    self.configured(self.unnamed)
                }
                None => return Err(mistyped_issuer(value).into()),
            },
        };
        let selected = selected.ok_or_else(|| self.unknown_issuer())?;
        if compact.is_padded() && !selected.trusted().policy.allows_padding {
            let detail = "its parts are padded with `=`, which this issuer's policy does not allow";
            return Err(Error::new(ErrorKind::MalformedToken).with_detail(detail).into());
        }
        Ok(selected)
    }

    fn configured(&self, index: Option<usize>) -> Option<Selected<'_>> {
        index.and_then(|index| Some(Selected::Configured(index, self.all.get(index)?)))
    }

    /// The issuer with this name.
    fn named(&self, name: &str) -> Result<Option<Selected<'_>>, Stop> {
        let index = self.by_name.get(name).copied().or_else(|| self.template_for(name));
        if let Some(selected) = self.configured(index) {
            return Ok(Some(selected));
        }
        let tenant_in = |(template, _): &(IssuerTemplate, _)| template.tenant_in(name);
        let mut resolvers = self.resolvers.iter().enumerate();
        let Some((index, finder, tenant)) = resolvers
            .find_map(|(index, resolver)| Some((index, &resolver.1, tenant_in(resolver)?)))
        else {
            return Ok(None);
        };
        match finder.find(tenant) {
            Found::Issuer(issuer) => Ok(Some(Selected::Resolved(index, issuer))),
            Found::Absent => {
                let detail = "the resolver returned no issuer for the tenant in `iss`";
                Err(self.unknown_issuer().with_detail(detail).into())
            }
            Found::NotInMemory => {
                let lookup = Lookup { finder: Arc::clone(finder), tenant: tenant.into() };
                Err(Stop::Refresh(RefreshRequest::look_up(lookup)))
            }
        }
    }

    /// The issuer of a cached token with this `iss`.
    pub(super) fn recall(&self, slot: Slot, name: Option<&str>) -> Option<Selected<'_>> {
        match slot {
            Slot::Configured(index) => self.configured(Some(index)),
            Slot::Resolver(index, number) => {
                let (template, finder) = self.resolvers.get(index)?;
                match finder.find(template.tenant_in(name?)?) {
                    Found::Issuer(issuer) if issuer.number() == number => {
                        Some(Selected::Resolved(index, issuer))
                    }
                    _ => None,
                }
            }
        }
    }

    /// The issuer whose template matches a name. `build` ensures that there is at most one.
    fn template_for(&self, name: &str) -> Option<usize> {
        let matches = |issuer: &Trusted| issuer.template()?.tenant_in(name);
        self.all.iter().position(|issuer| matches(issuer).is_some())
    }

    /// Whether an `iss` that is null selects the unnamed issuer.
    fn allows_null_issuer(&self) -> bool {
        let unnamed = self.unnamed.and_then(|index| self.all.get(index));
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
            IssuerName::Unnamed if self.is_single => ExpectedIssuer::Any,
            IssuerName::Unnamed => ExpectedIssuer::Absent,
        }
    }
}
