//! Counts the vectors that ran and those that were skipped, so that none is omitted silently.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::AddAssign;

/// Run, skipped, total.
pub type Numbers = [usize; 3];

/// The numbers of run and skipped vectors, with notes such as the reasons for skipping and their numbers.
///
/// The suites compare the counted tally with an expected one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    run: usize,
    skipped: usize,
    notes: BTreeMap<&'static str, usize>,
}

impl Tally {
    /// The expected tally. Fails if the numbers do not add up.
    pub fn of(numbers: Numbers, notes: impl IntoIterator<Item = (usize, &'static str)>) -> Self {
        let [run, skipped, total] = numbers;
        let mut tally = Self { run, skipped, notes: BTreeMap::new() };
        assert_eq!(tally.total(), total, "{tally} does not add up");
        for (count, note) in notes.into_iter().filter(|(count, _)| *count > 0) {
            tally.note(count, note);
        }
        tally
    }

    /// Counts a vector that ran.
    pub fn run(&mut self) {
        self.run += 1;
    }

    /// Counts a vector that was skipped for this reason.
    pub fn skip(&mut self, reason: &'static str) {
        self.skipped += 1;
        self.note(1, reason);
    }

    /// Adds a note about this many vectors.
    pub fn note(&mut self, count: usize, note: &'static str) {
        *self.notes.entry(note).or_default() += count;
    }

    /// The total number of vectors.
    pub fn total(&self) -> usize {
        self.run + self.skipped
    }
}

impl AddAssign<&Self> for Tally {
    /// The sum, without the notes.
    fn add_assign(&mut self, other: &Self) {
        self.run += other.run;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    /// `run / skipped / total (reasons)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} / {} / {}", self.run, self.skipped, self.total())?;
        let notes: Vec<_> =
            self.notes.iter().map(|(note, count)| format!("{count} {note}")).collect();
        if notes.is_empty() { Ok(()) } else { write!(f, " ({})", notes.join("; ")) }
    }
}
