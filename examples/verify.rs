//! Verifies a token on the command line, without any HTTP.
//!
//! ```text
//! cargo run --example verify -- TOKEN KEY_FILE [ALGORITHM]
//! ```
//!
//! `TOKEN` is a compact JWT, or `-` to read it from standard input. `KEY_FILE` holds a public key in
//! PEM, a JWK, a JWKS document, or otherwise a shared secret (the whole file, less one line break at its
//! end). `ALGORITHM` is needed for RSA keys in PEM that do not sign RS256. Issuer and audience are not
//! looked at. Exit status: 0 accepted, 1 refused, 2 not asked properly.

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
    let asked = read_token(token).and_then(|token| Ok((token, verifier(file, algorithm)?)));
    let (token, verifier) = match asked {
        Ok(asked) => asked,
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
            println!("refused: {} ({error})", error.kind());
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

/// The kind of key says which algorithm it is for, unless it is RSA.
fn pem(text: &str, algorithm: Option<Algorithm>) -> Result<VerificationKey, Box<dyn Error>> {
    if let Some(algorithm) = algorithm {
        return Ok(VerificationKey::pem(algorithm, text)?);
    }
    let usual = [Algorithm::EdDSA, Algorithm::ES256, Algorithm::ES384];
    let of_its_kind = usual.into_iter().find_map(|usual| VerificationKey::pem(usual, text).ok());
    match of_its_kind {
        Some(key) => Ok(key),
        None => Ok(VerificationKey::pem(Algorithm::RS256, text)?),
    }
}
