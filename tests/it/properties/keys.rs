//! A token verifies under its own key, whatever other keys and issuers are configured, in any order.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::{select, subsequence};
use proptest::{option, prop_assert, prop_assert_eq};
use tower_jwt_auth::VerifierBuilder;
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{Algorithm, Issuer, Policy, VerificationKey, Verifier};

use super::cases::{Seen, for_all};
use crate::support::tokens::{PAYLOAD, Seeded, encode, issuer, mac_token, verdict};

const IDS: [Option<&str>; 3] = [None, Some("k"), Some("l")];

/// A key: its kind, the choice between the two demo keys of that kind, and its id.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Key {
    algorithm: Algorithm,
    second: bool,
    id: Option<&'static str>,
}

impl Key {
    fn issuer(self) -> TestIssuer {
        let issuer = issuer(self.algorithm);
        let issuer = if self.second { issuer.with_other_key() } else { issuer };
        match self.id {
            Some(id) => issuer.key_id(id),
            None => issuer.without_key_id(),
        }
    }
}

/// Twelve keys of three kinds, at most four of which share an id and a kind.
fn all_keys() -> Vec<Key> {
    let kinds = [Algorithm::ES256, Algorithm::EdDSA];
    let of_kind = |algorithm| {
        let both = move |id| [false, true].map(|second| Key { algorithm, second, id });
        IDS.into_iter().flat_map(both)
    };
    kinds.into_iter().flat_map(of_kind).collect()
}

/// A selection of keys in two orders: at most four of a kind, because at most four are tried for one token.
fn keys_in_two_orders() -> impl Strategy<Value = (Vec<Key>, Vec<Key>)> {
    let all = all_keys();
    let (one_kind, other_kind) = (all[..6].to_vec(), all[6..].to_vec());
    let some = (subsequence(one_kind, 0..=4), subsequence(other_kind, 1..=4));
    some.prop_flat_map(|(one, other)| {
        let keys = [one, other].concat();
        (Just(keys.clone()).prop_shuffle(), Just(keys).prop_shuffle())
    })
}

#[test]
fn the_order_of_keys_does_not_change_verdicts() {
    let seen = Seen::default();
    // A token of every key, and of a further id.
    let mut signers = all_keys();
    signers.extend(all_keys().into_iter().map(|key| Key { id: key.id.map(|_| "m"), ..key }));
    let tokens: Vec<_> = signers.iter().map(|key| (*key, key.issuer().token().mint())).collect();
    let verifier = |keys: &[Key]| {
        let jwks: Vec<_> = keys.iter().map(|key| key.issuer().jwk()).collect();
        let builder = Verifier::jwks(format!("{{\"keys\":[{}]}}", jwks.join(",")));
        builder.any_issuer().any_audience().clock(FixedClock::new()).build().unwrap()
    };
    for_all(100, &keys_in_two_orders(), |(one, other)| {
        let [first, second] = [verifier(&one), verifier(&other)];
        for (signer, token) in &tokens {
            let outcome = verdict(&first, token);
            prop_assert_eq!(verdict(&second, token), outcome, "{:?}", signer);
            // An unknown `kid` may match the only key of the kind that has no id.
            let is_meant = |key: &Key, signer: &Key| {
                let unnamed =
                    one.iter().filter(|it| it.id.is_none() && it.algorithm == signer.algorithm);
                let is_known = one.iter().any(|it| it.id == signer.id);
                key.id.is_none() && !is_known && unnamed.count() == 1
            };
            let is_there = one.iter().any(|key| {
                let same_key = Key { id: None, ..*key } == Key { id: None, ..*signer };
                same_key && (signer.id.is_none() || signer.id == key.id || is_meant(key, signer))
            });
            prop_assert_eq!(outcome.is_ok(), is_there, "{:?}", signer);
            seen.note(outcome.err().map_or("accepted", |kind| kind.as_str()));
        }
        Ok(())
    })
    .and_saw(&seen, ["accepted", "unknown_key", "invalid_signature", "algorithm_not_allowed"]);
}

const NAMES: [Option<&str>; 4] =
    [None, Some("https://a.example"), Some("https://b.example"), Some("https://c.example")];

