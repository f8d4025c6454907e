//! What layer, service and future share: the settings, and the steps of one request.

use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, Response};
use serde::de::DeserializeOwned;

use super::extensions::{forget, insert, insert_anonymous};
use crate::answer::Answer;
use crate::error::{Error, ErrorKind};
use crate::observe;
use crate::possession::{Confirm, Confirmation};
use crate::respond::{Challenges, Rejection, Respond};
use crate::token::{Origin, RawToken, TokenSource};
use crate::verify::{Verified, Verifier};

pub(super) type Bypass = dyn Fn(&Parts) -> bool + Send + Sync;

pub(super) struct Config<C> {
    pub(super) verifier: Verifier<C>,
    pub(super) source: Arc<dyn TokenSource>,
    pub(super) responder: Arc<dyn Respond>,
    pub(super) confirm: Option<Arc<dyn Confirm>>,
    pub(super) bypass: Option<Arc<Bypass>>,
    pub(super) missing_allowed: bool,
    pub(super) bound_tokens_accepted: bool,
    pub(super) realm: Option<Box<str>>,
    pub(super) scope: Option<Box<str>>,
    pub(super) challenges: Challenges,
}

impl<C> Clone for Config<C> {
    fn clone(&self) -> Self {
        Self {
            verifier: self.verifier.clone(),
            source: Arc::clone(&self.source),
            responder: Arc::clone(&self.responder),
            confirm: self.confirm.clone(),
            bypass: self.bypass.clone(),
            missing_allowed: self.missing_allowed,
            bound_tokens_accepted: self.bound_tokens_accepted,
            realm: self.realm.clone(),
            scope: self.scope.clone(),
            challenges: self.challenges.clone(),
        }
    }
}

/// How far a request has come.
pub(super) enum Progress<C> {
    Admitted(Pass<C>),
    Refused(Error),
    /// Waits for keys or a revocation list.
    Verifying(Answer<Result<Verified<C>, Error>>),
    /// Waits for the proof of possession to be judged.
    Confirming(Verified<C>, Answer<Result<Confirmation, Error>>),
}

/// What a request goes on with.
pub(super) enum Pass<C> {
    Anonymous,
    Verified(Verified<C>, HeaderMap),
}

impl<C: DeserializeOwned + Send + Sync + 'static> Config<C> {
    /// The way of a request as far as it goes without waiting.
    pub(super) fn begin(&self, parts: &mut Parts) -> Progress<C> {
        forget::<C>(&mut parts.extensions);
        if self.bypass.as_ref().is_some_and(|bypass| bypass(parts)) {
            return Progress::Admitted(Pass::Anonymous);
        }
        let (progress, origin) = match self.source.find(parts) {
            Ok(Some(raw)) => (self.verify(parts, &raw), raw.origin().clone()),
            Ok(None) => return self.without_token(ErrorKind::MissingToken.into()),
            Err(error) if error.kind() == ErrorKind::UnsupportedScheme => {
                return self.without_token(error);
            }
            Err(error) => return Progress::Refused(error),
        };
        if let Origin::Header(name) = origin {
            // Whoever prints the request from here on does not print the token.
            let values = parts.headers.iter_mut().filter(|(header, _)| **header == name);
            values.for_each(|(_, value)| value.set_sensitive(true));
        }
        progress
    }

    fn without_token(&self, error: Error) -> Progress<C> {
        if self.missing_allowed {
            Progress::Admitted(Pass::Anonymous)
        } else {
            Progress::Refused(error)
        }
    }

    fn verify(&self, parts: &Parts, raw: &RawToken<'_>) -> Progress<C> {
        match self.verifier.verify(raw.as_str()).try_now() {
            Ok(Ok(verified)) => self.confirm(parts, raw, verified),
            Ok(Err(error)) => Progress::Refused(error),
            Err(waiting) => Progress::Verifying(waiting),
        }
    }

    fn confirm(&self, parts: &Parts, raw: &RawToken<'_>, verified: Verified<C>) -> Progress<C> {
        let Some(confirm) = &self.confirm else {
            return self.unconfirmed(verified);
        };
        match confirm.confirm(parts, verified.token(), raw).try_now() {
            Ok(outcome) => confirmed(verified, outcome),
            Err(waiting) => Progress::Confirming(verified, waiting),
        }
    }

    /// Without anybody to judge a proof, only tokens that need none go through.
    fn unconfirmed(&self, verified: Verified<C>) -> Progress<C> {
        if verified.token().is_sender_constrained() && !self.bound_tokens_accepted {
            return Progress::Refused(ErrorKind::ProofRequired.into());
        }
        Progress::Admitted(Pass::Verified(verified, HeaderMap::new()))
    }

    /// Goes on after verification had to wait.
    pub(super) fn resume(&self, parts: &Parts, outcome: Result<Verified<C>, Error>) -> Progress<C> {
        match outcome {
            Err(error) => Progress::Refused(error),
            Ok(verified) if self.confirm.is_none() => self.unconfirmed(verified),
            // The token was borrowed from the request and could not be kept while waiting.
            Ok(verified) => match self.source.find(parts) {
                Ok(Some(raw)) => self.confirm(parts, &raw, verified),
                Ok(None) => Progress::Refused(ErrorKind::MissingToken.into()),
                Err(error) => Progress::Refused(error),
            },
        }
    }

    /// The response to a refused request.
    pub(super) fn refuse(&self, error: Error, parts: &Parts) -> Response<Bytes> {
        observe::refused(&error);
        let rejection = Rejection::new(&error, &self.challenges);
        let mut response = self.responder.respond(&rejection, parts);
        rejection.protect(&mut response);
        if parts.method == Method::HEAD {
            *response.body_mut() = Bytes::new();
        }
        response.extensions_mut().insert(error);
        response
    }
}

/// What a judged proof of possession leads to.
pub(super) fn confirmed<C>(
    verified: Verified<C>,
    outcome: Result<Confirmation, Error>,
) -> Progress<C> {
    match outcome {
        Ok(Confirmation { response_headers }) => {
            Progress::Admitted(Pass::Verified(verified, response_headers))
        }
        Err(error) => Progress::Refused(error),
    }
}

impl<C: Send + Sync + 'static> Pass<C> {
    /// Puts the identity into the request; gives back the headers for the response.
    pub(super) fn admit(self, parts: &mut Parts) -> HeaderMap {
        match self {
            Self::Anonymous => {
                insert_anonymous(&mut parts.extensions);
                HeaderMap::new()
            }
            Self::Verified(verified, headers) => {
                insert(&mut parts.extensions, verified);
                headers
            }
        }
    }
}
