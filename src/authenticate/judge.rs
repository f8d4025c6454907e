//! The steps of one request, from finding its token to the verdict.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Poll, ready};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::Response;
use http::header::AUTHORIZATION;
use http::request::Parts;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::admit::{Admitted, Found};
use super::config::Config;
use super::extensions::remove_identity;
use super::max_wait::Limit;
use super::response_headers::ResponseHeaders;
use crate::answer::Answer;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind};
use crate::identity::Unjudged;
use crate::observe::{Stage, Started};
use crate::possession::{Confirm, Unconfirmed};
use crate::respond::Demand;
use crate::source::{RawToken, mark_all_sensitive, mark_sensitive};
use crate::verify::{BeforeRevocation, Bound, FirstStage, Trust, Verified, Verifier};

/// The verdict on a request.
pub(super) enum Verdict<C> {
    /// With these headers for the response.
    Admitted(Admitted<C>, ResponseHeaders),
    Rejected(Unconfirmed),
    Pending(Pending<C>),
}

/// The result for a request that had to wait: admitted, with headers for its response, or rejected.
pub(super) type Judged = Result<(Parts, ResponseHeaders), Response<Bytes>>;

/// A step that waits for its answer.
pub(super) struct Pending<C> {
    verdict: BoxFuture<'static, Verdict<C>>,
    /// The error if the answer takes too long.
    unavailable: ErrorKind,
    /// The fault that an earlier check found in the token. Reported instead of `unavailable`.
    fault: Option<Error>,
}

/// The inputs of the verification steps.
struct Steps<'r, C> {
    verifier: &'r Verifier<C>,
    /// What the verifier trusted when the verification started.
    trust: &'r Arc<Trust<C>>,
    raw: &'r RawToken<'r>,
    /// Set if a proof of possession is checked, together with the request that contains it.
    proof: Option<(&'r Arc<dyn Confirm>, &'r Parts)>,
    bound: Bound,
    /// Whether the responder shows an explanation of a rejection.
    is_explained: bool,
}

