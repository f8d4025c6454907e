//! Why a configuration was refused.

use std::fmt;

/// The configuration is unsafe or cannot work; lists every problem with its way out.
///
/// ```
/// use tower_jwt_auth::{Verifier, testing::TestIssuer};
///
/// let error = Verifier::shared_secret("too short").build().unwrap_err();
/// // Both problems at once: the weak secret, and the audience that nobody decided on.
/// assert_eq!(error.problems().len(), 2);
/// println!("{error}");
///
/// assert!(Verifier::shared_secret(TestIssuer::hs256().secret()).any_audience().build().is_ok());
/// ```
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", describe(.problems))]
pub struct BuildError {
    problems: Vec<Problem>,
}

impl BuildError {
    /// Everything that is wrong, in the order in which it was set. Never empty.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    pub(crate) fn new(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }

    /// `Ok` with the value when nothing was noted, else all problems.
    pub(crate) fn unless_none<T>(problems: Vec<Problem>, value: T) -> Result<T, Self> {
        if problems.is_empty() { Ok(value) } else { Err(Self { problems }) }
    }

    /// All problems of which there is at least one.
    pub(crate) const fn of(problems: Vec<Problem>) -> Self {
        Self { problems }
    }

    /// The same problems, said of this place.
    pub(crate) fn within(mut self, place: &str) -> Self {
        for problem in &mut self.problems {
            problem.what = format!("{place} holds {}", problem.what);
        }
        self
    }

    pub(crate) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }
}

impl fmt::Debug for BuildError {
    /// The sentences of `Display`: `fn main() -> Result<(), BuildError>` prints this, and it should teach.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn describe(problems: &[Problem]) -> String {
    match problems {
        [only] => only.to_string(),
        many => {
            let heading = format!("{} problems with the configuration:", many.len());
            many.iter().fold(heading, |text, problem| format!("{text}\n- {problem}"))
        }
    }
}

/// One problem of a configuration: what was set, why it is refused, what to call instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    what: String,
    why: &'static str,
    fix: &'static str,
}

impl Problem {
    /// `what` must not hold a secret; sizes and names are fine.
    pub(crate) fn new(what: impl Into<String>, why: &'static str, fix: &'static str) -> Self {
        Self { what: what.into(), why, fix }
    }

    /// What was set, or left out.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// Why that is unsafe or cannot work.
    pub fn why(&self) -> &str {
        self.why
    }

    /// The call or setting that puts it right.
    pub fn fix(&self) -> &str {
        self.fix
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}. {}.", self.what, self.why, self.fix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_problem_reads_as_a_sentence_and_several_as_a_list() {
        let first = Problem::new("no audience", "anybody's token would pass", "Call `audience`");
        let second = Problem::new("no keys", "nothing could be verified", "Add one");
        let one = BuildError::new(first.clone());
        assert_eq!(one.to_string(), "no audience: anybody's token would pass. Call `audience`.");
        let two = BuildError::unless_none(vec![first, second], ()).unwrap_err();
        assert_eq!(two.to_string().lines().count(), 3);
        assert_eq!(format!("{two:?}"), two.to_string());
    }
}
