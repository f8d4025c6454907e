//! Runs one case many times, for `instructions.py`, which counts its instructions under callgrind.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[allow(dead_code, reason = "other benchmarks use the rest")]
mod support {
    pub(crate) mod case;
    pub(crate) mod fixtures;
    pub(crate) mod requests;
    pub(crate) mod service;
}

use std::env;

use http::StatusCode;
use support::case::Case;
use support::fixtures::{ALGORITHMS, Fixture, Kind, Typed};
use support::requests::{Requests, calling};
use support::service::{bare, layered};
use tower_jwt_auth::{Algorithm, Claims};

/// Each of the 64 tokens four times.
const CALLS: u64 = 256;

fn main() {
    let mut arguments = env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let Some(name) = arguments.next() else {
        println!("usage: pass the name of a case; instructions.py does this");
        return;
    };
    let mut case = case(&name);
    case.run(64); // creates everything that is created only once
    counted(&mut case);
    println!("{CALLS}");
}

/// callgrind counts only while this function runs, and finds it by its name.
#[inline(never)]
fn counted(case: &mut Case) {
    case.run(CALLS);
}

/// The cases have the same names as in `layer`.
fn case(name: &str) -> Case {
    let (ok, unauthorized) = (StatusCode::OK, StatusCode::UNAUTHORIZED);
    let algorithm = ALGORITHMS.into_iter().find(|algorithm| name.starts_with(algorithm.name()));
    let fixture = Fixture::new(algorithm.unwrap_or(Algorithm::HS256));
    let valid = Requests::with(&fixture.tokens(Kind::Valid));
    let tokenless = Requests::without_token();
    match name {
        "bare" => Case::new(name, calling(bare(), valid, ok)),
        "bare, no token" => Case::new(name, calling(bare(), tokenless, ok)),
        "no token" => {
            let service = layered(fixture.verifier::<Typed>());
            Case::new(name, calling(service, tokenless, unauthorized))
        }
        "HS256 valid, Claims" => {
            Case::new(name, calling(layered(fixture.verifier::<Claims>()), valid, ok))
        }
        _ => Case::new(name, calling(layered(fixture.verifier::<Typed>()), valid, ok)),
    }
}
