//! What is known about tenants, and when to look one up: a state machine that reads no clock and does no I/O.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::jwks::single_flight::{SingleFlight, Ticket, Waiting};
use crate::key::{RefreshError, Refreshed};
use crate::verify::ResolvedIssuer;

/// The time after a failed lookup. It doubles with each further failure, up to the longest one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The time in which at most `max_lookups` are started.
const WINDOW: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) ttl: Duration,
    pub(super) max_stale: Duration,
    pub(super) max_tenants: usize,
    pub(super) max_lookups: usize,
    pub(super) timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            ttl: Duration::from_secs(60),
            max_stale: Duration::from_secs(60 * 60),
            max_tenants: 1000,
            max_lookups: 100,
            timeout: Duration::from_secs(5),
        }
    }
}

pub(super) type Outcome = Result<Refreshed, RefreshError>;
/// The issuers in memory, by tenant.
pub(super) type Known = HashMap<Box<str>, Entry>;

/// An issuer in memory.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) issuer: ResolvedIssuer,
    /// When its last lookup started.
    since: Duration,
    failure: Option<Failure>,
    /// When it was last used, in milliseconds.
    used: Arc<AtomicU64>,
}

#[derive(Clone, Debug)]
struct Failure {
    error: RefreshError,
    times: u32,
    /// When to try again.
    next: Duration,
}

/// Whether an issuer in memory may be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Use {
    Now,
    /// Use it, and look it up in the background.
    AndLookUp,
    /// Only after a lookup.
    AfterLookup,
}

impl Entry {
    fn new(issuer: ResolvedIssuer, since: Duration, now: Duration) -> Self {
        let entry = Self { issuer, since, failure: None, used: Arc::default() };
        entry.mark_used(now);
        entry
    }

