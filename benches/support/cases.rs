//! The measured cases: accepted and rejected requests, and the baselines for comparison.

use http::StatusCode;
use tower_jwt_auth::Claims;

use super::case::Case;
use super::fixtures::{ALGORITHMS, Fixture, Kind, Typed};
use super::parts::parts;
use super::primitive::Primitive;
use super::requests::{Requests, calling};
use super::service::{bare, hand_rolled, layered};

/// The cases, in the order of the tables.
pub(crate) fn cases() -> Vec<Case> {
    let (ok, unauthorized) = (StatusCode::OK, StatusCode::UNAUTHORIZED);
    let fixtures = ALGORITHMS.map(Fixture::new);
    let mut cases = Vec::new();
    let [hmac, ..] = &fixtures;
    let requests = || Requests::with(&hmac.tokens(Kind::Valid));
    cases.push(Case::new("bare", calling(bare(), requests(), ok)));
    let tokenless = Requests::without_token();
    cases.push(Case::new("bare, no token", calling(bare(), tokenless, ok)));

    let services = fixtures.each_ref().map(|fixture| layered(fixture.verifier::<Typed>()));
    for (fixture, service) in fixtures.iter().zip(&services) {
        let algorithm = fixture.algorithm;
        let case = |what: &str| format!("{algorithm} {what}");
        for (library, primitive) in Primitive::all_of(fixture) {
            let raw = primitive.verifying(fixture);
            cases.push(Case::new(case(&format!("raw, {library}")), raw));
        }
        for kind in [Kind::Valid, Kind::BadSignature] {
            let status = if kind == Kind::Valid { ok } else { unauthorized };
            let requests = Requests::with(&fixture.tokens(kind));
            let mut call = calling(service.clone(), requests, status);
            // The measurement is of a warm server, whose verifier has accepted these tokens before.
            call();
            cases.push(Case::new(case(kind.name()), call));
        }
        let requests = Requests::with(&fixture.tokens(Kind::Valid));
        let call = calling(hand_rolled(fixture), requests, ok);
        cases.push(Case::new(case("hand-rolled"), call));
    }

    let call = calling(layered(hmac.verifier::<Claims>()), requests(), ok);
    cases.push(Case::new("HS256 valid, Claims", call));
    let [service, ..] = services;
    for kind in [Kind::Expired, Kind::UnknownKey, Kind::Malformed] {
        let requests = Requests::with(&hmac.tokens(kind));
        let call = calling(service.clone(), requests, unauthorized);
        cases.push(Case::new(format!("HS256 {}", kind.name()), call));
    }
    let tokenless = Requests::without_token();
    let call = calling(service, tokenless, unauthorized);
    cases.push(Case::new("no token", call));
    cases.extend(cached(&fixtures));
    let [hmac, ..] = &fixtures;
    cases.extend(parts(hmac));
    cases
}

/// Tokens that are already in the cache of the layer.
#[cfg(feature = "cache")]
fn cached(fixtures: &[Fixture]) -> Vec<Case> {
    let case = |fixture: &Fixture| {
        // The capacity exceeds the number of tokens, so every lookup is a hit.
        let cache = tower_jwt_auth::TokenCache::new(1024);
        let verifier = fixture.builder().claims::<Typed>().cache(cache).build().unwrap();
        let service = layered(verifier);
        let tokens = fixture.tokens(Kind::Valid);
        let mut call = calling(service, Requests::with(&tokens), StatusCode::OK);
        for _ in &tokens {
            call();
        }
        Case::new(format!("{} cached", fixture.algorithm), call)
    };
    fixtures.iter().map(case).collect()
}

#[cfg(not(feature = "cache"))]
fn cached(_: &[Fixture]) -> Vec<Case> {
    Vec::new()
}

/// The baseline of a case: the same request without the layer.
pub(crate) fn bare_of(name: &str) -> &'static str {
    match name {
        "no token" => "bare, no token",
        _ => "bare",
    }
}
