//! Settings of a verifier from the environment or a configuration file.

use std::env::{self, VarError};
use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use zeroize::Zeroizing;

use super::problem;
use super::shared_secret::{TEXT, read_file};
use crate::claims::Claims;
use crate::error::{BuildError, Problem, ProblemKind};
use crate::jws::Algorithm;
use crate::key::VerificationKey;
use crate::verify::{Verifier, VerifierBuilder};

/// The longest leeway of a policy, in seconds.
const MAX_LEEWAY: u64 = 300;

/// The settings of a verifier for one issuer, from the environment or a configuration file.
///
/// | variable | member | meaning |
/// |---|---|---|
/// | `JWT_ISSUER` | `issuer` | the issuer: `iss` of the tokens |
/// | `JWT_AUDIENCE` | `audience` | the accepted values of `aud`, separated by commas |
/// | `JWT_SECRET` | `secret` | the secret shared with the issuer, at least 32 bytes |
/// | `JWT_SECRET_FILE` | `secret_file` | a file with that secret; one trailing line break is ignored |
/// | `JWT_ALGORITHMS` | `algorithms` | the accepted algorithms, separated by commas |
/// | `JWT_LEEWAY` | `leeway` | allowed clock difference in seconds: default 60, maximum 300 |
///
/// With a secret, the algorithm is HS256 unless `JWT_ALGORITHMS` lists others, and no keys are fetched. Without a
/// secret, `JWT_ISSUER` must be the issuer's URL, and the keys are found through its metadata (feature `jwks-client`).
///
/// An empty variable counts as not set. In a configuration file all members are strings, and an unknown member is an
/// error.
///
/// ```
/// use tower_jwt_auth::provider::Settings;
/// use tower_jwt_auth::testing::TestIssuer;
/// use tower_jwt_auth::VerifierBuilder;
///
/// let issuer = TestIssuer::hs256().issuer("https://auth.example.com").audience("orders");
/// let file = r#"{"issuer": "https://auth.example.com", "audience": "orders", "secret": "SECRET"}"#;
/// let settings: Settings = serde_json::from_str(&file.replace("SECRET", issuer.secret()))?;
/// let verifier = VerifierBuilder::from(settings).build()?;
/// assert!(verifier.verify_now(&issuer.token().mint()).is_ok());
/// assert!(verifier.verify_now(&issuer.token().claim("aud", "billing").mint()).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    issuer: Option<String>,
    audience: Option<String>,
    secret: Option<String>,
    secret_file: Option<String>,
    algorithms: Option<String>,
    leeway: Option<String>,
    /// The prefix of the members' names in their source.
    #[serde(skip)]
    prefix: &'static str,
    #[serde(skip)]
    problems: Vec<Problem>,
}

impl Verifier<Claims> {
    /// Builds a verifier with the [`Settings`] from the environment.
    ///
    /// Set `JWT_ISSUER` and `JWT_AUDIENCE`. For tokens that are signed with a shared secret, also set `JWT_SECRET` or
    /// `JWT_SECRET_FILE`.
    ///
    /// For a custom claims type or further settings, start with `VerifierBuilder::from(Settings::from_env())`.
    ///
    /// # Errors
    ///
    /// The same as for [`VerifierBuilder::build`]. The error names each variable with an invalid value.
    ///
    /// ```no_run
    /// use tower_jwt_auth::{JwtAuthLayer, Verifier};
    ///
    /// // JWT_ISSUER=https://auth.example.com JWT_AUDIENCE=orders
    /// let layer = JwtAuthLayer::new(Verifier::from_env()?);
    /// # Ok::<(), tower_jwt_auth::BuildError>(())
    /// ```
    pub fn from_env() -> Result<Self, BuildError> {
        Settings::from_env().into_builder(true).build()
    }
}

impl Settings {
    /// Reads the settings from the environment.
    ///
    /// [`build`](VerifierBuilder::build) reports the problems.
    pub fn from_env() -> Self {
        Self::from_variables(|name| env::var(name))
    }

    fn from_variables(read: impl Fn(&str) -> Result<String, VarError>) -> Self {
        let mut problems = Vec::new();
        let mut value = |name: &str| match read(name) {
            Ok(value) => Some(value).filter(|value| !value.is_empty()),
            Err(VarError::NotPresent) => None,
            Err(VarError::NotUnicode(_)) => {
                problems.push(problem::not_utf8(name));
                None
            }
        };
        Self {
            issuer: value("JWT_ISSUER"),
            audience: value("JWT_AUDIENCE"),
            secret: value("JWT_SECRET"),
            secret_file: value("JWT_SECRET_FILE"),
            algorithms: value("JWT_ALGORITHMS"),
            leeway: value("JWT_LEEWAY"),
            prefix: "JWT_",
            problems,
        }
    }

