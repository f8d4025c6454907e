//! Every kind of configuration problem, with a configuration that causes it and a valid neighbour.

use std::time::Duration;

use serde_json::Value;
use tower_jwt_auth::error::{Problem, ProblemKind as Kind};
use tower_jwt_auth::key::{CryptoBackend, KeySet};
use tower_jwt_auth::resource::Resource;
use tower_jwt_auth::{
    Algorithm, BuildError, Issuer, Policy, RequireLayer, VerificationKey, Verifier, VerifierBuilder,
};

use crate::support::tokens::issuer;

const SECRET: &str = "a secret of the tests of at least 32 bytes";
const OTHER: &str = "another secret of the tests, of 32 bytes or more";
const NAME: &str = "https://auth.example.com";

/// The kinds without a row, and the reason why this build cannot cause them.
const UNREACHED: &[(Kind, &str)] = &[
    (Kind::TlsUnavailable, "needs a machine without root certificates"),
    #[cfg(all(feature = "aws-lc-rs", feature = "rust-crypto"))]
    (Kind::MissingFeature, "both crypto backends are built in"),
    #[cfg(not(feature = "better-auth"))]
    (Kind::PublishedSecret, "the feature `test-util` accepts published secrets"),
    #[cfg(not(all(feature = "introspection", feature = "jwks-client")))]
    (Kind::MissingCredential, "needs the introspection of tokens"),
    #[cfg(not(feature = "jwks-client"))]
    (Kind::ForeignKeys, "needs keys from a URL"),
];

/// A kind, its label, a configuration with only that problem, and a valid neighbour.
struct Row {
    kind: Kind,
    label: &'static str,
    rejected: Result<(), BuildError>,
    accepted: Result<(), BuildError>,
}

fn row<T, U>(
    kind: Kind,
    label: &'static str,
    rejected: Result<T, BuildError>,
    accepted: Result<U, BuildError>,
) -> Row {
    Row { kind, label, rejected: rejected.map(drop), accepted: accepted.map(drop) }
}

fn secret(text: &str) -> VerificationKey {
    VerificationKey::shared_secret(text).unwrap()
}

fn public() -> VerificationKey {
    VerificationKey::jwk(issuer(Algorithm::ES256).jwk()).unwrap()
}

fn over_secret() -> VerifierBuilder {
    Verifier::shared_secret(SECRET).any_audience()
}

fn over_public() -> VerifierBuilder {
    Verifier::jwks(issuer(Algorithm::ES256).jwks()).issuer(NAME).audience("orders")
}

fn trusting(first: VerificationKey, second: VerificationKey) -> Result<Verifier, BuildError> {
    let policy = || Policy::new().any_audience();
    let builder = Verifier::builder().trust(Issuer::new("a", first, policy()));
    builder.trust(Issuer::new("b", second, policy())).build()
}

