//! The number of allocations of the layer. It is the same on every machine, and therefore asserted.
//!
//! Separate from `layer`, because counting slows down every allocation.
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
    pub(crate) mod parts;
    pub(crate) mod primitive;
    pub(crate) mod requests;
    pub(crate) mod service;
}

use std::collections::HashMap;
use std::env;

use support::case::Case;
use support::cases::{bare_of, cases};
use support::parts::is_part;

/// Each token once.
const CALLS: u64 = 64;

/// The typed claims alone allocate eight strings.
const TYPED: u64 = 8;

/// The maximum number of allocations that the layer may add (targets 6, 7 and 8).
const MOST: [(&str, u64); 7] = [
    ("HS256 valid", TYPED + 7),
    ("RS256 valid", TYPED + 7),
    ("ES256 valid", TYPED + 7),
    ("EdDSA valid", TYPED + 7),
    ("HS256 bad signature", 5),
    ("RS256 bad signature", 5),
    ("no token", 5),
];

fn main() {
    if env::args().any(|argument| argument == "--list") {
        return;
    }
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    let mut cases = cases();
    let counts: HashMap<String, u64> =
        cases.iter_mut().map(|case| (case.name.clone(), allocations(case))).collect();
    println!("| {:<22} | allocations | added |", "case");
    println!("|{:-<24}|------------:|------:|", "");
    for Case { name, .. } in cases.iter().filter(|case| !is_part(&case.name)) {
        let added = counts[name].checked_sub(counts[bare_of(name)]).filter(|added| *added > 0);
        let added = added.map(|added| added.to_string()).unwrap_or_default();
        println!("| {name:<22} | {:>11} | {added:>5} |", counts[name]);
    }
    for (name, most) in MOST {
        let added = counts[name] - counts[bare_of(name)];
        assert!(added <= most, "{name}: {added} allocations added; the limit is {most}");
    }
}

/// The allocations of one call; they are the same for every token.
fn allocations(case: &mut Case) -> u64 {
    case.run(CALLS); // creates everything that is created only once
    let counted = allocation_counter::measure(|| case.run(CALLS)).count_total;
    assert_eq!(counted % CALLS, 0, "{}: {counted} allocations in {CALLS} calls", case.name);
    counted / CALLS
}
