//! The settings that explain a rejection, in words for operators.

use std::fmt::Write;

use super::identity::Audiences;
use super::policy::Policy;
use crate::error::{ErrorKind, quoted};

/// The most values that one text lists.
const MAX_LISTED: usize = 8;

impl Policy {
    /// What the policy requires, for an error of this kind; `None` if no setting explains it.
    pub(crate) fn expected(&self, kind: ErrorKind) -> Option<String> {
        match kind {
            ErrorKind::InvalidAudience => self.expected_audience(),
            ErrorKind::InvalidType => {
                let access = self.access_tokens_only.then(|| "an access token".to_owned());
                all_of([one_of("type", self.typ.as_deref()), access])
            }
            ErrorKind::TokenTooOld => {
                self.times.max_age.map(|age| format!("an age of at most {age:?}"))
            }
            _ => None,
        }
    }

    /// The audiences of which a token must have one; empty if any is accepted.
    pub(crate) fn audience_names(&self) -> impl Iterator<Item = &str> {
        let names = match &self.audiences {
            Audiences::OneOf(names) => &names[..],
            _ => &[],
        };
        names.iter().map(|name| &**name)
    }

    /// The audience, the client and the authorized party, which the same kind of error reports.
    fn expected_audience(&self) -> Option<String> {
        let names = |list: &'_ [Box<str>], noun| one_of(noun, list.iter().map(|it| &**it));
        all_of([
            one_of("audience", self.audience_names()),
            names(&self.clients, "client"),
            names(&self.authorized_parties, "authorized party"),
        ])
    }
}

/// The text for all of these requirements; `None` if there are none.
fn all_of<const N: usize>(texts: [Option<String>; N]) -> Option<String> {
    let texts: Vec<_> = texts.into_iter().flatten().collect();
    (!texts.is_empty()).then(|| texts.join(", and "))
}

/// The text for one of these values; `None` if there are none.
pub(crate) fn one_of<'v>(noun: &str, values: impl IntoIterator<Item = &'v str>) -> Option<String> {
    let mut values = values.into_iter();
    let mut text = format!("the {noun} {}", quoted(values.next()?));
    for value in values.by_ref().take(MAX_LISTED - 1) {
        // Writing to a string cannot fail.
        let _ = write!(text, " or {}", quoted(value));
    }
    if values.next().is_some() {
        text.push_str(" or …");
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_cut_after_eight_values() {
        let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
        assert_eq!(one_of("key id", []), None);
        assert_eq!(one_of("key id", ["a"]).unwrap(), "the key id `a`");
        let eight = one_of("key id", names.into_iter().take(8)).unwrap();
        assert!(eight.ends_with("`g` or `h`"), "{eight}");
        let nine = one_of("key id", names).unwrap();
        assert!(nine.ends_with("`h` or …"), "{nine}");
    }
}
