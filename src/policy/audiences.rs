//! The audiences that a policy accepts.

use std::mem;

use super::resource_audience::ResourceAudience;
use crate::error::{Error, ErrorKind};
use crate::jwt::Token;

/// The audiences that a policy accepts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Audiences {
    /// Not configured yet; `build` rejects it.
    #[default]
    Undecided,
    /// At least one of these.
    OneOf(Vec<Box<str>>),
    /// The identifier of a protected resource.
    Resource(ResourceAudience),
    /// Explicitly any audience.
    Any,
    /// Any audience, because `client_id` was called and the client decides.
    ByClient,
    /// Both `any_audience` and a setting for certain audiences were called; `build` rejects it.
    Contradictory,
    /// An audience that is not the identifier of the resource; `build` rejects it.
    Different { resource: Box<str>, audience: Box<str> },
}

impl Audiences {
    pub(super) fn add(&mut self, audience: Box<str>) {
        *self = match mem::take(self) {
            Self::Undecided | Self::ByClient => Self::OneOf(vec![audience]),
            Self::OneOf(mut all) => {
                all.push(audience);
                Self::OneOf(all)
            }
            Self::Resource(resource) if *resource.identifier() != *audience => {
                Self::different(&resource, audience)
            }
            Self::Any | Self::Contradictory => Self::Contradictory,
            decided @ (Self::Resource(_) | Self::Different { .. }) => decided,
        };
    }

    pub(super) fn set_resource(&mut self, resource: ResourceAudience) {
        *self = match mem::take(self) {
            Self::Undecided | Self::ByClient => Self::Resource(resource),
            Self::OneOf(all) => match all.into_iter().find(|it| **it != *resource.identifier()) {
                Some(other) => Self::different(&resource, other),
                None => Self::Resource(resource),
            },
            Self::Resource(other) if other != resource => {
                Self::different(&resource, other.identifier().into())
            }
            Self::Any | Self::Contradictory => Self::Contradictory,
            decided @ (Self::Resource(_) | Self::Different { .. }) => decided,
        };
    }

    pub(super) fn set_any(&mut self) {
        *self = match mem::take(self) {
            Self::Undecided | Self::ByClient | Self::Any => Self::Any,
            Self::OneOf(_) | Self::Resource(_) | Self::Contradictory => Self::Contradictory,
            different @ Self::Different { .. } => different,
        };
    }

    fn different(resource: &ResourceAudience, audience: Box<str>) -> Self {
        Self::Different { resource: resource.identifier().into(), audience }
    }
}

pub(super) fn check_audience(wanted: &Audiences, token: &Token) -> Result<(), Error> {
    match wanted {
        Audiences::Any | Audiences::ByClient => Ok(()),
        Audiences::OneOf(wanted) => {
            check(token, |audience| wanted.iter().any(|one| **one == *audience))
        }
        Audiences::Resource(resource) => check(token, |audience| resource.is(audience)),
        // `build` rejects these configurations.
        Audiences::Undecided | Audiences::Contradictory | Audiences::Different { .. } => {
            Err(ErrorKind::InvalidAudience.into())
        }
    }
}

/// Checks that the token has an audience that is wanted.
#[inline]
fn check(token: &Token, is_wanted: impl Fn(&str) -> bool) -> Result<(), Error> {
    let mut audiences = token.audience().peekable();
    if audiences.peek().is_none() {
        let detail = "`aud` is missing or names no audience";
        return Err(Error::new(ErrorKind::InvalidAudience).with_detail(detail));
    }
    if audiences.any(is_wanted) { Ok(()) } else { Err(ErrorKind::InvalidAudience.into()) }
}
