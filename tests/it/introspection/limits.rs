//! The limits on calls, waiting requests and time.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use tokio::time::Instant;
use tower_jwt_auth::introspection::Introspection;
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{ErrorKind, Verifier};

use super::fixture::{
    ACCEPTED, Act, CLIENT, Endpoint, Fixture, ISSUER, SECOND, SECRET, TIMEOUT, UNKNOWN, URL,
    Virtual, settle,
};

#[tokio::test(start_paused = true)]
async fn a_call_over_the_limit_is_rejected_at_once() {
    let fixture = Fixture::with(Act::Never, |it| it.allow_unsigned_answers().max_calls(3));
    let tokens: Vec<_> = (0..4).map(|id| fixture.token(&id.to_string())).collect();
    let waiting: Vec<_> = tokens[..3].iter().map(|it| fixture.verifier.verify(it)).collect();
    settle().await;
    let reply = fixture.ask(&tokens[3]).now_or_never().expect("it must not wait");
    assert_eq!(reply.verdict(), UNKNOWN);
    assert_eq!(reply.header("retry-after"), Some("2"));
    let detail = "too many introspection calls are under way";
    assert_eq!(reply.error.unwrap().detail(), Some(detail));
    // A token whose call is under way joins it.
    assert!(fixture.ask(&tokens[0]).now_or_never().is_none());
    assert_eq!(fixture.endpoint.calls(), 3);
    assert!(join_all(waiting).await.iter().all(Result::is_err));
    // The calls have ended, so another may start.
    fixture.endpoint.act(Act::active());
    assert_eq!(fixture.verdict(&tokens[3]).await, ACCEPTED);
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_at_the_timeout() {
    for limit in [TIMEOUT, SECOND / 2] {
        for act in [Act::Never, Act::After(SECOND * 60, Box::new(Act::active()))] {
            let fixture = Fixture::with(act, |it| it.allow_unsigned_answers().timeout(limit));
            let started = Instant::now();
            assert_eq!(fixture.verdict(&fixture.token("t1")).await, UNKNOWN);
            let took = started.elapsed();
            assert!(took >= limit && took < limit + SECOND / 100, "{took:?}");
            assert_eq!(fixture.labels(), ["timeout"]);
        }
    }
    // An answer just in time is accepted.
    let late = TIMEOUT.saturating_sub(Duration::from_millis(5));
    let fixture = Fixture::start(Act::After(late, Box::new(Act::active())));
    assert_eq!(fixture.verdict(&fixture.token("t1")).await, ACCEPTED);
}

#[tokio::test(start_paused = true)]
async fn at_most_1024_requests_wait_for_answers() {
    let fixture = Fixture::start(Act::After(SECOND, Box::new(Act::active())));
    let token = fixture.token("t1");
    let waiting: Vec<_> = (0..1024).map(|_| fixture.verifier.verify(&token)).collect();
    let rejected = fixture.verifier.verify(&token).try_now().expect("it must not wait");
    let detail = "too many requests wait for introspection answers";
    assert_eq!(rejected.unwrap_err().detail(), Some(detail));
    assert!(join_all(waiting).await.iter().all(Result::is_ok));
    assert!(fixture.verifier.verify(&token).try_now().unwrap().is_ok());
    assert_eq!(fixture.endpoint.calls(), 1);
}

#[test]
fn without_a_runtime_or_timers_no_call_starts() {
    // An immediate answer, and no virtual time: the clock of the system.
    let endpoint = Endpoint::new(Act::active());
    let introspection = Introspection::endpoint(URL, ISSUER)
        .client_secret_basic(CLIENT, SECRET)
        .allow_unsigned_answers()
        .client(endpoint.clone())
        .build();
    let issuer = TestIssuer::es256().issuer(ISSUER);
    let verifier = Verifier::jwks(issuer.jwks()).issuer(ISSUER).any_audience();
    let verifier = verifier.revocation(introspection.unwrap()).build().unwrap();
    let token = issuer.token().mint();
    let verify = || {
        let answer = verifier.verify(&token).now_or_never();
        answer.map(|it| it.map(drop).map_err(|error| (error.kind(), error.detail())))
    };
    let unknown = |detail| Some(Err((ErrorKind::RevocationUnavailable, Some(detail))));
    assert_eq!(verify(), unknown("token introspection needs a Tokio runtime"));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let detail =
        "there is no timer for the introspection call; build the Tokio runtime with `enable_time`";
    assert_eq!(runtime.block_on(async { verify() }), unknown(detail));
    drop(runtime);
    assert_eq!(endpoint.calls(), 0);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async { verifier.verify(&token).await }).unwrap();
}

#[test]
fn a_runtime_that_ends_aborts_the_call() {
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_time().start_paused(true).build().unwrap()
    };
    let first = runtime();
    let (fixture, waiting) = first.block_on(async {
        let fixture = Fixture::start(Act::Never);
        let waiting = fixture.verifier.verify(&fixture.token("t1"));
        settle().await;
        (fixture, waiting)
    });
    drop(first);
    let error = waiting.now_or_never().expect("the call has ended").unwrap_err();
    assert_eq!(error.detail(), Some("the introspection call ended without a result"));
    // The next runtime is not blocked by it.
    let second = runtime();
    second.block_on(async {
        let clock = Virtual::start();
        let issuer = TestIssuer::es256().issuer(ISSUER).audience("orders").clock(clock);
        fixture.endpoint.act(Act::active());
        assert_eq!(fixture.verdict(&issuer.token().mint()).await, ACCEPTED);
    });
}
