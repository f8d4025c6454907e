//! Concurrent requests with one token share one call, which none of them can cancel.

use futures_util::FutureExt;
use futures_util::future::join_all;

use super::fixture::{ACCEPTED, Act, Fixture, REVOKED, SECOND, UNKNOWN, settle};

#[tokio::test(start_paused = true)]
async fn concurrent_requests_with_one_token_cause_one_call() {
    for (act, expected) in
        [(Act::active(), ACCEPTED), (Act::revoked(), REVOKED), (Act::status(500), UNKNOWN)]
    {
        let fixture = Fixture::start(Act::After(SECOND, Box::new(act)));
        let (token, other) = (fixture.token("t1"), fixture.token("t2"));
        let requests = (0..100).map(|_| fixture.verdict(&token));
        assert!(join_all(requests).await.into_iter().all(|verdict| verdict == expected));
        assert_eq!(fixture.endpoint.calls(), 1);
        // Another token has its own call.
        assert_eq!(fixture.verdict(&other).await, expected);
        assert_eq!(fixture.endpoint.calls(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn dropped_requests_do_not_cancel_the_call() {
    let fixture = Fixture::start(Act::After(SECOND, Box::new(Act::active())));
    let token = fixture.token("t1");
    let first = fixture.verifier.verify(&token);
    let second = fixture.verifier.verify(&token);
    settle().await;
    drop(first);
    assert!(second.await.is_ok());
    assert_eq!(fixture.endpoint.calls(), 1);
    // Even if nothing waits, the answer is cached.
    let other = fixture.token("t2");
    assert!(fixture.verifier.verify(&other).now_or_never().is_none());
    tokio::time::sleep(SECOND + SECOND / 10).await;
    assert!(fixture.verifier.verify_now(&other).is_ok());
    assert_eq!(fixture.endpoint.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn clones_share_answers_and_separate_checks_do_not() {
    let fixture = Fixture::start(Act::active());
    let token = fixture.token("t1");
    let verifier = |check| {
        let verifier = tower_jwt_auth::Verifier::jwks(fixture.issuer.jwks());
        let verifier = verifier.issuer(super::fixture::ISSUER).any_audience().revocation(check);
        verifier.clock(fixture.clock).build().unwrap()
    };
    assert_eq!(fixture.verdict(&token).await, ACCEPTED);
    assert!(verifier(fixture.introspection.clone()).verify_now(&token).is_ok());
    let separate = Fixture::start(Act::revoked());
    assert!(verifier(separate.introspection.clone()).verify(&token).await.is_err());
    assert_eq!((fixture.endpoint.calls(), separate.endpoint.calls()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threads_share_calls_and_answers() {
    let fixture = Fixture::start(Act::active());
    let tokens: Vec<_> = (0..10).map(|id| fixture.token(&id.to_string())).collect();
    let revoked = tokens[3].clone();
    fixture.endpoint.script(move |request| {
        if request.form.contains(&revoked) { Act::revoked() } else { Act::active() }
    });
    let tasks = (0..50).map(|_| {
        let (verifier, tokens) = (fixture.verifier.clone(), tokens.clone());
        tokio::spawn(async move {
            for _ in 0..20 {
                for (id, token) in tokens.iter().enumerate() {
                    assert_eq!(verifier.verify(token).await.is_ok(), id != 3, "{id}");
                }
            }
        })
    });
    for task in join_all(tasks).await {
        task.unwrap();
    }
    assert_eq!(fixture.endpoint.calls(), 10);
}
