//! The time of a call with more keys, more issuers and longer tokens.
//!
//! `cargo bench --bench scale` prints the figures and the targets; see `benches/README.md`.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_precision_loss
)]

#[allow(dead_code, reason = "other benchmarks use the rest")]
mod support {
    pub(crate) mod case;
    pub(crate) mod fixtures;
    pub(crate) mod interleave;
    pub(crate) mod requests;
    pub(crate) mod service;
}

use std::env;
use std::fmt::Write;
use std::ops::Range;
use std::slice::from_ref;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use http::StatusCode;
use serde::Deserialize;
use sha2::Sha256;
use support::case::Case;
use support::interleave::{SEED, Samples, interleave, quantile};
use support::requests::{Requests, calling};
use support::service::{bare, layered};
use tower_jwt_auth::key::KeySet;
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{Issuer, Policy, VerificationKey, Verifier};

const KEYS: [usize; 4] = [1, 10, 100, 1000];
const ISSUERS: [usize; 4] = [1, 2, 10, 100];
/// In KiB. The last one is the default limit.
const SIZES: [usize; 5] = [1, 2, 4, 8, 16];

/// Tokens of each kind, used in turn.
const TOKENS: usize = 64;

/// The highest ratio between a figure and its reference that meets the target.
const FLAT: f64 = 1.10;

const AUDIENCE: &str = "https://api.example.com";

#[derive(Deserialize)]
#[allow(dead_code, reason = "only a handler would read them")]
struct Claims {
    sub: String,
    groups: Vec<String>,
}

fn main() {
    if env::args().any(|argument| argument == "--list") {
        return;
    }
    let test = env::args().any(|argument| argument == "--test");
    let mut cases = vec![case("bare", calling(bare(), requests(&[signer(0, 0)]), StatusCode::OK))];
    for keys in KEYS {
        cases.extend(in_use(keys).into_iter().map(|used| with_keys(keys, used)));
    }
    for issuers in ISSUERS {
        cases.extend(in_use(issuers).into_iter().map(|used| with_issuers(issuers, used)));
    }
    for size in SIZES {
        cases.extend(with_size(size));
    }
    let (rounds, slot) = if test { (1, 10) } else { (301, 2000) };
    let samples = interleave(&mut cases, rounds, Duration::from_micros(slot), SEED);
    let names = cases.into_iter().map(|case| case.name).collect();
    let report = Report { names, samples };
    let figures = format!("{}\n{}", report.figures(), report.targets());
    if test {
        println!("ran one round of every case: too few to measure");
    } else {
        println!("{figures}");
    }
}

fn case(name: impl Into<String>, call: impl FnMut() + 'static) -> Case {
    Case::new(name, call)
}

/// The issuer and the key with these numbers.
fn signer(issuer: usize, key: usize) -> TestIssuer {
    TestIssuer::hs256()
        .with_secret(format!("the secret of issuer {issuer:08}, key {key:08}"))
        .key_id(format!("key-{key:04}"))
        .issuer(issuer_name(issuer))
        .audience(AUDIENCE)
}

fn issuer_name(issuer: usize) -> String {
    format!("https://tenant-{issuer:04}.example.com/")
}

fn token(signer: &TestIssuer, groups: usize) -> String {
    let groups: Vec<_> = (0..groups).map(|group| format!("group-{group:05}-of-acme")).collect();
    let token = signer.token().subject("user-8f14e45fceea167a5a36dedd").claim("groups", groups);
    token.expires_in(Duration::from_secs(86_400)).mint()
}

/// Tokens of these signers in rotation.
fn requests(signers: &[TestIssuer]) -> Requests {
    let signers = signers.iter().cycle().take(TOKENS);
    let tokens: Vec<_> = signers.map(|signer| token(signer, 2)).collect();
    Requests::with(&tokens)
}

fn verifier(issuers: usize, keys: usize) -> Verifier<Claims> {
    let key = |issuer, key| {
        let signer = signer(issuer, key);
        let id = format!("key-{key:04}");
        VerificationKey::shared_secret(signer.secret()).unwrap().with_key_id(id)
    };
    let mut builder = Verifier::builder();
    for issuer in 0..issuers {
        let keys = KeySet::new((0..keys).map(|number| key(issuer, number)));
        let policy = Policy::new().audience(AUDIENCE);
        builder = builder.trust(Issuer::new(issuer_name(issuer), keys, policy));
    }
    builder.claims::<Claims>().build().unwrap()
}

/// The numbers of the keys or issuers in use, at most one per token.
fn in_use(all: usize) -> Vec<usize> {
    let mut used = vec![1, all.min(TOKENS)];
    used.dedup();
    used
}

/// Distributes the used ones evenly; a single one is in the middle.
fn spread(all: usize, used: usize) -> impl Iterator<Item = usize> {
    (0..used).map(move |number| (2 * number + 1) * all / (2 * used))
}

fn with_keys(keys: usize, used: usize) -> Case {
    let signers: Vec<_> = spread(keys, used).map(|key| signer(0, key)).collect();
    let call = calling(layered(verifier(1, keys)), requests(&signers), StatusCode::OK);
    case(format!("keys {keys}, in use {used}"), call)
}

fn with_issuers(issuers: usize, used: usize) -> Case {
    let signers: Vec<_> = spread(issuers, used).map(|issuer| signer(issuer, 0)).collect();
    let call = calling(layered(verifier(issuers, 1)), requests(&signers), StatusCode::OK);
    case(format!("issuers {issuers}, in use {used}"), call)
}

