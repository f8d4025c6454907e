//! The keys that tokens are signed with, one for each algorithm.

use fastrand::Rng;
use tower_jwt_auth::Algorithm;

use tower_jwt_auth::key::CryptoBackend;
use tower_jwt_auth::testing::TestIssuer;

/// The issuer and the audience that the three verifiers require.
pub(crate) const ISSUER: &str = "https://auth.example/tenant";
pub(crate) const AUDIENCE: &str = "orders";
pub(crate) const LEEWAY: u32 = 60;

/// The percentages of tokens by algorithm. RSA has few, because signing takes a thousand times as long as with HMAC.
const SHARES: [(Algorithm, u32); 13] = [
    (Algorithm::HS256, 33),
    (Algorithm::HS384, 5),
    (Algorithm::HS512, 5),
    (Algorithm::RS256, 3),
    (Algorithm::RS384, 1),
    (Algorithm::RS512, 1),
    (Algorithm::PS256, 3),
    (Algorithm::PS384, 1),
    (Algorithm::PS512, 1),
    (Algorithm::ES256, 24),
    (Algorithm::ES384, 3),
    (Algorithm::ES512, 3),
    (Algorithm::EdDSA, 17),
];

/// A subset of the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Any,
    Secret,
    Public,
    /// The keys that all three verifiers support.
    Common,
    /// The keys that several algorithms can use.
    Several,
    /// The keys whose encoded signatures have unused trailing bits.
    Uneven,
    Rsa,
    Pkcs1,
    Pss,
    Ecdsa,
    EdDsa,
}

impl Kind {
    pub(crate) fn has(self, algorithm: Algorithm) -> bool {
        let family = &algorithm.name()[..2];
        match self {
            Self::Any => true,
            Self::Secret => family == "HS",
            Self::Public => family != "HS",
            Self::Common => algorithm != Algorithm::ES512,
            Self::Several => Self::Secret.has(algorithm) || Self::Rsa.has(algorithm),
            // The others have signatures of 48, 96 and 132 bytes, whose base64url has no unused bits.
            Self::Uneven => {
                !matches!(algorithm, Algorithm::HS384 | Algorithm::ES384 | Algorithm::ES512)
            }
            Self::Rsa => matches!(family, "RS" | "PS"),
            Self::Pkcs1 => family == "RS",
            Self::Pss => family == "PS",
            Self::Ecdsa => family == "ES",
            Self::EdDsa => family == "Ed",
        }
    }
}

/// A key and its signer.
pub(crate) struct Key {
    pub(crate) algorithm: Algorithm,
    pub(crate) issuer: TestIssuer,
    /// Has another key of the same kind with the same id.
    pub(crate) stranger: TestIssuer,
    share: u32,
}

impl Key {
    /// One key for each algorithm that a backend supports.
    pub(crate) fn all() -> Vec<Self> {
        let backend = CryptoBackend::active().unwrap();
        let supported = SHARES.into_iter().filter(|(algorithm, _)| backend.supports(*algorithm));
        let key = |(algorithm, share)| {
            let issuer = TestIssuer::new(algorithm);
            Self { algorithm, stranger: issuer.clone().with_other_key(), issuer, share }
        };
        supported.map(key).collect()
    }

    /// Draws a key according to the percentages.
    pub(crate) fn draw(keys: &[Self], rng: &mut Rng) -> usize {
        let tickets = keys.iter().enumerate().flat_map(|(at, key)| (0..key.share).map(move |_| at));
        rng.choice(tickets.collect::<Vec<_>>()).unwrap()
    }

    pub(crate) fn is(&self, kind: Kind) -> bool {
        kind.has(self.algorithm)
    }

    /// The `kid` of the key. A secret has none.
    pub(crate) fn id(&self) -> Option<String> {
        self.is(Kind::Public).then(|| format!("demo-{}", self.algorithm))
    }

    /// Another algorithm that could use the same key, if there is one.
    pub(crate) fn sibling(&self, rng: &mut Rng) -> Option<Algorithm> {
        let kind = [Kind::Secret, Kind::Rsa].into_iter().find(|kind| self.is(*kind))?;
        self.other(rng, |other| kind.has(other))
    }

    /// An algorithm that cannot use the key.
    pub(crate) fn foreign(&self, rng: &mut Rng) -> Option<Algorithm> {
        let own = [Kind::Secret, Kind::Rsa].into_iter().find(|kind| self.is(*kind));
        self.other(rng, |other| own.is_none_or(|own| !own.has(other)))
    }

    fn other(&self, rng: &mut Rng, wanted: impl Fn(Algorithm) -> bool) -> Option<Algorithm> {
        let backend = CryptoBackend::active().unwrap();
        let others = Algorithm::ALL
            .iter()
            .copied()
            .filter(|other| *other != self.algorithm && wanted(*other) && backend.supports(*other));
        rng.choice(others.collect::<Vec<_>>())
    }
}
