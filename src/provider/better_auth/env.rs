//! The preset from the environment, with the auth server's variables.

use std::env::{self, VarError};

use zeroize::Zeroizing;

use super::builder::{BetterAuth, Material};
use super::profile::Profile;
use super::secret;
use crate::error::{Problem, ProblemKind};

const URL: &str = "BETTER_AUTH_URL";
const SECRET: &str = "BETTER_AUTH_SECRET";
const SECRETS: &str = "BETTER_AUTH_SECRETS";

type Value = Option<Zeroizing<String>>;

impl BetterAuth {
    /// Chooses the preset by the environment variables that are set.
    ///
    /// 1. `BETTER_AUTH_URL`: [`url`](Self::url). The secrets are then ignored: an application and its auth server
    ///    often share one `.env`, and this preset needs no secret.
    /// 2. `BETTER_AUTH_SECRETS`: [`bridge_token`](Self::bridge_token) with its first secret, the one that signs.
    /// 3. `BETTER_AUTH_SECRET`: [`bridge_token`](Self::bridge_token).
    ///
    /// With none of them, [`build`](Self::build) fails. An empty variable counts as not set.
    pub fn from_env() -> Self {
        let read = |name: &str| match env::var(name) {
            Ok(value) => Ok(Some(Zeroizing::new(value)).filter(|value| !value.is_empty())),
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(_)) => Err(Problem::new(
                ProblemKind::InvalidValue,
                format!("`{name}` is not UTF-8"),
                "the auth server would read another value",
                "Set it to UTF-8 text",
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
                // The server uses the older secrets for decryption only, so tokens signed with them are not accepted.
                Ok(secrets) => Self::bridge_token(secrets.first().copied().unwrap_or_default()),
                Err(problem) => Self::without_secret(problem),
            }
        } else if let Some(secret) = value(SECRET) {
            Self::bridge_token(&*secret)
        } else {
            Self::without_secret(Problem::new(
                ProblemKind::MissingKeys,
                format!("neither `{URL}` nor `{SECRET}` is set"),
                "there is no key to verify tokens with",
                "Set `BETTER_AUTH_URL` to the base URL of the auth server",
            ))
        };
        preset.with_problems(problems)
    }

    fn without_secret(problem: Problem) -> Self {
        Self::new(Profile::BridgeToken, Material::Secrets(Vec::new())).with_problems(vec![problem])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "https://auth.example.com";
    const GOOD: &str = "a secret of the tests of at least 32 bytes";
    const OTHER: &str = "another one of the tests of at least 32 bytes";
    const DEFAULT: &str = "better-auth-secret-12345678901234567890";

    /// `BETTER_AUTH_URL`, `BETTER_AUTH_SECRET`, `BETTER_AUTH_SECRETS`, and the preset or the error text.
    const TABLE: [(&str, &str, &str, Result<Profile, &str>); 18] = [
        ("", "", "", Err("neither `BETTER_AUTH_URL` nor `BETTER_AUTH_SECRET` is set")),
        (ADDRESS, "", "", Ok(Profile::Token)),
        (ADDRESS, GOOD, "", Ok(Profile::Token)),
        (ADDRESS, "", "1:x", Ok(Profile::Token)),
        (ADDRESS, DEFAULT, "x", Ok(Profile::Token)),
        ("", GOOD, "", Ok(Profile::BridgeToken)),
        ("", "", "2:a secret of the tests of at least 32 bytes,1:old", Ok(Profile::BridgeToken)),
        ("", DEFAULT, "7:a secret of the tests of at least 32 bytes", Ok(Profile::BridgeToken)),
        ("", "tooshort", "", Err("at least 32 are required")),
        ("", DEFAULT, "", Err("the default secret of Better Auth")),
        ("", "", "1:tooshort", Err("at least 32 are required")),
        ("", GOOD, "1:tooshort", Err("at least 32 are required")),
        ("", GOOD, "1:", Err("the Better Auth secret is empty")),
        ("", GOOD, "no version", Err("an entry has no version")),
        ("", GOOD, "x:y", Err("a version is not a number")),
        ("", GOOD, "1:a,1:b", Err("a version appears twice")),
        ("auth.example.com", GOOD, "", Err("it is not an absolute URL")),
        ("https://a@auth.example.com", GOOD, "", Err("a user name or a password")),
    ];

    fn preset(url: &str, secret: &str, secrets: &str) -> BetterAuth {
        BetterAuth::from_variables(|name| {
            let value = match name {
                URL => url,
                SECRET => secret,
                SECRETS => secrets,
                _ => unreachable!("{name} is read"),
            };
            Ok(Some(Zeroizing::new(value.to_owned())).filter(|value| !value.is_empty()))
        })
    }

    #[test]
    fn the_variables_choose_one_preset_or_report_a_problem() {
        println!("| BETTER_AUTH_URL | BETTER_AUTH_SECRET | BETTER_AUTH_SECRETS | preset |");
        for (url, secret, secrets, expected) in TABLE {
            let preset = preset(url, secret, secrets);
            let text =
                preset.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
            match expected {
                Ok(profile) => {
                    assert_eq!((preset.profile, &*text), (profile, ""), "{url} {secret}");
                }
                Err(reason) => assert!(text.contains(reason), "{url} {secret} {secrets}: {text}"),
            }
            assert!(!text.contains("tooshort") && !text.contains(GOOD), "{text}");
            let shown = |value: &str| match value {
                "" => "-".to_owned(),
                DEFAULT => "the default".to_owned(),
                other => format!("`{}`", other.replace(GOOD, "good")),
            };
            let outcome =
                expected.map_or_else(|why| format!("rejected: {why}"), |it| format!("{it:?}"));
            println!("| {} | {} | {} | {outcome} |", shown(url), shown(secret), shown(secrets));
        }
    }

    #[test]
    fn only_the_first_secret_verifies_unless_previous_secret_is_called() {
        let secrets = format!("2:{GOOD},1:{OTHER}");
        let Material::Secrets(keys) = preset("", "", &secrets).material else { panic!() };
        assert_eq!(keys.len(), 1);
        let Material::Secrets(keys) = preset("", "", &secrets).previous_secret(OTHER).material
        else {
            panic!()
        };
        assert_eq!(keys.len(), 2);
    }

    #[test]
    fn user_id_claim_of_links_is_rejected_with_from_env() {
        let by = |claim: &str| preset("", GOOD, "").user_id_claim(claim);
        assert!(by("userId").build().is_err());
        assert!(by("userId").audience("api").build().is_ok());
        assert!(by("id").build().is_ok());
        // E-mail links are not signed with the server's key pairs.
        assert!(
            preset(ADDRESS, GOOD, "")
                .user_id_claim("userId")
                .settings
                .problems(Profile::Token)
                .is_empty()
        );
    }
}
