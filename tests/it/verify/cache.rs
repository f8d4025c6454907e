//! The token cache: its contents, and the checks that still run for a cached token.

use std::cell::Cell;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::json;
use tower_jwt_auth::error::ProblemKind;
use tower_jwt_auth::key::{
    KeyHealth, KeySet, KeySetState, KeySource, RefreshError, RefreshReason, Refreshed,
};
use tower_jwt_auth::revocation::{Presented, Revocation, Standing};
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{Algorithm, Answer, Error, ErrorKind, Issuer, Policy, Verifier};
use tower_jwt_auth::{TokenCache, VerifierBuilder};

use super::signatures::{curves, with_other_root};
use crate::support::tokens::{
    NOW, Verdict, algorithms, decode, encode, issuer, parts, trusting, verdict,
};

const OK: Verdict = Ok(());
const EXPIRED: Verdict = Err(ErrorKind::TokenExpired);
const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);
const MILLI: Duration = Duration::from_millis(1);
const NANO: Duration = Duration::from_nanos(1);

/// The wall time at the start of each test.
fn start() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(NOW.unsigned_abs())
}

thread_local! {
    static READ: Cell<usize> = const { Cell::new(0) };
}

/// Claims that count how often they are deserialized. A cache hit does not deserialize them.
pub(super) struct Counted;

impl<'de> Deserialize<'de> for Counted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        READ.set(READ.get() + 1);
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

/// The verdict, and whether the claims were deserialized.
pub(super) fn judged(verifier: &Verifier<Counted>, token: &str) -> (Verdict, bool) {
    let before = READ.get();
    (verdict(verifier, token), READ.get() != before)
}

pub(super) const FOUND: (Verdict, bool) = (OK, false);
pub(super) const READ_ANEW: (Verdict, bool) = (OK, true);

pub(super) fn both_kinds() -> [TokenCache; 2] {
    [TokenCache::new(64), TokenCache::new(64).digest_keys()]
}

fn caching(issuer: &TestIssuer, cache: TokenCache) -> VerifierBuilder<Counted> {
    trusting(issuer).claims().cache(cache)
}

#[test]
fn a_verified_token_is_found_in_the_cache() {
    for cache in both_kinds() {
        for algorithm in algorithms() {
            let issuer = issuer(algorithm);
            let verifier = caching(&issuer, cache.clone()).build().unwrap();
            let (one, other) = (issuer.token().mint(), issuer.token().subject("ada").mint());
            assert_eq!(judged(&verifier, &one), READ_ANEW, "{algorithm}");
            assert_eq!(judged(&verifier, &other), READ_ANEW, "{algorithm}");
            for _ in 0..3 {
                assert_eq!(judged(&verifier, &one), FOUND, "{algorithm}");
                // A clone shares the cache.
                assert_eq!(judged(&verifier.clone(), &other), FOUND, "{algorithm}");
            }
            let found = verifier.verify_now(&other).unwrap();
            assert_eq!(found.token().subject(), Some("ada"));
            let forgetful = trusting(&issuer).claims().build().unwrap();
            assert_eq!(judged(&forgetful, &one), READ_ANEW);
            assert_eq!(judged(&forgetful, &one), READ_ANEW);
        }
    }
}

#[test]
fn a_cached_token_with_one_flipped_bit_is_rejected() {
    for cache in both_kinds() {
        let issuer = issuer(Algorithm::HS256);
        let verifier = caching(&issuer, cache).build().unwrap();
        let token = issuer.token().mint();
        assert_eq!(judged(&verifier, &token), READ_ANEW);
        for place in 0..token.len() {
            for bit in 0..8 {
                let mut bytes = token.clone().into_bytes();
                bytes[place] ^= 1 << bit;
                let Ok(other) = String::from_utf8(bytes) else { continue };
                assert!(verdict(&verifier, &other).is_err(), "byte {place}, bit {bit}");
            }
        }
        for other in [&token[1..], &token[..token.len() - 1], "", &format!("{token} ")] {
            assert!(verdict(&verifier, other).is_err());
        }
        assert_eq!(judged(&verifier, &token), FOUND);
    }
}

