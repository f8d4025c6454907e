//! One fetch of a key set, including discovery and a retry.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::Duration;

use bytes::Bytes;

use super::discovery::{Found, Issuer};
use super::document;
use super::failure::FetchError;
use super::fetch::{Fetched, KeyClient, Validators};
use super::schedule::scaled;
use super::sync::{timer, within};
use crate::clock::Clock;
use crate::key::{FetchFailure, KeySet, NoSet};
use crate::url::Url;

/// The delay before a retry if there are no keys.
const RETRY_AFTER: Duration = Duration::from_millis(100);
const RETRY_SPREAD: Duration = Duration::from_millis(200);
/// The time after which the metadata is read again.
pub(super) const METADATA_LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);

/// The place of the keys.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Url(Url),
    Issuer(Box<Issuer>),
}

/// The place of the keys, and how they are fetched.
pub(super) struct Origin {
    pub(super) place: Place,
    pub(super) client: KeyClient,
    pub(super) timeout: Duration,
    /// The `use` of the keys, if it is not the one of RFC 7517 §4.2.
    pub(super) key_use: Option<String>,
    /// How long metadata is used if it cannot be read again.
    pub(super) metadata_kept_for: Duration,
}

/// A fetched document with its URL and validators.
#[derive(Clone)]
pub(super) struct Document {
    pub(super) url: Url,
    pub(super) bytes: Bytes,
    pub(super) validators: Validators,
}

/// The input of one fetch, from the state at its start.
pub(super) struct Plan {
    /// The result of discovery. The fetch updates it, even if the keys then cannot be fetched.
    pub(super) found: Option<Found>,
    pub(super) rediscover: bool,
    pub(super) document: Option<Document>,
    pub(super) is_empty: bool,
    pub(super) started: Duration,
    /// The URL of the last request. The fetch updates it.
    pub(super) last_url: Url,
}

/// The result of a successful fetch.
pub(super) struct FetchedKeys {
    pub(super) url: Url,
    /// Why the metadata could not be read again, if the keys are from the URL that it named before.
    pub(super) unconfirmed: Option<FetchError>,
    pub(super) fetched: Fetched,
    /// The new key set, if the document changed.
    pub(super) set: Option<KeySet>,
}

impl Place {
    /// The URL of the first request.
    pub(super) fn first_url(&self) -> &Url {
        match self {
            Self::Url(url) => url,
            Self::Issuer(issuer) => issuer.metadata(),
        }
    }
}

impl Origin {
    /// Fetches the keys within the configured timeout, which includes discovery and a retry.
    pub(super) async fn fetch(
        &self,
        plan: &mut Plan,
        clock: &dyn Clock,
    ) -> Result<FetchedKeys, FetchError> {
        let limit = timer(clock, self.timeout)?;
        let attempts = async {
            let first = self.attempt(plan, clock).await;
            let again = first.as_ref().is_err_and(FetchError::is_transient);
            if !(plan.is_empty && again) {
                return first;
            }
            // Without keys every request fails, so a transient failure is retried once.
            timer(clock, RETRY_AFTER + scaled(RETRY_SPREAD, chance()))?.await;
            self.attempt(plan, clock).await
        };
        let outcome = within(limit, attempts).await;
        outcome.unwrap_or_else(|failure| Err(FetchError::from(failure).at(&plan.last_url)))
    }

    async fn attempt(&self, plan: &mut Plan, clock: &dyn Clock) -> Result<FetchedKeys, FetchError> {
        let (url, unconfirmed) = self.locate(plan, clock).await?;
        let document = plan.document.as_ref().filter(|document| document.url == url);
        let validators = document.map_or(&Validators::NONE, |document| &document.validators);
        plan.last_url = url.clone();
        let fetched = self.client.get(&url, validators).await?;
        let set = match &fetched.document {
            // An identical document keeps the set and its generation, so cached tokens stay valid.
            Some(new) if document.is_none_or(|old| old.bytes != new) => {
                Some(self.read(new, &fetched).map_err(|error| error.at(&url))?)
            }
            _ => None,
        };
        Ok(FetchedKeys { url, unconfirmed, fetched, set })
    }

    /// The URL of the keys. If the metadata could not be read again, also the reason.
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
        plan.last_url = issuer.metadata().clone();
        let discovery = issuer.discover(&self.client);
        let discovered = match &plan.found {
            // Half of the timeout is reserved for fetching the keys from the known URL.
            Some(_) => within(timer(clock, self.timeout / 2)?, discovery)
                .await
                .unwrap_or_else(|failure| Err(FetchError::from(failure).at(issuer.metadata()))),
            None => discovery.await,
        };
        match (discovered, &plan.found) {
            (Ok(jwks_uri), _) => {
                plan.found = Some(Found { jwks_uri: jwks_uri.clone(), at: plan.started });
                plan.rediscover = false;
                Ok((jwks_uri, None))
            }
            (Err(error), _) if error.invalidates_metadata() => {
                // Nothing is fetched from the old URL until the metadata names one again.
                plan.found = None;
                Err(error)
            }
            (Err(error), Some(old)) if age(old) < self.metadata_kept_for => {
                Ok((old.jwks_uri.clone(), Some(error)))
            }
            (Err(error), _) => Err(error),
        }
    }

    fn read(&self, document: &Bytes, fetched: &Fetched) -> Result<KeySet, FetchError> {
        let set = match std::str::from_utf8(document) {
            Ok(text) => KeySet::try_from_fetched_jwks(text, self.key_use.as_deref()),
            Err(_) => Err(NoSet::NotADocument),
        };
        set.map_err(|why| {
            let failure = match why {
                NoSet::NotADocument => FetchFailure::NotAKeySet,
                NoSet::NoUsableKey(_) => FetchFailure::NoUsableKey,
            };
            let content_type = fetched.content_type.as_ref();
            let predicate = document::in_place_of_keys(document, content_type, &why);
            FetchError::because(failure, &predicate)
        })
    }
}

/// A random number that spreads attempts in time. It need not be secret.
pub(super) fn chance() -> u64 {
    RandomState::new().hash_one(())
}
