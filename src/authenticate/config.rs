//! What layer, service and future share: the settings, and the steps of one request.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, CONTENT_LENGTH, ORIGIN, TRANSFER_ENCODING,
};
use http::request::Parts;
use http::{HeaderMap, Method, Response};
use serde::de::DeserializeOwned;

use super::extensions::{forget, insert, insert_anonymous};
use super::max_wait::MaxWait;
use super::response_headers::ResponseHeaders;
use crate::answer::Answer;
use crate::error::{Error, ErrorKind};
use crate::observe::{Stage, Started, Verdict};
use crate::possession::{Confirm, Confirmation, Unconfirmed};
use crate::respond::{Common, Demand, Rejector};
use crate::source::{Places, RawToken, TokenSource, mark_all_sensitive, mark_sensitive};
use crate::verify::{BeforeRevocation, Bound, FirstStage, Verified, Verifier, WaitingForKeys};

pub(super) type Bypass = dyn Fn(&Parts) -> bool + Send + Sync;

pub(super) struct Config<C> {
    pub(super) verifier: Verifier<C>,
    pub(super) source: Arc<dyn TokenSource>,
    pub(super) rejector: Arc<Rejector>,
    pub(super) confirm: Option<Arc<dyn Confirm>>,
    pub(super) let_past: LetPast,
    pub(super) bound_tokens_accepted: bool,
    pub(super) token_removed: bool,
    pub(super) max_wait: MaxWait,
    /// What the challenges of `rejector` are made of.
    pub(super) common: Common,
}

/// Who gets past without a token.
#[derive(Clone, Default)]
pub(super) struct LetPast {
    pub(super) missing_token: bool,
    pub(super) cors_preflight: bool,
    pub(super) bypass: Option<Arc<Bypass>>,
}

impl LetPast {
    /// Whether the request goes on whatever token it has.
    fn any_token(&self, parts: &Parts) -> bool {
        self.bypass.as_ref().is_some_and(|bypass| bypass(parts))
            || (self.cors_preflight && is_cors_preflight(parts))
    }
}

impl<C> Clone for Config<C> {
    fn clone(&self) -> Self {
        Self {
            verifier: self.verifier.clone(),
            source: Arc::clone(&self.source),
            rejector: Arc::clone(&self.rejector),
            confirm: self.confirm.clone(),
            let_past: self.let_past.clone(),
            bound_tokens_accepted: self.bound_tokens_accepted,
            token_removed: self.token_removed,
            max_wait: self.max_wait,
            common: self.common.clone(),
        }
    }
}

/// How far a request has come.
pub(super) enum Progress<C> {
    Done(Result<Pass<C>, Unconfirmed>),
    Waiting(Pending<C>),
}

/// The first steps of a request, and what is to be remembered of them.
pub(super) struct Begun<C> {
    pub(super) progress: Progress<C>,
    /// Where the token is that was found.
    pub(super) places: Option<Places>,
}

impl<C> From<Progress<C>> for Begun<C> {
    fn from(progress: Progress<C>) -> Self {
        Self { progress, places: None }
    }
}