#[test]
fn another_form_of_a_cached_token_is_verified_separately() {
    for cache in both_kinds() {
        for (algorithm, order) in curves() {
            let issuer = issuer(algorithm);
            let verifier = caching(&issuer, cache.clone()).build().unwrap();
            let token = issuer.token().mint();
            let twin = with_other_root(&token, &order);
            assert_eq!(judged(&verifier, &token), READ_ANEW, "{algorithm}");
            assert_eq!(judged(&verifier, &twin), READ_ANEW, "{algorithm}");
            assert_eq!(judged(&verifier, &twin), FOUND, "{algorithm}");
            // An expired form does not become valid through the other form.
            let expired = issuer.token().expired().mint();
            let twin = with_other_root(&expired, &order);
            assert_eq!([&expired, &twin].map(|token| verdict(&verifier, token)), [EXPIRED; 2]);
        }
    }
}

#[test]
fn other_claims_under_a_cached_signature_are_rejected() {
    for cache in both_kinds() {
        for algorithm in algorithms() {
            let issuer = issuer(algorithm);
            let verifier = caching(&issuer, cache.clone()).build().unwrap();
            let token = issuer.token().subject("mallory").mint();
            assert_eq!(judged(&verifier, &token), READ_ANEW);
            let [header, payload, signature] = parts(&token);
            let payload = String::from_utf8(decode(payload)).unwrap().replace("mallory", "admin!!");
            let forged = format!("{header}.{}.{signature}", encode(payload));
            assert_eq!(verdict(&verifier, &forged), Err(ErrorKind::InvalidSignature));
            assert_eq!(judged(&verifier, &token), FOUND);
        }
    }
}

#[test]
fn a_cached_token_still_expires() {
    for cache in both_kinds() {
        let (issuer, clock) = (issuer(Algorithm::ES256), FixedClock::new());
        let verifier = caching(&issuer, cache).leeway(5 * SECOND).clock(clock.clone());
        let verifier = verifier.build().unwrap();
        let token = issuer.token().expires_in(MINUTE).mint();
        assert_eq!(judged(&verifier, &token), READ_ANEW);
        clock.advance(64 * SECOND);
        assert_eq!(judged(&verifier, &token), FOUND);
        clock.advance(SECOND);
        assert_eq!(verdict(&verifier, &token), EXPIRED);
        assert_eq!(verdict(&verifier, &token), EXPIRED);
    }
}

#[test]
fn a_cached_token_is_not_valid_before_its_nbf() {
    for cache in both_kinds() {
        let (issuer, clock) = (issuer(Algorithm::ES256), FixedClock::new());
        let verifier = caching(&issuer, cache).leeway(5 * SECOND).clock(clock.clone());
        let verifier = verifier.build().unwrap();
        let token = issuer.token().claim("nbf", NOW).mint();
        assert_eq!(judged(&verifier, &token), READ_ANEW);
        clock.set(start() - 5 * SECOND);
        assert_eq!(judged(&verifier, &token), FOUND);
        clock.set(start() - 6 * SECOND);
        assert_eq!(verdict(&verifier, &token), Err(ErrorKind::TokenNotYetValid));
    }
}

#[test]
fn a_cached_token_still_exceeds_max_age() {
    let (issuer, clock) = (issuer(Algorithm::ES256), FixedClock::new());
    let verifier = caching(&issuer, TokenCache::new(64)).leeway(Duration::ZERO);
    let verifier = verifier.max_age(MINUTE).clock(clock.clone()).build().unwrap();
    let token = issuer.token().claim("iat", NOW).mint();
    assert_eq!(judged(&verifier, &token), READ_ANEW);
    clock.advance(59 * SECOND);
    assert_eq!(judged(&verifier, &token), FOUND);
    clock.advance(SECOND);
    assert_eq!(verdict(&verifier, &token), Err(ErrorKind::TokenTooOld));
}

