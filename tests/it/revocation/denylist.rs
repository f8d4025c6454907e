//! What a denylist matches, and for how long.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tower_jwt_auth::claims::NumericDate;
use tower_jwt_auth::observe::Event;
use tower_jwt_auth::revocation::{Denylist, Entry, Revocation, Revoke};
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{Algorithm, ErrorKind, Issuer, Policy, Verifier};

use crate::support::tokens::{NOW, Verdict, issuer, trusting, verdict};

const REVOKED: Verdict = Err(ErrorKind::TokenRevoked);
const NAME: &str = "https://auth.example.com";
/// What an entry is kept longer than it is needed.
const LEEWAY: i64 = 601;

fn date(seconds: i64) -> NumericDate {
    NumericDate::from_seconds(seconds)
}

/// A list and a verifier that asks it, with one clock.
struct Fixture {
    clock: FixedClock,
    denied: Denylist,
    issuer: TestIssuer,
    verifier: Verifier,
}

fn fixture() -> Fixture {
    with_lifetime(None)
}

fn with_lifetime(lifetime: Option<u64>) -> Fixture {
    let clock = FixedClock::new();
    let mut denied = Denylist::new().clock(clock.clone());
    if let Some(lifetime) = lifetime {
        denied = denied.lifetime(Duration::from_secs(lifetime));
    }
    let issuer = issuer(Algorithm::ES256).issuer(NAME);
    let builder = Verifier::jwks(issuer.jwks()).any_issuer().any_audience().allow_missing_expiry();
    let builder = builder.allow_numeric_subject();
    let verifier = builder.clock(clock.clone()).revocation(denied.clone()).build().unwrap();
    Fixture { clock, denied, issuer, verifier }
}

impl Fixture {
    /// The verdict on a token that never expires, with these claims.
    fn verdict(&self, claims: &serde_json::Value) -> Verdict {
        let mut token = self.issuer.token().without("exp");
        for (name, value) in claims.as_object().unwrap() {
            token = token.claim(name, value.clone());
        }
        verdict(&self.verifier, &token.mint())
    }
}

#[test]
fn a_revoked_token_is_rejected_by_its_id() {
    let it = fixture();
    it.denied.revoke_token(NAME, "a", None);
    assert_eq!(it.verdict(&json!({"jti": "a"})), REVOKED);
    for other in [
        json!({"jti": "b"}),
        json!({"jti": "A"}),
        json!({"jti": "a "}),
        json!({"jti": ""}),
        json!({}),
        // The same id of something else.
        json!({"sid": "a", "sub": "a"}),
        // The same id at another issuer.
        json!({"iss": "https://other.example.com", "jti": "a"}),
        json!({"iss": "https://auth.example.com/", "jti": "a"}),
    ] {
        assert_eq!(it.verdict(&other), Ok(()), "{other}");
    }
}

#[test]
fn a_revoked_session_is_rejected_whatever_the_token() {
    let it = fixture();
    it.denied.revoke_session(NAME, "s", None);
    for (claims, expected) in [
        (json!({"sid": "s"}), REVOKED),
        (json!({"sid": "s", "jti": "new", "iat": NOW + 5}), REVOKED),
        (json!({"sid": "t"}), Ok(())),
        (json!({"jti": "s", "sub": "s"}), Ok(())),
        (json!({"iss": "https://other.example.com", "sid": "s"}), Ok(())),
        (json!({}), Ok(())),
    ] {
        assert_eq!(it.verdict(&claims), expected, "{claims}");
    }
}

#[test]
fn a_revoked_subject_is_rejected_until_the_second() {
    let it = fixture();
    it.denied.revoke_subject(NAME, "alice", date(NOW - 60), None);
    for (claims, expected) in [
        (json!({"sub": "alice", "iat": NOW - 3600}), REVOKED),
        (json!({"sub": "alice", "iat": NOW - 61}), REVOKED),
        (json!({"sub": "alice", "iat": NOW - 60}), REVOKED),
        // Whole seconds are compared.
        (
            json!({"sub": "alice", "iat": f64::from(i32::try_from(NOW - 60).unwrap()) + 0.9}),
            REVOKED,
        ),
        (json!({"sub": "alice", "iat": NOW - 59}), Ok(())),
        (json!({"sub": "alice", "iat": -1e300}), REVOKED),
        (json!({"sub": "bob", "iat": NOW - 3600}), Ok(())),
        (json!({"sid": "alice", "jti": "alice", "sub": "bob", "iat": NOW - 3600}), Ok(())),
        (json!({"iss": "https://other.example.com", "sub": "alice", "iat": 0}), Ok(())),
    ] {
        assert_eq!(it.verdict(&claims), expected, "{claims}");
    }
}

