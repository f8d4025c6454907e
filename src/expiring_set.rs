//! A set whose entries expire, read without a lock.
//!
//! An entry is a keyed 16-byte digest with the second until which it counts and a number. The entries are in one table
//! with open addressing. There is one writer at a time, behind a lock. When the table is nearly full, it moves the
//! entries that have not expired to another table. Readers look for an entry in the current table, and look again if it
//! is no longer the current one.
//!
//! An entry takes 24 bytes, and a table is at most four fifths full. Former tables are kept for reuse; those of smaller
//! sizes are together as large as the current one.

use std::fmt;
use std::hash::{BuildHasher, DefaultHasher, Hasher, RandomState};
use std::sync::atomic::Ordering::{Acquire, Release};
use std::sync::{OnceLock, PoisonError};

#[cfg(not(shuttle))]
use std::sync::{Mutex, atomic::AtomicU64};

#[cfg(shuttle)]
use shuttle::sync::{Mutex, atomic::AtomicU64};

#[cfg(all(test, shuttle))]
#[path = "../tests/interleavings/expiring_set.rs"]
mod interleavings;

/// The logarithm of the size of the smallest table.
const MIN_BITS: u32 = if cfg!(shuttle) { 2 } else { 8 };
/// For each size a table and another one, so that entries can move between tables of the same size.
const TABLES: usize = 2 * (40 - MIN_BITS as usize);

/// A second that no entry outlives. An entry with it never expires.
pub(crate) const FOREVER: u32 = u32::MAX;

/// A set of [`Key`]s that expire.
pub(crate) struct ExpiringSet {
    hashing: RandomState,
    tables: [OnceLock<Table>; TABLES],
    /// The number of moves so far, and the index of the current table in the low byte. Zero without a table.
    current: AtomicU64,
    /// The slots of the current table that are not empty.
    writer: Mutex<usize>,
}

/// The keyed digest of an entry's name.
#[derive(Clone, Copy)]
pub(crate) struct Key {
    /// Not zero.
    high: u64,
    low: u64,
}

/// The beginning of a [`Key`].
#[derive(Clone)]
pub(crate) struct Prefix(DefaultHasher);

/// An entry: until when it counts, and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// The second at which it expires.
    pub(crate) until: u32,
    pub(crate) number: u32,
}

impl ExpiringSet {
    pub(crate) fn new() -> Self {
        Self {
            hashing: RandomState::new(),
            tables: [const { OnceLock::new() }; TABLES],
            current: AtomicU64::new(0),
            writer: Mutex::new(0),
        }
    }

    /// Begins the keys of entries whose names begin with this text.
    pub(crate) fn prefix(&self, text: &str) -> Prefix {
        Prefix(self.hashing.build_hasher()).and(text)
    }

    /// Finds an entry. It may have expired. Takes no lock.
    pub(crate) fn get(&self, key: Key) -> Option<Kept> {
        loop {
            let current = self.current.load(Acquire);
            let slot = self.table(current).and_then(|table| table.find(key));
            let found = slot.map(Slot::kept);
            // Otherwise the entry may have been moved, and its slot emptied.
            if self.current.load(Acquire) == current {
                return found;
            }
        }
    }

    /// Whether there has never been an entry.
    pub(crate) fn is_unused(&self) -> bool {
        self.current.load(Acquire) == 0
    }

    /// The number of entries that have not expired. It reads the whole table.
    pub(crate) fn len(&self, now: u32) -> usize {
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let table = self.table(self.current.load(Acquire));
        table.map_or(0, |table| table.live(now).count())
    }

    /// Adds an entry. If it is there already, it keeps the later time and the larger number.
    ///
    /// Returns whether it is new: it was not there, or had expired.
    pub(crate) fn insert(&self, key: Key, kept: Kept, now: u32) -> bool {
        let mut used = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let current = self.current.load(Acquire);
        let mut table = self.table(current);
        if let Some(slot) = table.and_then(|table| table.find(key)) {
            let before = slot.kept();
            let is_live = before.is_live(now);
            let merged = if is_live { before.merge(kept) } else { kept };
            slot.kept.store(merged.bits(), Release);
            return !is_live;
        }
        if table.is_none_or(|table| table.is_nearly_full(*used)) {
            (table, *used) = self.move_entries(current, now);
        }
        if let Some(table) = table {
            *used += usize::from(table.add(key, kept));
        }
        true
    }

    fn table(&self, current: u64) -> Option<&Table> {
        let index = usize::try_from((current & 0xff).checked_sub(1)?).ok()?;
        self.tables.get(index)?.get()
    }

