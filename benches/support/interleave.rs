//! Measures cases in turns, so that other work on the machine affects all of them equally.

use std::ops::Range;
use std::time::{Duration, Instant};

use super::case::Case;

/// The time of this many calls.
pub(crate) fn time(case: &mut Case, calls: u64) -> Duration {
    let start = Instant::now();
    case.run(calls);
    start.elapsed()
}

/// The number of calls that fill `slot`, from the shortest of three times. A measurement that the scheduler interrupted
/// would give the case only a few calls per round, with cold caches.
fn fill(case: &mut Case, slot: Duration) -> u64 {
    let mut calls = 1;
    loop {
        let taken = (0..3).map(|_| time(case, calls)).min().unwrap_or_default();
        if taken >= slot / 4 {
            let fit = slot.as_nanos() * u128::from(calls) / taken.as_nanos().max(1);
            return u64::try_from(fit).unwrap_or(u64::MAX).max(1);
        }
        calls *= 2;
    }
}

/// Nanoseconds per call: a row for each case, a column for each round.
pub(crate) struct Samples(pub(crate) Vec<Vec<f64>>);

/// The default seed for the order of the cases.
pub(crate) const SEED: u64 = 0x9E37_79B9_7F4A_7C15;

/// Runs every case once per round, each round in a new order.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn interleave(cases: &mut [Case], rounds: usize, slot: Duration, seed: u64) -> Samples {
    let calls: Vec<u64> = cases.iter_mut().map(|case| fill(case, slot)).collect();
    let mut samples = vec![Vec::with_capacity(rounds); cases.len()];
    let mut order: Vec<usize> = (0..cases.len()).collect();
    let mut random = Random(seed.max(1));
    for _ in 0..rounds {
        random.shuffle(&mut order);
        for &case in &order {
            let taken = time(&mut cases[case], calls[case]);
            samples[case].push(taken.as_nanos() as f64 / calls[case] as f64);
        }
    }
    Samples(samples)
}

impl Samples {
    pub(crate) fn rounds(&self) -> usize {
        self.0.first().map_or(0, Vec::len)
    }

    /// The median of a case over some of the rounds.
    pub(crate) fn median(&self, case: usize, rounds: Range<usize>) -> f64 {
        quantile(&self.0[case][rounds], 0.5)
    }

    /// The width of the middle half of the rounds, as a share of the median.
    pub(crate) fn spread(&self, case: usize) -> f64 {
        let all = &self.0[case];
        (quantile(all, 0.75) - quantile(all, 0.25)) / quantile(all, 0.5)
    }
}

#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub(crate) fn quantile(samples: &[f64], at: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = (sorted.len().saturating_sub(1) as f64 * at).round() as usize;
    sorted.get(place).copied().unwrap_or(f64::NAN)
}

/// xorshift64, which must not start at zero. The order must vary, but need not be unpredictable.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or_default() % end
    }

    fn shuffle(&mut self, order: &mut [usize]) {
        for last in (1..order.len()).rev() {
            order.swap(last, self.below(last + 1));
        }
    }
}
