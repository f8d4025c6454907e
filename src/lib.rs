//! JWT authentication as Tower middleware.
//!
//! [`JwtAuthLayer`] verifies the bearer token of each request once, puts [`Verified<C>`](Verified) and [`Identity`]
//! into the request's extensions, and answers 401 itself when there is no valid token. A [`Verifier`] decides what is
//! valid: it has the trusted issuers, their keys and a [`Policy`] for each. [`RequireLayer`] answers 403 if the token
//! lacks a scope or role that a route requires. Verification needs no database.
//!
//! ```
//! # #[cfg(feature = "axum")] {
//! # let secret = tower_jwt_auth::testing::TestIssuer::hs256();
//! # let secret = secret.secret();
//! use axum::{Router, routing::get};
//! use tower_jwt_auth::{JwtAuthLayer, Verified, Verifier};
//!
//! let verifier = Verifier::shared_secret(secret).audience("orders").build()?;
//! let app: Router = Router::new()
//!     .route("/me", get(async |user: Verified| user.subject().unwrap_or("nobody").to_owned()))
//!     .route_layer(JwtAuthLayer::new(verifier));
//! # let _ = app;
//! # }
//! # Ok::<(), tower_jwt_auth::BuildError>(())
//! ```
//!
//! `build()` reports all configuration errors at once: its [`BuildError`] has the risk and the fix of each.
//! [`RequireLayer::owner_in_path`], [`RequireLayer::tenant_in_path`] and [`JwtAuthLayer::max_wait`] also return a
//! [`BuildError`]. The response to a rejected request has an [`Error`] in its extensions. Its [`ErrorKind`] is the exact
//! reason. Observers ([`observe`]) receive it as well.
//!
//! # Recipes
//!
//! **A secret from the environment.** To read all settings from the environment, including the audience, use
//! [`Verifier::from_env`]; [`provider::Settings`] lists the variables.
//!
//! ```
//! # use tower_jwt_auth::{BuildError, Verifier};
//! # fn build() -> Result<Verifier, BuildError> {
//! Verifier::shared_secret_from_env("JWT_SECRET").audience("orders").build()
//! # }
//! ```
//!
//! **An issuer's URL.** The verifier finds the keys through the issuer's metadata, keeps them in memory and refreshes
//! them (feature `jwks-client`).
//!
//! ```
//! # use tower_jwt_auth::Verifier;
//! # #[cfg(feature = "jwks-client")] {
//! let verifier = Verifier::issuer_url("https://auth.example.com").audience("orders").build()?;
//! # }
//! # Ok::<(), tower_jwt_auth::BuildError>(())
//! ```
//!
//! **Your own claims.** Use any `serde` type. [`Verified`] has the same accessors for every type.
//!
//! ```
//! # use tower_jwt_auth::{Verified, Verifier, testing::TestIssuer};
//! # let issuer = TestIssuer::hs256();
//! # let secret = issuer.secret();
//! #[derive(serde::Deserialize)]
//! struct Mine {
//!     tenant: String,
//! }
//!
//! async fn orders(user: Verified<Mine>) -> String {
//!     format!("the orders of {:?} at {}", user.subject(), user.tenant)
//! }
//!
//! let verifier = Verifier::shared_secret(secret).audience("orders").claims::<Mine>().build()?;
//! # Ok::<(), tower_jwt_auth::BuildError>(())
//! ```
//!
//! **A key file.** For a PEM file, use [`Verifier::pem`]; for a JWKS document, [`Verifier::jwks`] or, if the file may
//! change, [`Verifier::jwks_file`].
//!
//! ```no_run
//! # use tower_jwt_auth::{Algorithm, Verifier};
//! # #[cfg(feature = "pem")] {
//! let pem = std::fs::read("issuer.pem")?;
//! let verifier = Verifier::pem(Algorithm::RS256, pem)
//!     .issuer("https://auth.example.com")
//!     .audience("orders")
//!     .build()?;
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **A scope on a route.** [`Rule`] combines scopes, roles and claims.
//! [`owner_in_path`](RequireLayer::owner_in_path) requires that a segment of the path is the token's subject,
//! [`tenant_in_path`](RequireLayer::tenant_in_path) that it is its tenant.
//! Routes that are added after `.route_layer(..)` are not protected.
//!
//! ```
//! # #[cfg(feature = "axum")] {
//! # use axum::{Router, routing::get};
//! # use tower_jwt_auth::{JwtAuthLayer, RequireLayer, Verifier, testing::TestIssuer};
//! # let verifier = Verifier::shared_secret(TestIssuer::hs256().secret()).any_audience().build()?;
//! let app: Router = Router::new()
//!     .route("/orders", get(async || "all orders").layer(RequireLayer::scope("orders:read")))
//!     .route_layer(JwtAuthLayer::new(verifier));
//! # let _ = app;
//! # }
//! # Ok::<(), tower_jwt_auth::BuildError>(())
//! ```
//!
//! **Optional login.** A missing token is allowed; an invalid one still gets 401.
//!
//! ```
//! # use tower_jwt_auth::{JwtAuthLayer, Verified, Verifier, testing::TestIssuer};
//! # let verifier = Verifier::shared_secret(TestIssuer::hs256().secret()).any_audience().build()?;
//! async fn greeting(user: Option<Verified>) -> String {
//!     user.map_or("hello".to_owned(), |user| format!("hello, {:?}", user.subject()))
//! }
//!
//! let layer = JwtAuthLayer::new(verifier).allow_missing_token();
//! # Ok::<(), tower_jwt_auth::BuildError>(())
//! ```
//!
//! **Header or cookie.** A request with two different tokens gets 400. Browsers also send cookies with requests
//! that another site caused: set `SameSite`, or add the CSRF layer of tower-http.
//!
//! ```
//! # use tower_jwt_auth::{JwtAuthLayer, Verifier, testing::TestIssuer};
//! # let verifier = Verifier::shared_secret(TestIssuer::hs256().secret()).any_audience().build()?;
//! use tower_jwt_auth::source::{BearerHeader, CookieToken};
//!
//! let layer = JwtAuthLayer::new(verifier)
//!     .token_source(BearerHeader.or(CookieToken::new("__Host-session")));
//! # Ok::<(), tower_jwt_auth::BuildError>(())
//! ```
//!
//! **Two issuers.** A token is verified with the keys and the policy of the issuer that its `iss` names.
//!
//! ```
//! # #[cfg(feature = "jwks-client")] {
//! use tower_jwt_auth::{Issuer, Policy, Verifier};
//!
//! let trusted = |url| Issuer::url(url, Policy::new().audience("orders"));
//! let verifier = Verifier::builder()
//!     .trust(trusted("https://auth.example.com"))
//!     .trust(trusted("https://partner.example"))
//!     .build()?;
//! # }
//! # Ok::<(), tower_jwt_auth::BuildError>(())
//! ```
//!
//! **Key refresh and health.** [`Verifier::keep_fresh`] is a background task that fetches the keys now, and again before
//! they expire. [`Verifier::health`] reports the state of the keys and the last error.
//!
//! ```
//! # #[cfg(feature = "jwks-client")]
//! # async fn serve() -> Result<(), tower_jwt_auth::BuildError> {
//! # use std::time::Duration;
//! # use tower_jwt_auth::Verifier;
//! use tower_jwt_auth::key::KeySetState;
//!
//! let verifier = Verifier::issuer_url("https://auth.example.com")
//!     .remote_keys(|keys| keys.ttl(Duration::from_secs(300)).max_stale(Duration::from_secs(3600)))
//!     .audience("orders")
//!     .build()?;
//! tokio::spawn(verifier.keep_fresh());
//! let is_ready = move || verifier.health().all(|keys| keys.state != KeySetState::Empty);
//! # let _ = is_ready;
//! # Ok(())
//! # }
//! ```
//!
//! **Tests.** `TestIssuer` mints valid and invalid tokens (feature `test-util`). [`testing`] also has a key server.
//!
//! ```
//! use tower_jwt_auth::{ErrorKind, Verifier, testing::TestIssuer};
//!
//! let issuer = TestIssuer::hs256().audience("orders");
//! let verifier = Verifier::shared_secret(issuer.secret()).audience("orders").build()?;
//! let user = verifier.verify_now(&issuer.token().subject("user-1").mint())?;
//! assert_eq!(user.subject(), Some("user-1"));
//! let rejected = verifier.verify_now(&issuer.token().expired().mint()).unwrap_err();
//! assert_eq!(rejected.kind(), ErrorKind::TokenExpired);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Modules
//!
//! | module | for |
//! |---|---|
//! | [`source`] | finding the token in a header, cookie, query parameter, WebSocket subprotocol or elsewhere |
//! | [`claims`] | types for fields of your claims type; the claims in which an issuer puts scopes and roles |
//! | [`key`] | keys and key sets, their sources and their health |
//! | [`jwks`] | key sets from a URL, with or without the issuer's metadata (feature `jwks`) |
//! | [`resource`] | the metadata from which OAuth clients, such as MCP clients, discover how to get a token |
//! | [`provider`] | settings from the environment or a file; presets such as `better_auth`; your own presets |
//! | [`revocation`] | revoked tokens: lists, and your own checks |
//! | [`logout`] | the endpoint for OpenID back-channel logout (feature `denylist`) |
//! | [`introspection`] | asking the issuer whether a token is revoked (feature `introspection`) |
//! | [`store`] | a denylist that servers share through Redis or Valkey (feature `redis`) |
//! | [`possession`] | proof of possession, for tokens that are bound to a key or certificate |
//! | [`respond`] | responses to rejected requests |
//! | [`explain`] | why a token is accepted or rejected, step by step |
//! | [`extract`] | the rejection of the axum extractors, and rejections as axum responses (feature `axum`) |
//! | [`middleware`] | the services and futures of the layers, for type signatures and struct fields |
//! | [`observe`] | events for metrics and logs |
//! | [`openapi`] | the security scheme in an OpenAPI document |
//! | [`clock`] | the clock, which tests can replace |
//! | [`error`] | the problems in a `BuildError`, to match on |
//! | [`testing`] | tokens, keys and a key server for tests (feature `test-util`) |
//! | [`guide`] | longer answers: authorization, cookies, key rotation, migration from other crates, … |
//!
//! # Methods at a glance
//!
//! ```text
//! Verifier::{shared_secret, shared_secret_base64, shared_secret_from_env, shared_secret_from_file,
//!            pem, jwks, jwks_file, key_source, jwks_url, issuer_url}(..) -> VerifierBuilder      one issuer
//! Verifier::builder() -> VerifierBuilder, .trust(Issuer)       several issuers
//! Issuer::{new, unnamed, url}(..), Issuer::template(..).{tenants, any_tenant}(..) -> Issuer
//! Verifier::from_env() -> Result<Verifier, BuildError>
//!
//! VerifierBuilder, for one issuer:  issuer any_issuer previous_secret
//!     also on Policy:               audience any_audience client_id authorized_party access_tokens_only algorithms
//!                                   subject leeway max_age require_claim typ allow_missing_expiry allow_null_claims
//!                                   allow_numeric_subject check_token grants subject_claim tenant_claim rfc9068
//!                                   hide_claims resource implied_scopes
//!     for keys from a URL:          remote_keys client keys_url metadata_url allow_http_on_loopback
//!                                   allow_insecure_http
//! VerifierBuilder, for all issuers: claims check revocation clock max_token_len cache crypto_backend observer
//!                                   explain_rejections
//!     for presets:                  check_with_clock operator_hint problem
//! VerifierBuilder::build() -> Result<Verifier<C>, BuildError>
//!                ::reloadable() -> Result<(Verifier<C>, VerifierHandle<C>), BuildError>
//! VerifierHandle<C>: replace(VerifierBuilder<C>) -> Result<(), BuildError>
//!
//! Verifier<C>:   verify(&str) -> Answer<Result<Verified<C>, Error>>     verify_now(&str) -> Result<Verified<C>, Error>
//!                explain(&str) -> Explanation
//!                warm() refresh() keep_fresh() -> impl Future           health() -> impl Iterator<Item = KeyHealth>
//! Verified<C>:   subject issuer scopes has_scope roles has_role expires_at claims token identity; derefs to C
//! Token:         subject issuer audience expires_at not_before issued_at token_id session_id client_id
//!                scopes has_scope roles has_role owns tenant has_tenant actors claim header
//!                is_sender_constrained
//! Identity:      derefs to Token
//!
//! JwtAuthLayer::new(Verifier<C>):   token_source responder realm challenge_scope resource resource_metadata
//!                                   remove_token promote_to_header max_wait(..)? confirm allow_missing_token
//!                                   allow_invalid_token allow_cors_preflight bypass record_subject
//!                                   record_subject_hashed(..)? allow_bound_tokens_without_proof
//!                                   unauthorized_while_keys_unavailable
//! RequireLayer::{new(Rule), scope, all_scopes, any_scope, role, any_role, owner_in_path(..)?,
//!                tenant_in_path(..)?}:
//!                                   owner authentication_context max_authentication_age
//!
//! Denylist::new():                  lifetime clock revoke_token revoke_session revoke_subject
//! RedisDenylist::{url, client}(..) -> RedisDenylistBuilder:
//!                                   key max_stale allow_when_stale lifetime clock observer
//! RedisDenylistBuilder::build() -> Result<RedisDenylist, BuildError>
//! RedisDenylist:                    keep_fresh warm health revoke_token revoke_session revoke_subject
//! BackchannelLogout::{new, issuer_url}(..) -> BackchannelLogoutBuilder:
//!                                   client_id feeds revoke_all_sessions allow_any_type allow_missing_expiry clock
//!                                   observer
//! BackchannelLogoutBuilder::build() -> Result<BackchannelLogout, BuildError>
//!
//! Resource::new(identifier) -> ResourceBuilder:  authorization_server scopes implied_scopes name documentation
//!                                   policy_uri terms_of_service_uri jwks_uri authorization_details_types
//!                                   allow_http_on_loopback
//! ResourceBuilder::build() -> Result<Resource, BuildError>
//! Resource:                         identifier scopes authorization_servers metadata_url metadata_path service
//! ```
//!
//! # Features
//!
//! | feature | enable it for |
//! |---|---|
//! | `aws-lc-rs` (default) | the crypto backend AWS-LC; needs a C compiler |
//! | `rust-crypto` | a crypto backend in pure Rust: no C compiler, slower |
//! | `pem` (default) | public keys in PEM or DER |
//! | `x509` | public keys in X.509 certificates |
//! | `axum` (default) | extractors for axum handlers |
//! | `jwks-client` | keys from a URL, with the built-in HTTPS client |
//! | `webpki-roots` | the built-in client on platforms without root certificates |
//! | `jwks` | keys from a URL, with your own Tower HTTP client, and tenants that are looked up; needs a Tokio runtime with `enable_time` |
//! | `reload` | replacing what a verifier trusts while the server runs (part of `jwks`) |
//! | `tokio-timer` | limits on waiting in builds without `jwks` |
//! | `cache` | a token cache, if clients send the same token many times and its signature is slow to verify |
//! | `better-auth` | tokens and cookies of a Better Auth server |
//! | `providers` | presets for Auth0, Cognito, Entra ID, Keycloak and [other providers](guide::providers) |
//! | `denylist` | rejecting tokens after a logout: a list in memory, and the endpoint for OpenID back-channel logout |
//! | `introspection` | asking the issuer about each token, as a revocation check |
//! | `redis` | a denylist that servers share through Redis or Valkey; needs a Tokio runtime with `enable_all` |
//! | `tracing` | log events for rejections, configuration errors and fetched keys; the user in spans |
//! | `test-util` | tests: tokens, keys, a key server and a clock; in `dev-dependencies` only |

