//! What a policy wants to know of a payload.

use std::sync::Arc;

use crate::claims::{ClaimPath, GrantClaims};

/// What is to be found in a payload beside the registered claims.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reading {
    /// The claims whose presence is noted.
    pub(crate) required: Vec<Box<str>>,
    /// Where grants stand beside the usual claims.
    pub(crate) grants: Option<Arc<GrantClaims>>,
    /// Where the subject stands, if not in `sub`.
    pub(crate) subject: Option<ClaimPath>,
    /// Whether nobody gets to see other claims than the registered ones through the token's facts.
    pub(crate) is_sealed: bool,
}
