//! The presets for identity providers.

use std::fmt;

use http::header::{AUTHORIZATION, HeaderName};

use super::row::{Audience, Row, filled};
use crate::claims::Claims;
use crate::error::{BuildError, Problem, ProblemKind, quoted};
#[cfg(feature = "pem")]
use crate::jwks::PemByKeyIdBuilder;
use crate::jwks::{RemoteJwks, RemoteJwksBuilder};
use crate::key::Keys;
use crate::policy::{Policy, policy_settings};
use crate::source::HeaderToken;
use crate::verify::{Issuer, Verifier, VerifierBuilder};

/// The length of the longest argument that becomes a part of a name.
const MAX_ARGUMENT: usize = 128;

/// A preset for an identity provider: its issuer, its keys, and what its tokens look like.
///
/// Each constructor is for one provider. It sets what all access tokens of the provider have in common, so that its ID
/// tokens and the tokens of other tenants are rejected. What depends on your application must be set as on a
/// [`Policy`]: for most providers the [`audience`](Self::audience), for some the [`client_id`](Self::client_id). The
/// guide page [Providers](crate::guide::providers) lists what each preset checks, and how it was tested.
///
/// ```
/// use tower_jwt_auth::provider::Provider;
/// use tower_jwt_auth::{Algorithm, ErrorKind, testing::TestIssuer};
///
/// let pool = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab12Cd34";
/// let server = TestIssuer::new(Algorithm::RS256).issuer(pool);
/// let verifier = Provider::cognito("eu-west-1", "eu-west-1_Ab12Cd34")
///     .client_id("7h5q3c")
///     .keys(tower_jwt_auth::key::KeySet::jwks(server.jwks())?) // without it, they are fetched
///     .build()?;
///
/// let token = |kind| server.token().claim("client_id", "7h5q3c").claim("token_use", kind).mint();
/// assert!(verifier.verify_now(&token("access")).is_ok());
/// assert_eq!(verifier.verify_now(&token("id")).unwrap_err().kind(), ErrorKind::InvalidType);
///
/// // Tokens for every client of the pool would be accepted.
/// assert!(Provider::cognito("eu-west-1", "eu-west-1_Ab12Cd34").build().is_err());
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
#[must_use = "a preset does nothing until it is built"]
pub struct Provider {
    row: &'static Row,
    names: Names,
    keys: Keys,
    policy: Policy,
    problems: Vec<Problem>,
}

/// The names of the issuer.
enum Names {
    /// If there are none, only the keys identify it.
    Exact(Vec<String>),
    Tenants {
        template: &'static str,
        tenants: Vec<String>,
    },
}

impl Provider {
    /// The provider of a row, with these arguments.
    pub(super) fn of(row: &'static Row, arguments: &[&Argument]) -> Self {
        let texts: Vec<&str> = arguments.iter().map(|argument| &*argument.text).collect();
        let names: Vec<String> = row.issuers.iter().map(|name| filled(name, &texts)).collect();
        let keys = match (row.keys, names.first()) {
            (Some(url), _) => RemoteJwks::url(filled(url, &texts)),
            (None, name) => RemoteJwks::issuer(name.map_or("", String::as_str)),
        };
        let problems = arguments.iter().filter_map(|argument| argument.problem(row.name));
        Self {
            row,
            names: Names::Exact(names),
            keys: keys.into(),
            policy: row.policy(&texts),
            problems: problems.collect(),
        }
    }

    /// Adds the problem of an argument.
    #[cfg(feature = "pem")]
    pub(super) fn with_problem_of(mut self, argument: &Argument) -> Self {
        self.problems.extend(argument.problem(self.row.name));
        self
    }

    /// Replaces the name by a template with these tenants.
    pub(super) fn with_tenants(
        mut self,
        template: &'static str,
        tenants: impl IntoIterator<Item = String>,
    ) -> Self {
        self.names = Names::Tenants { template, tenants: tenants.into_iter().collect() };
        self
    }

    pub(super) const fn policy_mut(&mut self) -> &mut Policy {
        &mut self.policy
    }

    /// Changes how the keys are fetched, with any setting of [`RemoteJwksBuilder`].
    pub fn remote_keys(
        mut self,
        settings: impl FnOnce(RemoteJwksBuilder) -> RemoteJwksBuilder,
    ) -> Self {
        let mut settings = Some(settings);
        let mut change = |keys| match settings.take() {
            Some(settings) => settings(keys),
            None => keys,
        };
        let is_changed = self.keys.change(&mut change);
        #[cfg(feature = "pem")]
        let is_changed =
            is_changed || self.keys.change(|it: PemByKeyIdBuilder| it.remote_keys(change));
        if !is_changed {
            self.problems.push(settings_of_other_keys(self.row.name));
        }
        self
    }

    /// Expects this name of the issuer in `iss`, byte for byte; the keys are the same.
    ///
    /// Use it if the provider is behind a domain of your own, or writes its name in another way.
    pub fn issuer_name(mut self, name: impl Into<String>) -> Self {
        self.names = Names::Exact(vec![name.into()]);
        self
    }

