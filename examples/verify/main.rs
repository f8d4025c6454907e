//! Explains tokens on the command line. No token is sent anywhere.
//!
//! ```text
//! cargo run --example verify -- explain TOKEN|- [KEYS] [--issuer NAME] [--audience NAME] [--algorithm NAME]
//!                                               [--claim NAME] [--json]
//! cargo run --example verify -- mint [--algorithm NAME] [--issuer NAME] [--audience NAME] [--subject NAME]
//!                                    [--scope TEXT] [--claim NAME=VALUE] [--expires-in SECONDS] [--jwks-file FILE]
//! cargo run --example verify -- keys URL|FILE
//! ```
//!
//! `explain` prints every step of the verification, with what is configured and what the token has, and hints about the
//! probable cause of a rejection. `-` reads the token from standard input, so that it is not in the shell's history.
//! `--claim` also shows that claim, `--json` prints data, and `--audience` and `--algorithm` can be repeated. `KEYS` is
//! one of:
//!
//! ```text
//! --jwks FILE|URL        a JWKS document, or one JWK
//! --pem FILE             a public key or, with the feature `x509`, a certificate
//! --secret-file FILE     a shared secret: the file without one line break at its end
//! ```
//!
//! Without `KEYS`, `--issuer` must be the issuer's URL, and the keys are fetched. Issuer and audience are checked only
//! if they are given.
//!
//! `mint` prints a token of a test issuer. It is for tests only, because the issuer's private key is published.
//! `--jwks-file` writes the issuer's public keys to a file for `explain --jwks`.
//!
//! `keys` prints the keys of a JWKS document: which are used, with which algorithms, and why others are skipped.
//!
//! URLs need the feature `jwks-client`: `cargo run --features jwks-client --example verify -- …`. The exit status is 0
//! for an accepted token, 1 for a rejected one, and 2 for invalid arguments or missing keys.

mod explain;
mod keys;
mod mint;
mod options;

use std::env;
use std::error::Error;
use std::process::ExitCode;

use options::Options;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(env::args().skip(1).collect()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{}", with_causes(&*error));
            ExitCode::from(2)
        }
    }
}

/// Whether the token is accepted.
async fn run(arguments: Vec<String>) -> Result<bool, Box<dyn Error>> {
    let mut arguments = arguments.into_iter();
    let command = arguments.next().unwrap_or_default();
    let mut options = Options::read(arguments)?;
    let outcome = match command.as_str() {
        "explain" => explain::run(&mut options).await?,
        "mint" => mint::run(&mut options)?,
        "keys" => keys::run(&mut options).await?,
        _ => {
            return Err(
                "the commands are `explain`, `mint` and `keys`; see examples/verify/main.rs".into(),
            );
        }
    };
    Ok(outcome)
}

/// The error and its causes, on one line.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
