//! The verifier: it turns a compact JWT into verified claims, without HTTP.
//!
//! ```
//! use tower_jwt_auth::{ErrorKind, Verifier, testing::TestIssuer};
//!
//! let issuer = TestIssuer::hs256().audience("jobs");
//! let verifier = Verifier::shared_secret(issuer.secret()).audience("jobs").build()?;
//!
//! // The token can come from a queue message, a WebSocket frame or any other place.
//! let verified = verifier.verify_now(&issuer.token().subject("user-1").mint())?;
//! assert_eq!(verified.subject(), Some("user-1"));
//!
//! let rejected = verifier.verify_now(&issuer.token().expired().mint()).unwrap_err();
//! assert_eq!(rejected.kind(), ErrorKind::TokenExpired);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod builder;
#[cfg(feature = "cache")]
mod cache;
#[cfg(not(feature = "cache"))]
#[path = "no_cache.rs"]
mod cache;
mod current;
mod expected;
mod expiry;
mod explain;
mod explained;
#[cfg(all(test, shuttle))]
#[path = "../../tests/interleavings/reload.rs"]
mod interleavings;
mod issuer;
mod issuers;
mod key_settings;
#[cfg(all(test, not(any(feature = "aws-lc-rs", feature = "rust-crypto"))))]
mod no_backend;
mod observed;
mod policy_settings;
mod preset_settings;
mod problem;
mod readiness;
mod rejections;
#[cfg(feature = "reload")]
mod reload;
#[cfg_attr(not(feature = "jwks"), expect(dead_code, reason = "only the module `resolver` uses it"))]
mod resolved;
mod signature;
mod trust;
mod trusted;
mod verified;
mod verifier;

pub(crate) use builder::ReadSecret;
pub use builder::VerifierBuilder;
#[cfg(feature = "cache")]
pub use cache::TokenCache;
pub(crate) use expiry::{Expiry, expired};
pub use issuer::Issuer;
#[cfg(feature = "reload")]
pub use reload::VerifierHandle;
#[cfg(feature = "jwks")]
pub(crate) use resolved::{FindIssuer, Found, ResolvedIssuer, Surroundings, Unresolved};
pub(crate) use trust::{BeforeRevocation, Bound, FirstStage, Trust};
pub(crate) use verified::AnyToken;
pub use verified::Verified;
pub use verifier::Verifier;
