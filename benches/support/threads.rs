//! What a call costs when two threads call at once.

use std::hint::black_box;
use std::sync::Barrier;
use std::time::Duration;

use cpu_time::ThreadTime;

use super::interleave::quantile;

/// A service with requests of its own for each of two threads.
pub(crate) struct Pair {
    pub(crate) name: String,
    repeat: [Box<dyn FnMut(u64) + Send>; 2],
}

impl Pair {
    pub(crate) fn new<T>(
        name: impl Into<String>,
        make: impl Fn() -> Box<dyn FnMut() -> T + Send>,
    ) -> Self
    where
        T: 'static,
    {
        let repeat = || -> Box<dyn FnMut(u64) + Send> {
            let mut call = make();
            Box::new(move |times| {
                for _ in 0..times {
                    black_box(call());
                }
            })
        };
        Self {
            name: name.into(),
            repeat: [repeat(), repeat()],
        }
    }

    /// CPU time per call on two threads, divided by that on one: the median over the rounds, and the
    /// spread of its middle half.
    pub(crate) fn two_by_one(&mut self, rounds: usize, slot: Duration) -> (f64, f64) {
        let calls = self.fill(slot);
        let ratios: Vec<f64> = (0..rounds)
            .map(|_| {
                let alone = cpu(&mut self.repeat[..1], calls);
                let together = cpu(&mut self.repeat, calls) / 2.0;
                together / alone
            })
            .collect();
        let spread = quantile(&ratios, 0.75) - quantile(&ratios, 0.25);
        (quantile(&ratios, 0.5), spread)
    }

    /// As many calls as take a thread about as long as `slot`.
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

/// The CPU seconds of all threads together, each of which makes so many calls.
fn cpu(threads: &mut [Box<dyn FnMut(u64) + Send>], calls: u64) -> f64 {
    let barrier = &Barrier::new(threads.len());
    std::thread::scope(|scope| {
        let spawn = |repeat: &mut Box<dyn FnMut(u64) + Send>| {
            let mut seconds = 0.0;
            allocation_counter::opt_out(|| {
                barrier.wait();
                let start = ThreadTime::now();
                repeat(calls);
                seconds = start.elapsed().as_secs_f64();
            });
            seconds
        };
        let running: Vec<_> = threads
            .iter_mut()
            .map(|repeat| scope.spawn(move || spawn(repeat)))
            .collect();
        running
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    })
}
