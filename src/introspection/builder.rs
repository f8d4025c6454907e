//! The builder.

use std::fmt;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use http::{Request, Response};
use http_body::Body;
use tokio::sync::Semaphore;
use tower_service::Service;

use super::answer::{Form, MEMBER};
use super::calls::{Calls, State};
use super::exchange::Post;
use super::problem::{self, LONGEST_CACHED_FOR};
use super::request::{Authentication, FormBody, UnauthenticatedRequest};
use super::source::Introspection;
use crate::clock::{Clock, SystemClock};
use crate::error::{BoxError, BuildError, Problem};
#[cfg(feature = "jwks-client")]
use crate::jwks::client::DefaultClient;
use crate::jwks::sync::Mutex;
use crate::key::Keys;
use crate::observe::{Event, Observer};
use crate::policy::{Policy, issuer_name_problem};
use crate::url::{BadUrl, Url};
use crate::verify::{Issuer, Verifier};

const TIMEOUT: Duration = Duration::from_secs(2);
#[cfg(feature = "jwks-client")]
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
const MAX_CALLS: usize = 100;
const MOST_WAITING: usize = 1024;
/// How much the time of a signed answer may differ from the clock of this server.
const FRESH: Duration = Duration::from_secs(60);

/// Collects the settings of an [`Introspection`].
///
/// ```
/// use tower_jwt_auth::introspection::Introspection;
///
/// # #[cfg(feature = "jwks-client")] {
/// let endpoint = |url| Introspection::endpoint(url, "https://auth.example.com").client_secret_basic("orders", "secret");
/// let introspection = endpoint("https://auth.example.com/introspect").allow_unsigned_answers();
/// assert!(introspection.build().is_ok());
///
/// let introspection = endpoint("http://auth.example.com/introspect").allow_unsigned_answers();
/// assert!(introspection.build().is_err()); // not https
/// let introspection = endpoint("https://auth.example.com/introspect");
/// assert!(introspection.build().is_err()); // neither `signed` nor `allow_unsigned_answers`
/// # }
/// ```
#[must_use = "a builder does nothing until `build` is called"]
pub struct IntrospectionBuilder {
    url: String,
    issuer: String,
    client_id: Option<String>,
    /// The audience of signed answers, if it is not the client id.
    audience: Option<String>,
    authentication: Option<Authentication>,
    keys: Option<Keys>,
    allows_unsigned: bool,
    allows_http_on_loopback: bool,
    allows_other_issuers: bool,
    /// In a lock, so that the builder is `Sync`.
    client: Option<Mutex<Box<dyn Post>>>,
    #[cfg(feature = "jwks-client")]
    pub(super) default_client: DefaultClient,
    timeout: Duration,
    max_calls: usize,
    cached_for: Duration,
    clock: Option<Arc<dyn Clock>>,
    observer: Option<Arc<dyn Observer>>,
    problems: Vec<Problem>,
}

impl Introspection {
    /// Starts a builder for this endpoint, the `introspection_endpoint` of the issuer with this name.
    ///
    /// Only tokens with this name in `iss` are sent to the endpoint.
    pub fn endpoint(url: impl Into<String>, issuer: impl Into<String>) -> IntrospectionBuilder {
        IntrospectionBuilder {
            url: url.into(),
            issuer: issuer.into(),
            client_id: None,
            audience: None,
            authentication: None,
            keys: None,
            allows_unsigned: false,
            allows_http_on_loopback: false,
            allows_other_issuers: false,
            client: None,
            #[cfg(feature = "jwks-client")]
            default_client: DefaultClient::default(),
            timeout: TIMEOUT,
            max_calls: MAX_CALLS,
            cached_for: LONGEST_CACHED_FOR,
            clock: None,
            observer: None,
            problems: Vec::new(),
        }
    }
}

impl IntrospectionBuilder {
    /// Authenticates with this client id and secret: HTTP Basic (RFC 6749 §2.3.1, `client_secret_basic`).
    ///
    /// The id is also the audience of [signed](Self::signed) answers.
    pub fn client_secret_basic(self, id: impl Into<String>, secret: impl AsRef<str>) -> Self {
        let (id, secret) = (id.into(), secret.as_ref());
        let is_usable = !id.is_empty() && !secret.is_empty();
        let credential = is_usable.then(|| Authentication::basic(&id, secret)).flatten();
        Self { client_id: Some(id), ..self }.credential("client_secret_basic", credential)
    }

    /// Authenticates with this access token of the server itself (RFC 7662 §2.1).
    ///
    /// For a token that expires, call [`authenticate_with`](Self::authenticate_with).
    pub fn bearer(self, token: impl AsRef<str>) -> Self {
        self.credential("bearer", Authentication::bearer(token.as_ref()))
    }

