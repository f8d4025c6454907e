//! Mints a token of a test issuer.

use std::error::Error;
use std::fs;
use std::time::Duration;

use serde_json::Value;
use tower_jwt_auth::Algorithm;
use tower_jwt_auth::testing::TestIssuer;

use crate::explain::algorithm;
use crate::options::Options;

pub(crate) fn run(options: &mut Options) -> Result<bool, Box<dyn Error>> {
    let name = options.one("algorithm")?;
    let mut issuer = TestIssuer::new(name.map_or(Ok(Algorithm::ES256), |name| algorithm(&name))?);
    if let Some(name) = options.one("issuer")? {
        issuer = issuer.issuer(name);
    }
    issuer = options.all("audience").into_iter().fold(issuer, TestIssuer::audience);
    let (subject, scope) = (options.one("subject")?, options.one("scope")?);
    let (lifetime, claims) = (options.one("expires-in")?, options.all("claim"));
    let file = options.one("jwks-file")?;
    options.end()?;

    let mut token = issuer.token();
    if let Some(subject) = subject {
        token = token.subject(subject);
    }
    if let Some(scope) = scope {
        token = token.scope(scope);
    }
    if let Some(seconds) = lifetime {
        token = token.expires_in(Duration::from_secs(seconds.parse()?));
    }
    for claim in claims {
        let (name, value) = claim.split_once('=').ok_or("write --claim NAME=VALUE")?;
        // Text that is not JSON is a string.
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        token = token.claim(name, value);
    }
    println!("{}", token.mint());
    if let Some(file) = file {
        fs::write(&file, issuer.jwks()).map_err(|error| format!("{file}: {error}"))?;
        eprintln!("the keys of the test issuer are in {file}");
    }
    Ok(true)
}
