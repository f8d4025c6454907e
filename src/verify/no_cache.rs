//! In place of `cache` where its feature is off: there is none.

use std::convert::Infallible;
use std::time::Duration;

use super::verified::ErasedVerified;
use crate::error::Problem;
use crate::key::CryptoBackend;

/// Settings that nobody can make.
pub(super) struct TokenCache(Infallible);

impl TokenCache {
    pub(super) fn problems(&self) -> Vec<Problem> {
        match self.0 {}
    }
}

/// A token that verified.
pub(super) struct Remembered {
    pub(super) verified: ErasedVerified,
    pub(super) issuer: usize,
    pub(super) generation: u64,
}

/// A memory that is never there.
pub(super) struct Cache(Infallible);

impl Cache {
    pub(super) fn new(settings: &TokenCache, _: CryptoBackend) -> Option<Self> {
        match settings.0 {}
    }

    pub(super) fn get(&self, _: &str, _: Duration) -> Option<Remembered> {
        match self.0 {}
    }

    pub(super) fn insert(&self, _: &str, _: Remembered, _: Duration) {
        match self.0 {}
    }

    pub(super) fn forget(&self, _: &str) {
        match self.0 {}
    }
}
