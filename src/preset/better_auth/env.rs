//! Settings from the environment, as the auth server has them.

use std::env::{self, VarError};

use zeroize::Zeroizing;

use super::builder::{BetterAuth, Material};
use super::profile::Profile;
use super::secret;
use crate::build_error::Problem;

const URL: &str = "BETTER_AUTH_URL";
const SECRET: &str = "BETTER_AUTH_SECRET";
const SECRETS: &str = "BETTER_AUTH_SECRETS";

type Value = Option<Zeroizing<String>>;

impl BetterAuth {
    /// The preset that the environment calls for.
    ///
    /// With `BETTER_AUTH_URL` it is [`url`](Self::url), whatever else is set: an application and its auth
    /// server often share their settings, and no secret is needed then. With `BETTER_AUTH_SECRETS`, of
    /// which the first one signs, or else `BETTER_AUTH_SECRET` and no URL, it is
    /// [`bridge_token`](Self::bridge_token). Without any of them, [`build`](Self::build) fails. A variable that
    /// is empty is as one that is not set.
    pub fn from_env() -> Self {
        let read = |name: &str| match env::var(name) {
            Ok(value) => Ok(Some(Zeroizing::new(value)).filter(|value| !value.is_empty())),
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(_)) => Err(Problem::new(
                format!("`{name}` is not UTF-8"),
                "the auth server would read something else",
                "Set it to text",
            )),
        };
        Self::from_variables(read)
    }

    fn from_variables(read: impl Fn(&str) -> Result<Value, Problem>) -> Self {
        let mut problems = Vec::new();
        let mut value = |name| match read(name) {
            Ok(value) => value,
            Err(problem) => {
                problems.push(problem);
                None
            }
        };
        let preset = if let Some(url) = value(URL) {
            Self::url(&*url)
        } else if let Some(list) = value(SECRETS) {
            match secret::list(&list) {
                // The older ones are for what was encrypted: the server takes no token of theirs either.
                Ok(secrets) => Self::bridge_token(secrets.first().copied().unwrap_or_default()),
                Err(problem) => Self::without_secret(problem),
            }
        } else if let Some(secret) = value(SECRET) {
            Self::bridge_token(&*secret)
        } else {
            Self::without_secret(Problem::new(
                format!("neither `{URL}` nor `{SECRET}` is set"),
                "there is nothing to verify with",
                "Set `BETTER_AUTH_URL` to the base URL of the auth server",
            ))
        };
        preset.with_problems(problems)
    }

    fn without_secret(problem: Problem) -> Self {
        Self::new(Profile::BridgeToken, Material::Secrets(Vec::new())).with_problems(vec![problem])
    }
}
