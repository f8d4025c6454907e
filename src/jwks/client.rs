//! The default HTTP client (feature `jwks-client`): hyper and rustls, HTTP/1.1, no redirects, no proxy.

use std::time::Duration;

use super::fetch::Get;
use crate::error::{Problem, ProblemKind};

/// Creates a client with this connect timeout.
pub(super) type MakeClient = fn(Duration) -> Result<Box<dyn Get>, Problem>;

/// Without the feature there is no default client.
#[cfg(not(feature = "jwks-client"))]
pub(super) fn with_platform_roots(_: Duration) -> Result<Box<dyn Get>, Problem> {
    Err(no_client())
}

/// Verifies certificates with the platform's root certificates, including those that an administrator added.
#[cfg(feature = "jwks-client")]
pub(super) fn with_platform_roots(connect_timeout: Duration) -> Result<Box<dyn Get>, Problem> {
    use hyper_rustls::ConfigBuilderExt;

    let verified = tls().and_then(ConfigBuilderExt::try_with_platform_verifier);
    let config = verified.map_err(|error| {
        let fix = "Install root certificates (`ca-certificates` in a container), or enable the feature \
                   `webpki-roots` and call `webpki_roots`";
        no_tls(&error, fix)
    })?;
    Ok(over(config.with_no_client_auth(), connect_timeout))
}

/// Verifies certificates with Mozilla's root certificates at build time.
#[cfg(feature = "webpki-roots")]
pub(super) fn with_mozilla_roots(connect_timeout: Duration) -> Result<Box<dyn Get>, Problem> {
    use hyper_rustls::ConfigBuilderExt;

    let config = tls().map(ConfigBuilderExt::with_webpki_roots).map_err(|error| {
        no_tls(&error, "Report a bug: the TLS library rejects its own defaults")
    })?;
    Ok(over(config.with_no_client_auth(), connect_timeout))
}

/// Uses an explicit crypto provider; the process-wide default is neither read nor set.
#[cfg(feature = "jwks-client")]
fn tls() -> Result<rustls::ConfigBuilder<rustls::ClientConfig, rustls::WantsVerifier>, rustls::Error>
{
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()
}

#[cfg(feature = "jwks-client")]
fn over(config: rustls::ClientConfig, connect_timeout: Duration) -> Box<dyn Get> {
    use hyper_rustls::HttpsConnectorBuilder;
    use hyper_util::client::legacy::{Client, connect::HttpConnector};
    use hyper_util::rt::TokioExecutor;

    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_connect_timeout(Some(connect_timeout));
    // Whether plain HTTP is allowed was checked when the URL was read.
    let connector = HttpsConnectorBuilder::new().with_tls_config(config).https_or_http();
    let connector = connector.enable_http1().wrap_connector(http);
    // Fetches are minutes apart: an idle connection may be broken by then, and the fetch would run into its timeout.
    let mut client = Client::builder(TokioExecutor::new());
    client.pool_max_idle_per_host(0);
    Box::new(client.build::<_, super::NoBody>(connector))
}

#[cfg(not(feature = "jwks-client"))]
fn no_client() -> Problem {
    Problem::new(
        ProblemKind::MissingFeature,
        "a remote key set without an HTTP client",
        "the keys cannot be fetched, because the feature `jwks-client` is disabled",
        "Enable the feature `jwks-client`, or call `client` with a Tower HTTP client",
    )
}

#[cfg(feature = "jwks-client")]
fn no_tls(error: &rustls::Error, fix: &'static str) -> Problem {
    Problem::new(
        ProblemKind::TlsUnavailable,
        format!("the TLS client cannot be set up ({error})"),
        "the certificate of the key server could not be verified",
        fix,
    )
}
