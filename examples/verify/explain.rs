//! Explains a token.

use std::error::Error;

use tower_jwt_auth::{Algorithm, Issuer, Policy, Verifier};

use crate::keys;
use crate::options::Options;

pub(crate) async fn run(options: &mut Options) -> Result<bool, Box<dyn Error>> {
    let token = options.argument("the token")?;
    let claims = options.all("claim");
    let verifier = verifier(options)?;
    // Only `warm` uses the network. `explain` never does.
    verifier.warm().await?;
    let explanation = verifier.explain(token.trim()).with_claims(claims);
    if options.json {
        println!("{}", serde_json::to_string_pretty(&explanation)?);
    } else {
        print!("{explanation}");
    }
    Ok(explanation.error().is_none())
}

fn verifier(options: &mut Options) -> Result<Verifier, Box<dyn Error>> {
    let mut policy = Policy::new();
    let audiences = options.all("audience");
    if audiences.is_empty() {
        eprintln!("not checked: the audience (--audience)");
        policy = policy.any_audience();
    }
    policy = audiences.into_iter().fold(policy, Policy::audience);
    let algorithms = options.all("algorithm");
    let algorithms: Vec<Algorithm> =
        algorithms.iter().map(|it| algorithm(it)).collect::<Result<_, _>>()?;
    if !algorithms.is_empty() {
        policy = policy.algorithms(algorithms.iter().copied());
    }
    let issuer = options.one("issuer")?;
    let keys = keys::configured(options, issuer.as_deref(), &algorithms)?;
    options.end()?;
    let issuer = if let Some(name) = issuer {
        Issuer::new(name, keys, policy)
    } else {
        eprintln!("not checked: the issuer (--issuer)");
        Issuer::unnamed(keys, policy)
    };
    Ok(Verifier::builder().trust(issuer).build()?)
}

pub(crate) fn algorithm(name: &str) -> Result<Algorithm, Box<dyn Error>> {
    Ok(Algorithm::from_name(name).ok_or_else(|| format!("unknown algorithm {name}"))?)
}
