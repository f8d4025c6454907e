//! What the application implements.

use std::future::Future;

use crate::answer::Answer;
use crate::error::BoxError;
use crate::verify::Issuer;

/// Looks up the issuer of a tenant.
///
/// Every function that takes a `String` and returns a future of `Result<Option<Issuer>, E>` is a resolver. Implement the
/// trait for a resolver that often answers without waiting.
///
/// ```
/// use std::collections::HashMap;
/// use tower_jwt_auth::error::BoxError;
/// use tower_jwt_auth::key::KeySet;
/// use tower_jwt_auth::resolver::{IssuerResolver, ResolvedIssuers};
/// use tower_jwt_auth::{Answer, ErrorKind, Issuer, Policy, Verifier, testing::TestIssuer};
///
/// /// The key sets of the tenants.
/// struct Tenants(HashMap<String, String>);
///
/// impl IssuerResolver for Tenants {
///     fn resolve(&self, tenant: &str) -> Answer<Result<Option<Issuer>, BoxError>> {
///         let issuer = |jwks| {
///             let name = format!("https://sso.example.com/realms/{tenant}");
///             Ok(Issuer::new(name, KeySet::jwks(jwks)?, Policy::new().audience("orders")))
///         };
///         Answer::now(self.0.get(tenant).map(issuer).transpose())
///     }
/// }
///
/// # tokio_test::block_on(async {
/// let acme = TestIssuer::es256().issuer("https://sso.example.com/realms/acme").audience("orders");
/// let tenants = Tenants(HashMap::from([("acme".to_owned(), acme.jwks())]));
/// let issuers = ResolvedIssuers::new("https://sso.example.com/realms/{realm}", tenants);
/// let verifier = Verifier::builder().trust_resolved(issuers).build()?;
///
/// assert!(verifier.verify(&acme.token().mint()).await.is_ok());
/// let stranger = acme.token().claim("iss", "https://sso.example.com/realms/evil").mint();
/// assert_eq!(verifier.verify(&stranger).await.unwrap_err().kind(), ErrorKind::InvalidIssuer);
/// # Ok::<(), tower_jwt_auth::BuildError>(()) }).unwrap();
/// ```
pub trait IssuerResolver: Send + Sync + 'static {
    /// Returns the issuer of this tenant; `None` if there is no such tenant.
    ///
    /// The issuer's name must be the template with `tenant` in place of the placeholder. If its keys are the builder of a
    /// [`RemoteJwks`](crate::jwks::RemoteJwks) for the same URL as before, the keys in memory are kept, with
    /// the settings that they were built with, until the tenant is [forgotten](super::ResolvedIssuers::forget).
    ///
    /// `tenant` consists of ASCII letters, digits, `-` and `_`, and is **from a token that is not verified**. Look it up
    /// in a list of your own. If you return an issuer for every tenant, anyone who can create a tenant at the provider
    /// can sign in.
    ///
    /// # Errors
    ///
    /// The lookup failed, for example because the database is down. The error is for operators: it is the source of an
    /// [`ErrorKind::KeysUnavailable`](crate::ErrorKind::KeysUnavailable), and clients do not receive it.
    fn resolve(&self, tenant: &str) -> Answer<Result<Option<Issuer>, BoxError>>;
}

impl<F, A, E> IssuerResolver for F
where
    F: Fn(String) -> A + Send + Sync + 'static,
    A: Future<Output = Result<Option<Issuer>, E>> + Send + 'static,
    E: Into<BoxError> + 'static,
{
    fn resolve(&self, tenant: &str) -> Answer<Result<Option<Issuer>, BoxError>> {
        let answer = self(tenant.to_owned());
        Answer::later(async move { answer.await.map_err(Into::into) })
    }
}