    /// The name of a member in its source.
    fn name(&self, member: &str) -> String {
        match self.prefix {
            "" => format!("`{member}`"),
            prefix => format!("`{prefix}{}`", member.to_ascii_uppercase()),
        }
    }

    /// The secret and the name of its setting, from the value or from the file.
    fn take_secret(&mut self) -> Option<(String, Zeroizing<String>)> {
        let (secret, file) = (self.name("secret"), self.name("secret_file"));
        match (self.secret.take(), self.secret_file.take()) {
            (Some(value), None) => Some((secret, Zeroizing::new(value))),
            (None, Some(path)) => match read_file(path.as_ref()) {
                Ok(text) => Some((file, text)),
                Err(error) => {
                    self.problems.push(problem::unreadable_file(&format!("of {file}"), &error));
                    None
                }
            },
            (Some(_), Some(_)) => {
                self.problems.push(problem::two_secrets(&secret, &file));
                None
            }
            (None, None) => None,
        }
    }

    fn take_algorithms(&mut self) -> Option<Vec<Algorithm>> {
        let list = self.algorithms.take()?;
        let algorithms = list.split(',').map(|name| Algorithm::from_name(name.trim()));
        let algorithms: Option<Vec<_>> = algorithms.collect();
        if algorithms.is_none() {
            self.problems.push(problem::unknown_algorithm(&self.name("algorithms")));
        }
        algorithms
    }

    fn take_leeway(&mut self) -> Option<Duration> {
        let seconds = self.leeway.take()?.trim().parse::<u64>();
        let kind = match seconds {
            Ok(seconds) if seconds <= MAX_LEEWAY => return Some(Duration::from_secs(seconds)),
            Ok(_) => ProblemKind::OutOfRange,
            Err(_) => ProblemKind::InvalidValue,
        };
        self.problems.push(problem::bad_leeway(kind, &self.name("leeway")));
        None
    }

    /// A builder with the keys and the issuer; `None` if there is a problem with them.
    fn take_keys(&mut self) -> Option<VerifierBuilder<Claims>> {
        let secret = self.take_secret();
        match (secret, self.issuer.take()) {
            (Some((name, secret)), issuer) => {
                match VerificationKey::shared_secret(secret.as_bytes()) {
                    Ok(key) => {
                        let builder = VerifierBuilder::with_secret(Ok(key), TEXT);
                        Some(issuer.into_iter().fold(builder, VerifierBuilder::issuer))
                    }
                    Err(error) => {
                        self.problems.extend(error.within(&name).into_problems());
                        None
                    }
                }
            }
            (None, Some(issuer)) => self.keys_of(issuer),
            (None, None) => {
                // Otherwise a problem already explains why there is no secret.
                if self.problems.is_empty() {
                    let (issuer, secret) = (self.name("issuer"), self.name("secret"));
                    self.problems.push(problem::no_keys(&issuer, &secret));
                }
                None
            }
        }
    }

    fn into_builder(mut self, needs_audience: bool) -> VerifierBuilder<Claims> {
        let keys = self.take_keys();
        let (algorithms, leeway) = (self.take_algorithms(), self.take_leeway());
        let lacks_audience = needs_audience && self.audience.is_none();
        if lacks_audience {
            self.problems.push(problem::no_audience(&self.name("audience")));
        }
        let audiences = self.audience.iter().flat_map(|list| list.split(',')).map(str::trim);
        let audiences: Vec<String> = audiences.map(str::to_owned).collect();
        if audiences.iter().any(String::is_empty) {
            self.problems.push(problem::empty_audience(&self.name("audience")));
        }
        let mut builder = match keys {
            Some(keys) if self.problems.is_empty() => keys,
            _ => VerifierBuilder::with_secret(Err(BuildError::of(self.problems)), TEXT),
        };
        if lacks_audience {
            // `build` would report the missing audience a second time.
            builder = builder.any_audience();
        }
        builder = audiences
            .into_iter()
            .filter(|audience| !audience.is_empty())
            .fold(builder, VerifierBuilder::audience);
        builder = algorithms.into_iter().fold(builder, VerifierBuilder::algorithms);
        leeway.into_iter().fold(builder, VerifierBuilder::leeway)
    }

    #[cfg(feature = "jwks")]
    fn keys_of(&mut self, issuer: String) -> Option<VerifierBuilder<Claims>> {
        if let Err(bad) = crate::url::Url::read(&issuer) {
            self.problems.push(problem::bad_issuer_url(&self.name("issuer"), bad));
            return None;
        }
        Some(Verifier::issuer_url(issuer))
    }

    #[cfg(not(feature = "jwks"))]
    fn keys_of(&mut self, _: String) -> Option<VerifierBuilder<Claims>> {
        self.problems.push(problem::no_key_client(&self.name("issuer")));
        None
    }
}

impl From<Settings> for VerifierBuilder<Claims> {
    fn from(settings: Settings) -> Self {
        settings.into_builder(false)
    }
}

