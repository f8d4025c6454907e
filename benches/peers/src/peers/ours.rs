//! This crate, with and without a token cache.

use tower_jwt_auth::TokenCache;

use crate::backend::Backend;
use crate::contestant::{Bare, Contestant, for_each, serving};
use crate::support::fixtures::{Fixture, Typed};
use crate::support::service::layered;

pub(crate) fn contestant() -> Contestant {
    Contestant {
        name: crate::OURS,
        form: "layer",
        crypto: "AWS-LC",
        claims: "typed",
        bare: Bare::Plain,
        backend: Backend::AwsLc,
        services: for_each(|fixture| Ok(serving(layered(fixture.verifier::<Typed>())))),
    }
}

/// Not compared with the others, because no peer has a cache.
pub(crate) fn with_cache() -> Contestant {
    let service = |fixture: &Fixture| {
        // The capacity exceeds the number of tokens, so every lookup is a hit.
        let verifier = fixture.builder().claims::<Typed>().cache(TokenCache::new(1024));
        Ok(serving(layered(verifier.build().unwrap())))
    };
    Contestant { name: crate::WITH_CACHE, services: for_each(service), ..contestant() }
}
