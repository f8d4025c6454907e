//! The layer around a trivial service, beside that service, the bare signature check and what is
//! written by hand. Prints the figures and the targets last; see `benches/README.md`.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support {
    pub(crate) mod fixtures;
    pub(crate) mod interleave;
    pub(crate) mod primitive;
    pub(crate) mod service;
    pub(crate) mod threads;
}

use std::env;
use std::ops::Range;
use std::time::Duration;

use criterion::Criterion;
use http::StatusCode;
use support::fixtures::{ALGORITHMS, Fixture, Kind, Typed};
use support::interleave::{Case, Samples, interleave};
use support::primitive;
use support::service::{Requests, bare, calling, hand_rolled, layered};
use support::threads::Pair;
use tower_jwt_auth::{Algorithm, Claims};

/// What the typed claims allocate by themselves: a string for each of eight.
const TYPED_ALLOCATIONS: f64 = 8.0;

fn main() {
    // `decode` would otherwise panic where another crate turns jsonwebtoken's second backend on.
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    let has = |wanted: &str| env::args().any(|argument| argument == wanted);
    let mut cases = cases();
    let allocations: Vec<f64> = cases.iter_mut().map(|case| case.allocations(64)).collect();
    // Counting costs a little; what is measured from here on is not counted.
    allocation_counter::opt_out(|| {
        with_criterion(&mut cases);
        if has("--list") {
            return;
        }
        let test = has("--test") || !has("--bench");
        let (rounds, slot) = if test { (1, 10) } else { (301, 2000) };
        let samples = interleave(&mut cases, rounds, Duration::from_micros(slot));
        let (rounds, slot) = if test { (1, 100) } else { (31, 20_000) };
        let threads: Vec<_> = pairs()
            .into_iter()
            .map(|mut pair| {
                let (ratio, spread) = pair.two_by_one(rounds, Duration::from_micros(slot));
                (pair.name, ratio, spread)
            })
            .collect();
        let report = Report {
            names: cases.into_iter().map(|case| case.name).collect(),
            allocations,
            samples,
        };
        report.print(&threads);
    });
}

fn cases() -> Vec<Case> {
    let (ok, unauthorized) = (StatusCode::OK, StatusCode::UNAUTHORIZED);
    let fixtures = ALGORITHMS.map(Fixture::new);
    let mut cases = Vec::new();
    let [hmac, ..] = &fixtures;
    let requests = || Requests::with(&hmac.tokens(Kind::Valid));
    cases.push(Case::new("bare", calling(bare(), requests(), ok)));
    let tokenless = Requests::without_token();
    cases.push(Case::new("bare, no token", calling(bare(), tokenless, ok)));

    for fixture in &fixtures {
        let algorithm = fixture.algorithm;
        let case = |what: &str| format!("{algorithm} {what}");
        cases.push(Case::new(case("raw"), primitive::verifying(fixture)));
        let service = layered(fixture.verifier::<Typed>());
        for kind in [Kind::Valid, Kind::BadSignature] {
            let status = if kind == Kind::Valid {
                ok
            } else {
                unauthorized
            };
            let requests = Requests::with(&fixture.tokens(kind));
            let call = calling(service.clone(), requests, status);
            cases.push(Case::new(case(kind.name()), call));
        }
        let requests = Requests::with(&fixture.tokens(Kind::Valid));
        let call = calling(hand_rolled(fixture), requests, ok);
        cases.push(Case::new(case("hand-rolled"), call));
    }

    let service = layered(hmac.verifier::<Claims>());
    let call = calling(service, requests(), ok);
    cases.push(Case::new("HS256 valid, Claims", call));
    let service = layered(hmac.verifier::<Typed>());
    for kind in [Kind::Expired, Kind::UnknownKey, Kind::Malformed] {
        let requests = Requests::with(&hmac.tokens(kind));
        let call = calling(service.clone(), requests, unauthorized);
        cases.push(Case::new(format!("HS256 {}", kind.name()), call));
    }
    let tokenless = Requests::without_token();
    let call = calling(service, tokenless, unauthorized);
    cases.push(Case::new("no token", call));
    cases
}

