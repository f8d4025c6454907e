//! `BETTER_AUTH_SECRET`: which texts are accepted.

use crate::error::{BuildError, Problem, ProblemKind};
use crate::key::VerificationKey;

/// The secret that the server uses in development if none is set. It is in its public source code.
const PUBLIC_DEFAULT: &str = "better-auth-secret-12345678901234567890";

const FIX: &str = "Set it to the server's own: `openssl rand -base64 32` makes one";

/// The key that this secret is. Its text is taken as it stands, base64 or not.
pub(super) fn key(secret: &str) -> Result<VerificationKey, BuildError> {
    check(secret)?;
    VerificationKey::shared_secret(secret).map_err(|error| error.within("the Better Auth secret"))
}

/// As [`key`], of at least 16 bytes.
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
            "an empty Better Auth secret",
            "anyone could sign tokens with it",
        );
    }
    if secret == PUBLIC_DEFAULT {
        return problem(
            ProblemKind::PublishedSecret,
            "the default secret of Better Auth",
            "it is in the public source code of the server, so that anyone could sign tokens",
        );
    }
    Ok(())
}

/// The secrets of `BETTER_AUTH_SECRETS`, the one that signs first: `2:new,1:old`.
pub(super) fn list(text: &str) -> Result<Vec<&str>, Problem> {
    let malformed = |why| {
        Problem::new(
            ProblemKind::InvalidValue,
            "`BETTER_AUTH_SECRETS`",
            why,
            "Write it as the server reads it: `2:the new secret,1:the old one`",
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
    fn a_list_is_read_as_the_server_reads_it() {
        assert_eq!(list("2:new,1:old").unwrap(), ["new", "old"]);
        assert_eq!(list(" 7 : with:colon , 0:x ").unwrap(), ["with:colon", "x"]);
        for text in ["", "new", "new,old", "a:new", "-1:new", "1:a,1:b", "1.5:a", "2:new,"] {
            let problem = list(text).unwrap_err().to_string();
            assert!(!problem.contains("new,"), "{problem}");
        }
    }
}
