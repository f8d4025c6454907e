//! What an admitted request and its response contain.

use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method};
use zeroize::Zeroizing;

use super::config::{Config, InnerToken};
use super::extensions::{insert, insert_anonymous};
use super::response_headers::ResponseHeaders;
use crate::error::Error;
use crate::identity::Unjudged;
use crate::observe::{Stage, Started};
use crate::source::{Places, RawToken, TokenSource, remove_unverified_credentials};
use crate::verify::Verified;

/// How a request is admitted.
pub(super) enum Admitted<C> {
    Verified(Verified<C>),
    /// Without an identity, and with the error of its token if it has one.
    Anonymous(Option<Error>),
    /// With a credential that an inner layer judges.
    Unjudged(Zeroizing<Box<str>>),
}

/// The parts of the token that are needed after the verdict.
pub(super) struct Found {
    places: Places,
    /// The credentials for the inner service, if configured.
    promoted: Option<Box<HeaderValue>>,
    /// A credential that an outer layer left to this one.
    outer: Option<Unjudged>,
}

impl Found {
    pub(super) fn with_outer(self, outer: Unjudged) -> Self {
        Self { outer: Some(outer), ..self }
    }

    #[inline]
    pub(super) fn mark_sensitive(&self, headers: &mut HeaderMap) {
        self.places.mark_sensitive(headers);
    }
}

impl<C: Send + Sync + 'static> Config<C> {
    #[inline]
    pub(super) fn found(&self, raw: RawToken<'_>) -> Found {
        let is_promoted = self.inner_token == InnerToken::Promoted;
        let promoted = is_promoted.then(|| bearer(raw.as_str()).map(Box::new)).flatten();
        Found { places: raw.into_places(), promoted, outer: None }
    }

    /// Inserts the identity into the request, and removes or moves the token if configured. Returns the headers for
    /// the response.
    pub(super) fn admit(
        &self,
        admitted: Admitted<C>,
        mut headers: ResponseHeaders,
        mut found: Option<Found>,
        parts: &mut Parts,
        started: Started,
    ) -> ResponseHeaders {
        let rejector = Arc::clone(&self.rejector);
        let has_token = !matches!(admitted, Admitted::Anonymous(None));
        let is_in_authorization =
            found.as_ref().is_some_and(|found| found.places.are_in_authorization());
        if has_token && !is_in_authorization {
            headers.keep_private();
        }
        match admitted {
            Admitted::Verified(verified) => {
                let token = verified.token();
                if let Some(Found { outer: Some(outer), .. }) = &found {
                    outer.mark_judged();
                }
                rejector.accepted(Stage::Authenticate, || token.is_delegated(), started);
                if let Some(subject) = &self.subject {
                    subject.record(verified.subject());
                }
                if self.ends_streams && parts.method != Method::HEAD {
                    headers.end_with(verified.any_token());
                }
                insert(&mut parts.extensions, verified, rejector);
                self.hand_on(found, parts);
            }
            Admitted::Unjudged(credential) => {
                let outer = found.as_mut().and_then(|found| found.outer.take());
                let unjudged = Unjudged::new(&credential, rejector, started, outer);
                headers.reject_unless_judged(unjudged.clone(), parts.clone());
                parts.extensions.insert(unjudged);
                self.remove_unverified(has_token, found, parts);
            }
            Admitted::Anonymous(error) => {
                rejector.admitted(Stage::Authenticate, error.as_ref(), started);
                insert_anonymous(&mut parts.extensions, error, rejector);
                self.remove_unverified(has_token, found, parts);
            }
        }
        headers
    }

    /// Keeps, removes or moves the verified token.
    fn hand_on(&self, found: Option<Found>, parts: &mut Parts) {
        if self.inner_token == InnerToken::Kept {
            return;
        }
        let promoted = self.remove(found, parts);
        if let Some(credentials) = promoted {
            parts.headers.insert(AUTHORIZATION, credentials);
        }
    }

    /// Removes a token that was not accepted. After `promote_to_header`, the service trusts `Bearer` credentials, so
    /// those that this layer did not look for are removed as well.
    fn remove_unverified(&self, has_token: bool, found: Option<Found>, parts: &mut Parts) {
        if has_token && self.inner_token != InnerToken::Kept {
            self.remove(found, parts);
        }
        if self.inner_token == InnerToken::Promoted {
            remove_unverified_credentials(&mut parts.headers);
        }
    }

    /// Removes the token from the request. Returns the credentials for the inner service.
    fn remove(&self, found: Option<Found>, parts: &mut Parts) -> Option<HeaderValue> {
        let Some(Found { places, promoted, .. }) = found else {
            self.source.remove_all(parts);
            return None;
        };
        places.remove(parts);
        self.source.remove_copies(parts);
        promoted.map(|credentials| *credentials)
    }
}

/// The credentials for `Authorization`. A token that was verified has only visible characters.
fn bearer(token: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("Bearer {token}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}
