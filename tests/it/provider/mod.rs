//! Presets for known issuers.

mod better_auth;
mod checks;
mod clocks;
mod identities;
mod outside;
#[cfg(feature = "providers")]
mod preset_rows;
#[cfg(feature = "providers")]
mod presets;
mod servers;
mod session_rules;
mod settings;
#[cfg(feature = "better-auth")]
mod tokens;