/// The same with criterion, for `--save-baseline` and its like.
fn with_criterion(cases: &mut [Case]) {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800))
        .sample_size(20)
        .configure_from_args();
    let mut group = criterion.benchmark_group("layer");
    for case in cases {
        group.bench_function(case.name.clone(), |bencher| {
            bencher.iter_custom(|calls| case.time(calls));
        });
    }
    group.finish();
    criterion.final_summary();
}

/// What two threads do at once.
fn pairs() -> Vec<Pair> {
    let mut pairs = Vec::new();
    for algorithm in ALGORITHMS {
        let fixture = Fixture::new(algorithm);
        let service = layered(fixture.verifier::<Typed>());
        pairs.push(Pair::new(format!("{algorithm} valid"), || {
            let requests = Requests::with(&fixture.tokens(Kind::Valid));
            Box::new(calling(service.clone(), requests, StatusCode::OK))
        }));
        pairs.push(Pair::new(format!("{algorithm} raw"), || {
            Box::new(primitive::verifying(&fixture))
        }));
    }
    let service = layered(Fixture::new(Algorithm::HS256).verifier::<Typed>());
    pairs.push(Pair::new("no token", || {
        let requests = Requests::without_token();
        Box::new(calling(service.clone(), requests, StatusCode::UNAUTHORIZED))
    }));
    pairs
}

struct Report {
    names: Vec<String>,
    allocations: Vec<f64>,
    samples: Samples,
}

impl Report {
    fn case(&self, name: &str) -> usize {
        let at = self.names.iter().position(|case| case == name);
        at.unwrap_or_else(|| panic!("no case `{name}`"))
    }

    fn nanos(&self, name: &str, rounds: &Range<usize>) -> f64 {
        self.samples.median(self.case(name), rounds.clone())
    }

