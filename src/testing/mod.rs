//! An issuer, a key server and a clock for tests (feature `test-util`).
//!
//! The keys are fixed and published with this crate: never trust them outside of tests. A build without this feature
//! rejects them and other published secrets and keys, such as those in RFCs. Enable the feature in
//! `dev-dependencies` only: with the feature in `dependencies`, a server accepts these keys.
//!
//! ```
//! use std::time::Duration;
//! use tower_jwt_auth::testing::{FixedClock, TestIssuer};
//! use tower_jwt_auth::{ErrorKind, Verifier};
//!
//! let clock = FixedClock::new();
//! let issuer = TestIssuer::es256().issuer("https://auth.example.com").clock(clock.clone());
//! let verifier = Verifier::jwks(issuer.jwks())
//!     .issuer("https://auth.example.com")
//!     .any_audience()
//!     .clock(clock.clone())
//!     .build()?;
//!
//! let token = issuer.token().subject("user-1").expires_in(Duration::from_secs(60)).mint();
//! assert!(verifier.verify_now(&token).is_ok());
//!
//! clock.advance(Duration::from_secs(120)); // the token's lifetime and the leeway
//! assert_eq!(verifier.verify_now(&token).unwrap_err().kind(), ErrorKind::TokenExpired);
//! # Ok::<(), tower_jwt_auth::BuildError>(())
//! ```

mod clock;
mod issuer;
mod mint;
mod server;
mod service;
mod signature;

pub use clock::FixedClock;
pub use issuer::{TestIssuer, TestToken};
pub use server::TestServer;
pub use service::TestIssuerService;
pub use signature::is_signature;
