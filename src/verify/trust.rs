//! The trust of one build of a verifier, and the steps that judge a token with it.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::cache::{Cache, CachedToken};
use super::issuers::{Issuers, Selected};
use super::rejections::Rejections;
use super::signature::{RefreshRequest, Stop, verify_signature};
use super::verified::Verified;
use crate::answer::Answer;
use crate::claims::NumericDate;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind};
use crate::explain::{Step, UnverifiedToken};
use crate::jws::{CachedHeader, HeaderBuffer};
use crate::key::{CryptoBackend, RefreshError, Refreshed};
use crate::observe::{Event, Observing};
use crate::revocation::{Presented, Revocation, Standing};

pub(super) type Check<C> = (&'static str, Arc<dyn Fn(&C, &dyn Clock) -> bool + Send + Sync>);

/// A hint to the operator about a rejected token.
pub(super) type Hint =
    Box<dyn Fn(&UnverifiedToken<'_>, ErrorKind) -> Option<&'static str> + Send + Sync>;

/// The issuers, the checks and the settings of one build. It does not change, except for its keys and its cache.
pub(crate) struct Trust<C> {
    pub(super) issuers: Issuers,
    pub(super) backend: CryptoBackend,
    pub(super) checks: Vec<Check<C>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) revocation: Option<Arc<dyn Revocation>>,
    pub(super) max_token_len: usize,
    pub(super) hint: Option<Hint>,
    pub(super) explain: Option<Rejections>,
    pub(super) cache: Option<Cache>,
    pub(super) observer: Observing,
}

/// How to treat a token that is bound to its sender (`cnf`, RFC 7800).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    Refuse,
    Accept,
}

/// A verified token whose revocation has not been checked. Only [`check_standing`](Trust::check_standing) turns it
/// into a [`Verified`].
pub(crate) struct BeforeRevocation<C>(Verified<C>);

/// The first stage of a verification: everything but revocation.
pub(crate) struct FirstStage<C> {
    pub(crate) outcome: Answer<Result<BeforeRevocation<C>, Error>>,
    /// The error if the awaited keys do not arrive; `None` means that the keys are unavailable.
    pub(crate) fault: Option<Error>,
}

