//! Going through the cases of a property.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::thread;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner, contextualize_config};

/// What came of one case.
pub(super) type Judged = Result<(), TestCaseError>;

/// Any number will do, as long as it stays: a failure has to come again.
const SEED: u64 = 0x7519;

/// Judges the cases that the strategy makes; the environment may ask for another number of them than the
/// usual one.
#[track_caller]
pub(super) fn for_all<S: Strategy>(
    usual: u32,
    strategy: &S,
    judge: impl Fn(S::Value) -> Judged,
) -> Ran {
    let config = Config {
        cases: usual,
        rng_seed: RngSeed::Fixed(SEED),
        // The seed is fixed, so that there is nothing to remember: no files are written.
        failure_persistence: None,
        max_shrink_iters: 4_096,
        ..Config::default()
    };
    let config = contextualize_config(config);
    let cases = config.cases;
    let judged = Cell::new(0);
    let outcome = TestRunner::new(config).run(strategy, |case| {
        judged.set(judged.get() + 1);
        judge(case)
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    assert_eq!(judged.get(), cases, "a case was left out");
    let thread = thread::current();
    println!("{}: {cases} cases", thread.name().unwrap_or("a property"));
    Ran { enough: cases >= usual }
}

/// A suite that went well.
pub(super) struct Ran {
    enough: bool,
}

impl Ran {
    /// Expects that all of this was seen: a property is worth nothing where all tokens are refused.
    #[track_caller]
    pub(super) fn and_saw<I>(self, seen: &Seen, expected: I)
    where
        I: IntoIterator<Item = &'static str>,
    {
        let seen = seen.0.borrow();
        println!("  {seen:?}");
        for what in expected {
            // Whoever asks for a handful of cases does not see everything.
            assert!(!self.enough || seen.contains_key(what), "never seen: {what}");
        }
    }
}

/// Counts what came up in the cases.
#[derive(Debug, Default)]
pub(super) struct Seen(RefCell<BTreeMap<String, u64>>);

impl Seen {
    pub(super) fn note(&self, what: impl Display + Copy) {
        *self.0.borrow_mut().entry(what.to_string()).or_insert(0) += 1;
    }

    pub(super) fn accepted<T, E>(&self, outcome: &Result<T, E>) {
        self.note(if outcome.is_ok() { "accepted" } else { "refused" });
    }
}
