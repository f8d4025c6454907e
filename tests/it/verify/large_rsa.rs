//! RSA keys of more than 4096 bits verify, and at most one is tried without a `kid`.

use tower_jwt_auth::VerifierBuilder;
use tower_jwt_auth::error::ProblemKind;
use tower_jwt_auth::key::{CryptoBackend, KeySet, Keys};
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{Algorithm, ErrorKind, Issuer, Policy, VerificationKey, Verifier};

use crate::support::tokens::{
    PAYLOAD, Verdict, encode, header, issuer, parts, signature, verdict, with_signature,
};

const JWK: &str = include_str!("../data/rsa8192/public.jwk");
const PEM: &str = include_str!("../data/rsa8192/public.pem");
const TOKENS: &str = include_str!("../data/rsa8192/tokens.txt");

const ALGORITHMS: [Algorithm; 6] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
];

const WRONG: Verdict = Err(ErrorKind::InvalidSignature);
const NOT_ALLOWED: Verdict = Err(ErrorKind::AlgorithmNotAllowed);

fn tokens() -> impl Iterator<Item = (Algorithm, &'static str)> {
    ALGORITHMS.into_iter().zip(TOKENS.lines())
}

fn backends() -> impl Iterator<Item = CryptoBackend> {
    let both = [CryptoBackend::AwsLcRs, CryptoBackend::RustCrypto];
    both.into_iter().filter(|backend| backend.is_built_in())
}

fn trusting(keys: impl Into<Keys>, listed: &[Algorithm]) -> VerifierBuilder {
    let policy = Policy::new().any_audience().algorithms(listed.iter().copied());
    Verifier::builder().trust(Issuer::unnamed(keys, policy)).clock(FixedClock::new())
}

#[test]
fn an_rsa_key_of_8192_bits_verifies_on_every_backend() {
    for backend in backends() {
        let of = |key, listed: &[Algorithm]| {
            trusting(key, listed).crypto_backend(backend).build().unwrap()
        };
        let open = of(VerificationKey::jwk(JWK).unwrap(), &ALGORITHMS);
        for (algorithm, token) in tokens() {
            assert_eq!(verdict(&open, token), Ok(()), "{algorithm} {backend:?}");
            let declared = of(VerificationKey::pem(algorithm, PEM).unwrap(), &[algorithm]);
            for (other, token) in tokens() {
                let expected = if other == algorithm { Ok(()) } else { NOT_ALLOWED };
                assert_eq!(verdict(&declared, token), expected, "{other} as {algorithm}");
            }
            // Signatures with a changed byte, of another algorithm, too short and too long.
            let good = signature(token);
            let mut flipped = good.clone();
            flipped[1023] ^= 1;
            let [_, payload, text] = parts(token);
            let renamed = ALGORITHMS.into_iter().filter(|other| *other != algorithm);
            let renamed =
                renamed.map(|other| format!("{}.{payload}.{text}", encode(header(other))));
            let forged = [
                with_signature(token, &flipped),
                with_signature(token, &good[1..]),
                with_signature(token, [&good[..], &[0]].concat()),
                with_signature(token, [0xff; 1024]),
                with_signature(token, [0; 1024]),
                token.replace(payload, &encode(PAYLOAD.replace("user-1", "user-2"))),
            ];
            for forged in forged.into_iter().chain(renamed) {
                assert_eq!(verdict(&open, &forged), WRONG, "{algorithm} {backend:?}");
            }
        }
    }
}

/// A set of these keys with their ids; `None` is the key that signs the tokens.
fn set(keys: &[(Option<usize>, &str)]) -> KeySet {
    let keys: Vec<_> = keys
        .iter()
        .map(|(bits, id)| {
            let jwk = match bits {
                None => JWK.trim().to_owned(),
                Some(bits) => {
                    let n = encode(vec![0xff; bits / 8]);
                    format!(r#"{{"kty":"RSA","n":"{n}","e":"AQAB"}}"#)
                }
            };
            format!("{},\"kid\":\"{id}\"}}", jwk.strip_suffix('}').unwrap())
        })
        .collect();
    KeySet::jwks(format!("{{\"keys\":[{}]}}", keys.join(","))).unwrap()
}

#[test]
fn without_an_id_only_the_first_large_key_is_tried() {
    let (algorithm, token) = tokens().next().unwrap();
    for (keys, expected) in [
        (&[(None, "real")][..], Ok(())),
        (&[(Some(4096), "a"), (Some(2048), "b"), (None, "real")], Ok(())),
        (&[(None, "real"), (Some(8192), "a")], Ok(())),
        (&[(Some(8192), "a"), (None, "real")], WRONG),
        (&[(Some(4104), "a"), (None, "real")], WRONG),
    ] {
        let verifier = trusting(set(keys), &[algorithm]).build().unwrap();
        assert_eq!(verdict(&verifier, token), expected, "{keys:?}");
    }
}

#[test]
fn several_large_keys_without_ids_do_not_build() {
    let key = || VerificationKey::pem(Algorithm::RS256, PEM).unwrap();
    let small = || VerificationKey::pem(Algorithm::RS256, issuer(Algorithm::RS256).public_pem());
    let build = |keys: Vec<VerificationKey>| {
        trusting(KeySet::new(keys), &[Algorithm::RS256]).build().map(|_| ())
    };
    assert_eq!(build(vec![key(), small().unwrap()]), Ok(()));
    assert_eq!(build(vec![key().with_key_id("a"), key().with_key_id("b")]), Ok(()));
    let error = build(vec![key(), key()]).unwrap_err();
    assert_eq!(error.problems()[0].kind(), ProblemKind::TooManyKeys);
    assert!(error.problems()[0].what().contains("4096 bits"), "{error}");
}