#[test]
fn a_cached_token_is_verified_again_after_the_ttl() {
    for cache in both_kinds() {
        let (issuer, clock) = (issuer(Algorithm::ES256), FixedClock::new());
        let verifier = caching(&issuer, cache.ttl(MINUTE)).clock(clock.clone());
        let verifier = verifier.build().unwrap();
        let token = issuer.token().mint();
        assert_eq!(judged(&verifier, &token), READ_ANEW);
        clock.advance(Duration::from_nanos(59_999_999_999));
        // Neither a cache hit nor a change of the wall clock extends the lifetime.
        assert_eq!(judged(&verifier, &token), FOUND);
        clock.set(start());
        assert_eq!(judged(&verifier, &token), FOUND);
        clock.advance(NANO);
        assert_eq!(judged(&verifier, &token), READ_ANEW);
        assert_eq!(judged(&verifier, &token), FOUND);
    }
}

#[test]
fn the_default_ttl_is_five_minutes() {
    let (issuer, clock) = (issuer(Algorithm::ES256), FixedClock::new());
    let verifier = caching(&issuer, TokenCache::new(64)).clock(clock.clone()).build().unwrap();
    let token = issuer.token().mint();
    assert_eq!(judged(&verifier, &token), READ_ANEW);
    clock.advance(Duration::from_nanos(299_999_999_999));
    assert_eq!(judged(&verifier, &token), FOUND);
    clock.advance(NANO);
    assert_eq!(judged(&verifier, &token), READ_ANEW);
}

/// Keys that the test replaces.
#[derive(Clone, Debug)]
struct ReplacedKeys(Arc<Mutex<Option<Arc<KeySet>>>>);

impl ReplacedKeys {
    fn holding(issuers: &[&TestIssuer]) -> Self {
        let keys = Self(Arc::default());
        keys.now(issuers);
        keys
    }

    fn now(&self, issuers: &[&TestIssuer]) {
        let keys: Vec<_> = issuers.iter().map(|issuer| issuer.jwk()).collect();
        let set = KeySet::jwks(format!("{{\"keys\":[{}]}}", keys.join(","))).unwrap();
        *self.0.lock().unwrap() = Some(Arc::new(set));
    }

    fn gone(&self) {
        *self.0.lock().unwrap() = None;
    }
}

impl KeySource for ReplacedKeys {
    fn current(&self) -> Option<Arc<KeySet>> {
        self.0.lock().unwrap().clone()
    }

    fn refresh(&self, _: RefreshReason) -> Answer<Result<Refreshed, RefreshError>> {
        Answer::now(match self.current() {
            Some(_) => Ok(Refreshed::Suppressed),
            None => Err(RefreshError::new(SECOND)),
        })
    }

    fn health(&self) -> KeyHealth {
        KeyHealth::new(KeySetState::Fresh, 0)
    }
}

fn from_source(keys: &ReplacedKeys, cache: TokenCache) -> Verifier<Counted> {
    let issuer = Issuer::unnamed(keys.clone(), Policy::new().any_audience());
    let builder = Verifier::builder().trust(issuer).claims().cache(cache);
    builder.clock(FixedClock::new()).build().unwrap()
}

#[test]
fn a_cached_token_is_dropped_with_its_key() {
    for cache in both_kinds() {
        let old = issuer(Algorithm::ES256).key_id("old");
        let new = old.clone().with_other_key().key_id("new");
        let keys = ReplacedKeys::holding(&[&old]);
        let verifier = from_source(&keys, cache);
        let token = old.token().mint();
        assert_eq!(judged(&verifier, &token), READ_ANEW);
        assert_eq!(judged(&verifier, &token), FOUND);
        // Any change of the set counts, because the same id may now belong to another key.
        keys.now(&[&old, &new]);
        assert_eq!(judged(&verifier, &token), READ_ANEW);
        assert_eq!(judged(&verifier, &token), FOUND);
        keys.now(&[&new]);
        assert_eq!(verdict(&verifier, &token), Err(ErrorKind::UnknownKey));
        keys.now(&[&old.clone().with_other_key()]);
        assert_eq!(verdict(&verifier, &token), Err(ErrorKind::InvalidSignature));
        keys.gone();
        assert_eq!(verdict(&verifier, &token), Err(ErrorKind::KeysUnavailable));
        keys.now(&[&old]);
        assert_eq!(judged(&verifier, &token), READ_ANEW);
    }
}