/// The call and the bare signature check for a token of this many KiB, or a few bytes less.
fn with_size(size: usize) -> [Case; 2] {
    let signer = signer(0, 0);
    let fits = |groups: &usize| token(&signer, *groups).len() <= size * 1024;
    let groups = (0..size * 1024).take_while(fits).last().unwrap();
    let token = token(&signer, groups);
    let call = calling(layered(verifier(1, 1)), Requests::with(from_ref(&token)), StatusCode::OK);
    let keyed = Hmac::<Sha256>::new_from_slice(signer.secret().as_bytes()).unwrap();
    let (input, signature) = token.rsplit_once('.').unwrap();
    let signature = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(signature).unwrap();
    let input = input.to_owned();
    let raw = move || {
        let mut mac = keyed.clone();
        mac.update(input.as_bytes());
        assert!(mac.verify_slice(&signature).is_ok());
    };
    [case(format!("{size} KiB raw"), raw), case(format!("{size} KiB"), call)]
}

struct Report {
    names: Vec<String>,
    samples: Samples,
}

impl Report {
    fn case(&self, name: &str) -> usize {
        let at = self.names.iter().position(|case| case == name);
        at.unwrap_or_else(|| panic!("no case `{name}`"))
    }

    /// The time of a case in a round, minus that of the bare service. The bare signature check calls no service.
    fn added(&self, name: &str, round: usize) -> f64 {
        let nanos = |name| self.samples.0[self.case(name)][round];
        nanos(name) - if name.ends_with("raw") { 0.0 } else { nanos("bare") }
    }

    fn figures(&self) -> String {
        let all = 0..self.samples.rounds();
        let mut text = format!(
            "Nanoseconds per call with HS256: the median of {} rounds, and the spread of the middle half.\n\n\
             | {:<24} | {:>7} | {:>6} | {:>7} |\n|{:-<26}|{:->8}:|{:->7}:|{:->8}:|\n",
            all.end, "case", "ns", "spread", "added", "", "", "", "",
        );
        for name in &self.names {
            let nanos = self.samples.median(self.case(name), all.clone());
            let added = all.clone().map(|round| self.added(name, round)).collect::<Vec<_>>();
            let spread = self.samples.spread(self.case(name)) * 100.0;
            let added = match name.as_str() {
                "bare" => String::new(),
                _ => format!("{:.0}", quantile(&added, 0.5)),
            };
            writeln!(text, "| {name:<24} | {nanos:>7.0} | {spread:>5.1}% | {added:>7} |").unwrap();
        }
        text
    }

    /// The ratios of the added times: the median over the rounds, so that a slow phase of the machine affects both
    /// sides of a ratio.
    fn targets(&self) -> String {
        let mut text = format!(
            "| #  | {:<52} | {:>6} | {:>13} | {:>5} | {:<6} |\n\
             |----|{:-<54}|{:->7}:|{:->14}:|{:->6}:|{:-<8}|\n",
            "target", "figure", "halves", "most", "", "", "", "", "", "",
        );
        let ratio = |more: String, less: String| {
            move |round| self.added(&more, round) / self.added(&less, round)
        };
        for keys in &KEYS[1..] {
            let case = |keys: usize, used| format!("keys {keys}, in use {used}");
            let less = case(KEYS[0], 1);
            self.row(
                &mut text,
                &format!("{keys} keys / one"),
                FLAT,
                ratio(case(*keys, 1), less.clone()),
            );
            let used = TOKENS.min(*keys);
            let name = format!("{keys} keys, {used} in use / one");
            self.row(&mut text, &name, f64::NAN, ratio(case(*keys, used), less));
        }
        for issuers in &ISSUERS[2..] {
            let case = |issuers: usize, used| format!("issuers {issuers}, in use {used}");
            let less = case(ISSUERS[1], 1);
            let name = format!("{issuers} issuers / two");
            self.row(&mut text, &name, FLAT, ratio(case(*issuers, 1), less.clone()));
            let used = TOKENS.min(*issuers);
            let name = format!("{issuers} issuers, {used} in use / two");
            self.row(&mut text, &name, f64::NAN, ratio(case(*issuers, used), less));
        }
        // A straight line has the same slope everywhere.
        let slope = |from: usize, to: usize, raw: &'static str| {
            move |round| {
                let added = |size| self.added(&format!("{size} KiB{raw}"), round);
                (added(to) - added(from)) / (to - from) as f64
            }
        };
        for pair in SIZES.windows(2).skip(1) {
            let name = format!("a KiB, from {} to {} KiB / from 1 to 2", pair[0], pair[1]);
            let (more, less) = (slope(pair[0], pair[1], ""), slope(1, 2, ""));
            self.row(&mut text, &name, FLAT, |round| more(round) / less(round));
        }
        let (ours, raw) = (slope(1, 16, ""), slope(1, 16, " raw"));
        self.row(&mut text, "a KiB more / raw", f64::NAN, |round| ours(round) / raw(round));
        text
    }

    /// The figures of the two halves of the rounds show the uncertainty.
    fn row(&self, text: &mut String, what: &str, most: f64, figure: impl Fn(usize) -> f64) {
        let rounds = self.samples.rounds();
        let middle = rounds / 2;
        let median = |rounds: Range<usize>| quantile(&rounds.map(&figure).collect::<Vec<_>>(), 0.5);
        let (first, second) = (median(0..middle.max(1)), median(middle..rounds));
        let figure = median(0..rounds);
        let verdict = match most {
            _ if most.is_nan() => "",
            _ if figure <= most => "met",
            _ => "missed",
        };
        let most = if most.is_nan() { String::new() } else { format!("{most:.2}") };
        let halves = format!("{first:.2} – {second:.2}");
        writeln!(
            text,
            "| 10 | {what:<52} | {figure:>6.2} | {halves:>13} | {most:>5} | {verdict:<6} |"
        )
        .unwrap();
    }
}
