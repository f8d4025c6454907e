//! The tables of a run, and the assertions about it.

use std::fmt::Display;

use tower_jwt_auth::Algorithm;
use tower_jwt_auth::key::CryptoBackend;

use super::case::ES512;
use super::reasons::{Judge, REASONS, Reason};
use super::tally::{Count, Explained, Failures, Tally};

/// The minimum percentage of tokens that this crate must accept. A verifier that rejects everything proves nothing.
const LEAST_ACCEPTED: u64 = 30;

/// The minimum number of kinds of mutation.
const LEAST_KINDS: usize = 30;

/// Prints the counts.
pub(crate) fn print(tally: &Tally, with_pyjwt: bool) {
    let row = |name: &dyn Display, count: &Count| {
        let Count { tokens, ours, jsonwebtoken, pyjwt } = count;
        let pyjwt = if with_pyjwt { pyjwt.to_string() } else { "-".to_owned() };
        let name = name.to_string();
        println!("{name:<64} {tokens:>9} {ours:>10} {jsonwebtoken:>12} {pyjwt:>9}");
    };
    println!("{:<64} {:>9} {:>10} jsonwebtoken     PyJWT", "accepted by", "tokens", "this crate");
    row(&"all", &tally.all);
    println!("\nby algorithm");
    tally.by_algorithm.iter().for_each(|(algorithm, count)| row(algorithm, count));
    println!("\nby mutation");
    tally.by_mutation.iter().for_each(|(kind, count)| row(kind, count));
    println!("\nby unusual member");
    tally.by_member.iter().for_each(|(member, count)| row(member, count));

    println!("\ndisagreements; after the plus, those that have another reason as well");
    for (reason, Explained { alone, together }) in REASONS.iter().zip(&tally.by_reason) {
        if occurs(reason, with_pyjwt) {
            println!("{alone:>7} {:<6} {reason}", format!("+{together}"));
        }
    }
    let Count { tokens, ours, .. } = tally.all;
    println!(
        "\n{} kinds of mutation, {} crashes of PyJWT",
        tally.by_mutation.len() - 1,
        tally.crashes
    );
    println!("{tokens} tokens, {ours} accepted ({} %)", ours * 100 / tokens.max(1));
}

/// Whether the reason can occur in this build and this run.
fn occurs(Reason(class, judge, ..): &Reason, with_pyjwt: bool) -> bool {
    let es512 = CryptoBackend::active().is_some_and(|backend| backend.supports(Algorithm::ES512));
    (with_pyjwt || *judge != Judge::PyJwt) && (es512 || *class != ES512)
}

/// Asserts the requirements on a run. With few tokens, not every kind and reason must occur.
pub(crate) fn assert_all(tally: &Tally, with_pyjwt: bool, few: bool) {
    none("accepted only by this crate", &tally.accepted_alone);
    none("disagreements without a reason", &tally.unexplained);
    none("verdicts that are not the expected ones", &tally.unexpected);
    none("verdicts that depend on the crypto backend or the claims type", &tally.divided);
    if few {
        println!("few tokens: missing kinds and reasons are not checked");
        return;
    }
    assert!(tally.all.ours * 100 >= tally.all.tokens * LEAST_ACCEPTED, "{:?}", tally.all);
    assert!(tally.by_algorithm.values().all(|count| count.ours > 0), "{:?}", tally.by_algorithm);
    assert!(tally.by_mutation.len() > LEAST_KINDS);
    let idle = tally.by_mutation.iter().filter(|(_, count)| count.tokens == 0);
    let idle: Vec<_> = idle.map(|(kind, _)| kind).collect();
    assert!(idle.is_empty(), "kinds of mutation that never occurred: {idle:?}");
    let rows = REASONS.iter().zip(&tally.by_reason);
    let idle = rows.filter(|(reason, count)| occurs(reason, with_pyjwt) && count.alone == 0);
    let idle: Vec<_> = idle.map(|(reason, _)| reason.to_string()).collect();
    assert!(idle.is_empty(), "reasons that explain nothing: {idle:#?}");
}

#[track_caller]
fn none(what: &str, Failures { count, shown }: &Failures) {
    assert!(*count == 0, "{count} {what}, the first:\n{}", shown.join("\n"));
}
