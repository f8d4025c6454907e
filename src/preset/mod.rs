//! Short roads to a verifier, one for each common situation.
//!
//! They are constructors of [`Verifier`](crate::Verifier): [`shared_secret`](crate::Verifier::shared_secret),
//! [`shared_secret_from_env`](crate::Verifier::shared_secret_from_env), [`pem`](crate::Verifier::pem)
//! and [`jwks`](crate::Verifier::jwks). All of them end in one `build()`.

mod jwks;
#[cfg(feature = "pem")]
mod pem;
mod shared_secret;