impl<C: DeserializeOwned + Send + Sync + 'static> Config<C> {
    /// Judges a request as far as possible without waiting. Also returns what is needed of its token later.
    pub(super) fn judge(&self, parts: &mut Parts) -> (Verdict<C>, Option<Found>) {
        if let Some(outer) = remove_identity::<C>(&mut parts.extensions) {
            return self.judge_nested(parts, outer);
        }
        self.judge_one(parts)
    }

    /// Judges a request whose credential an outer layer left to this one.
    #[cold]
    fn judge_nested(&self, parts: &mut Parts, outer: Unjudged) -> (Verdict<C>, Option<Found>) {
        let (verdict, found) = self.judge_one(parts);
        (verdict, found.map(|found| found.with_outer(outer)))
    }

    #[inline]
    fn judge_one(&self, parts: &mut Parts) -> (Verdict<C>, Option<Found>) {
        // From here on, the `Debug` output of the request does not contain the token.
        mark_sensitive(&mut parts.headers, &AUTHORIZATION);
        if self.exemptions.skip_token(parts) {
            return (Verdict::anonymous(), None);
        }
        let judged = self.find_and_verify(parts);
        if self.exemptions.invalid_token {
            return (self.tolerate(judged.0), judged.1);
        }
        judged
    }

    #[inline]
    fn find_and_verify(&self, parts: &mut Parts) -> (Verdict<C>, Option<Found>) {
        let raw = match self.source.find(parts) {
            Ok(Some(raw)) => raw,
            Ok(None) => return (self.without_token(ErrorKind::MissingToken.into()), None),
            Err(error) if error.kind() == ErrorKind::UnsupportedScheme => {
                return (self.without_token(error), None);
            }
            Err(error) => {
                mark_all_sensitive(&mut parts.headers);
                return (Verdict::Rejected(error.into()), None);
            }
        };
        let trust = self.verifier.current();
        if self.exemptions.non_jwt.is_some()
            && trust.check_length(raw.as_str()).is_ok()
            && self.exemptions.leaves(raw.as_str())
        {
            let (verdict, found) = self.leave(raw);
            found.mark_sensitive(&mut parts.headers);
            return (verdict, Some(found));
        }
        // A token that is too long is not copied: the verifier rejects it before a proof is checked.
        let is_copied = self.confirm.is_some() && trust.check_length(raw.as_str()).is_ok();
        if is_copied {
            // `confirm` gets the request and may print it, so the places are marked first.
            let raw = raw.to_owned();
            raw.places().mark_sensitive(&mut parts.headers);
            (self.verify(&trust, parts, &raw), Some(self.found(raw)))
        } else {
            let verdict = self.verify(&trust, parts, &raw);
            let found = self.found(raw);
            found.mark_sensitive(&mut parts.headers);
            (verdict, Some(found))
        }
    }

    /// Admits a request whose credential is judged by an inner layer.
    #[cold]
    fn leave(&self, raw: RawToken<'_>) -> (Verdict<C>, Found) {
        let admitted = Admitted::Unjudged(Zeroizing::new(raw.as_str().into()));
        (Verdict::Admitted(admitted, ResponseHeaders::default()), self.found(raw))
    }

    /// Admits a request with an invalid token as anonymous, if configured. A misconfigured server still rejects it.
    #[cold]
    fn tolerate(&self, verdict: Verdict<C>) -> Verdict<C> {
        match verdict {
            Verdict::Rejected(Unconfirmed { error, response_headers })
                if self.exemptions.invalid_token && error.kind() != ErrorKind::Internal =>
            {
                let headers = ResponseHeaders::new(response_headers);
                Verdict::Admitted(Admitted::Anonymous(Some(error)), headers)
            }
            verdict => verdict,
        }
    }

    fn without_token(&self, error: Error) -> Verdict<C> {
        if self.exemptions.missing_token {
            Verdict::anonymous()
        } else {
            Verdict::Rejected(error.into())
        }
    }

    fn verify(&self, trust: &Arc<Trust<C>>, parts: &Parts, raw: &RawToken<'_>) -> Verdict<C> {
        let proof = self.confirm.as_ref().map(|confirm| (confirm, parts));
        let is_bound_accepted = proof.is_some() || self.bound_tokens_accepted;
        let bound = if is_bound_accepted { Bound::Accept } else { Bound::Refuse };
        let is_explained = self.rejector.responder.wants_explanation();
        Steps { verifier: &self.verifier, trust, raw, proof, bound, is_explained }.verify()
    }

    /// Waits for the verdict, then admits or rejects the request.
    pub(super) fn wait(
        self: Arc<Self>,
        pending: Pending<C>,
        found: Option<Found>,
        mut parts: Parts,
        started: Started,
    ) -> BoxFuture<'static, Judged> {
        let mut limit = self.max_wait.start(self.rejector.clock());
        Box::pin(async move {
            let mut verdict = Verdict::Pending(pending);
            loop {
                match verdict {
                    Verdict::Pending(pending) => {
                        let waited = pending.wait(&mut limit, self.rejector.clock()).await;
                        verdict = self.tolerate(waited);
                    }
                    Verdict::Rejected(reason) => return Err(self.reject(reason, &parts, started)),
                    Verdict::Admitted(admitted, headers) => {
                        let headers = self.admit(admitted, headers, found, &mut parts, started);
                        return Ok((parts, headers));
                    }
                }
            }
        })
    }

    /// The response to a rejected request.
    pub(super) fn reject(
        &self,
        reason: Unconfirmed,
        parts: &Parts,
        started: Started,
    ) -> Response<Bytes> {
        let Unconfirmed { error, response_headers } = reason;
        let (stage, demand) = (Stage::Authenticate, &Demand::NOTHING);
        self.rejector.reject(stage, error, started, demand, response_headers, parts)
    }
}

#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "a method path accepts `Steps` of one lifetime only, a closure of any"
)]
impl<C: DeserializeOwned + Send + Sync + 'static> Steps<'_, C> {
    /// Every check except revocation and proof of possession.
    fn verify(&self) -> Verdict<C> {
        let FirstStage { outcome, fault } =
            self.trust.verify_first_stage(self.raw.as_str(), self.bound);
        let late = (ErrorKind::KeysUnavailable, fault);
        self.then(outcome, late, |it, verified| it.check_revocation(verified))
    }

