//! What a bearer must have been granted: data, read by enforcement, challenges and documents alike.

mod path_template;
#[allow(clippy::module_inception)]
mod rule;

pub use rule::Rule;
