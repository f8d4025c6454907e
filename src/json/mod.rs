//! JSON objects, read strictly and once.
//!
//! An [`Object`] is the index of one text: where the name and the value of each of its members are. Everything that is
//! asked of a token afterwards is a look-up in it.
//!
//! 1. The text is one JSON object (RFC 8259), with nothing but white space around it.
//! 2. No two of its members have the same name, compared after unescaping (RFC 7519 §4). Objects inside are left to
//!    the types that read them.
//! 3. Objects and arrays are nested 64 levels deep at most.
//! 4. No string has half a surrogate pair.
//! 5. No string begins like the private names of `serde_json`, which would make it read a string as JSON.

mod deserialize;
mod deserialize_key;
mod deserialize_value;
mod error;
mod object;
mod scan;
mod text;
mod value;

pub(crate) use error::Malformed;
pub(crate) use object::{Object, read_few};
pub(crate) use text::Text;
pub(crate) use value::{Found, Number, Strings, Value};
