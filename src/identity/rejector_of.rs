//! Finds the rejector of a request.

use http::Extensions;

use super::anonymous::Anonymous;
use super::identity::Identity;
use super::unjudged::Unjudged;
use crate::respond::Rejector;

/// The rejector of the `JwtAuthLayer` that admitted a request, given the identity in its extensions.
///
/// `None` if there was no layer, or if the application replaced the identity.
pub(crate) fn rejector_of<'e>(
    identity: Option<&'e Identity>,
    extensions: &'e Extensions,
) -> Option<&'e Rejector> {
    match identity {
        Some(identity) => identity.rejector(),
        None => match extensions.get::<Anonymous>() {
            Some(anonymous) => Some(anonymous.rejector()),
            None => extensions.get::<Unjudged>().map(Unjudged::rejector),
        },
    }
}
