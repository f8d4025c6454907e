//! Constructors of [`Verifier`](crate::Verifier), one for each common situation, and what providers have in common.
//!
//! The constructors are [`shared_secret`](crate::Verifier::shared_secret),
//! [`shared_secret_from_env`](crate::Verifier::shared_secret_from_env), [`pem`](crate::Verifier::pem)
//! and [`jwks`](crate::Verifier::jwks). Each returns a builder, whose `build()` reports every problem.
//! [`Verifier::from_env`](crate::Verifier::from_env) takes all of its [`Settings`] from the environment.

#[cfg(feature = "better-auth")]
pub mod better_auth;
mod grants;
#[cfg(feature = "jwks")]
mod issuer_url;
mod problem;
mod public_keys;
#[cfg(feature = "jwks")]
mod remote_keys;
mod settings;
mod shared_secret;

pub use settings::Settings;
