//! From a compact JWT to verified claims, in one straight line.

use std::fmt;
use std::sync::Arc;

use futures_util::FutureExt;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::issuers::{Issuer, Issuers};
use super::revocation::{Revocation, Standing};
use super::verified::Verified;
use crate::answer::Answer;
use crate::claims::{Claims, NumericDate};
use crate::clock::Clock;
use crate::error::{BoxError, Error, ErrorKind};
use crate::jws::{AlgorithmFamily, Compact, HeaderBuffer, SignedPayload, UnverifiedHeader};
use crate::key::{Candidates, Held, KeySet, KeySource, RefreshError, RefreshReason, Refreshed};

/// Verifies tokens and reads their claims into `C`.
///
/// One `Arc`: clone it freely. Everything is prepared when it is built; verifying takes no lock and,
/// while the keys are in memory, never waits.
///
/// Start with [`shared_secret`](Verifier::shared_secret), [`jwks`](Verifier::jwks) or
/// [`builder`](Verifier::builder).
///
/// ```
/// # #[cfg(feature = "aws-lc-rs")] {
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
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Verifier<C = Claims>(Arc<Inner<C>>);

pub(super) type Check<C> = (&'static str, Arc<dyn Fn(&C) -> bool + Send + Sync>);

pub(super) struct Inner<C> {
    pub(super) issuers: Issuers,
    pub(super) checks: Vec<Check<C>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) revocation: Option<Arc<dyn Revocation>>,
    pub(super) max_token_len: usize,
}

/// Why a token was not verified with the keys in memory.
enum Stop {
    /// It is refused.
    Refused(Error),
    /// Newer keys may help; if not, this is the refusal.
    Keys { source: Arc<dyn KeySource>, reason: RefreshReason, refusal: Error },
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl<C> Verifier<C> {
    pub(super) fn new(inner: Inner<C>) -> Self {
        Self(Arc::new(inner))
    }
}

impl<C: DeserializeOwned + Send + Sync + 'static> Verifier<C> {
    /// Verifies a token in the compact serialization (RFC 7515 §3.1).
    ///
    /// The answer is there at once unless keys or a revocation list have to be fetched.
    ///
    /// # Errors
    ///
    /// The reason for the refusal; see [`ErrorKind`].
    pub fn verify(&self, token: &str) -> Answer<Result<Verified<C>, Error>> {
        match self.verify_with_current_keys(token) {
            Ok(verified) => self.check_standing(verified),
            Err(Stop::Refused(error)) => Answer::now(Err(error)),
            Err(Stop::Keys { source, reason, refusal }) => {
                match source.refresh(reason).try_now() {
                    Ok(outcome) => self.verify_again(token, outcome, refusal),
                    Err(refreshing) => {
                        // The token outlives the borrow, but nothing else: it is wiped afterwards.
                        let (this, token) = (self.clone(), Zeroizing::new(token.to_owned()));
                        Answer::later(async move {
                            let outcome = refreshing.await;
                            this.verify_again(&token, outcome, refusal).await
                        })
                    }
                }
            }
        }
    }

    /// Verifies a token where waiting is not possible.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify), and [`ErrorKind::KeysUnavailable`] or
    /// [`ErrorKind::RevocationUnavailable`] when something would have to be fetched first.
    pub fn verify_now(&self, token: &str) -> Result<Verified<C>, Error> {
        match self.verify_with_current_keys(token) {
            Ok(verified) => self.check_standing(verified).try_now().unwrap_or_else(|_waiting| {
                let detail = "the revocation list has to be waited for";
                Err(Error::new(ErrorKind::RevocationUnavailable).with_detail(detail))
            }),
            Err(Stop::Refused(error)) => Err(error),
            Err(Stop::Keys { source, reason, refusal }) => match source.refresh(reason).try_now() {
                // Ready outcomes lead to ready verdicts, but for a revocation list that is not.
                Ok(outcome) => {
                    let again = self.verify_again(token, outcome, refusal);
                    again
                        .now_or_never()
                        .unwrap_or_else(|| Err(ErrorKind::RevocationUnavailable.into()))
                }
                Err(_waiting) => Err(Error::new(ErrorKind::KeysUnavailable)
                    .with_detail("the keys have to be waited for")),
            },
        }
    }

    /// After a refresh: once more, and then no more.
    fn verify_again(
        &self,
        token: &str,
        outcome: Result<Refreshed, RefreshError>,
        refusal: Error,
    ) -> Answer<Result<Verified<C>, Error>> {
        match outcome {
            Err(failed) if refusal.kind() == ErrorKind::InvalidSignature => {
                // The key is known and did not fit: trouble at the source is no excuse for the token.
                drop(failed);
                Answer::now(Err(refusal))
            }
            Err(failed) => {
                let error =
                    Error::new(ErrorKind::KeysUnavailable).with_retry_after(failed.retry_after());
                Answer::now(Err(match failed.into_source() {
                    Some(source) => error.with_source(source),
                    None => error,
                }))
            }
            Ok(Refreshed::CoolingDown) => Answer::now(Err(refusal)),
            Ok(Refreshed::Replaced | Refreshed::Unchanged) => {
                match self.verify_with_current_keys(token) {
                    Ok(verified) => self.check_standing(verified),
                    Err(Stop::Refused(refusal) | Stop::Keys { refusal, .. }) => {
                        Answer::now(Err(refusal))
                    }
                }
            }
        }
    }

