//! The tokens, the keys and the claims type of all benchmarks.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tower_jwt_auth::VerifierBuilder;
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{Algorithm, Issuer, Policy, VerificationKey, Verifier};

/// The measured algorithms.
pub(crate) const ALGORITHMS: [Algorithm; 4] =
    [Algorithm::HS256, Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA];

/// The number of tokens of each kind, used in turn, so that caches and branch predictors do not adapt to one token.
pub(crate) const TOKENS: usize = 64;

const ISSUED: u64 = 1_767_225_600; // 2026-01-01
const EXPIRED: u64 = 1_767_229_200; // an hour later
const EXPIRES: u64 = 4_102_444_800; // 2100-01-01

pub(crate) const ISSUER: &str = "https://auth.example.com/";
pub(crate) const AUDIENCE: &str = "https://api.example.com";

/// The *typed* claims: eleven owned members, eight of them strings.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Typed {
    iss: String,
    sub: String,
    aud: String,
    exp: u64,
    iat: u64,
    nbf: u64,
    jti: String,
    email: String,
    name: String,
    scope: String,
    tenant: String,
}

impl Typed {
    fn number(index: usize, exp: u64) -> Self {
        Self {
            iss: ISSUER.into(),
            sub: format!("user-{index:02}-8f14e45fceea167a5a36dedd"),
            aud: AUDIENCE.into(),
            exp,
            iat: ISSUED,
            nbf: ISSUED,
            jti: format!("0f8fad5b-d9cb-469f-a165-7086728950{index:02}"),
            email: format!("ada.lovelace.{index:02}@example.com"),
            name: "Ada Lovelace".into(),
            scope: "orders:read orders:write profile email".into(),
            tenant: "acme-logistics-eu".into(),
        }
    }
}

/// The kinds of valid and invalid tokens.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Valid,
    /// Signed with another key of the same kind.
    BadSignature,
    Expired,
    /// Signed with the right key, but with a `kid` that the verifier does not know.
    UnknownKey,
    /// Without the signature part.
    Malformed,
}

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::BadSignature => "bad signature",
            Self::Expired => "expired",
            Self::UnknownKey => "unknown key",
            Self::Malformed => "malformed",
        }
    }
}

/// An issuer with its committed key.
pub(crate) struct Fixture {
    pub(crate) algorithm: Algorithm,
    issuer: TestIssuer,
}

impl Fixture {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        let issuer = TestIssuer::new(algorithm).key_id(format!("demo-{algorithm}"));
        Self { algorithm, issuer }
    }

    /// The public key, or the secret, as a JWK.
    pub(crate) fn jwk(&self) -> serde_json::Value {
        serde_json::from_str(&self.issuer.jwk()).unwrap()
    }

    pub(crate) fn tokens(&self, kind: Kind) -> Vec<String> {
        (0..TOKENS).map(|index| self.token(kind, index)).collect()
    }

    fn token(&self, kind: Kind, index: usize) -> String {
        let id = match kind {
            Kind::UnknownKey => "other",
            _ => "demo",
        };
        let algorithm = self.algorithm;
        let header = format!(r#"{{"alg":"{algorithm}","typ":"JWT","kid":"{id}-{algorithm}"}}"#);
        let exp = match kind {
            Kind::Expired => EXPIRED,
            _ => EXPIRES,
        };
        let payload = serde_json::to_string(&Typed::number(index, exp)).unwrap();
        assert!((335..=345).contains(&payload.len()), "{}", payload.len());
        let token = match kind {
            Kind::BadSignature => self.issuer.clone().with_other_key().sign(header, payload),
            _ => self.issuer.sign(header, payload),
        };
        assert!((560..=870).contains(&token.len()), "{}", token.len());
        match kind {
            Kind::Malformed => token.rsplit_once('.').unwrap().0.to_owned(),
            _ => token,
        }
    }

    /// A verifier of one issuer with one key that is found by its `kid`. It checks `iss`, `aud`, `exp` and `nbf`.
    pub(crate) fn verifier<C: DeserializeOwned + Send + Sync + 'static>(&self) -> Verifier<C> {
        self.builder().claims::<C>().build().unwrap()
    }

    pub(crate) fn builder(&self) -> VerifierBuilder {
        let key = VerificationKey::jwk(self.issuer.jwk()).unwrap();
        Verifier::builder().trust(Issuer::new(ISSUER, key, Policy::new().audience(AUDIENCE)))
    }
}
