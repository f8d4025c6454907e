//! A verifier whose trust is replaced while the server runs.

use std::fmt;
use std::sync::Arc;

use super::builder::VerifierBuilder;
use super::current::Held;
use super::trust::Trust;
use super::verifier::Verifier;
use crate::claims::Claims;
use crate::error::BuildError;
use crate::swap::Swap;

impl<C> VerifierBuilder<C> {
    /// Like [`build`](Self::build), with a handle that replaces what the verifier trusts while the server runs.
    ///
    /// Use it if issuers, keys or tenants come from a configuration that changes. It costs one atomic load for each
    /// verification; a verifier of [`build`](Self::build) does not pay for it. If only the keys change, use a
    /// [`KeySource`](crate::key::KeySource) instead, for example [`Settable`](crate::key::Settable).
    ///
    /// # Errors
    ///
    /// The same as for [`build`](Self::build).
    #[cfg_attr(docsrs, doc(cfg(feature = "reload")))]
    pub fn reloadable(self) -> Result<(Verifier<C>, VerifierHandle<C>), BuildError> {
        let swap = Arc::new(Swap::new(Arc::new(self.build_trust()?)));
        Ok((Verifier(Held::Reloadable(Arc::clone(&swap))), VerifierHandle(swap)))
    }
}

/// Replaces what a verifier trusts, for all its clones and layers.
///
/// [`VerifierBuilder::reloadable`] returns it. A clone replaces the trust of the same verifier. If all handles are
/// dropped, the verifier keeps its last trust.
///
/// ```
/// use tower_jwt_auth::{ErrorKind, Verifier, VerifierBuilder, testing::TestIssuer};
///
/// fn trusting(issuer: &TestIssuer) -> VerifierBuilder {
///     Verifier::jwks(issuer.jwks()).issuer("https://auth.example.com").any_audience()
/// }
///
/// let old = TestIssuer::es256().issuer("https://auth.example.com");
/// let new = TestIssuer::es256().issuer("https://auth.example.com").with_other_key();
/// let (verifier, handle) = trusting(&old).reloadable()?;
/// let token = old.token().mint();
/// assert!(verifier.verify_now(&token).is_ok());
///
/// // A configuration with an error changes nothing.
/// assert!(handle.replace(Verifier::builder()).is_err());
/// assert!(verifier.verify_now(&token).is_ok());
///
/// handle.replace(trusting(&new))?;
/// assert_eq!(verifier.verify_now(&token).unwrap_err().kind(), ErrorKind::InvalidSignature);
/// assert!(verifier.verify_now(&new.token().mint()).is_ok());
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
pub struct VerifierHandle<C = Claims>(Arc<Swap<Arc<Trust<C>>>>);

impl<C> VerifierHandle<C> {
    /// Replaces the issuers and settings of the verifier with those of this builder.
    ///
    /// Requests that start after this call returned are judged with the new trust, in every clone and every layer.
    /// The token cache of the old trust is dropped with it. If a request was waiting for keys, revocation or a proof of
    /// possession, its accepted token is verified again with the new trust, but the proof is not checked again.
    ///
    /// Nothing is inherited from the old trust, except the clock and the observer: the layers have taken those, and
    /// the ones of `builder` are ignored. Set checks, revocation and cache again, for example in a function that
    /// returns the builder.
    ///
    /// No I/O happens here, so keys from a URL that the old trust did not use are fetched by the next request that
    /// needs them, or within half a minute by [`keep_fresh`](Verifier::keep_fresh). To fetch them first, `warm` a
    /// `RemoteJwks` and pass a clone of it. A source that both builders share keeps its keys.
    ///
    /// If several threads call it, the last call wins.
    ///
    /// # Errors
    ///
    /// The same as for [`build`](VerifierBuilder::build). The old trust remains in use.
    pub fn replace(&self, mut builder: VerifierBuilder<C>) -> Result<(), BuildError> {
        let current = self.0.load();
        builder.clock = Some(Arc::clone(&current.clock));
        builder.observer = current.observer.observer().cloned();
        self.0.store(Arc::new(builder.build_trust()?));
        Ok(())
    }
}

impl<C> Clone for VerifierHandle<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C> fmt::Debug for VerifierHandle<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let issuers = &self.0.load().issuers;
        f.debug_struct("VerifierHandle").field("issuers", issuers).finish_non_exhaustive()
    }
}