#[test]
fn a_listed_subject_without_an_issue_time_is_rejected() {
    let it = fixture();
    it.denied.revoke_subject(NAME, "alice", date(0), None);
    let verdict = |subject: &str| {
        let token = it.issuer.token().subject(subject).without("iat").mint();
        verdict(&it.verifier, &token)
    };
    assert_eq!(verdict("alice"), REVOKED);
    assert_eq!(verdict("bob"), Ok(()));
}

#[test]
fn a_later_revocation_of_a_subject_extends_the_earlier() {
    let it = fixture();
    let issued = |iat: i64| it.verdict(&json!({"sub": "alice", "iat": iat}));
    it.denied.revoke_subject(NAME, "alice", date(NOW - 60), None);
    it.denied.revoke_subject(NAME, "alice", date(NOW - 10), None);
    assert_eq!([issued(NOW - 10), issued(NOW - 9)], [REVOKED, Ok(())]);
    // An older one takes nothing back.
    it.denied.revoke_subject(NAME, "alice", date(NOW - 600), None);
    assert_eq!([issued(NOW - 10), issued(NOW - 9)], [REVOKED, Ok(())]);
}

#[test]
fn subjects_are_found_in_the_mapped_claim_too() {
    let denied = Denylist::new();
    let issuer = issuer(Algorithm::ES256);
    let verifier = trusting(&issuer).subject_claim("uid").revocation(denied.clone());
    let verifier = verifier.build().unwrap();
    let issuer = issuer.issuer(NAME);
    for subject in ["by-sub", "by-uid"] {
        denied.revoke_subject(NAME, subject, date(NOW), None);
    }
    for (sub, uid, expected) in
        [("by-sub", "x", REVOKED), ("x", "by-uid", REVOKED), ("x", "y", Ok(()))]
    {
        let token = issuer.token().subject(sub).claim("uid", uid).mint();
        assert_eq!(verdict(&verifier, &token), expected, "{sub} {uid}");
    }
}

#[test]
fn integers_are_found_by_their_text() {
    let it = fixture();
    it.denied.revoke_subject(NAME, "17", date(NOW), None);
    it.denied.revoke_session(NAME, "17", None);
    for claim in ["sub", "sid"] {
        assert_eq!(it.verdict(&json!({claim: 17})), REVOKED, "{claim}");
        assert_eq!(it.verdict(&json!({claim: 18})), Ok(()), "{claim}");
    }
}

#[test]
fn tokens_without_an_issuer_have_the_empty_one() {
    let denied = Denylist::new();
    let issuer = issuer(Algorithm::HS256);
    let verifier = trusting(&issuer).revocation(denied.clone()).build().unwrap();
    let token = |id: &str| issuer.token().without("iss").claim("jti", id).mint();
    denied.revoke_token("", "a", None);
    assert_eq!(verdict(&verifier, &token("a")), REVOKED);
    assert_eq!(verdict(&verifier, &token("b")), Ok(()));
}

#[test]
fn an_entry_is_gone_after_its_time_and_the_leeway() {
    for (lifetime, until, end) in [
        (None, Some(date(NOW + 60)), Some(60)),
        (Some(1_000), Some(date(NOW + 60)), Some(60)),
        (Some(1_000), None, Some(1_000)),
        (None, None, None),
        // A time beyond the range never comes.
        (None, Some(date(i64::MAX)), None),
    ] {
        let it = with_lifetime(lifetime);
        it.denied.revoke_token(NAME, "a", until);
        it.denied.revoke_session(NAME, "a", until);
        it.denied.revoke_subject(NAME, "a", date(NOW + 1_000_000), until);
        let claims = [json!({"jti": "a"}), json!({"sid": "a"}), json!({"sub": "a"})];
        let verdicts = || claims.each_ref().map(|claims| it.verdict(claims));
        it.clock.advance(Duration::from_secs(
            (end.unwrap_or(999_000) + LEEWAY - 1).try_into().unwrap(),
        ));
        assert_eq!((verdicts(), it.denied.len()), ([REVOKED; 3], 3), "{lifetime:?} {until:?}");
        if end.is_some() {
            it.clock.advance(Duration::from_secs(1));
            assert_eq!((verdicts(), it.denied.len()), ([Ok(()); 3], 0), "{lifetime:?} {until:?}");
            assert!(it.denied.is_empty());
        }
    }
}

#[test]
fn an_entry_whose_time_is_over_does_nothing() {
    let it = fixture();
    it.denied.revoke_token(NAME, "a", date(NOW - LEEWAY));
    assert_eq!(it.verdict(&json!({"jti": "a"})), Ok(()));
    it.denied.revoke_token(NAME, "a", date(NOW - LEEWAY + 1));
    assert_eq!(it.verdict(&json!({"jti": "a"})), REVOKED);
}

