//! Discovery of keys through the metadata of the issuer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tower_jwt_auth::jwks::{RemoteJwks, RemoteJwksBuilder};
use tower_jwt_auth::testing::{FixedClock, TestIssuer};

use super::fixture::{COOLDOWN, DOWN, Fixture, GOOD, LIFETIME, SECOND, UNKNOWN, just_before};
use crate::support::answers::{document, status};
use crate::support::failure_label;
use crate::support::key_server::{Act, KeyServer};

pub(super) const OPENID: &str = "/.well-known/openid-configuration";
pub(super) const OAUTH: &str = "/.well-known/oauth-authorization-server";
pub(super) const METADATA_LIFETIME: Duration = Duration::from_secs(12 * 3600);
pub(super) const NOT_FOUND: &str = "404 Not Found";
pub(super) const SERVER_ERROR: &str = "500 Internal Server Error";

/// The response at each path; 404 at every other path.
#[derive(Clone, Debug, Default)]
pub(super) struct Site(Arc<Mutex<HashMap<String, Vec<u8>>>>);

impl Site {
    pub(super) fn put(&self, path: &str, bytes: Vec<u8>) {
        self.0.lock().unwrap().insert(path.to_owned(), bytes);
    }

    pub(super) fn get(&self, path: &str) -> Vec<u8> {
        self.0.lock().unwrap().get(path).cloned().unwrap_or_else(|| status(NOT_FOUND))
    }
}

