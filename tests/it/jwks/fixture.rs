//! A key server, remote keys, a layer, and a clock for all of them.

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

/// A test that waits longer than this fails instead of hanging.
pub(super) const TIMEOUT: Duration = Duration::from_secs(30);

pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const NANOSECOND: Duration = Duration::from_nanos(1);
/// The default lifetime of keys.
pub(super) const LIFETIME: Duration = Duration::from_secs(600);
pub(super) const STALE_BOUND: Duration = Duration::from_secs(4 * 3600);
pub(super) const COOLDOWN: Duration = Duration::from_secs(30);
/// The longest backoff.
pub(super) const MAX_BACKOFF: Duration = Duration::from_secs(60);

/// The last nanosecond before this time.
pub(super) const fn just_before(time: Duration) -> Duration {
    time.saturating_sub(NANOSECOND)
}

pub(super) const DOWN: (u16, Option<ErrorKind>) = (503, Some(ErrorKind::KeysUnavailable));
pub(super) const UNKNOWN: (u16, Option<ErrorKind>) = (401, Some(ErrorKind::UnknownKey));
pub(super) const WRONG: (u16, Option<ErrorKind>) = (401, Some(ErrorKind::InvalidSignature));
pub(super) const GOOD: (u16, Option<ErrorKind>) = (200, None);

/// A key set document with these keys.
pub(super) fn set_of<'k>(keys: impl IntoIterator<Item = &'k str>) -> String {
    format!("{{\"keys\":[{}]}}", keys.into_iter().collect::<Vec<_>>().join(","))
}

/// The observed events, each with its trigger and outcome.
#[derive(Clone, Debug)]
pub(super) struct Events(Arc<watch::Sender<Vec<String>>>);

impl Events {
    pub(super) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Vec::new())))
    }

    pub(super) fn all(&self) -> Vec<String> {
        self.0.borrow().clone()
    }

    fn fetches_in(events: &[String]) -> usize {
        events.iter().filter(|event| Self::is_fetch(event)).count()
    }

    /// Whether the event reports the end of a fetch.
    pub(super) fn is_fetch(event: &str) -> bool {
        !["suppressed", "skipped", "too many waiting", "metadata kept"]
            .iter()
            .any(|end| event.ends_with(end))
    }

    /// The number of completed fetches.
    pub(super) fn fetches(&self) -> usize {
        Self::fetches_in(&self.0.borrow())
    }

    /// Waits until this many fetches have completed.
    pub(super) async fn wait_for_fetches(&self, fetches: usize) {
        let mut events = self.0.subscribe();
        let done = events.wait_for(|events| Self::fetches_in(events) >= fetches);
        let done = tokio::time::timeout(TIMEOUT, done).await.map(drop);
        assert!(done.is_ok(), "{fetches} fetches were expected: {:?}", self.all());
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
            Event::TooManyWaiting { trigger, .. } => {
                format!("{} too many waiting", trigger.as_str())
            }
            _ => panic!("unexpected event: {event:?}"),
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
    /// Keys at a URL, with default settings.
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

    /// Keys from this builder, which use this clock.
    pub(super) fn of(
        server: KeyServer,
        clock: FixedClock,
        issuer: TestIssuer,
        builder: RemoteJwksBuilder,
    ) -> Self {
        let time = clock.clone();
        Self::timed(server, clock, issuer, builder, time)
    }

    /// Like [`of`](Self::of), with a separate clock for the keys.
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

    /// Fetches the keys once.
    pub(super) async fn warm(self) -> Self {
        self.keys.warm().await.unwrap();
        self.events.wait_for_fetches(1).await;
        self
    }

    /// A token signed with the initial key of the server.
    pub(super) fn known(&self) -> String {
        self.issuer.token().subject("ada").mint()
    }

    /// A token signed with a key that the server does not have.
    pub(super) fn unknown(&self) -> String {
        let other = self.issuer.clone().with_other_key().key_id("unknown");
        other.token().subject("ada").mint()
    }

    /// A token that names the known key and is signed with another one.
    pub(super) fn forged(&self) -> String {
        self.issuer.clone().with_other_key().token().subject("ada").mint()
    }

    /// The next key of the issuer, with another id.
    pub(super) fn next_issuer(&self) -> TestIssuer {
        self.issuer.clone().with_other_key().key_id("next")
    }

    /// Sends a request through the layer and waits for the response.
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

/// Sends a request through this layer and waits for the response.
pub(super) async fn ask(layer: &JwtAuthLayer, request: Request<String>) -> Reply {
    let asked = layer.layer(service_fn(who)).oneshot(request);
    let response = tokio::time::timeout(TIMEOUT, asked).await.expect("the layer did not respond");
    take_apart(response.unwrap_or_else(|never| match never {})).await
}
