//! Finds the issuers of tenants for a verifier.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::issuer_resolver::IssuerResolver;
use super::lookups::{Decision, Entry, Limits, Outcome, Use};
use super::table::Table;
use crate::answer::Answer;
use crate::clock::Clock;
use crate::error::BoxError;
use crate::jwks::single_flight::{Ticket, Waiting};
use crate::jwks::sync::{Runtime, timer, within};
use crate::key::{FetchFailure, RefreshError, Refreshed};
use crate::observe::{Event, LookupOutcome};
use crate::policy::IssuerTemplate;
use crate::verify::{FindIssuer, Found, ResolvedIssuer, Surroundings};

/// The maximum number of requests that wait for lookups.
const MAX_WAITING: usize = 1024;
const RETRY_AFTER: Duration = Duration::from_secs(1);

type Resolved = Result<Option<ResolvedIssuer>, RefreshError>;

#[derive(Clone)]
pub(super) struct Finder(Arc<Inner>);

struct Inner {
    template: IssuerTemplate,
    resolver: Arc<dyn IssuerResolver>,
    limits: Limits,
    table: Arc<Table>,
    clock: Arc<dyn Clock>,
    surroundings: Surroundings,
    waiting: Arc<Semaphore>,
}

impl Finder {
    pub(super) fn new(
        template: IssuerTemplate,
        resolver: Arc<dyn IssuerResolver>,
        limits: Limits,
        table: Arc<Table>,
        surroundings: Surroundings,
    ) -> Self {
        let clock = table.clock_or(surroundings.clock.as_ref());
        let waiting = Arc::new(Semaphore::new(MAX_WAITING));
        Self(Arc::new(Inner { template, resolver, limits, table, clock, surroundings, waiting }))
    }

    /// Joins or starts the lookup of a tenant.
    fn start(&self, tenant: &str) -> Result<Waiting<Outcome>, Outcome> {
        let Some(runtime) = Runtime::current() else {
            return Err(Err(failed(FetchFailure::Aborted)));
        };
        let (inner, now) = (&*self.0, self.0.clock.monotonic());
        let mut lookups = inner.table.lookups();
        if let Some(waiting) = lookups.join(tenant, now) {
            return Ok(waiting);
        }
        let known = inner.table.known();
        let entry = known.get(tenant);
        if entry.is_some_and(|entry| entry.usable(now, &inner.limits) == Use::Now) {
            return Err(Ok(Refreshed::Unchanged));
        }
        match lookups.decide(tenant, entry, &inner.limits, now) {
            Decision::Start => {}
            Decision::Absent => return Err(Ok(Refreshed::Unchanged)),
            Decision::Failed(error) => return Err(Err(error)),
            Decision::TooMany => {
                drop(lookups);
                inner.report(LookupOutcome::Suppressed);
                let cause = "more unknown tenants than `max_lookups` in one second";
                return Err(Err(because(cause)));
            }
        }
        // One that has not completed after these times never will.
        let lost_at = now.saturating_add(inner.limits.timeout * 3);
        let (waiting, ticket) = lookups.slot(tenant, now).start(lost_at);
        drop(lookups);
        let before = entry.map(|entry| entry.issuer.clone());
        let lookup = Lookup {
            finder: self.clone(),
            tenant: tenant.into(),
            started: now,
            ticket,
            is_complete: false,
        };
        runtime.spawn(lookup.run(before));
        Ok(waiting)
    }
}

impl FindIssuer for Finder {
    fn find(&self, tenant: &str) -> Found {
        let (inner, now) = (&*self.0, self.0.clock.monotonic());
        let known = inner.table.known();
        let Some(entry) = known.get(tenant) else {
            let is_absent = inner.table.lookups().is_absent(tenant, now);
            return if is_absent { Found::Absent } else { Found::NotInMemory };
        };
        match entry.usable(now, &inner.limits) {
            Use::Now => {}
            Use::AndLookUp => drop(self.start(tenant)),
            Use::AfterLookup => return Found::NotInMemory,
        }
        entry.mark_used(now);
        Found::Issuer(entry.issuer.clone())
    }

    fn look_up(&self, tenant: &str) -> Answer<Result<Refreshed, RefreshError>> {
        let waiting = match self.start(tenant) {
            Ok(waiting) => waiting,
            Err(outcome) => return Answer::now(outcome),
        };
        let inner = &*self.0;
        let Ok(permit) = Arc::clone(&inner.waiting).try_acquire_owned() else {
            return Answer::now(Err(failed(FetchFailure::TooManyWaiting)));
        };
        // Longer than the lookup and the fetch of the keys, so that they report their own failures.
        let limit = match timer(&*inner.clock, inner.limits.timeout * 33 / 16) {
            Ok(limit) => limit,
            Err(failure) => return Answer::now(Err(failed(failure))),
        };
        Answer::later(async move {
            let outcome = within(limit, waiting.outcome()).await.map_err(failed)?;
            drop(permit);
            outcome.unwrap_or_else(|| Err(failed(FetchFailure::Aborted)))
        })
    }

