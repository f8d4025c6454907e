//! Types for the claims of a token.
//!
//! Any `serde` type can be the claims type of a [`Verifier`](crate::Verifier); [`Claims`] is the default. In your own
//! type, use [`Audience`], [`ScopeSet`] and [`NumericDate`] for claims with more than one form. [`GrantClaims`] and
//! [`ClaimPath`] name the claims in which an issuer puts scopes and roles. An [`Actor`] acts for the subject of a token.
//!
//! ```
//! use serde::Deserialize;
//! use tower_jwt_auth::claims::{Audience, ScopeSet};
//!
//! #[derive(Deserialize)]
//! struct Mine {
//!     tenant: String,
//!     // One string or a list of strings (RFC 7519 §4.1.3).
//!     aud: Audience,
//!     // One string of scopes, or a list of scopes.
//!     scope: Option<ScopeSet>,
//! }
//!
//! let mine: Mine = serde_json::from_str(r#"{"tenant":"acme","aud":"orders","scope":"read write"}"#)?;
//! assert_eq!(mine.tenant, "acme");
//! assert!(mine.aud.contains("orders"));
//! assert!(mine.scope.is_some_and(|scope| scope.contains("write")));
//! assert!(serde_json::from_str::<Mine>(r#"{"tenant":"acme","aud":7}"#).is_err());
//! # Ok::<(), serde_json::Error>(())
//! ```

mod actor;
mod audience;
mod grant_claims;
mod grants;
mod numeric_date;
mod path;
mod registered;
mod scope;
mod scopes;
pub(crate) mod standard;
mod string_or_list;

pub use actor::Actor;
pub use audience::Audience;
pub use grant_claims::GrantClaims;
pub(crate) use grants::{ClaimValue, CurrentActor, Grants};
pub use numeric_date::NumericDate;
pub use path::ClaimPath;
pub(crate) use registered::{Dates, Lenience, SubjectType, check_types, mistyped_issuer};
pub use scope::ScopeSet;
pub use scopes::Scopes;
pub(crate) use scopes::is_scope;
pub(crate) use standard::Claims;
