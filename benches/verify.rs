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
use support::fixtures::{ALGORITHMS, AUDIENCE, Fixture, Kind, TOKENS, Typed};
use support::primitive::Primitive;
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{Issuer, Policy, VerificationKey, Verifier};

const KINDS: [Kind; 5] =
    [Kind::Valid, Kind::BadSignature, Kind::Expired, Kind::UnknownKey, Kind::Malformed];

/// An issuer with its tenant in its name, and the template for it.
const OF_A_TENANT: &str = "https://auth.example.com/acme";
const TEMPLATE: &str = "https://auth.example.com/{tenant}";
const TENANTS: [&str; 3] = ["acme", "globex", "initech"];

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
        let issuer = TestIssuer::new(algorithm).issuer(OF_A_TENANT).audience(AUDIENCE);
        let token =
            |index| issuer.token().subject(format!("user-{index}")).claim("tenant", TENANTS[0]);
        let tokens: Vec<_> = (0..TOKENS).map(|index| token(index).mint()).collect();
        let key = || VerificationKey::jwk(issuer.jwk()).unwrap();
        let policy = || Policy::new().audience(AUDIENCE);
        for (name, issuer) in [
            ("valid, tenant by name", Issuer::new(OF_A_TENANT, key(), policy())),
            (
                "valid, tenant by template",
                Issuer::template(TEMPLATE, key(), policy()).tenants(TENANTS),
            ),
        ] {
            let verifier = Verifier::builder().trust(issuer).build().unwrap();
            assert!(tokens.iter().all(|token| verifier.verify_now(token).is_ok()));
            let mut turn = tokens.iter().cycle();
            group.bench_function(name, |bencher| {
                bencher.iter(|| verifier.verify_now(black_box(turn.next().unwrap())));
            });
        }
        group.finish();
    }
    criterion.final_summary();
}
