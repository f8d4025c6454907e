//! Nobody in particular, on purpose.

/// Stands in the request's extensions when a request went through without a token and was meant to:
/// a missing token was allowed, or the request was let past the check.
///
/// Neither this nor [`Verified`](crate::Verified) being there means that no layer was, which is a
/// mistake in the wiring and never the same as anonymous.
///
/// ```
/// use tower_jwt_auth::verify::Anonymous;
///
/// fn greeting(extensions: &http::Extensions) -> &'static str {
///     if extensions.get::<Anonymous>().is_some() { "hello, whoever you are" } else { "hello" }
/// }
/// # assert_eq!(greeting(&http::Extensions::new()), "hello");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Anonymous;

impl Anonymous {
    pub(crate) const fn new() -> Self {
        Self
    }
}
