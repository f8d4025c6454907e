//! Settings from the environment or a file, and presets for identity providers.
//!
//! - [`Settings`]: [`Verifier::from_env`](crate::Verifier::from_env) reads them from the environment.
//! - `better_auth` (feature `better-auth`): presets for the tokens of Better Auth.
//! - `Provider` (feature `providers`): presets for other identity providers.
//! - [`GrantClaims`](crate::claims::GrantClaims): the claims in which Keycloak, Auth0 and Amazon Cognito put scopes
//!   and roles.
//!
//! For every other provider, call a constructor of [`Verifier`](crate::Verifier):
//! [`shared_secret`](crate::Verifier::shared_secret), [`pem`](crate::Verifier::pem),
//! [`jwks`](crate::Verifier::jwks), or, with the feature `jwks`, `issuer_url` and `jwks_url`.
//!
//! A preset of your own is a function that returns a [`VerifierBuilder`](crate::VerifierBuilder). Three methods of the
//! builder are for presets: [`operator_hint`](crate::VerifierBuilder::operator_hint) explains rejected tokens,
//! [`check_with_clock`](crate::VerifierBuilder::check_with_clock) checks claims that contain times, and
//! [`problem`](crate::VerifierBuilder::problem) reports a wrong setting. The last one has an example.

#[cfg(feature = "better-auth")]
pub mod better_auth;
mod grants;
#[cfg(feature = "jwks")]
mod issuer_url;
#[cfg(feature = "providers")]
mod preset;
mod problem;
#[cfg(feature = "providers")]
mod providers;
mod public_keys;
#[cfg(feature = "jwks")]
mod remote_keys;
#[cfg(feature = "providers")]
mod row;
#[cfg(feature = "providers")]
mod rows;
mod settings;
mod shared_secret;

#[cfg(feature = "providers")]
pub use preset::Provider;
pub use settings::Settings;
