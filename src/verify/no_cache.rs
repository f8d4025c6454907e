//! Replaces `cache` in builds without the feature `cache`. Its types cannot be created.

use std::convert::Infallible;
use std::time::Duration;

use super::issuers::Slot;
use super::verified::ErasedVerified;
use crate::error::Problem;
use crate::key::CryptoBackend;

/// Settings of a cache; never created.
pub(super) struct TokenCache(Infallible);

impl TokenCache {
    pub(super) fn problems(&self) -> Vec<Problem> {
        match self.0 {}
    }
}

/// A verified token in the cache.
pub(super) struct CachedToken {
    pub(super) verified: ErasedVerified,
    pub(super) issuer: Slot,
    pub(super) generation: u64,
}

/// A cache; never created.
pub(super) struct Cache(Infallible);

impl Cache {
    pub(super) fn new(settings: &TokenCache, _: CryptoBackend) -> Option<Self> {
        match settings.0 {}
    }

    pub(super) fn get(&self, _: &str, _: Duration) -> Option<CachedToken> {
        match self.0 {}
    }

    pub(super) fn insert(&self, _: &str, _: CachedToken, _: Duration) {
        match self.0 {}
    }

    pub(super) fn remove(&self, _: &str) {
        match self.0 {}
    }
}
