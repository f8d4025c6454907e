//! The settings of one issuer, from the environment or from a configuration file.

use std::env::{self, VarError};
use std::fmt;
use std::fs;
use std::time::Duration;

use serde::Deserialize;
use zeroize::Zeroizing;

use super::shared_secret::TEXT;
use crate::claims::Claims;
use crate::error::{BuildError, Problem};
use crate::jws::Algorithm;
use crate::key::VerificationKey;
use crate::verify::{Verifier, VerifierBuilder};

/// The settings of a verifier for one issuer: what an environment or a configuration file says.
///
/// | variable | member | what it is |
/// |---|---|---|
/// | `JWT_ISSUER` | `issuer` | `iss` of the tokens; without a secret also the URL of the issuer, whose metadata leads to its keys (feature `jwks-client`) |
/// | `JWT_AUDIENCE` | `audience` | the name of this service in `aud`; of several, separated by commas, one is enough |
/// | `JWT_SECRET` | `secret` | a secret of at least 32 bytes that is shared with the issuer (HS256) |
/// | `JWT_SECRET_FILE` | `secret_file` | a file with that secret; one line break at its end is not part of it |
/// | `JWT_ALGORITHMS` | `algorithms` | the algorithms that are accepted, separated by commas |
/// | `JWT_LEEWAY` | `leeway` | how many seconds clocks may differ: 60 by default, 300 at most |
///
/// With a secret, no keys are fetched, whatever the issuer is. An empty variable counts as not set. In a configuration
/// file all members are strings, and a member of another name is an error.
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
    /// What the names of the members begin with where they came from.
    #[serde(skip)]
    prefix: &'static str,
    #[serde(skip)]
    problems: Vec<Problem>,
}

impl Verifier<Claims> {
    /// A verifier with the [`Settings`] of the environment: `JWT_ISSUER`, `JWT_AUDIENCE` and, for tokens that are
    /// signed with a shared secret, `JWT_SECRET` or `JWT_SECRET_FILE`.
    ///
    /// For a claims type or a setting of your own, start with `VerifierBuilder::from(Settings::from_env())`.
    ///
    /// # Errors
    ///
    /// As [`VerifierBuilder::build`]; a variable with a wrong value is named.
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
    /// The settings of the environment. Nothing fails here: problems are reported by
    /// [`build`](VerifierBuilder::build).
    pub fn from_env() -> Self {
        Self::from_variables(|name| env::var(name))
    }