fn settings() -> Vec<Row> {
    let audience = |name| Verifier::shared_secret(SECRET).audience(name);
    let leeway = |seconds| over_secret().leeway(Duration::from_secs(seconds)).build();
    let check = |builder: VerifierBuilder| builder.check("a check", |_| true);
    let owner = |path| RequireLayer::owner_in_path(path);
    let variable = Verifier::shared_secret_from_env("TOWER_JWT_AUTH_NO_SUCH_VARIABLE");
    let strict = || Verifier::jwks(issuer(Algorithm::ES256).jwks()).issuer(NAME).rfc9068();
    let resource = |identifier: &str| Resource::new(identifier).authorization_server(NAME);
    let scopes = |scope: &str| resource(NAME).scopes([scope]).build();
    let lost = jsonwebtoken::Validation { validate_exp: false, ..Default::default() };
    vec![
        row(
            Kind::MissingAudience,
            "missing_audience",
            Verifier::shared_secret(SECRET).build(),
            over_secret().build(),
        ),
        row(
            Kind::MissingIssuer,
            "missing_issuer",
            Verifier::builder().build(),
            over_secret().build(),
        ),
        row(
            Kind::MissingVariable,
            "missing_variable",
            variable.any_audience().build(),
            over_secret().build(),
        ),
        row(Kind::EmptyValue, "empty_value", audience("").build(), audience("orders").build()),
        row(Kind::InvalidValue, "invalid_value", owner("/users"), owner("/users/{id}")),
        row(Kind::OutOfRange, "out_of_range", leeway(301), leeway(300)),
        row(
            Kind::Conflict,
            "conflict",
            audience("orders").any_audience().build(),
            audience("orders").build(),
        ),
        row(
            Kind::NoEffect,
            "no_effect",
            check(over_secret()).claims::<Value>().build(),
            over_secret().claims::<Value>().check("a check", |_| true).build(),
        ),
        row(
            Kind::InvalidIssuer,
            "invalid_issuer",
            over_secret().issuer(format!("{NAME}/.well-known/openid-configuration")).build(),
            over_secret().issuer(NAME).build(),
        ),
        row(
            Kind::InvalidUrl,
            "invalid_url",
            resource("api.example.com").build(),
            resource("https://api.example.com").build(),
        ),
        row(
            Kind::InsecureUrl,
            "insecure_url",
            resource("http://api.example.com").build(),
            resource("https://api.example.com").build(),
        ),
        row(Kind::InvalidScope, "invalid_scope", scopes("openid"), scopes("orders")),
        row(
            Kind::ProfileConflict,
            "profile_conflict",
            strict().any_audience().build(),
            strict().audience("orders").build(),
        ),
        row(
            Kind::UnsupportedConversion,
            "unsupported_conversion",
            Policy::try_from(&lost),
            Policy::try_from(&jsonwebtoken::Validation::default()),
        ),
    ]
}

