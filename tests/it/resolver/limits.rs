//! What an attacker who invents tenants can cause.

use tower_jwt_auth::ErrorKind;

use super::fixture::{DOWN, Fixture, ISSUER, OK, SECOND, issuer, token};

#[tokio::test]
async fn invented_tenants_cause_few_lookups() {
    let fixture = Fixture::start();
    for number in 0..10_000 {
        let _ = fixture.ask_for(&format!("invented-{number}")).await;
    }
    assert_eq!(fixture.tenants.asked().len(), 100);
    let error = fixture.verifier.verify(&token("another")).await.unwrap_err();
    assert_eq!((error.kind(), error.retry_after()), (ErrorKind::KeysUnavailable, Some(SECOND)));
    assert_eq!(fixture.events().iter().filter(|it| **it == "suppressed").count(), 9_901);
    fixture.clock.advance(SECOND);
    assert_eq!(fixture.ask_for("acme").await, OK);
}

#[tokio::test]
async fn invented_tenants_displace_no_tenant_in_memory() {
    let fixture = Fixture::with(|it| it.max_tenants(2).max_lookups(1000), |it| it);
    assert_eq!(fixture.ask_for("acme").await, OK);
    for number in 0..900 {
        assert_eq!(fixture.ask_for(&format!("invented-{number}")).await, ISSUER);
    }
    fixture.tenants.asked();
    assert_eq!(fixture.ask_for("acme").await, OK);
    assert_eq!(fixture.tenants.asked(), [""; 0]);
}

#[tokio::test]
async fn lookups_of_tenants_in_memory_are_not_counted() {
    let fixture = Fixture::with(|it| it.max_lookups(1), |it| it);
    assert_eq!(fixture.ask_for("acme").await, OK);
    fixture.clock.advance(SECOND * 60);
    assert_eq!(fixture.ask_for("evil").await, ISSUER);
    assert_eq!(fixture.ask_for("evil-2").await, DOWN);
    assert_eq!(fixture.ask_for("acme").await, OK);
}

#[tokio::test]
async fn the_tenant_that_was_not_used_longest_is_dropped() {
    let fixture = Fixture::with(|it| it.max_tenants(2), |it| it);
    for tenant in ["globex", "initech"] {
        fixture.tenants.reply(tenant, move || Ok(Some(issuer(tenant))));
    }
    for tenant in ["acme", "globex", "acme", "initech"] {
        fixture.clock.advance(SECOND);
        assert_eq!(fixture.ask_for(tenant).await, OK);
    }
    assert_eq!(fixture.tenants.asked(), ["acme", "globex", "initech"]);
    assert_eq!(fixture.verifier.health().count(), 2);
    for (tenant, asked) in [("acme", 0), ("initech", 0), ("globex", 1)] {
        assert_eq!(fixture.ask_for(tenant).await, OK);
        assert_eq!(fixture.tenants.asked().len(), asked, "{tenant}");
    }
}

#[tokio::test]
async fn too_many_waiting_requests_are_rejected() {
    let fixture = Fixture::start();
    fixture.tenants.close();
    let good = token("acme");
    let waiting: Vec<_> = (0..1024).map(|_| fixture.verifier.verify(&good)).collect();
    assert_eq!(fixture.ask(&good).await, DOWN);
    fixture.tenants.open();
    for one in waiting {
        assert!(one.await.is_ok());
    }
}
