//! When the endpoint is called again after failures.

use std::time::Duration;

use futures_util::FutureExt;

use super::fixture::{
    ACCEPTED, Act, Fixture, NANOSECOND, PAUSE, REVOKED, SECOND, TIMEOUT, UNKNOWN, just_before,
    settle,
};

/// Asks about a new token that often.
async fn fail(fixture: &Fixture, times: usize) {
    for _ in 0..times {
        let token = fixture.token(&format!("failure {}", fixture.endpoint.calls()));
        assert_eq!(fixture.verdict(&token).await, UNKNOWN);
    }
}

#[tokio::test(start_paused = true)]
async fn five_failures_stop_the_calls_for_five_seconds() {
    for act in [
        Act::status(500),
        Act::status(401),
        Act::status(404),
        Act::status(302),
        Act::Break,
        Act::Panic,
        Act::Answer(200, "text/html", String::new()),
    ] {
        let fixture = Fixture::start(act.clone());
        fail(&fixture, 5).await;
        assert_eq!(fixture.endpoint.calls(), 5, "{act:?}");
        // No call, no wait, and the rest of the pause for the client.
        fixture.endpoint.act(Act::active());
        let token = fixture.token("t1");
        let reply = fixture.ask(&token).now_or_never().expect("it must not wait");
        assert_eq!((reply.verdict(), reply.header("retry-after")), (UNKNOWN, Some("5")), "{act:?}");
        tokio::time::advance(just_before(PAUSE)).await;
        let reply = fixture.ask(&token).now_or_never().expect("it must not wait");
        assert_eq!((reply.verdict(), reply.header("retry-after")), (UNKNOWN, Some("1")), "{act:?}");
        assert_eq!(fixture.endpoint.calls(), 5, "{act:?}");
        tokio::time::advance(NANOSECOND).await;
        assert_eq!(fixture.verdict(&token).await, ACCEPTED, "{act:?}");
        assert_eq!(fixture.endpoint.calls(), 6, "{act:?}");
        let labels = fixture.labels();
        // A panic is not reported to the observer.
        let seen = labels.len() - 3;
        assert_eq!(labels[seen..], ["paused", "paused", "active"], "{act:?}");
        assert_eq!(seen, if matches!(act, Act::Panic) { 0 } else { 5 }, "{act:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_token_cannot_stop_the_calls_for_others() {
    for act in
        [Act::status(400), Act::status(500), Act::json("{}"), Act::json("x".repeat(64 * 1024 + 1))]
    {
        let fixture = Fixture::start(act.clone());
        let token = fixture.token("t1");
        for _ in 0..20 {
            // Its answer is no longer cached. A pause would begin with the last failure.
            tokio::time::advance(Duration::from_secs(5)).await;
            assert_eq!(fixture.verdict(&token).await, UNKNOWN, "{act:?}");
        }
        assert_eq!(fixture.endpoint.calls(), 20, "{act:?}");
        fixture.endpoint.act(Act::active());
        assert_eq!(fixture.verdict(&fixture.token("t2")).await, ACCEPTED, "{act:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn four_failures_or_a_success_between_do_not() {
    let fixture = Fixture::start(Act::status(500));
    for answer in [Act::active(), Act::revoked(), Act::status(400)] {
        fixture.endpoint.act(Act::status(500));
        fail(&fixture, 4).await;
        // The endpoint answers, even if the token is revoked or it does not answer for this token.
        fixture.endpoint.act(answer);
        fixture.verdict(&fixture.token(&fixture.endpoint.calls().to_string())).await;
    }
    assert_eq!(fixture.endpoint.calls(), 15);
    assert!(!fixture.labels().contains(&"paused"));
}

#[tokio::test(start_paused = true)]
async fn one_call_tests_the_endpoint_after_a_pause() {
    let fixture = Fixture::start(Act::status(500));
    fail(&fixture, 5).await;
    fixture.endpoint.act(Act::After(SECOND, Box::new(Act::status(500))));
    for round in 1..=3 {
        tokio::time::advance(PAUSE).await;
        let trial = fixture.verifier.verify(&fixture.token("trial"));
        settle().await;
        assert_eq!(fixture.endpoint.calls(), 5 + round);
        // Others do not wait for it. A request with the same token does.
        let other = fixture.ask(&fixture.token("other")).now_or_never();
        assert_eq!(other.expect("it must not wait").verdict(), UNKNOWN);
        assert!(fixture.ask(&fixture.token("trial")).now_or_never().is_none());
        assert!(trial.await.is_err());
        // The failed trial starts another pause.
        let other = fixture.ask(&fixture.token("other")).now_or_never();
        assert_eq!(other.expect("it must not wait").header("retry-after"), Some("5"));
        assert_eq!(fixture.endpoint.calls(), 5 + round);
    }
    fixture.endpoint.act(Act::revoked());
    tokio::time::advance(PAUSE).await;
    assert_eq!(fixture.verdict(&fixture.token("trial")).await, REVOKED);
    assert_eq!(fixture.verdict(&fixture.token("other")).await, REVOKED);
}

#[tokio::test(start_paused = true)]
async fn a_waiting_request_learns_when_to_retry() {
    let fixture = Fixture::start(Act::Never);
    let replies: Vec<_> = (0..5).map(|id| fixture.token(&id.to_string())).collect();
    let replies = replies.iter().map(|token| fixture.ask(token));
    let replies = futures_util::future::join_all(replies).await;
    let retry_after: Vec<_> = replies.iter().map(|it| it.header("retry-after")).collect();
    assert_eq!(retry_after, [Some("5"); 5]);
    // A single failure does not start a pause.
    tokio::time::advance(PAUSE).await;
    fixture.endpoint.act(Act::active());
    assert_eq!(fixture.verdict(&fixture.token("t1")).await, ACCEPTED);
    fixture.endpoint.act(Act::Never);
    let error = fixture.verifier.verify(&fixture.token("t2")).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(SECOND));
}

#[tokio::test(start_paused = true)]
async fn late_failures_do_not_extend_the_pause() {
    let fixture = Fixture::start(Act::Never);
    let early: Vec<_> = (0..5).map(|id| fixture.token(&format!("early {id}"))).collect();
    let early: Vec<_> = early.iter().map(|token| fixture.verifier.verify(token)).collect();
    settle().await;
    tokio::time::advance(TIMEOUT.saturating_sub(SECOND)).await;
    let late = fixture.verifier.verify(&fixture.token("late"));
    settle().await;
    assert!(futures_util::future::join_all(early).await.iter().all(Result::is_err));
    assert!(late.await.is_err());
    fixture.endpoint.act(Act::active());
    // A second of the pause has passed.
    tokio::time::advance(PAUSE.saturating_sub(SECOND)).await;
    assert_eq!(fixture.verdict(&fixture.token("t1")).await, ACCEPTED);
    assert_eq!(Duration::from_secs(5), PAUSE);
}