#[test]
fn a_key_change_keeps_cached_tokens_of_other_issuers() {
    let one = issuer(Algorithm::ES256).issuer("https://one.example");
    let other = issuer(Algorithm::ES256).with_other_key().issuer("https://other.example");
    let (keys, others) = (ReplacedKeys::holding(&[&one]), ReplacedKeys::holding(&[&other]));
    let policy = Policy::new().any_audience();
    let verifier: Verifier<Counted> = Verifier::builder()
        .trust(Issuer::new("https://one.example", keys.clone(), policy.clone()))
        .trust(Issuer::new("https://other.example", others, policy))
        .claims()
        .cache(TokenCache::new(64))
        .clock(FixedClock::new())
        .build()
        .unwrap();
    let (token, others) = (one.token().mint(), other.token().mint());
    assert_eq!(judged(&verifier, &token), READ_ANEW);
    assert_eq!(judged(&verifier, &others), READ_ANEW);
    keys.now(&[&one]);
    assert_eq!(judged(&verifier, &others), FOUND);
    assert_eq!(judged(&verifier, &token), READ_ANEW);
}

#[test]
fn verifiers_do_not_share_cached_tokens() {
    for cache in both_kinds() {
        let issuer = issuer(Algorithm::ES256).issuer("https://auth.example").audience("orders");
        let lax = caching(&issuer, cache.clone()).build().unwrap();
        let builder = |audience| {
            let trusting = Verifier::jwks(issuer.jwks()).issuer("https://auth.example");
            let trusting = trusting.audience(audience).clock(FixedClock::new());
            trusting.claims().cache(cache.clone()).build().unwrap()
        };
        let (same, stricter) = (builder("orders"), builder("billing"));
        let stranger = caching(&issuer.clone().with_other_key(), cache.clone()).build().unwrap();
        let token = issuer.token().mint();
        assert_eq!(judged(&lax, &token), READ_ANEW);
        assert_eq!(judged(&same, &token), READ_ANEW);
        for _ in 0..2 {
            assert_eq!(verdict(&stricter, &token), Err(ErrorKind::InvalidAudience));
            assert_eq!(verdict(&stranger, &token), Err(ErrorKind::InvalidSignature));
            assert_eq!(judged(&lax, &token), FOUND);
        }
    }
}

#[test]
fn only_accepted_tokens_are_cached() {
    for cache in [TokenCache::new(1), TokenCache::new(1).digest_keys()] {
        let issuer = issuer(Algorithm::HS256);
        let verifier = caching(&issuer, cache).check("no guests", |_| true).build().unwrap();
        let token = issuer.token().mint();
        assert_eq!(judged(&verifier, &token), READ_ANEW);
        let forger = issuer.clone().with_other_key();
        for number in 0..1_000 {
            let subject = format!("user-{number}");
            assert!(verdict(&verifier, &forger.token().subject(&subject).mint()).is_err());
            let expired = issuer.token().subject(&subject).expired().mint();
            assert_eq!(verdict(&verifier, &expired), EXPIRED);
        }
        assert_eq!(judged(&verifier, &token), FOUND);
    }
}