    /// The same request without the layer.
    fn bare(name: &str) -> &'static str {
        match name {
            "no token" => "bare, no token",
            _ => "bare",
        }
    }

    fn added(&self, name: &str, rounds: &Range<usize>) -> f64 {
        self.nanos(name, rounds) - self.nanos(Self::bare(name), rounds)
    }

    fn added_allocations(&self, name: &str) -> f64 {
        let allocations = |name| self.allocations[self.case(name)];
        allocations(name) - allocations(Self::bare(name))
    }

    /// Added time as a multiple of the raw check of the same algorithm.
    fn by_raw(&self, name: &str, rounds: &Range<usize>) -> Option<f64> {
        let (algorithm, _) = name.split_once(' ')?;
        let raw = format!("{algorithm} raw");
        self.names
            .contains(&raw)
            .then(|| self.added(name, rounds) / self.nanos(&raw, rounds))
    }

    /// Added time as a multiple of what the hand-rolled service adds.
    fn by_hand_rolled(&self, name: &str, rounds: &Range<usize>) -> Option<f64> {
        let (algorithm, what) = name.split_once(' ')?;
        let other = format!("{algorithm} hand-rolled");
        let comparable = what.starts_with("valid") && self.names.contains(&other);
        comparable.then(|| self.added(name, rounds) / self.added(&other, rounds))
    }

    fn print(&self, threads: &[(String, f64, f64)]) {
        let all = 0..self.samples.rounds();
        println!(
            "\nMedians of {} rounds; ns per call, spread of the middle half",
            all.end
        );
        println!(
            "\n| {:<21} | {:>8} | {:>6} | {:>8} | {:>9} | {:>13} | {:>6} |",
            "case", "ns", "spread", "added", "added/raw", "/ hand-rolled", "allocs"
        );
        println!(
            "|{:-<23}|{:->9}:|{:->7}:|{:->9}:|{:->10}:|{:->14}:|{:->7}:|",
            "", "", "", "", "", "", ""
        );
        for name in &self.names {
            let alone = name.ends_with("raw") || name.starts_with("bare");
            let show = |figure: Option<f64>, decimals| match figure {
                Some(figure) if !alone => format!("{figure:.decimals$}"),
                _ => String::new(),
            };
            println!(
                "| {name:<21} | {:>8.0} | {:>5.1}% | {:>8} | {:>9} | {:>13} | {:>6} |",
                self.nanos(name, &all),
                self.samples.spread(self.case(name)) * 100.0,
                show(Some(self.added(name, &all)), 0),
                show(self.by_raw(name, &all), 2),
                show(self.by_hand_rolled(name, &all), 2),
                show(Some(self.added_allocations(name)), 0),
            );
        }
        self.print_targets(threads);
        println!("\nNo future was ever pending (9).");
    }

    fn print_targets(&self, threads: &[(String, f64, f64)]) {
        println!(
            "\n| # | {:<44} | {:>6} | {:>13} | {:>6} | {:<6} |",
            "target", "figure", "halves", "most", ""
        );
        println!(
            "|---|{:-<46}|{:->7}:|{:->14}:|{:->7}:|{:-<8}|",
            "", "", "", "", ""
        );
        let row = |number: u8, what: &str, figure: f64, halves: &str, most: f64| {
            let verdict = if figure <= most { "met" } else { "missed" };
            println!(
                "| {number} | {what:<44} | {figure:>6.2} | {halves:>13} | {most:>6.2} | {verdict:<6} |"
            );
        };
        // A figure of each half of the rounds shows how far it can be trusted.
        let timed = |number, what: &str, figure: &dyn Fn(&Range<usize>) -> f64, most| {
            let (all, middle) = (self.samples.rounds(), self.samples.rounds() / 2);
            let (first, second) = (figure(&(0..middle.max(1))), figure(&(middle..all)));
            row(
                number,
                what,
                figure(&(0..all)),
                &format!("{first:.2} – {second:.2}"),
                most,
            );
        };
        let by_raw = |name: &'static str| {
            move |rounds: &Range<usize>| self.by_raw(name, rounds).unwrap_or(f64::NAN)
        };
        timed(
            1,
            "HS256 valid: added / raw (floor)",
            &by_raw("HS256 valid"),
            4.5,
        );
        timed(
            1,
            "HS256 valid: added / raw (target)",
            &by_raw("HS256 valid"),
            3.3,
        );
        let neighbour = |rounds: &Range<usize>| {
            self.by_hand_rolled("HS256 valid", rounds)
                .unwrap_or(f64::NAN)
        };
        timed(2, "HS256 valid: added / hand-rolled", &neighbour, 0.40);
        timed(3, "RS256 valid: added / raw", &by_raw("RS256 valid"), 1.12);
        timed(4, "ES256 valid: added / raw", &by_raw("ES256 valid"), 1.05);
        timed(4, "EdDSA valid: added / raw", &by_raw("EdDSA valid"), 1.13);
        for (name, raw) in [
            ("HS256 bad signature", "HS256 raw"),
            ("RS256 bad signature", "RS256 raw"),
            ("ES256 bad signature", "ES256 raw"),
            ("EdDSA bad signature", "EdDSA raw"),
        ] {
            let allowed = |rounds: &Range<usize>| 1.25 * self.nanos(raw, rounds) + 150.0;
            let figure = |rounds: &Range<usize>| self.added(name, rounds) / allowed(rounds);
            timed(
                6,
                &format!("{name}: added / (1.25 raw + 0.15 µs)"),
                &figure,
                1.0,
            );
        }
        let answer = self.added_allocations("HS256 bad signature");
        row(6, "HS256 bad signature: allocations", answer, "", 5.0);
        let missing = |rounds: &Range<usize>| {
            self.added("no token", rounds) / self.nanos("bare, no token", rounds)
        };
        timed(7, "no token: added / bare", &missing, 0.5);
        row(
            7,
            "no token: allocations",
            self.added_allocations("no token"),
            "",
            5.0,
        );
        let allocations = self.added_allocations("HS256 valid");
        row(
            8,
            "HS256 valid: allocations",
            allocations,
            "",
            TYPED_ALLOCATIONS + 7.0,
        );
        for (name, ratio, spread) in threads {
            let what = format!("{name}: CPU per call, two threads / one");
            row(9, &what, *ratio, &format!("± {:.2}", spread / 2.0), 1.10);
        }
    }
}
