//! The expected numbers, and the comparison with the actual ones.

use std::collections::BTreeSet;
use std::fmt::Debug;

use tower_jwt_auth::key::CryptoBackend;
use vectors::{Numbers, Tally, backends};

use super::case::{Case, run};

pub(crate) const NOT_IN_BACKEND: &str = "skipped: the backend does not support the algorithm";

/// The expected numbers of one set.
pub(crate) struct Row {
    set: &'static str,
    numbers: Numbers,
    notes: [(usize, &'static str); 3],
}

/// Run, skipped and total of a set.
pub(crate) const fn row(set: &'static str, numbers: Numbers) -> Row {
    Row { set, numbers, notes: [(0, ""); 3] }
}

impl Row {
    /// Notes about this many of them.
    pub(crate) const fn with(mut self, count: usize, note: &'static str) -> Self {
        let mut free = 0;
        while self.notes[free].0 != 0 {
            free += 1;
        }
        self.notes[free] = (count, note);
        self
    }

    /// A note about all of them.
    pub(crate) const fn all(self, note: &'static str) -> Self {
        let [.., total] = self.numbers;
        self.with(total, note)
    }

    fn expected(&self) -> Tally {
        Tally::of(self.numbers, self.notes)
    }
}

/// The sums of a table.
pub(crate) struct Sums {
    pub(crate) aws_lc_rs: Numbers,
    pub(crate) rust_crypto: Numbers,
}

/// Runs every set of a kind with every backend and compares the numbers with the table. The table must have a row for
/// each set in `known`, so that none is omitted silently.
pub(crate) fn check<N: std::str::FromStr<Err: Debug> + Debug>(
    kind: &str,
    known: &[N],
    table: &[Row],
    sums: &Sums,
    cases: impl Fn(&str) -> Vec<Case>,
) {
    let with_row: BTreeSet<_> =
        table.iter().map(|row| format!("{:?}", row.set.parse::<N>().unwrap())).collect();
    let known: BTreeSet<_> = known.iter().map(|set| format!("{set:?}")).collect();
    assert_eq!(with_row, known, "not every set has a row");
    assert_eq!(table.len(), known.len(), "a set has two rows");

    let (mut sum, mut wrong) = ([Tally::default(), Tally::default()], Vec::new());
    for row in table {
        let cases = cases(row.set);
        for (backend, sum) in backends().into_iter().zip(&mut sum) {
            let (tally, disagreements) = run(row.set, &cases, backend);
            println!("{} {}: {tally}", backend.name(), row.set);
            let expected = row.expected();
            if tally != expected {
                wrong.push(format!("{} {}: {tally}, not {expected}", backend.name(), row.set));
            }
            wrong.extend(disagreements);
            *sum += &tally;
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    for (backend, sum) in backends().into_iter().zip(&sum) {
        println!("{} {kind}, {} sets: {sum}", backend.name(), table.len());
        let expected = match backend {
            CryptoBackend::RustCrypto => sums.rust_crypto,
            _ => sums.aws_lc_rs,
        };
        assert_eq!(*sum, Tally::of(expected, []), "{kind}");
    }
}
