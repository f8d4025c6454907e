//! What the examples need and a server does not: a secret for the run, and a token to try.

use std::env::{self, VarError};
use std::error::Error;
use std::fmt::Write;

use tower_jwt_auth::testing::TestIssuer;

/// `JWT_SECRET` from the environment, or a random one.
pub(crate) fn secret() -> Result<String, Box<dyn Error>> {
    match env::var("JWT_SECRET") {
        Ok(secret) => Ok(secret),
        Err(VarError::NotPresent) => random_secret(),
        Err(error) => Err(error.into()),
    }
}

/// `PORT` from the environment, or 3000.
pub(crate) fn port() -> Result<u16, Box<dyn Error>> {
    Ok(env::var("PORT").map_or(Ok(3000), |port| port.parse())?)
}

/// Stands in for the issuer, which would have made the token after a log-in.
pub(crate) fn print_what_to_try(url: &str, secret: &str) {
    let issuer = TestIssuer::hs256().with_secret(secret);
    let token = issuer.token().subject("user-1").claim("email", "user-1@example.com").mint();
    let tampered = issuer.token().subject("user-1").mint_tampered();
    println!("listening on {url}");
    println!("token: {token}");
    println!();
    println!("curl -i {url}/");
    println!("curl -i {url}/me");
    println!("curl -i {url}/me -H 'Authorization: Bearer {token}'");
    println!("curl -i {url}/me -H 'Authorization: Bearer {tampered}'");
    println!(
        "curl -i {url}/me -H 'Authorization: Bearer {token}' -H 'Authorization: Bearer {token}'"
    );
}

fn random_secret() -> Result<String, Box<dyn Error>> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    let mut secret = String::new();
    for byte in bytes {
        write!(secret, "{byte:02x}")?;
    }
    Ok(secret)
}
