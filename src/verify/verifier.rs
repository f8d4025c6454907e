//! Verifies a compact JWT and reads its claims.

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::cache::{Cache, CachedToken};
use super::issuers::Issuers;
use super::rejections::Rejections;
use super::signature::{RefreshRequest, Stop, verify_signature};
use super::verified::Verified;
use crate::answer::Answer;
use crate::claims::{Claims, NumericDate};
use crate::clock::Clock;
use crate::error::{Error, ErrorKind};
use crate::explain::{Step, UnverifiedToken};
use crate::jws::{CachedHeader, Compact, HeaderBuffer};
use crate::key::{CryptoBackend, RefreshError, Refreshed};
use crate::observe::{Event, Observing};
use crate::revocation::{Presented, Revocation, Standing};

/// Verifies tokens and reads their claims into `C`.
///
/// A verifier is an `Arc`, so cloning is cheap. Verifying takes no lock, and it does not wait while the keys are in
/// memory.
///
/// For one issuer, build one with [`shared_secret`](Verifier::shared_secret), [`jwks`](Verifier::jwks), `issuer_url`
/// (feature `jwks`) or [`from_env`](Verifier::from_env). For several issuers, use [`builder`](Verifier::builder).
///
/// ```
/// use tower_jwt_auth::{ErrorKind, Verifier, testing::TestIssuer};
///
/// let issuer = TestIssuer::hs256().audience("orders");
/// let verifier = Verifier::shared_secret(issuer.secret()).audience("orders").build()?;
///
/// let good = issuer.token().subject("user-1").mint();
/// assert_eq!(verifier.verify_now(&good)?.subject(), Some("user-1"));
///
/// let foreign = issuer.token().claim("aud", "billing").mint();
/// assert_eq!(verifier.verify_now(&foreign).unwrap_err().kind(), ErrorKind::InvalidAudience);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "jwt")]
#[doc(alias = "decoder")]
pub struct Verifier<C = Claims>(pub(super) Arc<Inner<C>>);

