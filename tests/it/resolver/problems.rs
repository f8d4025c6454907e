//! Settings and answers that are unsafe or cannot work.

use std::error::Error as _;
use std::time::Duration;

use tower_jwt_auth::error::ProblemKind as Kind;
use tower_jwt_auth::key::KeySet;
use tower_jwt_auth::resolver::ResolvedIssuers;
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{BuildError, ErrorKind, Issuer, Policy, VerificationKey, Verifier};

use super::fixture::{Fixture, OK, TEMPLATE, Tenants, issuer, name, policy, realm, token};

fn kinds(error: &BuildError) -> Vec<Kind> {
    error.problems().iter().map(tower_jwt_auth::error::Problem::kind).collect()
}

fn build(settings: impl FnOnce(ResolvedIssuers) -> ResolvedIssuers) -> Vec<Kind> {
    let issuers = settings(ResolvedIssuers::new(TEMPLATE, Tenants::default()));
    match Verifier::builder().trust_resolved(issuers).build() {
        Ok(_) => Vec::new(),
        Err(error) => kinds(&error),
    }
}

#[test]
fn limits_have_bounds() {
    for (is_ok, settings) in [
        (true, (|it| it.ttl(Duration::from_secs(1))) as fn(ResolvedIssuers) -> ResolvedIssuers),
        (false, |it| it.ttl(Duration::from_millis(999))),
        (true, |it| it.ttl(Duration::from_secs(3600))),
        (false, |it| it.ttl(Duration::from_secs(3601))),
        (true, |it| it.max_stale(Duration::ZERO)),
        (true, |it| it.max_stale(Duration::from_secs(24 * 3600))),
        (false, |it| it.max_stale(Duration::from_secs(24 * 3600 + 1))),
        (true, |it| it.max_tenants(1)),
        (false, |it| it.max_tenants(0)),
        (true, |it| it.max_tenants(10_000)),
        (false, |it| it.max_tenants(10_001)),
        (true, |it| it.max_lookups(1)),
        (false, |it| it.max_lookups(0)),
        (true, |it| it.max_lookups(1000)),
        (false, |it| it.max_lookups(1001)),
        (true, |it| it.timeout(Duration::from_millis(1))),
        (false, |it| it.timeout(Duration::ZERO)),
        (true, |it| it.timeout(Duration::from_secs(30))),
        (false, |it| it.timeout(Duration::from_secs(31))),
    ] {
        let expected = if is_ok { vec![] } else { vec![Kind::OutOfRange] };
        assert_eq!(build(settings), expected);
    }
}

#[test]
fn names_that_cannot_be_looked_up_are_rejected() {
    for (template, expected) in [
        ("https://sso.example/realms/{realm}", None),
        ("https://sso.example/realms/{realm}/", None),
        ("https://sso.example/realms", Some(Kind::InvalidIssuer)),
        ("https://{realm}.sso.example", Some(Kind::InvalidIssuer)),
        ("https://sso.example/{a}/{b}", Some(Kind::InvalidIssuer)),
        ("{realm}", Some(Kind::InvalidIssuer)),
    ] {
        let issuers = ResolvedIssuers::new(template, Tenants::default());
        let built = Verifier::builder().trust_resolved(issuers).build();
        assert_eq!(built.err().map(|it| kinds(&it)), expected.map(|it| vec![it]), "{template}");
    }
}

#[test]
fn overlapping_names_are_rejected() {
    let resolved = |template: &str| ResolvedIssuers::new(template, Tenants::default());
    let with = |template: &str| Verifier::builder().trust_resolved(resolved(template));
    assert!(with(TEMPLATE).trust_resolved(resolved("https://sso.example/{a}")).build().is_ok());
    let twice = with(TEMPLATE).trust_resolved(resolved("https://sso.example/{a}/b")).build();
    assert_eq!(kinds(&twice.unwrap_err()), [Kind::Conflict]);
    let keys = KeySet::jwks(realm("acme").jwks()).unwrap();
    let template = Issuer::template(TEMPLATE, keys, policy()).any_tenant();
    let both = with(TEMPLATE).trust(template).build();
    assert_eq!(kinds(&both.unwrap_err()), [Kind::Conflict]);
}

/// The problem of the last issuer that the resolver returned.
async fn rejected(fixture: &Fixture, tenant: &str) -> Vec<Kind> {
    let error = fixture.verifier.verify(&token(tenant)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KeysUnavailable);
    let cause = error.source().unwrap().source().unwrap();
    kinds(cause.downcast_ref::<BuildError>().unwrap())
}

#[tokio::test]
async fn an_issuer_with_another_name_is_rejected() {
    let fixture = Fixture::start();
    fixture.tenants.reply("globex", || Ok(Some(issuer("acme"))));
    assert_eq!(rejected(&fixture, "globex").await, [Kind::Conflict]);
    let keys = || KeySet::jwks(realm("acme").jwks()).unwrap();
    fixture.tenants.reply("initech", move || Ok(Some(Issuer::unnamed(keys(), policy()))));
    assert_eq!(rejected(&fixture, "initech").await, [Kind::Conflict]);
    fixture.tenants.reply("hooli", move || {
        Ok(Some(Issuer::template(TEMPLATE, keys(), policy()).any_tenant()))
    });
    assert_eq!(rejected(&fixture, "hooli").await, [Kind::Conflict]);
}

#[tokio::test]
async fn an_issuer_with_a_problem_is_rejected() {
    let fixture = Fixture::start();
    let keys = || KeySet::jwks(realm("globex").jwks()).unwrap();
    fixture
        .tenants
        .reply("globex", move || Ok(Some(Issuer::new(name("globex"), keys(), Policy::new()))));
    assert_eq!(rejected(&fixture, "globex").await, [Kind::MissingAudience]);
}

#[tokio::test]
async fn two_tenants_with_one_secret_are_rejected() {
    let secret = |text: &str| VerificationKey::shared_secret(text).unwrap();
    let (one, other) =
        ("a secret of a tenant with 32 bytes or more", "a secret of another tenant, of 32 bytes");
    let fixture = Fixture::with(
        |it| it,
        |builder| builder.trust(Issuer::new("https://own.example", secret(other), policy())),
    );
    for (tenant, text) in [("globex", one), ("initech", one), ("hooli", other)] {
        fixture
            .tenants
            .reply(tenant, move || Ok(Some(Issuer::new(name(tenant), secret(text), policy()))));
    }
    let signed = |tenant: &str, text: &str| {
        TestIssuer::hs256().with_secret(text).issuer(name(tenant)).audience("orders").token().mint()
    };
    assert_eq!(fixture.ask(&signed("globex", one)).await, OK);
    for (tenant, text) in [("initech", one), ("hooli", other)] {
        let error = fixture.verifier.verify(&signed(tenant, text)).await.unwrap_err();
        let cause = error.source().unwrap().source().unwrap();
        let problems = kinds(cause.downcast_ref::<BuildError>().unwrap());
        assert_eq!(problems, [Kind::SharedSecret], "{tenant}");
    }
}
