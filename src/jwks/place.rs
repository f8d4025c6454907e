//! Where a remote key set is fetched from, by the URLs that its builder has.

use super::builder::RemoteJwksBuilder;
use super::discovery::Issuer;
use super::location;
use super::origin::Place;
use crate::error::{Problem, ProblemKind};
use crate::policy::issuer_name_problem;
use crate::url::BadUrl;

impl RemoteJwksBuilder {
    /// Where to fetch from, unless there is a problem with it.
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
                "it is the URL of metadata, which `RemoteJwks::issuer` reads",
            ));
        }
        Ok(Place::Url(url))
    }

    /// What is wrong with the combination of URLs.
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

/// `what` does not show the URL, which may contain a password.
fn unusable_url(what: &str, bad: BadUrl) -> Problem {
    let fix = "Pass the `https` URL as the issuer publishes it";
    Problem::new(bad.kind(), what, bad.why(), fix)
}

fn stray_url(setting: &str) -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        format!("`{setting}` beside the URL of a key set"),
        "the keys are fetched from that URL alone, and no metadata is read",
        "Start with `RemoteJwks::issuer` or `Verifier::issuer_url`, or remove the call",
    )
}

fn unread_metadata() -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        "both `keys_url` and `metadata_url`",
        "with `keys_url` no metadata is read",
        "Call one of them",
    )
}

fn empty_name() -> Problem {
    Problem::new(
        ProblemKind::EmptyValue,
        "an issuer with an empty name",
        "an empty name is usually a missing setting",
        "Pass what the issuer puts into `iss`",
    )
}
