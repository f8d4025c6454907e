//! What an operator is told of tokens that went to the wrong place.

use super::profile::Profile;
use crate::error::ErrorKind;
use crate::jws::Algorithm;

/// Which kind of token a rejected one looks like.
pub(super) type Hint = fn(&str, Option<Algorithm>, ErrorKind) -> Option<&'static str>;

impl Profile {
    pub(super) fn hint(self) -> Hint {
        match self {
            Self::Token => |token, algorithm, kind| {
                shape(token, kind, NOT_A_JWT).or_else(|| of_other_keys(algorithm, kind)).or(
                    match kind {
                        ErrorKind::InvalidIssuer => Some(OTHER_ISSUER),
                        ErrorKind::InvalidAudience => Some(OTHER_AUDIENCE),
                        _ => None,
                    },
                )
            },
            Self::OAuthAccessToken => |token, algorithm, kind| {
                shape(token, kind, NOT_A_JWT).or_else(|| of_other_keys(algorithm, kind))
            },
            Self::BridgeToken => |token, algorithm, kind| {
                shape(token, kind, NOT_A_JWT).or_else(|| {
                    (!is_by_secret(algorithm, kind)?).then_some(
                        "it is signed with a key pair, and a secret is expected: \
                         `BetterAuth::url` is for the tokens of the JWT plugin",
                    )
                })
            },
            Self::SessionByServer => |token, algorithm, kind| {
                shape(token, kind, NOT_A_JWT_COOKIE).or_else(|| {
                    is_by_secret(algorithm, kind)?.then_some(
                        "the cookie is signed with the secret: `BetterAuth::session_cookie` is for it",
                    )
                })
            },
            Self::SessionBySecret => |token, algorithm, kind| {
                shape(token, kind, NOT_A_JWT_COOKIE).or_else(|| {
                    (!is_by_secret(algorithm, kind)?).then_some(
                        "the cookie is signed with the server's key pairs: \
                         `BetterAuth::session_cookie_url` is for it",
                    )
                })
            },
        }
    }
}

const NOT_A_JWT: &str = "it looks like a Better Auth session token, which only the server can check: \
                         fetch a JWT from `/api/auth/token`";
const NOT_A_JWT_COOKIE: &str =
    "it looks like a cookie cache of another strategy: set `strategy: \"jwt\"`";
const ENCRYPTED: &str = "it looks like an encrypted cookie cache: set `strategy: \"jwt\"`";

const OTHER_ISSUER: &str = "`iss` is the origin of the server's base URL, without a path or a slash, unless \
                            `jwt.issuer` is set: it has to be the same text here";
const OTHER_AUDIENCE: &str = "`aud` is the origin of the server's base URL, without a path or a slash, unless \
                              `jwt.audience` is set: it has to be the same text here";

/// Of what is signed with a secret, where key pairs are expected.
fn of_other_keys(algorithm: Option<Algorithm>, kind: ErrorKind) -> Option<&'static str> {
    is_by_secret(algorithm, kind)?.then_some(
        "it is signed with a secret, and the server's key pairs are expected: \
         `BetterAuth::bridge_token` is for such tokens",
    )
}

/// Of what is no JWT at all.
fn shape(token: &str, kind: ErrorKind, without_dots: &'static str) -> Option<&'static str> {
    if kind != ErrorKind::MalformedToken {
        return None;
    }
    match token.bytes().filter(|byte| *byte == b'.').count() {
        0 | 1 => Some(without_dots),
        4 => Some(ENCRYPTED),
        _ => None,
    }
}

/// Of what is a JWT for other keys: whether they are secrets.
fn is_by_secret(algorithm: Option<Algorithm>, kind: ErrorKind) -> Option<bool> {
    if kind != ErrorKind::AlgorithmNotAllowed {
        return None;
    }
    Some(matches!(algorithm?, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// That of the header; made up, as the tokens are.
    fn algorithm(token: &str) -> Option<Algorithm> {
        match token.get(..20)? {
            "eyJhbGciOiJIUzI1NiJ9" => Some(Algorithm::HS256),
            "eyJhbGciOiJFZERTQSJ9" => Some(Algorithm::EdDSA),
            _ => None,
        }
    }

    #[test]
    fn tokens_that_went_to_the_wrong_place_are_told_where_they_belong() {
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
            (Profile::SessionBySecret, pair, AlgorithmNotAllowed, "session_cookie_url"),
            (Profile::SessionByServer, secret, AlgorithmNotAllowed, "session_cookie`"),
            (Profile::SessionBySecret, "abc", MalformedToken, "strategy"),
            (Profile::SessionByServer, "a.b.c.d.e", MalformedToken, "encrypted"),
        ] {
            let given = (profile.hint())(token, algorithm(token), kind).unwrap_or_default();
            assert!(given.contains(hint), "{profile:?} {token}: {given}");
        }
        for (profile, token, kind) in [
            (Profile::Token, "a.b.c", MalformedToken),
            (Profile::Token, pair, AlgorithmNotAllowed),
            (Profile::BridgeToken, secret, AlgorithmNotAllowed),
            (Profile::Token, secret, InvalidSignature),
            // Its issuer has the path of the API.
            (Profile::OAuthAccessToken, pair, InvalidIssuer),
        ] {
            assert_eq!(
                (profile.hint())(token, algorithm(token), kind),
                None,
                "{profile:?} {token}"
            );
        }
    }
}