#[test]
fn the_order_of_issuers_does_not_change_verdicts() {
    let seen = Seen::default();
    let keys = [all_keys()[2], all_keys()[3], all_keys()[8]];
    // The signers, and the names in `iss`: none, three that may be trusted, and an unknown one.
    let names = NAMES.into_iter().chain([Some("https://a.example/")]);
    let tokens: Vec<_> = names
        .flat_map(|name| keys.map(|key| (key, name)))
        .map(|(key, name)| {
            let issuer = key.issuer();
            let token = issuer.token();
            (key, name, name.iter().fold(token, |token, name| token.claim("iss", *name)).mint())
        })
        .collect();
    // Each name with one of the keys. Several names may share a key.
    let issuers = subsequence(NAMES.to_vec(), 2..=4).prop_flat_map(move |names| {
        let with_key = names.into_iter().map(|name| (Just(name), select(keys.to_vec())));
        with_key.collect::<Vec<_>>()
    });
    let cases = issuers.prop_flat_map(|issuers| {
        (Just(issuers.clone()).prop_shuffle(), Just(issuers).prop_shuffle())
    });
    let verifier = |issuers: &[(Option<&str>, Key)]| {
        let trusted = issuers.iter().map(|(name, key)| {
            let key = VerificationKey::jwk(key.issuer().jwk()).unwrap();
            let policy = Policy::new().any_audience();
            match name {
                Some(name) => Issuer::new(*name, key, policy),
                None => Issuer::unnamed(key, policy),
            }
        });
        let builder = Verifier::builder().clock(FixedClock::new());
        trusted.fold(builder, VerifierBuilder::trust).build().unwrap()
    };
    for_all(100, &cases, |(one, other)| {
        let [first, second] = [verifier(&one), verifier(&other)];
        for (key, name, token) in &tokens {
            let outcome = verdict(&first, token);
            prop_assert_eq!(verdict(&second, token), outcome, "{:?} as {:?}", key, name);
            prop_assert_eq!(
                outcome.is_ok(),
                one.contains(&(*name, *key)),
                "{:?} as {:?}",
                key,
                name
            );
            seen.note(outcome.err().map_or("accepted", |kind| kind.as_str()));
        }
        Ok(())
    })
    .and_saw(&seen, ["accepted", "invalid_issuer", "invalid_signature"]);
}

/// A secret, and a different secret that is similar.
fn two_secrets() -> impl Strategy<Value = [Vec<u8>; 2]> {
    // HMAC pads short secrets with zeros, so no secret may end with a zero (RFC 2104 §2).
    let secret = || vec(1..=u8::MAX, 32..100);
    let near =
        (secret(), 0..5_u8, any::<proptest::sample::Index>()).prop_map(|(secret, kind, at)| {
            let (mut other, at) = (secret.clone(), at.index(secret.len()));
            match kind {
                0 => other[at] = other[at].checked_add(1).unwrap_or(1),
                1 => other.push(1),
                2 => other.insert(at, b' '),
                3 => other.insert(0, 0),
                _ => other = encode(&secret).into_bytes(),
            }
            [secret, other]
        });
    prop_oneof![near, [secret(), secret()]].prop_map(|[one, mut other]| {
        if one == other {
            other.push(1);
        }
        [one, other]
    })
}

#[test]
fn a_token_is_rejected_under_every_other_secret() {
    let (id, token_id) = (option::of(Just("k")), option::of(select(&["k", "l"][..])));
    for_all(500, &(two_secrets(), id, token_id), |([own, other], id, token_id)| {
        let verifier = |secret: &[u8]| {
            let key = VerificationKey::shared_secret(secret).unwrap();
            let key = id.into_iter().fold(key, VerificationKey::with_key_id);
            let issuer = Issuer::unnamed(key, Policy::new().any_audience());
            Verifier::builder().trust(issuer).clock(FixedClock::new()).build().unwrap()
        };
        let header = match token_id {
            Some(id) => format!("{{\"alg\":\"HS256\",\"kid\":\"{id}\"}}"),
            None => "{\"alg\":\"HS256\"}".to_owned(),
        };
        let token = mac_token(Algorithm::HS256, &own, &header, PAYLOAD);
        let is_named = id.is_none() || token_id.is_none() || id == token_id;
        prop_assert_eq!(verdict(&verifier(&own), &token).is_ok(), is_named);
        prop_assert!(verdict(&verifier(&other), &token).is_err());
        Ok(())
    });
}

#[test]
fn a_token_is_rejected_under_every_other_public_key() {
    let seen = Seen::default();
    let ids = || select(&["", r#","kid":"k""#][..]);
    for_all(200, &(any::<[[u8; 32]; 2]>(), ids(), ids()), |(mut seeds, key_id, token_id)| {
        if seeds[0] == seeds[1] {
            seeds[1][0] ^= 1;
        }
        let pairs = seeds.map(Seeded::new);
        let header = format!("{{\"alg\":\"EdDSA\"{token_id}}}");
        let [own_token, other_token] = pairs.each_ref().map(|pair| pair.sign(&header, PAYLOAD));
        let [own, other] = pairs.map(|pair| {
            let key = VerificationKey::jwk(pair.jwk(key_id)).unwrap();
            let issuer = Issuer::unnamed(key, Policy::new().any_audience());
            Verifier::builder().trust(issuer).clock(FixedClock::new()).build().unwrap()
        });
        prop_assert_eq!(verdict(&own, &own_token), Ok(()));
        prop_assert_eq!(verdict(&other, &other_token), Ok(()));
        prop_assert!(verdict(&own, &other_token).is_err());
        prop_assert!(verdict(&other, &own_token).is_err());
        seen.note(match (key_id, token_id) {
            ("", "") => "no ids",
            ("", _) => "the token has one",
            (_, "") => "the key has one",
            _ => "both have one",
        });
        Ok(())
    })
    .and_saw(&seen, ["no ids", "the token has one", "the key has one", "both have one"]);
}
