//! The figures as JSON, for the plot.

use serde_json::{Map, Value, json};

use crate::contest::{Contest, Figure, Task};
use crate::contestant::Contestant;
use crate::support::fixtures::ALGORITHMS;

pub(crate) fn of(contest: &Contest, contestants: &[Contestant], seed: u64) -> Value {
    let figure = |Figure { median, spread }: Figure| json!({ "nanos": median, "spread": spread });
    let raw = ALGORITHMS.into_iter().enumerate().map(|(number, algorithm)| {
        json!({ "algorithm": algorithm.to_string(), "raw": figure(contest.raw(number)) })
    });
    let contestants = contestants.iter().enumerate().map(|(number, one)| {
        let tasks = Task::all().into_iter().filter_map(|task| {
            let added = figure(contest.added(number, one.bare, task)?);
            let by_raw = contest.by_raw(number, one.bare, task);
            Some((task.name(), json!({ "added": added, "by_raw": by_raw })))
        });
        let tasks: Map<_, _> = tasks.collect();
        json!({ "name": one.name, "crypto": one.crypto, "tasks": tasks })
    });
    json!({
        "rounds": contest.rounds(),
        "seed": seed,
        "algorithms": raw.collect::<Vec<_>>(),
        "contestants": contestants.collect::<Vec<_>>(),
    })
}
