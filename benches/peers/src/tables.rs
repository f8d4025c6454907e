//! The figures in Markdown.

use std::fmt::Write;

use crate::contest::{Contest, Figure, Task};
use crate::contestant::{Bare, Contestant};
use crate::probes::{Answers, Probe};
use crate::support::fixtures::{ALGORITHMS, Kind};
use crate::{OURS, WITH_CACHE};

pub(crate) struct Tables<'c> {
    pub(crate) contestants: &'c [Contestant],
    pub(crate) answers: &'c [Vec<Answers>],
}

impl Tables<'_> {
    /// The table of compared crates.
    pub(crate) fn contestants(&self) -> String {
        let mut text =
            row("contestant", &["called as", "verifies with", "hands on", "in front of"]);
        text += &rule(4, ":--");
        for contestant in self.contestants {
            let Contestant { name, form, crypto, claims, bare, .. } = *contestant;
            text += &row(name, &[form, crypto, claims, bare.name()]);
        }
        text
    }

    /// The statuses for tokens with RS256, which every crate supports, and the differences with other algorithms.
    pub(crate) fn answers(&self) -> String {
        let mut text =
            row("contestant", &Probe::ALL.map(Probe::name)) + &rule(Probe::ALL.len(), "--:");
        let mut others = String::new();
        for (contestant, answers) in self.contestants.iter().zip(self.answers) {
            let shown = answers.iter().find(|one| one.algorithm == ALGORITHMS[1]);
            let Some(shown) = shown.or(answers.first()) else { continue };
            text += &row(contestant.name, &shown.statuses.map(|status| status.as_str().to_owned()));
            for other in answers.iter().filter(|other| other.statuses != shown.statuses) {
                let statuses = other.statuses.map(|status| status.as_str().to_owned()).join(" ");
                writeln!(others, "\n{}, {}: {statuses}", contestant.name, other.algorithm).unwrap();
            }
        }
        text + &others
    }

    /// The added times, and the baselines.
    pub(crate) fn figures(&self, contest: &Contest) -> String {
        let tokens = [
            ("A valid token", Kind::Valid),
            ("Signed with another key", Kind::BadSignature),
            ("Expired", Kind::Expired),
        ];
        let tokens =
            tokens.map(|(title, kind)| format!("{title}:\n\n{}", self.added(contest, kind)));
        [&tokens.join("\n"), &self.no_token(contest), &bare(contest)].map(String::as_str).join("\n")
    }

    /// The time added to requests with a kind of token, and its multiple of *raw*.
    fn added(&self, contest: &Contest, kind: Kind) -> String {
        let heads = ALGORITHMS.map(|algorithm| algorithm.to_string());
        let mut text = row("added", &heads) + &rule(heads.len(), "--:");
        let raw = (0..ALGORITHMS.len()).map(|algorithm| time(contest.raw(algorithm)));
        text += &row("*raw*", &raw.collect::<Vec<_>>());
        for (number, contestant) in self.contestants.iter().enumerate() {
            let cells: Vec<_> = (0..ALGORITHMS.len())
                .map(|algorithm| {
                    let task = Task::Token(kind, algorithm);
                    let added = contest.added(number, contestant.bare, task);
                    let by_raw = contest.by_raw(number, contestant.bare, task);
                    let (Some(added), Some(by_raw)) = (added, by_raw) else {
                        return "n/a".to_owned();
                    };
                    let cell = format!("{}, {by_raw:.2}×", time(added));
                    if self.lowest(contest, task) == Some(number) {
                        format!("**{cell}**")
                    } else {
                        cell
                    }
                })
                .collect();
            text += &row(contestant.name, &cells);
        }
        text
    }

    fn no_token(&self, contest: &Contest) -> String {
        let mut text = row("no token", &["added"]) + &rule(1, "--:");
        for (number, contestant) in self.contestants.iter().enumerate() {
            let added = contest.added(number, contestant.bare, Task::NoToken);
            let cell = added.map_or("n/a".to_owned(), time);
            let is_lowest = self.lowest(contest, Task::NoToken) == Some(number);
            text += &row(contestant.name, &[if is_lowest { format!("**{cell}**") } else { cell }]);
        }
        text
    }

    /// The reasons for missing figures.
    pub(crate) fn not_available(&self) -> String {
        let mut text = String::new();
        for contestant in self.contestants {
            for (algorithm, service) in ALGORITHMS.into_iter().zip(&contestant.services) {
                if let Err(why) = service {
                    writeln!(text, "n/a: {}, {algorithm}: {why}.", contestant.name).unwrap();
                }
            }
        }
        text
    }

    /// The cases in which a peer adds less than this crate.
    pub(crate) fn behind(&self, contest: &Contest) -> String {
        let mut text = String::new();
        for task in Task::all() {
            if let Some(number @ 1..) = self.lowest(contest, task) {
                let (task, lowest) = (task.name(), self.contestants[number].name);
                writeln!(text, "{task}: {lowest} adds less than {OURS}.").unwrap();
            }
        }
        text
    }

    /// The crate that adds the least, among those that verify every token.
    fn lowest(&self, contest: &Contest, task: Task) -> Option<usize> {
        let all = self.contestants.iter().enumerate();
        let all = all.filter(|(_, one)| one.name != WITH_CACHE).filter_map(|(number, one)| {
            Some((number, contest.added(number, one.bare, task)?.median))
        });
        all.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(number, _)| number)
    }
}

/// The times of the services without any middleware.
fn bare(contest: &Contest) -> String {
    let mut text = row("bare", &["with a token", "without"]) + &rule(2, "--:");
    for bare in Bare::ALL {
        let figures = [true, false].map(|with_token| contest.bare(bare, with_token));
        if let [Some(with), Some(without)] = figures {
            text += &row(bare.name(), &[time(with), time(without)]);
        }
    }
    text
}

fn row(head: &str, cells: &[impl AsRef<str>]) -> String {
    let cells: Vec<_> = cells.iter().map(AsRef::as_ref).collect();
    format!("| {head} | {} |\n", cells.join(" | "))
}

fn rule(columns: usize, alignment: &str) -> String {
    format!("|:--|{}\n", format!("{alignment}|").repeat(columns))
}

/// A time with three digits, and half the width of the middle half of the rounds.
fn time(Figure { median, spread }: Figure) -> String {
    let (number, unit) = if median < 999.5 { (median, "ns") } else { (median / 1000.0, "µs") };
    let decimals = match number {
        _ if unit == "ns" || number >= 99.95 => 0,
        _ if number >= 9.995 => 1,
        _ => 2,
    };
    // A percentage of a time near zero has no meaning.
    let spread = match spread / 2.0 {
        share if share < 1.0 => format!("{:.0} %", share * 100.0),
        share => format!("{:.0} ns", share * median),
    };
    format!("{number:.decimals$} {unit} ±{spread}")
}
