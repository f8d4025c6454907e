//! Short roads to a verifier, one for each common situation.
//!
//! They are constructors of [`Verifier`](crate::Verifier): [`shared_secret`](crate::Verifier::shared_secret),
//! [`shared_secret_from_env`](crate::Verifier::shared_secret_from_env), [`pem`](crate::Verifier::pem)
//! and [`jwks`](crate::Verifier::jwks). All of them end in one `build()`.

#[cfg(feature = "better-auth")]
pub mod better_auth;
mod grants;
#[cfg(feature = "jwks")]
mod issuer_url;
mod jwks;
mod key_source;
#[cfg(feature = "pem")]
mod pem;
#[cfg(feature = "jwks")]
mod remote_keys;
mod shared_secret;
