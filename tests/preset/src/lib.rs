//! The preset for Better Auth with its unit tests, compiled like a preset outside the crate.
//!
//! Its files refer to `crate::`, which is this package here. Each module below only contains the public API of the
//! crate, so a use of a private name does not compile. `url` parses URLs; an external preset would use a crate instead.

#[path = "../../../src/url.rs"]
#[allow(dead_code)]
mod url;

mod claims {
    pub(crate) use tower_jwt_auth::claims::ClaimPath;
}
mod clock {
    pub(crate) use tower_jwt_auth::clock::Clock;
}
mod error {
    pub(crate) use tower_jwt_auth::error::{Problem, ProblemKind};
    pub(crate) use tower_jwt_auth::{BuildError, ErrorKind};
}
mod explain {
    pub(crate) use tower_jwt_auth::explain::UnverifiedToken;
}
mod jwks {
    pub(crate) use tower_jwt_auth::jwks::{RemoteJwks, RemoteJwksBuilder};
}
mod jws {
    pub(crate) use tower_jwt_auth::Algorithm;
}
mod jwt {
    pub(crate) use tower_jwt_auth::Token;
}
mod key {
    pub(crate) use tower_jwt_auth::VerificationKey;
    pub(crate) use tower_jwt_auth::key::{KeySet, Keys};
}
mod observe {
    pub(crate) use tower_jwt_auth::observe::{Event, Observer};
}
mod policy {
    pub(crate) use tower_jwt_auth::Policy;
}
mod source {
    pub(crate) use tower_jwt_auth::source::CookieToken;
}
mod verify {
    pub(crate) use tower_jwt_auth::{Issuer, Verifier, VerifierBuilder};
}

pub mod provider;