pub(super) fn metadata(issuer: &str, jwks_uri: &str) -> Vec<u8> {
    document(&format!(r#"{{"issuer":"{issuer}","jwks_uri":"{jwks_uri}","scopes_supported":[]}}"#))
}

/// An issuer with this path, with valid metadata and keys at `/keys`.
pub(super) fn issuer_at(
    path: &str,
    settings: impl FnOnce(RemoteJwksBuilder) -> RemoteJwksBuilder,
) -> (Fixture, Site) {
    let clock = FixedClock::new();
    let signer = TestIssuer::es256().key_id("known").clock(clock.clone());
    let (server, site) = (KeyServer::start(""), Site::default());
    let pages = site.clone();
    server.act(move |request, _| Act::Send(pages.get(request.path())));
    let name = server.url(path);
    let location = format!("{}{OPENID}", path.trim_end_matches('/'));
    site.put(&location, metadata(&name, &server.url("/keys")));
    site.put("/keys", document(&signer.jwks()));
    let builder = settings(RemoteJwks::issuer(name).allow_http_on_loopback());
    (Fixture::of(server, clock, signer, builder), site)
}

pub(super) fn paths(fixture: &Fixture) -> Vec<String> {
    fixture.server.requests().iter().map(|request| request.path().to_owned()).collect()
}

#[tokio::test]
async fn a_refresh_fetches_the_keys_but_not_the_metadata() {
    let (fixture, _) = issuer_at("", |it| it);
    assert_eq!(fixture.verdict(&fixture.known()).await, GOOD);
    assert_eq!(paths(&fixture), [OPENID, "/keys"]);
    fixture.clock.advance(COOLDOWN);
    assert_eq!(fixture.verdict(&fixture.unknown()).await, UNKNOWN);
    assert_eq!(paths(&fixture), [OPENID, "/keys", "/keys"]);
}

#[tokio::test]
async fn an_issuer_with_a_path_has_both_well_known_locations() {
    for path in ["/tenant", "/tenant/"] {
        let (fixture, _) = issuer_at(path, |it| it);
        assert_eq!(fixture.verdict(&fixture.known()).await, GOOD);
        assert_eq!(paths(&fixture), [&*format!("/tenant{OPENID}"), "/keys"]);

        let (fixture, other) = issuer_at(path, |it| it);
        let (name, keys) = (fixture.server.url(path), fixture.server.url("/keys"));
        other.put(&format!("/tenant{OPENID}"), status(NOT_FOUND));
        other.put(&format!("{OAUTH}/tenant"), metadata(&name, &keys));
        assert_eq!(fixture.verdict(&fixture.known()).await, GOOD);
        let expected = [format!("/tenant{OPENID}"), format!("{OAUTH}/tenant"), "/keys".to_owned()];
        assert_eq!(paths(&fixture), expected);
    }
}

#[tokio::test]
async fn only_a_404_leads_to_the_second_location() {
    let rows = [
        // Response at the first location, failure label, requested paths
        (status(SERVER_ERROR), "server_error", &[OPENID, OPENID][..]),
        (status("503 Service Unavailable"), "server_error", &[OPENID, OPENID]),
        (status("403 Forbidden"), "client_error", &[OPENID]),
        (status("410 Gone"), "no_metadata", &[OPENID]),
        (status("302 Found"), "redirect", &[OPENID]),
        (status("304 Not Modified"), "unexpected_not_modified", &[OPENID]),
        (document("<html>"), "not_metadata", &[OPENID]),
        (document("{}"), "not_metadata", &[OPENID]),
        (document(""), "not_metadata", &[OPENID]),
        (document(&" ".repeat(256 * 1024 + 1)), "too_large", &[OPENID]),
    ];
    for (first, label, asked) in rows {
        let (fixture, site) = issuer_at("", |it| it);
        let shown = String::from_utf8_lossy(&first[..30]).into_owned();
        site.put(OPENID, first);
        site.put(OAUTH, metadata(&fixture.server.url(""), &fixture.server.url("/keys")));
        assert_eq!(fixture.verdict(&fixture.known()).await, DOWN, "{shown}");
        assert_eq!(failure_label(&fixture.keys.health()), Some(label), "{shown}");
        assert_eq!(paths(&fixture), asked, "{shown}");
    }
}

#[tokio::test]
async fn metadata_of_another_issuer_is_rejected() {
    let (fixture, _) = issuer_at("", |it| it);
    let name = fixture.server.url("");
    let others = ["/", "/tenant", "?", "."].map(|more| format!("{name}{more}"));
    for other in others.into_iter().chain([name.replace("http", "HTTP"), String::new()]) {
        let (fixture, site) = issuer_at("", |it| it);
        let other = other.replace(&name, &fixture.server.url(""));
        site.put(OPENID, metadata(&other, &fixture.server.url("/keys")));
        assert_eq!(fixture.verdict(&fixture.known()).await, DOWN, "{other}");
        assert_eq!(failure_label(&fixture.keys.health()), Some("other_issuer"), "{other}");
        assert_eq!(paths(&fixture), [OPENID], "{other}");
    }
    // A trailing slash is part of the name.
    let (fixture, site) = issuer_at("/", |it| it);
    site.put(OPENID, metadata(&fixture.server.url(""), &fixture.server.url("/keys")));
    assert_eq!(fixture.verdict(&fixture.known()).await, DOWN);
    assert_eq!(failure_label(&fixture.keys.health()), Some("other_issuer"));
    fixture.clock.advance(SECOND);
    site.put(OPENID, metadata(&fixture.server.url("/"), &fixture.server.url("/keys")));
    assert_eq!(fixture.verdict(&fixture.known()).await, GOOD);
}

#[tokio::test]
async fn metadata_must_name_an_allowed_jwks_uri() {
    type Settings = fn(RemoteJwksBuilder) -> RemoteJwksBuilder;
    let (plain, private, strict): (Settings, Settings, Settings) =
        (|it| it, |it| it.allow_private_jwks_uri(), |it| it.require_same_origin());
    let other = KeyServer::start(&TestIssuer::es256().key_id("known").jwks());
    let port = other.url("").rsplit_once(':').unwrap().1.to_owned();
    for (settings, jwks_uri, allowed) in [
        // The same host on another port.
        (plain, format!("http://127.0.0.1:{port}/keys"), true),
        (strict, format!("http://127.0.0.1:{port}/keys"), false),
        // Another name of this machine is a private address of another host.
        (plain, format!("http://localhost:{port}/keys"), false),
        (private, format!("http://localhost:{port}/keys"), true),
        (plain, format!("http://127.0.0.2:{port}/keys"), false),
        (plain, "https://10.0.0.1/keys".to_owned(), false),
        (plain, "https://169.254.169.254/latest/meta-data".to_owned(), false),
        (plain, "https://[::1]/keys".to_owned(), false),
        // Plain HTTP to other hosts, and invalid URLs.
        (private, "http://keys.example/keys".to_owned(), false),
        (private, "http://10.0.0.1/keys".to_owned(), false),
        (private, format!("http://user:pass@127.0.0.1:{port}/keys"), false),
        (private, "file:///etc/passwd".to_owned(), false),
        (private, "/keys".to_owned(), false),
        (private, String::new(), false),
    ] {
        let (fixture, site) = issuer_at("", settings);
        let before = other.connections();
        site.put(OPENID, metadata(&fixture.server.url(""), &jwks_uri));
        let verdict = fixture.verdict(&fixture.known()).await;
        assert_eq!(verdict, if allowed { GOOD } else { DOWN }, "{jwks_uri}");
        let failure = (!allowed).then_some("forbidden_url");
        assert_eq!(failure_label(&fixture.keys.health()), failure, "{jwks_uri}");
        assert_eq!(paths(&fixture), [OPENID], "{jwks_uri}");
        assert_eq!(other.connections() - before, usize::from(allowed), "{jwks_uri}");
    }
}

#[tokio::test]
async fn missing_keys_trigger_a_new_discovery() {
    for gone in [NOT_FOUND, "410 Gone"] {
        let (fixture, site) = issuer_at("", |it| it);
        let fixture = fixture.warm().await;
        let name = fixture.server.url("");
        site.put("/keys", status(gone));
        site.put("/moved", document(&fixture.next_issuer().jwks()));
        site.put(OPENID, metadata(&name, &fixture.server.url("/moved")));
        fixture.clock.advance(COOLDOWN);
        assert_eq!(fixture.verdict(&fixture.next_issuer().token().mint()).await, DOWN, "{gone}");
        assert_eq!(paths(&fixture)[2..], ["/keys"]);
        fixture.clock.advance(COOLDOWN);
        assert_eq!(fixture.verdict(&fixture.next_issuer().token().mint()).await, GOOD, "{gone}");
        assert_eq!(paths(&fixture)[3..], [OPENID, "/moved"]);
        // The new metadata is used from then on.
        fixture.clock.advance(COOLDOWN);
        assert_eq!(fixture.verdict(&fixture.unknown()).await, UNKNOWN);
        assert_eq!(paths(&fixture)[5..], ["/moved"]);
    }
}

#[tokio::test]
async fn three_failures_trigger_a_new_discovery() {
    let (fixture, site) = issuer_at("", |it| it);
    let fixture = fixture.warm().await;
    site.put("/keys", status(SERVER_ERROR));
    site.put("/moved", document(&fixture.issuer.jwks()));
    site.put(OPENID, metadata(&fixture.server.url(""), &fixture.server.url("/moved")));
    for _ in 0..3 {
        fixture.clock.advance(COOLDOWN);
        assert_eq!(fixture.verdict(&fixture.unknown()).await, DOWN);
    }
    assert_eq!(paths(&fixture)[2..], ["/keys", "/keys", "/keys"]);
    fixture.clock.advance(COOLDOWN);
    assert_eq!(fixture.verdict(&fixture.unknown()).await, UNKNOWN);
    assert_eq!(paths(&fixture)[5..], [OPENID, "/moved"]);
}

#[tokio::test]
async fn metadata_is_used_for_twelve_hours() {
    let (fixture, site) = issuer_at("", |it| it);
    let fixture = fixture.warm().await;
    fixture.clock.advance(just_before(METADATA_LIFETIME));
    assert_eq!(fixture.verdict(&fixture.known()).await, GOOD);
    assert_eq!(paths(&fixture)[2..], ["/keys"]);
    // Now it is read again. While that fails, the old metadata is used.
    fixture.clock.advance(LIFETIME);
    site.put(OPENID, status(SERVER_ERROR));
    for _ in 0..2 {
        let before = fixture.events.fetches();
        fixture.clock.advance(COOLDOWN);
        assert_eq!(fixture.verdict(&fixture.unknown()).await, UNKNOWN);
        fixture.events.wait_for_fetches(before + 1).await;
    }
    assert_eq!(paths(&fixture)[3..], [OPENID, "/keys", OPENID, "/keys"]);
    // The metadata is available again, with another `jwks_uri`.
    site.put("/moved", document(&fixture.next_issuer().jwks()));
    site.put(OPENID, metadata(&fixture.server.url(""), &fixture.server.url("/moved")));
    fixture.clock.advance(COOLDOWN);
    assert_eq!(fixture.verdict(&fixture.next_issuer().token().mint()).await, GOOD);
    assert_eq!(paths(&fixture)[7..], [OPENID, "/moved"]);
}
