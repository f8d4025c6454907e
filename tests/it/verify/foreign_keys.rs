//! A key of one issuer never verifies tokens of another, whatever the ids (RFC 8725 §3.8).

use tower_jwt_auth::VerifierBuilder;
use tower_jwt_auth::error::ProblemKind;
use tower_jwt_auth::key::KeySet;
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{Algorithm, ErrorKind, Issuer, Policy, VerificationKey, Verifier};

use super::builder::{expect, expect_naming};
use super::issuers::{A, B, any, key, naming, trusting_all};
use crate::support::tokens::{
    PAYLOAD, Seeded, Verdict, algorithms, issuer, mac_token, public_algorithms, trusting, verdict,
};

const ISSUER: Verdict = Err(ErrorKind::InvalidIssuer);
const NOT_ALLOWED: Verdict = Err(ErrorKind::AlgorithmNotAllowed);
const UNKNOWN: Verdict = Err(ErrorKind::UnknownKey);
const WRONG: Verdict = Err(ErrorKind::InvalidSignature);

/// Two issuers for every algorithm, by name. Each RSA demo key serves six algorithms; each secret belongs to one issuer.
fn two_of_each() -> Vec<(String, TestIssuer)> {
    let of = |algorithm: Algorithm| {
        let one = issuer(algorithm).key_id("k");
        let other = one.clone().with_other_key();
        [("a", one), ("b", other)].map(|(which, issuer)| {
            let name = format!("https://{which}.example/{algorithm}");
            let secret = format!("the secret of {name}{}", "!".repeat(64));
            let is_secret = issuer.public_pem().is_empty();
            (name, if is_secret { issuer.with_secret(secret) } else { issuer })
        })
    };
    algorithms().flat_map(of).collect()
}

#[test]
fn no_issuer_can_sign_for_another() {
    let issuers = two_of_each();
    let policy = || Policy::new().audience("orders");
    let with_ids = issuers.iter().map(|(name, issuer)| Issuer::new(name, key(issuer), policy()));
    // The same keys without ids, so that a token's `kid` has no effect.
    let without_ids = issuers
        .iter()
        .map(|(name, issuer)| Issuer::new(name, key(&issuer.clone().without_key_id()), policy()));
    let verifiers = [trusting_all(with_ids), trusting_all(without_ids)];
    let mut seen = [0; 3];
    for (own_name, signer) in &issuers {
        for (name, named) in &issuers {
            let is_own = own_name == name;
            let at = match (is_own, signer.algorithm() == named.algorithm()) {
                (true, _) => 0,
                (false, true) => 1,
                (false, false) => 2,
            };
            let expected = [Ok(()), WRONG, NOT_ALLOWED][at];
            seen[at] += 1;
            let token = signer.token().claim("iss", name.as_str()).claim("aud", "orders");
            // Writing the algorithm of the other issuer into the header does not help.
            let forged = token.clone().header("alg", named.algorithm().name()).mint();
            let (token, forgery) = (token.mint(), if is_own { Ok(()) } else { WRONG });
            for verifier in &verifiers {
                assert_eq!(verdict(verifier, &token), expected, "{own_name} as {name}");
                assert_eq!(verdict(verifier, &forged), forgery, "{own_name} as {name}");
            }
        }
    }
    // Two keys of each algorithm.
    let all = 2 * algorithms().count();
    assert_eq!(seen, [all, all, all * (all - 2)]);
}

#[test]
fn keys_with_other_ids_or_algorithms_do_not_cross_issuers() {
    let mut crossed = 0;
    for first in algorithms() {
        for second in algorithms() {
            let of_a = issuer(first).key_id("a");
            let of_b = issuer(second).with_other_key().key_id("b");
            let verifier = trusting_all([
                Issuer::new(A, key(&of_a), any()),
                Issuer::new(B, key(&of_b), any()),
            ]);
            assert_eq!(verdict(&verifier, &naming(&of_a, Some(A))), Ok(()));
            assert_eq!(verdict(&verifier, &naming(&of_b, Some(B))), Ok(()));
            assert_eq!(verdict(&verifier, &naming(&of_a, Some(B))), UNKNOWN);
            assert_eq!(verdict(&verifier, &naming(&of_b, Some(A))), UNKNOWN);
            // Even with the key id of the other issuer.
            let forged = of_b.token().claim("iss", A).header("kid", "a").mint();
            let expected = if first == second { WRONG } else { NOT_ALLOWED };
            assert_eq!(verdict(&verifier, &forged), expected, "{first} {second}");
            crossed += 1;
        }
    }
    assert_eq!(crossed, algorithms().count().pow(2));
}

/// The issuer with this number: secrets alternate with public keys that share one id.
enum Numbered {
    Secret(String),
    Public(Box<Seeded>),
}

impl Numbered {
    fn new(n: u8) -> Self {
        match n % 2 {
            0 => Self::Secret(format!("the secret of issuer {n}, which no other issuer has")),
            _ => Self::Public(Box::new(Seeded::new([n; 32]))),
        }
    }

