//! The builder of a resource. Only `build` fails, and it reports all problems at once.

use super::document::Members;
use super::identifier::{Identifier, PlainHttp, read};
use super::problem;
use super::resource::Resource;
use crate::claims::{Scopes, is_scope};
use crate::error::{BuildError, Problem};
use crate::policy::issuer_name_problem;
use crate::url::{BadUrl, Url};

/// Scopes of OpenID Connect that only the authorization server acts on.
const OF_THE_SERVER: [&str; 2] = ["openid", "offline_access"];

/// Collects the settings of a [`Resource`].
///
/// ```
/// use tower_jwt_auth::error::ProblemKind;
/// use tower_jwt_auth::resource::Resource;
///
/// let api = || Resource::new("https://api.example.com").scopes(["orders:read"]);
/// assert!(api().authorization_server("https://auth.example.com").build().is_ok());
///
/// let error = api().scopes(["openid"]).build().unwrap_err();
/// let kinds: Vec<_> = error.problems().iter().map(|problem| problem.kind()).collect();
/// assert_eq!(kinds, [ProblemKind::MissingIssuer, ProblemKind::InvalidScope]);
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ResourceBuilder {
    identifier: String,
    plain_http: PlainHttp,
    members: Members,
    implied: Scopes,
}

impl Resource {
    /// Starts with the resource identifier: the `https` URL that clients call (RFC 9728 §1.2).
    ///
    /// It is also the audience of the tokens (RFC 8707 §2). Write it as clients do, because they compare it byte for
    /// byte. It may have a path and a query, and must not have a fragment.
    #[expect(
        clippy::new_ret_no_self,
        reason = "a resource exists only after its settings are checked"
    )]
    pub fn new(identifier: impl Into<String>) -> ResourceBuilder {
        ResourceBuilder {
            identifier: identifier.into(),
            plain_http: PlainHttp::default(),
            members: Members::default(),
            implied: Scopes::new(),
        }
    }
}

impl ResourceBuilder {
    /// Adds an authorization server that issues tokens for this resource; at least one is required.
    ///
    /// Pass its issuer identifier, which is also the `iss` of its tokens. Clients compare it byte for byte with `issuer`
    /// in the server's metadata (RFC 8414 §3.3). Call it again for each server; clients choose one.
    pub fn authorization_server(mut self, issuer: impl Into<String>) -> Self {
        add_new(&mut self.members.authorization_servers, issuer.into());
        self
    }

    /// Adds scopes that clients can request for this resource.
    ///
    /// List the scopes that the routes require. A [`RequireLayer`](crate::RequireLayer) with another scope then
    /// answers every request with 500. Do not list `openid` and `offline_access`: they are for the authorization server.
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        for scope in scopes {
            add_new(&mut self.members.scopes_supported, scope.into());
        }
        self
    }

    /// Adds scopes that imply others, for the verifiers that take this resource.
    ///
    /// See [`VerifierBuilder::implied_scopes`](crate::VerifierBuilder::implied_scopes), which is called by
    /// [`VerifierBuilder::resource`](crate::VerifierBuilder::resource). A verifier that takes its audience from
    /// elsewhere does not get them. Building the verifier fails if a scope implies itself.
    pub fn implied_scopes(mut self, scopes: Scopes) -> Self {
        self.implied.extend(scopes);
        self
    }

    /// Sets the name of the resource for its users, who may see it before they consent.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.members.resource_name = Some(name.into());
        self
    }

    /// Sets the URL of the documentation for developers.
    pub fn documentation(mut self, url: impl Into<String>) -> Self {
        self.members.resource_documentation = Some(url.into());
        self
    }

    /// Sets the URL of the requirements on how clients may use the data.
    pub fn policy_uri(mut self, url: impl Into<String>) -> Self {
        self.members.resource_policy_uri = Some(url.into());
        self
    }

    /// Sets the URL of the terms of service.
    pub fn terms_of_service_uri(mut self, url: impl Into<String>) -> Self {
        self.members.resource_tos_uri = Some(url.into());
        self
    }

    /// Sets the URL of the resource's own public keys, for example if it signs its responses.
    ///
    /// These are not the keys that tokens are verified with: clients find those at the authorization server.
    pub fn jwks_uri(mut self, url: impl Into<String>) -> Self {
        self.members.jwks_uri = Some(url.into());
        self
    }

    /// Adds types of authorization details that clients can request (RFC 9396).
    pub fn authorization_details_types(
        mut self,
        types: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        for one in types {
            add_new(&mut self.members.authorization_details_types_supported, one.into());
        }
        self
    }

    /// Allows `http` URLs of this machine, for development.
    pub fn allow_http_on_loopback(mut self) -> Self {
        self.plain_http = PlainHttp::OnLoopback;
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    ///
    /// Lists every setting that is unsafe or cannot work: a URL that is malformed, or not `https`, or has user
    /// information or a fragment; no authorization server; a malformed scope, or `openid` or `offline_access`; an empty
    /// value. URLs of pages for people may be `http` and have a fragment.
    pub fn build(self) -> Result<Resource, BuildError> {
        let Self { identifier, plain_http, members, implied } = self;
        let mut problems = problems(&members, &identifier, plain_http);
        match Identifier::read(identifier.clone(), plain_http) {
            Ok(identifier) => BuildError::unless_none(
                problems,
                Resource::from_parts(identifier, members, implied),
            ),
            Err(bad) => {
                problems.insert(0, problem::identifier(&identifier, bad));
                Err(BuildError::of(problems))
            }
        }
    }
}

