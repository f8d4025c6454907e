//! The time of a check of a denylist, and its memory.
//!
//! `cargo bench --features denylist --bench denylist`
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

use std::hint::black_box;
use std::time::Duration;

use allocation_counter::measure;
use criterion::Criterion;
use tower_jwt_auth::claims::NumericDate;
use tower_jwt_auth::revocation::{Denylist, Revocation};
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{Token, Verified, Verifier};

const ISSUER: &str = "https://auth.example.com";
const ENTRIES: usize = 100_000;
/// So many that their entries are not in the first cache of the processor.
const TOKENS: usize = 512;

/// An id as long as a UUID.
fn id(kind: &str, number: usize) -> String {
    format!("{kind}-{number:035}")
}

/// A third of each kind.
fn filled() -> Denylist {
    let denied = Denylist::new();
    let future = NumericDate::from_seconds(i64::MAX);
    for number in 0..ENTRIES {
        match number % 3 {
            0 => denied.revoke_token(ISSUER, &id("jti", number), None),
            1 => denied.revoke_session(ISSUER, &id("sid", number), None),
            _ => denied.revoke_subject(ISSUER, &id("sub", number), future, None),
        }
    }
    denied
}

/// Tokens with `jti`, `sid` and `sub`, of which one may be on the list.
fn tokens(listed: Option<&str>) -> Vec<Verified> {
    let issuer = TestIssuer::hs256().issuer(ISSUER);
    let verifier = Verifier::shared_secret(issuer.secret()).any_audience().build().unwrap();
    let token = |number: usize| {
        let claim = |kind: &str| {
            let offset = if listed == Some(kind) { 0 } else { ENTRIES };
            id(
                kind,
                offset
                    + 3 * number
                    + ["jti", "sid", "sub"].iter().position(|it| *it == kind).unwrap(),
            )
        };
        let token = issuer.token().subject(claim("sub"));
        let token = token.claim("jti", claim("jti")).claim("sid", claim("sid"));
        verifier.verify_now(&token.mint()).unwrap()
    };
    (0..TOKENS).map(token).collect()
}

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(30)
        .configure_from_args();
    let mut denied = Denylist::new();
    let empty = denied.clone();
    let memory = measure(|| denied = filled());
    println!("{ENTRIES} entries: {} bytes in memory", memory.bytes_current);

    let mut group = criterion.benchmark_group("denylist");
    for (name, list, kind) in [
        ("empty", &empty, None),
        ("100,000 entries, not listed", &denied, None),
        ("100,000 entries, token listed", &denied, Some("jti")),
        ("100,000 entries, session listed", &denied, Some("sid")),
        ("100,000 entries, subject listed", &denied, Some("sub")),
    ] {
        let tokens = tokens(kind);
        let tokens: Vec<&Token> = tokens.iter().map(Verified::token).collect();
        assert!(tokens.iter().all(|token| list.revokes(token) == kind.is_some()), "{name}");
        let allocations = measure(|| assert_eq!(list.revokes(tokens[0]), kind.is_some()));
        assert_eq!(allocations.count_total, 0);
        let mut turn = tokens.iter().cycle();
        group.bench_function(name, |bencher| {
            bencher.iter(|| list.revokes(black_box(turn.next().unwrap())));
        });
    }
    group.finish();
    criterion.final_summary();
}
