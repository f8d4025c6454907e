//! The cached verdicts: bounded, with an expiry for each, by a clock that the caller reads.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::failed::Outcome;

/// The largest number of cached verdicts.
const MOST_ENTRIES: usize = 10_000;

/// The digest of a token, without its signature.
pub(super) type Digest = [u8; 32];

/// All times are monotonic.
#[derive(Debug, Default)]
pub(super) struct Verdicts {
    entries: HashMap<Digest, Entry>,
    /// When each entry ends, in the order of insertion. An entry that was replaced appears again.
    order: VecDeque<(Digest, Duration)>,
}

#[derive(Debug)]
struct Entry {
    outcome: Outcome,
    until: Duration,
}

impl Verdicts {
    pub(super) fn get(&self, digest: &Digest, now: Duration) -> Option<&Outcome> {
        self.entries.get(digest).filter(|entry| now < entry.until).map(|entry| &entry.outcome)
    }

    /// Stores a verdict until this time. If there are too many, the oldest is dropped.
    pub(super) fn insert(
        &mut self,
        digest: Digest,
        outcome: Outcome,
        now: Duration,
        until: Duration,
    ) {
        if until <= now {
            return;
        }
        while let Some((oldest, end)) = self.order.front().copied() {
            if self.order.len() < MOST_ENTRIES && now < end {
                break;
            }
            self.order.pop_front();
            if self.entries.get(&oldest).is_some_and(|entry| entry.until == end) {
                self.entries.remove(&oldest);
            }
        }
        self.order.push_back((digest, until));
        self.entries.insert(digest, Entry { outcome, until });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::revocation::Standing;

    const SECOND: Duration = Duration::from_secs(1);

    fn digest(number: u32) -> Digest {
        let mut digest = [0; 32];
        digest[..4].copy_from_slice(&number.to_be_bytes());
        digest
    }

    fn insert(verdicts: &mut Verdicts, number: u32, now: Duration, until: Duration) {
        verdicts.insert(digest(number), Ok(Standing::Active), now, until);
    }

    #[test]
    fn an_entry_ends_at_its_time() {
        let mut verdicts = Verdicts::default();
        insert(&mut verdicts, 1, SECOND, 3 * SECOND);
        let before = (3 * SECOND).saturating_sub(Duration::from_nanos(1));
        assert!(verdicts.get(&digest(1), before).is_some());
        assert!(verdicts.get(&digest(1), 3 * SECOND).is_none());
        assert!(verdicts.get(&digest(2), before).is_none());
        // What has ended already is not stored.
        insert(&mut verdicts, 2, SECOND, SECOND);
        assert!(verdicts.get(&digest(2), Duration::ZERO).is_none());
    }

    #[test]
    fn the_number_of_entries_is_bounded() {
        let mut verdicts = Verdicts::default();
        for number in 0..25_000 {
            insert(&mut verdicts, number, SECOND, 30 * SECOND);
        }
        assert_eq!((verdicts.entries.len(), verdicts.order.len()), (MOST_ENTRIES, MOST_ENTRIES));
        assert!(verdicts.get(&digest(14_999), SECOND).is_none());
        assert!(verdicts.get(&digest(15_000), SECOND).is_some());
    }

    #[test]
    fn replaced_entries_neither_grow_nor_remove_the_new_one() {
        let mut verdicts = Verdicts::default();
        insert(&mut verdicts, 0, Duration::ZERO, 1000 * SECOND);
        for time in 0..20_000 {
            let now = SECOND * time / 1000;
            insert(&mut verdicts, 1, now, now + 5 * SECOND);
            assert!(verdicts.get(&digest(1), now).is_some());
        }
        assert!(verdicts.order.len() <= MOST_ENTRIES && verdicts.entries.len() <= 2);
    }
}