impl<C: DeserializeOwned + Send + Sync + 'static> Trust<C> {
    /// Verifies a token without waiting.
    pub(super) fn verify_now(self: &Arc<Self>, token: &str) -> Result<Verified<C>, Error> {
        let verified = match self.verify_with_current_keys(token, Bound::Refuse) {
            Ok(verified) => Ok(verified),
            Err(Stop::Rejected(error)) => Err(error),
            Err(Stop::Refresh(request)) => match request.start().try_now() {
                Ok(outcome) => self
                    .retry_after_refresh(token, Bound::Refuse, outcome, request)
                    .map_err(Stop::into_rejection),
                Err(_) => Err(request.fault().unwrap_or_else(|| {
                    let detail = "the keys must be fetched first";
                    Error::new(ErrorKind::KeysUnavailable).with_detail(detail)
                })),
            },
        };
        let verified = verified.map_err(|error| self.reject(token, Bound::Refuse, error))?;
        self.check_standing(token, verified).try_now().unwrap_or_else(|_| {
            let detail = "the revocation check did not answer immediately";
            Err(Error::new(ErrorKind::RevocationUnavailable).with_detail(detail))
        })
    }

    /// Runs both stages in sequence.
    pub(super) fn verify(
        self: &Arc<Self>,
        token: &str,
        bound: Bound,
    ) -> Answer<Result<Verified<C>, Error>> {
        match self.verify_first_stage(token, bound).outcome.try_now() {
            Ok(Ok(verified)) => self.check_standing(token, verified),
            Ok(Err(error)) => Answer::now(Err(error)),
            Err(outcome) => {
                let (this, token) = (Arc::clone(self), Zeroizing::new(token.to_owned()));
                Answer::later(async move {
                    let verified = outcome.await?;
                    this.check_standing(&token, verified).await
                })
            }
        }
    }

    /// Runs everything except the revocation check. It waits only for keys.
    pub(crate) fn verify_first_stage(self: &Arc<Self>, token: &str, bound: Bound) -> FirstStage<C> {
        let outcome = match self.verify_with_current_keys(token, bound) {
            Ok(verified) => Ok(verified),
            Err(Stop::Rejected(error)) => Err(error),
            Err(Stop::Refresh(request)) => match request.start().try_now() {
                Ok(refreshed) => {
                    let is_lookup = request.is_lookup();
                    match self.retry_after_refresh(token, bound, refreshed, request) {
                        // Another request has looked the issuer up meanwhile.
                        Err(Stop::Refresh(next)) if is_lookup => {
                            return self.wait(token, bound, next.start(), next);
                        }
                        outcome => outcome.map_err(Stop::into_rejection),
                    }
                }
                Err(refreshing) => return self.wait(token, bound, refreshing, request),
            },
        };
        let outcome = outcome.map_err(|error| self.reject(token, bound, error));
        FirstStage { outcome: Answer::now(outcome), fault: None }
    }

    /// Waits for a refresh, and verifies once more.
    fn wait(
        self: &Arc<Self>,
        token: &str,
        bound: Bound,
        refreshing: Answer<Result<Refreshed, RefreshError>>,
        request: RefreshRequest,
    ) -> FirstStage<C> {
        let (fault, is_lookup) = (request.fault(), request.is_lookup());
        // The copy of the token is wiped when the future is dropped.
        let (this, token) = (Arc::clone(self), Zeroizing::new(token.to_owned()));
        let outcome = Answer::later(async move {
            let refreshed = refreshing.await;
            let mut outcome = this.retry_after_refresh(&token, bound, refreshed, request);
            // The keys that were kept for the issuer may be too old for the token.
            if is_lookup && let Err(Stop::Refresh(request)) = outcome {
                let refreshed = request.start().await;
                outcome = this.retry_after_refresh(&token, bound, refreshed, request);
            }
            let outcome = outcome.map_err(Stop::into_rejection);
            outcome.map_err(|error| this.reject(&token, bound, error))
        });
        FirstStage { outcome, fault }
    }

    /// Adds the hint for the operator, and reports an explanation, if they are configured.
    fn reject(&self, token: &str, bound: Bound, error: Error) -> Error {
        let hint = self.hint.as_ref();
        let hint = hint.and_then(|hint| hint(&self.unverified(token), error.kind()));
        let error = match hint {
            Some(hint) => error.with_detail(hint),
            None => error,
        };
        self.report_rejection(token, bound, &error);
        error
    }

    /// Passes an explanation of the rejected token to the configured function, if there is one.
    fn report_rejection(&self, token: &str, bound: Bound, error: &Error) {
        if let Some(rejections) = &self.explain {
            rejections.report(&*self.clock, || self.explain_rejection(token, bound, error));
        }
    }

    /// The token as it was sent. One that is too long is not read.
    pub(super) fn unverified<'t>(&self, token: &'t str) -> UnverifiedToken<'t> {
        match self.check_length(token) {
            Ok(()) => UnverifiedToken::new(token),
            Err(_) => UnverifiedToken::unread(token),
        }
    }

    /// Verifies once more after a refresh, if that changed the key set.
    fn retry_after_refresh(
        &self,
        token: &str,
        bound: Bound,
        outcome: Result<Refreshed, RefreshError>,
        request: RefreshRequest,
    ) -> Result<BeforeRevocation<C>, Stop> {
        let failed = match outcome {
            // Even if this refresh was suppressed: another one may have fetched the key meanwhile.
            Ok(_) if request.set_has_changed() => {
                return self.verify_with_current_keys(token, bound);
            }
            Ok(_) => return Err(request.rejection.into()),
            Err(failed) => failed,
        };
        if let Some(fault) = request.fault() {
            return Err(fault.into());
        }
        let error = Error::new(ErrorKind::KeysUnavailable).with_retry_after(failed.retry_after());
        Err(error.with_source(failed).into())
    }

    /// Checks the length, before anything reads, digests or copies the token.
    pub(crate) fn check_length(&self, token: &str) -> Result<(), Error> {
        if token.len() > self.max_token_len {
            return Err(ErrorKind::TokenTooLarge.into());
        }
        Ok(())
    }

    /// Verifies with the cache or with the keys in memory.
    fn verify_with_current_keys(
        &self,
        token: &str,
        bound: Bound,
    ) -> Result<BeforeRevocation<C>, Stop> {
        self.check_length(token)?;
        let verified = match self.find_cached(token) {
            Some(verified) => self.check(verified, bound, &mut |_| {})?,
            None => self.verify_uncached(token, bound, &mut |_| {})?,
        };
        Ok(BeforeRevocation(verified))
    }

    /// The cached token, if it is still valid. Otherwise [`verify_uncached`](Self::verify_uncached) finds the reason.
    fn find_cached(&self, token: &str) -> Option<Verified<C>> {
        let cache = self.cache.as_ref()?;
        let verified = self.lookup(cache, token);
        self.observer.report(&Event::CacheLookup { hit: verified.is_some() });
        verified
    }

    fn lookup(&self, cache: &Cache, token: &str) -> Option<Verified<C>> {
        let CachedToken { verified, issuer, generation } =
            cache.get(token, self.clock.monotonic())?;
        let verified: Verified<C> = Verified::restore(verified)?;
        let issuer = self.issuers.recall(issuer, verified.issuer())?;
        let issuer = issuer.trusted();
        let now = NumericDate::from(self.clock.now());
        if issuer.uses_generation(generation)
            && issuer.policy.check_now(verified.token(), now, &mut |_| {}).is_ok()
        {
            return Some(verified);
        }
        cache.remove(token);
        None
    }

    /// The issuer whose keys and policy apply to a token.
    pub(super) fn issuer_of(&self, token: &str) -> Option<Selected<'_>> {
        self.issuers.select(&self.issuers.parse(token).ok()?).ok()
    }

    /// Verifies in the order of [`Step`], and calls `reach` before each step.
    fn verify_uncached(
        &self,
        token: &str,
        bound: Bound,
        reach: &mut impl FnMut(Step),
    ) -> Result<Verified<C>, Stop> {
        reach(Step::Format);
        let compact = self.issuers.parse(token)?;
        reach(Step::Header);
        let cached = CachedHeader::get(compact.encoded_header());
        let mut buffer;
        let header = if let Some(cached) = &cached {
            cached.header()
        } else {
            buffer = HeaderBuffer::new();
            compact.header(&mut buffer)?
        };
        reach(Step::TrustedIssuer);
        let selected = self.issuers.select(&compact)?;
        let issuer = selected.trusted();
        let expected = self.issuers.expected(issuer);
        let algorithm = header.algorithm();
        let explained =
            |stop: Stop| stop.map(|error| issuer.with_expected(error, expected, algorithm));
        let (payload, generation) =
            verify_signature(issuer, compact, &header, self.backend, &self.observer, reach)
                .map_err(explained)?;
        reach(Step::Payload);
        let policy = &issuer.policy;
        let signed = payload.read::<C>(policy.mapping(), &issuer.lifetime);
        let signed = signed.map_err(Stop::from).map_err(explained)?;
        let now = NumericDate::from(self.clock.now());
        let accepted = policy.accept(signed, expected, now, reach);
        let accepted = accepted.map_err(Stop::from).map_err(explained)?;
        let verified = self.check(Verified::new(accepted)?, bound, reach)?;
        if let Some(cache) = &self.cache {
            let entry =
                CachedToken { verified: verified.erase(), issuer: selected.slot(), generation };
            cache.insert(token, entry, self.clock.monotonic());
        }
        if cached.is_none() {
            CachedHeader::insert(compact.encoded_header(), &header);
        }
        Ok(verified)
    }

    /// Runs the application's checks, and rejects sender-bound tokens if a proof is required.
    fn check(
        &self,
        verified: Verified<C>,
        bound: Bound,
        reach: &mut impl FnMut(Step),
    ) -> Result<Verified<C>, Error> {
        reach(Step::Checks);
        for (name, check) in &self.checks {
            if !check(&verified, &*self.clock) {
                return Err(Error::new(ErrorKind::CheckFailed).with_detail(name));
            }
        }
        reach(Step::Proof);
        if bound == Bound::Refuse && verified.token().is_sender_constrained() {
            return Err(Error::new(ErrorKind::ProofRequired));
        }
        Ok(verified)
    }

    /// The second stage of a verification. It waits only for the revocation check.
    pub(crate) fn check_standing(
        self: &Arc<Self>,
        token: &str,
        BeforeRevocation(verified): BeforeRevocation<C>,
    ) -> Answer<Result<Verified<C>, Error>> {
        let Some(revocation) = &self.revocation else { return Answer::now(Ok(verified)) };
        let presented = Presented::new(verified.token(), token, self.backend, &self.observer);
        match revocation.check(&presented).try_now() {
            Ok(standing) => Answer::now(self.apply_standing(token, verified, standing)),
            Err(pending) => {
                let (this, token) = (Arc::clone(self), Zeroizing::new(token.to_owned()));
                Answer::later(async move {
                    let standing = pending.await;
                    this.apply_standing(&token, verified, standing)
                })
            }
        }
    }

    fn apply_standing(
        &self,
        token: &str,
        verified: Verified<C>,
        standing: Result<Standing, Error>,
    ) -> Result<Verified<C>, Error> {
        let error = match standing {
            Ok(Standing::Active) => return Ok(verified),
            Ok(Standing::Revoked) => ErrorKind::TokenRevoked.into(),
            Err(error) => error,
        };
        self.report_rejection(token, Bound::Accept, &error);
        Err(error)
    }

    /// Verifies with the keys in memory, without the cache. Calls `reach` before each step; does not check the
    /// length.
    pub(super) fn trace(
        &self,
        token: &str,
        bound: Bound,
        reach: &mut impl FnMut(Step),
    ) -> Result<Verified<C>, Stop> {
        self.verify_uncached(token, bound, reach)
    }
}
