//! The settings, and the handle to the answers in memory.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::finder::Finder;
use super::issuer_resolver::IssuerResolver;
use super::lookups::Limits;
use super::problem;
use super::table::Table;
use crate::policy::IssuerTemplate;
use crate::verify::{Unresolved, VerifierBuilder};

/// The issuers of tenants that a resolver looks up. The [module](crate::resolver) lists the rules.
///
/// Clones share the answers in memory. Keep a clone to [`forget`](Self::forget) a tenant. A clone that is passed to
/// another verifier, or to [`replace`](crate::VerifierHandle::replace), keeps the answers, and their age is measured with
/// the clock of the first verifier. Two tenants must not have the same shared secret; this is checked within one verifier.
///
/// ```
/// use std::time::Duration;
/// use tower_jwt_auth::jwks::RemoteJwks;
/// use tower_jwt_auth::resolver::ResolvedIssuers;
/// use tower_jwt_auth::testing::TestIssuer;
/// use tower_jwt_auth::{BuildError, ErrorKind, Issuer, Policy, Verifier};
///
/// /// Whether a customer has signed up; usually a query of a database.
/// async fn is_customer(tenant: &str) -> Result<bool, std::io::Error> {
///     Ok(tenant == "acme")
/// }
///
/// async fn issuer_of(tenant: String) -> Result<Option<Issuer>, std::io::Error> {
///     if !is_customer(&tenant).await? {
///         return Ok(None);
///     }
///     let name = format!("https://sso.example.com/realms/{tenant}");
///     let policy = Policy::new().audience("orders").tenant_claim("organization");
///     Ok(Some(Issuer::new(name.clone(), RemoteJwks::issuer(name), policy)))
/// }
///
/// # tokio_test::block_on(async {
/// let issuers = ResolvedIssuers::new("https://sso.example.com/realms/{realm}", issuer_of);
/// let verifier = Verifier::builder().trust_resolved(issuers.ttl(Duration::from_secs(30))).build()?;
///
/// let evil = TestIssuer::es256().issuer("https://sso.example.com/realms/evil").token().mint();
/// assert_eq!(verifier.verify(&evil).await.unwrap_err().kind(), ErrorKind::InvalidIssuer);
///
/// // A template without a tenant would be a single name.
/// let issuers = ResolvedIssuers::new("https://sso.example.com/realms", issuer_of);
/// assert!(Verifier::builder().trust_resolved(issuers).build().is_err());
/// # Ok::<(), BuildError>(()) }).unwrap();
/// ```
#[derive(Clone)]
#[must_use = "nothing is trusted until it is passed to `VerifierBuilder::trust_resolved`"]
pub struct ResolvedIssuers {
    template: IssuerTemplate,
    resolver: Arc<dyn IssuerResolver>,
    limits: Limits,
    table: Arc<Table>,
}

impl ResolvedIssuers {
    /// The issuers whose names match this template.
    ///
    /// The template is a URL in which one whole segment of the path is a placeholder in braces, such as
    /// `https://sso.example.com/realms/{realm}`. The name of the placeholder has no meaning.
    pub fn new(template: impl Into<String>, resolver: impl IssuerResolver) -> Self {
        let mut template = IssuerTemplate::new(template.into());
        // The resolver decides which tenants are trusted.
        template.set_any_tenant();
        let (resolver, limits) = (Arc::new(resolver), Limits::default());
        Self { template, resolver, limits, table: Arc::default() }
    }

    /// Sets how long an answer is used, including the answer "no such tenant".
    ///
    /// The default is 1 minute; between 1 second and 1 hour. A tenant that was removed is accepted until then, unless you
    /// [`forget`](Self::forget) it.
    pub const fn ttl(mut self, ttl: Duration) -> Self {
        self.limits.ttl = ttl;
        self
    }

    /// Sets how long after the `ttl` an issuer is used if lookups fail.
    ///
    /// The default is 1 hour, the maximum 1 day. A tenant that was removed is accepted during this time if the resolver
    /// only returns errors.
    pub const fn max_stale(mut self, max_stale: Duration) -> Self {
        self.limits.max_stale = max_stale;
        self
    }

    /// Sets the maximum number of issuers in memory.
    ///
    /// The default is 1,000, the maximum 10,000. The same limit applies separately to
    /// answers "no such tenant".
    pub const fn max_tenants(mut self, tenants: usize) -> Self {
        self.limits.max_tenants = tenants;
        self
    }

    /// Sets the maximum number of lookups in one second for new tenants.
    ///
    /// The default is 100, the maximum 1,000. An attacker can invent any number of tenants; this setting limits the
    /// lookups that they can cause. Tokens of a tenant that cannot be looked up yet are rejected with
    /// [`KeysUnavailable`](crate::ErrorKind::KeysUnavailable); during an attack, this can also be a real tenant that was
    /// not used recently. Lookups of issuers in memory are not counted.
    pub const fn max_lookups(mut self, lookups: usize) -> Self {
        self.limits.max_lookups = lookups;
        self
    }

    /// Sets how long a lookup may take.
    ///
    /// The default is 5 seconds, the maximum 30. Fetching the keys afterwards has the same limit.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.limits.timeout = timeout;
        self
    }

    /// Removes a tenant from memory; its next token causes a lookup.
    ///
    /// Call it after a tenant was added or removed. Requests that start after this call returned use neither the old
    /// issuer, nor cached tokens of it, nor the answer of a lookup that is in flight.
    pub fn forget(&self, tenant: &str) {
        self.table.forget(tenant);
    }
}

impl<C> VerifierBuilder<C> {
    /// Trusts the issuers that a resolver returns; call it again for other names.
    ///
    /// Other issuers can be trusted as well; their keys never verify tokens of resolved issuers.
    #[cfg_attr(docsrs, doc(cfg(feature = "jwks")))]
    pub fn trust_resolved(self, issuers: ResolvedIssuers) -> Self {
        let problems = problem::problems(&issuers.template, &issuers.limits);
        let ResolvedIssuers { template, resolver, limits, table } = issuers;
        let names = template.clone();
        self.resolve(Unresolved {
            template,
            problems,
            connect: Box::new(move |surroundings| {
                Arc::new(Finder::new(names, resolver, limits, table, surroundings))
            }),
        })
    }
}

impl fmt::Debug for ResolvedIssuers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResolvedIssuers")
            .field("template", &self.template.text())
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
