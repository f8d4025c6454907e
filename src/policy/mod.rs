//! The requirements that a token must meet once its signature is verified.

mod accepted;
mod access_token;
mod audiences;
mod client;
mod expected;
mod from_jsonwebtoken;
mod header;
mod identity;
mod issuer_name;
mod issuer_template;
mod mapped;
mod missing;
mod one_of;
#[allow(clippy::module_inception)] // the module is named after its main type
mod policy;
mod problem;
mod resource_audience;
mod scope_problems;
mod settings;
mod time;
mod value;

pub(crate) use accepted::Accepted;
pub(crate) use identity::ExpectedIssuer;
pub(crate) use issuer_name::problem as issuer_name_problem;
pub(crate) use issuer_template::IssuerTemplate;
pub(crate) use one_of::one_of;
pub use policy::Policy;
pub(crate) use settings::policy_settings;
