//! The settings that the layer, the service and the verdict share.

use std::sync::Arc;

use http::header::{ACCESS_CONTROL_REQUEST_METHOD, CONTENT_LENGTH, ORIGIN, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, Method};

use super::enforced::Membership;
use super::max_wait::MaxWait;
use super::subject::Subject;
use crate::jws::is_jwt_shaped;
use crate::possession::Confirm;
use crate::respond::{Common, Rejector};
use crate::source::TokenSource;
use crate::verify::Verifier;

pub(super) type Bypass = dyn Fn(&Parts) -> bool + Send + Sync;
pub(super) type NonJwt = dyn Fn(&str) -> bool + Send + Sync;

pub(super) struct Config<C> {
    pub(super) verifier: Verifier<C>,
    pub(super) source: Arc<dyn TokenSource>,
    pub(super) rejector: Arc<Rejector>,
    pub(super) confirm: Option<Arc<dyn Confirm>>,
    pub(super) exemptions: Exemptions,
    pub(super) bound_tokens_accepted: bool,
    pub(super) inner_token: InnerToken,
    pub(super) subject: Option<Arc<Subject>>,
    pub(super) max_wait: MaxWait,
    /// Whether the body of a response ends when the token is no longer valid.
    pub(super) ends_streams: bool,
    /// The settings from which the challenges of `rejector` are built.
    pub(super) common: Common,
    /// Set if the layer belongs to a resource.
    pub(super) membership: Option<Membership>,
}

/// What the inner service receives of a token that the layer has found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum InnerToken {
    /// The token, where the client put it.
    #[default]
    Kept,
    /// Nothing.
    Removed,
    /// A verified token, in `Authorization: Bearer`.
    Promoted,
}

/// Which requests need no token.
#[derive(Clone, Default)]
pub(super) struct Exemptions {
    pub(super) missing_token: bool,
    /// Implies `missing_token`.
    pub(super) invalid_token: bool,
    pub(super) cors_preflight: bool,
    pub(super) bypass: Option<Arc<Bypass>>,
    /// Which credentials are left to an inner layer.
    pub(super) non_jwt: Option<Arc<NonJwt>>,
}

impl Exemptions {
    /// Whether the request is admitted without looking at its token.
    pub(super) fn skip_token(&self, parts: &Parts) -> bool {
        self.bypass.as_ref().is_some_and(|bypass| bypass(parts))
            || (self.cors_preflight && is_cors_preflight(parts))
    }

    /// Whether a credential is left to an inner layer. A JWT never is.
    #[inline]
    pub(super) fn leaves(&self, credential: &str) -> bool {
        let is_left = |non_jwt: &Arc<NonJwt>| !is_jwt_shaped(credential) && non_jwt(credential);
        self.non_jwt.as_ref().is_some_and(is_left)
    }
}

impl<C> Clone for Config<C> {
    fn clone(&self) -> Self {
        Self {
            verifier: self.verifier.clone(),
            source: Arc::clone(&self.source),
            rejector: Arc::clone(&self.rejector),
            confirm: self.confirm.clone(),
            exemptions: self.exemptions.clone(),
            bound_tokens_accepted: self.bound_tokens_accepted,
            inner_token: self.inner_token,
            subject: self.subject.clone(),
            max_wait: self.max_wait,
            ends_streams: self.ends_streams,
            common: self.common.clone(),
            membership: self.membership.clone(),
        }
    }
}

/// A CORS-preflight request (Fetch standard, "CORS-preflight fetch"). It has no body.
fn is_cors_preflight(parts: &Parts) -> bool {
    parts.method == Method::OPTIONS
        && parts.headers.contains_key(ORIGIN)
        && parts.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
        && !announces_body(&parts.headers)
}

/// Whether the headers announce a body, or are ambiguous about it (RFC 9112 §6.3).
fn announces_body(headers: &HeaderMap) -> bool {
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    let length = lengths.next();
    headers.contains_key(TRANSFER_ENCODING)
        || length.is_some_and(|length| length.as_bytes() != b"0")
        || lengths.next().is_some()
}
