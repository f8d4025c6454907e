//! Where a remote key set is fetched from, by the URLs that its builder has.

use super::builder::RemoteJwksBuilder;
use super::discovery::Issuer;
use super::location;
use super::origin::Place;
use crate::error::Problem;
use crate::policy::issuer_name_problem;

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
        let fix = "Pass the `https` URL as the issuer publishes it";
        place.map_err(|why| problems.push(Problem::new(what, why, fix))).ok()
    }

    fn key_set_at(&self, url: &str) -> Result<Place, &'static str> {
        let url = location::read(url, self.allowed)?;
        if location::is_metadata(&url) {
            return Err("it is the URL of metadata, for which there is `RemoteJwks::issuer`");
        }
        Ok(Place::Url(url))
    }

    /// What is wrong with the combination of URLs.
    fn stray_url(&self) -> Option<Problem> {
        let (keys, metadata) = (self.keys_url.is_some(), self.metadata_url.is_some());
        if !self.is_issuer && (keys || metadata) {
            let setting = if keys { "keys_url" } else { "metadata_url" };
            return Some(Problem::new(
                format!("`{setting}` beside the URL of a key set"),
                "there are two URLs for one document, or metadata that is never read",
                "Start with `RemoteJwks::issuer` or `Verifier::issuer_url`, or leave it out",
            ));
        }
        if keys && metadata {
            return Some(Problem::new(
                "both `keys_url` and `metadata_url`",
                "with `keys_url` no metadata is read",
                "Call one of them",
            ));
        }
        (self.is_issuer && self.url.is_empty()).then(|| {
            Problem::new(
                "an issuer with an empty name",
                "it is more likely a missing setting than a name",
                "Pass what the issuer puts into `iss`",
            )
        })
    }
}
