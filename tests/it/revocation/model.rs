//! A denylist behaves like a map, whatever is done to it in whatever order.

use std::collections::HashMap;
use std::time::Duration;

use tower_jwt_auth::claims::NumericDate;
use tower_jwt_auth::revocation::{Denylist, Revocation};
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{Algorithm, Token, Verified};

use crate::support::tokens::{NOW, issuer, trusting};

const STEPS: usize = 20_000;
const ISSUERS: [&str; 2] = ["https://a.example.com", "https://b.example.com"];
const IDS: i64 = 60;
const LEEWAY: i64 = 601;

/// A pseudo-random sequence (xorshift64*).
struct Random(u64);

impl Random {
    fn below(&mut self, end: i64) -> i64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        i64::try_from(high).unwrap() % end
    }

    fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        list[usize::try_from(self.below(list.len().try_into().unwrap())).unwrap()]
    }
}

/// A kind, an issuer and an id.
type Name = (&'static str, &'static str, i64);

/// What is listed: the kind, the issuer and the id, with the end of the entry and the time of issue.
#[derive(Default)]
struct Model(HashMap<Name, (i64, i64)>);

impl Model {
    fn add(&mut self, key: Name, end: i64, issued: i64, now: i64) {
        let entry = self.0.entry(key).or_insert((end, issued));
        *entry =
            if entry.0 > now { (entry.0.max(end), entry.1.max(issued)) } else { (end, issued) };
    }

    fn get(&self, key: Name, now: i64) -> Option<i64> {
        self.0.get(&key).filter(|(end, _)| *end > now).map(|(_, issued)| *issued)
    }

    fn len(&self, now: i64) -> usize {
        self.0.values().filter(|(end, _)| *end > now).count()
    }
}

#[derive(Clone, Copy)]
struct Presented<'a> {
    issuer: &'static str,
    id: i64,
    iat: i64,
    token: &'a Token,
}

/// A token of each issuer and id, whose `jti`, `sid` and `sub` differ only by their kind.
fn verified_tokens() -> Vec<(&'static str, i64, i64, Verified)> {
    let signer = issuer(Algorithm::HS256);
    let verifier = trusting(&signer).build().unwrap();
    let pairs = ISSUERS.iter().flat_map(|name| (0..IDS).map(move |id| (*name, id)));
    pairs
        .map(|(name, id)| {
            let iat = NOW - 100 + (id * 7) % 90;
            let token = signer.token().claim("iss", name).claim("jti", id.to_string());
            let token = token.claim("sid", id.to_string()).subject(id.to_string());
            (name, id, iat, verifier.verify_now(&token.claim("iat", iat).mint()).unwrap())
        })
        .collect()
}

#[test]
fn random_steps_agree_with_a_model() {
    let clock = FixedClock::new();
    let denied = Denylist::new().clock(clock.clone());
    let (mut model, mut random, mut now) = (Model::default(), Random(0x5eed), NOW);
    let verified = verified_tokens();
    let tokens: Vec<_> = verified
        .iter()
        .map(|(issuer, id, iat, verified)| Presented {
            issuer,
            id: *id,
            iat: *iat,
            token: verified.token(),
        })
        .collect();
    let (mut revoked, mut passed) = (0, 0);
    for step in 0..STEPS {
        match random.below(10) {
            0..=3 => {
                let (issuer, id) = (random.one_of(&ISSUERS), random.below(IDS));
                // Some are over from the start.
                let until = now - 1_400 + random.below(2_000);
                let before = NOW - 110 + random.below(120);
                let (text, date) = (id.to_string(), NumericDate::from_seconds);
                let kind = random.one_of(&["token", "session", "subject"]);
                match kind {
                    "token" => denied.revoke_token(issuer, &text, date(until)),
                    "session" => denied.revoke_session(issuer, &text, date(until)),
                    _ => denied.revoke_subject(issuer, &text, date(before), date(until)),
                }
                model.add((kind, issuer, id), until + LEEWAY, before, now);
            }
            4 => {
                let seconds = random.below(30);
                clock.advance(Duration::from_secs(seconds.try_into().unwrap()));
                now += seconds;
            }
            5 => assert_eq!(denied.len(), model.len(now), "step {step}"),
            _ => {
                let it = random.one_of(&tokens);
                let listed = |kind| model.get((kind, it.issuer, it.id), now);
                let expected = listed("token").is_some()
                    || listed("session").is_some()
                    || listed("subject").is_some_and(|before| it.iat <= before);
                assert_eq!(denied.revokes(it.token), expected, "step {step}");
                if expected { revoked += 1 } else { passed += 1 }
            }
        }
    }
    println!("denylist model: {STEPS} steps, {revoked} checks revoked, {passed} passed");
    assert!(revoked > 1_000 && passed > 1_000);
}

#[test]
fn a_hundred_thousand_entries_are_found_and_forgotten() {
    let clock = FixedClock::new();
    let denied = Denylist::new().clock(clock.clone());
    let signer = issuer(Algorithm::HS256).issuer(ISSUERS[0]);
    let verifier = trusting(&signer).build().unwrap();
    let token = |id: &str| verifier.verify_now(&signer.token().claim("jti", id).mint()).unwrap();
    for id in 0..100_000 {
        let until = NumericDate::from_seconds(NOW + i64::from(id % 2) * 1_000);
        denied.revoke_token(ISSUERS[0], &id.to_string(), until);
    }
    assert_eq!(denied.len(), 100_000);
    for (id, expected) in [("0", true), ("99999", true), ("50000", true), ("100000", false)] {
        assert_eq!(denied.revokes(token(id).token()), expected, "{id}");
    }
    clock.advance(Duration::from_secs(601));
    assert_eq!(denied.len(), 50_000);
    for (id, expected) in [("0", false), ("99999", true), ("50000", false), ("100000", false)] {
        assert_eq!(denied.revokes(token(id).token()), expected, "{id}");
    }
    clock.advance(Duration::from_secs(1_000));
    assert!(denied.is_empty());
}