#[test]
fn an_expired_token_can_be_listed_again() {
    let it = fixture();
    it.denied.revoke_subject(NAME, "alice", date(NOW + 500), date(NOW));
    it.clock.advance(Duration::from_secs(700));
    // The former time of issue does not come back.
    it.denied.revoke_subject(NAME, "alice", date(NOW), None);
    assert_eq!(it.verdict(&json!({"sub": "alice", "iat": NOW})), REVOKED);
    assert_eq!(it.verdict(&json!({"sub": "alice", "iat": NOW + 1})), Ok(()));
}

#[test]
fn clones_share_the_list() {
    let it = fixture();
    let clone = it.denied.clone();
    clone.revoke_token(NAME, "a", None);
    assert_eq!(it.verdict(&json!({"jti": "a"})), REVOKED);
    assert_eq!(it.denied.len(), 1);
}

#[test]
fn entries_and_methods_list_the_same() {
    let it = fixture();
    for entry in
        [Entry::token(NAME, "a"), Entry::session(NAME, "b"), Entry::subject(NAME, "c", date(NOW))]
    {
        assert!(it.denied.revoke(&entry).try_now().unwrap().is_ok());
    }
    it.denied.revoke_token(NAME, "a", None);
    it.denied.revoke_session(NAME, "b", None);
    it.denied.revoke_subject(NAME, "c", date(NOW), None);
    assert_eq!(it.denied.len(), 3);
    for claims in [json!({"jti": "a"}), json!({"sid": "b"}), json!({"sub": "c"})] {
        assert_eq!(it.verdict(&claims), REVOKED, "{claims}");
    }
}

#[test]
fn the_reason_and_the_event_name_the_kind() {
    let events = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&events);
    let denied = Denylist::new();
    let issuer = issuer(Algorithm::HS256).issuer(NAME);
    let verifier =
        trusting(&issuer).revocation(denied.clone()).observer(move |event: &Event<'_>| {
            if let Event::TokenDenied { kind, .. } = event {
                seen.lock().unwrap().push(kind.as_str());
            }
        });
    let verifier = verifier.build().unwrap();
    denied.revoke_token(NAME, "a", None);
    denied.revoke_session(NAME, "b", None);
    denied.revoke_subject(NAME, "c", date(NOW), None);
    for (claim, value, detail) in [
        ("jti", "a", "its `jti` is on the denylist"),
        ("sid", "b", "its `sid` is on the denylist"),
        ("sub", "c", "its `sub` is on the denylist, for tokens issued at this time"),
    ] {
        let error = verifier.verify_now(&issuer.token().claim(claim, value).mint()).unwrap_err();
        assert_eq!((error.kind(), error.detail()), (ErrorKind::TokenRevoked, Some(detail)));
    }
    assert!(verifier.verify_now(&issuer.token().claim("jti", "z").mint()).is_ok());
    assert_eq!(*events.lock().unwrap(), ["token", "session", "subject"]);
}

#[test]
fn sessions_of_tokens_with_hidden_claims_are_found() {
    let denied = Denylist::new();
    let issuer = issuer(Algorithm::ES256).issuer(NAME);
    let key = tower_jwt_auth::VerificationKey::jwk(issuer.jwk()).unwrap();
    let policy = Policy::new().any_audience().hide_claims();
    let verifier = Verifier::builder().trust(Issuer::new(NAME, key, policy));
    let verifier = verifier.clock(FixedClock::new()).revocation(denied.clone()).build().unwrap();
    denied.revoke_session(NAME, "s", None);
    let session = |id: &str| verdict(&verifier, &issuer.token().claim("sid", id).mint());
    assert_eq!([session("s"), session("t")], [REVOKED, Ok(())]);
}

#[cfg(feature = "cache")]
#[test]
fn a_cached_token_is_rejected_once_it_is_listed() {
    let denied = Denylist::new();
    let issuer = issuer(Algorithm::ES256).issuer(NAME);
    let verifier = trusting(&issuer).cache(tower_jwt_auth::TokenCache::new(8));
    let verifier = verifier.revocation(denied.clone()).build().unwrap();
    let token = issuer.token().claim("jti", "a").mint();
    assert_eq!([(); 2].map(|()| verdict(&verifier, &token)), [Ok(()); 2]);
    denied.revoke_token(NAME, "a", None);
    assert_eq!(verdict(&verifier, &token), REVOKED);
}

#[test]
fn streams_of_listed_sessions_are_revoked() {
    let it = fixture();
    let verified = it.verifier.verify_now(&it.issuer.token().claim("sid", "s").mint()).unwrap();
    assert!(!it.denied.revokes(verified.token()));
    it.denied.revoke_session(NAME, "s", None);
    assert!(it.denied.revokes(verified.token()));
}

#[test]
fn debug_output_shows_no_entry() {
    let it = fixture();
    it.denied.revoke_session("secret-issuer", "secret-session", None);
    let entry = Entry::subject("secret-issuer", "secret-subject", date(NOW));
    for shown in [format!("{:?}", it.denied), format!("{entry:?}")] {
        assert!(!shown.contains("secret"), "{shown}");
    }
}
