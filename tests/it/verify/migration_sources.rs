//! Issuers that replace a secret with public keys from a source: outages, refreshes and the cache.

use std::time::Duration;

use tower_jwt_auth::key::{
    KeySet, KeySetState, KeysErrorKind, RefreshError, RefreshReason, Refreshed, Settable,
};
use tower_jwt_auth::{ErrorKind, Issuer};

use super::issuers::{A, any, trusting_all};
use super::migration::{new, of, old, secret, set};
use super::scripted_source::Script;
use crate::support::tokens::{Verdict, verdict};

const OK: Verdict = Ok(());
const WRONG: Verdict = Err(ErrorKind::InvalidSignature);
const UNAVAILABLE: Verdict = Err(ErrorKind::KeysUnavailable);

#[test]
fn a_secret_from_the_source_is_not_used() {
    let (old, new, planted) = (old(), new(), old().with_other_key());
    let keys = format!(r#"{{"keys":[{},{}]}}"#, new.jwk(), planted.jwk());
    let from_source = Script::holding(KeySet::jwks(keys).unwrap());
    let issuer = Issuer::new(A, from_source.clone(), any()).migrating_from(secret(&old));
    let verifier = trusting_all([issuer]);
    assert_eq!(verdict(&verifier, &of(&planted, A)), WRONG);
    assert_eq!(verdict(&verifier, &of(&old, A)), OK);
    assert_eq!(verdict(&verifier, &of(&new, A)), OK);
    assert_eq!(from_source.asked(), []);
}

#[tokio::test]
async fn an_unavailable_source_does_not_affect_the_secret() {
    let (old, new) = (old(), new());
    let keys = Settable::new();
    let issuer = Issuer::new(A, keys.clone(), any()).migrating_from(secret(&old));
    let verifier = trusting_all([issuer]);
    let verdicts =
        || [&old, &new, &old.clone().with_other_key()].map(|it| verdict(&verifier, &of(it, A)));
    let health = || verifier.health().map(|it| (it.state, it.keys)).collect::<Vec<_>>();
    assert_eq!(verdicts(), [OK, UNAVAILABLE, WRONG]);
    // The state of the keys is that of the source.
    assert_eq!(health(), [(KeySetState::Empty, 0)]);
    assert_eq!(verifier.warm().await.unwrap_err().kind(), KeysErrorKind::NoKeys);
    assert!(verifier.refresh().await.is_err());
    keys.set(set(&new)).unwrap();
    assert_eq!(verdicts(), [OK, OK, WRONG]);
    assert_eq!(health(), [(KeySetState::Fresh, 1)]);
    assert!(verifier.warm().await.is_ok());
    assert_eq!(verifier.refresh().await.unwrap(), Refreshed::Suppressed);
}

#[test]
fn hmac_tokens_never_refresh_the_source() {
    let failed = || Err(RefreshError::new(Duration::from_secs(7)));
    let (old, new) = (old(), new().key_id("new"));
    let down = Script::default().then(failed()).then(failed());
    let issuer = Issuer::new(A, down.clone(), any());
    let verifier = trusting_all([issuer.migrating_from(secret(&old).with_key_id("old"))]);
    let unknown = Err(ErrorKind::UnknownKey);
    for (kid, forged, expected) in
        [("old", false, OK), ("old", true, WRONG), ("new", false, unknown), ("x", true, unknown)]
    {
        let signer = if forged { old.clone().with_other_key() } else { old.clone() };
        assert_eq!(verdict(&verifier, &of(&signer.key_id(kid), A)), expected, "{kid}");
    }
    assert_eq!(down.asked(), []);
    assert_eq!(verdict(&verifier, &of(&new, A)), UNAVAILABLE);
    assert_eq!(down.asked(), [RefreshReason::Empty]);
}

#[cfg(feature = "cache")]
#[test]
fn a_refresh_keeps_only_cached_tokens_of_the_secret() {
    use super::cache::{FOUND, READ_ANEW, both_kinds, judged};
    use tower_jwt_auth::Verifier;
    use tower_jwt_auth::testing::FixedClock;

    for cache in both_kinds() {
        let (old, new, clock) = (old(), new(), FixedClock::new());
        let keys = Settable::new();
        let issuer = Issuer::new(A, keys.clone(), any()).migrating_from(secret(&old));
        let builder = Verifier::builder().trust(issuer).claims().cache(cache);
        let verifier = builder.clock(clock.clone()).build().unwrap();
        let (of_old, of_new) = (of(&old, A), of(&new, A));
        assert_eq!(judged(&verifier, &of_old), READ_ANEW);
        assert_eq!(judged(&verifier, &of_old), FOUND);
        assert_eq!(verdict(&verifier, &of_new), UNAVAILABLE);
        for _ in 0..2 {
            keys.set(set(&new)).unwrap();
            assert_eq!(judged(&verifier, &of_new), READ_ANEW);
            assert_eq!(judged(&verifier, &of_new), FOUND);
            assert_eq!(judged(&verifier, &of_old), FOUND);
        }
        keys.set(set(&new.with_other_key())).unwrap();
        assert_eq!(verdict(&verifier, &of_new), WRONG);
        assert_eq!(judged(&verifier, &of_old), FOUND);
        clock.advance(Duration::from_secs(3600));
        assert_eq!(verdict(&verifier, &of_old), Err(ErrorKind::TokenExpired));
    }
}
