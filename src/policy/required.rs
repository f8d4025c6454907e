//! Claims that have to be there.

use crate::error::{Error, ErrorKind};

/// The most claims that can be required: presence is kept as bits.
pub(super) const MAX_REQUIRED: usize = 64;

/// `present` has a bit for each required claim that is there and not null.
pub(super) fn check_required(required: &[Box<str>], present: u64) -> Result<(), Error> {
    let missing = u32::try_from(required.len()).map_or(true, |len| present.count_ones() < len);
    if missing {
        return Err(Error::new(ErrorKind::MissingClaim).with_detail("a claim of the policy's list"));
    }
    Ok(())
}
