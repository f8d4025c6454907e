//! Revocation: rejects valid tokens that have been revoked.
//!
//! Without a revocation check, a token is accepted until it expires. Pass one to
//! [`VerifierBuilder::revocation`](crate::VerifierBuilder::revocation): a [`Denylist`] (feature `denylist`), your own
//! [`Revocation`], or [`AllOf`] of them. Each has an example. `store::RedisDenylist` (feature `redis`) and
//! `introspection::Introspection` (feature `introspection`) are checks as well.
//!
//! 1. The check runs for every token that passed all other checks of the verifier, also if it is cached.
//! 2. A token that is [`Active`](Standing::Active) is accepted.
//! 3. A token that is [`Revoked`](Standing::Revoked) is rejected, and the layer answers 401.
//! 4. If the check cannot be made, the token is rejected, and the layer answers 503.

mod all_of;
mod check;
#[cfg(feature = "denylist")]
mod denylist;
#[cfg(feature = "denylist")]
mod entry;
mod presented;

pub use self::all_of::AllOf;
pub use self::check::{Revocation, Standing};
#[cfg(feature = "denylist")]
#[cfg_attr(docsrs, doc(cfg(feature = "denylist")))]
pub use self::denylist::Denylist;
#[cfg(feature = "denylist")]
#[cfg_attr(docsrs, doc(cfg(feature = "denylist")))]
pub use self::entry::{Entry, Revoke};
pub use self::presented::Presented;