impl fmt::Debug for Settings {
    /// Omits the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .field("algorithms", &self.algorithms)
            .field("leeway", &self.leeway)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "a secret of the tests of at least 32 bytes";

    fn from_variables(variables: &[(&str, &str)]) -> Settings {
        Settings::from_variables(|name| {
            let found = variables.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| (*value).to_owned()).ok_or(VarError::NotPresent)
        })
    }

    #[test]
    fn each_invalid_variable_is_named() {
        use ProblemKind as Kind;
        let audience = ("JWT_AUDIENCE", "orders");
        let with = |name, value| vec![("JWT_SECRET", GOOD), audience, (name, value)];
        let url = if cfg!(feature = "jwks") { Kind::InvalidUrl } else { Kind::MissingFeature };
        for (variables, expected) in [
            (vec![("JWT_SECRET", GOOD), audience], None),
            (with("JWT_ISSUER", "my issuer"), None),
            (with("JWT_ALGORITHMS", "HS256, HS512"), Some((Kind::UnsuitableAlgorithm, "HS512"))),
            (with("JWT_ALGORITHMS", "HS256"), None),
            (with("JWT_ALGORITHMS", "hs256"), Some((Kind::InvalidValue, "`JWT_ALGORITHMS`"))),
            (with("JWT_ALGORITHMS", "none"), Some((Kind::InvalidValue, "`JWT_ALGORITHMS`"))),
            (with("JWT_LEEWAY", "0"), None),
            (with("JWT_LEEWAY", "300"), None),
            (with("JWT_LEEWAY", "301"), Some((Kind::OutOfRange, "`JWT_LEEWAY`"))),
            (with("JWT_LEEWAY", "-1"), Some((Kind::InvalidValue, "`JWT_LEEWAY`"))),
            (with("JWT_LEEWAY", "1m"), Some((Kind::InvalidValue, "`JWT_LEEWAY`"))),
            (
                with("JWT_SECRET_FILE", "/x"),
                Some((Kind::Conflict, "`JWT_SECRET` and `JWT_SECRET_FILE`")),
            ),
            (
                vec![("JWT_SECRET_FILE", "/no such file"), audience],
                Some((Kind::InvalidValue, "`JWT_SECRET_FILE`")),
            ),
            (vec![("JWT_SECRET", "too short"), audience], Some((Kind::WeakSecret, "`JWT_SECRET`"))),
            (
                vec![("JWT_SECRET", ""), audience],
                Some((Kind::MissingKeys, "`JWT_ISSUER` nor `JWT_SECRET`")),
            ),
            (vec![("JWT_ISSUER", "auth.example.com"), audience], Some((url, "`JWT_ISSUER`"))),
            (vec![("JWT_SECRET", GOOD)], Some((Kind::MissingAudience, "`JWT_AUDIENCE`"))),
            (
                vec![("JWT_SECRET", GOOD), ("JWT_AUDIENCE", "orders,,billing")],
                Some((Kind::EmptyValue, "`JWT_AUDIENCE`")),
            ),
            (vec![], Some((Kind::MissingKeys, "`JWT_ISSUER` nor `JWT_SECRET`"))),
        ] {
            let error = from_variables(&variables).into_builder(true).build().err();
            let problem = error.as_ref().map(|error| &error.problems()[0]);
            let kind = problem.map(Problem::kind);
            assert_eq!(kind, expected.map(|(kind, _)| kind), "{variables:?}: {error:?}");
            let named = expected.map_or("", |(_, name)| name);
            assert!(problem.is_none_or(|it| it.what().contains(named)), "{error:?}");
            assert!(!format!("{error:?}").contains("too short"), "{error:?}");
        }
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let variables = [("JWT_SECRET", "too short"), ("JWT_LEEWAY", "x"), ("JWT_ALGORITHMS", "x")];
        let error = from_variables(&variables).into_builder(true).build().unwrap_err().to_string();
        for name in ["JWT_SECRET", "JWT_LEEWAY", "JWT_ALGORITHMS", "JWT_AUDIENCE"] {
            assert!(error.contains(name), "{error}");
        }
    }

    #[test]
    fn a_variable_that_is_not_utf8_is_a_problem() {
        let settings = Settings::from_variables(|name| match name {
            "JWT_SECRET" => Err(VarError::NotUnicode("x".into())),
            _ => Err(VarError::NotPresent),
        });
        let error = settings.into_builder(true).build().unwrap_err();
        assert_eq!(error.problems()[0].kind(), ProblemKind::InvalidValue);
        assert!(error.problems()[0].what().contains("`JWT_SECRET`"), "{error}");
    }

    #[test]
    fn debug_omits_the_secret() {
        let settings = from_variables(&[("JWT_SECRET", GOOD), ("JWT_AUDIENCE", "orders")]);
        let debug = format!("{settings:?}");
        assert!(debug.contains("orders") && !debug.contains(GOOD), "{debug}");
    }
}
