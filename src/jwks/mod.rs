//! Remote keys (feature `jwks`): a key set at a URL, or at the URL in an issuer's metadata.

mod addresses;
mod background;
mod builder;
mod client;
mod discovery;
mod failure;
mod fetch;
#[cfg(all(test, shuttle))]
#[path = "../../tests/interleavings/jwks.rs"]
mod interleavings;
mod location;
mod observers;
mod origin;
mod place;
mod remote;
mod schedule;
mod shared;
mod single_flight;
mod sync;

pub use builder::RemoteJwksBuilder;
pub use fetch::{Fetch, NoBody};
pub use remote::RemoteJwks;
