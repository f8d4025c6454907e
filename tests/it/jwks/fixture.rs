//! A key server, keys from it, a layer in front of a service, and a clock for all of them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use tokio::sync::watch;
use tower::{Layer, ServiceExt, service_fn};
use tower_jwt_auth::clock::Clock;
use tower_jwt_auth::jwks::{RemoteJwks, RemoteJwksBuilder};
use tower_jwt_auth::observe::{Event, Observer};
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{ErrorKind, JwtAuthLayer, Verifier};

use crate::support::ask::{Reply, bearer, take_apart, who};
use crate::support::key_server::KeyServer;
use crate::support::tokens::{Verdict, verdict};

/// Whoever waits for something that does not come fails instead of hanging.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const NANOSECOND: Duration = Duration::from_nanos(1);
/// The default lifetime of keys.
pub(super) const LIFETIME: Duration = Duration::from_secs(600);
pub(super) const STALE_BOUND: Duration = Duration::from_secs(4 * 3600);
pub(super) const COOL_DOWN: Duration = Duration::from_secs(30);
/// No back-off lasts longer.
pub(super) const LONGEST_BACK_OFF: Duration = Duration::from_secs(60);

/// The last moment before.
pub(super) const fn just_before(time: Duration) -> Duration {
    time.saturating_sub(NANOSECOND)
}

pub(super) const DOWN: (u16, Option<ErrorKind>) = (503, Some(ErrorKind::KeysUnavailable));
pub(super) const UNKNOWN: (u16, Option<ErrorKind>) = (401, Some(ErrorKind::UnknownKey));
pub(super) const WRONG: (u16, Option<ErrorKind>) = (401, Some(ErrorKind::InvalidSignature));
pub(super) const GOOD: (u16, Option<ErrorKind>) = (200, None);

/// The document with these keys.
pub(super) fn set_of<'k>(keys: impl IntoIterator<Item = &'k str>) -> String {
    format!("{{\"keys\":[{}]}}", keys.into_iter().collect::<Vec<_>>().join(","))
}

/// What was observed, each as its trigger and its outcome.
#[derive(Clone, Debug)]
pub(super) struct Events(Arc<watch::Sender<Vec<String>>>);

impl Events {
    pub(super) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Vec::new())))
    }

    pub(super) fn all(&self) -> Vec<String> {
        self.0.borrow().clone()
    }

    fn flights_in(events: &[String]) -> usize {
        events.iter().filter(|event| Self::is_flight(event)).count()
    }

    /// Whether this is the end of a fetch.
    pub(super) fn is_flight(event: &str) -> bool {
        !["suppressed", "skipped", "turned away", "metadata kept"]
            .iter()
            .any(|end| event.ends_with(end))
    }

    /// How many fetches have ended.
    pub(super) fn flights(&self) -> usize {
        Self::flights_in(&self.0.borrow())
    }

    /// Waits until that many fetches have ended.
    pub(super) async fn landed(&self, flights: usize) {
        let mut events = self.0.subscribe();
        let landed = events.wait_for(|events| Self::flights_in(events) >= flights);
        let landed = tokio::time::timeout(PATIENCE, landed).await.map(drop);
        assert!(landed.is_ok(), "{flights} fetches were expected: {:?}", self.all());
    }
}

impl Observer for Events {
    fn observe(&self, event: &Event<'_>) {
        let line = match *event {
            Event::KeysRefreshed { trigger, outcome, .. } => {
                format!("{} {}", trigger.as_str(), outcome.as_str())
            }
            Event::RefreshSuppressed { trigger, .. } => format!("{} suppressed", trigger.as_str()),
            Event::KeysSkipped { reason, keys, .. } => format!("{keys} {reason} skipped"),
            Event::MetadataUnavailable { reason, .. } => {
                format!("{} metadata kept", reason.as_str())
            }
            Event::TooManyWaiting { trigger, .. } => format!("{} turned away", trigger.as_str()),
            _ => panic!("an event that these tests do not know: {event:?}"),
        };
        self.0.send_modify(|events| events.push(line));
    }
}