#[test]
fn the_cache_holds_at_most_its_capacity() {
    for cache in [TokenCache::new(50), TokenCache::new(50).digest_keys()] {
        let issuer = issuer(Algorithm::HS256);
        let verifier = caching(&issuer, cache).build().unwrap();
        let token = |number: usize| issuer.token().subject(format!("user-{number}")).mint();
        let tokens: Vec<_> = (0..1_000).map(token).collect();
        for token in &tokens {
            assert_eq!(judged(&verifier, token), READ_ANEW);
        }
        // These lookups also fill the cache. The reverse order keeps the resulting hits low.
        let found = tokens.iter().rev().filter(|token| judged(&verifier, token) == FOUND).count();
        assert!((1..=50).contains(&found), "{found}");
    }
}

#[test]
fn checks_and_rules_run_for_cached_tokens() {
    for cache in both_kinds() {
        let issuer = issuer(Algorithm::ES256);
        let (may, right) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(true)));
        let (check, rule) = (Arc::clone(&may), Arc::clone(&right));
        let verifier = caching(&issuer, cache)
            .check("may", move |_| check.load(Ordering::Relaxed))
            .check_token("right", move |_| rule.load(Ordering::Relaxed))
            .build()
            .unwrap();
        let token = issuer.token().mint();
        assert_eq!(judged(&verifier, &token), READ_ANEW);
        for asked in [may, right] {
            assert_eq!(judged(&verifier, &token), FOUND);
            asked.store(false, Ordering::Relaxed);
            assert_eq!(verdict(&verifier, &token), Err(ErrorKind::CheckFailed));
            assert_eq!(verdict(&verifier, &token), Err(ErrorKind::CheckFailed));
            asked.store(true, Ordering::Relaxed);
            assert_eq!(verdict(&verifier, &token), OK);
        }
    }
}

/// A revocation list that revokes every token once it is switched on.
#[derive(Clone, Debug, Default)]
struct Switch(Arc<AtomicBool>);

impl Revocation for Switch {
    fn check(&self, presented: &Presented<'_>) -> Answer<Result<Standing, Error>> {
        assert!(presented.token_for_introspection().contains('.'));
        let revoked = self.0.load(Ordering::Relaxed);
        Answer::now(Ok(if revoked { Standing::Revoked } else { Standing::Active }))
    }
}

#[test]
fn a_cached_token_can_be_revoked() {
    for cache in both_kinds() {
        let (issuer, switch) = (issuer(Algorithm::ES256), Switch::default());
        let verifier = caching(&issuer, cache).revocation(switch.clone()).build().unwrap();
        let token = issuer.token().mint();
        assert_eq!(judged(&verifier, &token), READ_ANEW);
        assert_eq!(judged(&verifier, &token), FOUND);
        switch.0.store(true, Ordering::Relaxed);
        assert_eq!(judged(&verifier, &token), (Err(ErrorKind::TokenRevoked), false));
        let outcome = verifier.verify(&token).try_now().expect("nothing to wait for");
        assert_eq!(outcome.map(|_| ()).unwrap_err().kind(), ErrorKind::TokenRevoked);
        switch.0.store(false, Ordering::Relaxed);
        assert_eq!(judged(&verifier, &token), FOUND);
    }
}

#[test]
fn a_cached_sender_bound_token_still_needs_proof() {
    for cache in both_kinds() {
        let issuer = issuer(Algorithm::ES256);
        let verifier = caching(&issuer, cache).build().unwrap();
        let token = issuer.token().claim("cnf", json!({"jkt": "abc"})).mint();
        let accepted = |token: &str| {
            let answer = verifier.verify_without_proof_of_possession(token).try_now();
            answer.expect("nothing to wait for").is_ok()
        };
        assert!(accepted(&token));
        assert_eq!(judged(&verifier, &token), (Err(ErrorKind::ProofRequired), false));
        assert!(accepted(&token));
    }
}

