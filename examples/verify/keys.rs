//! Reads the keys that verify tokens.

use std::error::Error;
use std::fs;

use tower_jwt_auth::key::{KeySet, Keys};
use tower_jwt_auth::{Algorithm, VerificationKey};

use crate::options::Options;

/// The keys that the options name.
pub(crate) fn configured(
    options: &mut Options,
    issuer: Option<&str>,
    algorithms: &[Algorithm],
) -> Result<Keys, Box<dyn Error>> {
    let (jwks, pem, secret) =
        (options.one("jwks")?, options.one("pem")?, options.one("secret-file")?);
    match (jwks, pem, secret, issuer) {
        (Some(url), None, None, _) if is_url(&url) => remote::keys_at(&url),
        (Some(file), None, None, _) => document(&read(&file)?),
        (None, Some(file), None, _) => public_key(&read(&file)?, algorithms),
        (None, None, Some(file), _) => {
            let text = read(&file)?;
            let text = text.strip_suffix('\n').unwrap_or(&text);
            Ok(VerificationKey::shared_secret(text.strip_suffix('\r').unwrap_or(text))?.into())
        }
        (None, None, None, Some(issuer)) if is_url(issuer) => remote::keys_of(issuer),
        (None, None, None, _) => {
            Err("there are no keys: give --jwks, --pem or --secret-file, or a URL as --issuer"
                .into())
        }
        _ => Err("give only one of --jwks, --pem and --secret-file".into()),
    }
}

fn is_url(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

fn read(file: &str) -> Result<String, Box<dyn Error>> {
    Ok(fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?)
}

/// A JWKS document or one JWK.
fn document(json: &str) -> Result<Keys, Box<dyn Error>> {
    if json.contains("\"keys\"") {
        return Ok(KeySet::jwks(json)?.into());
    }
    Ok(VerificationKey::jwk(json)?.into())
}

/// The type of a key determines its algorithm, except for RSA.
fn public_key(pem: &str, algorithms: &[Algorithm]) -> Result<Keys, Box<dyn Error>> {
    let read = |algorithm| match pem.contains("BEGIN CERTIFICATE") {
        #[cfg(feature = "x509")]
        true => VerificationKey::certificate(algorithm, pem),
        _ => VerificationKey::pem(algorithm, pem),
    };
    if let [algorithm] = algorithms {
        return Ok(read(*algorithm)?.into());
    }
    let candidates = [Algorithm::EdDSA, Algorithm::ES256, Algorithm::ES384, Algorithm::ES512];
    match candidates.into_iter().find_map(|algorithm| read(algorithm).ok()) {
        Some(key) => Ok(key.into()),
        None => Ok(read(Algorithm::RS256)?.into()),
    }
}

pub(crate) async fn run(options: &mut Options) -> Result<bool, Box<dyn Error>> {
    let place = options.argument("the URL or the file")?;
    options.end()?;
    let set = if is_url(&place) {
        remote::fetch(&place).await?
    } else {
        KeySet::jwks(read(&place)?)?.into()
    };
    for key in set.keys() {
        let algorithms: Vec<_> = key.algorithms().map(Algorithm::name).collect();
        println!(
            "used     {:40} {}",
            key.key_id().unwrap_or("without an id"),
            algorithms.join(" ")
        );
    }
    for (id, reason) in set.skipped_keys() {
        println!("skipped  {:40} {reason}", id.unwrap_or("without an id"));
    }
    Ok(true)
}

#[cfg(feature = "jwks-client")]
mod remote {
    use std::error::Error;
    use std::sync::Arc;

    use tower_jwt_auth::jwks::RemoteJwks;
    use tower_jwt_auth::key::{KeySet, KeySource, Keys};

    pub(super) fn keys_at(url: &str) -> Result<Keys, Box<dyn Error>> {
        Ok(RemoteJwks::url(url).allow_http_on_loopback().build()?.into())
    }

    pub(super) fn keys_of(issuer: &str) -> Result<Keys, Box<dyn Error>> {
        Ok(RemoteJwks::issuer(issuer).allow_http_on_loopback().build()?.into())
    }

    pub(super) async fn fetch(url: &str) -> Result<Arc<KeySet>, Box<dyn Error>> {
        let keys = RemoteJwks::url(url).allow_http_on_loopback().build()?;
        keys.warm().await?;
        Ok(keys.current().ok_or("the keys were not fetched")?)
    }
}

#[cfg(not(feature = "jwks-client"))]
mod remote {
    use std::error::Error;
    use std::sync::Arc;

    use tower_jwt_auth::key::{KeySet, Keys};

    const MISSING: &str = "keys from a URL need the feature `jwks-client`: \
                           cargo run --features jwks-client --example verify -- …";

    pub(super) fn keys_at(_: &str) -> Result<Keys, Box<dyn Error>> {
        Err(MISSING.into())
    }

    pub(super) fn keys_of(_: &str) -> Result<Keys, Box<dyn Error>> {
        Err(MISSING.into())
    }

    #[expect(clippy::unused_async, reason = "like the one that fetches")]
    pub(super) async fn fetch(_: &str) -> Result<Arc<KeySet>, Box<dyn Error>> {
        Err(MISSING.into())
    }
}
