//! Arbitrary bytes are parsed as a key or rejected, and a parsed key follows the rules for keys.

use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::sample::{Index, select};
use proptest::{option, prop_assert, prop_assert_eq};
use serde_json::Value;
use tower_jwt_auth::key::KeySet;
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{Algorithm, Issuer, Policy, VerificationKey, Verifier};

use super::cases::{Seen, for_all};
use super::json::{Json, style};
use super::near_misses::{json_soup, mutated};
use crate::support::tokens::{algorithms, encode, issuer, verdict};

/// One issuer for each kind of key.
fn kinds() -> [TestIssuer; 5] {
    use Algorithm::{ES256, ES384, EdDSA, HS512, RS256};
    [HS512, RS256, ES256, ES384, EdDSA].map(issuer)
}

fn jwks() -> Vec<String> {
    kinds().iter().map(TestIssuer::jwk).collect()
}

/// Parses a text with every key constructor; returns the number of successes.
fn read(text: &str) -> usize {
    let pem = |algorithm: &Algorithm| VerificationKey::pem(*algorithm, text).is_ok();
    let others = [
        VerificationKey::jwk(text).is_ok(),
        VerificationKey::shared_secret(text).is_ok(),
        VerificationKey::shared_secret_base64(text).is_ok(),
        VerificationKey::guessable_legacy_secret(text).is_ok(),
        KeySet::jwks(text).is_ok(),
        KeySet::fetched_jwks(text).is_ok(),
    ];
    algorithms().filter(pem).count() + others.into_iter().filter(|read| *read).count()
}

#[test]
fn every_text_parses_as_a_key_or_fails() {
    let seen = Seen::default();
    let pems: Vec<_> = kinds()[1..].iter().map(|issuer| issuer.public_pem().to_owned()).collect();
    let documents = prop_oneof![
        select(jwks()),
        select(jwks()).prop_map(|jwk| format!("{{\"keys\":[{jwk},{jwk}]}}")),
        select(pems),
    ];
    let soup = json_soup().prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let text = prop_oneof![
        4 => mutated(documents),
        1 => soup,
        1 => vec(any::<char>(), 0..80).prop_map(String::from_iter),
        1 => ("-----BEGIN [A-Z ]{0,12}-----\n", "[A-Za-z0-9+/=\n]{0,100}", "(-----END PUBLIC KEY-----)?")
            .prop_map(|(begin, body, end)| format!("{begin}{body}{end}")),
    ];
    for_all(1_500, &text, |text| {
        seen.note(if read(&text) > 0 { "a key" } else { "no key" });
        Ok(())
    })
    .and_saw(&seen, ["a key", "no key"]);
}

#[test]
fn a_secret_must_be_as_long_as_its_hash() {
    let seen = Seen::default();
    let bytes = prop_oneof![
        vec(any::<u8>(), 0..80),
        (
            vec(any::<u8>(), 0..3),
            select(&["-----BEGIN", "ssh-rsa ", "{\"kty\":", "{\"keys\":[", "{"][..])
        )
            .prop_map(|(space, start)| {
                let space: Vec<u8> =
                    space.iter().map(|byte| b" \n\t"[usize::from(byte % 3)]).collect();
                [&space, start.as_bytes(), &[b'x'; 40]].concat()
            }),
    ];
    for_all(3_000, &bytes, |bytes| {
        let text = bytes.trim_ascii_start();
        let begins = |start: &[u8]| text.starts_with(start);
        // Each prefix is followed only by `x`.
        let is_public = begins(b"-----BEGIN") || begins(b"ssh-") || begins(b"{\"k");
        // White space at an end of a text is rejected, unless the text is encoded.
        let is_text = bytes.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\t'));
        let is_padded = is_text && bytes.trim_ascii() != bytes;
        for (made, least, is_padded) in [
            (VerificationKey::shared_secret(&bytes), 32, is_padded),
            (VerificationKey::guessable_legacy_secret(&bytes), 16, is_padded),
            (VerificationKey::shared_secret_base64(encode(&bytes)), 32, false),
        ] {
            let expected = bytes.len() >= least && !is_public && !is_padded;
            prop_assert_eq!(made.is_ok(), expected, "{:?}", bytes.escape_ascii().to_string());
            seen.accepted(&made);
        }
        if is_public {
            seen.note("the text of a public key");
        }
        Ok(())
    })
    .and_saw(&seen, ["accepted", "rejected", "the text of a public key"]);
}

