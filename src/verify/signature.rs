//! Verifies a token's signature: selects the candidate keys, and requests a refresh if none of them verifies it.

use std::sync::Arc;

use super::resolved::Lookup;
use super::trusted::Trusted;
use crate::answer::Answer;
use crate::error::{Error, ErrorKind};
use crate::explain::Step;
use crate::jws::{AlgorithmFamily, AlgorithmSet, Compact, UnverifiedHeader};
use crate::jwt::SignedPayload;
use crate::key::{
    Candidates, CryptoBackend, Held, KeySet, KeySource, RefreshError, RefreshReason, Refreshed,
    VerificationKey,
};
use crate::observe::Observing;

/// Why a token was not verified with the keys in memory.
pub(super) enum Stop {
    /// The token is rejected.
    Rejected(Error),
    /// Newer keys may verify it.
    Refresh(RefreshRequest),
}

/// A refresh that may provide the missing key, and the error if it does not.
pub(super) struct RefreshRequest {
    source: Arc<dyn KeySource>,
    reason: RefreshReason,
    /// The id that the token names, if no key has it.
    unknown_id: Option<Box<str>>,
    pub(super) rejection: Error,
    /// The generation of the set that was tried; zero if there was none.
    tried: u64,
    is_lookup: bool,
}

impl RefreshRequest {
    /// A request to look up the issuer of a token.
    pub(super) fn look_up(lookup: Lookup) -> Self {
        let detail = "the issuer of the tenant in `iss` must be looked up first";
        Self {
            source: Arc::new(lookup),
            reason: RefreshReason::Empty,
            unknown_id: None,
            rejection: Error::new(ErrorKind::KeysUnavailable).with_detail(detail),
            tried: 0,
            is_lookup: true,
        }
    }

    /// Whether the issuer is looked up. Its keys may be refreshed afterwards.
    pub(super) const fn is_lookup(&self) -> bool {
        self.is_lookup
    }

    /// Starts the refresh.
    pub(super) fn start(&self) -> Answer<Result<Refreshed, RefreshError>> {
        match &self.unknown_id {
            Some(id) => self.source.refresh_key(id, self.reason),
            None => self.source.refresh(self.reason),
        }
    }

    /// Whether the source now has another set than the one that was tried.
    pub(super) fn set_has_changed(&self) -> bool {
        // After a lookup, the issuer is selected again.
        self.is_lookup || self.source.current().map_or(0, |set| set.generation()) != self.tried
    }

    /// The error if no refresh is possible: if the token names a known key, it is rejected. Otherwise `None`: the keys
    /// are unavailable.
    pub(super) fn fault(&self) -> Option<Error> {
        (self.reason == RefreshReason::BadSignature).then(|| self.rejection.clone())
    }
}

impl Stop {
    /// The error if nothing is refreshed.
    pub(super) fn into_rejection(self) -> Error {
        match self {
            Self::Rejected(rejection) | Self::Refresh(RefreshRequest { rejection, .. }) => {
                rejection
            }
        }
    }

    /// The same with another error.
    pub(super) fn map(self, change: impl FnOnce(Error) -> Error) -> Self {
        match self {
            Self::Rejected(error) => Self::Rejected(change(error)),
            Self::Refresh(request) => {
                let rejection = change(request.rejection);
                Self::Refresh(RefreshRequest { rejection, ..request })
            }
        }
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Rejected(error)
    }
}

/// Verifies with the candidate keys; also returns the generation of the key set.
pub(super) fn verify_signature(
    issuer: &Trusted,
    compact: Compact<'_>,
    header: &UnverifiedHeader<'_>,
    backend: CryptoBackend,
    observing: &Observing,
    reach: &mut impl FnMut(Step),
) -> Result<(SignedPayload, u64), Stop> {
    reach(Step::Algorithm);
    if !backend.supports(header.algorithm())
        || issuer.policy.listed().is_some_and(|listed| !listed.contains(header.algorithm()))
    {
        return Err(Error::new(ErrorKind::AlgorithmNotAllowed).into());
    }
    match issuer.keys_for(header.algorithm()) {
        Held::Fixed(set) => {
            let outcome = verify_with_set(set, issuer, compact, header, backend, reach);
            outcome.map_err(|(error, _)| error.into())
        }
        // A secret served over the network is not secret: HMAC is never verified with the keys of a source.
        Held::Source(_) if header.algorithm().family() == AlgorithmFamily::Hmac => {
            Err(Error::new(ErrorKind::AlgorithmNotAllowed).into())
        }
        Held::Source(source) => {
            reach(Step::Key);
            let current = source.current();
            let tried = current.as_ref().map_or(0, |set| set.generation());
            let outcome = match current {
                Some(set) => {
                    issuer.report_unused_algorithms(&set, observing);
                    verify_with_set(&set, issuer, compact, header, backend, reach)
                }
                None => Err((ErrorKind::KeysUnavailable.into(), Some(RefreshReason::Empty))),
            };
            outcome.map_err(|(rejection, reason)| match reason {
                Some(reason) => {
                    let source = Arc::clone(source);
                    let is_unknown = reason == RefreshReason::UnknownKey;
                    let unknown_id = header.key_id().filter(|_| is_unknown).map(Box::from);
                    let is_lookup = false;
                    Stop::Refresh(RefreshRequest {
                        source,
                        reason,
                        unknown_id,
                        rejection,
                        tried,
                        is_lookup,
                    })
                }
                None => Stop::Rejected(rejection),
            })
        }
    }
}