/// Adds a value that the list does not have yet.
fn add_new(list: &mut Vec<String>, value: String) {
    if !list.contains(&value) {
        list.push(value);
    }
}

/// The problems of all settings but the identifier.
fn problems(members: &Members, identifier: &str, plain_http: PlainHttp) -> Vec<Problem> {
    let servers = &members.authorization_servers;
    let none = servers.is_empty().then(|| problem::no_authorization_server(identifier));
    let servers = servers.iter().filter_map(|server| server_problem(server, plain_http));
    let scopes = members.scopes_supported.iter().filter_map(|scope| scope_problem(scope));
    let types = &members.authorization_details_types_supported;
    let types = types.iter().map(|one| ("authorization_details_types", one));
    let texts = members.resource_name.iter().map(|name| ("name", name)).chain(types);
    let empty = texts.filter(|(_, text)| text.trim().is_empty());
    let pages = [
        ("documentation", &members.resource_documentation),
        ("policy_uri", &members.resource_policy_uri),
        ("terms_of_service_uri", &members.resource_tos_uri),
    ];
    let pages = pages.into_iter().filter_map(|(setting, url)| page_problem(setting, url.as_ref()?));
    let keys = members
        .jwks_uri
        .as_ref()
        .and_then(|url| read(url, plain_http).err().map(|bad| problem::url("jwks_uri", url, bad)));
    none.into_iter()
        .chain(servers)
        .chain(scopes)
        .chain(empty.map(|(setting, _)| problem::empty(setting)))
        .chain(pages)
        .chain(keys)
        .collect()
}

fn server_problem(server: &str, plain_http: PlainHttp) -> Option<Problem> {
    let bad = match read(server, plain_http) {
        Err(bad) => Some(bad),
        Ok(url) if url.query().is_some() => Some(BadUrl::invalid("it has a query")),
        Ok(_) => None,
    };
    let bad = bad.map(|bad| problem::authorization_server(server, bad));
    bad.or_else(|| issuer_name_problem(server))
}

/// The URL of a page may be `http`, and may have a fragment.
fn page_problem(setting: &str, url: &str) -> Option<Problem> {
    let page = url.split('#').next().unwrap_or_default();
    Url::read(page).err().map(|bad| problem::url(setting, url, bad))
}

fn scope_problem(scope: &str) -> Option<Problem> {
    if scope.is_empty() {
        Some(problem::empty("scopes"))
    } else if !is_scope(scope) {
        Some(problem::malformed_scope(scope))
    } else if OF_THE_SERVER.contains(&scope) {
        Some(problem::scope_of_the_server(scope))
    } else {
        None
    }
}
