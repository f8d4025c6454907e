//! When a tenant is looked up, and what its answer permits.

use futures_util::future::join_all;
use tower_jwt_auth::key::KeySet;
use tower_jwt_auth::resolver::ResolvedIssuers;
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{ErrorKind, Issuer, Policy, Verifier};

use super::fixture::{
    DOWN, Fixture, ISSUER, NANOSECOND, OK, TEMPLATE, TTL, WRONG, issuer, just_before, name, policy,
    realm, token,
};
use crate::support::tokens::verdict;

#[tokio::test]
async fn a_tenant_is_looked_up_once() {
    let fixture = Fixture::start();
    assert_eq!(fixture.ask_for("acme").await, OK);
    assert_eq!(fixture.ask_for("acme").await, OK);
    assert_eq!(fixture.tenants.asked(), ["acme"]);
    assert_eq!(fixture.events(), ["found"]);
}

#[tokio::test]
async fn a_tenant_without_an_issuer_is_looked_up_once() {
    let fixture = Fixture::start();
    assert_eq!(fixture.ask_for("evil").await, ISSUER);
    assert_eq!(fixture.ask_for("evil").await, ISSUER);
    assert_eq!(fixture.tenants.asked(), ["evil"]);
    assert_eq!(fixture.events(), ["absent"]);
    // The answer is as old as any other.
    fixture.tenants.add("evil");
    fixture.clock.advance(just_before(TTL));
    assert_eq!(fixture.ask_for("evil").await, ISSUER);
    fixture.clock.advance(NANOSECOND);
    assert_eq!(fixture.ask_for("evil").await, OK);
}

#[tokio::test]
async fn concurrent_requests_share_one_lookup() {
    let fixture = Fixture::start();
    fixture.tenants.close();
    let good = token("acme");
    let all = join_all((0..100).map(|_| fixture.ask(&good)));
    let release = async {
        fixture.settle().await;
        fixture.tenants.open();
    };
    let (verdicts, ()) = tokio::join!(all, release);
    assert_eq!(verdicts, vec![OK; 100]);
    assert_eq!(fixture.tenants.asked(), ["acme"]);
}

#[tokio::test]
async fn a_dropped_request_does_not_cancel_the_lookup() {
    let fixture = Fixture::start();
    fixture.tenants.close();
    drop(fixture.verifier.verify(&token("acme")));
    fixture.settle().await;
    fixture.tenants.open();
    fixture.settle().await;
    assert_eq!(verdict(&fixture.verifier, &token("acme")), OK);
    assert_eq!(fixture.tenants.asked(), ["acme"]);
}

#[tokio::test]
async fn other_names_are_never_looked_up() {
    let fixture = Fixture::start();
    let segment = "a".repeat(129);
    for other in [
        "https://sso.example/realms/",
        "https://sso.example/realms/acme/",
        "https://sso.example/realms/acme?a",
        "https://sso.example/realms/acme#a",
        "https://sso.example/realms/a/b",
        "https://sso.example/realms/..",
        "https://sso.example/realms/a%2Fb",
        "https://sso.example/realms/acme ",
        "https://sso.example/realms/{realm}",
        "https://sso.example/realms/acmé",
        "https://SSO.example/realms/acme",
        "http://sso.example/realms/acme",
        "https://sso.example.evil/realms/acme",
        "https://evil@sso.example/realms/acme",
        "acme",
        "",
        &name(&segment),
    ] {
        let token = realm("acme").token().claim("iss", other).mint();
        assert_eq!(fixture.ask(&token).await, ISSUER, "{other}");
    }
    let nameless = realm("acme").token().without("iss").mint();
    assert_eq!(fixture.ask(&nameless).await, ISSUER);
    assert_eq!(fixture.tenants.asked(), [""; 0]);
}

