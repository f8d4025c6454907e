//! Where in a request the token is.
//!
//! [`BearerHeader`] is the default: `Authorization: Bearer …`. [`HeaderToken`], [`CookieToken`],
//! [`QueryToken`] and [`WebSocketProtocol`] are the other places that clients use, [`AnyOf`] is several of
//! them, [`from_fn`] makes a source of a function, and [`TokenSource`] is the seam for more.

mod any_of;
mod cookie;
mod grammar;
mod header;
mod lists;
mod places;
mod query;
mod raw;
mod token_source;
mod websocket;

pub use any_of::AnyOf;
pub use cookie::CookieToken;
pub use header::{BearerHeader, HeaderToken};
pub(crate) use places::{mark_all_sensitive, mark_sensitive};
pub use query::QueryToken;
pub(crate) use raw::Places;
pub use raw::{Origin, RawToken};
pub use token_source::{TokenSource, from_fn};
pub use websocket::WebSocketProtocol;
