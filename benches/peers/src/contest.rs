//! The cases of all crates in one list, and their figures.

use std::time::Duration;

use http::StatusCode;

use crate::contestant::{Bare, Contestant};
use crate::support::case::Case;
use crate::support::fixtures::{ALGORITHMS, Fixture, Kind, TOKENS};
use crate::support::interleave::{Samples, interleave, quantile};
use crate::support::primitive::Primitive;
use crate::support::requests::Requests;

/// One task for every crate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    /// Requests with tokens of this kind, signed with the algorithm at this index.
    Token(Kind, usize),
    NoToken,
}

impl Task {
    /// In the order of the tables.
    pub(crate) fn all() -> Vec<Self> {
        let kinds = [Kind::Valid, Kind::BadSignature, Kind::Expired];
        let tokens = kinds.into_iter().flat_map(|kind| {
            (0..ALGORITHMS.len()).map(move |algorithm| Self::Token(kind, algorithm))
        });
        tokens.chain([Self::NoToken]).collect()
    }

    pub(crate) fn name(self) -> String {
        match self {
            Self::Token(kind, algorithm) => format!("{} {}", ALGORITHMS[algorithm], kind.name()),
            Self::NoToken => "no token".into(),
        }
    }

    fn requests(self) -> Requests {
        match self {
            Self::Token(kind, algorithm) => {
                Requests::with(&Fixture::new(ALGORITHMS[algorithm]).tokens(kind))
            }
            Self::NoToken => Requests::without_token(),
        }
    }
}

/// The subject of a case.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// The bare signature check with the algorithm at this index.
    Raw(usize),
    /// The service without any middleware, with or without a token in the request.
    Bare(Bare, bool),
    /// The crate at this index, with a task.
    Contestant(usize, Task),
}

/// The median of the rounds, and the width of their middle half as a share of it.
#[derive(Clone, Copy)]
pub(crate) struct Figure {
    pub(crate) median: f64,
    pub(crate) spread: f64,
}

impl Figure {
    fn of(rounds: &[f64]) -> Self {
        let median = quantile(rounds, 0.5);
        Self { median, spread: (quantile(rounds, 0.75) - quantile(rounds, 0.25)) / median }
    }
}

pub(crate) struct Contest {
    whose: Vec<Whose>,
    samples: Samples,
}

impl Contest {
    /// Measures all crates, in a different order in each round.
    pub(crate) fn run(
        contestants: &[Contestant],
        rounds: usize,
        slot: Duration,
        seed: u64,
    ) -> Self {
        let (mut whose, mut cases) = (Vec::new(), Vec::new());
        let mut add = |who, call: Box<dyn FnMut()>| {
            whose.push(who);
            cases.push(Case::new(String::new(), call));
        };
        for (number, algorithm) in ALGORITHMS.into_iter().enumerate() {
            let fixture = Fixture::new(algorithm);
            for (_, primitive) in Primitive::all_of(&fixture) {
                add(Whose::Raw(number), Box::new(primitive.verifying(&fixture)));
            }
        }
        for bare in Bare::ALL {
            let Some(user) = contestants.iter().find(|one| one.bare == bare) else { continue };
            for with_token in [true, false] {
                let task = if with_token { Task::Token(Kind::Valid, 0) } else { Task::NoToken };
                let service = bare.service();
                let call = service.calling(task.requests(), StatusCode::OK, user.backend);
                add(Whose::Bare(bare, with_token), call);
            }
        }
        for task in Task::all() {
            let requests = task.requests();
            for (number, contestant) in contestants.iter().enumerate() {
                let service = match task {
                    Task::Token(_, algorithm) => contestant.services[algorithm].as_ref().ok(),
                    Task::NoToken => contestant.services.iter().flatten().next(),
                };
                let Some(service) = service else { continue };
                contestant.backend.choose();
                let status = match task {
                    Task::Token(Kind::Valid, _) => StatusCode::OK,
                    _ => service.status(requests.clone()),
                };
                let mut call = service.calling(requests.clone(), status, contestant.backend);
                // The measurement is of a warm server that has seen every token before.
                (0..TOKENS).for_each(|_| call());
                add(Whose::Contestant(number, task), call);
            }
        }
        let samples = interleave(&mut cases, rounds, slot, seed);
        Self { whose, samples }
    }

    pub(crate) fn rounds(&self) -> usize {
        self.samples.rounds()
    }

    /// The figures of each round, in nanoseconds per call.
    fn nanos(&self, who: Whose) -> impl Iterator<Item = &Vec<f64>> {
        let cases = self.whose.iter().zip(&self.samples.0);
        cases.filter(move |(whose, _)| **whose == who).map(|(_, rounds)| rounds)
    }

    /// The fastest primitive for an algorithm.
    fn fastest(&self, algorithm: usize) -> &Vec<f64> {
        let median = |rounds: &Vec<f64>| quantile(rounds, 0.5);
        let all = self.nanos(Whose::Raw(algorithm));
        all.min_by(|a, b| median(a).total_cmp(&median(b))).unwrap()
    }

    pub(crate) fn raw(&self, algorithm: usize) -> Figure {
        Figure::of(self.fastest(algorithm))
    }

    pub(crate) fn bare(&self, bare: Bare, with_token: bool) -> Option<Figure> {
        self.nanos(Whose::Bare(bare, with_token)).next().map(|rounds| Figure::of(rounds))
    }

    /// The time of a crate's calls minus that of its inner service, in each round. A slow phase of the machine affects
    /// both.
    fn added_in_rounds(&self, number: usize, bare: Bare, task: Task) -> Option<Vec<f64>> {
        let whole = self.nanos(Whose::Contestant(number, task)).next()?;
        let bare = self.nanos(Whose::Bare(bare, task != Task::NoToken)).next()?;
        Some(whole.iter().zip(bare).map(|(whole, bare)| whole - bare).collect())
    }

    pub(crate) fn added(&self, number: usize, bare: Bare, task: Task) -> Option<Figure> {
        self.added_in_rounds(number, bare, task).map(|rounds| Figure::of(&rounds))
    }

    /// The added time as a multiple of *raw*, computed in each round.
    pub(crate) fn by_raw(&self, number: usize, bare: Bare, task: Task) -> Option<f64> {
        let Task::Token(_, algorithm) = task else { return None };
        let added = self.added_in_rounds(number, bare, task)?;
        let raw = self.fastest(algorithm);
        let ratios: Vec<_> = added.iter().zip(raw).map(|(added, raw)| added / raw).collect();
        Some(quantile(&ratios, 0.5))
    }
}
