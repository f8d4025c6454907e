//! A set whose entries expire, read without a lock.
//!
//! An entry is a keyed 16-byte digest with the second until which it counts and a number. The entries are in one table
//! with open addressing. There is one writer at a time, behind a lock. When the table is nearly full, it moves the
//! entries that have not expired to another table. Readers look for an entry in the current table, and look again if it
//! is no longer the current one.
//!
//! An entry takes 24 bytes, and a table is at most four fifths full. Former tables are kept for reuse. There are at most
//! two of each size, so all of them together are at most four times as large as the largest.

use std::fmt;
use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState};
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

/// Spreads the classes over all bits of a key.
const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

/// A set of names that expire.
pub(crate) struct ExpiringSet {
    hashing: RandomState,
    tables: [OnceLock<Table>; TABLES],
    /// The number of moves so far, and the index of the current table in the low byte. Zero without a table.
    current: AtomicU64,
    /// The slots of the current table that are not empty.
    writer: Mutex<usize>,
}

/// What the names of several entries begin with, hashed.
pub(crate) struct Group(DefaultHasher);

/// The name of an entry, hashed.
pub(crate) struct Name {
    hasher: DefaultHasher,
    class: u64,
}

/// The keyed digest of a name.
#[derive(Clone, Copy)]
struct Key {
    /// Not zero.
    high: u64,
    low: u64,
}

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

    /// The group of the entries whose names begin with this text.
    pub(crate) fn group(&self, text: &str) -> Group {
        let mut hasher = self.hashing.build_hasher();
        // With its end, so that other texts of the same bytes are another name.
        text.hash(&mut hasher);
        Group(hasher)
    }

    /// Finds an entry. It may have expired. Takes no lock.
    #[inline]
    pub(crate) fn get(&self, name: &Name) -> Option<Kept> {
        let high = name.high();
        loop {
            let current = self.current.load(Acquire);
            let slot = self.table(current).and_then(|table| table.find(high, || name.low()));
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
    pub(crate) fn insert(&self, name: &Name, kept: Kept, now: u32) -> bool {
        let key = name.key();
        let mut used = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let current = self.current.load(Acquire);
        let mut table = self.table(current);
        if let Some(slot) = table.and_then(|table| table.find(key.high, || key.low)) {
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

impl Group {
    /// The name of an entry of this group. Names with the same text and another class are different.
    #[inline]
    pub(crate) fn name(&self, class: u8, text: &str) -> Name {
        let mut hasher = self.0.clone();
        // Without an end: the hash includes the length.
        hasher.write(text.as_bytes());
        Name { hasher, class: u64::from(class).wrapping_mul(ODD) }
    }
}

impl Name {
    fn key(&self) -> Key {
        Key { high: self.high(), low: self.low() }
    }

    /// For a search, which needs the other half only if this one is found.
    #[inline]
    fn high(&self) -> u64 {
        (self.hasher.finish() ^ self.class).max(1)
    }

    fn low(&self) -> u64 {
        let mut longer = self.hasher.clone();
        longer.write_u8(0);
        longer.finish() ^ self.class
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
struct Table {
    /// The high half of each key, and zero for an empty slot. It is written last. Apart from the rest, so that a search
    /// reads little memory.
    highs: Box<[AtomicU64]>,
    slots: Box<[Slot]>,
}

#[derive(Default)]
struct Slot {
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
        fn filled<T: Default>(bits: u32) -> Box<[T]> {
            std::iter::repeat_with(T::default).take(1 << bits).collect()
        }
        Self { highs: filled(bits), slots: filled(bits) }
    }

    fn is_nearly_full(&self, used: usize) -> bool {
        5 * (used + 1) > 4 * self.highs.len()
    }

    /// Finds the slot of a key, or else the first empty one. The second value is the high half that is there.
    #[inline]
    fn search(&self, high: u64, low: impl Fn() -> u64) -> Option<(usize, u64)> {
        let mask = self.highs.len() - 1;
        #[expect(clippy::cast_possible_truncation, reason = "the low bits are enough")]
        let first = high as usize;
        for step in 0..self.highs.len() {
            let index = first.wrapping_add(step) & mask;
            let found = self.highs.get(index)?.load(Acquire);
            let is_same = || Some(self.slots.get(index)?.low.load(Acquire) == low());
            if found == 0 || (found == high && is_same()?) {
                return Some((index, found));
            }
        }
        None
    }

    #[inline]
    fn find(&self, high: u64, low: impl Fn() -> u64) -> Option<&Slot> {
        let (index, found) = self.search(high, low)?;
        if found == 0 { None } else { self.slots.get(index) }
    }

    /// Fills the first empty slot. The key must not be there.
    fn add(&self, key: Key, kept: Kept) -> bool {
        let Some((index, 0)) = self.search(key.high, || key.low) else { return false };
        let (Some(high), Some(slot)) = (self.highs.get(index), self.slots.get(index)) else {
            return false;
        };
        slot.kept.store(kept.bits(), Release);
        slot.low.store(key.low, Release);
        high.store(key.high, Release);
        true
    }

    /// The entries that have not expired.
    fn live(&self, now: u32) -> impl Iterator<Item = (Key, Kept)> {
        self.highs.iter().zip(&self.slots).filter_map(move |(high, slot)| {
            let key = Key { high: high.load(Acquire), low: slot.low.load(Acquire) };
            let kept = slot.kept();
            (key.high != 0 && kept.is_live(now)).then_some((key, kept))
        })
    }

    fn clear(&self) {
        for high in &self.highs {
            high.store(0, Release);
        }
    }
}

impl fmt::Debug for ExpiringSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExpiringSet")
    }
}