/// A JWK with members swapped, removed, duplicated and added.
pub(super) fn mutated_jwk() -> impl Strategy<Value = Json> {
    const VALUES: [&str; 30] = [
        "\"RSA\"",
        "\"EC\"",
        "\"OKP\"",
        "\"oct\"",
        "\"AKP\"",
        "\"P-256\"",
        "\"P-384\"",
        "\"Ed25519\"",
        "\"X25519\"",
        "\"AQAB\"",
        "\"AQ\"",
        "\"\"",
        "\"AA\"",
        "\"=\"",
        "null",
        "7",
        "[]",
        "{}",
        "true",
        "[\"verify\"]",
        "[\"sign\"]",
        "[7]",
        "\"sig\"",
        "\"enc\"",
        "\"none\"",
        "\"ES256\"",
        "\"EdDSA\"",
        "\"HS256\"",
        "\"PS512\"",
        "\"k\"",
    ];
    const NAMES: [&str; 16] = [
        "kty", "crv", "alg", "kid", "use", "key_ops", "n", "e", "x", "y", "k", "d", "p", "oth",
        "x5c", "z",
    ];
    let change = (0..3_u8, select(&NAMES[..]), select(&VALUES[..]), any::<Index>());
    (select(jwks()), vec(change, 0..4)).prop_map(|(jwk, changes)| {
        let Json::Object(mut members) = Json::from(jwk.parse::<Value>().unwrap()) else {
            return Json::bare(0);
        };
        for (kind, name, value, at) in changes {
            let at = at.index(members.len() + 1);
            match kind {
                0 => members.insert(at, (name.to_owned(), Json::bare(value))),
                1 if at < members.len() => drop(members.remove(at)),
                _ if at < members.len() => members[at].1 = Json::bare(value),
                _ => {}
            }
        }
        Json::Object(members)
    })
}

#[test]
fn every_key_of_a_document_is_used_or_skipped() {
    let seen = Seen::default();
    let good = select(jwks()).prop_map(|jwk| Json::from(jwk.parse::<Value>().unwrap()));
    let odd = select(&["null", "7", "[]", "\"key\""][..]).prop_map(Json::bare);
    let keys = vec(prop_oneof![2 => good, 6 => mutated_jwk(), 1 => odd], 0..6);
    for_all(
        600,
        &(keys, option::weighted(0.1, 1_020..1_030_usize), style()),
        |(mut keys, fill, style)| {
            // More keys than a document may contain.
            keys.resize(keys.len().max(fill.unwrap_or_default()), Json::bare("null"));
            let document =
                Json::Object(vec![("keys".into(), Json::List(keys.clone()))]).written(&style);
            let alone =
                keys.iter().take(1_024).filter(|key| VerificationKey::jwk(key.plain()).is_ok());
            let usable = alone.count();
            let set = KeySet::jwks(&document);
            prop_assert_eq!(set.is_ok(), usable > 0, "{}", document);
            if let Ok(set) = set {
                prop_assert_eq!((set.len(), set.len() + set.skipped().len()), (usable, keys.len()));
            }
            seen.note(if usable > 0 { "a set" } else { "no set" });
            Ok(())
        },
    )
    .and_saw(&seen, ["a set", "no set"]);
}

#[test]
fn a_mutated_jwk_verifies_only_its_own_signatures() {
    let (kinds, seen) = (kinds(), Seen::default());
    let tokens: Vec<_> = kinds.iter().map(|issuer| issuer.token().mint()).collect();
    let forged: Vec<_> =
        kinds.iter().map(|issuer| issuer.clone().with_other_key().token().mint()).collect();
    for_all(600, &mutated_jwk(), |jwk| {
        let (is_secret, jwk) = (jwk.value()["kty"] == "oct", jwk.plain());
        let Ok(key) = VerificationKey::jwk(&jwk) else {
            seen.note("no key");
            return Ok(());
        };
        // A secret served over the network is not secret.
        let fetched = KeySet::fetched_jwks(format!("{{\"keys\":[{jwk}]}}"));
        prop_assert_eq!(fetched.is_ok(), !is_secret, "{}", jwk);
        let issuer = Issuer::unnamed(key, Policy::new().any_audience());
        let verifier = Verifier::builder().trust(issuer).clock(FixedClock::new()).build().unwrap();
        let taken = tokens.iter().filter(|token| verdict(&verifier, token).is_ok()).count();
        prop_assert!(taken <= 1, "{jwk}");
        prop_assert!(forged.iter().all(|token| verdict(&verifier, token).is_err()), "{jwk}");
        seen.note(if taken == 1 { "verifies" } else { "verifies nothing" });
        Ok(())
    })
    .and_saw(&seen, ["no key", "verifies", "verifies nothing"]);
}
