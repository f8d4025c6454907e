//! The settings that explain a rejection, in words for operators.

use super::audiences::Audiences;
use super::one_of::one_of;
use super::policy::Policy;
use crate::error::ErrorKind;

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
        let (names, resource) = match &self.audiences {
            Audiences::OneOf(names) => (&names[..], None),
            Audiences::Resource(resource) => (&[][..], Some(resource.identifier())),
            _ => (&[][..], None),
        };
        names.iter().map(|name| &**name).chain(resource)
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
