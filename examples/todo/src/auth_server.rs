//! The auth server, as the environment describes it.

use std::env;
use std::error::Error;

use axum::http::Uri;
use tower_jwt_auth::BuildError;
use tower_jwt_auth::jwks::RemoteJwks;

/// The path of Better Auth's API when its base URL has no path.
const DEFAULT_PATH: &str = "/api/auth";

/// A Better Auth server.
#[derive(Clone, Debug)]
pub(crate) struct AuthServer {
    /// Scheme, host and port.
    pub(crate) origin: String,
    /// The URL of its API, which is the issuer of its OAuth tokens.
    pub(crate) base: String,
    /// Set if the server is an OAuth provider, and this API accepts its access tokens.
    pub(crate) client: Option<Client>,
}

/// The OAuth client for which access tokens are issued, and which logout tokens are addressed to.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) id: String,
    /// The audience of the access tokens: the `resource` that the client requests.
    pub(crate) resource: String,
    /// The keys of the server, for access tokens and logout tokens.
    pub(crate) keys: RemoteJwks,
}

impl AuthServer {
    /// Reads `BETTER_AUTH_URL`, `TODO_CLIENT_ID` and `TODO_RESOURCE`.
    pub(crate) fn from_env() -> Result<Option<Self>, Box<dyn Error>> {
        let (client_id, resource) = (variable("TODO_CLIENT_ID"), variable("TODO_RESOURCE"));
        if client_id.is_some() != resource.is_some() {
            return Err("set both `TODO_CLIENT_ID` and `TODO_RESOURCE`, or neither".into());
        }
        let client = client_id.zip(resource);
        let Some(url) = variable("BETTER_AUTH_URL") else {
            let none = client.is_none().then_some(None);
            return none.ok_or_else(|| "`TODO_CLIENT_ID` needs `BETTER_AUTH_URL`".into());
        };
        let url: Uri = url.parse().map_err(|error| format!("`BETTER_AUTH_URL`: {error}"))?;
        let (origin, base) = addresses(&url);
        let client = client.map(|(id, resource)| Client::new(id, resource, &base)).transpose()?;
        Ok(Some(Self { origin, base, client }))
    }
}

impl Client {
    fn new(id: String, resource: String, base: &str) -> Result<Self, BuildError> {
        // As in the preset.
        let keys = RemoteJwks::url(format!("{base}/jwks"));
        let keys = keys.allow_http_on_loopback().refresh_on_bad_signature().build()?;
        Ok(Self { id, resource, keys })
    }
}

/// The origin, and the URL of the API.
fn addresses(url: &Uri) -> (String, String) {
    let origin = url.scheme_str().zip(url.authority());
    let origin = origin.map(|(scheme, host)| format!("{scheme}://{host}")).unwrap_or_default();
    let path = url.path().trim_end_matches('/');
    let base = format!("{origin}{}", if path.is_empty() { DEFAULT_PATH } else { path });
    (origin, base)
}

/// A variable that is set and not empty.
pub(crate) fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
