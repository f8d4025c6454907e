//! One fetch, from the plan to a set that was read. It knows nothing of who waits for it.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::Duration;

use bytes::Bytes;

use super::discovery::{Found, Issuer};
use super::failure::FetchError;
use super::fetch::{Fetched, Get, Validators, get};
use super::schedule::scaled;
use super::sync::{Mutex, timer, within};
use crate::clock::Clock;
use crate::key::{FetchFailure, KeySet, NoSet};
use crate::url::Url;

/// How long a retry waits when there are no keys at all.
const RETRY_AFTER: Duration = Duration::from_millis(100);
const RETRY_SPREAD: Duration = Duration::from_millis(200);
/// After this the metadata is read again.
pub(super) const METADATA_LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);

/// Where the keys are.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Url(Url),
    Issuer(Box<Issuer>),
}

/// Where the keys are, and how they are fetched from there.
pub(super) struct Origin {
    pub(super) place: Place,
    pub(super) client: Mutex<Box<dyn Get>>,
    pub(super) timeout: Duration,
    pub(super) most_bytes: usize,
    /// How long metadata serves that cannot be read again.
    pub(super) metadata_kept_for: Duration,
}

/// A document, where it came from, and what names it there.
#[derive(Clone)]
pub(super) struct Document {
    pub(super) url: Url,
    pub(super) bytes: Bytes,
    pub(super) validators: Validators,
}

/// What one fetch is to do, as things stood when it started.
pub(super) struct Plan {
    /// What the metadata says. It is updated during the fetch, whatever becomes of the keys.
    pub(super) found: Option<Found>,
    pub(super) rediscover: bool,
    pub(super) document: Option<Document>,
    pub(super) is_empty: bool,
    pub(super) started: Duration,
    /// The URL that was asked last. It is updated during the fetch.
    pub(super) asked: Url,
}

/// What a fetch brought home.
pub(super) struct Cargo {
    pub(super) url: Url,
    /// Why the metadata could not be read again, if the keys are from the place that it named before.
    pub(super) unconfirmed: Option<FetchError>,
    pub(super) fetched: Fetched,
    /// Read from the document, if that is another than the one before.
    pub(super) set: Option<KeySet>,
}

impl Place {
    /// The URL that is asked first when nothing is known yet.
    pub(super) fn first_url(&self) -> &Url {
        match self {
            Self::Url(url) => url,
            Self::Issuer(issuer) => issuer.metadata(),
        }
    }
}

impl Origin {
    /// Takes at most the time that was set for it, a retry and discovery included.
    pub(super) async fn fetch(
        &self,
        plan: &mut Plan,
        clock: &dyn Clock,
    ) -> Result<Cargo, FetchError> {
        let limit = timer(clock, self.timeout)?;
        let flight = async {
            let first = self.attempt(plan, clock).await;
            let again = first.as_ref().is_err_and(FetchError::may_pass);
            if !(plan.is_empty && again) {
                return first;
            }
            // With no key in memory every request is lost: a connection that broke is worth another.
            timer(clock, RETRY_AFTER + scaled(RETRY_SPREAD, chance()))?.await;
            self.attempt(plan, clock).await
        };
        within(limit, flight).await?
    }

    async fn attempt(&self, plan: &mut Plan, clock: &dyn Clock) -> Result<Cargo, FetchError> {
        let (url, unconfirmed) = self.locate(plan, clock).await?;
        let document = plan.document.as_ref().filter(|document| document.url == url);
        let validators = document.map_or(&Validators::NONE, |document| &document.validators);
        plan.asked = url.clone();
        let fetched = get(&self.client, &url, validators, self.most_bytes).await?;
        let set = match &fetched.document {
            // The same words are the same set: nothing that hangs on its generation is thrown away.
            Some(new) if document.is_none_or(|old| old.bytes != new) => Some(read(new)?),
            _ => None,
        };
        Ok(Cargo { url, unconfirmed, fetched, set })
    }

    /// The URL of the keys. With an earlier reading of the metadata that could not be repeated, also why.
    async fn locate(
        &self,
        plan: &mut Plan,
        clock: &dyn Clock,
    ) -> Result<(Url, Option<FetchError>), FetchError> {
        let issuer = match &self.place {
            Place::Url(url) => return Ok((url.clone(), None)),
            Place::Issuer(issuer) => issuer,
        };
        let age = |found: &Found| plan.started.saturating_sub(found.at);
        match &plan.found {
            Some(found) if !plan.rediscover && age(found) < METADATA_LIFETIME => {
                return Ok((found.jwks_uri.clone(), None));
            }
            _ => {}
        }
        plan.asked = issuer.metadata().clone();
        let discovery = issuer.discover(&self.client, self.most_bytes);
        let discovered = match &plan.found {
            // Half of the time is for the keys, at the place that is known.
            Some(_) => within(timer(clock, self.timeout / 2)?, discovery)
                .await
                .unwrap_or_else(|failure| Err(failure.into())),
            None => discovery.await,
        };
        match (discovered, &plan.found) {
            (Ok(jwks_uri), _) => {
                plan.found = Some(Found { jwks_uri: jwks_uri.clone(), at: plan.started });
                plan.rediscover = false;
                Ok((jwks_uri, None))
            }
            (Err(error), _) if error.contradicts() => {
                // Nothing is fetched from the old place until the metadata names one again.
                plan.found = None;
                Err(error)
            }
            (Err(error), Some(old)) if age(old) < self.metadata_kept_for => {
                Ok((old.jwks_uri.clone(), Some(error)))
            }
            (Err(error), _) => Err(error),
        }
    }
}

fn read(document: &Bytes) -> Result<KeySet, FetchFailure> {
    let text = std::str::from_utf8(document).map_err(|_| FetchFailure::NotAKeySet)?;
    KeySet::try_from_fetched_jwks(text).map_err(|why| match why {
        NoSet::NotADocument => FetchFailure::NotAKeySet,
        NoSet::NoUsableKey(_) => FetchFailure::NoUsableKey,
    })
}

/// Any number. It spreads attempts in time and need not be a secret.
pub(super) fn chance() -> u64 {
    RandomState::new().hash_one(())
}
