//! JSON objects, read strictly and once.
//!
//! An [`Object`] is a text with an index of its members: the ranges of each name and value. All later access to a
//! token's claims is a lookup in the index.
//!
//! 1. The text is one JSON object (RFC 8259), with nothing but white space around it.
//! 2. No two of its members have the same name, compared after unescaping (RFC 7519 §4). The types that read nested
//!    objects check those.
//! 3. Objects and arrays are nested at most 64 levels deep.
//! 4. No string contains a lone surrogate.
//! 5. No string begins like the private names of `serde_json`, which make it parse a string as JSON.

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
