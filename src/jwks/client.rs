//! The default HTTP client (feature `jwks-client`): hyper and rustls, HTTP/1.1, no redirects.

use std::error::Error;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::header::PROXY_AUTHORIZATION;
use http::uri::Authority;
use http::{Request, Response, Uri};
use http_body::Body;
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::{Client, Error as ClientError, connect::Connect};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioExecutor;
use rustls::ClientConfig;
use tower_service::Service;

use super::failure::Described;
use super::fetch::Get;
use super::proxy::{Forward, Limited, ProxySetting};
use super::roots::Roots;
use crate::clock::Clock;
use crate::error::{BoxError, Problem, ProblemKind, quoted};
use crate::url::{Url, is_loopback};

/// The settings of the default client.
#[derive(Default)]
pub(crate) struct DefaultClient {
    pub(super) roots: Roots,
    pub(super) proxy: ProxySetting,
}

impl DefaultClient {
    /// Builds the client for fetches; `url` is the first URL that it will fetch.
    pub(super) fn build(
        self,
        url: Option<&Url>,
        connect_timeout: Duration,
        clock: &Arc<dyn Clock>,
    ) -> Result<Box<dyn Get>, Vec<Problem>> {
        self.into_service(url, connect_timeout, clock).map(|client| Box::new(client) as _)
    }

    /// Builds the client for requests with any body; `url` is the first URL that it will request.
    pub(crate) fn into_service(
        self,
        url: Option<&Url>,
        connect_timeout: Duration,
        clock: &Arc<dyn Clock>,
    ) -> Result<Routed, Vec<Problem>> {
        let variable = |name: &str| std::env::var(name).ok();
        let proxies = self.proxy.matcher(url, variable);
        match (self.roots.config(), proxies) {
            (Ok(tls), Ok(proxies)) => {
                let mut http = HttpConnector::new();
                http.enforce_http(false);
                http.set_connect_timeout(Some(connect_timeout));
                Ok(Routed {
                    http,
                    tls: Arc::new(tls),
                    proxies: Arc::new(proxies),
                    connect_timeout,
                    clock: Arc::clone(clock),
                })
            }
            (tls, proxies) => {
                let mut problems = tls.err().unwrap_or_default();
                problems.extend(proxies.err());
                Err(problems)
            }
        }
    }

    /// Trusts these root certificates too. `setting` is the name of the call.
    #[cfg(feature = "introspection")]
    pub(crate) fn add_roots(&mut self, setting: &str, pem: &[u8]) {
        self.roots.add(setting, pem);
    }

    /// Uses Mozilla's root certificates instead of the platform's.
    #[cfg(all(feature = "introspection", feature = "webpki-roots"))]
    pub(crate) fn use_webpki_roots(&mut self) {
        self.roots.mozilla();
    }

    /// Uses this proxy, or none.
    #[cfg(feature = "introspection")]
    pub(crate) fn set_proxy(&mut self, url: Option<String>) {
        self.proxy = url.map_or(ProxySetting::Off, ProxySetting::At);
    }

    /// The problem with settings that another client does not use.
    pub(crate) fn unused(&self) -> Option<Problem> {
        let has_proxy = !matches!(self.proxy, ProxySetting::Environment);
        (has_proxy || !self.roots.is_default()).then(|| {
            Problem::new(
                ProblemKind::NoEffect,
                "root certificates or a proxy together with `client`",
                "they configure the built-in client, and `client` replaces it",
                "Configure your own client instead, or remove the call of `client`",
            )
        })
    }
}

/// Sends each request directly or through a proxy.
#[derive(Clone)]
pub(crate) struct Routed {
    http: HttpConnector,
    tls: Arc<ClientConfig>,
    proxies: Arc<Matcher>,
    connect_timeout: Duration,
    clock: Arc<dyn Clock>,
}

impl Routed {
    /// The proxy for this URL, if any. Requests over `http` to this machine never leave it, so they use no proxy.
    fn proxy_for(&self, url: &Uri) -> Option<Intercept> {
        let stays_here = url.scheme_str() == Some("http") && url.host().is_some_and(is_loopback);
        if stays_here { None } else { self.proxies.intercept(url) }
    }

    fn limited<C>(&self, inner: C) -> Limited<C> {
        Limited { inner, limit: self.connect_timeout, clock: Arc::clone(&self.clock) }
    }
}

impl<B> Service<Request<B>> for Routed
where
    B: Body<Data: Send, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    type Response = Response<Incoming>;
    type Error = Described;
    type Future = BoxFuture<'static, Result<Response<Incoming>, Described>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Described>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        // Whether plain HTTP is allowed was checked when the URL was read.
        let direct = HttpsConnector::from((self.http.clone(), Arc::clone(&self.tls)));
        let proxy = self.proxy_for(request.uri());
        let sent = match &proxy {
            None => client(direct).request(request),
            Some(proxy) if request.uri().scheme_str() == Some("https") => {
                let mut tunnel = Tunnel::new(proxy.uri().clone(), direct);
                if let Some(credential) = proxy.basic_auth() {
                    tunnel = tunnel.with_auth(credential.clone());
                }
                let tunnel = self.limited(tunnel);
                client(HttpsConnector::from((tunnel, Arc::clone(&self.tls)))).request(request)
            }
            Some(proxy) => {
                if let Some(credential) = proxy.basic_auth() {
                    request.headers_mut().insert(PROXY_AUTHORIZATION, credential.clone());
                }
                let forward = Forward { proxy: proxy.uri().clone(), inner: direct };
                client(self.limited(forward)).request(request)
            }
        };
        Box::pin(async move { sent.await.map_err(|error| describe(error, proxy.as_ref())) })
    }
}

fn client<C, B>(connector: C) -> Client<C, B>
where
    C: Connect + Clone,
    B: Body<Data: Send> + Send,
{
    // Fetches are minutes apart: an idle connection may be broken by then, and the fetch would run into its timeout.
    let mut client = Client::builder(TokioExecutor::new());
    client.pool_max_idle_per_host(0);
    client.build(connector)
}

/// Names the proxy and the innermost cause. Neither contains the credential of the proxy.
fn describe(error: ClientError, proxy: Option<&Intercept>) -> Described {
    let mut cause: &(dyn Error + 'static) = &error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let cause = cause.to_string();
    let cause = quoted(&cause);
    let text = match proxy.map(Intercept::uri) {
        Some(proxy) => {
            let host = proxy.authority().map(Authority::as_str).unwrap_or_default();
            let place = format!("{}://{host}", proxy.scheme_str().unwrap_or_default());
            format!("failed through the proxy {} with {cause}", quoted(&place))
        }
        None => format!("failed with {cause}"),
    };
    Described { text, source: error.into() }
}
