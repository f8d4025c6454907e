//! Shared support code of the tests.

pub(crate) mod alloc;
#[cfg(feature = "jwks-client")]
pub(crate) mod answers;
pub(crate) mod ask;
#[cfg(feature = "jwks-client")]
pub(crate) mod forward_proxy;
pub(crate) mod interop;
#[cfg(feature = "jwks-client")]
pub(crate) mod key_server;
pub(crate) mod late_keys;
pub(crate) mod permits;
pub(crate) mod raw_http;
pub(crate) mod stepped_clock;
pub(crate) mod tokens;

/// The label of the last failure, if there was one.
#[cfg(feature = "jwks-client")]
pub(crate) fn failure_label(health: &tower_jwt_auth::key::KeyHealth) -> Option<&'static str> {
    Some(health.last_error.as_ref()?.failure()?.as_str())
}
