//! An issuer for your tests, a server for its keys, and a clock that stands still (feature `test-util`).
//!
//! The keys are fixed and published with this crate: never trust them outside of tests. A build without this
//! feature rejects them, together with other secrets and keys that are published, such as those of RFCs. Turn
//! the feature on in `dev-dependencies` only: with it in `dependencies`, a server accepts these keys as well.
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
//! clock.advance(Duration::from_secs(120)); // its lifetime and the leeway
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
