//! The guide: the Markdown files of `docs/`, whose examples are compiled and run as tests.
//!
//! "I have …", each on one screen:
//!
//! - [`i_have_a_shared_secret`]: a secret that is shared with the issuer.
//! - [`i_have_an_issuer_url`]: the issuer's URL.
//! - [`i_have_a_jwks_file`]: a JWKS file.
//! - [`i_have_a_certificate`]: an X.509 certificate of the issuer.
//! - [`i_have_cookies`]: a browser app with the token in a cookie.
//! - [`i_have_two_issuers`]: two issuers.
//! - [`i_have_a_private_ca`]: an issuer with a certificate of a private CA.
//! - [`i_have_a_proxy`]: a proxy between the server and the issuer.
//! - [`i_have_a_service_to_call`]: a handler that calls another service.
//! - [`i_have_tests_without_network`]: tests that must not use the network.
//!
//! Setup:
//!
//! - [`keys_and_policy`]: choose keys and settings.
//! - [`checks`]: what a verifier checks, how to change it, and how to add your own checks.
//! - [`deviating_tokens`]: accept tokens that the default settings reject.
//! - [`providers`]: presets for identity providers, and how far each is tested.
//! - [`frameworks`]: axum, hyper, tonic, salvo, warp, poem, `lambda_http` and others.
//! - [`remote_keys`]: fetch keys from a URL.
//! - [`custom_key_source`]: load keys from another place.
//! - [`token_sources`]: read tokens from headers, cookies, URLs and WebSockets.
//! - [`cookies`]: prevent cross-site requests and planted cookies; join split cookies.
//! - [`logs_and_caches`]: keep tokens out of logs, caches and other services.
//! - [`call_another_service`]: forward or exchange the token.
//! - [`without_tower`]: verify tokens for WebSockets, queues and jobs.
//! - [`streams`]: end event streams, gRPC streams, downloads and WebSockets when the token expires.
//! - [`token_cache`]: avoid verifying the same token again.
//! - [`better_auth`]: protect a Rust API behind Next.js with Better Auth; [`better_auth_tokens`]: choose the token;
//!   [`better_auth_production`]: deploy it.
//! - [`introspection`]: ask the issuer whether a token is revoked.
//! - [`behind_nginx`]: verify tokens for applications that cannot do it themselves.
//!
//! Authorization:
//!
//! - [`authorization`]: require scopes, roles, owners and recent logins.
//! - [`scopes_and_roles`]: read them from the claims of each provider.
//! - [`tenants`]: trust the customers of a provider, listed or looked up, and keep their data apart.
//! - [`layer_order`]: combine the layers with each other and with a router.
//! - [`api_keys`]: accept other credentials than JWTs on the same routes.
//! - [`resource_metadata`]: how OAuth clients, such as MCP clients, discover where to get a token.
//! - [`mcp`]: protect an MCP server, and require a scope for each tool.
//!
//! Operation:
//!
//! - [`why_401`]: explain a token on the command line or in a running server.
//! - [`rotation_and_outages`]: what happens when keys change or the key server is down.
//! - [`replacing_keys`]: change a key or a secret that is deployed with the server.
//! - [`changing_trust`]: add and remove issuers and tenants while the server runs.
//! - [`logout`]: reject the tokens of a user who has signed out, on every replica.
//! - [`threat_model`]: which attacks are prevented, and which checks remain yours.
//! - [`responses`]: what clients receive for each error.
//! - [`testing`]: test handlers behind the layer with valid and invalid tokens; switch authentication off.
//! - [`shared_denylist`]: reject revoked tokens on all servers, through Redis or Valkey.
//! - [`observability`]: events, metrics, alerts, and the user in a span.
//! - [`compile_errors`]: what the compiler reports for common mistakes, and the fix.
//!
//! Migration:
//!
//! - [`from_fastapi`] and PyJWT.
//! - [`from_jsonwebtoken`] in your own middleware.
//! - [`jsonwebtoken_differences`]: tokens for which the results differ.
//! - [`from_peers`]: other crates that verify tokens in axum or Tower.
//!
//! The modules are empty and exist only in the documentation.

