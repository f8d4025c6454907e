//! An issuer that signs valid and invalid tokens.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::mint::SigningKey;
use crate::claims::NumericDate;
use crate::clock::{Clock, SystemClock};
use crate::jws::{Algorithm, AlgorithmFamily, base64url};

const LIFETIME: Duration = Duration::from_secs(15 * 60);

/// Long enough for HS512.
const SECRETS: [&str; 2] = [include_str!("keys/hmac-a.secret"), include_str!("keys/hmac-b.secret")];

struct KeyPair {
    private: &'static str,
    public: &'static str,
    certificate: &'static str,
    jwk: &'static str,
}

macro_rules! key_pairs {
    ($name:literal) => {
        [key_pairs!($name, "a"), key_pairs!($name, "b")]
    };
    ($name:literal, $which:literal) => {
        KeyPair {
            private: include_str!(concat!("keys/", $name, "-", $which, ".private.pem")),
            public: include_str!(concat!("keys/", $name, "-", $which, ".public.pem")),
            certificate: include_str!(concat!("keys/", $name, "-", $which, ".certificate.pem")),
            jwk: include_str!(concat!("keys/", $name, "-", $which, ".public.jwk")),
        }
    };
}

static RSA: [KeyPair; 2] = key_pairs!("rsa");
static P256: [KeyPair; 2] = key_pairs!("p256");
static P384: [KeyPair; 2] = key_pairs!("p384");
static P521: [KeyPair; 2] = key_pairs!("p521");
static ED25519: [KeyPair; 2] = key_pairs!("ed25519");

/// Mints valid and invalid tokens with a fixed demo key.
///
/// The demo keys are published with this crate. A build without the feature `test-util` rejects them.
///
/// ```
/// use tower_jwt_auth::{ErrorKind, Verifier, testing::TestIssuer};
///
/// let issuer = TestIssuer::es256();
/// let verifier = Verifier::jwks(issuer.jwks()).any_issuer().any_audience().build()?;
/// let kind = |token: String| verifier.verify_now(&token).err().map(|error| error.kind());
///
/// assert_eq!(kind(issuer.token().mint()), None);
/// assert_eq!(kind(issuer.token().expired().mint()), Some(ErrorKind::TokenExpired));
/// assert_eq!(kind(issuer.token().mint_tampered()), Some(ErrorKind::InvalidSignature));
/// let other = issuer.clone().with_other_key();
/// assert_eq!(kind(other.token().mint()), Some(ErrorKind::InvalidSignature));
/// // Any header and payload can be signed.
/// assert_eq!(kind(issuer.sign(r#"{"alg":"ES256"}"#, "[]")), Some(ErrorKind::MalformedToken));
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
#[derive(Clone)]
#[must_use = "an issuer does nothing until it mints a token or returns a key"]
pub struct TestIssuer {
    algorithm: Algorithm,
    /// The index of the demo key: 0 or 1.
    which: usize,
    key: Option<SigningKey>,
    /// Replaces the demo secret.
    own_secret: Option<Zeroizing<String>>,
    key_id: Option<String>,
    name: Option<String>,
    audience: Option<String>,
    clock: Arc<dyn Clock>,
}

impl TestIssuer {
    /// Returns an issuer that signs with this algorithm.
    ///
    /// In a build without a crypto backend, its tokens have an empty signature.
    pub fn new(algorithm: Algorithm) -> Self {
        let key_id = match algorithm.family() {
            AlgorithmFamily::Hmac => None,
            _ => Some(format!("demo-{algorithm}")),
        };
        let issuer = Self {
            algorithm,
            which: 0,
            key: None,
            own_secret: None,
            key_id,
            name: None,
            audience: None,
            clock: Arc::new(SystemClock::new()),
        };
        issuer.with_key(0)
    }

    /// Returns an issuer that signs with HS256.
    pub fn hs256() -> Self {
        Self::new(Algorithm::HS256)
    }

    /// Returns an issuer that signs with ES256.
    pub fn es256() -> Self {
        Self::new(Algorithm::ES256)
    }

    /// Signs with the other demo key, under the same key id.
    ///
    /// Its tokens do not verify with the first key.
    pub fn with_other_key(self) -> Self {
        let other = 1 - self.which;
        self.with_key(other)
    }