pub(super) type Check<C> = (&'static str, Arc<dyn Fn(&C, &dyn Clock) -> bool + Send + Sync>);

/// A hint to the operator about a rejected token.
pub(super) type Hint =
    Box<dyn Fn(&UnverifiedToken<'_>, ErrorKind) -> Option<&'static str> + Send + Sync>;

pub(super) struct Inner<C> {
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

impl<C> Verifier<C> {
    pub(super) fn new(inner: Inner<C>) -> Self {
        Self(Arc::new(inner))
    }

    /// The clock that expiry is checked with.
    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    pub(crate) fn observer(&self) -> &Observing {
        &self.0.observer
    }
}

/// How to treat a token that is bound to its sender (`cnf`, RFC 7800).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    Refuse,
    Accept,
}

/// A verified token whose revocation has not been checked. Only [`check_standing`](Verifier::check_standing) turns it
/// into a [`Verified`].
pub(crate) struct BeforeRevocation<C>(Verified<C>);

/// The first stage of a verification: everything but revocation.
pub(crate) struct FirstStage<C> {
    pub(crate) outcome: Answer<Result<BeforeRevocation<C>, Error>>,
    /// The error if the awaited keys do not arrive; `None` means that the keys are unavailable.
    pub(crate) fault: Option<Error>,
}

impl<C: DeserializeOwned + Send + Sync + 'static> Verifier<C> {
    /// Verifies a token in the compact serialization (RFC 7515 §3.1).
    ///
    /// The answer is ready immediately unless keys must be fetched or the [`Revocation`] answers later. Only the key
    /// source and the revocation check limit that time. The layer has a limit for the whole verification:
    /// [`JwtAuthLayer::max_wait`](crate::JwtAuthLayer::max_wait).
    ///
    /// # Errors
    ///
    /// The reason for the rejection; see [`ErrorKind`]. A token that is bound to a key or certificate (`cnf`, RFC 7800)
    /// is rejected with [`ErrorKind::ProofRequired`], because this method checks no proof of possession.
    #[doc(alias = "decode")]
    #[doc(alias = "validate")]
    pub fn verify(&self, token: &str) -> Answer<Result<Verified<C>, Error>> {
        self.run(token, Bound::Refuse)
    }

    /// Like [`verify`](Self::verify), but accepts tokens with a `cnf` claim without a proof.
    ///
    /// Such a token is bound to a key or certificate (RFC 7800). An attacker who steals it can use it unless the caller
    /// checks the proof.
    ///
    /// # Errors
    ///
    /// The same as for [`verify`](Self::verify), except [`ErrorKind::ProofRequired`].
    pub fn verify_without_proof_of_possession(
        &self,
        token: &str,
    ) -> Answer<Result<Verified<C>, Error>> {
        self.run(token, Bound::Accept)
    }

    /// Verifies a token without waiting, for synchronous code.
    ///
    /// # Errors
    ///
    /// The same as for [`verify`](Self::verify). If it would have to wait, it returns [`ErrorKind::KeysUnavailable`] or
    /// [`ErrorKind::RevocationUnavailable`]. A bad signature of a known key is an [`ErrorKind::InvalidSignature`] even if
    /// newer keys are being fetched.
    #[doc(alias = "decode")]
    #[doc(alias = "validate")]
    pub fn verify_now(&self, token: &str) -> Result<Verified<C>, Error> {
        let verified = match self.verify_with_current_keys(token, Bound::Refuse) {
            Ok(verified) => Ok(verified),
            Err(Stop::Rejected(error)) => Err(error),
            Err(Stop::Refresh(request)) => match request.start().try_now() {
                Ok(outcome) => self.retry_after_refresh(token, Bound::Refuse, outcome, request),
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
    fn run(&self, token: &str, bound: Bound) -> Answer<Result<Verified<C>, Error>> {
        match self.verify_first_stage(token, bound).outcome.try_now() {
            Ok(Ok(verified)) => self.check_standing(token, verified),
            Ok(Err(error)) => Answer::now(Err(error)),
            Err(outcome) => {
                let (this, token) = (self.clone(), Zeroizing::new(token.to_owned()));
                Answer::later(async move {
                    let verified = outcome.await?;
                    this.check_standing(&token, verified).await
                })
            }
        }
    }

    /// Runs everything except the revocation check. It waits only for keys.
    pub(crate) fn verify_first_stage(&self, token: &str, bound: Bound) -> FirstStage<C> {
        let outcome = match self.verify_with_current_keys(token, bound) {
            Ok(verified) => Ok(verified),
            Err(Stop::Rejected(error)) => Err(error),
            Err(Stop::Refresh(request)) => match request.start().try_now() {
                Ok(outcome) => self.retry_after_refresh(token, bound, outcome, request),
                Err(refreshing) => {
                    let fault = request.fault();
                    // The copy of the token is wiped when the future is dropped.
                    let (this, token) = (self.clone(), Zeroizing::new(token.to_owned()));
                    let outcome = Answer::later(async move {
                        let outcome = refreshing.await;
                        let outcome = this.retry_after_refresh(&token, bound, outcome, request);
                        outcome.map_err(|error| this.reject(&token, bound, error))
                    });
                    return FirstStage { outcome, fault };
                }
            },
        };
        let outcome = outcome.map_err(|error| self.reject(token, bound, error));
        FirstStage { outcome: Answer::now(outcome), fault: None }
    }

    /// Adds the hint for the operator, and reports an explanation, if they are configured.
    fn reject(&self, token: &str, bound: Bound, error: Error) -> Error {
        let hint = self.0.hint.as_ref();
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
        if let Some(rejections) = &self.0.explain {
            rejections.report(&*self.0.clock, || self.explain_rejection(token, bound, error));
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
    ) -> Result<BeforeRevocation<C>, Error> {
        let failed = match outcome {
            // Even if this refresh was suppressed: another one may have fetched the key meanwhile.
            Ok(_) if request.set_has_changed() => {
                return self.verify_with_current_keys(token, bound).map_err(|stop| match stop {
                    Stop::Rejected(rejection) | Stop::Refresh(RefreshRequest { rejection, .. }) => {
                        rejection
                    }
                });
            }
            Ok(_) => return Err(request.rejection),
            Err(failed) => failed,
        };
        if let Some(fault) = request.fault() {
            return Err(fault);
        }
        let error = Error::new(ErrorKind::KeysUnavailable).with_retry_after(failed.retry_after());
        Err(error.with_source(failed))
    }

    /// Checks the length, before anything reads, digests or copies the token.
    pub(crate) fn check_length(&self, token: &str) -> Result<(), Error> {
        if token.len() > self.0.max_token_len {
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
        let cache = self.0.cache.as_ref()?;
        let verified = self.lookup(cache, token);
        self.0.observer.report(&Event::CacheLookup { hit: verified.is_some() });
        verified
    }

    fn lookup(&self, cache: &Cache, token: &str) -> Option<Verified<C>> {
        let inner = &*self.0;
        let CachedToken { verified, issuer, generation } =
            cache.get(token, inner.clock.monotonic())?;
        let verified: Verified<C> = Verified::restore(verified)?;
        let issuer = inner.issuers.get(issuer)?;
        let now = NumericDate::from(inner.clock.now());
        if issuer.uses_generation(generation)
            && issuer.policy.check_now(verified.token(), now, &mut |_| {}).is_ok()
        {
            return Some(verified);
        }
        cache.remove(token);
        None
    }

    /// The index of the issuer whose keys and policy apply to a token.
    pub(super) fn issuer_of(&self, token: &str) -> Option<usize> {
        self.0.issuers.route(&Compact::parse(token).ok()?).ok()
    }

    /// Verifies in the order of [`Step`], and calls `reach` before each step.
    fn verify_uncached(
        &self,
        token: &str,
        bound: Bound,
        reach: &mut impl FnMut(Step),
    ) -> Result<Verified<C>, Stop> {
        let inner = &*self.0;
        reach(Step::Format);
        let compact = Compact::parse(token)?;
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
        let index = inner.issuers.route(&compact)?;
        let issuer = inner.issuers.get(index);
        let issuer = issuer.ok_or_else(|| Error::new(ErrorKind::InvalidIssuer))?;

        let expected = inner.issuers.expected(issuer);
        let algorithm = header.algorithm();
        let explained =
            |stop: Stop| stop.map(|error| issuer.with_expected(error, expected, algorithm));
        let (payload, generation) =
            verify_signature(issuer, compact, &header, inner.backend, &inner.observer, reach)
                .map_err(explained)?;
        reach(Step::Payload);
        let policy = &issuer.policy;
        let signed = payload.read::<C>(policy.mapping()).map_err(Stop::from).map_err(explained)?;
        let now = NumericDate::from(inner.clock.now());
        let accepted = policy.accept(signed, expected, now, reach);
        let accepted = accepted.map_err(Stop::from).map_err(explained)?;
        let verified = self.check(Verified::new(accepted)?, bound, reach)?;
        if let Some(cache) = &inner.cache {
            let entry = CachedToken { verified: verified.erase(), issuer: index, generation };
            cache.insert(token, entry, inner.clock.monotonic());
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
        for (name, check) in &self.0.checks {
            if !check(&verified, &*self.0.clock) {
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
        &self,
        token: &str,
        BeforeRevocation(verified): BeforeRevocation<C>,
    ) -> Answer<Result<Verified<C>, Error>> {
        let Some(revocation) = &self.0.revocation else { return Answer::now(Ok(verified)) };
        let presented = Presented::new(verified.token(), token, self.0.backend);
        match revocation.check(&presented).try_now() {
            Ok(standing) => Answer::now(self.apply_standing(token, verified, standing)),
            Err(pending) => {
                let (this, token) = (self.clone(), Zeroizing::new(token.to_owned()));
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

impl<C> Clone for Verifier<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C> fmt::Debug for Verifier<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("issuers", &self.0.issuers).finish_non_exhaustive()
    }
}
