//! Compares the layer with its peers: the same requests, keys, claims and checks, in one process. Every peer has a turn
//! in each round.
//!
//! `cargo run --release --manifest-path benches/peers/Cargo.toml` prints the tables in Markdown.

mod backend;
mod contest;
mod contestant;
mod json;
mod options;
mod peers;
mod probes;
mod tables;

/// Shared code of all benchmarks.
#[path = "../../support"]
#[allow(dead_code, reason = "other benchmarks use the rest")]
#[allow(clippy::pedantic, reason = "checked with the lints of the crate")]
mod support {
    pub(crate) mod case;
    pub(crate) mod fixtures;
    pub(crate) mod interleave;
    pub(crate) mod primitive;
    pub(crate) mod requests;
    pub(crate) mod service;
}

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use contest::Contest;
use contestant::Contestant;
use options::{Options, USAGE};
use probes::{Answers, Questions};
use tables::Tables;

/// The name of this crate in the tables.
const OURS: &str = "tower-jwt-auth";
/// This crate with a token cache. It is shown but not compared, because no peer has one.
const WITH_CACHE: &str = "tower-jwt-auth, cached";

fn main() -> ExitCode {
    let Some(options) = Options::read() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    backend::install();
    let mut contestants = peers::all();
    let questions = Questions::new();
    let answers: Vec<_> = contestants.iter_mut().map(|one| questions.ask(one)).collect();
    let tables = Tables { contestants: &contestants, answers: &answers };
    println!("{}\n{}\n{}", tables.contestants(), tables.answers(), tables.not_available());
    judge(options, &contestants, &answers)?;

    let (rounds, slot) = if options.test { (1, 1) } else { (options.rounds, 2000) };
    let contest = Contest::run(&contestants, rounds, Duration::from_micros(slot), options.seed);
    if options.test {
        println!("ran one round of every case: too few to measure");
        return Ok(());
    }
    println!("{} rounds, shuffled with seed {}.\n", contest.rounds(), options.seed);
    println!("{}", tables.figures(&contest));
    if let Some(file) = &options.json {
        let figures = format!("{:#}\n", json::of(&contest, &contestants, options.seed));
        let folder = Path::new(file).parent().unwrap_or(Path::new(""));
        let written = fs::create_dir_all(folder).and_then(|()| fs::write(file, figures));
        written.map_err(|error| format!("{file}: {error}"))?;
    }
    let behind = tables.behind(&contest);
    print!("{behind}");
    let is_behind = options.assert && !behind.is_empty();
    if is_behind { Err(format!("{OURS} does not add the least in every case")) } else { Ok(()) }
}

/// This crate must answer every probe correctly. A peer that fails a required probe is not measured, and fails a test
/// run.
fn judge(
    options: &Options,
    contestants: &[Contestant],
    answers: &[Vec<Answers>],
) -> Result<(), String> {
    for (contestant, answers) in contestants.iter().zip(answers) {
        let is_ours = [OURS, WITH_CACHE].contains(&contestant.name);
        for answers in answers.iter().filter(|_| is_ours || options.test) {
            if let Some(probe) = answers.first_failed(is_ours) {
                let (name, algorithm, probe) = (contestant.name, answers.algorithm, probe.name());
                return Err(format!("{name}, {algorithm}: a wrong answer to {probe}"));
            }
        }
    }
    Ok(())
}
