//! Rows 17 to 20 of the response table: unknown keys and unavailable keys.

use tower_jwt_auth::{ErrorKind, JwtAuthLayer};

use super::fixture::{
    COOLDOWN, DOWN, Fixture, LIFETIME, NANOSECOND, SECOND, STALE_BOUND, UNKNOWN, ask, just_before,
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
async fn row_17_an_unknown_key_is_a_401() {
    let fixture = Fixture::start();
    // After the first fetch, during the cooldown, and after the next fetch.
    assert_is_row_17(&fixture.ask(&fixture.unknown()).await);
    assert_is_row_17(&fixture.ask(&fixture.unknown()).await);
    fixture.clock.advance(COOLDOWN);
    assert_is_row_17(&fixture.ask(&fixture.unknown()).await);
    assert_eq!(fixture.server.asked(), 2);
}

#[tokio::test]
async fn row_18_a_failed_refresh_is_a_503() {
    let fixture = Fixture::start().warm().await;
    fixture.server.send(status(SERVER_ERROR));
    fixture.clock.advance(COOLDOWN);
    // No token starts a fetch before the cooldown ends, so all of them get its 30 seconds.
    assert_is_unavailable(&fixture.ask(&fixture.unknown()).await, "30");
    assert_is_unavailable(&fixture.ask(&fixture.unknown()).await, "30");
}

#[tokio::test]
async fn row_18_retry_after_is_rounded_up_and_never_zero() {
    let fixture = Fixture::start().warm().await;
    fixture.server.send(status(SERVER_ERROR));
    fixture.clock.advance(COOLDOWN);
    assert_eq!(fixture.verdict(&fixture.unknown()).await, DOWN);
    for (advance, expected) in [
        (NANOSECOND, "30"),
        (just_before(SECOND), "29"),
        (SECOND / 2, "29"),
        (28 * SECOND, "1"),
        (just_before(SECOND / 2), "1"),
    ] {
        fixture.clock.advance(advance);
        assert_is_unavailable(&fixture.ask(&fixture.unknown()).await, expected);
    }
    assert_eq!(fixture.server.asked(), 2);
    // The server has recovered, and the response is that of a healthy set.
    fixture.server.serve(&fixture.issuer.jwks());
    fixture.clock.advance(NANOSECOND);
    assert_is_row_17(&fixture.ask(&fixture.unknown()).await);
    assert_eq!(fixture.server.asked(), 3);
}

#[tokio::test]
async fn row_19_a_missing_key_set_is_a_503() {
    let fixture = Fixture::start();
    fixture.server.send(status("404 Not Found"));
    for token in [fixture.known(), fixture.unknown(), fixture.forged()] {
        // The backoff after a first failure is less than a second.
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
async fn the_retry_after_of_the_key_server_is_honoured() {
    // The `Retry-After` of the server, and the wait with keys and without keys. The wait is at most the longest
    // backoff, and a date is ignored.
    for (sent_value, with_keys, without) in
        [("45", 45, 45), ("3600", 60, 60), ("7", 30, 7), ("Fri, 31 Dec 2999 23:59:59 GMT", 30, 1)]
    {
        let warm = Fixture::start().warm().await;
        warm.clock.advance(COOLDOWN);
        for (fixture, wait, asked) in [(Fixture::start(), without, 0), (warm, with_keys, 1)] {
            fixture.server.send(answer(
                "429 Too Many Requests",
                &[("Retry-After", sent_value)],
                "",
            ));
            let expected = wait.to_string();
            assert_is_unavailable(&fixture.ask(&fixture.unknown()).await, &expected);
            assert_eq!(fixture.server.asked(), asked + 1, "{sent_value}: asked once");
            // The backoff after a first failure is jittered.
            if wait > 1 {
                fixture.clock.advance(just_before(wait * SECOND));
                assert_is_unavailable(&fixture.ask(&fixture.unknown()).await, "1");
                assert_eq!(fixture.server.asked(), asked + 1, "{sent_value}: too early");
            }
            fixture.server.serve(&fixture.issuer.jwks());
            fixture.clock.advance(wait * SECOND);
            assert_is_row_17(&fixture.ask(&fixture.unknown()).await);
            assert_eq!(fixture.server.asked(), asked + 2);
        }
    }
}

#[tokio::test]
async fn row_20_unavailable_keys_are_a_401_if_so_configured() {
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
async fn responses_hide_the_key_server_and_its_content() {
    let secret = "s3cret-of-the-key-server";
    let answers = [
        format!("HTTP/1.1 500 {secret}\r\nContent-Length: 24\r\n\r\n{secret}").into_bytes(),
        format!("HTTP/1.1 302 Found\r\nLocation: http://{secret}/\r\n\r\n").into_bytes(),
        document(secret),
        secret.as_bytes().to_vec(),
    ];
    for bytes in answers {
        for age in [None, Some(COOLDOWN), Some(LIFETIME + STALE_BOUND)] {
            let fixture = Fixture::start();
            let fixture = if age.is_some() { fixture.warm().await } else { fixture };
            fixture.clock.advance(age.unwrap_or_default());
            let sent = bytes.clone();
            fixture.server.act(move |_, _| Act::Send(sent.clone()));
            let reply = fixture.ask(&fixture.unknown()).await;
            assert_eq!(reply.verdict(), DOWN);
            let shown = format!("{:?} {} {:?}", reply.headers, reply.text(), reply.error);
            let port = fixture.server.url("").rsplit_once(':').unwrap().1.to_owned();
            for hidden in
                [secret, "127.0.0.1", &*port, "key server", "/keys", "redirect", "status 500"]
            {
                assert!(!shown.contains(hidden), "{hidden}: {shown}");
            }
            assert_eq!(reply.json()["detail"], "The access token cannot be verified at the moment");
        }
    }
}