    fn key(&self) -> VerificationKey {
        match self {
            Self::Secret(secret) => {
                VerificationKey::shared_secret(secret).unwrap().with_key_id("k")
            }
            Self::Public(pair) => VerificationKey::jwk(pair.jwk(r#","kid":"k""#)).unwrap(),
        }
    }

    fn sign(&self, payload: &str) -> String {
        let header = |algorithm| format!("{{\"alg\":\"{algorithm}\",\"kid\":\"k\"}}");
        match self {
            Self::Secret(secret) => {
                mac_token(Algorithm::HS256, secret.as_bytes(), &header(Algorithm::HS256), payload)
            }
            Self::Public(pair) => pair.sign(&header(Algorithm::EdDSA), payload),
        }
    }
}

#[test]
fn issuers_are_distinguished_among_one_or_a_hundred() {
    let name = |n: u8| format!("https://issuer-{n}.example");
    // The last issuer is not trusted.
    let all: Vec<_> = (0..=100).map(Numbered::new).collect();
    for (count, accepted, wrong_key, wrong_kind, strangers) in [
        (1_u8, 1, 0, 0, 2),
        (2, 2, 0, 2, 4),
        (3, 3, 2, 4, 6),
        (10, 10, 40, 50, 20),
        (100, 100, 4_900, 5_000, 200),
    ] {
        let trusted = (0..count).map(|n| Issuer::new(name(n), all[usize::from(n)].key(), any()));
        let verifier = trusting_all(trusted);
        let mut seen = [0; 4];
        for signer in 0..count {
            for named in (0..count).chain([100, 200]) {
                let expected = match named {
                    _ if named == signer => Ok(()),
                    100 | 200 => ISSUER,
                    _ if named % 2 == signer % 2 => WRONG,
                    _ => NOT_ALLOWED,
                };
                let payload = PAYLOAD.replace('}', &format!(",\"iss\":\"{}\"}}", name(named)));
                let token = all[usize::from(signer)].sign(&payload);
                assert_eq!(verdict(&verifier, &token), expected, "{signer} as {named} of {count}");
                let kinds = [Ok(()), WRONG, NOT_ALLOWED, ISSUER];
                seen[kinds.iter().position(|kind| *kind == expected).unwrap()] += 1;
            }
            let stranger =
                all[100].sign(&PAYLOAD.replace('}', &format!(",\"iss\":\"{}\"}}", name(signer))));
            assert_ne!(verdict(&verifier, &stranger), Ok(()), "a stranger as {signer} of {count}");
        }
        assert_eq!(seen, [accepted, wrong_key, wrong_kind, strangers], "{count}");
    }
}

#[test]
fn verifiers_do_not_share_verdicts() {
    let (a, b) = (issuer(Algorithm::ES256), issuer(Algorithm::ES256).with_other_key());
    let (first, second) = (trusting(&a).build().unwrap(), trusting(&b).build().unwrap());
    for _ in 0..3 {
        assert_eq!(verdict(&first, &a.token().mint()), Ok(()));
        assert_eq!(verdict(&second, &a.token().mint()), WRONG);
        assert_eq!(verdict(&second, &b.token().mint()), Ok(()));
        assert_eq!(verdict(&first, &b.token().mint()), WRONG);
    }
}

#[test]
fn one_issuers_public_key_is_not_anothers_secret() {
    for algorithm in public_algorithms() {
        let public = issuer(algorithm).key_id("k");
        let secret = issuer(Algorithm::HS256).key_id("k");
        let verifier = trusting_all([
            Issuer::new(A, key(&secret), any()),
            Issuer::new(B, key(&public), any()),
            Issuer::unnamed(key(&issuer(Algorithm::HS512).with_other_key()), any()),
        ]);
        assert_eq!(verdict(&verifier, &naming(&secret, Some(A))), Ok(()));
        assert_eq!(verdict(&verifier, &naming(&public, Some(B))), Ok(()));
        for bytes in [public.public_pem().to_owned(), public.jwk(), public.jwks()] {
            for (name, expected) in [(Some(A), WRONG), (Some(B), NOT_ALLOWED), (None, NOT_ALLOWED)]
            {
                let iss = name.map(|name| format!(",\"iss\":\"{name}\"}}"));
                let payload = PAYLOAD.replace('}', iss.as_deref().unwrap_or("}"));
                let header = "{\"alg\":\"HS256\",\"kid\":\"k\"}";
                let forged = mac_token(Algorithm::HS256, bytes.as_bytes(), header, &payload);
                assert_eq!(verdict(&verifier, &forged), expected, "{algorithm}: {name:?}");
            }
        }
    }
}

#[test]
fn a_secret_shared_by_two_issuers_is_rejected() {
    let secret = |n: u8| VerificationKey::shared_secret([n; 40]).unwrap();
    let set = |keys: &[u8]| KeySet::new(keys.iter().map(|n| secret(*n)));
    let build = |named: &[(&str, &[u8])], unnamed: &[u8]| {
        let builder = Verifier::builder().trust(Issuer::unnamed(set(unnamed), any()));
        let trust = |builder, (name, keys): &(&str, &[u8])| {
            VerifierBuilder::trust(builder, Issuer::new(*name, set(keys), any()))
        };
        named.iter().fold(builder, trust).build()
    };
    expect(build(&[("a", &[1, 2]), ("b", &[3, 4]), ("c", &[5])], &[6, 7]), &[]);
    let a = (ProblemKind::SharedSecret, "the issuer `a`");
    let unnamed = (ProblemKind::SharedSecret, "the unnamed issuer");
    expect_naming(build(&[("a", &[1, 2]), ("b", &[3, 2]), ("c", &[5])], &[6]), &[a]);
    expect_naming(build(&[("a", &[1, 2]), ("b", &[3]), ("c", &[1])], &[6]), &[a]);
    expect_naming(build(&[("a", &[1]), ("b", &[3, 4])], &[6, 4]), &[unnamed]);
    expect_naming(build(&[("a", &[1]), ("b", &[1])], &[1]), &[a, unnamed]);
}
