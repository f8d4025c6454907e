//! This crate.

use crate::backend::Backend;
use crate::contestant::{Bare, Contestant, for_each, serving};
use crate::support::fixtures::Typed;
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
