//! The request, and how this server authenticates as a client (RFC 7662 §2.1).

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request};
use http_body::{Body, Frame, SizeHint};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

use super::failed::Failed;
use crate::error::BoxError;
use crate::observe::IntrospectionFailure;
use crate::url::Url;

/// What a form does not escape, besides letters and digits.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'*');

/// The body of an introspection request: an encoded form with the token.
///
/// It is a separate type, so that the body type of a client can be inferred, and so that `Debug` does not show the
/// token. For a client that takes bytes or text, call [`text`](Self::text).
///
/// ```
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use tower_jwt_auth::introspection::FormBody;
///
/// /// A client for `Introspection`.
/// async fn client(request: Request<FormBody>) -> Result<Response<Full<bytes::Bytes>>, std::convert::Infallible> {
///     assert!(request.body().text().starts_with("token="));
///     assert!(!format!("{request:?}").contains("token="));
///     Ok(Response::new(Full::from(r#"{"active":true}"#)))
/// }
/// # let _ = tower::service_fn(client);
/// ```
pub struct FormBody(Option<Zeroizing<String>>);

impl FormBody {
    /// The form: `application/x-www-form-urlencoded`. Do not log it: it contains the token.
    pub fn text(&self) -> &str {
        self.0.as_ref().map_or("", |form| form.as_str())
    }
}

impl Body for FormBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let form = self.0.take();
        Poll::Ready(form.map(|form| Ok(Frame::data(Bytes::copy_from_slice(form.as_bytes())))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.text().len().try_into().unwrap_or(u64::MAX))
    }
}

impl fmt::Debug for FormBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FormBody").finish_non_exhaustive()
    }
}

/// An introspection request, to which a function adds this server's credential.
///
/// [`IntrospectionBuilder::authenticate_with`](super::IntrospectionBuilder::authenticate_with) has an example.
///
/// ```
/// use http::HeaderValue;
/// use tower_jwt_auth::introspection::UnauthenticatedRequest;
///
/// fn authenticate(request: &mut UnauthenticatedRequest) {
///     request.field("client_id", "orders");
///     request.headers_mut().insert("x-api-key", HeaderValue::from_static("4711"));
/// }
/// # let _: fn(&mut UnauthenticatedRequest) = authenticate;
/// ```
pub struct UnauthenticatedRequest {
    headers: HeaderMap,
    form: Zeroizing<String>,
}

impl UnauthenticatedRequest {
    /// Adds a field to the form.
    ///
    /// The fields `token` and `token_type_hint` are already there.
    pub fn field(&mut self, name: &str, value: &str) -> &mut Self {
        append(&mut self.form, name, value);
        self
    }

    /// The headers, to add some. `Accept`, `Accept-Encoding`, `Content-Type` and `User-Agent` are set afterwards.
    pub const fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.headers
    }
}

impl fmt::Debug for UnauthenticatedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnauthenticatedRequest").finish_non_exhaustive()
    }
}

type Authenticate = Box<dyn Fn(&mut UnauthenticatedRequest) -> Result<(), BoxError> + Send + Sync>;

/// How this server authenticates at the endpoint.
pub(super) enum Authentication {
    /// The value of `Authorization`.
    Header(HeaderValue),
    Custom(Authenticate),
}

impl Authentication {
    /// HTTP Basic with the client's id and secret (RFC 6749 §2.3.1). `None` never: the result is ASCII.
    pub(super) fn basic(id: &str, secret: &str) -> Option<Self> {
        let mut pair = Zeroizing::new(String::new());
        encode(&mut pair, id);
        pair.push(':');
        encode(&mut pair, secret);
        let encoded = Zeroizing::new(base64_simd::STANDARD.encode_to_string(pair.as_bytes()));
        Self::header(&Zeroizing::new(format!("Basic {}", encoded.as_str())))
    }

