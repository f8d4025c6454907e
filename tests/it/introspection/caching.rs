//! How long answers are cached, on both sides of each boundary.

use std::time::Duration;

use tower_jwt_auth::revocation::{Presented, Revocation, Standing};
use tower_jwt_auth::{Answer, Error, Verifier};

use super::fixture::{
    ACCEPTED, ACTIVE_FOR, Act, Fixture, ISSUER, NANOSECOND, OTHERS_FOR, REVOKED, SECOND, UNKNOWN,
    Verdict, just_before,
};

/// Asks, and asks again just before and at the boundary, when the endpoint answers the contrary.
async fn boundary(
    fixture: &Fixture,
    token: &str,
    first: Verdict,
    then: (Act, Verdict),
    at: Duration,
) {
    let calls = fixture.endpoint.calls();
    assert_eq!(fixture.verdict(token).await, first);
    fixture.endpoint.act(then.0);
    tokio::time::advance(just_before(at)).await;
    assert_eq!(fixture.verdict(token).await, first, "just before {at:?}");
    assert_eq!(fixture.endpoint.calls(), calls + 1, "just before {at:?}");
    tokio::time::advance(NANOSECOND).await;
    assert_eq!(fixture.verdict(token).await, then.1, "at {at:?}");
    assert_eq!(fixture.endpoint.calls(), calls + 2, "at {at:?}");
}

#[tokio::test(start_paused = true)]
async fn active_answers_are_cached_for_thirty_seconds() {
    let fixture = Fixture::start(Act::active());
    let token = fixture.token("t1");
    boundary(&fixture, &token, ACCEPTED, (Act::revoked(), REVOKED), ACTIVE_FOR).await;
}

#[tokio::test(start_paused = true)]
async fn revoked_answers_are_cached_for_five_seconds() {
    let fixture = Fixture::start(Act::revoked());
    let token = fixture.token("t1");
    boundary(&fixture, &token, REVOKED, (Act::active(), ACCEPTED), OTHERS_FOR).await;
}

