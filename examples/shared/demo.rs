//! The settings of an example, from the environment: its secret and its port.

use std::env::{self, VarError};
use std::error::Error;
use std::fmt::Write;

/// `JWT_SECRET`, or a random secret if it is not set.
pub(crate) fn secret() -> Result<String, Box<dyn Error>> {
    match env::var("JWT_SECRET") {
        Ok(secret) => Ok(secret),
        Err(VarError::NotPresent) => random_secret(),
        Err(error) => Err(error.into()),
    }
}

/// `PORT`, or 3000 if it is not set.
pub(crate) fn port() -> Result<u16, Box<dyn Error>> {
    Ok(env::var("PORT").map_or(Ok(3000), |port| port.parse())?)
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
