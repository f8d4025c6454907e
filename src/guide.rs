//! The guide, page by page: the Markdown files of `docs/`, whose examples are compiled and run as tests.
//!
//! 1. [`threat_model`]: what an attacker can do, what stops it, and what is left to you.
//! 2. [`keys_and_policy`]: which keys, which settings, and what is judged by default.
//! 3. [`rotation_and_outages`]: keys from a URL, and what happens when they change or cannot be had.
//! 4. [`without_tower`]: WebSockets, queues and jobs, with the verifier alone.
//! 5. [`token_sources`]: headers, cookies, URLs and WebSockets, and what each of them leaves to you.
//! 6. [`authorization`]: scopes, roles, owners, log-ins, and what else a route may ask for.
//! 7. [`behind_nginx`]: for applications that cannot verify tokens themselves.
//! 8. [`responses`]: what clients see, for every way in which a request can go wrong.
//! 9. [`testing`]: tests for handlers behind the layer, with tokens good and bad.
//! 10. [`better_auth`]: Next.js with Better Auth in front of an API in Rust, from nothing.
//! 11. [`observability`]: events, metrics, alerts, and the user's id in a span.
//!
//! For those who come from elsewhere: [`from_fastapi`], [`from_jsonwebtoken`], [`from_peers`].
//!
//! There is nothing to use in here; the modules exist in the documentation only.

// At their ends, the pages say where their links lead on a Git host. Of two definitions the first one
// counts, so that the ones here lead to the modules. Tests leave them out: their line numbers are then
// those of the page.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub mod readme {}

#[cfg_attr(not(doctest), doc = "[keys]: keys_and_policy")]
#[cfg_attr(not(doctest), doc = "[authorize]: authorization")]
#[cfg_attr(not(doctest), doc = "[sources]: token_sources")]
#[doc = include_str!("../docs/threat-model.md")]
pub mod threat_model {}

#[cfg_attr(not(doctest), doc = "[threats]: threat_model")]
#[cfg_attr(not(doctest), doc = "[rotation]: rotation_and_outages")]
#[cfg_attr(not(doctest), doc = "[alone]: without_tower")]
#[doc = include_str!("../docs/keys-and-policy.md")]
pub mod keys_and_policy {}

#[cfg_attr(not(doctest), doc = "[keys]: keys_and_policy")]
#[cfg_attr(not(doctest), doc = "[observe]: observability")]
#[doc = include_str!("../docs/rotation-and-outages.md")]
pub mod rotation_and_outages {}

#[cfg_attr(not(doctest), doc = "[tests]: testing")]
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

#[doc = include_str!("../docs/testing.md")]
pub mod testing {}

#[cfg_attr(not(doctest), doc = "[rotation]: rotation_and_outages")]
#[doc = include_str!("../docs/better-auth.md")]
pub mod better_auth {}

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
