//! Keys that the application replaces.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use super::set::KeySet;
use super::source::{KeyHealth, KeySetState, KeySource, RefreshError, Refreshed};
use crate::answer::Answer;
use crate::error::{BuildError, Problem, ProblemKind};
use crate::observe::refresh_reason::RefreshReason;

/// The `Retry-After` while there are no keys.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// A key source whose keys the application sets.
///
/// Use it for keys that the application loads itself, for example from a configuration service. It is an `Arc`: keep a
/// clone to call [`set`](Self::set). Until the first call, tokens are rejected with
/// [`KeysUnavailable`](crate::ErrorKind::KeysUnavailable).
///
/// ```
/// use tower_jwt_auth::key::{KeySet, Settable};
/// use tower_jwt_auth::{ErrorKind, Verifier, testing::TestIssuer};
///
/// let issuer = TestIssuer::es256().issuer("https://auth.example.com");
/// let keys = Settable::new();
/// let verifier = Verifier::key_source(keys.clone())
///     .issuer("https://auth.example.com")
///     .any_audience()
///     .build()?;
/// let token = issuer.token().mint();
/// assert_eq!(verifier.verify_now(&token).unwrap_err().kind(), ErrorKind::KeysUnavailable);
///
/// keys.set(KeySet::jwks(issuer.jwks())?)?;
/// assert!(verifier.verify_now(&token).is_ok());
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
#[derive(Clone, Default)]
pub struct Settable(Arc<RwLock<Option<Arc<KeySet>>>>);

impl Settable {
    /// Creates a source without keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces the keys.
    ///
    /// # Errors
    ///
    /// The set contains a shared secret: a key source only supplies public keys. The old keys remain in use.
    pub fn set(&self, keys: KeySet) -> Result<(), BuildError> {
        if keys.keys().iter().any(super::VerificationKey::is_secret) {
            return Err(secret().into());
        }
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(keys));
        Ok(())
    }
}

impl KeySource for Settable {
    fn current(&self) -> Option<Arc<KeySet>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn refresh(&self, _: RefreshReason) -> Answer<Result<Refreshed, RefreshError>> {
        Answer::now(match self.current() {
            Some(_) => Ok(Refreshed::Suppressed),
            None => Err(RefreshError::new(RETRY_AFTER)),
        })
    }

    fn health(&self) -> KeyHealth {
        match self.current() {
            Some(keys) => KeyHealth::new(KeySetState::Fresh, keys.len()),
            None => KeyHealth::new(KeySetState::Empty, 0),
        }
    }
}

impl fmt::Debug for Settable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Settable").field(&self.current()).finish()
    }
}

fn secret() -> Problem {
    Problem::new(
        ProblemKind::MixedKeys,
        "a shared secret in `Settable`",
        "a key source supplies public keys, and secrets from it are never used",
        "Use `Verifier::shared_secret`, with `previous_secret` to rotate it",
    )
}
