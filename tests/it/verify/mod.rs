//! The verifier, without HTTP.

// Without a crypto backend no token verifies; the only test is that `build` reports this.
mod access_tokens;
mod algorithms;
mod backends;
mod builder;
#[cfg(feature = "cache")]
mod cache;
#[cfg(feature = "x509")]
mod certificates;
mod changed_bits;
mod claims;
mod clients;
mod configured_values;
mod der;
mod error_kinds;
mod expected;
mod expired;
mod explain;
mod foreign_keys;
mod header;
mod header_members;
mod identity;
mod issuer_names;
mod issuer_rules;
mod issuers;
mod json;
mod jsonwebtoken_jwks;
mod jsonwebtoken_keys;
mod jsonwebtoken_validation;
mod jwk_members;
mod jwks_file;
mod key_forms;
mod key_issuers;
mod key_problems;
mod key_set_shapes;
mod key_uses;
mod keys;
mod large_rsa;
mod lenient_claims;
mod migration;
mod migration_problems;
mod migration_sources;
pub(crate) mod padded;
mod pem_forms;
mod previous_secrets;
mod problem_kinds;
mod readiness;
#[cfg(feature = "reload")]
mod reload;
mod revocation;
mod rsa;
mod scripted_source;
mod secret_forms;
mod settable;
mod shape;
mod signatures;
mod sources;
mod template_problems;
mod templates;
mod times;
mod unused_algorithms;
mod vectors;
mod weak_keys;
