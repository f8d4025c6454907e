//! The settings of a policy, for builders that are about one issuer.

use super::builder::VerifierBuilder;
use crate::policy::policy_settings;

policy_settings!(VerifierBuilder<C>);