    fn in_memory(&self) -> Vec<ResolvedIssuer> {
        let (inner, now) = (&*self.0, self.0.clock.monotonic());
        let known = inner.table.known();
        let is_kept = |entry: &&Entry| entry.is_kept(now, &inner.limits);
        known.values().filter(is_kept).map(|entry| entry.issuer.clone()).collect()
    }
}

impl Inner {
    fn report(&self, outcome: LookupOutcome) {
        let template = self.template.text();
        self.surroundings.observing.report(&Event::IssuerLookup { template, outcome });
    }

    /// Asks the resolver, and builds the issuer that it returns.
    async fn resolve(&self, tenant: &str, before: Option<&ResolvedIssuer>) -> Resolved {
        let limit = timer(&*self.clock, self.limits.timeout).map_err(failed)?;
        let answer = within(limit, self.resolver.resolve(tenant)).await.map_err(failed)?;
        let Some(issuer) = answer.map_err(because)? else { return Ok(None) };
        let name = self.template.filled(tenant).unwrap_or_default();
        let issuer = ResolvedIssuer::build(issuer, &name, before, &self.surroundings);
        issuer.map(Some).map_err(because)
    }

    /// The error of a failed lookup, unless an older answer may still be used.
    fn unless_usable(&self, tenant: &str, error: RefreshError) -> Outcome {
        let (known, now) = (self.table.known(), self.clock.monotonic());
        match known.get(tenant).map(|entry| entry.usable(now, &self.limits)) {
            Some(Use::Now | Use::AndLookUp) => Ok(Refreshed::Unchanged),
            Some(Use::AfterLookup) | None => Err(error),
        }
    }

    /// Fetches the keys of an issuer that has none.
    async fn fetch_keys(&self, issuer: &ResolvedIssuer) -> Outcome {
        let Some(source) = issuer.source() else { return Ok(Refreshed::Replaced) };
        let limit = timer(&*self.clock, self.limits.timeout).map_err(failed)?;
        within(limit, source.warm()).await.map_err(failed)??;
        Ok(Refreshed::Replaced)
    }
}

/// A lookup in flight. It completes when it is dropped, even if the runtime shuts down or the resolver panics.
struct Lookup {
    finder: Finder,
    tenant: Box<str>,
    /// The age of the answer is measured from this time.
    started: Duration,
    ticket: Ticket<Outcome>,
    is_complete: bool,
}

impl Lookup {
    async fn run(mut self, before: Option<ResolvedIssuer>) {
        let inner = Arc::clone(&self.finder.0);
        let resolved = inner.resolve(&self.tenant, before.as_ref()).await;
        let outcome = match self.complete(resolved) {
            Ok(Some(issuer)) => inner.fetch_keys(&issuer).await,
            Ok(None) => Ok(Refreshed::Unchanged),
            Err(error) => inner.unless_usable(&self.tenant, error),
        };
        self.ticket.publish(outcome);
    }

    /// Records the result. It is an error if the tenant was forgotten meanwhile, or if a newer lookup has superseded this
    /// one.
    fn complete(&mut self, mut resolved: Resolved) -> Resolved {
        self.is_complete = true;
        let inner = &*self.finder.0;
        let times = (self.started, inner.clock.monotonic());
        // Declared first, and so dropped after the lock is released: a key source may be dropped with them.
        let known;
        let mut rejected = None;
        let mut lookups = inner.table.lookups();
        if !lookups.is_current(&self.tenant, &self.ticket) {
            return Err(failed(FetchFailure::Aborted));
        }
        known = Arc::clone(&inner.table.known());
        if let Ok(Some(issuer)) = &resolved {
            let others = known.iter().filter(|(other, _)| **other != self.tenant);
            if let Err(error) = issuer.check_secrets(others.map(|(_, entry)| &entry.issuer)) {
                rejected = Some(std::mem::replace(&mut resolved, Err(because(error))));
            }
        }
        let changed = lookups.completed(&self.tenant, &resolved, &known, &inner.limits, times);
        if let Some(changed) = changed {
            inner.table.store(changed);
        }
        drop(lookups);
        drop(rejected);
        // The observer must not run while a panic unwinds: a second one would abort the process.
        if !std::thread::panicking() {
            inner.report(match &resolved {
                Ok(Some(_)) => LookupOutcome::Found,
                Ok(None) => LookupOutcome::Absent,
                Err(_) => LookupOutcome::Failed,
            });
        }
        resolved
    }
}

impl Drop for Lookup {
    fn drop(&mut self) {
        if !self.is_complete {
            let outcome = self.complete(Err(failed(FetchFailure::Aborted)));
            let inner = &*self.finder.0;
            self.ticket.publish(match outcome {
                Ok(_) => Ok(Refreshed::Unchanged),
                Err(error) => inner.unless_usable(&self.tenant, error),
            });
        }
    }
}

fn because(error: impl Into<BoxError>) -> RefreshError {
    RefreshError::new(RETRY_AFTER).with_source(error)
}

fn failed(failure: FetchFailure) -> RefreshError {
    RefreshError::of_fetch(failure, None, None, RETRY_AFTER)
}

impl fmt::Debug for Finder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finder")
            .field("template", &self.0.template.text())
            .field("tenants", &self.0.table.known().len())
            .finish_non_exhaustive()
    }
}
