//! Verifies a compact JWT and reads its claims.

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::current::{Current, Held};
use super::trust::{Bound, Trust};
use super::verified::Verified;
use crate::answer::Answer;
use crate::claims::Claims;
use crate::clock::Clock;
use crate::error::Error;
use crate::observe::Observing;

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
pub struct Verifier<C = Claims>(pub(super) Held<C>);

impl<C> Verifier<C> {
    pub(super) fn new(trust: Trust<C>) -> Self {
        Self(Held::Fixed(Arc::new(trust)))
    }

    /// The trust at this moment.
    #[inline]
    pub(crate) fn current(&self) -> Current<'_, C> {
        self.0.current()
    }

    /// Whether this trust is no longer the current one.
    pub(crate) fn has_replaced(&self, trust: &Arc<Trust<C>>) -> bool {
        !Arc::ptr_eq(&self.current(), trust)
    }

    /// The clock that expiry is checked with.
    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.current().clock)
    }

    pub(crate) fn observer(&self) -> Observing {
        self.current().observer.clone()
    }
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
    ///
    /// [`Revocation`]: crate::revocation::Revocation
    /// [`ErrorKind`]: crate::ErrorKind
    /// [`ErrorKind::ProofRequired`]: crate::ErrorKind::ProofRequired
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
    /// The same as for [`verify`](Self::verify), except
    /// [`ErrorKind::ProofRequired`](crate::ErrorKind::ProofRequired).
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
    ///
    /// [`ErrorKind::KeysUnavailable`]: crate::ErrorKind::KeysUnavailable
    /// [`ErrorKind::RevocationUnavailable`]: crate::ErrorKind::RevocationUnavailable
    /// [`ErrorKind::InvalidSignature`]: crate::ErrorKind::InvalidSignature
    #[doc(alias = "decode")]
    #[doc(alias = "validate")]
    pub fn verify_now(&self, token: &str) -> Result<Verified<C>, Error> {
        self.current().verify_now(token)
    }

    /// Verifies a token with the current trust. If that is replaced while an accepted token waits, it is verified again.
    pub(crate) fn run(&self, token: &str, bound: Bound) -> Answer<Result<Verified<C>, Error>> {
        let trust = self.current();
        let mut waiting = match trust.verify(token, bound).try_now() {
            Ok(outcome) => return Answer::now(outcome),
            Err(waiting) if self.0.is_fixed() => return waiting,
            Err(waiting) => waiting,
        };
        let (this, token) = (self.clone(), Zeroizing::new(token.to_owned()));
        let mut trust = Arc::clone(&trust);
        Answer::later(async move {
            loop {
                let outcome = waiting.await;
                if outcome.is_err() || !this.has_replaced(&trust) {
                    return outcome;
                }
                trust = Arc::clone(&this.current());
                waiting = trust.verify(&token, bound);
            }
        })
    }
}

impl<C> Clone for Verifier<C> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<C> fmt::Debug for Verifier<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let issuers = &self.current().issuers;
        f.debug_struct("Verifier").field("issuers", issuers).finish_non_exhaustive()
    }
}