    /// Verifies with these keys, and fetches none: for tests, and for keys that are distributed in another way.
    pub fn keys(mut self, keys: impl Into<Keys>) -> Self {
        self.keys = keys.into();
        self
    }

    /// The place in which requests carry the tokens: `Authorization`, or the header field of the provider's gateway.
    ///
    /// Pass it to [`JwtAuthLayer::token_source`](crate::JwtAuthLayer::token_source). The gateway must be the only way to
    /// reach your server.
    pub fn token_source(&self) -> HeaderToken {
        let source = match self.row.header {
            Some(name) => HeaderToken::new(HeaderName::from_static(name)),
            None => HeaderToken::new(AUTHORIZATION).scheme("Bearer"),
        };
        if self.policy.allows_padding { source.allow_padding() } else { source }
    }

    /// Trusts the provider beside the issuers of this builder.
    pub fn trust_in<C>(mut self, mut builder: VerifierBuilder<C>) -> VerifierBuilder<C> {
        if self.row.audience == Audience::Page && self.policy.lacks_audience() {
            let has_page = !self.policy.authorized_parties.is_empty();
            self.problems.extend((!has_page).then(|| no_page(self.row.name)));
            self.policy = self.policy.any_audience();
        }
        for problem in self.problems {
            builder = builder.problem(problem);
        }
        let (keys, policy) = (self.keys, self.policy);
        match self.names {
            Names::Exact(names) if names.is_empty() => builder.trust(Issuer::unnamed(keys, policy)),
            Names::Exact(names) => names.into_iter().fold(builder, |builder, name| {
                builder.trust(Issuer::new(name, keys.clone(), policy.clone()))
            }),
            Names::Tenants { template, tenants } => {
                builder.trust(Issuer::template(template, keys, policy).tenants(tenants))
            }
        }
    }

    /// A builder that trusts only this provider, for the settings that do not belong to an issuer.
    ///
    /// Call the settings of the issuer's policy before.
    pub fn into_builder(self) -> VerifierBuilder<Claims> {
        self.trust_in(Verifier::builder())
    }

    /// Builds a verifier that trusts only this provider. No I/O happens here.
    ///
    /// # Errors
    ///
    /// Lists every setting that is unsafe or cannot work.
    pub fn build(self) -> Result<Verifier, BuildError> {
        self.into_builder().build()
    }
}

policy_settings!(Provider);

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("name", &self.row.name).finish_non_exhaustive()
    }
}

/// An argument of a constructor.
pub(super) struct Argument {
    text: String,
    /// What it is, if it is not valid.
    invalid: Option<&'static str>,
}

impl Argument {
    /// An id that becomes one segment of a URL.
    pub(super) fn id(what: &'static str, text: impl Into<String>) -> Self {
        Self::segment(what, text.into(), |byte| matches!(byte, b'-' | b'_' | b'.'))
    }

    /// A host name, without a scheme.
    pub(super) fn host(what: &'static str, text: impl Into<String>) -> Self {
        Self::segment(what, text.into(), |byte| matches!(byte, b'-' | b'.'))
    }

    /// A URL, to which a path is added. One slash at its end is ignored. The name of the issuer, which begins with it,
    /// is checked by `build`.
    pub(super) fn url(text: impl Into<String>) -> Self {
        let text: String = text.into();
        Self::text(text.strip_suffix('/').unwrap_or(&text))
    }

    /// A text that is compared with a claim.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), invalid: None }
    }

    /// A text that is not what the constructor needs.
    #[cfg(feature = "pem")]
    pub(super) fn invalid(what: &'static str, text: &str) -> Self {
        Self { text: text.to_owned(), invalid: Some(what) }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    fn segment(what: &'static str, text: String, is_allowed: fn(u8) -> bool) -> Self {
        let is_valid = (1..=MAX_ARGUMENT).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || is_allowed(byte))
            && text.bytes().any(|byte| byte != b'.');
        Self { text, invalid: (!is_valid).then_some(what) }
    }

    fn problem(&self, provider: &str) -> Option<Problem> {
        let what = self.invalid?;
        Some(Problem::new(
            ProblemKind::InvalidValue,
            format!("{} as the {what} of {provider}", quoted(&self.text)),
            "it is a part of the issuer's URL, and must not change the rest of it",
            "Pass the value alone, as the provider shows it: an id or a host name without `https://`, or a whole ARN",
        ))
    }
}

fn no_page(provider: &str) -> Problem {
    Problem::new(
        ProblemKind::MissingAudience,
        format!("no authorized party for {provider}"),
        "a page of another origin could use the session of your users",
        "Call `authorized_party(\"https://app.example.com\")` with the origin of each page, or `any_audience()` if the \
         clients are not browsers",
    )
}

fn settings_of_other_keys(provider: &str) -> Problem {
    Problem::new(
        ProblemKind::NoEffect,
        format!("`remote_keys` is called on the preset of {provider} after `keys`"),
        "keys that were passed are not fetched",
        "Call only one of them",
    )
}
