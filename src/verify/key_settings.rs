//! Settings of keys that are built with the verifier.

use super::builder::{Single, SingleKeys, VerifierBuilder};
use super::problem;
use crate::key::BuildKeys;

impl<C> VerifierBuilder<C> {
    /// Changes a setting of the keys' builder. Reports a problem if the builder is not a `K`.
    pub(crate) fn change_keys<K: BuildKeys>(
        mut self,
        setting: &str,
        change: impl FnOnce(K) -> K,
    ) -> Self {
        let is_changed = match &self.single {
            Some(Single { keys: Some(SingleKeys::Other(keys)), .. }) => keys.change(change),
            _ => false,
        };
        if !is_changed {
            self.problems.push(problem::setting_of_other_keys(setting));
        }
        self
    }
}
