//! What a token says: the registered claims, and types to read them into.
//!
//! Any `serde` type can be the claims type of a [`Verifier`](crate::Verifier); [`Claims`] is the one
//! that is used when nothing else is named.
//!
//! ```
//! use tower_jwt_auth::Claims;
//!
//! let claims: Claims = serde_json::from_str(
//!     r#"{"sub":"user-1","exp":1900000000,"scope":"read write","email":"a@b.example"}"#,
//! )?;
//! assert_eq!(claims.subject(), Some("user-1"));
//! assert_eq!(claims.text("email"), Some("a@b.example"));
//! assert!(claims.scope().is_some_and(|scope| scope.contains("write")));
//!
//! // A registered claim of the wrong type is an error, never an absent claim.
//! assert!(serde_json::from_str::<Claims>(r#"{"exp":"tomorrow"}"#).is_err());
//! # Ok::<(), serde_json::Error>(())
//! ```

mod audience;
mod grant_claims;
mod grants;
mod numeric_date;
mod path;
mod registered;
mod scope;
mod standard;
mod string_or_list;

pub use audience::Audience;
pub use grant_claims::GrantClaims;
pub use grants::{ClaimValue, Grants};
pub use numeric_date::NumericDate;
pub use path::ClaimPath;
pub use registered::RegisteredClaims;
pub(crate) use registered::{Dates, check_types};
pub use scope::ScopeSet;
pub use standard::Claims;
