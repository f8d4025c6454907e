//! The tables of figures and targets.

use std::fmt::Write as _;
use std::ops::Range;

use super::cases::bare_of;
use super::interleave::{Samples, quantile};
use super::parts::{CLAIMS, CLOCK, EXTENSIONS, REJECTION, is_part};

/// The name and the samples of each case.
pub(crate) struct Report {
    pub(crate) names: Vec<String>,
    pub(crate) samples: Samples,
    /// CPU time per call with two threads, divided by that with one.
    pub(crate) threads: Vec<Scaling>,
}

pub(crate) struct Scaling {
    pub(crate) name: String,
    pub(crate) ratio: f64,
    /// Half the width of the middle half of the rounds.
    pub(crate) spread: f64,
}

type Rounds = Range<usize>;

impl Report {
    /// The figures in three tables.
    pub(crate) fn text(&self) -> String {
        format!("\n{}\n{}\n{}", self.figures(), self.targets(), self.floors())
    }

    fn case(&self, name: &str) -> usize {
        let at = self.names.iter().position(|case| case == name);
        at.unwrap_or_else(|| panic!("no case `{name}`"))
    }

    fn nanos(&self, name: &str, rounds: &Rounds) -> f64 {
        self.samples.median(self.case(name), rounds.clone())
    }

    fn added(&self, name: &str, rounds: &Rounds) -> f64 {
        self.nanos(name, rounds) - self.nanos(bare_of(name), rounds)
    }

    /// The fastest primitive of the algorithm that a case names.
    fn raw(&self, name: &str, rounds: &Rounds) -> Option<f64> {
        let (algorithm, _) = name.split_once(' ')?;
        let prefix = format!("{algorithm} raw, ");
        let all = self.names.iter().filter(|name| name.starts_with(&prefix));
        let median = |name: &str| self.nanos(name, &(0..self.samples.rounds()));
        let fastest = all.min_by(|a, b| median(a).total_cmp(&median(b)))?;
        Some(self.nanos(fastest, rounds))
    }

    fn by_raw(&self, name: &str, rounds: &Rounds) -> Option<f64> {
        Some(self.added(name, rounds) / self.raw(name, rounds)?)
    }

    fn by_hand_rolled(&self, name: &str, rounds: &Rounds) -> Option<f64> {
        let (algorithm, what) = name.split_once(' ')?;
        let other = format!("{algorithm} hand-rolled");
        what.starts_with("valid").then(|| self.added(name, rounds) / self.added(&other, rounds))
    }

    fn figures(&self) -> String {
        let all = 0..self.samples.rounds();
        let mut text = format!(
            "Nanoseconds per call: the median of {} rounds, and the spread of the middle half.\n\n\
             | {:<22} | {:>7} | {:>6} | {:>7} | {:>9} | {:>13} |\n\
             |{:-<24}|{:->8}:|{:->7}:|{:->8}:|{:->10}:|{:->14}:|\n",
            all.end,
            "case",
            "ns",
            "spread",
            "added",
            "added/raw",
            "/ hand-rolled",
            "",
            "",
            "",
            "",
            "",
            "",
        );
        for name in &self.names {
            let alone = name.contains(" raw, ") || name.starts_with("bare") || is_part(name);
            let show = |figure: Option<f64>, decimals| match figure {
                Some(figure) if !alone => format!("{figure:.decimals$}"),
                _ => String::new(),
            };
            writeln!(
                text,
                "| {name:<22} | {:>7.0} | {:>5.1}% | {:>7} | {:>9} | {:>13} |",
                self.nanos(name, &all),
                self.samples.spread(self.case(name)) * 100.0,
                show(median_of(&all, |round| Some(self.added(name, round))), 0),
                show(median_of(&all, |round| self.by_raw(name, round)), 2),
                show(median_of(&all, |round| self.by_hand_rolled(name, round)), 2),
            )
            .unwrap();
        }
        text
    }