    fn check_revocation(&self, verified: BeforeRevocation<C>) -> Verdict<C> {
        let answer = self.trust.check_standing(self.raw.as_str(), verified);
        let late = (ErrorKind::RevocationUnavailable, None);
        self.then(answer, late, |it, verified| it.confirm(verified))
    }

    fn confirm(&self, verified: Verified<C>) -> Verdict<C> {
        let Some((confirm, parts)) = self.proof else {
            return Verdict::Admitted(Admitted::Verified(verified), ResponseHeaders::default());
        };
        let answer = confirm.confirm(parts, verified.token(), self.raw);
        let late = (ErrorKind::ConfirmUnavailable, None);
        self.then(answer, late, move |_, confirmation| {
            let headers = ResponseHeaders::new(confirmation.response_headers);
            Verdict::Admitted(Admitted::Verified(verified), headers)
        })
    }

    /// Continues with the answer: now if it is ready, otherwise later, with copies of the inputs.
    fn then<T: Send + 'static, E: Into<Unconfirmed> + Send + 'static>(
        &self,
        answer: Answer<Result<T, E>>,
        (unavailable, fault): (ErrorKind, Option<Error>),
        next: impl FnOnce(&Steps<'_, C>, T) -> Verdict<C> + Send + 'static,
    ) -> Verdict<C> {
        let waiting = match answer.try_now() {
            Ok(Ok(answered)) => return next(self, answered),
            Ok(Err(error)) => return self.reject(error.into()),
            Err(waiting) => waiting,
        };
        let (verifier, trust) = (self.verifier.clone(), Arc::clone(self.trust));
        let raw = self.raw.to_owned();
        let (bound, is_explained) = (self.bound, self.is_explained);
        let proof = self.proof.map(|(confirm, parts)| (Arc::clone(confirm), parts.clone()));
        let verdict = Box::pin(async move {
            let answered = waiting.await;
            let proof = proof.as_ref().map(|(confirm, parts)| (confirm, parts));
            let steps =
                Steps { verifier: &verifier, trust: &trust, raw: &raw, proof, bound, is_explained };
            let verdict = match answered {
                Ok(answered) => next(&steps, answered),
                Err(error) => steps.reject(error.into()),
            };
            steps.verify_if_replaced(verdict).await
        });
        Verdict::Pending(Pending { verdict, unavailable, fault })
    }

    /// Verifies an accepted token again if the trust was replaced while the request waited. The proof of possession
    /// is not checked again: it does not depend on the trust, and a proof that is valid once would be rejected.
    async fn verify_if_replaced(&self, verdict: Verdict<C>) -> Verdict<C> {
        match verdict {
            Verdict::Admitted(Admitted::Verified(_), headers)
                if self.verifier.has_replaced(self.trust) =>
            {
                match self.verifier.run(self.raw.as_str(), self.bound).await {
                    Ok(verified) => Verdict::Admitted(Admitted::Verified(verified), headers),
                    Err(error) => self.reject(error.into()),
                }
            }
            verdict => verdict,
        }
    }

    fn reject(&self, mut reason: Unconfirmed) -> Verdict<C> {
        if self.is_explained {
            let token = self.raw.as_str();
            let trust = self.verifier.current();
            let explanation = trust.explain_rejection(token, self.bound, &reason.error);
            let explanation = serde_json::value::to_raw_value(&explanation).ok();
            reason.error = reason.error.with_explanation(explanation);
        }
        Verdict::Rejected(reason)
    }
}

impl<C> Verdict<C> {
    fn anonymous() -> Self {
        Self::Admitted(Admitted::Anonymous(None), ResponseHeaders::default())
    }
}

impl<C> Pending<C> {
    /// Waits for this step, up to the limit.
    async fn wait(mut self, limit: &mut Limit, clock: &dyn Clock) -> Verdict<C> {
        poll_fn(|cx| {
            if let Poll::Ready(verdict) = self.verdict.as_mut().poll(cx) {
                return Poll::Ready(verdict);
            }
            let detail = ready!(limit.poll(cx, clock));
            let late = || Error::new(self.unavailable).with_detail(detail);
            Poll::Ready(Verdict::Rejected(self.fault.take().unwrap_or_else(late).into()))
        })
        .await
    }
}
