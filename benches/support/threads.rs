//! The CPU time of a call while two threads call concurrently.

use std::sync::Barrier;
use std::time::Duration;

use cpu_time::ThreadTime;

use super::interleave::quantile;
use super::report::Scaling;

/// A service with separate requests for each of two threads.
pub(crate) struct Pair {
    name: String,
    repeat: [Box<dyn FnMut(u64) + Send>; 2],
}

impl Pair {
    pub(crate) fn new<F: FnMut() + Send + 'static>(
        name: impl Into<String>,
        make: impl Fn() -> F,
    ) -> Self {
        let repeat = || -> Box<dyn FnMut(u64) + Send> {
            let mut call = make();
            Box::new(move |times| (0..times).for_each(|_| call()))
        };
        Self { name: name.into(), repeat: [repeat(), repeat()] }
    }

    /// The number of calls that take one thread about as long as `slot`.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn fill(&mut self, slot: Duration) -> u64 {
        let mut calls = 1;
        loop {
            let taken = cpu(&mut self.repeat[..1], calls);
            if taken >= slot.as_secs_f64() / 4.0 {
                return ((slot.as_secs_f64() / taken) as u64 * calls).max(1);
            }
            calls *= 2;
        }
    }
}

/// CPU time per call on two threads, divided by that on one: the median over the rounds for each pair. Every pair runs
/// once per round.
pub(crate) fn two_by_one(mut pairs: Vec<Pair>, rounds: usize, slot: Duration) -> Vec<Scaling> {
    let calls: Vec<u64> = pairs.iter_mut().map(|pair| pair.fill(slot)).collect();
    let mut ratios = vec![Vec::with_capacity(rounds); pairs.len()];
    for _ in 0..rounds {
        for ((pair, calls), ratios) in pairs.iter_mut().zip(&calls).zip(&mut ratios) {
            let alone = cpu(&mut pair.repeat[..1], *calls);
            let together = cpu(&mut pair.repeat, *calls) / 2.0;
            ratios.push(together / alone);
        }
    }
    let scaling = |(pair, ratios): (Pair, Vec<f64>)| Scaling {
        name: pair.name,
        ratio: quantile(&ratios, 0.5),
        spread: (quantile(&ratios, 0.75) - quantile(&ratios, 0.25)) / 2.0,
    };
    pairs.into_iter().zip(ratios).map(scaling).collect()
}

/// The total CPU seconds of all threads, each of which makes this many calls.
fn cpu(threads: &mut [Box<dyn FnMut(u64) + Send>], calls: u64) -> f64 {
    let barrier = &Barrier::new(threads.len());
    std::thread::scope(|scope| {
        let spawn = |repeat: &mut Box<dyn FnMut(u64) + Send>| {
            barrier.wait();
            let start = ThreadTime::now();
            repeat(calls);
            start.elapsed().as_secs_f64()
        };
        let running: Vec<_> =
            threads.iter_mut().map(|repeat| scope.spawn(move || spawn(repeat))).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).sum()
    })
}
