//! From a compact JWT to verified claims, in one straight line.

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::cache::{Cache, Remembered};
use super::issuers::Issuers;
use super::signature::{Stop, Wanted, verify_signature};
use super::verified::Verified;
use crate::answer::Answer;
use crate::claims::{Claims, NumericDate};
use crate::clock::Clock;
use crate::error::{Error, ErrorKind};
use crate::jws::{Algorithm, CachedHeader, Compact, HeaderBuffer};
use crate::key::{CryptoBackend, RefreshError, Refreshed};
use crate::observe::{Event, Observing};
use crate::revocation::{Presented, Revocation, Standing};

/// Verifies tokens and reads their claims into `C`.
///
/// One `Arc`: clone it freely. Everything is prepared when it is built; verifying takes no lock and,
/// while the keys are in memory, never waits.
///
/// Start with [`shared_secret`](Verifier::shared_secret), [`jwks`](Verifier::jwks) or
/// [`builder`](Verifier::builder).
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
/// let elsewhere = issuer.token().claim("aud", "billing").mint();
/// assert_eq!(verifier.verify_now(&elsewhere).unwrap_err().kind(), ErrorKind::InvalidAudience);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "jwt")]
#[doc(alias = "decoder")]
pub struct Verifier<C = Claims>(pub(super) Arc<Inner<C>>);

pub(super) type Check<C> = (&'static str, Arc<dyn Fn(&C, &dyn Clock) -> bool + Send + Sync>);

/// A hint to the operator about a rejected token.
pub(super) type Hint =
    Box<dyn Fn(&str, Option<Algorithm>, ErrorKind) -> Option<&'static str> + Send + Sync>;

pub(super) struct Inner<C> {
    pub(super) issuers: Issuers,
    pub(super) backend: CryptoBackend,
    pub(super) checks: Vec<Check<C>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) revocation: Option<Arc<dyn Revocation>>,
    pub(super) max_token_len: usize,
    pub(super) hint: Option<Hint>,
    pub(super) cache: Option<Cache>,
    pub(super) observer: Observing,
}

impl<C> Verifier<C> {
    pub(super) fn new(inner: Inner<C>) -> Self {
        Self(Arc::new(inner))
    }

    /// The clock that tokens are judged by.
    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    pub(crate) fn observer(&self) -> &Observing {
        &self.0.observer
    }
}

/// What becomes of a token that is bound to its sender (`cnf`, RFC 7800).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    Refuse,
    Accept,
}

/// A token that verified and whose revocation has not been checked: only
/// [`check_standing`](Verifier::check_standing) makes it a [`Verified`].
pub(crate) struct BeforeRevocation<C>(Verified<C>);

/// The first stage of a verification: everything but revocation.
pub(crate) struct FirstStage<C> {
    pub(crate) outcome: Answer<Result<BeforeRevocation<C>, Error>>,
    /// The verdict if keys are waited for and none come; `None` if they are then unavailable.
    pub(crate) fault: Option<Error>,
}

