//! The parts of the work that any such layer must do, measured separately. Their sum is a lower bound for the added
//! time.

use std::hint::black_box;
use std::sync::Arc;
use std::time::SystemTime;

use base64_simd::URL_SAFE_NO_PAD;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{Extensions, HeaderMap, HeaderValue};

use super::case::Case;
use super::fixtures::{Fixture, Kind, Typed};

/// Deserializing the claims with `serde_json`, without any check.
pub(crate) const CLAIMS: &str = "part: serde_json";
/// Inserting two values into empty extensions.
pub(crate) const EXTENSIONS: &str = "part: extensions";
/// Inserting three headers, and a value into empty extensions.
pub(crate) const REJECTION: &str = "part: rejection";
/// Reading the clock.
pub(crate) const CLOCK: &str = "part: clock";

pub(crate) fn is_part(name: &str) -> bool {
    name.starts_with("part: ")
}

/// The parts as cases, including the time to drop their results.
pub(crate) fn parts(fixture: &Fixture) -> Vec<Case> {
    let payloads: Vec<String> = fixture.tokens(Kind::Valid).iter().map(|it| payload(it)).collect();
    let mut turn = 0;
    let claims = move || {
        turn = (turn + 1) % payloads.len();
        let claims: Typed = serde_json::from_str(black_box(&payloads[turn])).unwrap();
        drop(black_box(claims));
    };
    let shared = Arc::new(0_u64);
    let extensions = move || {
        let mut extensions = Extensions::new();
        extensions.insert(Arc::clone(&shared));
        extensions.insert([0_u64; 4]);
        drop(black_box(extensions));
    };
    let rejection = || {
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        let mut extensions = Extensions::new();
        extensions.insert([0_u64; 7]); // as large as the crate's `Error`
        drop(black_box((headers, extensions)));
    };
    let clock = || {
        black_box(SystemTime::now());
    };
    vec![
        Case::new(CLAIMS, claims),
        Case::new(EXTENSIONS, extensions),
        Case::new(REJECTION, rejection),
        Case::new(CLOCK, clock),
    ]
}

fn payload(token: &str) -> String {
    let encoded = token.split('.').nth(1).unwrap();
    String::from_utf8(URL_SAFE_NO_PAD.decode_to_vec(encoded).unwrap()).unwrap()
}
