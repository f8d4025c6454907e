//! Rows 17 to 20 of the answers: what a client is told when keys are unknown or cannot be had.

use tower_jwt_auth::{ErrorKind, JwtAuthLayer};

use super::fixture::{
    COOL_DOWN, DOWN, Fixture, LIFETIME, NANOSECOND, SECOND, STALE_BOUND, UNKNOWN, ask, just_before,
};
use crate::support::answers::{answer, document, status};
use crate::support::ask::{Reply, bearer};
use crate::support::key_server::Act;

const SERVER_ERROR: &str = "500 Internal Server Error";

fn assert_is_row_17(reply: &Reply) {
    assert_eq!(reply.verdict(), UNKNOWN);
    let challenge = reply.header("www-authenticate").unwrap();
    assert!(challenge.starts_with("Bearer ") && challenge.contains(r#"error="invalid_token""#));
    assert_eq!(reply.header("retry-after"), None);
    assert_eq!(reply.json()["error"], "invalid_token");
}

fn assert_is_unavailable(reply: &Reply, retry_after: &str) {
    assert_eq!(reply.verdict(), DOWN);
    assert_eq!(reply.header("www-authenticate"), None);
    assert_eq!(reply.header("retry-after"), Some(retry_after));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn row_17_a_healthy_set_lacks_the_key() {
    let fixture = Fixture::start();
    // Just fetched, cooling down, refetched.
    assert_is_row_17(&fixture.ask(&fixture.unknown()).await);
    assert_is_row_17(&fixture.ask(&fixture.unknown()).await);
    fixture.clock.advance(COOL_DOWN);
    assert_is_row_17(&fixture.ask(&fixture.unknown()).await);
    assert_eq!(fixture.server.asked(), 2);
}

#[tokio::test]
async fn row_18_the_last_refresh_failed() {
    let fixture = Fixture::start().warm().await;
    fixture.server.send(status(SERVER_ERROR));
    fixture.clock.advance(COOL_DOWN);
    // Nobody asks for the sake of a token before the cool-down ends: half a minute for all of them.
    assert_is_unavailable(&fixture.ask(&fixture.unknown()).await, "30");
    assert_is_unavailable(&fixture.ask(&fixture.unknown()).await, "30");
}

#[tokio::test]
async fn row_18_the_wait_is_rounded_up_and_never_nought() {
    let fixture = Fixture::start().warm().await;
    fixture.server.send(status(SERVER_ERROR));
    fixture.clock.advance(COOL_DOWN);
    assert_eq!(fixture.verdict(&fixture.unknown()).await, DOWN);
    for (advance, told) in [
        (NANOSECOND, "30"),
        (just_before(SECOND), "29"),
        (SECOND / 2, "29"),
        (28 * SECOND, "1"),
        (just_before(SECOND / 2), "1"),
    ] {
        fixture.clock.advance(advance);
        assert_is_unavailable(&fixture.ask(&fixture.unknown()).await, told);
    }
    assert_eq!(fixture.server.asked(), 2);
    // The server is well again, and the answer is that of a healthy set.
    fixture.server.serve(&fixture.issuer.jwks());
    fixture.clock.advance(NANOSECOND);
    assert_is_row_17(&fixture.ask(&fixture.unknown()).await);
    assert_eq!(fixture.server.asked(), 3);
}

#[tokio::test]
async fn row_19_there_is_no_key_set() {
    let fixture = Fixture::start();
    fixture.server.send(status("404 Not Found"));
    for token in [fixture.known(), fixture.unknown(), fixture.forged()] {
        // Back-off after a first failure is less than a second.
        assert_is_unavailable(&fixture.ask(&token).await, "1");
    }
    let fixture = Fixture::start().warm().await;
    fixture.server.send(status("404 Not Found"));
    fixture.clock.advance(LIFETIME + STALE_BOUND);
    for token in [fixture.known(), fixture.unknown(), fixture.forged()] {
        assert_is_unavailable(&fixture.ask(&token).await, "1");
    }
}

#[tokio::test]
async fn a_key_server_that_says_when_to_come_back_is_left_alone_until_then() {
    // What it says, and what that comes to where there are keys and where there are none. Nobody is sent away
    // for longer than the longest back-off, and a date says nothing.
    for (says, with_keys, without) in
        [("45", 45, 45), ("3600", 60, 60), ("7", 30, 7), ("Fri, 31 Dec 2999 23:59:59 GMT", 30, 1)]
    {
        let warm = Fixture::start().warm().await;
        warm.clock.advance(COOL_DOWN);
        for (fixture, wait, asked) in [(Fixture::start(), without, 0), (warm, with_keys, 1)] {
            fixture.server.send(answer("429 Too Many Requests", &[("Retry-After", says)], ""));
            let told = wait.to_string();
            assert_is_unavailable(&fixture.ask(&fixture.unknown()).await, &told);
            assert_eq!(fixture.server.asked(), asked + 1, "{says}: asked once");
            // The back-off after a first failure is cut by chance.
            if wait > 1 {
                fixture.clock.advance(just_before(wait * SECOND));
                assert_is_unavailable(&fixture.ask(&fixture.unknown()).await, "1");
                assert_eq!(fixture.server.asked(), asked + 1, "{says}: too early");
            }
            fixture.server.serve(&fixture.issuer.jwks());
            fixture.clock.advance(wait * SECOND);
            assert_is_row_17(&fixture.ask(&fixture.unknown()).await);
            assert_eq!(fixture.server.asked(), asked + 2);
        }
    }
}

#[tokio::test]
async fn row_20_on_request_it_is_the_clients_fault() {
    let fixture = Fixture::start();
    fixture.server.send(status("404 Not Found"));
    let layer = JwtAuthLayer::new(fixture.verifier.clone()).unauthorized_while_keys_unavailable();
    for token in [fixture.known(), fixture.unknown(), fixture.forged()] {
        let reply = ask(&layer, bearer(&token)).await;
        assert_eq!(reply.verdict(), (401, Some(ErrorKind::KeysUnavailable)));
        let challenge = reply.header("www-authenticate").unwrap();
        assert!(challenge.contains(r#"error="invalid_token""#), "{challenge}");
        assert_eq!(reply.header("retry-after"), None);
    }
    fixture.server.serve(&fixture.issuer.jwks());
    fixture.clock.advance(SECOND);
    assert_eq!(ask(&layer, bearer(&fixture.known())).await.verdict(), (200, None));
}

#[tokio::test]
async fn what_the_key_server_says_and_where_it_is_stays_here() {
    let secret = "s3cret-of-the-key-server";
    let answers = [
        format!("HTTP/1.1 500 {secret}\r\nContent-Length: 24\r\n\r\n{secret}").into_bytes(),
        format!("HTTP/1.1 302 Found\r\nLocation: http://{secret}/\r\n\r\n").into_bytes(),
        document(secret),
        secret.as_bytes().to_vec(),
    ];
    for bytes in answers {
        for age in [None, Some(COOL_DOWN), Some(LIFETIME + STALE_BOUND)] {
            let fixture = Fixture::start();
            let fixture = if age.is_some() { fixture.warm().await } else { fixture };
            fixture.clock.advance(age.unwrap_or_default());
            let sent = bytes.clone();
            fixture.server.act(move |_, _| Act::Send(sent.clone()));
            let reply = fixture.ask(&fixture.unknown()).await;
            assert_eq!(reply.verdict(), DOWN);
            let shown = format!("{:?} {} {:?}", reply.headers, reply.text(), reply.error);
            let port = fixture.server.url("").rsplit_once(':').unwrap().1.to_owned();
            for hidden in [secret, "127.0.0.1", &*port, "key server", "/keys", "redirect", "500"] {
                assert!(!shown.contains(hidden), "{hidden}: {shown}");
            }
            assert_eq!(reply.json()["detail"], "The access token cannot be verified at the moment");
        }
    }
}
