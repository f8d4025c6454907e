//! Proxies of the default client: which one is used, and how it is connected to.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use tower_service::Service;

use super::sync::{timer, within};
use crate::clock::Clock;
use crate::error::{BoxError, Problem, ProblemKind};
use crate::url::Url;

/// Where the proxy comes from.
#[derive(Default)]
pub(super) enum ProxySetting {
    #[default]
    Environment,
    At(String),
    Off,
}

/// A proxy and the name of its setting.
type Named = (&'static str, String);

impl ProxySetting {
    /// The rules for proxies; `variable` reads the environment.
    ///
    /// # Errors
    ///
    /// The proxy cannot be used. A variable is checked only if it applies to this URL.
    pub(super) fn matcher(
        self,
        url: Option<&Url>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Matcher, Problem> {
        let (https, http, bypassed) = match self {
            Self::Off => (None, None, None),
            Self::At(proxy) if is_usable(&proxy) => {
                return Ok(Matcher::builder().all(proxy).build());
            }
            Self::At(_) => return Err(unusable("proxy")),
            // A CGI program: a client can set `HTTP_PROXY` with a header.
            Self::Environment if variable("REQUEST_METHOD").is_some() => (None, None, None),
            Self::Environment => {
                let first = |names: &[&'static str]| -> Option<Named> {
                    let set = names.iter().filter_map(|name| Some((*name, variable(name)?)));
                    set.into_iter().find(|(_, value)| !value.is_empty())
                };
                (
                    first(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]),
                    first(&["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]),
                    first(&["NO_PROXY", "no_proxy"]),
                )
            }
        };
        let bypassed = value(bypassed.as_ref());
        let applies = |url: &&Url| {
            let any = Matcher::builder().all("http://proxy").no(bypassed.clone()).build();
            any.intercept(url.uri()).is_some()
        };
        if let Some(url) = url.filter(applies) {
            let used = if url.is_https() { &https } else { &http };
            if let Some((name, proxy)) = used.as_ref().filter(|(_, proxy)| !is_usable(proxy)) {
                let _ = proxy; // it may contain a password
                return Err(unusable(name));
            }
        }
        let rules = Matcher::builder().https(value(https.as_ref())).http(value(http.as_ref()));
        Ok(rules.no(bypassed).build())
    }
}

fn value(named: Option<&Named>) -> String {
    named.map(|(_, value)| value.clone()).unwrap_or_default()
}

/// Whether it is the URL of an HTTP proxy.
fn is_usable(proxy: &str) -> bool {
    let any = Matcher::builder().all(proxy).build();
    let read = any.intercept(&Uri::from_static("https://auth.example.com/"));
    let scheme = read.as_ref().map(Intercept::uri).and_then(Uri::scheme_str);
    matches!(scheme, Some("http" | "https"))
}

fn unusable(setting: &str) -> Problem {
    Problem::new(
        ProblemKind::InvalidUrl,
        format!("a proxy in `{setting}` that is not an `http` or `https` URL"),
        "the keys could not be fetched through it",
        "Set it to a URL such as `http://proxy.example:3128`, add the key server to `NO_PROXY`, or call `no_proxy`",
    )
}

/// Limits the time for connecting through a proxy.
#[derive(Clone)]
pub(super) struct Limited<C> {
    pub(super) inner: C,
    pub(super) limit: Duration,
    pub(super) clock: Arc<dyn Clock>,
}

impl<C> Service<Uri> for Limited<C>
where
    C: Service<Uri, Error: Into<BoxError>>,
    C::Future: Send + 'static,
{
    type Response = C::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<C::Response, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, url: Uri) -> Self::Future {
        let connecting = self.inner.call(url);
        let limit = timer(&*self.clock, self.limit);
        Box::pin(async move {
            let failed = |failure: crate::key::FetchFailure| BoxError::from(failure.to_string());
            let connected = within(limit.map_err(failed)?, connecting).await;
            let late = |_| BoxError::from("the proxy did not connect within `connect_timeout`");
            connected.map_err(late)?.map_err(Into::into)
        })
    }
}

/// Connects to the proxy instead of the host, for requests over plain HTTP.
#[derive(Clone)]
pub(super) struct Forward<C> {
    pub(super) proxy: Uri,
    pub(super) inner: C,
}

impl<C> Service<Uri> for Forward<C>
where
    C: Service<Uri>,
    C::Future: Send + 'static,
{
    type Response = ToProxy<C::Response>;
    type Error = C::Error;
    type Future = BoxFuture<'static, Result<ToProxy<C::Response>, C::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), C::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let connecting = self.inner.call(self.proxy.clone());
        Box::pin(async move { connecting.await.map(ToProxy) })
    }
}

/// A connection to a proxy, over which requests have an absolute URL (RFC 9112 §3.2.2).
pub(super) struct ToProxy<S>(S);

impl<S: Connection> Connection for ToProxy<S> {
    fn connected(&self) -> Connected {
        self.0.connected().proxy(true)
    }
}

impl<S: Read + Unpin> Read for ToProxy<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl<S: Write + Unpin> Write for ToProxy<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The proxy for this URL with these environment variables, or the problem with them.
    fn proxy_for(url: &str, variables: &[(&str, &str)]) -> Result<Option<String>, Problem> {
        let url = Url::read(url).unwrap();
        let variable = |name: &str| {
            let mut all = variables.iter().filter(|(other, _)| *other == name);
            all.next().map(|(_, value)| (*value).to_owned())
        };
        let matcher = ProxySetting::Environment.matcher(Some(&url), variable)?;
        Ok(matcher.intercept(url.uri()).map(|proxy| proxy.uri().to_string()))
    }

    #[test]
    fn the_environment_selects_the_proxy() {
        const HTTPS: &str = "https://auth.example.com/keys";
        const HTTP: &str = "http://auth.example.com/keys";
        let a = Some("http://a.example:3128/");
        for (url, variables, proxy) in [
            (HTTPS, &[][..], None),
            (HTTPS, &[("HTTPS_PROXY", "http://a.example:3128")], a),
            (HTTPS, &[("https_proxy", "a.example:3128")], a),
            (HTTPS, &[("ALL_PROXY", "http://user:pass@a.example:3128")], a),
            (HTTPS, &[("HTTPS_PROXY", ""), ("https_proxy", "http://a.example:3128")], a),
            (HTTPS, &[("HTTPS_PROXY", "http://a.example:3128"), ("ALL_PROXY", "http://b")], a),
            (HTTPS, &[("HTTP_PROXY", "http://a.example:3128")], None),
            (HTTP, &[("HTTP_PROXY", "http://a.example:3128")], a),
            (HTTP, &[("HTTPS_PROXY", "http://a.example:3128")], None),
            (HTTP, &[("HTTP_PROXY", "http://a"), ("REQUEST_METHOD", "GET")], None),
            (HTTPS, &[("HTTPS_PROXY", "http://a"), ("NO_PROXY", "example.com")], None),
            (HTTPS, &[("HTTPS_PROXY", "http://a"), ("no_proxy", "b, .example.com")], None),
            (HTTPS, &[("HTTPS_PROXY", "http://a"), ("NO_PROXY", "*")], None),
            (HTTPS, &[("HTTPS_PROXY", "http://a.example:3128"), ("NO_PROXY", "h.example.com")], a),
            ("https://10.1.2.3/", &[("HTTPS_PROXY", "http://a"), ("NO_PROXY", "10.0.0.0/8")], None),
        ] {
            assert_eq!(proxy_for(url, variables).unwrap().as_deref(), proxy, "{url} {variables:?}");
        }
    }

    #[test]
    fn an_unusable_proxy_is_a_problem_where_it_applies() {
        for (variables, is_problem) in [
            (&[("HTTPS_PROXY", "socks5://user:hunter2@a")][..], true),
            (&[("ALL_PROXY", "socks5://user:hunter2@a")], true),
            (&[("HTTPS_PROXY", "http://")], true),
            (&[("https_proxy", "ftp://hunter2")], true),
            (&[("HTTP_PROXY", "socks5://hunter2")], false),
            (&[("ALL_PROXY", "socks5://hunter2"), ("HTTPS_PROXY", "http://a")], false),
            (&[("ALL_PROXY", "socks5://hunter2"), ("NO_PROXY", "auth.example.com")], false),
        ] {
            let read = proxy_for("https://auth.example.com/keys", variables);
            assert_eq!(read.is_err(), is_problem, "{variables:?}");
            let Err(problem) = read else { continue };
            let shown = format!("{problem:?}");
            assert!(shown.contains(variables[0].0) && !shown.contains("hunter2"), "{shown}");
        }
    }
}
