//! The verifier without HTTP, compared with the bare signature check.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support {
    pub(crate) mod fixtures;
    pub(crate) mod primitive;
}

use std::hint::black_box;
use std::time::Duration;

use criterion::Criterion;
use support::fixtures::{ALGORITHMS, Fixture, Kind, Typed};
use support::primitive::Primitive;

const KINDS: [Kind; 5] =
    [Kind::Valid, Kind::BadSignature, Kind::Expired, Kind::UnknownKey, Kind::Malformed];

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(30)
        .configure_from_args();
    for algorithm in ALGORITHMS {
        let fixture = Fixture::new(algorithm);
        let mut group = criterion.benchmark_group(format!("verify {algorithm}"));
        for (library, primitive) in Primitive::all_of(&fixture) {
            let mut raw = primitive.verifying(&fixture);
            group.bench_function(format!("raw, {library}"), |bencher| bencher.iter(&mut raw));
        }
        let verifier = fixture.verifier::<Typed>();
        for kind in KINDS {
            let tokens = fixture.tokens(kind);
            for token in &tokens {
                assert_eq!(verifier.verify_now(token).is_ok(), kind == Kind::Valid);
            }
            let mut turn = tokens.iter().cycle();
            group.bench_function(kind.name(), |bencher| {
                bencher.iter(|| verifier.verify_now(black_box(turn.next().unwrap())));
            });
        }
        #[cfg(feature = "reload")]
        {
            let (verifier, _handle) = fixture.builder().claims::<Typed>().reloadable().unwrap();
            let tokens = fixture.tokens(Kind::Valid);
            let mut turn = tokens.iter().cycle();
            group.bench_function("valid, reloadable", |bencher| {
                bencher.iter(|| verifier.verify_now(black_box(turn.next().unwrap())));
            });
        }
        group.finish();
    }
    criterion.final_summary();
}