    /// Signs with this secret instead of a demo secret. Only for HMAC.
    pub fn with_secret(mut self, secret: impl Into<String>) -> Self {
        self.own_secret = Some(Zeroizing::new(secret.into()));
        let which = self.which;
        self.with_key(which)
    }

    fn with_key(mut self, which: usize) -> Self {
        self.which = which;
        let private = self.pair().map_or(self.secret(), |pair| pair.private);
        self.key = SigningKey::new(self.algorithm, private);
        self
    }

    /// Sets `iss` of the tokens.
    pub fn issuer(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets `aud` of the tokens.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// Sets `kid` of the tokens and the keys.
    pub fn key_id(mut self, key_id: impl Into<String>) -> Self {
        self.key_id = Some(key_id.into());
        self
    }

    /// Removes `kid` from the tokens and the keys.
    pub fn without_key_id(mut self) -> Self {
        self.key_id = None;
        self
    }

    /// Computes `iat` and `exp` from this clock.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    fn pair(&self) -> Option<&'static KeyPair> {
        let pairs = match self.algorithm.family() {
            AlgorithmFamily::Hmac => return None,
            AlgorithmFamily::RsaPkcs1 | AlgorithmFamily::RsaPss => &RSA,
            AlgorithmFamily::Ecdsa if self.algorithm == Algorithm::ES384 => &P384,
            AlgorithmFamily::Ecdsa if self.algorithm == Algorithm::ES512 => &P521,
            AlgorithmFamily::Ecdsa => &P256,
            AlgorithmFamily::EdDsa => &ED25519,
        };
        pairs.get(self.which)
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    pub(super) fn current_key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// Returns the algorithm of the signatures.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Returns the secret of an HMAC issuer.
    pub fn secret(&self) -> &str {
        let demo = SECRETS.get(self.which).copied().unwrap_or_default();
        self.own_secret.as_ref().map_or(demo, |own| own.as_str())
    }

    /// Returns the public key in PEM form. Empty for HMAC.
    pub fn public_pem(&self) -> &'static str {
        self.pair().map_or("", |pair| pair.public)
    }

    /// Returns a self-signed certificate of the public key, in PEM form.
    ///
    /// It expired in 2020. Empty for HMAC.
    pub fn certificate_pem(&self) -> &'static str {
        self.pair().map_or("", |pair| pair.certificate)
    }

    /// Returns the public key as a JWK with `alg` and `kid`; for HMAC, the secret.
    pub fn jwk(&self) -> String {
        let mut jwk: Map<String, Value> = match self.pair() {
            Some(pair) => serde_json::from_str(pair.jwk).unwrap_or_default(),
            None => Map::from_iter([
                ("kty".to_owned(), "oct".into()),
                ("k".to_owned(), base64url::encode(self.secret().as_bytes()).into()),
            ]),
        };
        jwk.insert("alg".to_owned(), self.algorithm.name().into());
        if let Some(key_id) = &self.key_id {
            jwk.insert("kid".to_owned(), key_id.as_str().into());
        }
        Value::Object(jwk).to_string()
    }

    /// Returns a JWKS document with one key, [`jwk`](Self::jwk).
    pub fn jwks(&self) -> String {
        format!("{{\"keys\":[{}]}}", self.jwk())
    }

    /// Returns a builder for a token that is valid for 15 minutes.
    pub fn token(&self) -> TestToken<'_> {
        TestToken::new(Cow::Borrowed(self))
    }

    /// As [`token`](Self::token), with an owned issuer.
    pub(super) fn into_token(self) -> TestToken<'static> {
        TestToken::new(Cow::Owned(self))
    }

    /// Signs this header and this payload without checking them.
    pub fn sign(&self, header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
        let encode = |part: &[u8]| base64url::encode(part);
        self.sign_encoded(&format!("{}.{}", encode(header.as_ref()), encode(payload.as_ref())))
    }

    /// Signs this signing input without checking it.
    ///
    /// A valid signing input is the encoded header and the encoded payload, separated by a dot.
    pub fn sign_encoded(&self, signing_input: &str) -> String {
        let sign = |key: &SigningKey| key.sign(signing_input.as_bytes());
        let signature = self.key.as_ref().and_then(sign).unwrap_or_default();
        format!("{signing_input}.{}", base64url::encode(&signature))
    }
}