#[tokio::test(start_paused = true)]
async fn answers_that_the_token_causes_are_cached_for_five_seconds() {
    for act in [
        Act::status(400),
        Act::json(r#"{"active":true,"jti":"other"}"#),
        Act::json("{}"),
        Act::json(r#"{"active":true,"name":"\ud800"}"#),
        Act::json("x".repeat(64 * 1024 + 1)),
    ] {
        let fixture = Fixture::start(act);
        let token = fixture.token("t1");
        boundary(&fixture, &token, UNKNOWN, (Act::active(), ACCEPTED), OTHERS_FOR).await;
    }
}

#[tokio::test(start_paused = true)]
async fn failures_of_the_endpoint_are_not_cached() {
    for act in [Act::status(401), Act::Break, Act::Panic] {
        let fixture = Fixture::start(act.clone());
        let token = fixture.token("t1");
        assert_eq!(fixture.verdict(&token).await, UNKNOWN, "{act:?}");
        fixture.endpoint.act(Act::active());
        assert_eq!(fixture.verdict(&token).await, ACCEPTED, "{act:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failing_status_is_cached_for_a_second() {
    let fixture = Fixture::start(Act::status(500));
    let token = fixture.token("t1");
    boundary(&fixture, &token, UNKNOWN, (Act::active(), ACCEPTED), SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn the_expiry_in_the_answer_ends_the_cache() {
    // 2026-01-01T00:00:10Z
    let fixture = Fixture::start(Act::json(r#"{"active":true,"exp":1767225610}"#));
    let token = fixture.token("t1");
    boundary(&fixture, &token, ACCEPTED, (Act::revoked(), REVOKED), 10 * SECOND).await;
    // An answer that has expired is not cached at all.
    let fixture = Fixture::start(Act::json(r#"{"active":true,"exp":1767225600}"#));
    for _ in 0..3 {
        assert_eq!(fixture.verdict(&fixture.token("t1")).await, ACCEPTED);
    }
    assert_eq!(fixture.endpoint.calls(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_expiry_of_the_token_ends_the_cache() {
    let fixture = Fixture::start(Act::active());
    let token = fixture.issuer.token().subject("ada").expires_in(10 * SECOND).mint();
    // The leeway of the verifier accepts the token for another minute.
    boundary(&fixture, &token, ACCEPTED, (Act::revoked(), REVOKED), 10 * SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn the_age_of_an_answer_counts_from_the_request() {
    let fixture = Fixture::start(Act::After(SECOND, Box::new(Act::active())));
    let token = fixture.token("t1");
    assert_eq!(fixture.verdict(&token).await, ACCEPTED);
    fixture.endpoint.act(Act::revoked());
    tokio::time::advance(Duration::from_millis(28_990)).await;
    assert_eq!(fixture.verdict(&token).await, ACCEPTED);
    tokio::time::advance(Duration::from_millis(10)).await;
    assert_eq!(fixture.verdict(&token).await, REVOKED);
}

#[tokio::test(start_paused = true)]
async fn the_time_in_the_cache_can_be_shortened() {
    let settings =
        |time| move |it: super::Builder| it.allow_unsigned_answers().cache_active_for(time);
    let fixture = Fixture::with(Act::active(), settings(SECOND));
    boundary(&fixture, &fixture.token("t1"), ACCEPTED, (Act::revoked(), REVOKED), SECOND).await;
    let fixture = Fixture::with(Act::active(), settings(Duration::ZERO));
    for calls in 1..4 {
        assert_eq!(fixture.verdict(&fixture.token("t1")).await, ACCEPTED);
        assert_eq!(fixture.endpoint.calls(), calls);
    }
}

#[tokio::test(start_paused = true)]
async fn each_token_has_its_own_answer() {
    let fixture = Fixture::start(Act::active());
    let tokens: Vec<_> = (0..10).map(|id| fixture.token(&id.to_string())).collect();
    let bad = tokens[7].clone();
    fixture.endpoint.script(move |request| {
        if request.form.contains(&bad) { Act::revoked() } else { Act::active() }
    });
    for _ in 0..3 {
        for (id, token) in tokens.iter().enumerate() {
            let expected = if id == 7 { REVOKED } else { ACCEPTED };
            assert_eq!(fixture.verdict(token).await, expected, "{id}");
        }
    }
    assert_eq!(fixture.endpoint.calls(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_cached_answer_needs_neither_wait_nor_runtime() {
    let fixture = Fixture::start(Act::active());
    let token = fixture.token("t1");
    // Synchronous verification cannot wait for the call, which continues.
    assert!(fixture.verifier.verify_now(&token).is_err());
    super::fixture::settle().await;
    assert!(fixture.verifier.verify_now(&token).is_ok());
    let verifier = fixture.verifier.clone();
    let outside = std::thread::spawn(move || verifier.verify_now(&token).is_ok());
    assert!(outside.join().unwrap());
    assert_eq!(fixture.endpoint.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_cached_answer_survives_an_outage_for_its_time() {
    let fixture = Fixture::start(Act::active());
    let token = fixture.token("t1");
    assert_eq!(fixture.verdict(&token).await, ACCEPTED);
    fixture.endpoint.act(Act::Break);
    for id in 0..10 {
        assert_eq!(fixture.verdict(&fixture.token(&format!("new {id}"))).await, UNKNOWN);
    }
    tokio::time::advance(just_before(ACTIVE_FOR)).await;
    assert_eq!(fixture.verdict(&token).await, ACCEPTED);
    tokio::time::advance(NANOSECOND).await;
    assert_eq!(fixture.verdict(&token).await, UNKNOWN);
}

/// A second check that records the digest.
#[derive(Debug, Default)]
struct Digests(std::sync::Arc<std::sync::Mutex<Vec<[u8; 32]>>>);

impl Revocation for Digests {
    fn check(&self, presented: &Presented<'_>) -> Answer<Result<Standing, Error>> {
        self.0.lock().unwrap().push(presented.digest());
        Answer::now(Ok(Standing::Active))
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_signature_of_a_token_shares_its_answer() {
    let fixture = Fixture::start(Act::revoked());
    let first = fixture.token("t1");
    // ECDSA signatures are not unique: this one has the same content and another signature.
    let (content, _) = first.rsplit_once('.').unwrap();
    let second = fixture.issuer.sign_encoded(content);
    let digests = Digests::default();
    let seen = std::sync::Arc::clone(&digests.0);
    let verifier = Verifier::jwks(fixture.issuer.jwks()).issuer(ISSUER).any_audience();
    let verifier = verifier.clock(fixture.clock).revocation(digests).build().unwrap();
    for token in [&first, &second] {
        verifier.verify_now(token).unwrap();
        assert_eq!(fixture.verdict(token).await, REVOKED);
    }
    let seen = seen.lock().unwrap();
    assert_eq!(seen[0], seen[1]);
    assert_eq!(fixture.endpoint.calls(), 1);
}