#[tokio::test]
async fn each_tenant_has_its_own_policy() {
    let fixture = Fixture::start();
    let keys = || KeySet::jwks(realm("globex").jwks()).unwrap();
    fixture.tenants.reply("globex", move || {
        let policy = Policy::new().audience("billing").tenant_claim("org");
        Ok(Some(Issuer::new(name("globex"), keys(), policy)))
    });
    let of_globex = |audience: &str| {
        realm("globex").token().claim("aud", audience).claim("org", "globex").mint()
    };
    assert_eq!(fixture.ask(&of_globex("orders")).await, Err(ErrorKind::InvalidAudience));
    let user = fixture.verifier.verify(&of_globex("billing")).await.unwrap();
    assert_eq!(user.token().tenant(), Some("globex"));
    assert_eq!(fixture.ask_for("acme").await, OK);
}

#[tokio::test]
async fn a_key_of_another_tenant_verifies_nothing() {
    let fixture = Fixture::start();
    let other = realm("globex").with_other_key();
    let keys = other.jwks();
    fixture.tenants.reply("globex", move || {
        let keys = KeySet::jwks(&keys)?;
        Ok(Some(Issuer::new(name("globex"), keys, policy())))
    });
    assert_eq!(fixture.ask(&other.token().mint()).await, OK);
    assert_eq!(fixture.ask_for("acme").await, OK);
    let forged = other.token().claim("iss", name("acme")).mint();
    assert_eq!(fixture.ask(&forged).await, WRONG);
    let forged = realm("acme").token().claim("iss", name("globex")).mint();
    assert_eq!(fixture.ask(&forged).await, WRONG);
}

#[tokio::test]
async fn exact_names_and_templates_are_preferred() {
    let other = realm("globex").with_other_key();
    let fixture = Fixture::with(
        |issuers| issuers,
        |builder| {
            let keys = || KeySet::jwks(other.jwks()).unwrap();
            let exact = Issuer::new(name("globex"), keys(), policy());
            let template = "https://login.example/{tid}/v2.0";
            builder.trust(exact).trust(Issuer::template(template, keys(), policy()).any_tenant())
        },
    );
    assert_eq!(fixture.ask(&other.token().mint()).await, OK);
    assert_eq!(fixture.ask_for("globex").await, WRONG);
    let of_template = other.token().claim("tid", "t1");
    assert_eq!(
        fixture.ask(&of_template.claim("iss", "https://login.example/t1/v2.0").mint()).await,
        OK
    );
    assert_eq!(fixture.tenants.asked(), [""; 0]);
    assert_eq!(fixture.ask_for("acme").await, OK);
}

#[tokio::test]
async fn a_known_tenant_needs_no_runtime() {
    let fixture = Fixture::start();
    assert_eq!(fixture.ask_for("acme").await, OK);
    let (known, unknown) = (token("acme"), token("globex"));
    let (known, unknown) = std::thread::spawn(move || {
        (verdict(&fixture.verifier, &known), verdict(&fixture.verifier, &unknown))
    })
    .join()
    .unwrap();
    assert_eq!((known, unknown), (OK, DOWN));
}

#[tokio::test]
async fn a_function_can_be_the_resolver() {
    async fn resolve(tenant: String) -> Result<Option<Issuer>, std::io::Error> {
        Ok((tenant == "acme").then(|| issuer("acme")))
    }
    let issuers = ResolvedIssuers::new(TEMPLATE, resolve);
    let clock = FixedClock::new();
    let verifier = Verifier::builder().trust_resolved(issuers).clock(clock).build().unwrap();
    assert!(verifier.verify(&token("acme")).await.is_ok());
    assert!(verifier.verify(&token("evil")).await.is_err());
}

#[tokio::test]
async fn explanations_name_the_template() {
    let fixture = Fixture::start();
    let stranger = TestIssuer::es256().issuer("https://other.example").token().mint();
    let report = fixture.verifier.explain(&stranger).to_string();
    assert!(report.contains(TEMPLATE), "{report}");
    assert_eq!(fixture.ask_for("evil").await, ISSUER);
    let error = fixture.verifier.verify(&token("evil")).await.unwrap_err();
    assert_eq!(error.detail(), Some("the resolver returned no issuer for the tenant in `iss`"));
    // A lookup is not started by an explanation.
    fixture.tenants.asked();
    let report = fixture.verifier.explain(&token("acme")).to_string();
    assert!(report.starts_with("rejected"), "{report}");
    assert_eq!(fixture.tenants.asked(), [""; 0]);
}
