//! Issuers, verifiers and verdicts for the tests of the verifier.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64_simd::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Sha256, Sha384, Sha512};

use tower_jwt_auth::VerifierBuilder;
use tower_jwt_auth::key::CryptoBackend;
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{Algorithm, Claims, ErrorKind, Verifier};

/// The initial time of `FixedClock`: 2026-01-01T00:00:00Z.
pub(crate) const NOW: i64 = 1_767_225_600;

/// Claims that are valid for fifteen minutes from [`NOW`].
pub(crate) const PAYLOAD: &str = r#"{"sub":"user-1","exp":1767226500}"#;

/// Accepted, or rejected with this kind.
pub(crate) type Verdict = Result<(), ErrorKind>;

/// A claims type with a single field.
#[derive(Deserialize)]
pub(crate) struct Small {
    #[serde(rename = "sub")]
    _sub: String,
}

pub(crate) fn verdict<C>(verifier: &Verifier<C>, token: &str) -> Verdict
where
    C: DeserializeOwned + Send + Sync + 'static,
{
    match verifier.verify_now(token) {
        Ok(_) => Ok(()),
        Err(error) => Err(error.kind()),
    }
}

/// An issuer with a clock at [`NOW`].
pub(crate) fn issuer(algorithm: Algorithm) -> TestIssuer {
    TestIssuer::new(algorithm).clock(FixedClock::new())
}

/// Trusts the key of the issuer, for any issuer name and any audience, at [`NOW`].
pub(crate) fn trusting(issuer: &TestIssuer) -> VerifierBuilder {
    Verifier::jwks(issuer.jwks()).any_issuer().any_audience().clock(FixedClock::new())
}

/// An issuer and the verifier that [`trusting`] builds for it.
pub(crate) fn pair(algorithm: Algorithm) -> (TestIssuer, Verifier) {
    let issuer = issuer(algorithm);
    let verifier = trusting(&issuer).build().unwrap();
    (issuer, verifier)
}

/// The algorithms that the backend under test supports.
pub(crate) fn algorithms() -> impl Iterator<Item = Algorithm> {
    let backend = CryptoBackend::active().unwrap();
    Algorithm::ALL.iter().copied().filter(move |algorithm| backend.supports(*algorithm))
}

/// The supported algorithms with a public key.
pub(crate) fn public_algorithms() -> impl Iterator<Item = Algorithm> {
    algorithms().filter(|algorithm| !algorithm.name().starts_with("HS"))
}

/// A minimal header.
pub(crate) fn header(algorithm: Algorithm) -> String {
    format!("{{\"alg\":\"{algorithm}\"}}")
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode_to_string(bytes)
}

pub(crate) fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode_to_vec(text).unwrap()
}

/// The encoded header, payload and signature.
pub(crate) fn parts(token: &str) -> [&str; 3] {
    let parts: Vec<_> = token.split('.').collect();
    parts.try_into().unwrap()
}

pub(crate) fn signature(token: &str) -> Vec<u8> {
    decode(parts(token)[2])
}

/// The token with another signature.
pub(crate) fn with_signature(token: &str, signature: impl AsRef<[u8]>) -> String {
    let [header, payload, _] = parts(token);
    format!("{header}.{payload}.{}", encode(signature))
}

/// A token with a MAC that uses any bytes as the secret.
pub(crate) fn mac_token(
    algorithm: Algorithm,
    secret: &[u8],
    header: &str,
    payload: &str,
) -> String {
    let input = format!("{}.{}", encode(header), encode(payload));
    let mac = match algorithm {
        Algorithm::HS256 => mac::<Hmac<Sha256>>(secret, &input),
        Algorithm::HS384 => mac::<Hmac<Sha384>>(secret, &input),
        Algorithm::HS512 => mac::<Hmac<Sha512>>(secret, &input),
        other => panic!("{other} is not a MAC"),
    };
    format!("{input}.{}", encode(mac))
}

fn mac<M: Mac + KeyInit>(secret: &[u8], input: &str) -> Vec<u8> {
    let mut mac = <M as KeyInit>::new_from_slice(secret).unwrap();
    mac.update(input.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// An Ed25519 key from a seed, for tests that need many keys.
pub(crate) struct Seeded(Ed25519KeyPair);

impl Seeded {
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        Self(Ed25519KeyPair::from_seed_unchecked(&seed).unwrap())
    }

    /// The public half, with further members.
    pub(crate) fn jwk(&self, members: &str) -> String {
        let x = encode(self.0.public_key());
        format!("{{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"{x}\"{members}}}")
    }

    pub(crate) fn sign(&self, header: &str, payload: &str) -> String {
        let input = format!("{}.{}", encode(header), encode(payload));
        format!("{input}.{}", encode(self.0.sign(input.as_bytes())))
    }
}

/// One verifier for each of three claims types. Their verdicts must agree.
pub(crate) struct Three {
    claims: Verifier<Claims>,
    small: Verifier<Small>,
    ignored: Verifier<serde::de::IgnoredAny>,
}

impl Three {
    /// Builds the same verifier three times.
    pub(crate) fn new(builder: impl Fn() -> VerifierBuilder) -> Self {
        Self {
            claims: builder().build().unwrap(),
            small: builder().claims().build().unwrap(),
            ignored: builder().claims().build().unwrap(),
        }
    }

    /// The verdicts for [`Claims`], [`Small`] and `IgnoredAny`.
    pub(crate) fn verdicts(&self, token: &str) -> [Verdict; 3] {
        [verdict(&self.claims, token), verdict(&self.small, token), verdict(&self.ignored, token)]
    }
}
