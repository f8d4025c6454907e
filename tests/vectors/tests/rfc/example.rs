//! The examples of one RFC: each runs, or is skipped for a reason.

use tower_jwt_auth::Algorithm;
use tower_jwt_auth::key::CryptoBackend;
use vectors::{Numbers, Tally, backends};

const NOT_IN_BACKEND: &str = "skipped: the backend does not support the algorithm";

pub(crate) const ENCRYPTED: &str = "skipped: encrypted tokens are not supported";

/// An example with its section in the RFC.
pub(crate) struct Example {
    section: &'static str,
    judge: Result<fn(CryptoBackend), &'static str>,
    needs: Option<Algorithm>,
    count: usize,
}

/// An example that runs.
pub(crate) const fn run(section: &'static str, judge: fn(CryptoBackend)) -> Example {
    Example { section, judge: Ok(judge), needs: None, count: 1 }
}

/// An example that is skipped for this reason.
pub(crate) const fn skipped(section: &'static str, reason: &'static str) -> Example {
    Example { section, judge: Err(reason), needs: None, count: 1 }
}

impl Example {
    /// Skips the example if the backend does not support this algorithm.
    pub(crate) const fn needs(mut self, algorithm: Algorithm) -> Self {
        self.needs = Some(algorithm);
        self
    }

    /// Counts the example this many times.
    pub(crate) const fn times(mut self, count: usize) -> Self {
        self.count = count;
        self
    }
}

/// The expected numbers of an RFC, by backend.
pub(crate) struct Expected {
    pub(crate) aws_lc_rs: Numbers,
    pub(crate) rust_crypto: Numbers,
    /// The reasons for skipping with every backend, and their numbers.
    pub(crate) skipped: &'static [(usize, &'static str)],
}

/// Runs every example with every backend and compares the numbers.
pub(crate) fn check(rfc: &str, examples: &[Example], expected: &Expected) {
    for backend in backends() {
        let mut tally = Tally::default();
        for example in examples {
            println!("{} {rfc} {}", backend.name(), example.section);
            match (example.judge, example.needs) {
                (Err(reason), _) => (0..example.count).for_each(|_| tally.skip(reason)),
                (Ok(_), Some(algorithm)) if !backend.supports(algorithm) => {
                    tally.skip(NOT_IN_BACKEND);
                }
                (Ok(judge), _) => {
                    judge(backend);
                    tally.run();
                }
            }
        }
        println!("{} {rfc}: {tally}", backend.name());
        let numbers = match backend {
            CryptoBackend::RustCrypto => expected.rust_crypto,
            _ => expected.aws_lc_rs,
        };
        let named: usize = expected.skipped.iter().map(|(count, _)| count).sum();
        let not_in_backend = (numbers[1] - named, NOT_IN_BACKEND);
        let notes = expected.skipped.iter().copied().chain([not_in_backend]);
        assert_eq!(tally, Tally::of(numbers, notes), "{rfc}");
    }
}
