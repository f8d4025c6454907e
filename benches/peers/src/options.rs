//! The command line.

use std::env;

use crate::support::interleave::SEED;

pub(crate) const USAGE: &str = "\
peers [--test] [--assert] [--json FILE] [--rounds N] [--seed N]

--test    checks the verdicts of every crate, and calls every case once
--assert  fails if a peer adds less than this crate
--json    writes the figures for plot.py";

pub(crate) struct Options {
    pub(crate) test: bool,
    pub(crate) assert: bool,
    pub(crate) json: Option<String>,
    pub(crate) rounds: usize,
    pub(crate) seed: u64,
}

impl Options {
    pub(crate) fn read() -> Option<Self> {
        let mut options = Self { test: false, assert: false, json: None, rounds: 301, seed: SEED };
        let mut arguments = env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--test" => options.test = true,
                "--assert" => options.assert = true,
                "--json" => options.json = Some(arguments.next()?),
                "--rounds" => options.rounds = arguments.next()?.parse().ok()?,
                "--seed" => options.seed = arguments.next()?.parse().ok()?,
                _ => return None,
            }
        }
        Some(options)
    }
}
