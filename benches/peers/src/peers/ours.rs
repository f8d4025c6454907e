//! This crate, without a memory of tokens and with one.

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

/// Outside of the contest, because nobody else has a memory.
pub(crate) fn remembering() -> Contestant {
    let service = |fixture: &Fixture| {
        // More places than there are tokens: what is measured is that they are found.
        let verifier = fixture.builder().claims::<Typed>().cache(TokenCache::new(1024));
        Ok(serving(layered(verifier.build().unwrap())))
    };
    Contestant { name: crate::REMEMBERING, services: for_each(service), ..contestant() }
}