// The link definitions at the end of a page are for a Git host. The first definition of a name is used, so the ones
// here lead to the modules. Doctests leave them out, so that their line numbers are those of the page.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub mod readme {}

#[cfg_attr(not(doctest), doc = "[replace]: replacing_keys")]
#[cfg_attr(not(doctest), doc = "[checks]: checks")]
#[cfg_attr(not(doctest), doc = "[tests]: i_have_tests_without_network")]
#[doc = include_str!("../docs/i-have-a-shared-secret.md")]
pub mod i_have_a_shared_secret {}

#[cfg(any(not(doctest), feature = "jwks-client"))]
#[cfg_attr(not(doctest), doc = "[remote]: remote_keys")]
#[cfg_attr(not(doctest), doc = "[rotation]: rotation_and_outages")]
#[cfg_attr(not(doctest), doc = "[ca]: i_have_a_private_ca")]
#[cfg_attr(not(doctest), doc = "[proxy]: i_have_a_proxy")]
#[cfg_attr(not(doctest), doc = "[two]: i_have_two_issuers")]
#[doc = include_str!("../docs/i-have-an-issuer-url.md")]
pub mod i_have_an_issuer_url {}

#[cfg_attr(not(doctest), doc = "[url]: i_have_an_issuer_url")]
#[cfg_attr(not(doctest), doc = "[keys]: keys_and_policy")]
#[cfg_attr(not(doctest), doc = "[replace]: replacing_keys")]
#[cfg_attr(not(doctest), doc = "[custom]: custom_key_source")]
#[doc = include_str!("../docs/i-have-a-jwks-file.md")]
pub mod i_have_a_jwks_file {}

#[cfg(any(not(doctest), feature = "x509"))]
#[cfg_attr(not(doctest), doc = "[keys]: keys_and_policy")]
#[cfg_attr(not(doctest), doc = "[replace]: replacing_keys")]
#[cfg_attr(not(doctest), doc = "[url]: i_have_an_issuer_url")]
#[doc = include_str!("../docs/i-have-a-certificate.md")]
pub mod i_have_a_certificate {}

#[cfg_attr(not(doctest), doc = "[cookies]: cookies")]
#[cfg_attr(not(doctest), doc = "[sources]: token_sources")]
#[cfg_attr(not(doctest), doc = "[logs]: logs_and_caches")]
#[doc = include_str!("../docs/i-have-cookies.md")]
pub mod i_have_cookies {}

#[cfg_attr(not(doctest), doc = "[remote]: remote_keys")]
#[cfg_attr(not(doctest), doc = "[replace]: replacing_keys")]
#[cfg_attr(not(doctest), doc = "[checks]: checks")]
#[cfg_attr(not(doctest), doc = "[tenants]: tenants")]
#[doc = include_str!("../docs/i-have-two-issuers.md")]
pub mod i_have_two_issuers {}

#[cfg(any(not(doctest), feature = "jwks-client"))]
#[cfg_attr(not(doctest), doc = "[remote]: remote_keys")]
#[cfg_attr(not(doctest), doc = "[rotation]: rotation_and_outages")]
#[doc = include_str!("../docs/i-have-a-private-ca.md")]
pub mod i_have_a_private_ca {}

#[cfg(any(not(doctest), feature = "jwks-client"))]
#[cfg_attr(not(doctest), doc = "[ca]: i_have_a_private_ca")]
#[cfg_attr(not(doctest), doc = "[remote]: remote_keys")]
#[cfg_attr(not(doctest), doc = "[rotation]: rotation_and_outages")]
#[doc = include_str!("../docs/i-have-a-proxy.md")]
pub mod i_have_a_proxy {}

#[cfg_attr(not(doctest), doc = "[alone]: without_tower")]
#[cfg_attr(not(doctest), doc = "[call]: call_another_service")]
#[doc = include_str!("../docs/i-have-a-service-to-call.md")]
pub mod i_have_a_service_to_call {}

#[cfg_attr(not(doctest), doc = "[tests]: testing")]
#[doc = include_str!("../docs/i-have-tests-without-network.md")]
pub mod i_have_tests_without_network {}