pub(super) struct Fixture {
    pub(super) server: KeyServer,
    pub(super) clock: FixedClock,
    pub(super) issuer: TestIssuer,
    pub(super) keys: RemoteJwks,
    pub(super) events: Events,
    pub(super) verifier: Verifier,
    pub(super) layer: JwtAuthLayer,
}

impl Fixture {
    /// Keys at a URL, with every setting at its default.
    pub(super) fn start() -> Self {
        Self::with(|builder| builder)
    }

    /// Keys at a URL, with these settings.
    pub(super) fn with(settings: impl FnOnce(RemoteJwksBuilder) -> RemoteJwksBuilder) -> Self {
        let clock = FixedClock::new();
        let issuer = TestIssuer::es256().key_id("known").clock(clock.clone());
        let server = KeyServer::start(&issuer.jwks());
        let builder = RemoteJwks::url(server.url("/keys")).allow_http_on_loopback();
        Self::of(server, clock, issuer, settings(builder))
    }

    /// Any keys at all, whose ages go by this clock.
    pub(super) fn of(
        server: KeyServer,
        clock: FixedClock,
        issuer: TestIssuer,
        builder: RemoteJwksBuilder,
    ) -> Self {
        let time = clock.clone();
        Self::timed(server, clock, issuer, builder, time)
    }

    /// As [`of`](Self::of), with a clock of its own for the keys.
    pub(super) fn timed(
        server: KeyServer,
        clock: FixedClock,
        issuer: TestIssuer,
        builder: RemoteJwksBuilder,
        time: impl Clock,
    ) -> Self {
        let events = Events::new();
        let keys = builder.clock(time).observer(events.clone()).build().unwrap();
        let verifier = Verifier::key_source(keys.clone()).any_issuer().any_audience();
        let verifier = verifier.clock(clock.clone()).build().unwrap();
        let layer = JwtAuthLayer::new(verifier.clone());
        Self { server, clock, issuer, keys, events, verifier, layer }
    }

    /// Has fetched its keys once.
    pub(super) async fn warm(self) -> Self {
        self.keys.warm().await.unwrap();
        self.events.landed(1).await;
        self
    }

    /// A token of the key that the server has from the beginning.
    pub(super) fn known(&self) -> String {
        self.issuer.token().subject("ada").mint()
    }

    /// A token of a key that the server does not have.
    pub(super) fn unknown(&self) -> String {
        let stranger = self.issuer.clone().with_other_key().key_id("nobody");
        stranger.token().subject("ada").mint()
    }

    /// A token that claims to be of the known key.
    pub(super) fn forged(&self) -> String {
        self.issuer.clone().with_other_key().token().subject("ada").mint()
    }

    /// The issuer's next key, under an id of its own.
    pub(super) fn next_issuer(&self) -> TestIssuer {
        self.issuer.clone().with_other_key().key_id("next")
    }

    /// Asks the service behind the layer, and waits for the answer.
    pub(super) async fn ask(&self, token: &str) -> Reply {
        ask(&self.layer, bearer(token)).await
    }

    pub(super) async fn verdict(&self, token: &str) -> (u16, Option<ErrorKind>) {
        self.ask(token).await.verdict()
    }

    /// The verdict without waiting.
    pub(super) fn verdict_now(&self, token: &str) -> Verdict {
        verdict(&self.verifier, token)
    }
}

impl fmt::Debug for Fixture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fixture").field("keys", &self.keys).finish_non_exhaustive()
    }
}

/// Asks the layer in front of a service, and waits for the answer.
pub(super) async fn ask(layer: &JwtAuthLayer, request: Request<String>) -> Reply {
    let asked = layer.layer(service_fn(who)).oneshot(request);
    let response = tokio::time::timeout(PATIENCE, asked).await.expect("no answer at all");
    take_apart(response.unwrap_or_else(|never| match never {})).await
}
