//! The policy settings of a builder for one issuer.

use super::builder::VerifierBuilder;
use crate::policy::policy_settings;

policy_settings!(VerifierBuilder<C>);
