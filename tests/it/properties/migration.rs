//! While an issuer migrates, a token is accepted only with a signature of the family of its `alg`.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::prop_assert_eq;
use proptest::sample::select;
use tower_jwt_auth::key::{KeySet, Settable};
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{Algorithm, Issuer, Policy, VerificationKey, Verifier};

use super::cases::{Seen, for_all};
use crate::support::tokens::{PAYLOAD, Seeded, decode, mac_token, verdict};

/// The signature of a token.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Signature {
    /// An HMAC with this secret.
    Hmac(Secret),
    /// A signature of the trusted key pair, or of another one.
    Pair { own: bool },
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Secret {
    Own,
    Other,
    /// Text or bytes of the public key, which an attacker knows.
    Jwk,
    PublicBytes,
    PublicText,
    Empty,
}

#[derive(Clone, Debug)]
struct Case {
    secrets: [Vec<u8>; 2],
    seeds: [[u8; 32]; 2],
    secret_id: Option<&'static str>,
    key_id: Option<&'static str>,
    from_source: bool,
    alg: &'static str,
    kid: Option<&'static str>,
    signature: Signature,
}

const IDS: [&str; 2] = ["a", "b"];

fn cases() -> impl Strategy<Value = Case> {
    let secret = select(
        &[
            Secret::Own,
            Secret::Own,
            Secret::Own,
            Secret::Other,
            Secret::Jwk,
            Secret::PublicBytes,
            Secret::PublicText,
            Secret::Empty,
        ][..],
    );
    let signature = prop_oneof![
        secret.prop_map(Signature::Hmac),
        select(&[true, true, false][..]).prop_map(|own| Signature::Pair { own }),
    ];
    // White space at the ends of a secret is a configuration error.
    let secrets = || vec(b'!'..=b'~', 32..80);
    let id = || option::of(select(&IDS[..]));
    let algs = select(&["HS256", "EdDSA", "HS256", "EdDSA", "HS512", "ES256", "none"][..]);
    let keys = ([secrets(), secrets()], any::<[[u8; 32]; 2]>(), id(), id(), any::<bool>());
    (keys, algs, id(), signature).prop_map(|(keys, alg, kid, signature)| {
        let (secrets, mut seeds, secret_id, key_id, from_source) = keys;
        if seeds[0] == seeds[1] {
            seeds[1][0] ^= 1;
        }
        Case { secrets, seeds, secret_id, key_id, from_source, alg, kid, signature }
    })
}

impl Case {
    fn pair(&self) -> Seeded {
        Seeded::new(self.seeds[0])
    }

    fn jwk(&self) -> String {
        let id = self.key_id.map(|id| format!(",\"kid\":\"{id}\"")).unwrap_or_default();
        self.pair().jwk(&id)
    }

    fn verifier(&self) -> Verifier {
        let key = VerificationKey::jwk(self.jwk()).unwrap();
        let secret = VerificationKey::shared_secret(&self.secrets[0]).unwrap();
        let secret = secret.with_key_id(self.secret_id.unwrap_or_default());
        let policy = Policy::new().any_audience();
        let issuer = if self.from_source {
            let keys = Settable::new();
            keys.set(KeySet::new([key])).unwrap();
            Issuer::unnamed(keys, policy)
        } else {
            Issuer::unnamed(key, policy)
        };
        let builder = Verifier::builder().trust(issuer.migrating_from(secret));
        builder.clock(FixedClock::new()).build().unwrap()
    }

    fn secret(&self, secret: Secret) -> Vec<u8> {
        let x = self.pair().jwk("");
        let x = x.split('"').rfind(|part| part.len() == 43).unwrap();
        match secret {
            Secret::Own => self.secrets[0].clone(),
            Secret::Other => self.secrets[1].clone(),
            Secret::Jwk => self.jwk().into_bytes(),
            Secret::PublicBytes => decode(x),
            Secret::PublicText => x.as_bytes().to_vec(),
            Secret::Empty => Vec::new(),
        }
    }

    fn token(&self) -> String {
        let kid = self.kid.map(|kid| format!(",\"kid\":\"{kid}\"")).unwrap_or_default();
        let header = format!("{{\"alg\":\"{}\"{kid}}}", self.alg);
        match self.signature {
            Signature::Hmac(secret) => {
                mac_token(Algorithm::HS256, &self.secret(secret), &header, PAYLOAD)
            }
            Signature::Pair { own } => {
                Seeded::new(self.seeds[usize::from(!own)]).sign(&header, PAYLOAD)
            }
        }
    }

    /// The definition, in other words than those of the crate.
    fn is_valid(&self) -> bool {
        let id = match (self.alg, self.signature) {
            ("HS256", Signature::Hmac(Secret::Own)) => self.secret_id,
            ("HS256", Signature::Hmac(Secret::Other)) if self.secrets[0] == self.secrets[1] => {
                self.secret_id
            }
            ("EdDSA", Signature::Pair { own: true }) => self.key_id,
            _ => return false,
        };
        id.is_none() || self.kid.is_none() || id == self.kid
    }
}

#[test]
fn no_token_is_accepted_across_families() {
    let seen = Seen::default();
    for_all(1_000, &cases(), |case| {
        let outcome = verdict(&case.verifier(), &case.token());
        prop_assert_eq!(outcome.is_ok(), case.is_valid(), "{:?}: {:?}", case, outcome);
        seen.note(match (case.signature, outcome.is_ok()) {
            (Signature::Hmac(_), true) => "accepted with the secret",
            (Signature::Pair { .. }, true) => "accepted with the public key",
            (Signature::Hmac(Secret::Own), false) => "rejected with the secret",
            (Signature::Hmac(Secret::Other), false) => "rejected: another secret",
            (Signature::Hmac(_), false) => "rejected: the public key as a secret",
            (Signature::Pair { .. }, false) => "rejected with a key pair",
        });
        Ok(())
    })
    .and_saw(
        &seen,
        [
            "accepted with the secret",
            "accepted with the public key",
            "rejected with the secret",
            "rejected: another secret",
            "rejected: the public key as a secret",
            "rejected with a key pair",
        ],
    );
}
