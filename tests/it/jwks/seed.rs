//! Keys from the deployment package, until they can be fetched.

use tower_jwt_auth::BuildError;
use tower_jwt_auth::error::{Problem, ProblemKind};
use tower_jwt_auth::jwks::RemoteJwks;
use tower_jwt_auth::key::KeySetState;
use tower_jwt_auth::testing::TestIssuer;

use super::fixture::{DOWN, Fixture, GOOD, LIFETIME, STALE_BOUND, UNKNOWN, just_before};
use crate::support::answers::status;

/// The keys of the server, packaged before it rotated to another key.
fn seeded() -> Fixture {
    let packaged = TestIssuer::es256().key_id("known").jwks();
    let fixture = Fixture::with(|it| it.seed(packaged));
    fixture.server.serve(&fixture.next_issuer().jwks());
    fixture
}

#[tokio::test]
async fn a_seed_is_used_at_once_and_refreshed_behind() {
    let fixture = seeded();
    assert_eq!(fixture.keys.health().state, KeySetState::Fresh);
    assert!(fixture.keys.warm().await.is_ok());
    assert_eq!(fixture.verdict(&fixture.known()).await, GOOD);
    fixture.events.wait_for_fetches(1).await;
    assert_eq!(fixture.events.all(), ["schedule replaced"]);
    // The key was withdrawn since the document was packaged.
    assert_eq!(fixture.verdict(&fixture.known()).await, UNKNOWN);
    assert_eq!(fixture.verdict(&fixture.next_issuer().token().mint()).await, GOOD);
    assert_eq!(fixture.server.asked(), 1);
}

#[tokio::test]
async fn a_token_with_a_newer_key_waits_for_a_fetch() {
    let fixture = seeded();
    assert_eq!(fixture.verdict(&fixture.next_issuer().token().mint()).await, GOOD);
}

#[tokio::test]
async fn a_seed_ends_with_the_stale_bound() {
    let fixture = seeded();
    fixture.server.send(status("503 Service Unavailable"));
    assert_eq!(fixture.verdict(&fixture.known()).await, GOOD);
    fixture.events.wait_for_fetches(1).await;
    fixture.clock.advance(LIFETIME);
    assert_eq!(fixture.keys.health().state, KeySetState::Stale);
    fixture.clock.advance(just_before(STALE_BOUND));
    assert_eq!(fixture.verdict(&fixture.known()).await, GOOD);
    fixture.clock.advance(super::fixture::NANOSECOND);
    assert_eq!(fixture.verdict(&fixture.known()).await, DOWN);
}

#[test]
fn a_seed_without_a_usable_key_does_not_build() {
    for (seed, kind) in [
        (TestIssuer::es256().jwks(), None),
        (String::new(), Some(ProblemKind::InvalidKey)),
        ("<html>".to_owned(), Some(ProblemKind::InvalidKey)),
        (r#"{"keys":[]}"#.to_owned(), Some(ProblemKind::MissingKeys)),
        (r#"{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}"#.to_owned(), Some(ProblemKind::MissingKeys)),
    ] {
        let error = RemoteJwks::url("https://auth.example.com/keys").seed(&seed).build().err();
        let problems = error.as_ref().map(BuildError::problems).unwrap_or_default();
        let kinds: Vec<_> = problems.iter().map(Problem::kind).collect();
        assert_eq!(kinds, Vec::from_iter(kind), "{seed}");
    }
}
