//! The run: generates each token, passes it to the three verifiers and counts the verdicts.

use std::collections::{BTreeSet, VecDeque};
use std::env;
use std::time::{Duration, Instant};

use super::case::ES512;
use super::claims::CLAIMS;
use super::header::HEADER;
use super::jsonwebtoken::Jsonwebtoken;
use super::mint::Mint;
use super::mutation::Mutation;
use super::ours::{Ours, backends};
use super::pyjwt::PyJwt;
use super::reasons::{REASONS, Reason};
use super::report;
use super::shape::Member;
use super::tally::{Judged, Tally};

/// The default number of tokens; `DIFFERENTIAL_TOKENS` overrides it.
const TOKENS: u64 = 100_000;

/// The default seed; `DIFFERENTIAL_SEED` overrides it.
const SEED: u64 = 7519;

#[test]
fn no_token_is_accepted_only_by_this_crate() {
    let (tokens, seed) =
        (setting("DIFFERENTIAL_TOKENS", TOKENS), setting("DIFFERENTIAL_SEED", SEED));
    let names: Vec<_> = backends().iter().map(|backend| backend.name()).collect();
    println!("{tokens} tokens of seed {seed} under {names:?}");
    let mint = Mint::new(seed);
    let mut run = Run::new(&mint);
    (0..tokens).for_each(|number| run.judge(number));
    let (tally, with_pyjwt) = run.end();
    report::print(&tally, with_pyjwt);
    report::assert_all(&tally, with_pyjwt, tokens < TOKENS);
}

#[test]
fn every_token_class_has_a_reason_and_vice_versa() {
    let shapes = HEADER.iter().chain(CLAIMS).flat_map(Member::classes);
    let mutations = Mutation::all().filter_map(|mutation| mutation.class);
    let classes: BTreeSet<_> = shapes.chain(mutations).chain([ES512]).collect();
    let reasons: BTreeSet<_> = REASONS.iter().map(|Reason(class, ..)| *class).collect();
    assert_eq!(classes, reasons);
    let rows = REASONS.iter().map(|Reason(class, judge, verdict, _)| (class, judge, verdict));
    assert_eq!(rows.collect::<BTreeSet<_>>().len(), REASONS.len(), "a duplicate reason");
    let kinds = || Mutation::all().map(|mutation| mutation.name);
    assert_eq!(kinds().collect::<BTreeSet<_>>().len(), kinds().count(), "a duplicate kind");
}

fn setting(name: &str, usual: u64) -> u64 {
    env::var(name).map_or(usual, |text| text.parse().unwrap())
}

/// A run of the three verifiers.
struct Run<'m> {
    mint: &'m Mint,
    ours: Ours,
    jsonwebtoken: Jsonwebtoken,
    pyjwt: Option<PyJwt>,
    /// Tokens without a verdict of PyJWT yet.
    pending: VecDeque<Judged>,
    tally: Tally,
    start: Instant,
    /// The time for generating tokens and for the first two verifiers, and the additional time for PyJWT.
    times: [Duration; 4],
}

impl<'m> Run<'m> {
    fn new(mint: &'m Mint) -> Self {
        let pyjwt = env::var_os("DIFFERENTIAL_PYJWT").map(|_| PyJwt::start(mint.keys()));
        match &pyjwt {
            Some(pyjwt) => println!("{}", pyjwt.versions),
            None => {
                println!("PyJWT skipped: set DIFFERENTIAL_PYJWT=1 to run it (needs Python 3.10)");
            }
        }
        Self {
            mint,
            ours: Ours::new(mint.keys()),
            jsonwebtoken: Jsonwebtoken::new(mint.keys()),
            pyjwt,
            pending: VecDeque::new(),
            tally: Tally::new(),
            start: Instant::now(),
            times: [Duration::ZERO; 4],
        }
    }

    fn judge(&mut self, number: u64) {
        let judged = self.at_one_second(number);
        match &mut self.pyjwt {
            None => self.tally.add(&judged),
            Some(pyjwt) => {
                let asked = Instant::now();
                pyjwt.ask(&judged.case);
                self.times[3] += asked.elapsed();
                self.pending.push_back(judged);
                while let Some(verdict) = pyjwt.verdict() {
                    answered(&mut self.pending, &mut self.tally, verdict);
                }
            }
        }
    }

    /// Generates a token and verifies it with two verifiers within one second of the system clock, because
    /// `jsonwebtoken` reads no other clock. Repeats this if the second ends in between.
    fn at_one_second(&mut self, number: u64) -> Judged {
        loop {
            let now = Jsonwebtoken::second();
            let begin = Instant::now();
            let case = self.mint.make(number, now);
            let made = Instant::now();
            let ours = self.ours.judge(case.key, &case.token, now);
            let judged = Instant::now();
            let jsonwebtoken = self.jsonwebtoken.judge(case.key, &case.token);
            self.times[0] += made - begin;
            self.times[1] += judged - made;
            self.times[2] += judged.elapsed();
            if Jsonwebtoken::second() == now {
                return Judged { case, ours, jsonwebtoken, pyjwt: None };
            }
        }
    }

    fn end(mut self) -> (Tally, bool) {
        let waited = Instant::now();
        let with_pyjwt = self.pyjwt.is_some();
        if let Some(mut pyjwt) = self.pyjwt.take() {
            while !self.pending.is_empty() {
                let verdict = pyjwt.awaited_verdict();
                answered(&mut self.pending, &mut self.tally, verdict);
            }
            pyjwt.stop();
        }
        self.times[3] += waited.elapsed();
        let [minting, ours, jsonwebtoken, pyjwt] = self.times.map(|time| time.as_secs_f64());
        println!(
            "{:.0} s: generating {minting:.0} s, this crate {ours:.0} s, jsonwebtoken {jsonwebtoken:.0} s, waiting for PyJWT {pyjwt:.0} s",
            self.start.elapsed().as_secs_f64()
        );
        (self.tally, with_pyjwt)
    }
}

/// Counts the oldest pending token with its verdict.
fn answered(pending: &mut VecDeque<Judged>, tally: &mut Tally, verdict: String) {
    let judged = pending.pop_front().unwrap();
    tally.add(&Judged { pyjwt: Some(verdict), ..judged });
}
