//! Dead and slow endpoints under load: how many requests wait, how many calls are made, and what is answered.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::fixture::{Act, Fixture, SECOND, settle};

/// The seconds of load.
const SECONDS: u32 = 20;
/// The requests in each tenth of a second.
const EACH: usize = 20;

/// What was seen in the whole time.
#[derive(Debug, Default)]
struct Seen {
    answers: BTreeMap<u16, usize>,
    most_waiting: usize,
    longest: Duration,
}

/// Sends 200 requests a second. `tokens` is how many different tokens they have.
async fn load(fixture: &Fixture, tokens: usize) -> Seen {
    let (waiting, mut seen, mut tasks) =
        (Arc::new(AtomicUsize::new(0)), Seen::default(), JoinSet::new());
    let tokens: Vec<_> = (0..tokens).map(|id| fixture.token(&id.to_string())).collect();
    for number in 0..SECONDS as usize * 10 {
        for request in 0..EACH {
            let token = tokens[(number * EACH + request) % tokens.len()].clone();
            let (verifier, waiting) = (fixture.verifier.clone(), Arc::clone(&waiting));
            tasks.spawn(async move {
                let started = Instant::now();
                waiting.fetch_add(1, Ordering::SeqCst);
                let verdict = verifier.verify(&token).await;
                waiting.fetch_sub(1, Ordering::SeqCst);
                let status = match verdict.map_err(|error| error.kind().as_str()) {
                    Ok(_) => 200,
                    Err("token_revoked") => 401,
                    Err("revocation_unavailable") => 503,
                    Err(other) => panic!("{other}"),
                };
                (status, started.elapsed())
            });
        }
        settle().await;
        seen.most_waiting = seen.most_waiting.max(waiting.load(Ordering::SeqCst));
        tokio::time::sleep(SECOND / 10).await;
    }
    while let Some(answer) = tasks.join_next().await {
        let (status, took) = answer.unwrap();
        *seen.answers.entry(status).or_default() += 1;
        seen.longest = seen.longest.max(took);
    }
    seen
}

#[tokio::test(start_paused = true)]
async fn dead_and_slow_endpoints_hold_few_requests() {
    let after = |time, act| Act::After(time, Box::new(act));
    println!("introspection under 200 requests a second for {SECONDS} seconds");
    println!(
        "{:<32} {:>6} | {:>6} {:>8} {:>8} | {:>5} {:>5} {:>5}",
        "endpoint", "tokens", "calls", "waiting", "longest", "200", "401", "503"
    );
    let mut rows = Vec::new();
    for (name, act, tokens) in [
        ("answers in 20 ms", after(SECOND / 50, Act::active()), 4000),
        ("answers in 20 ms", after(SECOND / 50, Act::active()), 100),
        ("answers in 1.9 s", after(SECOND * 19 / 10, Act::active()), 4000),
        ("answers in 1.9 s", after(SECOND * 19 / 10, Act::active()), 100),
        ("revokes in 20 ms", after(SECOND / 50, Act::revoked()), 100),
        ("never answers", Act::Never, 4000),
        ("never answers", Act::Never, 1),
        ("rejects connections", Act::Break, 4000),
        ("answers 500 in 20 ms", after(SECOND / 50, Act::status(500)), 4000),
        ("rejects each token with 400", Act::status(400), 100),
    ] {
        let fixture = Fixture::start(act);
        let seen = load(&fixture, tokens).await;
        let count = |status| seen.answers.get(&status).copied().unwrap_or_default();
        let (calls, longest) = (fixture.endpoint.calls(), seen.longest.as_millis());
        println!(
            "{name:<32} {tokens:>6} | {calls:>6} {:>8} {longest:>5} ms | {:>5} {:>5} {:>5}",
            seen.most_waiting,
            count(200),
            count(401),
            count(503)
        );
        assert_eq!(count(200) + count(401) + count(503), SECONDS as usize * 10 * EACH);
        assert!(longest <= 2_010, "{name}: {longest} ms");
        rows.push((name, tokens, calls, seen.most_waiting, count(200), count(401)));
    }
    let row = |name: &str, tokens| {
        let row = rows.iter().find(|it| (it.0, it.1) == (name, tokens)).unwrap();
        (row.2, row.3, row.4, row.5)
    };
    // Working endpoints: one call for each token in 30 seconds, or in 5 seconds if it is revoked.
    assert_eq!(row("answers in 20 ms", 4000), (4000, 20, 4000, 0));
    assert_eq!(row("answers in 20 ms", 100), (100, 20, 4000, 0));
    assert_eq!(row("revokes in 20 ms", 100).3, 4000);
    assert!((400..=500).contains(&row("revokes in 20 ms", 100).0));
    // Slow ones: at most 100 calls are under way.
    let (calls, waiting, accepted, _) = row("answers in 1.9 s", 4000);
    assert!(calls <= 100 * 11 && waiting == 100 && accepted == calls);
    // Dead ones: a call for each token until the first five time out, then one call in each 7 seconds.
    let (calls, waiting, accepted, _) = row("never answers", 4000);
    assert!(calls <= 103 && waiting == 100 && accepted == 0, "{calls} {waiting}");
    let (calls, waiting, accepted, _) = row("rejects connections", 4000);
    assert!(calls <= 20 + 4 && waiting == 0 && accepted == 0, "{calls} {waiting}");
    assert_eq!(row("rejects each token with 400", 100).2, 0);
}
