//! The second verifier: `jsonwebtoken::decode` with the strictest settings.

use jsonwebtoken::crypto::CryptoProvider;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, get_current_timestamp};
use serde_json::Value;

use super::keys::{AUDIENCE, ISSUER, Key, LEEWAY};

/// A decoding key and a validation for each key; `None` for an unsupported algorithm.
pub(crate) struct Jsonwebtoken(Vec<Option<(DecodingKey, Validation)>>);

impl Jsonwebtoken {
    pub(crate) fn new(keys: &[Key]) -> Self {
        // With both providers built in, `jsonwebtoken` would select none and panic.
        provider().install_default().unwrap();
        Self(keys.iter().map(of_key).collect())
    }

    /// The verdict at the second that [`second`](Self::second) returns.
    pub(crate) fn judge(&self, key: usize, token: &str) -> bool {
        let of_key = self.0[key].as_ref();
        of_key.is_some_and(|(key, validation)| decode::<Value>(token, key, validation).is_ok())
    }

    /// The current second. `jsonwebtoken` reads the system clock, which cannot be replaced.
    pub(crate) fn second() -> u64 {
        get_current_timestamp()
    }
}

#[cfg(feature = "aws-lc-rs")]
fn provider() -> &'static CryptoProvider {
    &jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER
}

#[cfg(not(feature = "aws-lc-rs"))]
fn provider() -> &'static CryptoProvider {
    &jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER
}

fn of_key(key: &Key) -> Option<(DecodingKey, Validation)> {
    let algorithm: Algorithm = key.algorithm.name().parse().ok()?;
    let jwk: Jwk = serde_json::from_str(&key.issuer.jwk()).unwrap();
    let mut validation = Validation::new(algorithm);
    validation.leeway = LEEWAY.into();
    validation.validate_nbf = true;
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    Some((DecodingKey::from_jwk(&jwk).unwrap(), validation))
}
