//! Counting what was run and what was not, so that nothing is dropped in silence.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::AddAssign;

/// Run, skipped, total.
pub type Numbers = [usize; 3];

/// How many vectors were run and how many were skipped, and what there is to say about how many of them:
/// for which reason they were skipped, for one.
///
/// The suites compare the one that was counted with one that was written by hand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    run: usize,
    skipped: usize,
    notes: BTreeMap<&'static str, usize>,
}

impl Tally {
    /// What is expected. Fails when the numbers do not add up.
    pub fn of(numbers: Numbers, notes: impl IntoIterator<Item = (usize, &'static str)>) -> Self {
        let [run, skipped, total] = numbers;
        let mut tally = Self { run, skipped, notes: BTreeMap::new() };
        assert_eq!(tally.total(), total, "{tally} does not add up");
        for (count, note) in notes.into_iter().filter(|(count, _)| *count > 0) {
            tally.note(count, note);
        }
        tally
    }

    /// One more was run.
    pub fn run(&mut self) {
        self.run += 1;
    }

    /// One more was skipped, for this reason.
    pub fn skip(&mut self, reason: &'static str) {
        self.skipped += 1;
        self.note(1, reason);
    }

    /// Says something about so many.
    pub fn note(&mut self, count: usize, note: &'static str) {
        *self.notes.entry(note).or_default() += count;
    }

    /// How many there are.
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
