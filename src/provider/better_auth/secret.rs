//! Checks of `BETTER_AUTH_SECRET` and `BETTER_AUTH_SECRETS`.

use crate::error::{BuildError, Problem, ProblemKind};
use crate::key::VerificationKey;

/// The server's default secret in development, from its public source code.
const PUBLIC_DEFAULT: &str = "better-auth-secret-12345678901234567890";

const FIX: &str =
    "Set the same secret here and on the server: `openssl rand -base64 32` generates one";

/// The key of this secret. The text is used as it is and not decoded, even if it looks like base64.
pub(super) fn key(secret: &str) -> Result<VerificationKey, BuildError> {
    check(secret)?;
    VerificationKey::shared_secret(secret).map_err(|error| error.within("the Better Auth secret"))
}

/// As [`key`], for a secret of 16 bytes or more.
pub(super) fn legacy_key(secret: &str) -> Result<VerificationKey, BuildError> {
    check(secret)?;
    VerificationKey::guessable_legacy_secret(secret)
        .map_err(|error| error.within("the previous Better Auth secret"))
}

fn check(secret: &str) -> Result<(), BuildError> {
    let problem = |kind, what: &str, why| Err(BuildError::from(Problem::new(kind, what, why, FIX)));
    if secret.is_empty() {
        return problem(
            ProblemKind::WeakSecret,
            "the Better Auth secret is empty",
            "anyone could sign tokens with it",
        );
    }
    if secret == PUBLIC_DEFAULT {
        return problem(
            ProblemKind::PublishedSecret,
            "the secret is the default secret of Better Auth",
            "it is in the server's public source code, so anyone could sign tokens with it",
        );
    }
    Ok(())
}

/// Parses `BETTER_AUTH_SECRETS`, such as `2:new,1:old`. The first secret is the one that signs.
pub(super) fn list(text: &str) -> Result<Vec<&str>, Problem> {
    let malformed = |why| {
        Problem::new(
            ProblemKind::InvalidValue,
            "`BETTER_AUTH_SECRETS` cannot be parsed",
            why,
            "Use the server's format: `2:the new secret,1:the old one`",
        )
    };
    let mut versions = Vec::new();
    let mut secrets = Vec::new();
    for entry in text.split(',').map(str::trim) {
        let (version, secret) =
            entry.split_once(':').ok_or_else(|| malformed("an entry has no version"))?;
        let version: u32 =
            version.trim().parse().map_err(|_| malformed("a version is not a number"))?;
        if versions.contains(&version) {
            return Err(malformed("a version appears twice"));
        }
        versions.push(version);
        secrets.push(secret.trim());
    }
    Ok(secrets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_better_auth_secret_is_rejected() {
        for secret in ["", PUBLIC_DEFAULT, "tooshort"] {
            let error = key(secret).map(|_| ()).unwrap_err().to_string();
            assert!(secret.is_empty() || !error.contains(secret), "{error}");
        }
        assert!(key("a secret of the tests, of at least 32 bytes").is_ok());
        for secret in ["", PUBLIC_DEFAULT, "15 bytes at most"[..15].into()] {
            assert!(legacy_key(secret).is_err(), "{secret}");
        }
        assert!(legacy_key("16 bytes or more").is_ok());
    }

    #[test]
    fn a_list_of_secrets_is_parsed_like_on_the_server() {
        assert_eq!(list("2:new,1:old").unwrap(), ["new", "old"]);
        assert_eq!(list(" 7 : with:colon , 0:x ").unwrap(), ["with:colon", "x"]);
        for text in ["", "new", "new,old", "a:new", "-1:new", "1:a,1:b", "1.5:a", "2:new,"] {
            let problem = list(text).unwrap_err().to_string();
            assert!(!problem.contains("new,"), "{problem}");
        }
    }
}
