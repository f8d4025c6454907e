//! What the verdicts come to.

use std::collections::BTreeMap;

use tower_jwt_auth::{Algorithm, ErrorKind};

use super::case::Case;
use super::mint::UNCHANGED;
use super::mutation::Mutation;
use super::reasons::{Judge, REASONS};

/// How many failures of one sort are described.
const SHOWN: usize = 5;

/// A token that has been judged.
pub(crate) struct Judged {
    pub(crate) case: Case,
    /// Verdicts for each backend and claims type.
    pub(crate) ours: Vec<Result<(), ErrorKind>>,
    pub(crate) jsonwebtoken: bool,
    /// `accepted`, or the name of what was raised; nothing if it was left out.
    pub(crate) pyjwt: Option<String>,
}

/// How many tokens, and how many of them each verifier took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Count {
    pub(crate) tokens: u64,
    pub(crate) ours: u64,
    pub(crate) jsonwebtoken: u64,
    pub(crate) pyjwt: u64,
}

/// The disagreements that a reason explains: alone, or together with another one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Explained {
    pub(crate) alone: u64,
    pub(crate) together: u64,
}

/// Failures of one sort: how many, and what the first ones are.
#[derive(Default)]
pub(crate) struct Failures {
    pub(crate) count: u64,
    pub(crate) shown: Vec<String>,
}

/// Everything that is counted.
pub(crate) struct Tally {
    pub(crate) all: Count,
    pub(crate) by_algorithm: BTreeMap<Algorithm, Count>,
    pub(crate) by_mutation: BTreeMap<&'static str, Count>,
    pub(crate) by_member: BTreeMap<&'static str, Count>,
    /// For each of the reasons.
    pub(crate) by_reason: Vec<Explained>,
    /// Tokens that had PyJWT raise what is no error of its own.
    pub(crate) crashes: u64,
    /// Taken here and refused by both others: there must be none.
    pub(crate) taken_alone: Failures,
    /// Disagreements that no reason explains.
    pub(crate) unexplained: Failures,
    /// Not what is written beside the shapes and the mutation.
    pub(crate) unexpected: Failures,
    /// The backends disagree, or the claims types.
    pub(crate) divided: Failures,
}

impl Tally {
    pub(crate) fn new() -> Self {
        // What never comes up is counted, too.
        let kinds = Mutation::all().map(|mutation| mutation.name).chain([UNCHANGED]);
        Self {
            all: Count::default(),
            by_algorithm: BTreeMap::new(),
            by_mutation: kinds.map(|kind| (kind, Count::default())).collect(),
            by_member: BTreeMap::new(),
            by_reason: vec![Explained::default(); REASONS.len()],
            crashes: 0,
            taken_alone: Failures::default(),
            unexplained: Failures::default(),
            unexpected: Failures::default(),
            divided: Failures::default(),
        }
    }

    /// Takes one token in.
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
        for (member, _) in &case.odd {
            self.by_member.entry(member).or_default().add(one);
        }

        if ours.iter().any(|verdict| *verdict != ours[0]) {
            self.divided.add(judged);
        }
        if case.expected.is_some_and(|expected| expected != accepted) {
            self.unexpected.add(judged);
        }
        if accepted && !jsonwebtoken && pyjwt_accepted == Some(false) {
            self.taken_alone.add(judged);
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