    /// A bearer token (RFC 6750 §2.1); `None` if a header cannot contain it.
    pub(super) fn bearer(token: &str) -> Option<Self> {
        let is_sendable = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        is_sendable.then(|| Self::header(&Zeroizing::new(format!("Bearer {token}")))).flatten()
    }

    fn header(value: &str) -> Option<Self> {
        let mut value = HeaderValue::from_str(value).ok()?;
        value.set_sensitive(true);
        Some(Self::Header(value))
    }

    /// The request for this token.
    ///
    /// # Errors
    ///
    /// The function for client authentication failed.
    pub(super) fn request(
        &self,
        url: &Url,
        token: &str,
        accept: &'static str,
    ) -> Result<Request<FormBody>, Failed> {
        let mut unauthenticated = UnauthenticatedRequest {
            headers: HeaderMap::new(),
            // Enough for the form, so that no copy of the token stays behind when the text grows.
            form: Zeroizing::new(String::with_capacity(token.len() + 512)),
        };
        unauthenticated.field("token", token).field("token_type_hint", "access_token");
        match self {
            Self::Header(value) => {
                unauthenticated.headers.insert(AUTHORIZATION, value.clone());
            }
            Self::Custom(authenticate) => authenticate(&mut unauthenticated)
                .map_err(|error| Failed::caused(IntrospectionFailure::NoCredential, error))?,
        }
        let UnauthenticatedRequest { mut headers, form } = unauthenticated;
        // Any of them may be a credential.
        headers.values_mut().for_each(|value| value.set_sensitive(true));
        for (name, value) in [
            (ACCEPT, accept),
            // No content coding can be decoded.
            (ACCEPT_ENCODING, "identity"),
            (CONTENT_TYPE, "application/x-www-form-urlencoded"),
            (USER_AGENT, concat!("tower-jwt-auth/", env!("CARGO_PKG_VERSION"))),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let mut request = Request::new(FormBody(Some(form)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = url.uri().clone();
        *request.headers_mut() = headers;
        Ok(request)
    }
}

fn append(form: &mut String, name: &str, value: &str) {
    if !form.is_empty() {
        form.push('&');
    }
    encode(form, name);
    form.push('=');
    encode(form, value);
}

/// Appends a text in the encoding of forms. A space becomes `%20`, which every decoder accepts.
fn encode(to: &mut String, text: &str) {
    to.extend(utf8_percent_encode(text, ESCAPED));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url() -> Url {
        Url::read("https://auth.example.com/introspect").unwrap()
    }

    #[test]
    fn the_form_escapes_what_could_add_a_field() {
        let authentication = Authentication::Custom(Box::new(|request| {
            request.field("client_id", "a&token=b c+d%\u{e9}");
            request.headers_mut().insert(ACCEPT, HeaderValue::from_static("text/html"));
            Ok(())
        }));
        let request = authentication.request(&url(), "a.b-c_d", "application/json").unwrap();
        assert_eq!(
            request.body().text(),
            "token=a.b-c_d&token_type_hint=access_token&client_id=a%26token%3Db%20c%2Bd%25%C3%A9"
        );
        assert_eq!(request.headers()[ACCEPT], "application/json");
    }

    #[test]
    fn basic_credentials_are_encoded_before_they_are_joined() {
        // RFC 6749 §2.3.1: a colon in the id must not end it.
        let authentication = Authentication::basic("a:b", "c d%").unwrap();
        let request = authentication.request(&url(), "t", "application/json").unwrap();
        let expected =
            format!("Basic {}", base64_simd::STANDARD.encode_to_string("a%3Ab:c%20d%25"));
        assert_eq!(request.headers()[AUTHORIZATION], expected.as_str());
        assert!(!format!("{request:?}").contains(&expected));
    }

    #[test]
    fn bearer_tokens_that_would_split_a_header_are_rejected() {
        assert!(Authentication::bearer("abc.def").is_some());
        for bad in ["", "a b", "a\r\nx: y", "a\u{e9}"] {
            assert!(Authentication::bearer(bad).is_none(), "{bad:?}");
        }
    }
}
