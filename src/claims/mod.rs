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
mod capture;
mod grant_claims;
mod grants;
pub(crate) mod json;
mod members;
mod noted;
mod numeric_date;
mod path;
mod primitive;
mod registered;
mod scope;
mod standard;
mod string_or_list;
mod tee;
mod text;
mod unverified;

pub use audience::Audience;
pub(crate) use capture::{Captured, read};
pub use grant_claims::GrantClaims;
pub(crate) use grant_claims::GrantLists;
pub use grants::{ClaimValue, Grants};
pub use numeric_date::NumericDate;
pub use path::ClaimPath;
pub(crate) use path::Found;
pub use registered::RegisteredClaims;
pub use scope::ScopeSet;
pub use standard::Claims;
pub(crate) use text::{Text, TextList};
pub(crate) use unverified::find_issuer;