    /// Authenticates with this function, which changes the headers and the form of each request.
    ///
    /// Use it for `client_secret_post`, for `private_key_jwt`, for a token that expires, and, with a function that adds
    /// only `client_id`, for a [`client`](Self::client) with a TLS certificate. If the function returns an error, the
    /// call fails, and the request gets 503. The function must return soon: it runs on the async runtime.
    ///
    /// ```
    /// use tower_jwt_auth::introspection::Introspection;
    ///
    /// # #[cfg(feature = "jwks-client")] {
    /// let endpoint = || {
    ///     Introspection::endpoint("https://auth.example.com/introspect", "https://auth.example.com")
    ///         .allow_unsigned_answers()
    /// };
    /// // `client_secret_post`
    /// let introspection = endpoint().authenticate_with(|request| {
    ///     let secret = std::fs::read_to_string("/run/secrets/client")?;
    ///     request.field("client_id", "orders").field("client_secret", secret.trim());
    ///     Ok::<_, std::io::Error>(())
    /// });
    /// assert!(introspection.build().is_ok());
    /// assert!(endpoint().build().is_err()); // no credential
    /// # }
    /// ```
    pub fn authenticate_with<E: Into<BoxError>>(
        self,
        authenticate: impl Fn(&mut UnauthenticatedRequest) -> Result<(), E> + Send + Sync + 'static,
    ) -> Self {
        let custom =
            move |request: &mut UnauthenticatedRequest| authenticate(request).map_err(Into::into);
        self.credential("authenticate_with", Some(Authentication::Custom(Box::new(custom))))
    }

    fn credential(mut self, setting: &str, credential: Option<Authentication>) -> Self {
        if self.authentication.is_some() {
            self.problems.push(problem::two_credentials());
        }
        match credential {
            Some(credential) => self.authentication = Some(credential),
            None => self.problems.push(problem::unusable_credential(setting)),
        }
        self
    }

    /// Sets the `aud` that [signed](Self::signed) answers must have.
    ///
    /// The default is the id of `client_secret_basic`. Some issuers name the API instead.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// Requires signed answers (RFC 9701), and verifies them with these keys.
    ///
    /// `keys` are the issuer's, for example a [`RemoteJwks`](crate::jwks::RemoteJwks) that the verifier of the tokens
    /// also uses. An answer must have the `typ` `token-introspection+jwt`, the issuer's name in `iss`, this server's
    /// client id or [`audience`](Self::audience) in `aud`, and an `iat` that differs from the time by at most 60
    /// seconds. An ID token or an access token is therefore not an answer.
    pub fn signed(mut self, keys: impl Into<Keys>) -> Self {
        self.keys = Some(keys.into());
        self
    }

    /// Accepts unsigned answers: JSON, as in RFC 7662.
    ///
    /// Only the TLS connection then proves that an answer is the issuer's. A proxy that terminates TLS can answer
    /// that a revoked token is active. The token itself is still verified.
    pub const fn allow_unsigned_answers(mut self) -> Self {
        self.allows_unsigned = true;
        self
    }

    /// Accepts tokens of other issuers without introspection.
    ///
    /// Without this call, such a token gets 503, because it is not known whether it is revoked. It is never sent to the
    /// endpoint. Call it if the verifier trusts several issuers, and some of them need no introspection or have one of
    /// their own.
    pub const fn allow_other_issuers(mut self) -> Self {
        self.allows_other_issuers = true;
        self
    }

    /// Allows `http` to this machine, for development and tests.
    ///
    /// The permitted hosts are `localhost`, 127.0.0.0/8 and `::1`.
    pub const fn allow_http_on_loopback(mut self) -> Self {
        self.allows_http_on_loopback = true;
        self
    }

    /// Calls the endpoint with this HTTP client: a Tower service from `Request<FormBody>` to a response.
    ///
    /// Configure the client not to follow redirects, or the token and the credential are sent to another place. Without
    /// this call, the built-in client is used (feature `jwks-client`). It opens a connection for each call.
    pub fn client<S, B>(mut self, client: S) -> Self
    where
        S: Service<Request<FormBody>, Response = Response<B>> + Clone + Send + 'static,
        S::Future: Send,
        S::Error: Into<BoxError>,
        B: Body<Error: Into<BoxError>> + Send,
    {
        self.client = Some(Mutex::new(Box::new(client)));
        self
    }

    /// Sets the timeout of a call. It includes connecting, reading the answer, and fetching keys for signed answers.
    ///
    /// A request waits at most slightly longer. The default is 2 seconds, the maximum 30 seconds.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets how many calls may be under way at the same time, each for another token.
    ///
    /// The default is 100. Further tokens get 503 immediately.
    pub const fn max_calls(mut self, calls: usize) -> Self {
        self.max_calls = calls;
        self
    }

    /// Sets how long an active token is not asked about again. A token that is revoked is accepted for that time.
    ///
    /// The default and maximum is 30 seconds. With zero, every request causes a call, unless one for the same token is
    /// under way. The time is never longer than the lifetime of the token.
    pub const fn cache_active_for(mut self, time: Duration) -> Self {
        self.cached_for = time;
        self
    }

