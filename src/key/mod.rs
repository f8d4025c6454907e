//! Keys for verifying signatures, and the sources that supply them.
//!
//! [`VerificationKey`] is one key, [`KeySet`] the keys of one issuer. A [`KeySource`] supplies keys that change while
//! the server runs, and reports their [`KeyHealth`]: [`JwksFile`] reads them from a file, and [`Settable`] has the keys
//! that the application sets.
//!
//! 1. A key is checked before a crypto library receives it; weak and private keys are rejected.
//! 2. A key is used only with algorithms that its type, its `alg` and the policy allow (RFC 8725 §3.1).
//! 3. A key is prepared once, so a request pays only for the signature check.
//!
//! ```
//! use tower_jwt_auth::VerificationKey;
//!
//! let key = VerificationKey::jwk(
//!     r#"{"kty":"OKP","crv":"Ed25519","kid":"2026","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
//! )?;
//! assert_eq!(key.key_id(), Some("2026"));
//!
//! // A secret that is shorter than the hash is rejected (RFC 7518 §3.2).
//! assert!(VerificationKey::shared_secret("guess me").is_err());
//! # Ok::<(), tower_jwt_auth::BuildError>(())
//! ```

mod backend;
mod base64;
#[cfg(feature = "x509")]
mod certificate;
#[cfg(feature = "pem")]
mod der;
mod from_jsonwebtoken;
mod jwk;
mod jwks_file;
// Only remote keys are changed before they are built.
#[cfg_attr(not(feature = "jwks"), allow(dead_code))]
mod keys;
mod keys_error;
mod material;
#[cfg(feature = "pem")]
mod not_pem;
#[cfg(feature = "test-util")]
mod not_published;
#[cfg(feature = "pem")]
mod pem;
mod problem;
mod public_text;
#[cfg(any(test, not(feature = "test-util")))]
mod published;
mod secret;
mod set;
mod settable;
mod skipped;
mod source;
pub(crate) mod verification_key;
mod weakness;

pub use backend::CryptoBackend;
pub use jwks_file::JwksFile;
#[cfg(feature = "jwks")]
pub(crate) use keys::BuildKeys;
pub(crate) use keys::Held;
pub use keys::Keys;
pub(crate) use keys_error::Failure;
pub use keys_error::{KeysError, KeysErrorKind};
#[cfg(feature = "jwks")]
pub(crate) use problem::unsafe_use;
pub use set::KeySet;
#[cfg(feature = "jwks")]
pub(crate) use set::NoSet;
pub(crate) use set::{Candidates, Crowded};
pub use settable::Settable;
pub(crate) use source::pause_before_next_look;
#[cfg(feature = "jwks")]
pub(crate) use source::refresh_if_empty;
pub use source::{KeyHealth, KeySetState, KeySource, RefreshError, Refreshed};
pub(crate) use verification_key::VerificationKey;

pub use crate::observe::fetch_failure::FetchFailure;
pub use crate::observe::refresh_reason::RefreshReason;
pub use crate::observe::skip_reason::SkipReason;
