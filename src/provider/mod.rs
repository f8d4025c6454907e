//! Constructors of [`Verifier`](crate::Verifier) for common setups, and presets for providers.
//!
//! The constructors are [`shared_secret`](crate::Verifier::shared_secret),
//! [`shared_secret_from_env`](crate::Verifier::shared_secret_from_env), [`pem`](crate::Verifier::pem),
//! [`jwks`](crate::Verifier::jwks), and with the feature `jwks` also `jwks_url` and `issuer_url`. Each returns a
//! builder, and `build()` reports all problems together. [`Verifier::from_env`](crate::Verifier::from_env) reads its
//! [`Settings`] from the environment.
//!
//! To write a preset for another provider, write a function that returns a
//! [`VerifierBuilder`](crate::VerifierBuilder). Presets use
//! [`operator_hint`](crate::VerifierBuilder::operator_hint),
//! [`check_with_clock`](crate::VerifierBuilder::check_with_clock) and
//! [`problem`](crate::VerifierBuilder::problem).

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
