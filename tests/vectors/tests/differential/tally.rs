//! Counts the verdicts.

use std::collections::BTreeMap;

use tower_jwt_auth::{Algorithm, ErrorKind};

use super::case::Case;
use super::mint::UNCHANGED;
use super::mutation::Mutation;
use super::reasons::{Judge, REASONS};

/// The number of failures of one kind that are described.
const SHOWN: usize = 5;

/// A token with its verdicts.
pub(crate) struct Judged {
    pub(crate) case: Case,
    /// The verdicts for each backend and claims type.
    pub(crate) ours: Vec<Result<(), ErrorKind>>,
    pub(crate) jsonwebtoken: bool,
    /// `accepted`, or the name of the exception; `None` if PyJWT does not run.
    pub(crate) pyjwt: Option<String>,
}

/// The number of tokens, and the number that each verifier accepted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Count {
    pub(crate) tokens: u64,
    pub(crate) ours: u64,
    pub(crate) jsonwebtoken: u64,
    pub(crate) pyjwt: u64,
}

/// The numbers of disagreements that a reason explains: alone, and together with another reason.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Explained {
    pub(crate) alone: u64,
    pub(crate) together: u64,
}

/// Failures of one kind: their number, and descriptions of the first ones.
#[derive(Default)]
pub(crate) struct Failures {
    pub(crate) count: u64,
    pub(crate) shown: Vec<String>,
}

/// All counts.
pub(crate) struct Tally {
    pub(crate) all: Count,
    pub(crate) by_algorithm: BTreeMap<Algorithm, Count>,
    pub(crate) by_mutation: BTreeMap<&'static str, Count>,
    pub(crate) by_member: BTreeMap<&'static str, Count>,
    /// The counts for each reason.
    pub(crate) by_reason: Vec<Explained>,
    /// Tokens for which PyJWT raised an exception other than its own.
    pub(crate) crashes: u64,
    /// Tokens that this crate accepts and both others reject: there must be none.
    pub(crate) accepted_alone: Failures,
    /// Disagreements without a reason.
    pub(crate) unexplained: Failures,
    /// Verdicts that differ from the expected one.
    pub(crate) unexpected: Failures,
    /// Disagreements between backends or between claims types.
    pub(crate) divided: Failures,
}

impl Tally {
    pub(crate) fn new() -> Self {
        // Kinds that never occur are included.
        let kinds = Mutation::all().map(|mutation| mutation.name).chain([UNCHANGED]);
        Self {
            all: Count::default(),
            by_algorithm: BTreeMap::new(),
            by_mutation: kinds.map(|kind| (kind, Count::default())).collect(),
            by_member: BTreeMap::new(),
            by_reason: vec![Explained::default(); REASONS.len()],
            crashes: 0,
            accepted_alone: Failures::default(),
            unexplained: Failures::default(),
            unexpected: Failures::default(),
            divided: Failures::default(),
        }
    }

    /// Counts one token.
    pub(crate) fn add(&mut self, judged: &Judged) {
        let Judged { case, ours, jsonwebtoken, pyjwt } = judged;
        let accepted = ours[0].is_ok();
        let pyjwt_accepted = pyjwt.as_ref().map(|verdict| verdict == "accepted");
        let crashed = pyjwt.as_ref().is_some_and(|verdict| verdict.starts_with("crash"));
        self.crashes += u64::from(crashed);

        let one = Count {
            tokens: 1,
            ours: accepted.into(),
            jsonwebtoken: (*jsonwebtoken).into(),
            pyjwt: (pyjwt_accepted == Some(true)).into(),
        };
        self.all.add(one);
        self.by_algorithm.entry(case.algorithm).or_default().add(one);
        self.by_mutation.entry(case.mutation).or_default().add(one);
        for (member, _) in &case.unusual {
            self.by_member.entry(member).or_default().add(one);
        }

        if ours.iter().any(|verdict| *verdict != ours[0]) {
            self.divided.add(judged);
        }
        if case.expected.is_some_and(|expected| expected != accepted) {
            self.unexpected.add(judged);
        }
        if accepted && !jsonwebtoken && pyjwt_accepted == Some(false) {
            self.accepted_alone.add(judged);
        }
        let others = [(Judge::Jsonwebtoken, Some(*jsonwebtoken)), (Judge::PyJwt, pyjwt_accepted)];
        for (judge, verdict) in others {
            if let Some(verdict) = verdict.filter(|verdict| *verdict != accepted) {
                self.explain(judged, judge, verdict);
            }
        }
    }

    fn explain(&mut self, judged: &Judged, judge: Judge, verdict: bool) {
        let rows = REASONS.iter().zip(&mut self.by_reason);
        let fitting =
            rows.filter(|(reason, _)| reason.explains(&judged.case.classes, judge, verdict));
        let mut explained: Vec<_> = fitting.map(|(_, explained)| explained).collect();
        match explained.as_mut_slice() {
            [] => self.unexplained.add(judged),
            [one] => one.alone += 1,
            several => several.iter_mut().for_each(|one| one.together += 1),
        }
    }
}

impl Count {
    fn add(&mut self, other: Self) {
        self.tokens += other.tokens;
        self.ours += other.ours;
        self.jsonwebtoken += other.jsonwebtoken;
        self.pyjwt += other.pyjwt;
    }
}

impl Failures {
    fn add(&mut self, judged: &Judged) {
        self.count += 1;
        if self.shown.len() < SHOWN {
            let Judged { case, ours, jsonwebtoken, pyjwt } = judged;
            self.shown.push(format!(
                "{case}\n    this crate: {ours:?}, jsonwebtoken accepts: {jsonwebtoken}, PyJWT: {}",
                pyjwt.as_deref().unwrap_or("left out"),
            ));
        }
    }
}
