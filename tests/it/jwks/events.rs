//! Events, errors and labels for operators.

use std::error::Error;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use tower_jwt_auth::VerifierBuilder;
use tower_jwt_auth::jwks::{NoBody, RemoteJwks, RemoteJwksBuilder};
use tower_jwt_auth::key::FetchFailure;
use tower_jwt_auth::observe::Event;
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{ErrorKind, Verifier};

use super::fixture::{
    COOLDOWN, DOWN, Fixture, GOOD, LIFETIME, SECOND, STALE_BOUND, UNKNOWN, WRONG, ask, set_of,
};
use crate::support::answers::{document, status};
use crate::support::ask::bearer;
use crate::support::key_server::{Act, Gate, KeyServer};

#[tokio::test]
async fn every_fetch_is_reported_with_trigger_and_outcome() {
    let fixture = Fixture::with(RemoteJwksBuilder::refresh_on_bad_signature);
    assert_eq!(fixture.verdict(&fixture.known()).await, GOOD);
    assert_eq!(fixture.verdict(&fixture.unknown()).await, UNKNOWN);
    assert_eq!(fixture.verdict(&fixture.forged()).await, WRONG);
    assert!(fixture.keys.refresh().await.is_ok());
    fixture.clock.advance(COOLDOWN);
    assert_eq!(fixture.verdict(&fixture.unknown()).await, UNKNOWN);
    fixture.clock.advance(COOLDOWN);
    assert_eq!(fixture.verdict(&fixture.forged()).await, WRONG);
    fixture.clock.advance(COOLDOWN);
    assert!(fixture.keys.refresh().await.is_ok());
    fixture.clock.advance(LIFETIME);
    assert_eq!(fixture.verdict(&fixture.known()).await, GOOD);
    fixture.events.wait_for_fetches(5).await;
    fixture.server.send(status("404 Not Found"));
    fixture.clock.advance(LIFETIME + STALE_BOUND);
    assert_eq!(fixture.verdict(&fixture.known()).await, DOWN);
    assert_eq!(fixture.verdict(&fixture.known()).await, DOWN);
    fixture.events.wait_for_fetches(6).await;
    assert_eq!(
        fixture.events.all(),
        [
            "empty replaced",
            "unknown_key suppressed",
            "bad_signature suppressed",
            "manual suppressed",
            "unknown_key unchanged",
            "bad_signature unchanged",
            "manual unchanged",
            "schedule unchanged",
            "empty not_found",
            "empty suppressed",
        ]
    );
}

#[tokio::test]
async fn requests_with_a_known_key_emit_no_event() {
    let fixture = Fixture::start().warm().await;
    for _ in 0..100 {
        assert_eq!(fixture.verdict(&fixture.known()).await, GOOD);
        assert_eq!(fixture.verdict(&fixture.forged()).await, WRONG);
    }
    assert_eq!(fixture.events.all(), ["empty replaced"]);
}

#[tokio::test]
async fn used_and_skipped_keys_are_counted() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let observer = Arc::clone(&seen);
    let fixture = Fixture::start();
    let gate = Gate::closed();
    let held = gate.clone();
    let secret = TestIssuer::hs256().jwk();
    let answer = document(&set_of([
        &*fixture.issuer.jwk(),
        &fixture.next_issuer().jwk(),
        &secret,
        "null",
        r#"{"kty":"AKP"}"#,
        r#"{"kty":"XYZ"}"#,
    ]));
    fixture.server.act(move |_, _| held.then(answer.clone()));
    let keys = RemoteJwks::url(fixture.server.url("/keys"))
        .allow_http_on_loopback()
        .clock(fixture.clock.clone())
        .observer(move |event: &Event<'_>| observer.lock().unwrap().push(Seen::from(event)))
        .build()
        .unwrap();
    let warming = tokio::spawn({
        let keys = keys.clone();
        async move { keys.warm().await.is_ok() }
    });
    fixture.server.wait_for_requests(1).await;
    fixture.clock.advance(3 * SECOND);
    gate.open();
    assert!(warming.await.unwrap());
    while seen.lock().unwrap().len() < 4 {
        tokio::task::yield_now().await;
    }
    let seen = seen.lock().unwrap();
    let refreshed = "refreshed None 127.0.0.1 empty replaced 2 4 3s";
    let skipped = ["secret 1", "malformed 1", "unknown_type 2"]
        .map(|skipped| format!("skipped None 127.0.0.1 {skipped}"));
    let lines: Vec<_> = seen.iter().map(|seen| seen.line.as_str()).collect();
    assert_eq!(lines, [refreshed, &skipped[0], &skipped[1], &skipped[2]]);
    assert!(!seen.iter().any(|seen| seen.is_failure));
}

/// An event as a line.
#[derive(Debug)]
struct Seen {
    line: String,
    is_failure: bool,
}

