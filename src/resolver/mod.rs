//! Issuers of tenants that come and go (feature `jwks`).
//!
//! Use it if each customer has an issuer of its own, such as a realm of a Keycloak server, and there are too many of
//! them, or they change too often, to list them with [`trust`](crate::VerifierBuilder::trust). An [`IssuerResolver`] is
//! your code: it looks up a tenant, for example in a database, and returns its [`Issuer`](crate::Issuer).
//! [`ResolvedIssuers`] calls it and keeps the answers in memory.
//!
//! 1. The resolver is called only for tokens whose `iss` matches the template: its text, with 1 to 128 ASCII letters,
//!    digits, `-` and `_` in place of the placeholder. An issuer that is trusted by its exact name is preferred. Templates
//!    that can match the same name are a [`BuildError`](crate::BuildError).
//! 2. The tenant is from a token that is not verified yet. Nothing is fetched from a URL in the token: the resolver decides
//!    where the keys are. The issuer that it returns must have exactly the name in `iss`.
//! 3. An answer is used for the [`ttl`](ResolvedIssuers::ttl), by default one minute. After half of it, the next request
//!    starts a lookup in the background. After the whole `ttl`, requests wait for a lookup. Concurrent requests share one.
//! 4. If a lookup fails, the last answer is used until [`max_stale`](ResolvedIssuers::max_stale) has passed as well. After
//!    that, and for a tenant without an answer, tokens are rejected with
//!    [`KeysUnavailable`](crate::ErrorKind::KeysUnavailable).
//! 5. "No such tenant" is an answer as well. Invented tenants cause at most
//!    [`max_lookups`](ResolvedIssuers::max_lookups) lookups in one second, and never displace a tenant with an issuer.
//! 6. At most [`max_tenants`](ResolvedIssuers::max_tenants) issuers are in memory; the least recently used one is
//!    dropped first.
//!
//! [`ResolvedIssuers`] has an example.

mod finder;
#[cfg(all(test, shuttle))]
#[path = "../../tests/interleavings/resolver.rs"]
mod interleavings;
mod issuer_resolver;
mod issuers;
mod lookups;
mod problem;
mod table;

pub use issuer_resolver::IssuerResolver;
pub use issuers::ResolvedIssuers;
