//! An explanation as text and as data.

use std::fmt;

use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};

use super::explanation::{ExplainedStep, Explanation, Outcome};
use super::step::Step;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.error {
            None => f.write_str("accepted\n")?,
            Some(error) => writeln!(f, "rejected with {}: {error}", error.kind())?,
        }
        f.write_str("\n")?;
        for step in &self.steps {
            self.write_step(step, f)?;
        }
        for (name, value) in &self.claims {
            let value = value.as_deref().unwrap_or("none");
            writeln!(f, "{:13}{name:17}{}{value}", "claim", self.mark())?;
        }
        if !self.hints.is_empty() {
            f.write_str("\nhints:\n")?;
        }
        self.hints.iter().try_for_each(|hint| writeln!(f, "- {hint}"))
    }
}

impl Explanation {
    /// Precedes text that is found in the token.
    const fn mark(&self) -> &'static str {
        if self.is_signature_valid { "" } else { "unverified " }
    }

    /// Like [`mark`](Self::mark), but not for what is measured.
    const fn mark_of(&self, step: Step) -> &'static str {
        match step {
            Step::Length | Step::Format | Step::Payload => "",
            _ => self.mark(),
        }
    }

    fn write_step(&self, step: &ExplainedStep, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = self.mark_of(step.step);
        let outcome = match step.outcome {
            Outcome::Passed => "passed",
            Outcome::Failed => "FAILED",
            Outcome::NotReached => "not reached",
        };
        let name = step.step.as_str().replace('_', " ");
        write!(f, "{outcome:13}")?;
        if step.found.is_none() && step.expected.is_none() {
            return writeln!(f, "{name}");
        }
        write!(f, "{name:17}")?;
        match (&step.found, &step.expected) {
            (Some(found), Some(expected)) => {
                writeln!(f, "{mark}{found}; expected {expected}")
            }
            (Some(found), None) => writeln!(f, "{mark}{found}"),
            (None, Some(expected)) => writeln!(f, "expected {expected}"),
            (None, None) => Ok(()),
        }
    }
}

impl fmt::Debug for Explanation {
    /// Same as `Display`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Explanation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut report = serializer.serialize_struct("Explanation", 7)?;
        let verdict = if self.error.is_some() { "rejected" } else { "accepted" };
        report.serialize_field("verdict", verdict)?;
        report.serialize_field("code", &self.error.as_ref().map(|error| error.kind().as_str()))?;
        report.serialize_field("reason", &self.error.as_ref().map(ToString::to_string))?;
        report.serialize_field("signature_valid", &self.is_signature_valid)?;
        let steps: Vec<_> = self.steps.iter().map(|step| Row(step, self.found_name())).collect();
        report.serialize_field("steps", &steps)?;
        report.serialize_field("claims", &Claims(self))?;
        report.serialize_field("hints", &self.hints)?;
        report.end()
    }
}

impl Explanation {
    /// The name of what is found in the token, in the data.
    const fn found_name(&self) -> &'static str {
        if self.is_signature_valid { "found" } else { "unverified" }
    }
}

struct Row<'e>(&'e ExplainedStep, &'static str);

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(step, found) = self;
        let mut row = serializer.serialize_map(None)?;
        row.serialize_entry("step", step.step.as_str())?;
        row.serialize_entry("outcome", step.outcome.as_str())?;
        if let Some(expected) = &step.expected {
            row.serialize_entry("expected", expected)?;
        }
        if let Some(value) = &step.found {
            row.serialize_entry(found, value)?;
        }
        row.end()
    }
}

/// The claims that were asked for: as an object with their values, or with `unverified` values.
struct Claims<'e>(&'e Explanation);

impl Serialize for Claims<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut claims = serializer.serialize_map(Some(self.0.claims.len()))?;
        for (name, value) in &self.0.claims {
            let value = value.as_ref().map(|value| format!("{}{value}", self.0.mark()));
            claims.serialize_entry(name, &value)?;
        }
        claims.end()
    }
}
