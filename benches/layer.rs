//! The layer around a trivial service, compared with that service, the bare signature check and hand-written
//! middleware. Prints the figures and the targets last; see `benches/README.md`.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support {
    pub(crate) mod case;
    pub(crate) mod cases;
    pub(crate) mod fixtures;
    pub(crate) mod interleave;
    pub(crate) mod parts;
    pub(crate) mod primitive;
    pub(crate) mod report;
    pub(crate) mod requests;
    pub(crate) mod service;
    pub(crate) mod threads;
}

use std::env;
use std::time::Duration;

use criterion::Criterion;
use http::StatusCode;
use support::case::Case;
use support::cases::cases;
use support::fixtures::{ALGORITHMS, Fixture, Kind, Typed};
use support::interleave::{SEED, interleave, time};
use support::primitive::Primitive;
use support::report::Report;
use support::requests::{Requests, calling};
use support::service::layered;
use support::threads::{Pair, two_by_one};
use tower_jwt_auth::Algorithm;

fn main() {
    // Without this, `decode` panics if another crate enables jsonwebtoken's second backend.
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    let has = |wanted: &str| env::args().any(|argument| argument == wanted);
    let test = has("--test") || !has("--bench");
    let mut cases = cases();
    with_criterion(&mut cases);
    if has("--list") {
        return;
    }
    let (rounds, slot) = if test { (1, 10) } else { (301, 2000) };
    let samples = interleave(&mut cases, rounds, Duration::from_micros(slot), SEED);
    let (rounds, slot) = if test { (1, 100) } else { (31, 20_000) };
    let threads = two_by_one(pairs(), rounds, Duration::from_micros(slot));
    let names = cases.into_iter().map(|case| case.name).collect();
    let report = Report { names, samples, threads };
    let figures = report.text();
    if test {
        println!("ran one round of every case: too few to measure");
    } else {
        println!("{figures}");
    }
}

/// Runs the same cases with criterion, for options such as `--save-baseline`.
fn with_criterion(cases: &mut [Case]) {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800))
        .sample_size(20)
        .configure_from_args();
    let mut group = criterion.benchmark_group("layer");
    for case in cases {
        group.bench_function(case.name.clone(), |bencher| {
            bencher.iter_custom(|calls| time(case, calls));
        });
    }
    group.finish();
    criterion.final_summary();
}

/// The cases for two concurrent threads.
fn pairs() -> Vec<Pair> {
    let mut pairs = Vec::new();
    for algorithm in ALGORITHMS {
        let fixture = Fixture::new(algorithm);
        let service = layered(fixture.verifier::<Typed>());
        pairs.push(Pair::new(format!("{algorithm} valid"), || {
            let requests = Requests::with(&fixture.tokens(Kind::Valid));
            calling(service.clone(), requests, StatusCode::OK)
        }));
        pairs.push(Pair::new(format!("{algorithm} raw"), || {
            let (_, primitive) = Primitive::all_of(&fixture).swap_remove(0);
            primitive.verifying(&fixture)
        }));
    }
    let service = layered(Fixture::new(Algorithm::HS256).verifier::<Typed>());
    pairs.push(Pair::new("no token", || {
        let requests = Requests::without_token();
        calling(service.clone(), requests, StatusCode::UNAUTHORIZED)
    }));
    pairs
}
