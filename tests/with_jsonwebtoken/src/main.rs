//! Signs and verifies with `jsonwebtoken` and the provider that this program selects, and verifies the same tokens with
//! `tower-jwt-auth`, both with its own settings and with converted ones.
//!
//! If a feature of `tower-jwt-auth` enabled a provider of `jsonwebtoken`, `jsonwebtoken` would find two providers and
//! panic.

use std::error::Error;

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde_json::{Value, json};
use tower_jwt_auth::{Algorithm, BuildError, ErrorKind, Issuer, Policy, VerificationKey, Verifier};

#[cfg(not(any(feature = "aws_lc_rs", feature = "rust_crypto")))]
compile_error!(
    "select a provider of `jsonwebtoken`: `--features rust_crypto`, `aws_lc_rs`, or both"
);

const SECRET: &[u8] = &[7; 32];
const OTHER_SECRET: &[u8] = &[8; 32];

fn main() -> Result<(), Box<dyn Error>> {
    let key = DecodingKey::from_secret(SECRET)?;
    let jwk: Jwk = serde_json::from_value(json!({ "kty": "oct", "k": "BwcH".repeat(10) + "Bwc" }))?;
    let mut validation = Validation::default();
    validation.set_audience(&["orders"]);
    validation.set_issuer(&["me"]);

    // Converted before a provider is installed, because conversions neither need nor install one.
    let verifiers = [
        Verifier::shared_secret(SECRET).issuer("me").audience("orders").build()?,
        converted(VerificationKey::decoding_key(Algorithm::HS256, &key)?, &validation)?,
        converted(VerificationKey::try_from(&jwk)?, &validation)?,
    ];

    // With two providers the program must select one. None has been installed before.
    #[cfg(all(feature = "aws_lc_rs", feature = "rust_crypto"))]
    jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER
        .install_default()
        .map_err(|_| "a provider is already installed")?;

    let claims = json!({ "iss": "me", "aud": "orders", "sub": "user-1", "exp": 4_102_444_800_u64 });
    let token = encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET)?)?;
    let forged = encode(&Header::default(), &claims, &EncodingKey::from_secret(OTHER_SECRET)?)?;
    let theirs = |token: &str| decode::<Value>(token, &key, &validation);

    assert_eq!(theirs(&token)?.claims, claims);
    assert!(theirs(&forged).is_err());
    for verifier in &verifiers {
        assert_eq!(verifier.verify_now(&token)?.subject(), Some("user-1"));
        let rejected = verifier.verify_now(&forged).map_err(|error| error.kind());
        assert_eq!(rejected.err(), Some(ErrorKind::InvalidSignature));
    }
    println!("jsonwebtoken and {} verifiers agree on two tokens", verifiers.len());
    Ok(())
}

fn converted(key: VerificationKey, validation: &Validation) -> Result<Verifier, BuildError> {
    let policy = Policy::try_from(validation)?;
    Verifier::builder().trust(Issuer::new("me", key, policy)).build()
}
