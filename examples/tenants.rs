//! Shows an API for several customers: two realms of a Keycloak server and the tenants of Microsoft Entra ID, one of which
//! is added and removed while the server runs.
//!
//! ```text
//! cargo run --example tenants --features providers
//! ```
//!
//! `PORT` is 3000 unless it is set. The server prints tokens and the expected status of each request. Ctrl-C ends it.
//! Here the keys are in memory; without `keys`, the presets fetch them from the providers.

#[path = "shared/demo.rs"]
#[expect(dead_code, reason = "only examples with a shared secret use all of it")]
mod demo;
#[path = "shared/shutdown.rs"]
mod shutdown;

use std::collections::BTreeSet;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, put};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower_jwt_auth::key::KeySet;
use tower_jwt_auth::provider::Provider;
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{
    Algorithm, BuildError, Identity, JwtAuthLayer, RequireLayer, Rule, VerifierBuilder,
    VerifierHandle,
};

const KEYCLOAK: &str = "https://sso.example";
const STAFF: &str = "https://sso.example/realms/staff";
const CONTOSO: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
const FABRIKAM: &str = "5d1c8bc6-30a1-4c5e-9c6b-0f8a7c0f3c11";

/// The providers, which have the private keys.
struct Providers {
    staff: TestIssuer,
    acme: TestIssuer,
    entra: TestIssuer,
}

/// What the routes for operators change.
struct Trust {
    providers: Providers,
    /// The customers that sign in with Entra.
    tenants: Mutex<BTreeSet<String>>,
    handle: VerifierHandle,
}

impl Providers {
    /// The whole trust. Each change builds it again.
    fn trusting(&self, tenants: &BTreeSet<String>) -> Result<VerifierBuilder, BuildError> {
        let keys = |issuer: &TestIssuer| KeySet::jwks(issuer.jwks());
        let staff =
            Provider::keycloak(KEYCLOAK, "staff").audience("orders").keys(keys(&self.staff)?);
        // The administrators of a realm decide what its tokens contain, so a realm may only name itself as the tenant.
        let acme = Provider::keycloak(KEYCLOAK, "acme")
            .audience("orders")
            .tenant_claim("tenant")
            .check_token("the tenant is that of the realm", |token| token.has_tenant("acme"))
            .keys(keys(&self.acme)?);
        let builder = acme.trust_in(staff.into_builder());
        if tenants.is_empty() {
            return Ok(builder);
        }
        let entra = Provider::entra_tenants(tenants).audience("orders").keys(keys(&self.entra)?);
        Ok(entra.trust_in(builder))
    }
}

impl Trust {
    /// Changes the list of tenants, and then what the server trusts.
    fn change(&self, change: impl FnOnce(&mut BTreeSet<String>)) -> Result<(), BuildError> {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed = tenants.clone();
        change(&mut changed);
        // With an error, the old list remains in use.
        self.handle.replace(self.providers.trusting(&changed)?)?;
        *tenants = changed;
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let issuer = |name: &str| TestIssuer::new(Algorithm::RS256).issuer(name).audience("orders");
    let providers = Providers {
        staff: issuer(STAFF),
        acme: issuer("https://sso.example/realms/acme").with_other_key(),
        entra: TestIssuer::new(Algorithm::RS256).audience("orders"),
    };
    let tenants = BTreeSet::from([CONTOSO.to_owned()]);
    let (verifier, handle) = providers.trusting(&tenants)?.reloadable()?;
    let trust = Arc::new(Trust { providers, tenants: Mutex::new(tenants), handle });

    let own_tenant = RequireLayer::tenant_in_path("/orgs/{org}/orders")?;
    // A role of another realm has another meaning, so the rule names the issuer as well.
    let operator = Rule::role("operator").and(Rule::claim("iss", |issuer| issuer == STAFF));
    let app = Router::new()
        .route("/orgs/{org}/orders", get(orders).route_layer(own_tenant))
        .route(
            "/tenants/{tenant}",
            put(add).delete(remove).route_layer(RequireLayer::new(operator)),
        )
        .route_layer(JwtAuthLayer::new(verifier))
        .with_state(Arc::clone(&trust));

    let listener = TcpListener::bind(("127.0.0.1", demo::port()?)).await?;
    print_what_to_try(&format!("http://{}", listener.local_addr()?), &trust.providers);
    Ok(axum::serve(listener, app).with_graceful_shutdown(shutdown::signal()).await?)
}

async fn orders(user: Identity) -> Json<Value> {
    Json(json!({ "tenant": user.tenant(), "user": user.subject() }))
}

async fn add(
    Path(tenant): Path<String>,
    trust: State<Arc<Trust>>,
) -> Result<StatusCode, StatusCode> {
    let changed = trust.change(|tenants| _ = tenants.insert(tenant));
    changed.map(|()| StatusCode::NO_CONTENT).map_err(|_| StatusCode::UNPROCESSABLE_ENTITY)
}

async fn remove(
    Path(tenant): Path<String>,
    trust: State<Arc<Trust>>,
) -> Result<StatusCode, StatusCode> {
    let changed = trust.change(|tenants| _ = tenants.remove(&tenant));
    changed.map(|()| StatusCode::NO_CONTENT).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

fn print_what_to_try(url: &str, providers: &Providers) {
    println!("listening on {url}");
    let keycloak =
        |issuer: &TestIssuer| issuer.token().subject("ada").claim("typ", "Bearer").mint();
    let realm = |tenant: &str| {
        let token = providers.acme.token().subject("ada").claim("typ", "Bearer");
        token.claim("tenant", tenant).mint()
    };
    let entra = |tenant: &str| {
        let iss = format!("https://login.microsoftonline.com/{tenant}/v2.0");
        let token =
            providers.entra.token().claim("iss", iss).claim("tid", tenant).claim("oid", "bob");
        token
            .subject("pairwise")
            .claim("azp", "web")
            .claim("scp", "read")
            .claim("ver", "2.0")
            .mint()
    };
    let operator = providers.staff.token().subject("olga").claim("typ", "Bearer");
    println!("OPERATOR={}", operator.claim("roles", json!(["operator"])).mint());
    println!("STAFF={}", keycloak(&providers.staff));
    let (contoso, fabrikam) =
        (format!("/orgs/{CONTOSO}/orders"), format!("/orgs/{FABRIKAM}/orders"));
    for (name, token, requests) in [
        ("ACME", realm("acme"), [("/orgs/acme/orders", 200), (&*contoso, 403)]),
        ("ACME_AS_CONTOSO", realm(CONTOSO), [(&*contoso, 401), ("/orgs/acme/orders", 401)]),
        ("CONTOSO", entra(CONTOSO), [(&*contoso, 200), ("/orgs/acme/orders", 403)]),
        ("FABRIKAM", entra(FABRIKAM), [(&*fabrikam, 401), (&*contoso, 401)]),
    ] {
        println!("\n{name}={token}");
        for (path, status) in requests {
            println!("curl -i {url}{path} -H \"Authorization: Bearer ${name}\" # {status}");
        }
    }
    println!("\n# Add the tenant Fabrikam; its token is then accepted. DELETE removes it again.");
    println!(
        "curl -i -X PUT {url}/tenants/{FABRIKAM} -H \"Authorization: Bearer $OPERATOR\" # 204"
    );
}
