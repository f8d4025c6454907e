//! The step from a token's header to its payload: which keys come into question, and what to do if none
//! of them made the signature.

use std::sync::Arc;

use super::trusted::Trusted;
use crate::error::{Error, ErrorKind};
use crate::jws::{AlgorithmFamily, Compact, UnverifiedHeader};
use crate::jwt::SignedPayload;
use crate::key::{
    Candidates, CryptoBackend, Held, KeySet, KeySource, RefreshReason, VerificationKey,
};

/// Why a token was not verified with the keys in memory.
pub(super) enum Stop {
    /// It is refused.
    Refused(Error),
    /// Newer keys may help.
    Keys(Wanted),
}

/// What to ask a source for, and what to say if that does not help.
pub(super) struct Wanted {
    pub(super) source: Arc<dyn KeySource>,
    pub(super) reason: RefreshReason,
    pub(super) refusal: Error,
    /// The generation of the set that was tried.
    tried: Option<u64>,
}

impl Wanted {
    /// Whether the source has another set than the one that was tried.
    pub(super) fn has_come(&self) -> bool {
        self.source.current().map(|set| set.generation()) != self.tried
    }

    /// The refusal if the source cannot be asked: a key that is known and did not fit is the fault of the
    /// token. Otherwise the keys are unavailable.
    pub(super) fn fault(&self) -> Option<Error> {
        (self.reason == RefreshReason::BadSignature).then(|| self.refusal.clone())
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// Finds the keys that come into question and verifies with them; says which set they were of.
pub(super) fn verify_signature(
    issuer: &Trusted,
    compact: Compact<'_>,
    header: &UnverifiedHeader<'_>,
    backend: CryptoBackend,
) -> Result<(SignedPayload, u64), Stop> {
    if !backend.supports(header.algorithm())
        || issuer.policy.listed().is_some_and(|listed| !listed.contains(header.algorithm()))
    {
        return Err(Error::new(ErrorKind::AlgorithmNotAllowed).into());
    }
    match &issuer.keys {
        Held::Fixed(set) => {
            let outcome = verify_with_set(set, issuer, compact, header, backend);
            outcome.map_err(|(error, _)| error.into())
        }
        // A secret served over the network is not secret: whatever a source holds, HMAC is not verified with it.
        Held::Source(_) if header.algorithm().family() == AlgorithmFamily::Hmac => {
            Err(Error::new(ErrorKind::AlgorithmNotAllowed).into())
        }
        Held::Source(source) => {
            let current = source.current();
            let tried = current.as_ref().map(|set| set.generation());
            let outcome = match current {
                Some(set) => verify_with_set(&set, issuer, compact, header, backend),
                None => Err((ErrorKind::KeysUnavailable.into(), Some(RefreshReason::Empty))),
            };
            outcome.map_err(|(refusal, reason)| match reason {
                Some(reason) => {
                    Stop::Keys(Wanted { source: Arc::clone(source), reason, refusal, tried })
                }
                None => Stop::Refused(refusal),
            })
        }
    }
}

type Miss = (Error, Option<RefreshReason>);

/// Tries the candidates of one set; on failure says whether newer keys may help.
fn verify_with_set(
    set: &KeySet,
    issuer: &Trusted,
    compact: Compact<'_>,
    header: &UnverifiedHeader<'_>,
    backend: CryptoBackend,
) -> Result<(SignedPayload, u64), Miss> {
    let listed = issuer.policy.listed();
    let verify = |key: &VerificationKey| {
        SignedPayload::verify(compact, header, &key.check(header.algorithm(), backend)?)
    };
    match set.candidates(header.key_id(), header.algorithm(), listed) {
        Candidates::Keys(keys) => {
            let mut refusal = Error::new(ErrorKind::InvalidSignature);
            for key in keys.into_iter().flatten() {
                match verify(key) {
                    Ok(payload) => return Ok((payload, set.generation())),
                    // Malformed is malformed under every key.
                    Err(error) if error.kind() == ErrorKind::MalformedToken => {
                        return Err((error, None));
                    }
                    Err(error) => refusal = error,
                }
            }
            // Without an id, a wrong signature may just as well mean a key that is not here yet.
            let known = header.key_id().is_some();
            let reason =
                if known { RefreshReason::BadSignature } else { RefreshReason::UnknownKey };
            Err((refusal, Some(reason)))
        }
        Candidates::Unnamed(key) => match verify(key) {
            Ok(payload) => Ok((payload, set.generation())),
            Err(error) if error.kind() == ErrorKind::MalformedToken => Err((error, None)),
            // It was not this key: the token's own may not be here yet.
            Err(_) => Err((ErrorKind::UnknownKey.into(), Some(RefreshReason::UnknownKey))),
        },
        Candidates::UnknownId => {
            Err((ErrorKind::UnknownKey.into(), Some(RefreshReason::UnknownKey)))
        }
        Candidates::NoneFits => {
            // A new key may bring its algorithm; a secret never comes from a source.
            let hopeless =
                header.key_id().is_some() || header.algorithm().family() == AlgorithmFamily::Hmac;
            let reason = (!hopeless).then_some(RefreshReason::UnknownKey);
            Err((ErrorKind::AlgorithmNotAllowed.into(), reason))
        }
    }
}