#[test]
fn invalid_cache_settings_do_not_build() {
    let issuer = issuer(Algorithm::ES256);
    let builds = |cache| caching(&issuer, cache).build().map(|_| ());
    let hour = 60 * MINUTE;
    for (least, most) in [(0, 1), (1_000_001, 1_000_000)] {
        let rejected = builds(TokenCache::new(least)).unwrap_err();
        let [problem] = rejected.problems() else { panic!("{rejected}") };
        assert_eq!(problem.kind(), ProblemKind::OutOfRange);
        assert!(problem.what().contains(&least.to_string()), "{rejected}");
        assert!(builds(TokenCache::new(most)).is_ok());
    }
    for (wrong, right) in [(Duration::ZERO, NANO), (hour + NANO, hour)] {
        let rejected = builds(TokenCache::new(8).ttl(wrong)).unwrap_err();
        let [problem] = rejected.problems() else { panic!("{rejected}") };
        assert_eq!(problem.kind(), ProblemKind::OutOfRange);
        assert!(problem.what().contains(&format!("{wrong:?}")), "{rejected}");
        assert!(builds(TokenCache::new(8).ttl(right)).is_ok());
    }
}

#[test]
fn a_cached_verifier_agrees_with_an_uncached_one() {
    const STEPS: RangeInclusive<usize> = 1..=20_000;
    let clock = FixedClock::new();
    let old = issuer(Algorithm::HS256).clock(clock.clone());
    let ids = ["a", "b", "c"];
    let signers = ids.map(|id| issuer(Algorithm::EdDSA).clock(clock.clone()).key_id(id));
    let keys = ReplacedKeys::holding(&[&signers[0]]);
    let build = |builder: VerifierBuilder<Counted>| {
        let issuer = Issuer::unnamed(keys.clone(), Policy::new().any_audience().leeway(SECOND));
        builder.trust(issuer).clock(clock.clone()).build().unwrap()
    };
    let plain = build(Verifier::builder().claims());
    let cached = both_kinds().map(|cache| {
        let small = cache.ttl(30 * SECOND);
        build(Verifier::builder().claims().cache(small))
    });
    let mut dice = Dice(7);
    let mut tokens = vec![old.token().mint()];
    let (mut accepted, mut rejected, mut found) = (0, 0, 0);
    for step in STEPS {
        match dice.roll(40) {
            0 => clock.advance(dice.roll(200) * 100 * MILLI),
            // An operator changes the wall clock.
            1 => clock.set(start() + dice.roll(120) * SECOND),
            2 => keys.gone(),
            3 | 4 => {
                let held: Vec<_> = signers.iter().filter(|_| dice.roll(2) == 0).collect();
                keys.now(if held.is_empty() { vec![&signers[0]] } else { held }.as_slice());
            }
            5..=8 => {
                let signer = &signers[dice.pick(3)];
                let lives = (1 + dice.roll(90)) * SECOND;
                let subject = format!("user-{step}");
                tokens.push(signer.token().subject(subject).expires_in(lives).mint());
                tokens.truncate(64);
            }
            9 => {
                tokens.swap_remove(dice.pick(tokens.len()));
            }
            _ => {}
        }
        tokens.is_empty().then(|| tokens.push(signers[0].token().mint()));
        let token = &tokens[dice.pick(tokens.len())];
        let expected = verdict(&plain, token);
        for verifier in &cached {
            let (outcome, was_read) = judged(verifier, token);
            assert_eq!(outcome, expected, "step {step}");
            found += usize::from(outcome.is_ok() && !was_read);
        }
        if expected.is_ok() { accepted += 1 } else { rejected += 1 }
    }
    println!("{accepted} accepted, {rejected} rejected, {found} cache hits of {}", accepted * 2);
    assert!(accepted > 2_000 && rejected > 2_000 && found > 1_000);
}

/// A small deterministic number generator.
struct Dice(u32);

impl Dice {
    fn roll(&mut self, sides: u32) -> u32 {
        // Xorshift (Marsaglia 2003).
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 % sides
    }

    fn pick(&mut self, among: usize) -> usize {
        self.roll(u32::try_from(among).unwrap()) as usize
    }
}
