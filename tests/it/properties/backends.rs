//! Both crypto backends give the same verdict on valid and nearly valid tokens.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::{Index, select};
use proptest::{prop_assert, prop_assert_eq};
use tower_jwt_auth::key::CryptoBackend;
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{BuildError, Verifier};

use super::cases::{Seen, for_all};
use super::json::{Json, members, style};
use super::key_bytes::mutated_jwk;
use super::near_misses::mutated;
use super::signing::algorithm;
use crate::support::tokens::{Verdict, algorithms, issuer, signature, verdict, with_signature};

const BACKENDS: [CryptoBackend; 2] = [CryptoBackend::AwsLcRs, CryptoBackend::RustCrypto];

/// The same verifier with each of the backends.
fn both(jwks: &str) -> [Result<Verifier, BuildError>; 2] {
    BACKENDS.map(|backend| {
        let builder = Verifier::jwks(jwks).any_issuer().any_audience().max_token_len(1 << 20);
        builder.clock(FixedClock::new()).crypto_backend(backend).build()
    })
}

fn verdicts(verifiers: &[Verifier; 2], token: &str) -> [Verdict; 2] {
    verifiers.each_ref().map(|verifier| verdict(verifier, token))
}

/// A change to a signature. Its positions are taken modulo the length.
#[derive(Clone, Debug)]
enum Change {
    None,
    Bit(Index),
    /// Fills a range with this byte. Runs of zeros and ones test range checks.
    Fill(u8, Index, Index),
    Shorter(Index),
    Longer(Vec<u8>),
    Any(Vec<u8>),
    OtherKey,
}

fn change() -> impl Strategy<Value = Change> {
    let value = select(&[0, 1, 0x7f, 0x80, 0xff][..]);
    let fill = (value, any::<Index>(), any::<Index>());
    prop_oneof![
        2 => Just(Change::None),
        3 => any::<Index>().prop_map(Change::Bit),
        3 => fill.prop_map(|(value, from, to)| Change::Fill(value, from, to)),
        1 => any::<Index>().prop_map(Change::Shorter),
        1 => vec(any::<u8>(), 1..4).prop_map(Change::Longer),
        1 => vec(any::<u8>(), 0..300).prop_map(Change::Any),
        1 => Just(Change::OtherKey),
    ]
}

impl Change {
    fn of(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        let len = bytes.len();
        match self {
            Self::None | Self::OtherKey => {}
            Self::Bit(at) => {
                let at = at.index(len * 8);
                bytes[at / 8] ^= 1 << (at % 8);
            }
            Self::Fill(value, from, to) => {
                let (from, to) = (from.index(len + 1), to.index(len + 1));
                bytes[from.min(to)..from.max(to)].fill(*value);
            }
            Self::Shorter(to) => bytes.truncate(to.index(len)),
            Self::Longer(more) => bytes.extend(more),
            Self::Any(other) => bytes.clone_from(other),
        }
        bytes
    }
}

#[test]
fn both_backends_agree_on_every_signature() {
    let seen = Seen::default();
    let pairs: Vec<_> = algorithms()
        .map(issuer)
        .map(|issuer| (both(&issuer.jwks()).map(Result::unwrap), issuer))
        .collect();
    let cases = (algorithm(), members(4), style(), change());
    for_all(300, &cases, |(algorithm, mut claims, style, change)| {
        let (verifiers, issuer) =
            pairs.iter().find(|(_, issuer)| issuer.algorithm() == algorithm).unwrap();
        claims.push(("exp".into(), Json::bare(1_767_226_500)));
        let payload = Json::Object(claims).written(&style);
        let header = format!("{{\"alg\":\"{algorithm}\"}}");
        let other = issuer.clone().with_other_key();
        let signer = if matches!(change, Change::OtherKey) { &other } else { issuer };
        let token = signer.sign(header, payload);
        let old = signature(&token);
        let new = change.of(old.clone());
        let is_good = old == new && !matches!(change, Change::OtherKey);
        let [one, other] = verdicts(verifiers, &with_signature(&token, new));
        prop_assert_eq!(one, other, "{} {:?}", algorithm, change);
        prop_assert_eq!(one.is_ok(), is_good, "{} {:?}", algorithm, change);
        seen.accepted(&one);
        Ok(())
    })
    .and_saw(&seen, ["accepted", "rejected"]);
}

#[test]
fn both_backends_agree_on_every_text() {
    let seen = Seen::default();
    let issuers: Vec<_> = algorithms().map(issuer).collect();
    let tokens: Vec<_> = issuers.iter().map(|issuer| issuer.token().mint()).collect();
    // HMAC and public keys cannot be combined.
    let (secrets, public) = issuers.split_at(3);
    let of = |issuers: &[TestIssuer]| {
        let jwks: Vec<_> = issuers.iter().map(TestIssuer::jwk).collect();
        both(&format!("{{\"keys\":[{}]}}", jwks.join(","))).map(Result::unwrap)
    };
    let sets = [of(secrets), of(public)];
    let text = prop_oneof![select(tokens.clone()), mutated(select(tokens))];
    for_all(500, &text, |token| {
        for verifiers in &sets {
            let [one, other] = verdicts(verifiers, &token);
            prop_assert_eq!(one, other, "{}", token);
            seen.accepted(&one);
        }
        Ok(())
    })
    .and_saw(&seen, ["accepted", "rejected"]);
}

#[test]
fn both_backends_accept_the_same_keys() {
    let seen = Seen::default();
    let tokens: Vec<_> = algorithms().map(|algorithm| issuer(algorithm).token().mint()).collect();
    for_all(200, &mutated_jwk(), |jwk| {
        let jwks = format!("{{\"keys\":[{}]}}", jwk.plain());
        let made = both(&jwks);
        let are_made = made.each_ref().map(Result::is_ok);
        prop_assert_eq!(are_made[0], are_made[1], "{}", jwks);
        seen.note(if are_made[0] { "a key" } else { "no key" });
        if let [Ok(one), Ok(other)] = made {
            for token in &tokens {
                let [one, other] = verdicts(&[one.clone(), other.clone()], token);
                prop_assert!(one == other, "{jwks}: {one:?} and {other:?} for {token}");
            }
        }
        Ok(())
    })
    .and_saw(&seen, ["a key", "no key"]);
}
