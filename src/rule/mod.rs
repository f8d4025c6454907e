//! Authorization rules, shared by enforcement, challenges and API documents.

mod evaluation;
mod path_template;
#[allow(clippy::module_inception)]
mod rule;

pub use rule::Rule;