    /// Sets the clock; the default is [`SystemClock`](crate::clock::SystemClock).
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Reports every call to this observer, as [`Event::TokenIntrospected`].
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Checks the settings and creates the revocation check. No I/O happens here.
    ///
    /// # Errors
    ///
    /// Lists every setting that is missing, is unsafe or cannot work.
    pub fn build(mut self) -> Result<Introspection, BuildError> {
        let mut problems = std::mem::take(&mut self.problems);
        let clock = self.clock.take().unwrap_or_else(|| Arc::new(SystemClock::new()));
        problems.extend(problem::limits(self.timeout, self.max_calls, self.cached_for));
        let url = self.read_url().map_err(|bad| problems.push(problem::bad_url(bad))).ok();
        problems.extend(self.issuer.is_empty().then(problem::empty_issuer));
        if self.authentication.is_none() && problems.is_empty() {
            problems.push(problem::no_credential());
        }
        let form = self.form(&clock, &mut problems);
        let client = self.service(url.as_ref(), &clock, &mut problems);
        let (Some(endpoint), Some(authentication), Some(form), Some(client), true) =
            (url, self.authentication, form, client, problems.is_empty())
        else {
            return Err(BuildError::of(problems));
        };
        Ok(Introspection(Arc::new(Calls {
            endpoint,
            issuer: self.issuer,
            allows_other_issuers: self.allows_other_issuers,
            authentication,
            form,
            client: Mutex::new(client),
            timeout: self.timeout,
            most_under_way: self.max_calls,
            cached_for: self.cached_for,
            waiting: Arc::new(Semaphore::new(MOST_WAITING)),
            clock,
            observer: self.observer.into(),
            state: Mutex::new(State::default()),
        })))
    }

    fn read_url(&self) -> Result<Url, BadUrl> {
        let url = Url::read(&self.url)?;
        if url.is_https() || url.is_loopback() && self.allows_http_on_loopback {
            return Ok(url);
        }
        Err(problem::plain_http(url.is_loopback()))
    }

    /// The form of answers that is accepted.
    fn form(&mut self, clock: &Arc<dyn Clock>, problems: &mut Vec<Problem>) -> Option<Form> {
        let keys = match (self.keys.take(), self.allows_unsigned) {
            (Some(keys), false) => keys,
            (None, true) => {
                problems.extend(issuer_name_problem(&self.issuer));
                return Some(Form::Unsigned);
            }
            (Some(_), true) => {
                problems.push(problem::signed_and_unsigned());
                return None;
            }
            (None, false) => {
                problems.push(problem::unsigned());
                return None;
            }
        };
        let Some(audience) = self.audience.take().or(self.client_id.take()) else {
            problems.push(problem::no_audience());
            return None;
        };
        // The leeway is the whole difference, for answers of the past and of the future. A signed answer has no `exp`:
        // it must not be a valid access token (RFC 9701 §5).
        let policy = Policy::new()
            .audience(audience)
            .typ("token-introspection+jwt")
            .leeway(FRESH)
            .max_age(Duration::ZERO)
            .allow_missing_expiry()
            .require_claim(MEMBER);
        let issuer = Issuer::new(self.issuer.clone(), keys, policy);
        let mut verifier = Verifier::builder().trust(issuer).clock(Arc::clone(clock));
        if let Some(observer) = self.observer.clone() {
            verifier = verifier.observer(move |event: &Event<'_>| observer.observe(event));
        }
        match verifier.build() {
            Ok(verifier) => Some(Form::Signed(verifier)),
            Err(error) => {
                problems.extend(error.into_problems());
                None
            }
        }
    }

    /// The configured client, or the default one.
    #[cfg(feature = "jwks-client")]
    fn service(
        &mut self,
        url: Option<&Url>,
        clock: &Arc<dyn Clock>,
        problems: &mut Vec<Problem>,
    ) -> Option<Box<dyn Post>> {
        let default = std::mem::take(&mut self.default_client);
        if let Some(client) = self.client.take() {
            problems.extend(default.unused());
            return Some(client.into_inner().unwrap_or_else(PoisonError::into_inner));
        }
        match default.into_service(url, CONNECT_TIMEOUT.min(self.timeout), clock) {
            Ok(client) => Some(Box::new(client)),
            Err(others) => {
                problems.extend(others);
                None
            }
        }
    }

    /// The configured client.
    #[cfg(not(feature = "jwks-client"))]
    fn service(
        &mut self,
        _: Option<&Url>,
        _: &Arc<dyn Clock>,
        problems: &mut Vec<Problem>,
    ) -> Option<Box<dyn Post>> {
        let client = self.client.take();
        problems.extend(client.is_none().then(problem::no_client));
        Some(client?.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for IntrospectionBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the URL: it is not checked yet and may contain a password.
        f.debug_struct("IntrospectionBuilder")
            .field("issuer", &self.issuer)
            .field("timeout", &self.timeout)
            .field("max_calls", &self.max_calls)
            .finish_non_exhaustive()
    }
}