#[cfg_attr(not(doctest), doc = "[logs]: logs_and_caches")]
#[cfg_attr(not(doctest), doc = "[alone]: without_tower")]
#[doc = include_str!("../docs/frameworks.md")]
pub mod frameworks {}

#[cfg_attr(not(doctest), doc = "[checks]: checks")]
#[cfg_attr(not(doctest), doc = "[cookies]: cookies")]
#[cfg_attr(not(doctest), doc = "[issuers]: i_have_two_issuers")]
#[cfg_attr(not(doctest), doc = "[authorize]: authorization")]
#[cfg_attr(not(doctest), doc = "[logout]: logout")]
#[cfg_attr(not(doctest), doc = "[sources]: token_sources")]
#[cfg_attr(not(doctest), doc = "[streams]: streams")]
#[cfg_attr(
    not(doctest),
    doc = "[security]: https://docs.rs/crate/tower-jwt-auth/latest/source/SECURITY.md"
)]
#[doc = include_str!("../docs/threat-model.md")]
pub mod threat_model {}

#[cfg_attr(not(doctest), doc = "[checks]: checks")]
#[cfg_attr(not(doctest), doc = "[deviating]: deviating_tokens")]
#[cfg_attr(not(doctest), doc = "[replace]: replacing_keys")]
#[cfg_attr(not(doctest), doc = "[threats]: threat_model")]
#[cfg_attr(not(doctest), doc = "[remote]: remote_keys")]
#[cfg_attr(not(doctest), doc = "[custom]: custom_key_source")]
#[cfg_attr(not(doctest), doc = "[issuers]: i_have_two_issuers")]
#[doc = include_str!("../docs/keys-and-policy.md")]
pub mod keys_and_policy {}

#[cfg_attr(not(doctest), doc = "[deviating]: deviating_tokens")]
#[cfg_attr(not(doctest), doc = "[alone]: without_tower")]
#[doc = include_str!("../docs/checks.md")]
pub mod checks {}

#[cfg_attr(not(doctest), doc = "[providers]: providers")]
#[cfg_attr(not(doctest), doc = "[why]: why_401")]
#[doc = include_str!("../docs/deviating-tokens.md")]
pub mod deviating_tokens {}

#[cfg_attr(not(doctest), doc = "[keys]: keys_and_policy")]
#[cfg_attr(not(doctest), doc = "[rotation]: rotation_and_outages")]
#[doc = include_str!("../docs/replacing-keys.md")]
pub mod replacing_keys {}

#[cfg_attr(not(doctest), doc = "[events]: observability")]
#[cfg_attr(not(doctest), doc = "[hint]: crate::VerifierBuilder::operator_hint")]
#[doc = include_str!("../docs/why-401.md")]
pub mod why_401 {}

#[cfg(any(not(doctest), feature = "cache"))]
#[doc = include_str!("../docs/token-cache.md")]
pub mod token_cache {}

#[cfg(any(not(doctest), all(feature = "introspection", feature = "jwks-client")))]
#[cfg_attr(not(doctest), doc = "[events]: observability")]
#[cfg_attr(not(doctest), doc = "[logout]: logout")]
#[doc = include_str!("../docs/introspection.md")]
pub mod introspection {}

#[cfg(any(not(doctest), feature = "jwks-client"))]
#[cfg_attr(not(doctest), doc = "[replace]: replacing_keys")]
#[cfg_attr(not(doctest), doc = "[observe]: observability")]
#[cfg_attr(not(doctest), doc = "[remote]: remote_keys")]
#[cfg_attr(not(doctest), doc = "[change]: changing_trust")]
#[doc = include_str!("../docs/rotation-and-outages.md")]
pub mod rotation_and_outages {}

#[cfg(any(not(doctest), all(feature = "denylist", feature = "better-auth")))]
#[cfg_attr(not(doctest), doc = "[introspection]: introspection")]
#[cfg_attr(not(doctest), doc = "[observability]: observability")]
#[cfg_attr(not(doctest), doc = "[shared]: shared_denylist")]
#[cfg_attr(not(doctest), doc = "[streams]: streams")]
#[doc = include_str!("../docs/logout.md")]
pub mod logout {}

