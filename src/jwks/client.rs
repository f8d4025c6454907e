//! The client that is used where none was given (feature `jwks-client`).

use std::time::Duration;

use super::fetch::Fetch;
use crate::build_error::Problem;

/// Without the feature there is none.
#[cfg(not(feature = "jwks-client"))]
pub(super) fn default(_: Duration) -> Result<Box<dyn Fetch>, Problem> {
    Err(Problem::new(
        "a remote key set without a client",
        "there is nothing to fetch it with",
        "Turn on the feature `jwks-client`, or call `client` with a Tower HTTP client",
    ))
}

/// HTTPS by hyper and rustls, HTTP/1.1, no redirects, certificates judged as the platform does.
///
/// The TLS provider is named here, so that the process-wide one is neither read nor set.
#[cfg(feature = "jwks-client")]
pub(super) fn default(connect_timeout: Duration) -> Result<Box<dyn Fetch>, Problem> {
    use std::sync::Arc;

    use hyper_rustls::{ConfigBuilderExt, HttpsConnectorBuilder};
    use hyper_util::client::legacy::{Client, connect::HttpConnector};
    use hyper_util::rt::TokioExecutor;

    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let no_roots = |error: rustls::Error| {
        Problem::new(
            format!("a TLS client that could not be set up ({error})"),
            "the certificate of the key server could not be judged",
            "Install the platform's root certificates (`ca-certificates` in a container)",
        )
    };
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(no_roots)?
        .try_with_platform_verifier()
        .map_err(no_roots)?
        .with_no_client_auth();
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_connect_timeout(Some(connect_timeout));
    // Which plain URLs may be asked was decided when the URL was read.
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .wrap_connector(http);
    Ok(Box::new(Client::builder(TokioExecutor::new()).build::<_, super::NoBody>(connector)))
}