type Miss = (Error, Option<RefreshReason>);

/// Tries the candidates of one set; a failure contains the refresh reason if newer keys may help.
fn verify_with_set(
    set: &KeySet,
    issuer: &Trusted,
    compact: Compact<'_>,
    header: &UnverifiedHeader<'_>,
    backend: CryptoBackend,
    reach: &mut impl FnMut(Step),
) -> Result<(SignedPayload, u64), Miss> {
    reach(Step::Key);
    let listed = issuer.policy.listed();
    let verify = |key: &VerificationKey| {
        SignedPayload::verify(compact, header, &key.check(header.algorithm(), backend)?)
    };
    match set.candidates(header.key_id(), header.algorithm(), listed) {
        Candidates::Keys(keys) => {
            reach(Step::Signature);
            let mut rejection = Error::new(ErrorKind::InvalidSignature);
            for key in keys.iter().flatten() {
                match verify(key) {
                    Ok(payload) => return Ok((payload, set.generation())),
                    // The key makes no difference to a malformed token.
                    Err(error) if error.kind() == ErrorKind::MalformedToken => {
                        return Err((error, None));
                    }
                    Err(error) => rejection = error,
                }
            }
            if let Some(detail) = why_wrong(set, &keys, header, listed) {
                rejection = rejection.with_detail(detail);
            }
            // Without a key id, the signature may be from a key that is not in memory yet.
            let known = header.key_id().is_some();
            let reason =
                if known { RefreshReason::BadSignature } else { RefreshReason::UnknownKey };
            Err((rejection, Some(reason)))
        }
        Candidates::Unnamed(key) => match verify(key) {
            Ok(payload) => Ok((payload, set.generation())),
            Err(error) if error.kind() == ErrorKind::MalformedToken => Err((error, None)),
            // The key has no id: the key that the token names may not be in memory yet.
            Err(_) => Err((ErrorKind::UnknownKey.into(), Some(RefreshReason::UnknownKey))),
        },
        Candidates::UnknownId => {
            Err((ErrorKind::UnknownKey.into(), Some(RefreshReason::UnknownKey)))
        }
        Candidates::NoneFits => {
            // A new key may support the algorithm, but never HMAC: a source provides no secrets.
            let hopeless =
                header.key_id().is_some() || header.algorithm().family() == AlgorithmFamily::Hmac;
            let reason = (!hopeless).then_some(RefreshReason::UnknownKey);
            let detail = match header.key_id() {
                Some(_) => "no key with the token's `kid` can be used with its `alg`",
                None => "no key can be used with the token's `alg`",
            };
            Err((Error::new(ErrorKind::AlgorithmNotAllowed).with_detail(detail), reason))
        }
    }
}

/// A probable cause, in the configuration or at the issuer, of a signature that no key verified.
fn why_wrong(
    set: &KeySet,
    tried: &[Option<&VerificationKey>],
    header: &UnverifiedHeader<'_>,
    listed: Option<AlgorithmSet>,
) -> Option<&'static str> {
    if header.key_id().is_none() && set.is_crowded(header.algorithm(), listed) {
        return Some(
            "the token has no `kid`, so only some of the keys were tried; the issuer should send a `kid`",
        );
    }
    tried.iter().flatten().any(|key| key.has_doubtful_encoding()).then_some(
        "the secret looks like base64; `shared_secret` uses the text itself, `shared_secret_base64` decodes it",
    )
}
