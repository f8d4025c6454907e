//! Tokens with invented key ids neither load the key server nor delay known keys.

use futures_util::FutureExt;
use http::{Request, Response};
use tower::{Layer, ServiceExt, service_fn};
use tower_jwt_auth::{Error, ErrorKind};

use super::fixture::{
    COOLDOWN, Fixture, GOOD, LIFETIME, NANOSECOND, SECOND, TIMEOUT, UNKNOWN, just_before,
};
use crate::support::answers::status;
use crate::support::ask::{bearer, who};
use crate::support::tokens::{encode, parts};

/// Requests with a different invented id each. None reaches the signature check.
fn invented_ids(template: &str) -> impl Fn(usize) -> Request<String> + use<> {
    let [_, payload, signature] = parts(template);
    let rest = format!("{payload}.{signature}");
    move |number| {
        let header = encode(format!(r#"{{"alg":"ES256","kid":"invented {number}"}}"#));
        bearer(&format!("{header}.{rest}"))
    }
}

/// Sends this many requests with invented ids from a hundred tasks. For every ten of them it sends one with the
/// known key, which must be answered at once.
async fn flood(fixture: &Fixture, requests: usize, expected: (u16, Option<ErrorKind>)) {
    let tasks = (0..100).map(|task| {
        let (invented, known) = (invented_ids(&fixture.unknown()), fixture.known());
        let service = fixture.layer.layer(service_fn(who));
        tokio::spawn(async move {
            for number in 0..requests / 100 {
                let asked = service.clone().oneshot(invented(task * requests + number));
                assert_eq!(verdict(&asked.await.unwrap()), expected);
                if number % 10 == 0 {
                    let asked = service.clone().oneshot(bearer(&known)).now_or_never();
                    assert_eq!(verdict(&asked.expect("a known key must not wait").unwrap()), GOOD);
                }
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        tokio::time::timeout(TIMEOUT, task).await.expect("the layer did not respond").unwrap();
    }
}

fn verdict<B>(response: &Response<B>) -> (u16, Option<ErrorKind>) {
    (response.status().as_u16(), response.extensions().get().map(Error::kind))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invented_ids_cause_one_fetch_per_cooldown() {
    let fixture = Fixture::start().warm().await;
    for cooldowns in 1..=5 {
        fixture.clock.advance(just_before(COOLDOWN));
        flood(&fixture, 10_000, UNKNOWN).await;
        assert_eq!(fixture.server.asked(), cooldowns, "the cooldown counts from the last fetch");
        fixture.clock.advance(NANOSECOND);
        flood(&fixture, 10_000, UNKNOWN).await;
        assert_eq!(fixture.server.asked(), cooldowns + 1);
    }
    println!(
        "100000 invented ids in 5 cooldowns: {} fetches after the first",
        fixture.server.asked() - 1
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_do_not_shorten_the_cooldown() {
    let fixture = Fixture::start().warm().await;
    fixture.server.send(status("500 Internal Server Error"));
    fixture.clock.advance(COOLDOWN);
    flood(&fixture, 1000, super::fixture::DOWN).await;
    assert_eq!(fixture.server.asked(), 2);
    // Every backoff ends before that.
    fixture.clock.advance(just_before(COOLDOWN));
    flood(&fixture, 1000, super::fixture::DOWN).await;
    assert_eq!(fixture.server.asked(), 2);
    fixture.clock.advance(NANOSECOND);
    flood(&fixture, 1000, super::fixture::DOWN).await;
    assert_eq!(fixture.server.asked(), 3);
}

#[tokio::test]
async fn a_known_key_never_waits_while_the_key_server_hangs() {
    for age in [COOLDOWN, LIFETIME * 8 / 10, LIFETIME, LIFETIME * 10] {
        let fixture = Fixture::start().warm().await;
        fixture.server.hang();
        fixture.clock.advance(age);
        // Waits for the server at every age.
        let unknown = fixture.verifier.verify(&fixture.unknown()).try_now().unwrap_err();
        fixture.server.wait_for_requests(2).await;
        for _ in 0..250 {
            let answer = fixture.verifier.verify(&fixture.known()).try_now();
            assert!(answer.expect("a known key must not wait").is_ok());
        }
        drop(unknown);
        assert_eq!(fixture.server.asked(), 2, "{age:?}");
    }
}

#[tokio::test]
async fn a_failed_refresh_neither_delays_known_keys_nor_repeats() {
    let fixture = Fixture::start().warm().await;
    fixture.server.send(status("500 Internal Server Error"));
    fixture.clock.advance(LIFETIME);
    for _ in 0..100 {
        assert_eq!(fixture.verdict_now(&fixture.known()), Ok(()));
        tokio::task::yield_now().await;
    }
    fixture.events.wait_for_fetches(2).await;
    for _ in 0..100 {
        assert_eq!(fixture.verdict_now(&fixture.known()), Ok(()));
        tokio::task::yield_now().await;
    }
    assert_eq!(fixture.server.asked(), 2);
}

#[tokio::test]
async fn invented_ids_do_not_block_a_new_key() {
    let fixture = Fixture::start().warm().await;
    let next = fixture.next_issuer();
    for minute in 0..5 {
        fixture.clock.advance(60 * SECOND);
        assert_eq!(fixture.verdict(&fixture.unknown()).await, UNKNOWN);
        assert_eq!(fixture.server.asked(), minute + 2);
    }
    // The issuer rotates its key just after a fetch.
    fixture.server.serve(&next.jwks());
    assert_eq!(fixture.verdict(&next.token().mint()).await, UNKNOWN);
    fixture.clock.advance(just_before(COOLDOWN));
    assert_eq!(fixture.verdict(&next.token().mint()).await, UNKNOWN);
    fixture.clock.advance(NANOSECOND);
    assert_eq!(fixture.verdict(&next.token().mint()).await, GOOD);
}

#[tokio::test]
async fn a_key_id_is_never_part_of_the_request() {
    let fixture = Fixture::start().warm().await;
    let other = fixture.issuer.clone().with_other_key();
    for id in ["../../admin", "http://127.0.0.1:1/keys", "?x=1", "\r\nHost: evil", "k\u{e9}y", " "]
    {
        fixture.clock.advance(COOLDOWN);
        let token = other.token().header("kid", id).mint();
        assert_eq!(fixture.verdict(&token).await, UNKNOWN, "{id}");
    }
    let requests = fixture.server.requests();
    assert_eq!(requests.len(), 7);
    for request in requests {
        assert_eq!((request.method(), request.path()), ("GET", "/keys"));
        for name in ["authorization", "cookie", "content-length"] {
            assert_eq!(request.header(name), None, "{name}");
        }
        let accept = "application/json, application/jwk-set+json";
        assert_eq!(request.header("accept"), Some(accept));
    }
}