    fn targets(&self) -> String {
        let mut targets = Targets::new(self, "target", ["met", "missed"]);
        let by_raw = |name: &'static str| {
            move |rounds: &Rounds| self.by_raw(name, rounds).unwrap_or(f64::NAN)
        };
        targets.timed(1, "HS256 valid: added / raw (floor)", 4.5, by_raw("HS256 valid"));
        targets.timed(1, "HS256 valid: added / raw (target)", 3.3, by_raw("HS256 valid"));
        targets.timed(2, "HS256 valid: added / hand-rolled", 0.40, |rounds| {
            self.by_hand_rolled("HS256 valid", rounds).unwrap_or(f64::NAN)
        });
        targets.timed(3, "RS256 valid: added / raw", 1.12, by_raw("RS256 valid"));
        targets.timed(4, "ES256 valid: added / raw", 1.05, by_raw("ES256 valid"));
        targets.timed(4, "EdDSA valid: added / raw", 1.13, by_raw("EdDSA valid"));
        for name in self.names.iter().filter(|name| name.ends_with(" cached")) {
            // Compared with HS256 for every algorithm, because a cached token needs no signature check.
            targets.timed(5, &format!("{name}: added / raw HS256"), 0.5, |rounds| {
                self.added(name, rounds) / self.raw("HS256 valid", rounds).unwrap_or(f64::NAN)
            });
        }
        for algorithm in ["HS256", "RS256", "ES256", "EdDSA"] {
            let bad = format!("{algorithm} bad signature");
            targets.timed(6, &format!("{bad}: added / (1.25 raw + 150 ns)"), 1.0, |rounds| {
                let raw = self.raw(&bad, rounds).unwrap_or(f64::NAN);
                self.added(&bad, rounds) / (1.25 * raw + 150.0)
            });
        }
        targets.timed(7, "no token: added / bare", 0.5, |rounds| {
            self.added("no token", rounds) / self.nanos("bare, no token", rounds)
        });
        for Scaling { name, ratio, spread } in &self.threads {
            let what = format!("{name}: CPU per call, two threads / one");
            // A loss of the bare primitive comes from the machine, so it has no target.
            let most = (!name.ends_with("raw")).then_some(1.10);
            targets.row(9, &what, *ratio, &format!("± {spread:.2}"), most);
        }
        targets.text.push_str("\n9: no future was ever pending.\n");
        targets.text
    }

    /// The same ratios for the parts alone, without any other work. A target below one of these ratios is out of
    /// reach.
    fn floors(&self) -> String {
        const HMAC: &str = "HS256 raw, AWS-LC";
        let sum = |parts: &[&str], rounds: &Rounds| -> f64 {
            parts.iter().map(|part| self.nanos(part, rounds)).sum()
        };
        let raw = |rounds: &Rounds| self.raw("HS256 valid", rounds).unwrap_or(f64::NAN);
        let accepted = [HMAC, CLAIMS, EXTENSIONS, CLOCK];
        let mut floors = Targets::new(self, "the parts alone", ["", "too much"]);
        floors.timed(1, "HMAC, claims, extensions, clock / raw", 3.3, |rounds| {
            sum(&accepted, rounds) / raw(rounds)
        });
        floors.timed(2, "the same / hand-rolled", 0.40, |rounds| {
            sum(&accepted, rounds) / self.added("HS256 hand-rolled", rounds)
        });
        floors.timed(5, "extensions, clock twice / raw", 0.5, |rounds| {
            sum(&[EXTENSIONS, CLOCK, CLOCK], rounds) / raw(rounds)
        });
        floors.timed(6, "HMAC, rejection / (1.25 raw + 150 ns)", 1.0, |rounds| {
            sum(&[HMAC, REJECTION], rounds) / (1.25 * raw(rounds) + 150.0)
        });
        floors.timed(7, "rejection / bare", 0.5, |rounds| {
            self.nanos(REJECTION, rounds) / self.nanos("bare, no token", rounds)
        });
        floors.text
    }
}

/// The median of a figure over the rounds. Within a round, a slow phase of the machine affects both sides of a ratio;
/// the medians of the two sides may come from different phases.
fn median_of(rounds: &Rounds, figure: impl Fn(&Rounds) -> Option<f64>) -> Option<f64> {
    let each: Option<Vec<_>> = rounds.clone().map(|round| figure(&(round..round + 1))).collect();
    each.map(|each| quantile(&each, 0.5))
}

/// Builds a table of ratios.
struct Targets<'r> {
    report: &'r Report,
    /// The words for a figure within its limit, and for one above it.
    verdicts: [&'static str; 2],
    text: String,
}

impl<'r> Targets<'r> {
    fn new(report: &'r Report, title: &str, verdicts: [&'static str; 2]) -> Self {
        let text = format!(
            "| # | {title:<49} | {:>6} | {:>13} | {:>5} | {:<8} |\n\
             |---|{:-<51}|{:->7}:|{:->14}:|{:->6}:|{:-<10}|\n",
            "figure", "halves", "most", "", "", "", "", "", "",
        );
        Self { report, verdicts, text }
    }

    /// Adds a figure from times. The figures of the two halves of the rounds show its uncertainty.
    fn timed(&mut self, number: u8, what: &str, most: f64, figure: impl Fn(&Rounds) -> f64) {
        let rounds = self.report.samples.rounds();
        let middle = rounds / 2;
        let median = |rounds: Rounds| median_of(&rounds, |round| Some(figure(round)));
        let median = |rounds| median(rounds).unwrap_or(f64::NAN);
        let (first, second) = (median(0..middle.max(1)), median(middle..rounds));
        self.row(number, what, median(0..rounds), &format!("{first:.2} – {second:.2}"), Some(most));
    }

    fn row(&mut self, number: u8, what: &str, figure: f64, trust: &str, most: Option<f64>) {
        let verdict = match most {
            Some(most) if figure <= most => self.verdicts[0],
            Some(_) => self.verdicts[1],
            None => "",
        };
        let most = most.map(|most| format!("{most:.2}")).unwrap_or_default();
        writeln!(
            self.text,
            "| {number} | {what:<49} | {figure:>6.2} | {trust:>13} | {most:>5} | {verdict:<8} |"
        )
        .unwrap();
    }
}
