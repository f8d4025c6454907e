//! Token sources, which find the token in a request.
//!
//! [`BearerHeader`] (`Authorization: Bearer …`) is the default. [`HeaderToken`], [`CookieToken`], [`QueryToken`] and
//! [`WebSocketProtocol`] read the other places that clients use. [`AnyOf`] combines several sources, and
//! [`FirstOf`] uses the first one that has a token. For your own source, pass a function to [`from_fn`] or implement
//! [`TokenSource`]. Set the source with [`JwtAuthLayer::token_source`](crate::JwtAuthLayer::token_source).
//!
//! # Rules
//!
//! 1. A source returns a token, no token, or an error.
//! 2. A token consists of the characters of `token68` (RFC 9110 §11.2); other values are rejected with
//!    [`MalformedHeader`](crate::ErrorKind::MalformedHeader).
//! 3. Two different tokens are rejected with [`MultipleTokens`](crate::ErrorKind::MultipleTokens), and so are two
//!    fields or parameters of the same name, and two different cookies. Only `FirstOf` chooses between two tokens.
//! 4. Credentials of another scheme are [`UnsupportedScheme`](crate::ErrorKind::UnsupportedScheme), which the layer
//!    treats as a missing token.
//! 5. The layer marks the header fields that contain the token as sensitive, so that `Debug` output does not show it.
//!
//! # Example
//!
//! ```
//! use tower_jwt_auth::ErrorKind;
//! use tower_jwt_auth::source::{BearerHeader, CookieToken, TokenSource};
//!
//! let source = BearerHeader.or(CookieToken::new("__Host-session"));
//! let parts = |name, value| http::Request::builder().header(name, value).body(()).unwrap().into_parts().0;
//!
//! let accepted = parts("cookie", "__Host-session=a.b.c");
//! assert_eq!(source.find(&accepted).unwrap().unwrap().as_str(), "a.b.c");
//!
//! let rejected = parts("cookie", "__Host-session=a.b.c; __Host-session=d.e.f");
//! assert_eq!(source.find(&rejected).unwrap_err().kind(), ErrorKind::MultipleTokens);
//! ```

mod any_of;
mod bearer_methods;
mod cookie;
mod first_of;
mod grammar;
mod header;
mod lists;
mod places;
mod query;
mod raw;
mod token_source;
mod websocket;

pub use any_of::AnyOf;
pub use bearer_methods::BearerMethods;
pub use cookie::CookieToken;
pub use first_of::FirstOf;
pub(crate) use header::remove_unverified_credentials;
pub use header::{BearerHeader, HeaderToken};
pub(crate) use places::{mark_all_sensitive, mark_sensitive};
pub use query::QueryToken;
pub(crate) use raw::Places;
pub use raw::{Origin, RawToken};
pub use token_source::{TokenSource, from_fn};
pub use websocket::WebSocketProtocol;
