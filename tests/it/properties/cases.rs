//! Runs a property over generated cases.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::thread;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner, contextualize_config};

/// The outcome of one case.
pub(super) type Judged = Result<(), TestCaseError>;

/// Any fixed number, so that a failure can be reproduced.
const SEED: u64 = 0x7519;

/// Tests the cases that the strategy generates. The environment may override the default number of cases.
#[track_caller]
pub(super) fn for_all<S: Strategy>(
    usual: u32,
    strategy: &S,
    judge: impl Fn(S::Value) -> Judged,
) -> Ran {
    let config = Config {
        cases: usual,
        rng_seed: RngSeed::Fixed(SEED),
        // The seed is fixed, so no regression files are needed.
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
    assert_eq!(judged.get(), cases, "some cases did not run");
    let thread = thread::current();
    println!("{}: {cases} cases", thread.name().unwrap_or("a property"));
    Ran { enough: cases >= usual }
}

/// A passed property.
pub(super) struct Ran {
    enough: bool,
}

impl Ran {
    /// Asserts that each of these occurred. A property in which every token is rejected would prove nothing.
    #[track_caller]
    pub(super) fn and_saw<I>(self, seen: &Seen, expected: I)
    where
        I: IntoIterator<Item = &'static str>,
    {
        let seen = seen.0.borrow();
        println!("  {seen:?}");
        for what in expected {
            // A small number of cases may not cover everything.
            assert!(!self.enough || seen.contains_key(what), "never seen: {what}");
        }
    }
}

/// Counts the outcomes of the cases.
#[derive(Debug, Default)]
pub(super) struct Seen(RefCell<BTreeMap<String, u64>>);

impl Seen {
    pub(super) fn note(&self, what: impl Display + Copy) {
        *self.0.borrow_mut().entry(what.to_string()).or_insert(0) += 1;
    }

    pub(super) fn accepted<T, E>(&self, outcome: &Result<T, E>) {
        self.note(if outcome.is_ok() { "accepted" } else { "rejected" });
    }
}
