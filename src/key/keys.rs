//! The keys of an issuer: fixed, from a source, or not built yet.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::set::KeySet;
use super::source::{KeyHealth, KeySetState, KeySource};
use super::verification_key::VerificationKey;
use crate::clock::Clock;
use crate::error::{BuildError, Problem};

/// The keys of an issuer: fixed, or from a [`KeySource`].
///
/// `into()` converts a [`VerificationKey`], a [`KeySet`], any key source, or the builder of a
/// [`RemoteJwks`](crate::jwks::RemoteJwks). Such a builder is built with the verifier and uses the verifier's clock.
/// Clones share the keys.
///
/// ```
/// use tower_jwt_auth::key::Keys;
/// use tower_jwt_auth::{Issuer, Policy, VerificationKey, testing::TestIssuer};
///
/// /// Takes whatever `Issuer::new` takes.
/// fn trusted(keys: impl Into<Keys>) -> Issuer {
///     Issuer::new("https://auth.example.com", keys, Policy::new().audience("orders"))
/// }
/// let issuer = trusted(VerificationKey::shared_secret(TestIssuer::hs256().secret())?);
/// # let _ = issuer;
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
#[derive(Clone)]
pub struct Keys(Inner);

#[derive(Clone)]
enum Inner {
    Held(Held),
    Unbuilt(Arc<Mutex<Unbuilt>>),
}

enum Unbuilt {
    Builder(Box<dyn BuildKeys>),
    /// `None` if the builder has reported a problem.
    Built(Option<Held>),
}

/// The builder of a key source, implemented in a higher module.
pub(crate) trait BuildKeys: Any + Send + Sync {
    /// Builds the source. `clock` is the verifier's, for a source without a clock.
    ///
    /// # Errors
    ///
    /// The problems of its settings.
    fn build(
        self: Box<Self>,
        clock: Option<Arc<dyn Clock>>,
    ) -> Result<Arc<dyn KeySource>, BuildError>;

    /// Where the keys will be fetched from, with every setting that decides which keys those are.
    fn place(&self) -> String;
}

/// Keys that are ready to use.
#[derive(Clone, Debug)]
pub(crate) enum Held {
    Fixed(Arc<KeySet>),
    Source(Arc<dyn KeySource>),
}

impl Keys {
    /// Keys that are built with the verifier.
    pub(crate) fn unbuilt(builder: impl BuildKeys) -> Self {
        let unbuilt = Unbuilt::Builder(Box::new(builder));
        Self(Inner::Unbuilt(Arc::new(Mutex::new(unbuilt))))
    }

    /// Changes the builder, if there is one and it is a `K`.
    pub(crate) fn change<K: BuildKeys>(&self, change: impl FnOnce(K) -> K) -> bool {
        let Inner::Unbuilt(unbuilt) = &self.0 else { return false };
        let mut unbuilt = unbuilt.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *unbuilt, Unbuilt::Built(None)) {
            Unbuilt::Builder(builder) if (&*builder as &dyn Any).is::<K>() => {
                let builder: Box<dyn Any> = builder;
                if let Ok(builder) = builder.downcast::<K>() {
                    *unbuilt = Unbuilt::Builder(Box::new(change(*builder)));
                }
                true
            }
            other => {
                *unbuilt = other;
                false
            }
        }
    }

    /// Keys that are ready to use.
    pub(crate) const fn held(held: Held) -> Self {
        Self(Inner::Held(held))
    }

    /// Where the keys will be fetched from; `None` if they are built already.
    pub(crate) fn place(&self) -> Option<String> {
        let Inner::Unbuilt(unbuilt) = &self.0 else { return None };
        match &*unbuilt.lock().unwrap_or_else(PoisonError::into_inner) {
            Unbuilt::Builder(builder) => Some(builder.place()),
            Unbuilt::Built(_) => None,
        }
    }

    /// Returns the keys and builds them if necessary.
    ///
    /// # Errors
    ///
    /// The problems of their settings; empty if a clone has reported them before.
    pub(crate) fn build(self, clock: Option<Arc<dyn Clock>>) -> Result<Held, Vec<Problem>> {
        let unbuilt = match self.0 {
            Inner::Held(held) => return Ok(held),
            Inner::Unbuilt(unbuilt) => unbuilt,
        };
        let mut unbuilt = unbuilt.lock().unwrap_or_else(PoisonError::into_inner);
        let built = match std::mem::replace(&mut *unbuilt, Unbuilt::Built(None)) {
            Unbuilt::Builder(builder) => {
                builder.build(clock).map(Held::Source).map_err(BuildError::into_problems)?
            }
            Unbuilt::Built(built) => built.ok_or_else(Vec::new)?,
        };
        *unbuilt = Unbuilt::Built(Some(built.clone()));
        Ok(built)
    }
}

impl Held {
    /// The key source, unless the keys are fixed.
    pub(crate) fn source(&self) -> Option<&Arc<dyn KeySource>> {
        match self {
            Self::Fixed(_) => None,
            Self::Source(source) => Some(source),
        }
    }

    /// The state of the keys. Fixed ones are always fresh.
    pub(crate) fn health(&self) -> KeyHealth {
        match self {
            Self::Fixed(set) => KeyHealth::new(KeySetState::Fresh, set.len()),
            Self::Source(source) => source.health(),
        }
    }

    /// The generation of the current set.
    pub(crate) fn generation(&self) -> Option<u64> {
        match self {
            Self::Fixed(set) => Some(set.generation()),
            Self::Source(source) => source.current().map(|set| set.generation()),
        }
    }
}

impl From<KeySet> for Keys {
    fn from(set: KeySet) -> Self {
        Self(Inner::Held(Held::Fixed(Arc::new(set))))
    }
}

impl From<VerificationKey> for Keys {
    fn from(key: VerificationKey) -> Self {
        KeySet::from(key).into()
    }
}

impl<S: KeySource> From<S> for Keys {
    fn from(source: S) -> Self {
        Self(Inner::Held(Held::Source(Arc::new(source))))
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Held(held) => held.fmt(f),
            Inner::Unbuilt(_) => f.write_str("Unbuilt"),
        }
    }
}