#[cfg(any(not(doctest), feature = "jwks"))]
#[cfg_attr(not(doctest), doc = "[custom]: custom_key_source")]
#[cfg_attr(not(doctest), doc = "[file]: i_have_a_jwks_file")]
#[cfg_attr(not(doctest), doc = "[tenants]: tenants")]
#[doc = include_str!("../docs/changing-trust.md")]
pub mod changing_trust {}

#[cfg(any(not(doctest), feature = "jwks-client"))]
#[cfg_attr(not(doctest), doc = "[rotation]: rotation_and_outages")]
#[doc = include_str!("../docs/remote-keys.md")]
pub mod remote_keys {}

#[cfg_attr(not(doctest), doc = "[custom]: custom_key_source")]
#[cfg_attr(not(doctest), doc = "[sources]: token_sources")]
#[cfg_attr(not(doctest), doc = "[streams]: streams")]
#[doc = include_str!("../docs/without-tower.md")]
pub mod without_tower {}

#[cfg_attr(not(doctest), doc = "[trust]: changing_trust")]
#[cfg_attr(not(doctest), doc = "[alone]: without_tower")]
#[cfg_attr(not(doctest), doc = "[logout]: logout")]
#[doc = include_str!("../docs/streams.md")]
pub mod streams {}

#[cfg_attr(not(doctest), doc = "[grants]: scopes_and_roles")]
#[cfg_attr(not(doctest), doc = "[order]: layer_order")]
#[cfg_attr(not(doctest), doc = "[tenants]: tenants")]
#[doc = include_str!("../docs/authorization.md")]
pub mod authorization {}

#[cfg(any(not(doctest), all(feature = "providers", feature = "jwks-client")))]
#[cfg_attr(not(doctest), doc = "[url]: i_have_an_issuer_url")]
#[cfg_attr(not(doctest), doc = "[why]: why_401")]
#[doc = include_str!("../docs/providers.md")]
pub mod providers {}

#[cfg(any(not(doctest), feature = "jwks-client"))]
#[cfg_attr(not(doctest), doc = "[authorize]: authorization")]
#[doc = include_str!("../docs/tenants.md")]
pub mod tenants {}

#[doc = include_str!("../docs/layer-order.md")]
pub mod layer_order {}

#[cfg_attr(not(doctest), doc = "[authorize]: authorization")]
#[cfg_attr(not(doctest), doc = "[order]: layer_order")]
#[cfg_attr(not(doctest), doc = "[mcp]: mcp")]
#[doc = include_str!("../docs/resource-metadata.md")]
pub mod resource_metadata {}

#[cfg_attr(not(doctest), doc = "[resource]: resource_metadata")]
#[cfg_attr(not(doctest), doc = "[call]: call_another_service")]
#[cfg_attr(not(doctest), doc = "[logs]: logs_and_caches")]
#[doc = include_str!("../docs/mcp.md")]
pub mod mcp {}

#[cfg_attr(not(doctest), doc = "[authorize]: authorization")]
#[doc = include_str!("../docs/scopes-and-roles.md")]
pub mod scopes_and_roles {}

#[doc = include_str!("../docs/behind-nginx.md")]
pub mod behind_nginx {}

#[cfg_attr(not(doctest), doc = "[authorize]: authorization")]
#[cfg_attr(not(doctest), doc = "[sources]: token_sources")]
#[doc = include_str!("../docs/api-keys.md")]
pub mod api_keys {}

#[cfg_attr(not(doctest), doc = "[cookies]: cookies")]
#[cfg_attr(not(doctest), doc = "[logs]: logs_and_caches")]
#[cfg_attr(not(doctest), doc = "[alone]: without_tower")]
#[doc = include_str!("../docs/token-sources.md")]
pub mod token_sources {}

#[cfg_attr(not(doctest), doc = "[app]: i_have_cookies")]
#[cfg_attr(not(doctest), doc = "[sources]: token_sources")]
#[doc = include_str!("../docs/cookies.md")]
pub mod cookies {}

#[cfg_attr(not(doctest), doc = "[sources]: token_sources")]
#[cfg_attr(not(doctest), doc = "[forward]: call_another_service")]
#[doc = include_str!("../docs/logs-and-caches.md")]
pub mod logs_and_caches {}

