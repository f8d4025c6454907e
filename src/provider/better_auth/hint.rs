//! Hints for the operator when a token belongs to another preset.

use super::profile::Profile;
use crate::error::ErrorKind;
use crate::explain::UnverifiedToken;
use crate::jws::Algorithm;

/// Returns a hint when the rejected token looks like another kind of token.
pub(super) type Hint = fn(&UnverifiedToken<'_>, ErrorKind) -> Option<&'static str>;

impl Profile {
    pub(super) fn hint(self) -> Hint {
        match self {
            Self::Token => |token, kind| {
                not_a_jwt(token, kind, NOT_A_JWT).or_else(|| signed_with_secret(token, kind)).or(
                    match kind {
                        ErrorKind::InvalidIssuer => Some(OTHER_ISSUER),
                        ErrorKind::InvalidAudience => Some(OTHER_AUDIENCE),
                        _ => None,
                    },
                )
            },
            Self::OAuthAccessToken => |token, kind| {
                not_a_jwt(token, kind, NOT_A_JWT).or_else(|| signed_with_secret(token, kind))
            },
            Self::BridgeToken => |token, kind| {
                not_a_jwt(token, kind, NOT_A_JWT)
                    .or_else(|| {
                        (!is_by_secret(token, kind)?).then_some(
                            "it is signed with a key pair, but this preset has a secret: \
                         use `BetterAuth::url` for tokens of the JWT plugin",
                        )
                    })
                    .or_else(|| other_secret(kind))
            },
            Self::SessionByServer => |token, kind| {
                not_a_jwt(token, kind, NOT_A_JWT_COOKIE).or_else(|| {
                    is_by_secret(token, kind)?.then_some(
                        "the cookie is signed with the secret: use `BetterAuth::session_cookie`",
                    )
                })
            },
            Self::SessionBySecret => |token, kind| {
                not_a_jwt(token, kind, NOT_A_JWT_COOKIE)
                    .or_else(|| {
                        (!is_by_secret(token, kind)?).then_some(
                            "the cookie is signed with the server's key pairs: \
                         use `BetterAuth::session_cookie_url`",
                        )
                    })
                    .or_else(|| other_secret(kind))
            },
        }
    }
}

const NOT_A_JWT: &str = "it looks like a Better Auth session token, which only the server can check: \
                         fetch a JWT from `/api/auth/token`";
const NOT_A_JWT_COOKIE: &str =
    "it looks like a session cookie of another strategy: set `strategy: \"jwt\"` on the server";
const ENCRYPTED: &str =
    "it looks like an encrypted session cookie: set `strategy: \"jwt\"` on the server";

const OTHER_ISSUER: &str = "`iss` must be the same text here and on the server: the server writes the origin of \
                            its base URL, without a path or a slash, unless `jwt.issuer` is set";
const OTHER_AUDIENCE: &str = "`aud` must be the same text here and on the server: the server writes the origin of \
                              its base URL, without a path or a slash, unless `jwt.audience` is set";

/// The hint for a token signed with a secret where key pairs are expected.
fn signed_with_secret(token: &UnverifiedToken<'_>, kind: ErrorKind) -> Option<&'static str> {
    is_by_secret(token, kind)?.then_some(
        "it is signed with a secret, but this preset has the server's key pairs: \
         use `BetterAuth::bridge_token` for tokens of an application",
    )
}

/// The hint for a signature that the secret does not verify. Both sides use the text of the secret.
fn other_secret(kind: ErrorKind) -> Option<&'static str> {
    (kind == ErrorKind::InvalidSignature)
        .then_some("the secret here differs from the server's `BETTER_AUTH_SECRET`")
}

/// The hint for text that is not a JWT.
fn not_a_jwt(
    token: &UnverifiedToken<'_>,
    kind: ErrorKind,
    without_dots: &'static str,
) -> Option<&'static str> {
    if kind != ErrorKind::MalformedToken {
        return None;
    }
    match token.parts() {
        1 | 2 => Some(without_dots),
        5 => Some(ENCRYPTED),
        _ => None,
    }
}

/// For a token with an algorithm that is not allowed: whether it is signed with a secret.
fn is_by_secret(token: &UnverifiedToken<'_>, kind: ErrorKind) -> Option<bool> {
    if kind != ErrorKind::AlgorithmNotAllowed {
        return None;
    }
    let algorithm = Algorithm::from_name(&token.header::<String>("alg")?)?;
    Some(matches!(algorithm, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_of_another_kind_gets_a_hint() {
        use ErrorKind::{
            AlgorithmNotAllowed, InvalidAudience, InvalidIssuer, InvalidSignature, MalformedToken,
        };
        let (secret, pair) = ("eyJhbGciOiJIUzI1NiJ9.e30.AA", "eyJhbGciOiJFZERTQSJ9.e30.AA");
        for (profile, token, kind, hint) in [
            (Profile::Token, "z33a6u2B8XbDa4RiyA9C6sgzLLhPZAqe", MalformedToken, "/api/auth/token"),
            (Profile::Token, "z33a6u2B8XbDa4R.c2ln", MalformedToken, "/api/auth/token"),
            (Profile::Token, "a.b.c.d.e", MalformedToken, "encrypted"),
            (Profile::Token, secret, AlgorithmNotAllowed, "bridge_token"),
            (Profile::OAuthAccessToken, secret, AlgorithmNotAllowed, "bridge_token"),
            (Profile::Token, pair, InvalidIssuer, "`jwt.issuer`"),
            (Profile::Token, pair, InvalidAudience, "`jwt.audience`"),
            (Profile::BridgeToken, pair, AlgorithmNotAllowed, "BetterAuth::url"),
            (Profile::BridgeToken, "abc", MalformedToken, "/api/auth/token"),
            (Profile::BridgeToken, secret, InvalidSignature, "BETTER_AUTH_SECRET"),
            (Profile::SessionBySecret, secret, InvalidSignature, "BETTER_AUTH_SECRET"),
            (Profile::SessionBySecret, pair, AlgorithmNotAllowed, "session_cookie_url"),
            (Profile::SessionByServer, secret, AlgorithmNotAllowed, "session_cookie`"),
            (Profile::SessionBySecret, "abc", MalformedToken, "strategy"),
            (Profile::SessionByServer, "a.b.c.d.e", MalformedToken, "encrypted"),
        ] {
            let given = (profile.hint())(&UnverifiedToken::new(token), kind).unwrap_or_default();
            assert!(given.contains(hint), "{profile:?} {token}: {given}");
        }
        for (profile, token, kind) in [
            (Profile::Token, "a.b.c", MalformedToken),
            (Profile::Token, pair, AlgorithmNotAllowed),
            (Profile::BridgeToken, secret, AlgorithmNotAllowed),
            (Profile::Token, secret, InvalidSignature),
            // OAuth tokens have another issuer: the base URL with its path.
            (Profile::OAuthAccessToken, pair, InvalidIssuer),
        ] {
            assert_eq!(
                (profile.hint())(&UnverifiedToken::new(token), kind),
                None,
                "{profile:?} {token}"
            );
        }
    }
}