    fn from_variables(read: impl Fn(&str) -> Result<String, VarError>) -> Self {
        let mut problems = Vec::new();
        let mut value = |name: &str| match read(name) {
            Ok(value) => Some(value).filter(|value| !value.is_empty()),
            Err(VarError::NotPresent) => None,
            Err(VarError::NotUnicode(_)) => {
                problems.push(Problem::new(
                    format!("`{name}` is not UTF-8"),
                    "other bytes than those that were meant would be used",
                    "Set it to text",
                ));
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

    /// A member by the name that it had.
    fn name(&self, member: &str) -> String {
        match self.prefix {
            "" => format!("`{member}`"),
            prefix => format!("`{prefix}{}`", member.to_ascii_uppercase()),
        }
    }

    fn problem(&mut self, what: String, why: &'static str, fix: &'static str) {
        self.problems.push(Problem::new(what, why, fix));
    }

    /// The secret, from wherever it is.
    fn take_secret(&mut self) -> Option<(String, Zeroizing<String>)> {
        let (secret, file) = (self.name("secret"), self.name("secret_file"));
        match (self.secret.take(), self.secret_file.take()) {
            (Some(value), None) => Some((secret, Zeroizing::new(value))),
            (None, Some(path)) => match fs::read_to_string(path).map(Zeroizing::new) {
                Ok(text) => {
                    let text = text.strip_suffix('\n').unwrap_or(&text);
                    let text = text.strip_suffix('\r').unwrap_or(text);
                    Some((file, Zeroizing::new(text.to_owned())))
                }
                Err(error) => {
                    self.problem(
                        format!("{file}: its file cannot be read ({})", error.kind()),
                        "there is no secret to verify with",
                        "Set it to the path of a file of UTF-8 text that the server may read",
                    );
                    None
                }
            },
            (Some(_), Some(_)) => {
                self.problem(
                    format!("both {secret} and {file} are set"),
                    "one of them would have no effect",
                    "Set one of them",
                );
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
            let what = format!("{} has a name that is no algorithm", self.name("algorithms"));
            let why = "tokens of the issuer would be rejected, or others accepted";
            self.problem(what, why, "List names such as `RS256` or `ES256`, separated by commas");
        }
        algorithms
    }

    fn take_leeway(&mut self) -> Option<Duration> {
        let seconds = self.leeway.take()?.trim().parse().ok().filter(|seconds| *seconds <= 300);
        if seconds.is_none() {
            let what = format!("{} is not a number of seconds up to 300", self.name("leeway"));
            let why =
                "tokens would stay valid long after they expired, or clocks would have to agree";
            self.problem(what, why, "Set it to a number such as 60, or leave it out");
        }
        seconds.map(Duration::from_secs)
    }

    /// The keys, and the name of the issuer; `None` if there is a problem with them.
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
                // Otherwise, the reason is among the problems.
                if self.problems.is_empty() {
                    self.problem(
                        format!(
                            "neither {} nor {} is set",
                            self.name("issuer"),
                            self.name("secret")
                        ),
                        "there is nothing to verify with",
                        "Set the issuer's URL, or a secret that the issuer has, too",
                    );
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
            let what = format!("{} is not set", self.name("audience"));
            let why = "a token that its issuer made for another service would be accepted here";
            let fix = "Set it to the name of this service in `aud`; for an issuer that serves no other, call \
                       `VerifierBuilder::from(Settings::from_env()).any_audience()`";
            self.problem(what, why, fix);
        }
        let audiences = self.audience.iter().flat_map(|list| list.split(',')).map(str::trim);
        let audiences: Vec<String> = audiences.map(str::to_owned).collect();
        if audiences.iter().any(String::is_empty) {
            let what = format!("{} has an empty name", self.name("audience"));
            let why = "it is more likely a missing setting than a name";
            self.problem(what, why, "Set it to names of this service, separated by commas");
        }
        let mut builder = match keys {
            Some(keys) if self.problems.is_empty() => keys,
            _ => VerifierBuilder::with_secret(Err(BuildError::of(self.problems)), TEXT),
        };
        if lacks_audience {
            // It is reported already.
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
        if let Err(why) = crate::url::Url::read(&issuer) {
            let what = format!("{} is not the URL of an issuer: {why}", self.name("issuer"));
            let why = "there is nothing to verify with";
            self.problem(
                what,
                why,
                "Set it to what is in `iss`, such as `https://auth.example.com`",
            );
            return None;
        }
        Some(Verifier::issuer_url(issuer))
    }

    #[cfg(not(feature = "jwks"))]
    fn keys_of(&mut self, _: String) -> Option<VerifierBuilder<Claims>> {
        let what = format!("{} without a secret", self.name("issuer"));
        let why = "this build cannot fetch the keys of an issuer";
        self.problem(what, why, "Turn on the feature `jwks-client`, or set a secret");
        None
    }
}

impl From<Settings> for VerifierBuilder<Claims> {
    fn from(settings: Settings) -> Self {
        settings.into_builder(false)
    }
}

impl fmt::Debug for Settings {
    /// Leaves the secret out.
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
    fn each_wrong_variable_is_named() {
        let audience = ("JWT_AUDIENCE", "orders");
        let with = |name, value| vec![("JWT_SECRET", GOOD), audience, (name, value)];
        let url =
            if cfg!(feature = "jwks") { "is not the URL of an issuer" } else { "without a secret" };
        for (variables, expected) in [
            (vec![("JWT_SECRET", GOOD), audience], None),
            (with("JWT_ISSUER", "my issuer"), None),
            (with("JWT_ALGORITHMS", "HS256, HS512"), Some("the algorithm HS512")),
            (with("JWT_ALGORITHMS", "HS256"), None),
            (
                with("JWT_ALGORITHMS", "hs256"),
                Some("`JWT_ALGORITHMS` has a name that is no algorithm"),
            ),
            (
                with("JWT_ALGORITHMS", "none"),
                Some("`JWT_ALGORITHMS` has a name that is no algorithm"),
            ),
            (with("JWT_LEEWAY", "0"), None),
            (with("JWT_LEEWAY", "300"), None),
            (with("JWT_LEEWAY", "301"), Some("`JWT_LEEWAY` is not a number of seconds up to 300")),
            (with("JWT_LEEWAY", "-1"), Some("`JWT_LEEWAY` is not a number of seconds up to 300")),
            (with("JWT_LEEWAY", "1m"), Some("`JWT_LEEWAY` is not a number of seconds up to 300")),
            (
                with("JWT_SECRET_FILE", "/x"),
                Some("both `JWT_SECRET` and `JWT_SECRET_FILE` are set"),
            ),
            (
                vec![("JWT_SECRET_FILE", "/no such file"), audience],
                Some("`JWT_SECRET_FILE`: its file"),
            ),
            (
                vec![("JWT_SECRET", "too short"), audience],
                Some("`JWT_SECRET` holds a shared secret"),
            ),
            (
                vec![("JWT_SECRET", ""), audience],
                Some("neither `JWT_ISSUER` nor `JWT_SECRET` is set"),
            ),
            (vec![("JWT_ISSUER", "auth.example.com"), audience], Some(url)),
            (vec![("JWT_SECRET", GOOD)], Some("`JWT_AUDIENCE` is not set")),
            (
                vec![("JWT_SECRET", GOOD), ("JWT_AUDIENCE", "orders,,billing")],
                Some("`JWT_AUDIENCE` has an empty name"),
            ),
            (vec![], Some("neither `JWT_ISSUER` nor `JWT_SECRET` is set")),
        ] {
            let said = from_variables(&variables)
                .into_builder(true)
                .build()
                .err()
                .map(|error| error.to_string());
            let said = said.as_deref();
            assert_eq!(said.is_some(), expected.is_some(), "{variables:?}: {said:?}");
            assert!(said.unwrap_or_default().contains(expected.unwrap_or_default()), "{said:?}");
            assert!(!said.unwrap_or_default().contains("too short"), "{said:?}");
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
    fn text_that_is_not_utf8_is_a_problem() {
        let settings = Settings::from_variables(|name| match name {
            "JWT_SECRET" => Err(VarError::NotUnicode("x".into())),
            _ => Err(VarError::NotPresent),
        });
        let error = settings.into_builder(true).build().unwrap_err().to_string();
        assert!(error.contains("`JWT_SECRET` is not UTF-8"), "{error}");
    }

    #[test]
    fn debug_leaves_the_secret_out() {
        let settings = from_variables(&[("JWT_SECRET", GOOD), ("JWT_AUDIENCE", "orders")]);
        let debug = format!("{settings:?}");
        assert!(debug.contains("orders") && !debug.contains(GOOD), "{debug}");
    }
}