#![cfg_attr(docsrs, feature(doc_cfg))]
// Without a backend no key can be made, so the code that uses keys is unused.
#![cfg_attr(not(any(feature = "aws-lc-rs", feature = "rust-crypto")), allow(dead_code))]
// Time is injected: `clock.rs` alone reads it. Tests, examples and benchmarks may.
#![warn(clippy::disallowed_methods)]

mod answer;
mod authenticate;
mod authorize;
pub mod claims;
pub mod clock;
pub mod error;
#[cfg(feature = "denylist")]
mod expiring_set;
pub mod explain;
#[cfg(feature = "axum")]
#[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
pub mod extract;
#[cfg(any(doc, doctest))]
pub mod guide;
mod identity;
#[cfg(feature = "introspection")]
#[cfg_attr(docsrs, doc(cfg(feature = "introspection")))]
pub mod introspection;
mod json;
#[cfg(feature = "jwks")]
#[cfg_attr(docsrs, doc(cfg(feature = "jwks")))]
pub mod jwks;
mod jws;
mod jwt;
pub mod key;
#[cfg(any(feature = "denylist", feature = "jwks"))]
mod limited_body;
#[cfg(feature = "denylist")]
#[cfg_attr(docsrs, doc(cfg(feature = "denylist")))]
pub mod logout;
pub mod middleware;
pub mod observe;
pub mod openapi;
mod policy;
pub mod possession;
pub mod provider;
#[cfg(feature = "jwks")]
#[cfg_attr(docsrs, doc(cfg(feature = "jwks")))]
pub mod resolver;
pub mod resource;
pub mod respond;
pub mod revocation;
mod rule;
#[cfg(all(test, shuttle))]
#[path = "../tests/interleavings/schedules.rs"]
mod schedules;
pub mod source;
#[cfg(feature = "redis")]
#[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
pub mod store;
#[cfg(feature = "reload")]
mod swap;
#[cfg(feature = "test-util")]
#[cfg_attr(docsrs, doc(cfg(feature = "test-util")))]
pub mod testing;
// Key sets alone ask everything of a URL.
#[cfg_attr(not(feature = "jwks"), allow(dead_code))]
mod url;
mod verify;
mod wiring;

pub use answer::Answer;
pub use authenticate::JwtAuthLayer;
pub use authorize::RequireLayer;
pub use claims::standard::Claims;
pub use error::build_error::BuildError;
pub use error::error::{Error, ErrorKind};
pub use identity::{Anonymous, Identity, Unjudged};
pub use jws::{Algorithm, JoseHeader};
pub use jwt::Token;
pub use key::verification_key::VerificationKey;
pub use policy::Policy;
pub use rule::Rule;
#[cfg(feature = "cache")]
#[cfg_attr(docsrs, doc(cfg(feature = "cache")))]
pub use verify::TokenCache;
#[cfg(feature = "reload")]
#[cfg_attr(docsrs, doc(cfg(feature = "reload")))]
pub use verify::VerifierHandle;
pub use verify::{Issuer, Verified, Verifier, VerifierBuilder};
