//! The explanation of a verdict.

use crate::error::{Error, ErrorKind};
use crate::json::Object;

use super::step::Step;

/// Every step of a verification, with what is configured and what the token has.
///
/// Returned by [`Verifier::explain`](crate::Verifier::explain). `Display` prints a report, and `Serialize` returns the
/// same as data. See [`explain`](crate::explain) for the rules.
///
/// ```
/// use tower_jwt_auth::explain::{Outcome, Step};
/// use tower_jwt_auth::{Verifier, testing::TestIssuer};
///
/// let issuer = TestIssuer::hs256().audience("billing");
/// let verifier = Verifier::shared_secret(issuer.secret()).audience("orders").build()?;
/// let explanation = verifier.explain(&issuer.token().mint());
///
/// let failed = explanation.steps().iter().find(|step| step.outcome == Outcome::Failed).unwrap();
/// assert_eq!(failed.step, Step::Audience);
/// assert_eq!(failed.expected.as_deref(), Some("the audience `orders`"));
/// assert_eq!(failed.found.as_deref(), Some("`billing`"));
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
#[derive(Clone)]
#[must_use = "an explanation has no effect until it is read"]
pub struct Explanation {
    pub(super) error: Option<Error>,
    pub(super) steps: Vec<ExplainedStep>,
    pub(super) hints: Vec<&'static str>,
    pub(super) claims: Vec<(String, Option<String>)>,
    pub(super) is_signature_valid: bool,
    payload: Option<Object>,
}

/// One step of an [`Explanation`].
///
/// ```
/// use tower_jwt_auth::explain::{Outcome, Step};
/// use tower_jwt_auth::{Verifier, testing::TestIssuer};
///
/// let issuer = TestIssuer::hs256();
/// let verifier = Verifier::shared_secret(issuer.secret()).any_audience().build()?;
/// let explanation = verifier.explain(&issuer.token().mint());
/// let algorithm = explanation.steps().iter().find(|step| step.step == Step::Algorithm).unwrap();
/// assert_eq!((algorithm.outcome, algorithm.found.as_deref()), (Outcome::Passed, Some("`HS256`")));
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExplainedStep {
    /// The step.
    pub step: Step,
    /// Whether the token passed it.
    pub outcome: Outcome,
    /// What the configuration requires, if anything.
    pub expected: Option<String>,
    /// What the token has. Unverified unless the signature is valid; escaped and cut.
    pub found: Option<String>,
}

/// The outcome of a step.
///
/// ```
/// assert_eq!(tower_jwt_auth::explain::Outcome::NotReached.as_str(), "not_reached");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The token passed the step.
    Passed,
    /// The token failed the step, so it is rejected.
    Failed,
    /// An earlier step failed, or the step was not run.
    NotReached,
}

impl Outcome {
    /// The stable, lower-case label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotReached => "not_reached",
        }
    }
}

/// The inputs of an explanation.
pub(crate) struct Draft {
    pub(crate) error: Option<Error>,
    /// The last step that was reached.
    pub(crate) reached: Step,
    /// The steps that are configured, in order, with what is expected and what the token has.
    pub(crate) rows: Vec<(Step, Option<String>, Option<String>)>,
    pub(crate) hints: Vec<&'static str>,
    pub(crate) payload: Option<Object>,
}

impl Explanation {
    pub(crate) fn new(draft: Draft) -> Self {
        let Draft { error, reached, rows, hints, payload } = draft;
        let failed = error.as_ref().map(|error| failed_step(error.kind(), reached));
        let outcome = |step| match failed {
            Some(failed) if step == failed => Outcome::Failed,
            Some(failed) if step > failed => Outcome::NotReached,
            None if step == Step::Revocation => Outcome::NotReached,
            _ => Outcome::Passed,
        };
        let explained = |(step, expected, found)| {
            let outcome = outcome(step);
            ExplainedStep { step, outcome, expected, found }
        };
        Self {
            steps: rows.into_iter().map(explained).collect(),
            is_signature_valid: failed.is_none_or(|failed| failed > Step::Signature),
            error,
            hints,
            claims: Vec::new(),
            payload,
        }
    }

    /// Why the token is rejected; `None` if it is accepted.
    pub const fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }

    /// The steps in their order. A step that is not configured is left out.
    pub fn steps(&self) -> &[ExplainedStep] {
        &self.steps
    }

    /// Hints about the probable cause of the rejection.
    pub fn hints(&self) -> &[&'static str] {
        &self.hints
    }

    /// Whether the signature is valid. If it is not, everything found in the token is unverified.
    pub const fn is_signature_valid(&self) -> bool {
        self.is_signature_valid
    }

    /// Adds the values of these top-level claims to the explanation.
    ///
    /// They may be personal data. Each value is JSON, escaped and cut after 128 bytes.
    pub fn with_claims<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        for name in names {
            let name = name.into();
            let value = self.payload.as_ref().and_then(|payload| payload.get(&name));
            let value = value.map(|value| crate::error::quoted(value.json()).to_string());
            self.claims.push((name, value));
        }
        self
    }
}

/// The step that failed. The verifier reports a missing key at the step of the signature, and an algorithm that no key
/// supports at the step of the key.
fn failed_step(kind: ErrorKind, reached: Step) -> Step {
    match (kind, reached) {
        (ErrorKind::UnknownKey, _) => Step::Key,
        (ErrorKind::AlgorithmNotAllowed, Step::Key) => Step::Algorithm,
        (_, reached) => reached,
    }
}
