//! Determines where a remote key set is fetched from, from the URLs in its builder.

use super::builder::RemoteJwksBuilder;
use super::discovery::Issuer;
use super::location;
use super::origin::Place;
use crate::error::{Problem, ProblemKind};
use crate::policy::issuer_name_problem;
use crate::url::BadUrl;

impl RemoteJwksBuilder {
    /// The place to fetch from; `None` if there is a problem with the URLs.
    pub(super) fn place(&self, problems: &mut Vec<Problem>) -> Option<Place> {
        let before = problems.len();
        if self.is_issuer {
            problems.extend(issuer_name_problem(&self.url));
        }
        problems.extend(self.stray_url());
        if problems.len() != before {
            return None;
        }
        let (what, place) = match (&self.keys_url, &self.metadata_url) {
            (Some(url), _) => ("the URL of the key set", self.key_set_at(url)),
            (None, Some(url)) => {
                let issuer = Issuer::with_metadata_at(&self.url, url, self.allowed);
                ("the URL of the metadata", issuer.map(|it| Place::Issuer(Box::new(it))))
            }
            (None, None) if self.is_issuer => {
                let issuer = Issuer::new(&self.url, self.allowed);
                ("the URL of the issuer", issuer.map(|it| Place::Issuer(Box::new(it))))
            }
            (None, None) => ("the URL of the key set", self.key_set_at(&self.url)),
        };
        place.map_err(|why| problems.push(unusable_url(what, why))).ok()
    }

    fn key_set_at(&self, url: &str) -> Result<Place, BadUrl> {
        let url = location::read(url, self.allowed)?;
        if location::is_metadata(&url) {
            return Err(BadUrl::invalid(
                "it is a metadata URL, not the URL of a key set; `RemoteJwks::issuer` reads metadata",
            ));
        }
        Ok(Place::Url(url))
    }

    /// The problem with the combination of URLs, if any.
    fn stray_url(&self) -> Option<Problem> {
        let (keys, metadata) = (self.keys_url.is_some(), self.metadata_url.is_some());
        if !self.is_issuer && (keys || metadata) {
            return Some(stray_url(if keys { "keys_url" } else { "metadata_url" }));
        }
        if keys && metadata {
            return Some(unread_metadata());
        }
        (self.is_issuer && self.url.is_empty()).then(empty_name)
    }
}

/// `what` does not contain the URL, which may contain a password.
fn unusable_url(what: &str, bad: BadUrl) -> Problem {
    let fix = "Pass the `https` URL that the issuer publishes";
    Problem::new(bad.kind(), what, bad.why(), fix)
}

fn stray_url(setting: &str) -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        format!("`{setting}` together with the URL of a key set"),
        "the keys are fetched from the URL of the key set, and no metadata is read",
        "Start with `RemoteJwks::issuer` or `Verifier::issuer_url`, or remove the call",
    )
}

fn unread_metadata() -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        "both `keys_url` and `metadata_url`",
        "with `keys_url` no metadata is read",
        "Call only one of them",
    )
}

fn empty_name() -> Problem {
    Problem::new(
        ProblemKind::EmptyValue,
        "an issuer with an empty name",
        "an empty name is usually a missing setting",
        "Pass the value of `iss` in the issuer's tokens",
    )
}
