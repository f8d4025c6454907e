//! Presets for known issuers.

mod better_auth;
mod checks;
mod clocks;
mod identities;
mod outside;
mod servers;
mod session_rules;
mod settings;
#[cfg(feature = "better-auth")]
mod tokens;
