//! Metadata that is read again: it agrees, contradicts or is unavailable.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower_jwt_auth::jwks::{NoBody, RemoteJwks, RemoteJwksBuilder};
use tower_jwt_auth::testing::{FixedClock, TestIssuer};

use super::discovery::{NOT_FOUND, OAUTH, OPENID, SERVER_ERROR, Site, issuer_at, metadata, paths};
use super::fixture::{
    COOLDOWN, DOWN, Fixture, GOOD, LIFETIME, MAX_BACKOFF, NANOSECOND, SECOND, STALE_BOUND, UNKNOWN,
    just_before,
};
use crate::support::answers::{document, status, with_headers};
use crate::support::failure_label;
use crate::support::key_server::Act;

const HOUR: Duration = Duration::from_secs(3600);

/// Keys that were refreshed for eleven hours with the initial metadata.
async fn eleven_hours_later(
    settings: impl FnOnce(RemoteJwksBuilder) -> RemoteJwksBuilder,
) -> (Fixture, Site) {
    let (fixture, site) = issuer_at("", settings);
    let fixture = fixture.warm().await;
    for _ in 0..11 {
        fixture.clock.advance(HOUR);
        assert!(fixture.keys.refresh().await.is_ok());
    }
    assert_eq!(paths(&fixture).iter().filter(|path| *path == OPENID).count(), 1);
    (fixture, site)
}

/// The requested paths after the first `before` ones.
fn paths_since(fixture: &Fixture, before: usize) -> Vec<String> {
    paths(fixture).split_off(before)
}

