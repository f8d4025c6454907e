//! Settings of keys that are built with the verifier.

use std::any::Any;

use super::builder::{RoadKeys, Single, VerifierBuilder};
use super::unbuilt::UnbuiltKeys;
use crate::claims::Claims;
use crate::error::Problem;

impl VerifierBuilder<Claims> {
    /// A constructor over public keys whose settings stay open.
    pub(crate) fn with_unbuilt_keys(keys: impl UnbuiltKeys) -> Self {
        Self::with_keys(Ok(RoadKeys::Other(Box::new(keys))), None)
    }
}

impl<C> VerifierBuilder<C> {
    /// Changes a setting of the keys' builder, which must be a `K`.
    pub(crate) fn change_keys<K: UnbuiltKeys>(
        mut self,
        setting: &str,
        change: impl FnOnce(K) -> K,
    ) -> Self {
        match self.single.take() {
            Some(Single { keys: Some(RoadKeys::Other(keys)), secret, name, any_name })
                if (&*keys as &dyn Any).is::<K>() =>
            {
                let keys: Box<dyn Any> = keys;
                let change = |keys: Box<K>| RoadKeys::Other(Box::new(change(*keys)));
                let keys = keys.downcast::<K>().map(change).ok();
                self.single = Some(Single { keys, secret, name, any_name });
            }
            other => {
                self.single = other;
                self.problems.push(Problem::new(
                    format!("`{setting}` on keys that this verifier does not fetch from a URL"),
                    "the setting would have no effect",
                    "Call it after `Verifier::issuer_url` or `jwks_url`, or on the builder of the keys \
                     that are passed",
                ));
            }
        }
        self
    }
}