/// What a request waits for.
pub(super) enum Pending<C> {
    /// Keys.
    Verifying(WaitingForKeys<C>, RawToken<'static>),
    /// A revocation list.
    Standing(Answer<Result<Verified<C>, Error>>, RawToken<'static>),
    /// The verdict on the proof.
    Confirming(Verified<C>, Answer<Result<Confirmation, Unconfirmed>>),
}

/// What a request goes on with.
pub(super) enum Pass<C> {
    Anonymous,
    Verified(Verified<C>, ResponseHeaders),
}

fn refused<C>(error: impl Into<Unconfirmed>) -> Progress<C> {
    Progress::Done(Err(error.into()))
}

impl<C: DeserializeOwned + Send + Sync + 'static> Config<C> {
    /// The way of a request as far as it goes without waiting.
    pub(super) fn begin(&self, parts: &mut Parts) -> Begun<C> {
        forget::<C>(&mut parts.extensions);
        // Whoever prints the request from here on does not print the token.
        mark_sensitive(&mut parts.headers, &AUTHORIZATION);
        if self.let_past.any_token(parts) {
            return Progress::Done(Ok(Pass::Anonymous)).into();
        }
        let raw = match self.source.find(parts) {
            Ok(Some(raw)) => raw,
            Ok(None) => return self.without_token(ErrorKind::MissingToken.into()),
            Err(error) if error.kind() == ErrorKind::UnsupportedScheme => {
                return self.without_token(error);
            }
            Err(error) => {
                mark_all_sensitive(&mut parts.headers);
                return refused(error).into();
            }
        };
        // A token that is too long is not copied: the verifier rejects it, and no proof is judged.
        let is_copied = self.confirm.is_some() && self.verifier.check_length(raw.as_str()).is_ok();
        let (progress, places) = if is_copied {
            // A proof is judged with the request at hand, which may then be printed.
            let raw = raw.to_owned();
            raw.places().mark_sensitive(&mut parts.headers);
            (self.verify(parts, &raw), raw.into_places())
        } else {
            let progress = self.verify(parts, &raw);
            let places = raw.into_places();
            places.mark_sensitive(&mut parts.headers);
            (progress, places)
        };
        Begun { progress, places: Some(places) }
    }

    fn without_token(&self, error: Error) -> Begun<C> {
        let allowed = Progress::Done(Ok(Pass::Anonymous));
        if self.let_past.missing_token { allowed.into() } else { refused(error).into() }
    }

    fn verify(&self, parts: &Parts, raw: &RawToken<'_>) -> Progress<C> {
        let proof_is_judged_here = self.confirm.is_some() || self.bound_tokens_accepted;
        let bound = if proof_is_judged_here { Bound::Accept } else { Bound::Refuse };
        match self.verifier.verify_first_stage(raw.as_str(), bound) {
            FirstStage::Done(outcome) => self.check_standing(parts, raw, outcome),
            FirstStage::Waiting(keys) => {
                Progress::Waiting(Pending::Verifying(keys, raw.to_owned()))
            }
        }
    }

    /// Goes on after the first stage, whether it had to wait for keys or not.
    fn check_standing(
        &self,
        parts: &Parts,
        raw: &RawToken<'_>,
        outcome: Result<BeforeRevocation<C>, Error>,
    ) -> Progress<C> {
        let verified = match outcome {
            Ok(verified) => verified,
            Err(error) => return refused(error),
        };
        match self.verifier.check_standing(raw.as_str(), verified).try_now() {
            Ok(outcome) => self.confirm(parts, raw, outcome),
            Err(asking) => Progress::Waiting(Pending::Standing(asking, raw.to_owned())),
        }
    }

    /// Goes on after verification, whether it had to wait or not.
    fn confirm(
        &self,
        parts: &Parts,
        raw: &RawToken<'_>,
        outcome: Result<Verified<C>, Error>,
    ) -> Progress<C> {
        let verified = match outcome {
            Ok(verified) => verified,
            Err(error) => return refused(error),
        };
        let Some(confirm) = &self.confirm else {
            return Progress::Done(Ok(Pass::Verified(verified, ResponseHeaders::default())));
        };
        match confirm.confirm(parts, verified.token(), raw).try_now() {
            Ok(outcome) => confirmed(verified, outcome),
            Err(waiting) => Progress::Waiting(Pending::Confirming(verified, waiting)),
        }
    }

    /// Puts the identity into the request, and takes the token out where that is asked for; gives back the
    /// headers for the response.
    pub(super) fn admit(
        &self,
        pass: Pass<C>,
        places: Option<&Places>,
        parts: &mut Parts,
        started: Started,
    ) -> ResponseHeaders {
        let rejector = Arc::clone(&self.rejector);
        match pass {
            Pass::Anonymous => {
                rejector.passed(Stage::Authenticate, Verdict::Anonymous, started);
                insert_anonymous(&mut parts.extensions, rejector);
                ResponseHeaders::default()
            }
            Pass::Verified(verified, mut headers) => {
                rejector.passed(Stage::Authenticate, Verdict::Accepted, started);
                insert(&mut parts.extensions, verified, rejector);
                if let Some(places) = places {
                    if !places.are_in_authorization() {
                        headers.keep_private();
                    }
                    if self.token_removed {
                        places.remove(parts);
                        self.source.remove_copies(parts);
                    }
                }
                headers
            }
        }
    }

    /// The response to a rejected request.
    pub(super) fn refuse(
        &self,
        refusal: Unconfirmed,
        parts: &Parts,
        started: Started,
    ) -> Response<Bytes> {
        let Unconfirmed { error, response_headers } = refusal;
        let (stage, demand) = (Stage::Authenticate, &Demand::NOTHING);
        self.rejector.reject(stage, error, started, demand, response_headers, parts)
    }
}

impl<C: DeserializeOwned + Send + Sync + 'static> Pending<C> {
    /// Waits for this stage, and goes on from there as far as it goes without waiting.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        config: &Config<C>,
        parts: &Parts,
    ) -> Poll<Progress<C>> {
        Poll::Ready(match self {
            Self::Verifying(keys, raw) => {
                let outcome = ready!(Pin::new(&mut keys.outcome).poll(cx));
                config.check_standing(parts, raw, outcome)
            }
            Self::Standing(asking, raw) => {
                config.confirm(parts, raw, ready!(Pin::new(asking).poll(cx)))
            }
            Self::Confirming(verified, judging) => {
                confirmed(verified.clone(), ready!(Pin::new(judging).poll(cx)))
            }
        })
    }

    /// The verdict when this stage is not waited for any longer, for this reason.
    pub(super) fn overdue(&self, detail: &'static str) -> Error {
        let kind = match self {
            Self::Verifying(WaitingForKeys { fault: Some(fault), .. }, _) => return fault.clone(),
            Self::Verifying(..) => ErrorKind::KeysUnavailable,
            Self::Standing(..) => ErrorKind::RevocationUnavailable,
            Self::Confirming(..) => ErrorKind::ConfirmUnavailable,
        };
        Error::new(kind).with_detail(detail)
    }
}

/// What a judged proof of possession leads to.
fn confirmed<C>(verified: Verified<C>, outcome: Result<Confirmation, Unconfirmed>) -> Progress<C> {
    let pass = outcome.map(|Confirmation { response_headers: headers }| {
        Pass::Verified(verified, ResponseHeaders::new(headers))
    });
    Progress::Done(pass)
}

/// A CORS-preflight request (Fetch standard, "CORS-preflight fetch"). It has no body.
fn is_cors_preflight(parts: &Parts) -> bool {
    parts.method == Method::OPTIONS
        && parts.headers.contains_key(ORIGIN)
        && parts.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
        && !announces_body(&parts.headers)
}

/// Whether the headers say that a body follows, or say it in a way that has two readings (RFC 9112 §6.3).
fn announces_body(headers: &HeaderMap) -> bool {
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    let length = lengths.next();
    headers.contains_key(TRANSFER_ENCODING)
        || length.is_some_and(|length| length.as_bytes() != b"0")
        || lengths.next().is_some()
}
