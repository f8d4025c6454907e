//! Key sets that are fetched from a URL and refreshed (feature `jwks`).
//!
//! For one issuer, [`Verifier::issuer_url`](crate::Verifier::issuer_url) and
//! [`Verifier::jwks_url`](crate::Verifier::jwks_url) create the key set. Use [`RemoteJwks`] directly if several
//! verifiers share the keys, or for an [`Issuer`](crate::Issuer) with its own settings: [`RemoteJwks::url`] fetches a
//! JWKS document, [`RemoteJwks::issuer`] finds the URL of the document in the issuer's metadata.
//!
//! 1. Nothing is fetched when the key set is built. The first token that needs keys starts a fetch and waits for it.
//! 2. Concurrent requests share one fetch.
//! 3. The lifetime of keys is the `max-age` of the response, within [`ttl_between`](RemoteJwksBuilder::ttl_between), or
//!    else [`ttl`](RemoteJwksBuilder::ttl). Before it ends, a request or [`keep_fresh`](RemoteJwks::keep_fresh) starts
//!    a refresh in the background.
//! 4. A token with an unknown key id starts a fetch, at most once in each [`cooldown`](RemoteJwksBuilder::cooldown).
//! 5. If a fetch fails, the keys in memory are used until [`max_stale`](RemoteJwksBuilder::max_stale) ends. After that,
//!    tokens are rejected with [`KeysUnavailable`](crate::ErrorKind::KeysUnavailable).
//! 6. By default URLs must be `https`. Redirects are rejected, and secrets in a fetched document are skipped.
//!
//! [`RemoteJwks`] has an example. For a server that has a document for each key, use `PemByKeyId` (feature `pem`).

mod addresses;
mod background;
mod builder;
#[cfg(feature = "pem")]
mod by_id;
#[cfg(feature = "jwks-client")]
pub(crate) mod client;
mod discovery;
mod document;
pub(crate) mod failure;
mod fetch;
mod http_settings;
#[cfg(all(test, shuttle))]
#[path = "../../tests/interleavings/jwks.rs"]
mod interleavings;
mod location;
mod origin;
mod place;
mod problem;
#[cfg(feature = "jwks-client")]
mod proxy;
mod remote;
mod request;
mod response;
#[cfg(feature = "jwks-client")]
mod roots;
mod schedule;
mod shared;
pub(crate) mod single_flight;
pub(crate) mod sync;

pub use builder::RemoteJwksBuilder;
#[cfg(feature = "pem")]
pub use by_id::{PemByKeyId, PemByKeyIdBuilder};
pub use fetch::{Fetch, NoBody};
pub use remote::RemoteJwks;
