//! The owner of the requested data, as returned by a function of the application.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use http::request::Parts;

#[derive(Clone)]
pub(super) struct Owner(Arc<Find>);

type Find = dyn for<'a> Fn(&'a Parts) -> Option<Cow<'a, str>> + Send + Sync;

impl Owner {
    pub(super) fn new<F>(find: F) -> Self
    where
        F: for<'a> Fn(&'a Parts) -> Option<Cow<'a, str>> + Send + Sync + 'static,
    {
        Self(Arc::new(find))
    }

    /// `None` if there is no owner; the request is then rejected.
    pub(super) fn find<'a>(&self, parts: &'a Parts) -> Option<Cow<'a, str>> {
        (self.0)(parts)
    }
}

impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}