    /// The straight line: size, shape, header, issuer, keys, signature, claims, policy, checks.
    fn verify_with_current_keys(&self, token: &str) -> Result<Verified<C>, Stop> {
        let inner = &*self.0;
        let compact = Compact::parse(token, inner.max_token_len)?;
        let mut buffer = HeaderBuffer::new();
        let header = compact.header(&mut buffer)?;
        let issuer = inner.issuers.get(inner.issuers.route(&compact)?);
        let issuer = issuer.ok_or_else(|| Error::new(ErrorKind::InvalidIssuer))?;

        let payload = verify_signature(issuer, compact, &header)?;
        let signed = payload.read::<C>(issuer.policy.required())?;
        let now = NumericDate::from(inner.clock.now());
        let accepted = issuer.policy.accept(signed, inner.issuers.expected(issuer), now)?;
        let verified = Verified::new(accepted)?;
        for (name, check) in &inner.checks {
            if !check(&verified) {
                return Err(Error::new(ErrorKind::CheckFailed).with_detail(name).into());
            }
        }
        Ok(verified)
    }

    fn check_standing(&self, verified: Verified<C>) -> Answer<Result<Verified<C>, Error>> {
        let Some(revocation) = &self.0.revocation else {
            return Answer::now(Ok(verified));
        };
        match revocation.check(verified.token()).try_now() {
            Ok(standing) => Answer::now(stand(verified, standing)),
            Err(asking) => Answer::later(async move { stand(verified, asking.await) }),
        }
    }
}

fn stand<C>(
    verified: Verified<C>,
    standing: Result<Standing, BoxError>,
) -> Result<Verified<C>, Error> {
    match standing {
        Ok(Standing::Active) => Ok(verified),
        Ok(Standing::Revoked) => Err(ErrorKind::TokenRevoked.into()),
        Err(error) => Err(Error::new(ErrorKind::RevocationUnavailable).with_source(error)),
    }
}

/// Finds the keys that come into question and verifies with them.
fn verify_signature(
    issuer: &Issuer,
    compact: Compact<'_>,
    header: &UnverifiedHeader<'_>,
) -> Result<SignedPayload, Stop> {
    if issuer.policy.listed().is_some_and(|listed| !listed.contains(header.algorithm)) {
        return Err(Error::new(ErrorKind::AlgorithmNotAllowed).into());
    }
    match &issuer.keys.0 {
        Held::Fixed(set) => {
            verify_with_set(set, issuer, compact, header).map_err(|(error, _)| error.into())
        }
        Held::Source(source) => {
            let outcome = match source.current() {
                Some(set) => verify_with_set(&set, issuer, compact, header),
                None => Err((ErrorKind::KeysUnavailable.into(), Some(RefreshReason::Empty))),
            };
            outcome.map_err(|(refusal, reason)| match reason {
                Some(reason) => Stop::Keys { source: Arc::clone(source), reason, refusal },
                None => Stop::Refused(refusal),
            })
        }
    }
}

type Miss = (Error, Option<RefreshReason>);

/// Tries the candidates of one set; on failure says whether newer keys may help.
fn verify_with_set(
    set: &KeySet,
    issuer: &Issuer,
    compact: Compact<'_>,
    header: &UnverifiedHeader<'_>,
) -> Result<SignedPayload, Miss> {
    let listed = issuer.policy.listed();
    match set.candidates(header.kid.as_deref(), header.algorithm, listed) {
        Candidates::Keys(keys) => {
            let mut refusal = Error::new(ErrorKind::InvalidSignature);
            for key in keys.into_iter().flatten() {
                match key.verify(compact, header) {
                    Ok(payload) => return Ok(payload),
                    // Malformed is malformed under every key.
                    Err(error) if error.kind() == ErrorKind::MalformedToken => {
                        return Err((error, None));
                    }
                    Err(error) => refusal = error,
                }
            }
            Err((refusal, Some(RefreshReason::BadSignature)))
        }
        Candidates::UnknownId => {
            Err((ErrorKind::UnknownKey.into(), Some(RefreshReason::UnknownKey)))
        }
        Candidates::NoneFits => {
            // A new key may bring its algorithm; a secret never comes from a source.
            let hopeless =
                header.kid.is_some() || header.algorithm.family() == AlgorithmFamily::Hmac;
            let reason = (!hopeless).then_some(RefreshReason::UnknownKey);
            Err((ErrorKind::AlgorithmNotAllowed.into(), reason))
        }
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
