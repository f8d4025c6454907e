//! Signs and verifies with `jsonwebtoken`, by the provider that this program chose, and verifies the same
//! tokens with `tower-jwt-auth`.
//!
//! If a feature of `tower-jwt-auth` turned on a provider of `jsonwebtoken`, that crate would find two of them and
//! panic here.

use std::error::Error;

use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde_json::{Value, json};
use tower_jwt_auth::{ErrorKind, Verifier};

#[cfg(not(any(feature = "aws_lc_rs", feature = "rust_crypto")))]
compile_error!(
    "choose a provider of `jsonwebtoken`: `--features rust_crypto`, `aws_lc_rs`, or both"
);

const SECRET: &[u8] = &[7; 32];
const OTHER_SECRET: &[u8] = &[8; 32];

fn main() -> Result<(), Box<dyn Error>> {
    // With two providers, the program itself must choose. It is free to: nothing has installed one yet.
    #[cfg(all(feature = "aws_lc_rs", feature = "rust_crypto"))]
    jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER
        .install_default()
        .map_err(|_| "a provider was installed before")?;

    let verifier = Verifier::shared_secret(SECRET).issuer("me").audience("orders").build()?;
    let claims = json!({ "iss": "me", "aud": "orders", "sub": "user-1", "exp": 4_102_444_800_u64 });
    let token = encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET)?)?;
    let forged = encode(&Header::default(), &claims, &EncodingKey::from_secret(OTHER_SECRET)?)?;

    let mut validation = Validation::default();
    validation.set_audience(&["orders"]);
    let key = DecodingKey::from_secret(SECRET)?;
    let theirs = |token: &str| decode::<Value>(token, &key, &validation);
    let ours = |token: &str| verifier.verify_now(token);

    assert_eq!(ours(&token)?.subject(), Some("user-1"));
    assert_eq!(theirs(&token)?.claims, claims);
    let rejected = ours(&forged).map_err(|error| error.kind());
    assert_eq!(rejected.err(), Some(ErrorKind::InvalidSignature));
    assert!(theirs(&forged).is_err());
    println!("jsonwebtoken and tower-jwt-auth agree on two tokens");
    Ok(())
}
