//! The errors that the guide's pages quote.

use std::error::Error as StdError;
use std::fs;
use std::path::Path;

use tower_jwt_auth::key::FetchFailure;
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{Algorithm, Error, ErrorKind, Issuer, Policy, VerificationKey, Verifier};

const NAME: &str = "https://auth.example.com";

/// The text of the error, or of its absence.
fn text<T, E: ToString>(result: Result<T, E>) -> String {
    result.map_or_else(|error| error.to_string(), |_| "no error".to_owned())
}

/// Errors from building verifiers.
fn build_errors() -> Vec<String> {
    let es256 = TestIssuer::es256();
    let jwks = |document| Verifier::jwks(document).issuer(NAME).audience("orders").build();
    let partner = || {
        let key = VerificationKey::jwk(TestIssuer::es256().jwk()).unwrap();
        Issuer::new("https://partner.example", key, Policy::new().audience("orders"))
    };
    vec![
        text(Verifier::shared_secret("changeme").audience("orders").build()),
        text(Verifier::issuer_url(format!("{NAME}/.well-known/x")).audience("orders").build()),
        text(jwks("<html>")),
        text(jwks(r#"{"keys": [{"kty": "RSA", "use": "enc", "n": "AQAB", "e": "AQAB"}]}"#)),
        text(VerificationKey::certificate(Algorithm::ES256, es256.public_pem())),
        text(VerificationKey::certificate(Algorithm::RS256, es256.certificate_pem())),
        text(Verifier::builder().trust(partner()).trust(partner()).build()),
    ]
}

/// Errors from verifying tokens.
fn token_errors() -> Vec<String> {
    let issuer = TestIssuer::es256().issuer(NAME).audience("orders").key_id("new");
    let verifier = |name| Verifier::jwks(issuer.jwks()).issuer(name).audience("orders").build();
    let here = verifier(NAME).unwrap();
    vec![
        text(here.verify_now(&issuer.clone().with_other_key().token().mint())),
        text(here.verify_now(&issuer.clone().key_id("old").token().mint())),
        text(here.verify_now(&issuer.token().claim("aud", "billing").mint())),
        text(here.verify_now(&issuer.token().claim("iss", format!("{NAME}/")).mint())),
        text(here.verify_now(&issuer.token().expired().mint())),
        text(here.verify_now(&TestIssuer::hs256().issuer(NAME).audience("orders").token().mint())),
        text(verifier("https://auth.test").unwrap().verify_now(&issuer.token().mint())),
        Error::new(ErrorKind::MissingToken).to_string(),
        Error::new(ErrorKind::MultipleTokens).to_string(),
        Error::new(ErrorKind::KeysUnavailable).to_string(),
        FetchFailure::Connection.to_string(),
    ]
}

/// The texts in code quotes at the start of the items of "If it fails".
fn quotes(page: &str) -> Vec<&str> {
    let (_, items) = page.split_once("**If it fails").expect("each page has this part");
    let quoted = items.split("\n- ").filter_map(|item| {
        let quote = if item.starts_with("``") { "``" } else { "`" };
        item.strip_prefix(quote)?.split_once(quote)
    });
    quoted.map(|(text, _)| text.trim()).collect()
}

#[test]
fn pages_quote_errors_as_they_are() -> Result<(), Box<dyn StdError>> {
    let errors = [build_errors(), token_errors()].concat();
    let mut pages = 0;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs"))? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !name.starts_with("i-have-") {
            continue;
        }
        pages += 1;
        let page = fs::read_to_string(&path)?;
        assert!(!quotes(&page).is_empty(), "{name}");
        for quote in quotes(&page) {
            let is_real = errors.iter().any(|error| error.starts_with(quote));
            assert!(is_real, "{name} quotes {quote:?}; errors: {errors:#?}");
        }
    }
    assert_eq!(pages, 10);
    Ok(())
}