impl<C: DeserializeOwned + Send + Sync + 'static> Verifier<C> {
    /// Verifies a token in the compact serialization (RFC 7515 §3.1).
    ///
    /// The answer is there at once unless keys or a revocation list have to be fetched. How long that takes
    /// is limited by the key source and the [`Revocation`] alone: a limit on the whole is a setting of the
    /// layer, [`JwtAuthLayer::max_wait`](crate::JwtAuthLayer::max_wait).
    ///
    /// # Errors
    ///
    /// The reason for the refusal; see [`ErrorKind`]. A token that is bound to its sender is refused
    /// with [`ErrorKind::ProofRequired`]: nobody here has judged a proof.
    #[doc(alias = "decode")]
    #[doc(alias = "validate")]
    pub fn verify(&self, token: &str) -> Answer<Result<Verified<C>, Error>> {
        self.run(token, Bound::Refuse)
    }

    /// As [`verify`](Self::verify), and takes tokens that are bound to their sender (`cnf`, RFC 7800)
    /// without any proof: whoever steals one can use it, unless the caller judges the proof.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify), but for [`ErrorKind::ProofRequired`].
    pub fn verify_without_proof_of_possession(
        &self,
        token: &str,
    ) -> Answer<Result<Verified<C>, Error>> {
        self.run(token, Bound::Accept)
    }

    /// Verifies a token where waiting is not possible.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify), and [`ErrorKind::KeysUnavailable`] or
    /// [`ErrorKind::RevocationUnavailable`] when something would have to be fetched first.
    #[doc(alias = "decode")]
    #[doc(alias = "validate")]
    pub fn verify_now(&self, token: &str) -> Result<Verified<C>, Error> {
        let verified = match self.verify_with_current_keys(token, Bound::Refuse) {
            Ok(verified) => verified,
            Err(Stop::Refused(error)) => return Err(self.hinted(token, error)),
            Err(Stop::Keys(wanted)) => {
                let Ok(outcome) = wanted.source.refresh(wanted.reason).try_now() else {
                    return Err(wanted.fault().unwrap_or_else(|| {
                        let detail = "the keys have to be waited for";
                        Error::new(ErrorKind::KeysUnavailable).with_detail(detail)
                    }));
                };
                self.run_again(token, Bound::Refuse, outcome, wanted)?
            }
        };
        self.check_standing(token, verified).try_now().unwrap_or_else(|_| {
            let detail = "the revocation list has to be waited for";
            Err(Error::new(ErrorKind::RevocationUnavailable).with_detail(detail))
        })
    }

    /// Both stages, one after the other.
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

    /// Everything but revocation. It waits for keys alone.
    pub(crate) fn verify_first_stage(&self, token: &str, bound: Bound) -> FirstStage<C> {
        let outcome = match self.verify_with_current_keys(token, bound) {
            Ok(verified) => Ok(verified),
            Err(Stop::Refused(error)) => Err(self.hinted(token, error)),
            Err(Stop::Keys(wanted)) => match wanted.source.refresh(wanted.reason).try_now() {
                Ok(outcome) => self.run_again(token, bound, outcome, wanted),
                Err(refreshing) => {
                    let fault = wanted.fault();
                    // The token outlives the borrow, but nothing else: it is wiped afterwards.
                    let (this, token) = (self.clone(), Zeroizing::new(token.to_owned()));
                    let outcome = Answer::later(async move {
                        let outcome = refreshing.await;
                        this.run_again(&token, bound, outcome, wanted)
                    });
                    return FirstStage { outcome, fault };
                }
            },
        };
        FirstStage { outcome: Answer::now(outcome), fault: None }
    }

    fn hinted(&self, token: &str, error: Error) -> Error {
        let Some(hint) = &self.0.hint else { return error };
        let is_read = error.kind() != ErrorKind::TokenTooLarge;
        let algorithm = is_read.then(|| unverified_algorithm(token)).flatten();
        match hint(token, algorithm, error.kind()) {
            Some(hint) => error.with_detail(hint),
            None => error,
        }
    }

    /// After a refresh: once more, and then no more.
    fn run_again(
        &self,
        token: &str,
        bound: Bound,
        outcome: Result<Refreshed, RefreshError>,
        wanted: Wanted,
    ) -> Result<BeforeRevocation<C>, Error> {
        let failed = match outcome {
            // Whatever the source says of this refresh: another one's may have brought the key meanwhile.
            Ok(_) if wanted.has_come() => {
                return self.verify_with_current_keys(token, bound).map_err(|stop| match stop {
                    Stop::Refused(refusal) | Stop::Keys(Wanted { refusal, .. }) => {
                        self.hinted(token, refusal)
                    }
                });
            }
            Ok(_) => return Err(wanted.refusal),
            Err(failed) => failed,
        };
        if let Some(fault) = wanted.fault() {
            return Err(fault);
        }
        let error = Error::new(ErrorKind::KeysUnavailable).with_retry_after(failed.retry_after());
        Err(error.with_source(failed))
    }

    /// The one place where the length is checked, before anything reads, digests or copies the token.
    pub(crate) fn check_length(&self, token: &str) -> Result<(), Error> {
        if token.len() > self.0.max_token_len {
            return Err(ErrorKind::TokenTooLarge.into());
        }
        Ok(())
    }

    /// From memory, or along the straight line.
    fn verify_with_current_keys(
        &self,
        token: &str,
        bound: Bound,
    ) -> Result<BeforeRevocation<C>, Stop> {
        self.check_length(token)?;
        let verified = match self.recall(token) {
            Some(verified) => self.check(verified, bound)?,
            None => self.verify_anew(token, bound)?,
        };
        Ok(BeforeRevocation(verified))
    }

    /// A token that verified before, as long as its verdict stands. Whatever speaks against it is for the
    /// straight line to say.
    fn recall(&self, token: &str) -> Option<Verified<C>> {
        let cache = self.0.cache.as_ref()?;
        let verified = self.look_up(cache, token);
        self.0.observer.report(&Event::CacheLookup { hit: verified.is_some() });
        verified
    }

    fn look_up(&self, cache: &Cache, token: &str) -> Option<Verified<C>> {
        let inner = &*self.0;
        let Remembered { verified, issuer, generation } =
            cache.get(token, inner.clock.monotonic())?;
        let verified: Verified<C> = Verified::restore(verified)?;
        let issuer = inner.issuers.get(issuer)?;
        let now = NumericDate::from(inner.clock.now());
        if issuer.keys.generation() == Some(generation)
            && issuer.policy.check_now(verified.token(), now).is_ok()
        {
            return Some(verified);
        }
        cache.forget(token);
        None
    }

    /// The straight line: shape, header, issuer, keys, signature, claims, policy, checks.
    fn verify_anew(&self, token: &str, bound: Bound) -> Result<Verified<C>, Stop> {
        let inner = &*self.0;
        let compact = Compact::parse(token)?;
        let cached = CachedHeader::get(compact.encoded_header());
        let mut buffer;
        let header = if let Some(cached) = &cached {
            cached.header()
        } else {
            buffer = HeaderBuffer::new();
            compact.header(&mut buffer)?
        };
        let index = inner.issuers.route(&compact)?;
        let issuer = inner.issuers.get(index);
        let issuer = issuer.ok_or_else(|| Error::new(ErrorKind::InvalidIssuer))?;

        let (payload, generation) = verify_signature(issuer, compact, &header, inner.backend)?;
        let policy = &issuer.policy;
        let signed = payload.read::<C>(policy.mapping())?;
        let now = NumericDate::from(inner.clock.now());
        let accepted = policy.accept(signed, inner.issuers.expected(issuer), now)?;
        let verified = self.check(Verified::new(accepted)?, bound)?;
        if let Some(cache) = &inner.cache {
            let remembered = Remembered { verified: verified.erase(), issuer: index, generation };
            cache.insert(token, remembered, inner.clock.monotonic());
        }
        if cached.is_none() {
            CachedHeader::insert(compact.encoded_header(), &header);
        }
        Ok(verified)
    }

    /// The checks of the application's own, and whether a proof of possession is wanted.
    fn check(&self, verified: Verified<C>, bound: Bound) -> Result<Verified<C>, Error> {
        for (name, check) in &self.0.checks {
            if !check(&verified, &*self.0.clock) {
                return Err(Error::new(ErrorKind::CheckFailed).with_detail(name));
            }
        }
        if bound == Bound::Refuse && verified.token().is_sender_constrained() {
            return Err(Error::new(ErrorKind::ProofRequired));
        }
        Ok(verified)
    }

    /// The second stage of a verification, which waits for a revocation list alone.
    pub(crate) fn check_standing(
        &self,
        token: &str,
        BeforeRevocation(verified): BeforeRevocation<C>,
    ) -> Answer<Result<Verified<C>, Error>> {
        let Some(revocation) = &self.0.revocation else { return Answer::now(Ok(verified)) };
        let presented = Presented::new(verified.token(), token, self.0.backend);
        match revocation.check(&presented).try_now() {
            Ok(standing) => Answer::now(stand(verified, standing)),
            Err(asking) => Answer::later(async move { stand(verified, asking.await) }),
        }
    }
}

fn stand<C>(
    verified: Verified<C>,
    standing: Result<Standing, Error>,
) -> Result<Verified<C>, Error> {
    match standing? {
        Standing::Active => Ok(verified),
        Standing::Revoked => Err(ErrorKind::TokenRevoked.into()),
    }
}

/// The algorithm that a token's header names.
fn unverified_algorithm(token: &str) -> Option<Algorithm> {
    let mut buffer = HeaderBuffer::new();
    Some(Compact::parse(token).ok()?.header(&mut buffer).ok()?.algorithm())
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
