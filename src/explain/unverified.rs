//! A token as it was sent, without any check.

use std::cell::OnceCell;
use std::fmt;

use serde::de::DeserializeOwned;

use crate::json::Object;
use crate::jws::base64url;

/// A token whose signature has not been checked, for hints to the operator.
///
/// Anyone can send such a token. Never decide about a request with it. See
/// [`VerifierBuilder::operator_hint`](crate::VerifierBuilder::operator_hint).
///
/// ```
/// use tower_jwt_auth::{Verifier, testing::TestIssuer};
///
/// let issuer = TestIssuer::hs256().audience("https://graph.example");
/// let verifier = Verifier::shared_secret(issuer.secret())
///     .audience("orders")
///     .operator_hint(|token, _| {
///         let is_of_graph = token.claim::<String>("aud")? == "https://graph.example";
///         is_of_graph.then_some("the token is for the graph API: request one for this API")
///     })
///     .build()?;
/// let rejected = verifier.verify_now(&issuer.token().mint()).unwrap_err();
/// assert!(rejected.detail().unwrap().contains("graph API"));
///
/// let other = verifier.verify_now(&issuer.token().claim("aud", "billing").mint()).unwrap_err();
/// assert_eq!(other.detail(), None);
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
pub struct UnverifiedToken<'t> {
    text: &'t str,
    header: OnceCell<Option<Object>>,
    payload: OnceCell<Option<Object>>,
}

impl<'t> UnverifiedToken<'t> {
    /// Wraps a token, for tests of a hint.
    pub const fn new(text: &'t str) -> Self {
        Self { text, header: OnceCell::new(), payload: OnceCell::new() }
    }

    /// A token that is too long to be read.
    pub(crate) fn unread(text: &'t str) -> Self {
        Self { text, header: OnceCell::from(None), payload: OnceCell::from(None) }
    }

    /// The token as it was sent. It may not be a JWT.
    pub const fn text(&self) -> &'t str {
        self.text
    }

    /// The number of parts between dots: 3 for a signed JWT, 5 for an encrypted one, 1 for an opaque token.
    pub fn parts(&self) -> usize {
        memchr::memchr_iter(b'.', self.text.as_bytes()).count() + 1
    }

    /// Reads a member of the header (RFC 7515 §4).
    ///
    /// `None` if it is absent or has another type, or if the header cannot be read.
    pub fn header<T: DeserializeOwned>(&self, member: &str) -> Option<T> {
        self.header_object()?.get(member)?.read()
    }

    /// Reads a claim of the payload.
    ///
    /// `None` if it is absent or has another type, or if the payload cannot be read.
    pub fn claim<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        self.payload_object()?.get(name)?.read()
    }

    pub(crate) fn header_object(&self) -> Option<&Object> {
        self.header.get_or_init(|| self.read_part(0)).as_ref()
    }

    pub(crate) fn payload_object(&self) -> Option<&Object> {
        self.payload.get_or_init(|| self.read_part(1)).as_ref()
    }

    fn read_part(&self, index: usize) -> Option<Object> {
        let part = self.text.split('.').nth(index)?;
        let part = base64url::without_padding(part.as_bytes()).unwrap_or(part.as_bytes());
        let bytes = base64url::decode(part).ok()?;
        Object::read(String::from_utf8(bytes).ok()?).ok()
    }
}

impl fmt::Debug for UnverifiedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnverifiedToken").field("parts", &self.parts()).finish_non_exhaustive()
    }
}
