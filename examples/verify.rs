//! Shows the verifier without HTTP: verifies a token on the command line.
//!
//! ```text
//! cargo run --example verify -- TOKEN KEY_FILE [ALGORITHM]
//! ```
//!
//! `TOKEN` is a compact JWT, or `-` to read it from standard input. `KEY_FILE` contains a public key in PEM form, a
//! JWK, a JWKS document, or a shared secret (the whole file without one trailing line break). `ALGORITHM` is needed if
//! the key does not name its algorithm: for secrets that do not sign HS256, RSA keys that do not sign RS256, and P-521
//! keys in PEM form.
//!
//! Issuer and audience are not checked. Exit status: 0 accepted, 1 rejected, 2 invalid arguments.

use std::error::Error;
use std::io::{self, Read};
use std::process::ExitCode;
use std::{env, fs};

use tower_jwt_auth::{Algorithm, Issuer, Policy, VerificationKey, Verifier, key};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (token, file, algorithm) = match arguments.as_slice() {
        [token, file] => (token, file, None),
        [token, file, algorithm] => (token, file, Some(algorithm.as_str())),
        _ => {
            eprintln!("usage: verify TOKEN|- KEY_FILE [ALGORITHM]");
            return ExitCode::from(2);
        }
    };
    let inputs = read_token(token).and_then(|token| Ok((token, verifier(file, algorithm)?)));
    let (token, verifier) = match inputs {
        Ok(inputs) => inputs,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    match verifier.verify_now(token.trim()) {
        Ok(user) => {
            println!("accepted: {:?}", user.token().header().algorithm);
            println!("subject: {}", user.subject().unwrap_or("none"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("rejected: {} ({error})", error.kind());
            ExitCode::FAILURE
        }
    }
}

fn read_token(argument: &str) -> Result<String, Box<dyn Error>> {
    let mut token = argument.to_owned();
    if argument == "-" {
        token.clear();
        io::stdin().read_to_string(&mut token)?;
    }
    Ok(token)
}

fn verifier(file: &str, algorithm: Option<&str>) -> Result<Verifier, Box<dyn Error>> {
    let text = fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    let algorithm = match algorithm {
        Some(name) => Some(Algorithm::from_name(name).ok_or(format!("unknown algorithm {name}"))?),
        None => None,
    };
    let mut policy = Policy::new().any_audience();
    if let Some(algorithm) = algorithm {
        policy = policy.algorithms([algorithm]);
    }
    let keys: key::Keys = if text.contains("-----BEGIN") {
        pem(&text, algorithm)?.into()
    } else if text.contains("\"keys\"") {
        key::KeySet::jwks(text.trim())?.into()
    } else if text.trim_start().starts_with('{') {
        VerificationKey::jwk(text.trim())?.into()
    } else {
        VerificationKey::shared_secret(text.strip_suffix('\n').unwrap_or(&text))?.into()
    };
    Ok(Verifier::builder().trust(Issuer::unnamed(keys, policy)).build()?)
}

/// The type of a key determines its algorithm, except for RSA.
fn pem(text: &str, algorithm: Option<Algorithm>) -> Result<VerificationKey, Box<dyn Error>> {
    if let Some(algorithm) = algorithm {
        return Ok(VerificationKey::pem(algorithm, text)?);
    }
    let candidates = [Algorithm::EdDSA, Algorithm::ES256, Algorithm::ES384];
    let key = candidates.into_iter().find_map(|it| VerificationKey::pem(it, text).ok());
    match key {
        Some(key) => Ok(key),
        None => Ok(VerificationKey::pem(Algorithm::RS256, text)?),
    }
}
