//! Constructors of [`Verifier`](crate::Verifier), one for each common situation, and what providers have in common.
//!
//! The constructors are [`shared_secret`](crate::Verifier::shared_secret),
//! [`shared_secret_from_env`](crate::Verifier::shared_secret_from_env), [`pem`](crate::Verifier::pem),
//! [`jwks`](crate::Verifier::jwks), and with the feature `jwks` also `jwks_url` and `issuer_url`. Each returns a builder,
//! whose `build()` reports every problem. [`Verifier::from_env`](crate::Verifier::from_env) takes all of its [`Settings`]
//! from the environment.
//!
//! A preset for another provider is a function that returns a [`VerifierBuilder`](crate::VerifierBuilder). The builder
//! has [`operator_hint`](crate::VerifierBuilder::operator_hint),
//! [`check_with_clock`](crate::VerifierBuilder::check_with_clock) and
//! [`problem`](crate::VerifierBuilder::problem) for it.

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
