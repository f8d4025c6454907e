//! A server of the application that shares its denylist.

use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;
use tower_jwt_auth::observe::Event;
use tower_jwt_auth::store::{DenylistState, RedisDenylist, RedisDenylistBuilder};
use tower_jwt_auth::testing::{TestIssuer, TestToken};
use tower_jwt_auth::{ErrorKind, Verifier};

use crate::support::stepped_clock::SteppedClock;
use crate::support::tokens::{NOW, Verdict, verdict};

pub(super) const NAME: &str = "https://auth.example.com";
pub(super) const KEY: &str = "jwt-denylist";
pub(super) const REVOKED: Verdict = Err(ErrorKind::TokenRevoked);
pub(super) const UNAVAILABLE: Verdict = Err(ErrorKind::RevocationUnavailable);
/// The time at which the tokens expire.
pub(super) const UNTIL: i64 = NOW + 24 * 60 * 60;

pub(super) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The JSON of an entry. In a message it ends with `exp`.
pub(super) fn member(id: &str, value: &str) -> String {
    format!(r#"{{"iss":"{NAME}","{id}":"{value}"}}"#)
}

pub(super) fn message(id: &str, value: &str) -> String {
    format!(r#"{{"iss":"{NAME}","{id}":"{value}","exp":{UNTIL}}}"#)
}

/// Waits until the condition is met.
pub(super) async fn until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < seconds(20), "not within 20 seconds: {what}");
        tokio::task::yield_now().await;
    }
}

pub(super) struct Replica {
    pub(super) denied: RedisDenylist,
    pub(super) clock: SteppedClock,
    events: UnboundedReceiver<String>,
    verifier: Verifier,
    issuer: TestIssuer,
    task: Option<JoinHandle<()>>,
}

impl Replica {
    /// A server that has not read the list yet.
    pub(super) fn idle(url: &str) -> Self {
        Self::with(url, |builder| builder)
    }

    pub(super) fn with(
        url: &str,
        settings: impl FnOnce(RedisDenylistBuilder) -> RedisDenylistBuilder,
    ) -> Self {
        let clock = SteppedClock::default();
        let (sender, events) = unbounded_channel();
        let builder = RedisDenylist::url(url).clock(clock.clone());
        let builder = builder.observer(move |event: &Event<'_>| {
            // The receiver may be dropped first.
            let _ = sender.send(label(event));
        });
        let denied = settings(builder).build().unwrap();
        let issuer = TestIssuer::hs256().issuer(NAME).clock(clock.clone());
        let verifier = Verifier::shared_secret(issuer.secret()).issuer(NAME).any_audience();
        let verifier = verifier.clock(clock.clone()).revocation(denied.clone()).build().unwrap();
        Self { denied, clock, events, verifier, issuer, task: None }
    }

    /// A server that keeps its list fresh, and has read it.
    pub(super) async fn following(url: &str) -> Self {
        let mut replica = Self::idle(url);
        replica.follow();
        replica.event("connected").await;
        replica.read().await;
        replica
    }

    /// Starts to keep the list fresh.
    pub(super) fn follow(&mut self) {
        self.task = Some(tokio::spawn(self.denied.keep_fresh()));
    }

    /// A token that is valid for a day.
    pub(super) fn token(&self) -> TestToken<'_> {
        self.issuer.token().expires_in(seconds(24 * 60 * 60)).subject("alice")
    }

    pub(super) fn verdict(&self, token: &str) -> Verdict {
        verdict(&self.verifier, token)
    }

    /// The verdict on a token with this claim.
    pub(super) fn verdict_on(&self, claim: &str, value: &str) -> Verdict {
        self.verdict(&self.token().claim(claim, value).mint())
    }

    pub(super) fn error(&self, token: &str) -> tower_jwt_auth::Error {
        self.verifier.verify_now(token).unwrap_err()
    }

    pub(super) fn state(&self) -> DenylistState {
        self.denied.health().state
    }

    /// Waits for the next event, which must be this one.
    pub(super) async fn event(&mut self, expected: &str) {
        assert_eq!(self.next_event().await, expected);
    }

    /// Waits until the list was read. Returns how.
    pub(super) async fn read(&mut self) -> String {
        let event = self.next_event().await;
        assert!(event.starts_with("read"), "{event}");
        event
    }

    pub(super) async fn next_event(&mut self) -> String {
        let event = tokio::time::timeout(seconds(20), self.events.recv()).await;
        event.expect("an event within 20 seconds").expect("the list has an observer")
    }

    pub(super) fn has_event(&mut self) -> bool {
        !self.events.is_empty()
    }

    /// Waits for a timer, then advances the time.
    pub(super) async fn after(&self, time: Duration) {
        until("a timer", || self.clock.sleeping() > 0).await;
        self.clock.advance(time);
    }

    /// Waits until the entry has arrived.
    pub(super) async fn rejects(&self, claim: &str, value: &str) {
        until(value, || self.verdict_on(claim, value) == REVOKED).await;
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

fn label(event: &Event<'_>) -> String {
    match event {
        Event::DenylistConnected { .. } => "connected".to_owned(),
        Event::DenylistRead { entries, skipped, .. } => format!("read {entries} skipped {skipped}"),
        Event::DenylistDisconnected { reason, .. } => format!("disconnected {}", reason.as_str()),
        Event::DenylistEntriesSkipped { entries, .. } => format!("skipped {entries}"),
        other => format!("{other:?}"),
    }
}