    pub(super) fn mark_used(&self, now: Duration) {
        self.used.store(u64::try_from(now.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Whether a failed lookup would not end its use.
    pub(super) fn is_kept(&self, now: Duration, limits: &Limits) -> bool {
        now.saturating_sub(self.since) < limits.ttl.saturating_add(limits.max_stale)
    }

    pub(super) fn usable(&self, now: Duration, limits: &Limits) -> Use {
        // If the clock ran backwards, the age is unknown.
        let Some(age) = now.checked_sub(self.since) else { return Use::AfterLookup };
        let may_try = self.failure.as_ref().is_none_or(|failure| failure.next <= now);
        let usable_for = match self.failure {
            Some(_) => limits.ttl.saturating_add(limits.max_stale),
            None => limits.ttl,
        };
        match age {
            _ if age >= usable_for => Use::AfterLookup,
            _ if age >= limits.ttl / 2 && may_try => Use::AndLookUp,
            _ => Use::Now,
        }
    }
}

/// A tenant without an issuer in memory.
struct Missed {
    /// `None` if there is no such tenant.
    error: Option<RefreshError>,
    until: Duration,
}

/// Whether to look up a tenant.
#[derive(Debug)]
pub(super) enum Decision {
    Start,
    /// There is no such tenant.
    Absent,
    /// Not yet, because of this failure.
    Failed(RefreshError),
    /// Not yet, because of too many lookups of other tenants.
    TooMany,
}

/// The state behind the lock. Requests for tenants with a recent answer do not read it.
#[derive(Default)]
pub(super) struct Lookups {
    /// At most one lookup for each tenant.
    in_flight: HashMap<Box<str>, SingleFlight<Outcome>>,
    missed: HashMap<Box<str>, Missed>,
    /// When the lookups of tenants that were not in memory started.
    starts: VecDeque<Duration>,
}

impl Lookups {
    /// Joins the lookup in flight of this tenant, if there is one.
    pub(super) fn join(&self, tenant: &str, now: Duration) -> Option<Waiting<Outcome>> {
        self.in_flight.get(tenant)?.join(now)
    }

    pub(super) fn is_absent(&self, tenant: &str, now: Duration) -> bool {
        self.missed(tenant, now).is_some_and(|missed| missed.error.is_none())
    }

    fn missed(&self, tenant: &str, now: Duration) -> Option<&Missed> {
        self.missed.get(tenant).filter(|missed| now < missed.until)
    }

    pub(super) fn decide(
        &mut self,
        tenant: &str,
        known: Option<&Entry>,
        limits: &Limits,
        now: Duration,
    ) -> Decision {
        if let Some(entry) = known {
            return match &entry.failure {
                Some(failure) if now < failure.next => Decision::Failed(failure.error.clone()),
                _ => Decision::Start,
            };
        }
        match self.missed(tenant, now) {
            Some(Missed { error: None, .. }) => return Decision::Absent,
            Some(Missed { error: Some(error), .. }) => return Decision::Failed(error.clone()),
            None => {}
        }
        self.starts.retain(|start| now < start.saturating_add(WINDOW));
        if self.starts.len() >= limits.max_lookups {
            return Decision::TooMany;
        }
        self.starts.push_back(now);
        Decision::Start
    }

    /// Where to start the lookup of a tenant.
    pub(super) fn slot(&mut self, tenant: &str, now: Duration) -> &mut SingleFlight<Outcome> {
        // Those that were lost with their runtime.
        self.in_flight.retain(|_, flight| flight.join(now).is_some());
        self.in_flight.entry(tenant.into()).or_insert_with(SingleFlight::new)
    }

    /// Whether this is the lookup in flight of a tenant. It ends with this call.
    pub(super) fn is_current(&mut self, tenant: &str, ticket: &Ticket<Outcome>) -> bool {
        self.in_flight.get_mut(tenant).is_some_and(|flight| flight.complete(ticket))
    }

    /// Removes the lookup in flight of a tenant; the outcome of one that was started before is then ignored.
    pub(super) fn forget(&mut self, tenant: &str) {
        self.in_flight.remove(tenant);
        self.missed.remove(tenant);
    }

    /// Records the result of a lookup that started at `since`, and returns the issuers in memory if they change.
    pub(super) fn completed(
        &mut self,
        tenant: &str,
        result: &Result<Option<ResolvedIssuer>, RefreshError>,
        known: &Known,
        limits: &Limits,
        (since, now): (Duration, Duration),
    ) -> Option<Known> {
        self.forget(tenant);
        // The map is copied only if it changes: anyone can cause lookups of invented tenants.
        match result {
            Ok(Some(issuer)) => {
                let mut changed = known.clone();
                while !changed.contains_key(tenant) && changed.len() >= limits.max_tenants {
                    let used = |entry: &Entry| entry.used.load(Ordering::Relaxed);
                    let oldest = changed.iter().min_by_key(|(_, entry)| used(entry));
                    let oldest = oldest.map(|(tenant, _)| tenant.clone())?;
                    changed.remove(&oldest);
                }
                changed.insert(tenant.into(), Entry::new(issuer.clone(), since, now));
                Some(changed)
            }
            Ok(None) => {
                self.miss(tenant, None, limits.ttl, limits, now);
                known.contains_key(tenant).then(|| {
                    let mut changed = known.clone();
                    changed.remove(tenant);
                    changed
                })
            }
            Err(error) => {
                if let Some(entry) = known.get(tenant) {
                    let times = entry.failure.as_ref().map_or(0, |failure| failure.times) + 1;
                    let pause = FIRST_PAUSE * 2_u32.saturating_pow(times.min(10) - 1);
                    let next = now.saturating_add(pause.min(LONGEST_PAUSE));
                    let failure = Some(Failure { error: error.clone(), times, next });
                    let mut changed = known.clone();
                    changed.insert(tenant.into(), Entry { failure, ..entry.clone() });
                    return Some(changed);
                }
                self.miss(tenant, Some(error.clone()), FIRST_PAUSE, limits, now);
                None
            }
        }
    }

    fn miss(
        &mut self,
        tenant: &str,
        error: Option<RefreshError>,
        lifetime: Duration,
        limits: &Limits,
        now: Duration,
    ) {
        self.missed.retain(|_, missed| now < missed.until);
        while self.missed.len() >= limits.max_tenants {
            let oldest = self.missed.iter().min_by_key(|(_, missed)| missed.until);
            let Some(oldest) = oldest.map(|(tenant, _)| tenant.clone()) else { break };
            self.missed.remove(&oldest);
        }
        let missed = Missed { error, until: now.saturating_add(lifetime) };
        self.missed.insert(tenant.into(), missed);
    }
}
