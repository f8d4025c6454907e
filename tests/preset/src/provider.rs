//! The preset for Better Auth.

#[path = "../../../src/provider/better_auth/mod.rs"]
pub mod better_auth;