#[doc = include_str!("../docs/call-another-service.md")]
pub mod call_another_service {}

#[cfg(any(not(doctest), feature = "jwks-client"))]
#[doc = include_str!("../docs/compile-errors.md")]
pub mod compile_errors {}

#[doc = include_str!("../docs/responses.md")]
pub mod responses {}

#[cfg(any(not(doctest), feature = "jwks-client"))]
#[cfg_attr(not(doctest), doc = "[custom]: custom_key_source")]
#[doc = include_str!("../docs/testing.md")]
pub mod testing {}

#[doc = include_str!("../docs/custom-key-source.md")]
pub mod custom_key_source {}

#[cfg(any(not(doctest), all(feature = "better-auth", feature = "jwks-client")))]
#[cfg_attr(not(doctest), doc = "[tokens]: better_auth_tokens")]
#[cfg_attr(not(doctest), doc = "[production]: better_auth_production")]
#[doc = include_str!("../docs/better-auth.md")]
pub mod better_auth {}

#[cfg(any(not(doctest), feature = "better-auth"))]
#[cfg_attr(not(doctest), doc = "[start]: better_auth")]
#[cfg_attr(not(doctest), doc = "[production]: better_auth_production")]
#[cfg_attr(not(doctest), doc = "[logout]: logout")]
#[doc = include_str!("../docs/better-auth-tokens.md")]
pub mod better_auth_tokens {}

#[cfg(any(not(doctest), all(feature = "better-auth", feature = "jwks-client")))]
#[cfg_attr(not(doctest), doc = "[start]: better_auth")]
#[cfg_attr(not(doctest), doc = "[tokens]: better_auth_tokens")]
#[cfg_attr(not(doctest), doc = "[rotation]: rotation_and_outages")]
#[cfg_attr(not(doctest), doc = "[logout]: logout")]
#[doc = include_str!("../docs/better-auth-production.md")]
pub mod better_auth_production {}

#[cfg(any(not(doctest), all(feature = "redis", feature = "axum")))]
#[cfg_attr(not(doctest), doc = "[logout]: logout")]
#[cfg_attr(not(doctest), doc = "[observability]: observability")]
#[doc = include_str!("../docs/shared-denylist.md")]
pub mod shared_denylist {}

#[cfg(any(not(doctest), all(feature = "jwks-client", feature = "tracing")))]
#[cfg_attr(not(doctest), doc = "[rotation]: rotation_and_outages")]
#[cfg_attr(not(doctest), doc = "[why]: why_401")]
#[doc = include_str!("../docs/observability.md")]
pub mod observability {}

#[cfg_attr(not(doctest), doc = "[cookies]: cookies")]
#[cfg_attr(not(doctest), doc = "[authorize]: authorization")]
#[cfg_attr(not(doctest), doc = "[rotation]: rotation_and_outages")]
#[cfg_attr(not(doctest), doc = "[responses]: responses")]
#[cfg_attr(not(doctest), doc = "[tests]: testing")]
#[doc = include_str!("../docs/from-fastapi.md")]
pub mod from_fastapi {}

#[cfg_attr(not(doctest), doc = "[differences]: jsonwebtoken_differences")]
#[cfg_attr(not(doctest), doc = "[rotation]: rotation_and_outages")]
#[doc = include_str!("../docs/from-jsonwebtoken.md")]
pub mod from_jsonwebtoken {}

#[cfg_attr(not(doctest), doc = "[rotation]: rotation_and_outages")]
#[doc = include_str!("../docs/jsonwebtoken-differences.md")]
pub mod jsonwebtoken_differences {}

#[cfg_attr(not(doctest), doc = "[differences]: jsonwebtoken_differences")]
#[cfg_attr(not(doctest), doc = "[jsonwebtoken]: from_jsonwebtoken")]
#[cfg_attr(not(doctest), doc = "[rotation]: rotation_and_outages")]
#[cfg_attr(not(doctest), doc = "[sources]: token_sources")]
#[doc = include_str!("../docs/from-peers.md")]
pub mod from_peers {}
