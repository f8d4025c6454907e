//! The guide, page by page: the Markdown files of `docs/`, whose examples are compiled and run as tests.
//!
//! 1. [`threat_model`]: attacks, defences, and your part.
//! 2. [`keys_and_policy`]: which keys, which settings, and what is judged by default.
//! 3. [`rotation_and_outages`]: changed keys, unavailable key servers, and readiness probes.
//! 4. [`without_tower`]: the verifier alone, for WebSockets, queues and jobs.
//! 5. [`token_sources`]: tokens in headers, cookies, URLs and WebSockets, and their risks.
//! 6. [`authorization`]: scopes, roles, owners, log-ins, and what else a route may ask for.
//! 7. [`behind_nginx`]: for applications that cannot verify tokens themselves.
//! 8. [`responses`]: the response to every kind of rejected request.
//! 9. [`testing`]: tests for handlers behind the layer, with valid and invalid tokens.
//! 10. [`better_auth`]: Next.js with Better Auth in front of an API in Rust, from nothing.
//! 11. [`observability`]: events, metrics, alerts, and the user's id in a span.
//! 12. [`remote_keys`]: keys from a URL: metadata, allowed URLs, and your own HTTP client.
//! 13. [`custom_key_source`]: your own `KeySource`.
//!
//! Migration: [`from_fastapi`], [`from_jsonwebtoken`], [`from_peers`].
//!
//! These modules exist only in the documentation.

// Each page ends with the definitions of its links for a Git host. Markdown uses the first of two definitions, so the
// ones here link to the modules. Tests leave them out, so that line numbers are those of the page.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub mod readme {}

#[cfg_attr(not(doctest), doc = "[keys]: keys_and_policy")]
#[cfg_attr(not(doctest), doc = "[authorize]: authorization")]
#[cfg_attr(not(doctest), doc = "[sources]: token_sources")]
#[cfg_attr(
    not(doctest),
    doc = "[security]: https://docs.rs/crate/tower-jwt-auth/latest/source/SECURITY.md"
)]
#[doc = include_str!("../docs/threat-model.md")]
pub mod threat_model {}

#[cfg_attr(not(doctest), doc = "[threats]: threat_model")]
#[cfg_attr(not(doctest), doc = "[rotation]: rotation_and_outages")]
#[cfg_attr(not(doctest), doc = "[alone]: without_tower")]
#[doc = include_str!("../docs/keys-and-policy.md")]
pub mod keys_and_policy {}

#[cfg(any(not(doctest), feature = "jwks-client"))]
#[cfg_attr(not(doctest), doc = "[keys]: keys_and_policy")]
#[cfg_attr(not(doctest), doc = "[observe]: observability")]
#[cfg_attr(not(doctest), doc = "[remote]: remote_keys")]
#[doc = include_str!("../docs/rotation-and-outages.md")]
pub mod rotation_and_outages {}

#[cfg(any(not(doctest), feature = "jwks-client"))]
#[cfg_attr(not(doctest), doc = "[rotation]: rotation_and_outages")]
#[doc = include_str!("../docs/remote-keys.md")]
pub mod remote_keys {}

#[cfg_attr(not(doctest), doc = "[custom]: custom_key_source")]
#[cfg_attr(not(doctest), doc = "[sources]: token_sources")]
#[doc = include_str!("../docs/without-tower.md")]
pub mod without_tower {}

#[doc = include_str!("../docs/authorization.md")]
pub mod authorization {}

#[doc = include_str!("../docs/behind-nginx.md")]
pub mod behind_nginx {}

#[cfg_attr(not(doctest), doc = "[alone]: without_tower")]
#[doc = include_str!("../docs/token-sources.md")]
pub mod token_sources {}

#[doc = include_str!("../docs/responses.md")]
pub mod responses {}

#[cfg(any(not(doctest), feature = "jwks-client"))]
#[cfg_attr(not(doctest), doc = "[custom]: custom_key_source")]
#[doc = include_str!("../docs/testing.md")]
pub mod testing {}

#[doc = include_str!("../docs/custom-key-source.md")]
pub mod custom_key_source {}

#[cfg_attr(not(doctest), doc = "[rotation]: rotation_and_outages")]
#[doc = include_str!("../docs/better-auth.md")]
pub mod better_auth {}

#[cfg(any(not(doctest), feature = "jwks-client"))]
#[cfg_attr(not(doctest), doc = "[rotation]: rotation_and_outages")]
#[doc = include_str!("../docs/observability.md")]
pub mod observability {}

#[cfg_attr(not(doctest), doc = "[sources]: token_sources")]
#[cfg_attr(not(doctest), doc = "[authorize]: authorization")]
#[cfg_attr(not(doctest), doc = "[rotation]: rotation_and_outages")]
#[cfg_attr(not(doctest), doc = "[responses]: responses")]
#[cfg_attr(not(doctest), doc = "[tests]: testing")]
#[doc = include_str!("../docs/from-fastapi.md")]
pub mod from_fastapi {}

#[cfg_attr(not(doctest), doc = "[rotation]: rotation_and_outages")]
#[doc = include_str!("../docs/from-jsonwebtoken.md")]
pub mod from_jsonwebtoken {}

#[cfg_attr(not(doctest), doc = "[jsonwebtoken]: from_jsonwebtoken")]
#[cfg_attr(not(doctest), doc = "[rotation]: rotation_and_outages")]
#[cfg_attr(not(doctest), doc = "[sources]: token_sources")]
#[doc = include_str!("../docs/from-peers.md")]
pub mod from_peers {}