/// Contradicting metadata with the label of the failure.
fn contradictions(fixture: &Fixture) -> [(&'static str, Vec<u8>); 9] {
    let (name, keys) = (fixture.server.url(""), fixture.server.url("/keys"));
    [
        ("other_issuer", metadata("https://evil.example", &keys)),
        ("other_issuer", metadata(&format!("{name}/"), &keys)),
        ("other_issuer", document(r#"{"issuer":"https://evil.example"}"#)),
        ("forbidden_url", metadata(&name, "https://169.254.169.254/latest/meta-data")),
        ("forbidden_url", metadata(&name, "http://keys.example/keys")),
        ("forbidden_url", metadata(&name, "")),
        ("no_metadata", document(&format!(r#"{{"issuer":"{name}"}}"#))),
        ("no_metadata", status(NOT_FOUND)),
        ("no_metadata", status("410 Gone")),
    ]
}

#[tokio::test]
async fn contradicting_metadata_ends_fetches_from_the_old_url() {
    for row in 0..9 {
        let (fixture, site) = eleven_hours_later(|it| it).await;
        let (label, bytes) = contradictions(&fixture).into_iter().nth(row).unwrap();
        site.put(OPENID, bytes);
        let before = paths(&fixture).len();
        fixture.clock.advance(HOUR);
        assert!(fixture.keys.refresh().await.is_err(), "{label}");
        assert_eq!(failure_label(&fixture.keys.health()), Some(label));
        assert_eq!(fixture.events.all().last().unwrap(), &format!("manual {label}"));

        // Neither an outage of the metadata nor further failures restore the old URL.
        site.put(OPENID, status(SERVER_ERROR));
        for _ in 0..4 {
            fixture.clock.advance(MAX_BACKOFF);
            assert!(fixture.keys.refresh().await.is_err(), "{label}");
        }
        let asked = paths_since(&fixture, before);
        assert!(asked.iter().all(|path| path == OPENID || path == OAUTH), "{label}: {asked:?}");

        // Cached keys serve up to their stale bound.
        let passed = HOUR + 4 * MAX_BACKOFF;
        fixture.clock.advance(just_before((LIFETIME + STALE_BOUND).saturating_sub(passed)));
        assert_eq!(fixture.verdict_now(&fixture.known()), Ok(()), "{label}");
        fixture.events.wait_for_fetches(18).await;
        fixture.clock.advance(NANOSECOND);
        assert_eq!(fixture.verdict(&fixture.known()).await, DOWN, "{label}");
        assert!(!paths_since(&fixture, before).contains(&"/keys".to_owned()), "{label}");

        // Metadata that agrees again restores everything.
        site.put(OPENID, metadata(&fixture.server.url(""), &fixture.server.url("/keys")));
        fixture.clock.advance(MAX_BACKOFF);
        assert_eq!(fixture.verdict(&fixture.known()).await, GOOD, "{label}");
        assert_eq!(failure_label(&fixture.keys.health()), None, "{label}");
    }
}

#[tokio::test]
async fn a_metadata_outage_keeps_the_old_url_temporarily() {
    let outages = [
        ("server_error", status(SERVER_ERROR)),
        ("server_error", status("503 Service Unavailable")),
        ("client_error", status("403 Forbidden")),
        ("redirect", status("302 Found")),
        ("not_metadata", document("<html>maintenance</html>")),
        ("not_metadata", document("{}")),
        ("too_large", document(&" ".repeat(256 * 1024 + 1))),
        ("connection", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{".to_vec()),
    ];
    for (label, bytes) in outages {
        let (fixture, site) = eleven_hours_later(|it| it).await;
        site.put(OPENID, bytes);
        fixture.clock.advance(HOUR);
        for _ in 0..4 {
            let before = paths(&fixture).len();
            assert!(fixture.keys.refresh().await.is_ok(), "{label}");
            assert_eq!(paths_since(&fixture, before), [OPENID, "/keys"], "{label}");
            let events = fixture.events.all();
            let expected = [format!("{label} metadata kept"), "manual unchanged".to_owned()];
            assert_eq!(events[events.len() - 2..], expected);
            assert_eq!(failure_label(&fixture.keys.health()), Some(label));
            assert_eq!(
                fixture.keys.health().last_error.unwrap().failure().unwrap().as_str(),
                label
            );
            fixture.clock.advance(just_before(HOUR));
        }
        // Twelve hours and the stale bound since the last successful read, minus four nanoseconds.
        assert!(fixture.keys.refresh().await.is_ok(), "{label}");
        fixture.clock.advance(COOLDOWN);
        let before = paths(&fixture).len();
        assert!(fixture.keys.refresh().await.is_err(), "{label}");
        assert_eq!(paths_since(&fixture, before), [OPENID], "{label}");
        assert_eq!(failure_label(&fixture.keys.health()), Some(label));
        assert_eq!(
            fixture.verdict_now(&fixture.known()),
            Ok(()),
            "{label}: cached keys still serve"
        );

        site.put(OPENID, metadata(&fixture.server.url(""), &fixture.server.url("/keys")));
        fixture.clock.advance(COOLDOWN);
        assert_eq!(fixture.verdict(&fixture.unknown()).await, UNKNOWN, "{label}");
        assert_eq!(failure_label(&fixture.keys.health()), None, "{label}");
    }
}

#[tokio::test]
async fn the_old_url_is_kept_up_to_the_exact_bound() {
    for stale in [HOUR, 2 * HOUR, Duration::ZERO] {
        let bound = HOUR + stale;
        for (later, is_ok) in [(just_before(bound), true), (bound, false)] {
            let (fixture, site) = eleven_hours_later(|it| it.max_stale(stale)).await;
            site.put(OPENID, status(SERVER_ERROR));
            fixture.clock.advance(later);
            assert_eq!(fixture.keys.refresh().await.is_ok(), is_ok, "{later:?}");
        }
    }
    // Without a stale bound for the keys, the old URL has no bound either.
    let (fixture, site) = eleven_hours_later(RemoteJwksBuilder::allow_unbounded_stale).await;
    site.put(OPENID, status(SERVER_ERROR));
    fixture.clock.advance(1000 * HOUR);
    assert!(fixture.keys.refresh().await.is_ok());
}

#[tokio::test]
async fn a_url_replaced_in_the_metadata_is_not_requested_again() {
    // The keys are missing once, or fail three times. The new URL fails at first.
    for (failure, failures) in [(NOT_FOUND, 1), (SERVER_ERROR, 3)] {
        let (fixture, site) = issuer_at("", |it| it);
        let fixture = fixture.warm().await;
        site.put("/keys", status(failure));
        site.put("/moved", status(SERVER_ERROR));
        site.put(OPENID, metadata(&fixture.server.url(""), &fixture.server.url("/moved")));
        for _ in 0..failures {
            fixture.clock.advance(COOLDOWN);
            assert_eq!(fixture.verdict(&fixture.unknown()).await, DOWN);
        }
        site.put("/keys", document(&fixture.issuer.jwks()));
        let before = paths(&fixture).len();
        for _ in 0..2 {
            fixture.clock.advance(COOLDOWN);
            assert_eq!(fixture.verdict(&fixture.unknown()).await, DOWN);
        }
        assert_eq!(paths_since(&fixture, before), [OPENID, "/moved", "/moved"], "{failure}");
        site.put("/moved", document(&fixture.issuer.jwks()));
        fixture.clock.advance(COOLDOWN);
        assert_eq!(fixture.verdict(&fixture.unknown()).await, UNKNOWN, "{failure}");
    }
}

#[tokio::test]
async fn contradicting_metadata_is_rejected_before_the_old_expires() {
    for row in 0..9 {
        let (fixture, site) = issuer_at("", |it| it);
        let fixture = fixture.warm().await;
        let (label, bytes) = contradictions(&fixture).into_iter().nth(row).unwrap();
        site.put("/keys", status(NOT_FOUND));
        site.put(OPENID, bytes);
        for _ in 0..2 {
            fixture.clock.advance(COOLDOWN);
            assert_eq!(fixture.verdict(&fixture.unknown()).await, DOWN);
        }
        // Restored keys are not fetched while the metadata contradicts.
        site.put("/keys", document(&fixture.issuer.jwks()));
        let before = paths(&fixture).len();
        for _ in 0..6 {
            fixture.clock.advance(COOLDOWN);
            assert_eq!(fixture.verdict(&fixture.unknown()).await, DOWN, "{label}");
            assert_eq!(fixture.verdict(&fixture.known()).await, GOOD, "{label}");
        }
        assert!(!paths_since(&fixture, before).contains(&"/keys".to_owned()), "{label}");
        site.put(OPENID, metadata(&fixture.server.url(""), &fixture.server.url("/keys")));
        fixture.clock.advance(COOLDOWN);
        assert_eq!(fixture.verdict(&fixture.unknown()).await, UNKNOWN, "{label}");
    }
}

#[tokio::test]
async fn a_cold_start_reads_the_metadata_once_for_both_attempts() {
    let (fixture, site) = issuer_at("", |it| it);
    site.put("/keys", status(SERVER_ERROR));
    assert_eq!(fixture.verdict(&fixture.known()).await, DOWN);
    assert_eq!(paths(&fixture), [OPENID, "/keys", "/keys"]);
    site.put("/keys", document(&fixture.issuer.jwks()));
    fixture.clock.advance(SECOND);
    assert_eq!(fixture.verdict(&fixture.known()).await, GOOD);
    assert_eq!(paths(&fixture)[3..], ["/keys"]);
}

#[tokio::test]
async fn metadata_over_https_cannot_switch_the_keys_to_http() {
    type Allow = fn(RemoteJwksBuilder) -> RemoteJwksBuilder;
    let allow: [Allow; 2] =
        [RemoteJwksBuilder::allow_insecure_http, RemoteJwksBuilder::allow_http_on_loopback];
    for (allow, jwks_uri, is_ok) in [
        (allow[0], "https://auth.example.com/moved", true),
        (allow[0], "http://auth.example.com/moved", false),
        (allow[0], "http://127.0.0.1/moved", false),
        (allow[1], "https://auth.example.com/moved", true),
        (allow[1], "http://localhost/moved", false),
    ] {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        let client = tower::service_fn(move |request: Request<NoBody>| {
            let mut seen = seen.lock().unwrap();
            let keys = if seen.is_empty() { "https://auth.example.com/keys" } else { jwks_uri };
            let body = match request.uri().path() {
                OPENID => {
                    format!(r#"{{"issuer":"https://auth.example.com","jwks_uri":"{keys}"}}"#)
                }
                _ => TestIssuer::es256().jwks(),
            };
            seen.push(request.uri().to_string());
            std::future::ready(Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(body)))))
        });
        let clock = FixedClock::new();
        let builder = RemoteJwks::issuer("https://auth.example.com").client(client);
        let keys = allow(builder).allow_private_jwks_uri().clock(clock.clone()).build().unwrap();
        assert!(keys.warm().await.is_ok());
        clock.advance(12 * HOUR);
        assert_eq!(keys.refresh().await.is_ok(), is_ok, "{jwks_uri}");
        assert_eq!(
            failure_label(&keys.health()),
            (!is_ok).then_some("forbidden_url"),
            "{jwks_uri}"
        );
        let asked = asked.lock().unwrap();
        assert!(asked.iter().all(|url| url.starts_with("https://")), "{asked:?}");
    }
}

#[tokio::test]
async fn validators_of_one_url_are_not_sent_to_another() {
    let validators = [("ETag", "\"1\""), ("Last-Modified", "Wed, 31 Dec 2025 10:00:00 GMT")];
    let (fixture, site) = issuer_at("", |it| it);
    site.put("/keys", with_headers(&validators, fixture.issuer.jwks()));
    let fixture = fixture.warm().await;
    fixture.clock.advance(COOLDOWN);
    assert_eq!(fixture.verdict(&fixture.unknown()).await, UNKNOWN);
    let sent = |at: usize| {
        let request = &fixture.server.requests()[at];
        ["if-none-match", "if-modified-since"].map(|name| request.header(name).map(str::to_owned))
    };
    assert_eq!(sent(2), validators.map(|(_, value)| Some(value.to_owned())));

    // The keys have moved. The new URL answers 304 to every validator.
    site.put(OPENID, metadata(&fixture.server.url(""), &fixture.server.url("/moved")));
    site.put("/keys", status(NOT_FOUND));
    let (pages, next) = (site.clone(), document(&fixture.next_issuer().jwks()));
    fixture.server.act(move |request, _| match (request.path(), request.header("if-none-match")) {
        ("/moved", None) => Act::Send(next.clone()),
        ("/moved", Some(_)) => Act::Send(status("304 Not Modified")),
        (path, _) => Act::Send(pages.get(path)),
    });
    fixture.clock.advance(COOLDOWN);
    assert_eq!(fixture.verdict(&fixture.unknown()).await, DOWN);
    fixture.clock.advance(COOLDOWN);
    assert_eq!(fixture.verdict(&fixture.next_issuer().token().mint()).await, GOOD);
    assert_eq!(paths(&fixture)[3..], ["/keys", OPENID, "/moved"]);
    assert_eq!(sent(5), [None, None]);
}