impl From<&Event<'_>> for Seen {
    fn from(event: &Event<'_>) -> Self {
        let line = match *event {
            Event::KeysRefreshed {
                issuer, host, trigger, outcome, keys, skipped, took, ..
            } => {
                let (trigger, outcome) = (trigger.as_str(), outcome.as_str());
                format!("refreshed {issuer:?} {host} {trigger} {outcome} {keys} {skipped} {took:?}")
            }
            Event::KeysSkipped { issuer, host, reason, keys, .. } => {
                format!("skipped {issuer:?} {host} {reason} {keys}")
            }
            Event::MetadataUnavailable { issuer, host, trigger, reason, .. } => {
                let (trigger, reason) = (trigger.as_str(), reason.as_str());
                format!("metadata {issuer:?} {host} {trigger} {reason}")
            }
            Event::TooManyWaiting { issuer, host, trigger, .. } => {
                format!("too many {issuer:?} {host} {}", trigger.as_str())
            }
            Event::RefreshSuppressed { issuer, host, trigger, .. } => {
                format!("suppressed {issuer:?} {host} {}", trigger.as_str())
            }
            _ => format!("{event:?}"),
        };
        Self { line, is_failure: event.is_failure() }
    }
}

#[tokio::test]
async fn a_panicking_observer_does_not_break_fetches() {
    let fixture = Fixture::start();
    let keys = RemoteJwks::url(fixture.server.url("/keys"))
        .allow_http_on_loopback()
        .clock(fixture.clock.clone())
        .observer(|_: &Event<'_>| panic!("a bug"))
        .build()
        .unwrap();
    assert!(keys.warm().await.is_ok());
    fixture.clock.advance(COOLDOWN);
    assert!(keys.refresh().await.is_ok());
    fixture.server.act(|_, _| Act::Reset);
    fixture.clock.advance(COOLDOWN);
    assert!(keys.refresh().await.is_err());
    assert_eq!(keys.health().keys, 1);
}

/// The source chain of an error.
fn causes(error: &dyn Error) -> Vec<String> {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes.map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_client_error_appears_only_in_the_source_chain() {
    const CLIENT_ERROR: &str = "no route to 10.0.0.7";
    const UNREACHABLE: &str =
        "the key server could not be reached: `https://auth.example.com/keys`";
    let client = tower::service_fn(|_: Request<NoBody>| async {
        Err::<Response<Empty<Bytes>>, _>(std::io::Error::other(CLIENT_ERROR))
    });
    let seen = Arc::new(Mutex::new(Vec::new()));
    let observer = Arc::clone(&seen);
    let keys = RemoteJwks::url("https://auth.example.com/keys")
        .client(client)
        .observer(move |event: &Event<'_>| observer.lock().unwrap().push(Seen::from(event)))
        .build()
        .unwrap();
    let verifier = Verifier::key_source(keys.clone()).any_issuer().any_audience();
    let verifier = verifier.build().unwrap();
    let layer = tower_jwt_auth::JwtAuthLayer::new(verifier.clone());
    let token = TestIssuer::es256().token().mint();

    // First after a fetch, then during its backoff.
    for _ in 0..2 {
        let error = verifier.verify(&token).await.unwrap_err();
        assert_eq!(causes(&error), [UNREACHABLE, CLIENT_ERROR]);
    }
    let failed = keys.warm().await.unwrap_err();
    let last = keys.health().last_error.unwrap();
    assert_eq!(failed.to_string(), UNREACHABLE);
    assert_eq!(causes(&failed), [CLIENT_ERROR]);
    assert_eq!(
        (last.failure(), causes(&last)),
        (Some(FetchFailure::Connection), vec![CLIENT_ERROR.to_owned()])
    );

    let reply = ask(&layer, bearer(&token)).await;
    assert_eq!(reply.kind(), Some(ErrorKind::KeysUnavailable));
    let shown = format!(
        "{reply:?} {failed} {failed:?} {last} {last:?} {keys:?} {:?} {:?} {:?}",
        keys.health(),
        verifier.verify(&token).await,
        seen.lock().unwrap(),
    );
    assert!(!shown.contains("10.0.0.7"), "{shown}");
}

#[tokio::test]
async fn an_unexpected_status_is_the_cause() {
    let fixture = Fixture::start();
    for (line, failure) in [
        ("302 Found", FetchFailure::Redirect),
        ("403 Forbidden", FetchFailure::ClientError),
        ("429 Too Many Requests", FetchFailure::ClientError),
        ("502 Bad Gateway", FetchFailure::ServerError),
        ("204 No Content", FetchFailure::Status),
    ] {
        fixture.server.send(status(line));
        let failed = fixture.keys.warm().await.unwrap_err();
        assert_eq!(failed.failure(), Some(failure));
        assert_eq!(causes(&failed), [format!("status {line}")]);
        fixture.clock.advance(super::fixture::MAX_BACKOFF);
    }
    fixture.server.serve(&fixture.issuer.jwks());
    assert!(fixture.keys.warm().await.is_ok() && fixture.keys.health().last_error.is_none());
}

#[test]
fn failure_labels_are_fixed() {
    let labels: Vec<_> = FetchFailure::ALL.iter().map(|failure| failure.as_str()).collect();
    assert_eq!(
        labels,
        [
            "connection",
            "timeout",
            "redirect",
            "not_found",
            "gone",
            "client_error",
            "server_error",
            "status",
            "unexpected_not_modified",
            "encoding",
            "too_large",
            "not_a_key_set",
            "no_usable_key",
            "not_metadata",
            "no_metadata",
            "other_issuer",
            "forbidden_url",
            "too_many_waiting",
            "aborted",
            "no_timer",
            "no_credential",
            "unreadable",
        ]
    );
}

/// The events that an observer of the verifier receives while a token waits for its keys.
async fn received(
    verifier: impl FnOnce(&KeyServer, FixedClock) -> VerifierBuilder,
    respond: impl FnOnce(&KeyServer),
) -> Vec<String> {
    let (clock, seen) = (FixedClock::new(), Arc::new(Mutex::new(Vec::new())));
    let server = KeyServer::start(&TestIssuer::es256().jwks());
    respond(&server);
    let lines = Arc::clone(&seen);
    let observer = move |event: &Event<'_>| lines.lock().unwrap().push(Seen::from(event).line);
    let verifier = verifier(&server, clock.clone()).any_audience().clock(clock);
    let verifier = verifier.observer(observer).build().unwrap();
    let _ = verifier.verify(&TestIssuer::es256().token().mint()).await;
    let lines = seen.lock().unwrap().clone();
    lines.into_iter().map(|line| line.replace(&server.url(""), "http://server")).collect()
}

#[tokio::test]
async fn events_of_keys_name_their_issuer_and_host() {
    let nothing = |_: &KeyServer| {};
    let by_url = |server: &KeyServer, _| {
        Verifier::jwks_url(server.url("/keys")).issuer("orders").allow_http_on_loopback()
    };
    assert_eq!(
        received(by_url, nothing).await,
        [r#"refreshed Some("orders") 127.0.0.1 empty replaced 1 0 0ns"#]
    );
    let unnamed = |server: &KeyServer, _| {
        Verifier::jwks_url(server.url("/keys")).any_issuer().allow_http_on_loopback()
    };
    assert_eq!(
        received(unnamed, nothing).await,
        ["refreshed None 127.0.0.1 empty replaced 1 0 0ns"]
    );
    let missing = |server: &KeyServer| server.send(status("404 Not Found"));
    let by_metadata =
        |server: &KeyServer, _| Verifier::issuer_url(server.url("")).allow_http_on_loopback();
    assert_eq!(
        received(by_metadata, missing).await,
        [r#"refreshed Some("http://server") 127.0.0.1 empty no_metadata 0 0 0ns"#]
    );
    let own = |server: &KeyServer, clock| {
        let keys = RemoteJwks::url(server.url("/keys")).allow_http_on_loopback().clock(clock);
        Verifier::key_source(keys.build().unwrap()).issuer("orders")
    };
    assert_eq!(
        received(own, nothing).await,
        [r#"refreshed Some("orders") 127.0.0.1 empty replaced 1 0 0ns"#]
    );
}

#[tokio::test]
async fn remote_keys_keep_their_own_observer() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&seen);
    let own = move |server: &KeyServer, clock| {
        let keys = RemoteJwks::url(server.url("/keys"))
            .allow_http_on_loopback()
            .clock(clock)
            .observer(move |event: &Event<'_>| lines.lock().unwrap().push(Seen::from(event).line));
        Verifier::key_source(keys.build().unwrap()).issuer("orders")
    };
    assert!(received(own, |_: &KeyServer| {}).await.is_empty());
    assert_eq!(
        *seen.lock().unwrap(),
        [r#"refreshed Some("orders") 127.0.0.1 empty replaced 1 0 0ns"#]
    );
}

#[tokio::test]
async fn a_failed_fetch_names_the_requested_host() {
    let client = tower::service_fn(|request: Request<NoBody>| async move {
        match request.uri().host() {
            Some("auth.example.com") => Ok(Response::new(http_body_util::Full::new(Bytes::from(
                r#"{"issuer":"https://auth.example.com","jwks_uri":"https://keys.example.net/k"}"#,
            )))),
            _ => Err(std::io::Error::other("no route")),
        }
    });
    let verifier =
        move |_: &KeyServer, _| Verifier::issuer_url("https://auth.example.com").client(client);
    assert_eq!(
        received(verifier, |_: &KeyServer| {}).await,
        [r#"refreshed Some("https://auth.example.com") keys.example.net empty connection 0 0 0ns"#]
    );
}

#[tokio::test]
async fn a_verifier_that_does_not_build_observes_nothing() {
    let server = KeyServer::start(&TestIssuer::es256().jwks());
    let keys = RemoteJwks::url(server.url("/keys")).allow_http_on_loopback().build().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&seen);
    let without_audience = Verifier::key_source(keys.clone()).any_issuer();
    assert!(without_audience.observer(|_: &Event<'_>| panic!("not built")).build().is_err());
    let verifier = Verifier::key_source(keys).any_issuer().any_audience();
    let observer = move |event: &Event<'_>| lines.lock().unwrap().push(Seen::from(event).line);
    verifier.observer(observer).build().unwrap().warm().await.unwrap();
    assert_eq!(seen.lock().unwrap().len(), 1);
}