    /// Moves the live entries to another table, which becomes the current one. Returns it with its used slots.
    fn move_entries(&self, current: u64, now: u32) -> (Option<&Table>, usize) {
        let before = self.table(current);
        let live = before.map_or(0, |table| table.live(now).count());
        // At most half full, so that moves are rare.
        let bits = (2 * (live + 1)).next_power_of_two().trailing_zeros().max(MIN_BITS);
        let mut index = u64::from(2 * (bits - MIN_BITS) + 1);
        if index == current & 0xff {
            index += 1;
        }
        let place = usize::try_from(index - 1).ok().and_then(|index| self.tables.get(index));
        // Memory ends long before the places do.
        let Some(place) = place else { return (before, 0) };
        let table = place.get_or_init(|| Table::new(bits));
        table.clear();
        let mut used = 0;
        for (key, kept) in before.into_iter().flat_map(|before| before.live(now)) {
            used += usize::from(table.add(key, kept));
        }
        self.current.store((current & !0xff) + 0x100 + index, Release);
        (Some(table), used)
    }
}

impl Prefix {
    /// Adds a text. Its length is part of the key, so that no two lists of texts have the same key by chance.
    pub(crate) fn and(mut self, text: &str) -> Self {
        self.0.write_usize(text.len());
        self.0.write(text.as_bytes());
        self
    }

    pub(crate) fn key(mut self) -> Key {
        let high = self.0.finish().max(1);
        self.0.write_u8(0);
        Key { high, low: self.0.finish() }
    }
}

impl Kept {
    pub(crate) const fn is_live(self, now: u32) -> bool {
        self.until > now || self.until == FOREVER
    }

    const fn bits(self) -> u64 {
        (self.until as u64) << 32 | self.number as u64
    }

    #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
    const fn from_bits(bits: u64) -> Self {
        Self { until: (bits >> 32) as u32, number: bits as u32 }
    }

    fn merge(self, other: Self) -> Self {
        Self { until: self.until.max(other.until), number: self.number.max(other.number) }
    }
}

/// Open addressing with linear probing. Once filled, a slot keeps its key until the table is cleared.
struct Table(Box<[Slot]>);

/// Empty if `high` is zero. It is written last.
#[derive(Default)]
struct Slot {
    high: AtomicU64,
    low: AtomicU64,
    kept: AtomicU64,
}

impl Slot {
    fn kept(&self) -> Kept {
        Kept::from_bits(self.kept.load(Acquire))
    }
}

impl Table {
    fn new(bits: u32) -> Self {
        let slots = std::iter::repeat_with(Slot::default);
        Self(slots.take(1 << bits).collect())
    }

    fn is_nearly_full(&self, used: usize) -> bool {
        5 * (used + 1) > 4 * self.0.len()
    }

    /// The slots where a key may be, in order.
    fn slots(&self, key: Key) -> impl Iterator<Item = &Slot> {
        let mask = self.0.len() - 1;
        #[expect(clippy::cast_possible_truncation, reason = "the low bits are enough")]
        let first = key.high as usize & mask;
        let (before, from) = self.0.split_at_checked(first).unwrap_or_default();
        from.iter().chain(before)
    }

    fn find(&self, key: Key) -> Option<&Slot> {
        for slot in self.slots(key) {
            match slot.high.load(Acquire) {
                0 => return None,
                high if high == key.high && slot.low.load(Acquire) == key.low => return Some(slot),
                _ => (),
            }
        }
        None
    }

    /// Fills the first empty slot. The key must not be there.
    fn add(&self, key: Key, kept: Kept) -> bool {
        let Some(slot) = self.slots(key).find(|slot| slot.high.load(Acquire) == 0) else {
            return false;
        };
        slot.kept.store(kept.bits(), Release);
        slot.low.store(key.low, Release);
        slot.high.store(key.high, Release);
        true
    }

    /// The entries that have not expired.
    fn live(&self, now: u32) -> impl Iterator<Item = (Key, Kept)> {
        self.0.iter().filter_map(move |slot| {
            let key = Key { high: slot.high.load(Acquire), low: slot.low.load(Acquire) };
            let kept = slot.kept();
            (key.high != 0 && kept.is_live(now)).then_some((key, kept))
        })
    }

    fn clear(&self) {
        for slot in &self.0 {
            slot.high.store(0, Release);
        }
    }
}

impl fmt::Debug for ExpiringSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExpiringSet")
    }
}