impl fmt::Debug for TestIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestIssuer")
            .field("algorithm", &self.algorithm)
            .field("key_id", &self.key_id)
            .field("name", &self.name)
            .field("audience", &self.audience)
            .finish_non_exhaustive()
    }
}

/// A builder for one token.
///
/// ```
/// use tower_jwt_auth::{ErrorKind, Verifier, testing::TestIssuer};
///
/// let issuer = TestIssuer::hs256();
/// let verifier = Verifier::shared_secret(issuer.secret()).any_audience().build()?;
/// let user = issuer.token().subject("user-1").scope("orders:read");
/// assert!(verifier.verify_now(&user.clone().mint())?.has_scope("orders:read"));
/// assert_eq!(verifier.verify_now(&user.expired().mint()).unwrap_err().kind(), ErrorKind::TokenExpired);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use = "a token is not made until `mint` is called"]
pub struct TestToken<'i> {
    issuer: Cow<'i, TestIssuer>,
    now: NumericDate,
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl<'i> TestToken<'i> {
    fn new(issuer: Cow<'i, TestIssuer>) -> Self {
        let now = NumericDate::from(issuer.clock.now());
        let mut claims = Map::new();
        let optional = [("iss", &issuer.name), ("aud", &issuer.audience)];
        for (name, value) in optional {
            claims
                .extend(value.as_ref().map(|value| (name.to_owned(), Value::from(value.as_str()))));
        }
        claims.insert("iat".to_owned(), now.seconds().into());
        claims.insert("exp".to_owned(), now.saturating_add(LIFETIME).seconds().into());
        let mut header = Map::from_iter([("alg".to_owned(), issuer.algorithm.name().into())]);
        header
            .extend(issuer.key_id.as_ref().map(|id| ("kid".to_owned(), Value::from(id.as_str()))));
        Self { issuer, now, header, claims }
    }
}

impl TestToken<'_> {
    /// Sets `sub`.
    pub fn subject(self, subject: impl Into<String>) -> Self {
        self.claim("sub", subject.into())
    }

    /// Sets `scope`, one or more scopes separated by spaces (RFC 8693 §4.2).
    pub fn scope(self, scope: impl Into<String>) -> Self {
        self.claim("scope", scope.into())
    }

    /// Sets a claim.
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    /// Sets the claims of a value that serializes to an object. Other values are ignored.
    pub fn claims(mut self, claims: impl Serialize) -> Self {
        if let Ok(Value::Object(claims)) = serde_json::to_value(claims) {
            self.claims.extend(claims);
        }
        self
    }

    /// Removes a claim.
    pub fn without(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// Sets `exp` to the current time plus this lifetime.
    pub fn expires_in(self, lifetime: Duration) -> Self {
        let end = self.now.saturating_add(lifetime).seconds();
        self.claim("exp", end)
    }

    /// Sets `exp` to one hour ago.
    pub fn expired(self) -> Self {
        let end = self.now.seconds().saturating_sub(3600);
        self.claim("exp", end)
    }

    /// Sets a header parameter.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.header.insert(name.into(), value.into());
        self
    }

    /// Signs the token.
    pub fn mint(self) -> String {
        let (header, claims) = (Value::Object(self.header), Value::Object(self.claims));
        self.issuer.sign(header.to_string(), claims.to_string())
    }

    /// Signs the token and then changes its subject, so that the signature is invalid.
    pub fn mint_tampered(self) -> String {
        let issuer = self.issuer.clone();
        let header = Value::Object(self.header.clone()).to_string();
        let valid = self.clone().mint();
        let forged = Value::Object(self.subject("another user").claims).to_string();
        let forged = issuer.sign(header, forged);
        match (forged.rsplit_once('.'), valid.rsplit_once('.')) {
            (Some((input, _)), Some((_, signature))) => format!("{input}.{signature}"),
            _ => valid,
        }
    }
}

impl fmt::Debug for TestToken<'_> {
    /// Prints names only, because the values may be personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestToken")
            .field("issuer", &*self.issuer)
            .field("header", &self.header.keys())
            .field("claims", &self.claims.keys())
            .finish_non_exhaustive()
    }
}
