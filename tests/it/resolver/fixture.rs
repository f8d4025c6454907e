//! A resolver that the tests control, a clock, and a verifier.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tower_jwt_auth::error::BoxError;
use tower_jwt_auth::key::KeySet;
use tower_jwt_auth::observe::Event;
use tower_jwt_auth::resolver::{IssuerResolver, ResolvedIssuers};
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{Answer, ErrorKind, Issuer, Policy, Verifier, VerifierBuilder};

use crate::support::stepped_clock::SteppedClock;
use crate::support::tokens::Verdict;

pub(super) const TEMPLATE: &str = "https://sso.example/realms/{realm}";
pub(super) const TTL: Duration = Duration::from_secs(60);
pub(super) const STALE: Duration = Duration::from_secs(3600);
pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const NANOSECOND: Duration = Duration::from_nanos(1);

/// The last nanosecond before this time.
pub(super) const fn just_before(time: Duration) -> Duration {
    time.saturating_sub(NANOSECOND)
}

pub(super) const OK: Verdict = Ok(());
pub(super) const ISSUER: Verdict = Err(ErrorKind::InvalidIssuer);
pub(super) const DOWN: Verdict = Err(ErrorKind::KeysUnavailable);
pub(super) const WRONG: Verdict = Err(ErrorKind::InvalidSignature);

pub(super) fn name(tenant: &str) -> String {
    format!("https://sso.example/realms/{tenant}")
}

/// The realm of a tenant. All realms have the same key, so that only the trust differs.
pub(super) fn realm(tenant: &str) -> TestIssuer {
    TestIssuer::es256().issuer(name(tenant)).audience("orders").clock(SteppedClock::default())
}

pub(super) fn token(tenant: &str) -> String {
    realm(tenant).token().expires_in(STALE * 3).mint()
}

pub(super) fn policy() -> Policy {
    Policy::new().audience("orders")
}

/// The issuer of a tenant, with fixed keys.
pub(super) fn issuer(tenant: &str) -> Issuer {
    Issuer::new(name(tenant), KeySet::jwks(realm(tenant).jwks()).unwrap(), policy())
}

type Reply = Arc<dyn Fn() -> Result<Option<Issuer>, BoxError> + Send + Sync>;

#[derive(Default)]
struct State {
    replies: HashMap<String, Reply>,
    asked: Vec<String>,
    /// Whether lookups wait until it is opened.
    is_closed: watch::Sender<bool>,
}

/// The resolver. A tenant without a reply does not exist.
#[derive(Clone, Default)]
pub(super) struct Tenants(Arc<Mutex<State>>);

impl Tenants {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn reply(
        &self,
        tenant: &str,
        reply: impl Fn() -> Result<Option<Issuer>, BoxError> + Send + Sync + 'static,
    ) {
        self.state().replies.insert(tenant.to_owned(), Arc::new(reply));
    }

    /// The tenant exists.
    pub(super) fn add(&self, tenant: &'static str) {
        self.reply(tenant, move || Ok(Some(issuer(tenant))));
    }

    /// The tenant does not exist.
    pub(super) fn remove(&self, tenant: &str) {
        self.state().replies.remove(tenant);
    }

    /// The lookup of the tenant fails.
    pub(super) fn fail(&self, tenant: &str) {
        self.reply(tenant, || Err("the database at 10.0.0.7 is down".into()));
    }

    /// Lookups wait from now on, and take the reply that there is when they are released.
    pub(super) fn close(&self) {
        self.state().is_closed.send_replace(true);
    }

    pub(super) fn open(&self) {
        self.state().is_closed.send_replace(false);
    }

    /// The tenants that were looked up since the last call.
    pub(super) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.state().asked)
    }
}

impl IssuerResolver for Tenants {
    fn resolve(&self, tenant: &str) -> Answer<Result<Option<Issuer>, BoxError>> {
        let mut state = self.state();
        state.asked.push(tenant.to_owned());
        // The reply is read before the wait, as from a database whose answer is in flight.
        let reply = state.replies.get(tenant).cloned();
        let answer = move || reply.map_or(Ok(None), |reply| reply());
        if !*state.is_closed.borrow() {
            return Answer::now(answer());
        }
        let mut is_closed = state.is_closed.subscribe();
        Answer::later(async move {
            is_closed.wait_for(|is_closed| !is_closed).await?;
            answer()
        })
    }
}

/// A verifier that trusts the tenants.
pub(super) struct Fixture {
    pub(super) tenants: Tenants,
    pub(super) clock: SteppedClock,
    pub(super) issuers: ResolvedIssuers,
    pub(super) verifier: Verifier,
    events: Arc<Mutex<Vec<&'static str>>>,
}

impl Fixture {
    pub(super) fn start() -> Self {
        Self::with(|issuers| issuers, |builder| builder)
    }

    pub(super) fn with(
        settings: impl FnOnce(ResolvedIssuers) -> ResolvedIssuers,
        build: impl FnOnce(VerifierBuilder) -> VerifierBuilder,
    ) -> Self {
        let (tenants, clock) = (Tenants::default(), SteppedClock::default());
        tenants.add("acme");
        let issuers = settings(ResolvedIssuers::new(TEMPLATE, tenants.clone()));
        let events = Arc::<Mutex<Vec<&'static str>>>::default();
        let seen = Arc::clone(&events);
        let builder = Verifier::builder().trust_resolved(issuers.clone()).clock(clock.clone());
        let builder = builder.observer(move |event: &Event<'_>| {
            if let Event::IssuerLookup { template, outcome, .. } = event {
                assert_eq!(*template, TEMPLATE);
                seen.lock().unwrap().push(outcome.as_str());
            }
        });
        let verifier = build(builder).build().unwrap();
        Self { tenants, clock, issuers, verifier, events }
    }

    pub(super) async fn ask(&self, token: &str) -> Verdict {
        self.verifier.verify(token).await.map(drop).map_err(|error| error.kind())
    }

    pub(super) async fn ask_for(&self, tenant: &str) -> Verdict {
        self.ask(&token(tenant)).await
    }

    /// Lets the lookups in the background run as far as they can.
    pub(super) async fn settle(&self) {
        for _ in 0..16 {
            tokio::task::yield_now().await;
        }
    }

    /// The outcomes of the lookups since the last call.
    pub(super) fn events(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.events.lock().unwrap())
    }
}