fn keys() -> Vec<Row> {
    let jwk = issuer(Algorithm::ES256).jwk();
    let private = format!("{},\"d\":\"AA\"}}", jwk.strip_suffix('}').unwrap());
    let pem = |text: &str| VerificationKey::pem(Algorithm::ES256, text);
    let good_pem = issuer(Algorithm::ES256).public_pem();
    let listed = |algorithm| over_public().algorithms([algorithm]).build();
    let previous = |count: u8| (0..count).fold(over_secret(), |it, n| it.previous_secret([n; 32]));
    let small = r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#;
    vec![
        row(
            Kind::MissingKeys,
            "missing_keys",
            KeySet::jwks(r#"{"keys":[]}"#),
            KeySet::jwks(issuer(Algorithm::ES256).jwks()),
        ),
        row(
            Kind::WeakSecret,
            "weak_secret",
            VerificationKey::shared_secret([7; 31]),
            VerificationKey::shared_secret([7; 32]),
        ),
        row(
            Kind::SharedSecret,
            "shared_secret",
            trusting(secret(SECRET), secret(SECRET)),
            trusting(secret(SECRET), secret(OTHER)),
        ),
        row(Kind::WeakKey, "weak_key", VerificationKey::jwk(small), VerificationKey::jwk(&jwk)),
        row(
            Kind::PrivateKey,
            "private_key",
            VerificationKey::jwk(private),
            VerificationKey::jwk(&jwk),
        ),
        row(Kind::InvalidKey, "invalid_key", pem("not a PEM"), pem(good_pem)),
        row(
            Kind::UnsuitableAlgorithm,
            "unsuitable_algorithm",
            listed(Algorithm::RS256),
            listed(Algorithm::ES256),
        ),
        row(
            Kind::MixedKeys,
            "mixed_keys",
            over_public().previous_secret(SECRET).build(),
            trusting(secret(SECRET), public()),
        ),
        row(Kind::TooManyKeys, "too_many_keys", previous(4).build(), previous(3).build()),
    ]
}

#[cfg(feature = "better-auth")]
fn presets() -> Vec<Row> {
    use tower_jwt_auth::provider::better_auth::BetterAuth;
    let preset = |secret| BetterAuth::bridge_token(secret).build();
    let default = "better-auth-secret-12345678901234567890";
    vec![row(Kind::PublishedSecret, "published_secret", preset(default), preset(SECRET))]
}

#[cfg(not(feature = "better-auth"))]
fn presets() -> Vec<Row> {
    Vec::new()
}

#[cfg(feature = "jwks-client")]
fn urls() -> Vec<Row> {
    use tower_jwt_auth::jwks::RemoteJwks;
    let at = |url: &str| Verifier::jwks_url(url).issuer(NAME).audience("orders").build();
    let foreign = |name: &str| {
        let keys = RemoteJwks::issuer(NAME).build().unwrap();
        Verifier::key_source(keys).issuer(name).audience("orders").build()
    };
    vec![
        row(
            Kind::InvalidUrl,
            "invalid_url",
            at("auth.example.com/keys"),
            at("https://auth.example.com/keys"),
        ),
        row(
            Kind::InsecureUrl,
            "insecure_url",
            at("http://auth.example.com/keys"),
            at("https://auth.example.com/keys"),
        ),
        row(Kind::ForeignKeys, "foreign_keys", foreign("https://other.example.com"), foreign(NAME)),
    ]
}

#[cfg(not(feature = "jwks-client"))]
fn urls() -> Vec<Row> {
    Vec::new()
}

#[cfg(all(feature = "introspection", feature = "jwks-client"))]
fn credentials() -> Vec<Row> {
    use tower_jwt_auth::introspection::Introspection;
    let endpoint = || {
        let endpoint = Introspection::endpoint("https://auth.example.com/introspect", NAME);
        endpoint.allow_unsigned_answers()
    };
    vec![row(
        Kind::MissingCredential,
        "missing_credential",
        endpoint().build(),
        endpoint().bearer("abc").build(),
    )]
}

#[cfg(not(all(feature = "introspection", feature = "jwks-client")))]
fn credentials() -> Vec<Row> {
    Vec::new()
}

fn features() -> Vec<Row> {
    let backends = [CryptoBackend::AwsLcRs, CryptoBackend::RustCrypto];
    let missing = backends.into_iter().filter(|backend| !backend.is_built_in());
    let row = |backend| {
        let rejected = over_secret().crypto_backend(backend).build();
        row(Kind::MissingFeature, "missing_feature", rejected, over_secret().build())
    };
    missing.map(row).collect()
}

#[test]
fn every_problem_kind_has_a_cause_and_a_valid_neighbour() {
    let rows: Vec<_> = [settings(), keys(), presets(), urls(), credentials(), features()]
        .into_iter()
        .flatten()
        .collect();
    for Row { kind, label, rejected, accepted } in &rows {
        let error = rejected.as_ref().expect_err(label);
        let kinds: Vec<_> = error.problems().iter().map(Problem::kind).collect();
        assert_eq!(kinds, [*kind], "{error}");
        assert_eq!((kind.as_str(), kind.to_string().as_str()), (*label, *label));
        assert_eq!(accepted, &Ok(()), "{label}");
    }
    for kind in Kind::ALL {
        let is_reached = rows.iter().any(|row| row.kind == *kind);
        let is_excused = UNREACHED.iter().any(|(unreached, _)| unreached == kind);
        assert!(is_reached != is_excused, "{kind}: reached {is_reached}, excused {is_excused}");
    }
}

#[test]
fn problems_of_an_external_preset_are_reported() {
    let problem = || {
        Problem::new(
            Kind::ProfileConflict,
            "the tenant is unknown",
            "no token would be accepted",
            "Pass another tenant",
        )
    };
    let error = over_secret().problem(problem()).leeway(Duration::MAX).build().unwrap_err();
    let kinds: Vec<_> = error.problems().iter().map(Problem::kind).collect();
    assert_eq!(kinds, [Kind::ProfileConflict, Kind::OutOfRange]);
    assert_eq!(BuildError::from(problem()).problems(), [problem()]);
    assert!(over_secret().build().is_ok());
}
