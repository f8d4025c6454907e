//! The kinds of token that presets accept, and the policy of each.

use std::time::Duration;

use super::base_url::BaseUrl;
use crate::claims::ClaimPath;
use crate::jws::Algorithm;
use crate::jwt::Token;
use crate::policy::Policy;

/// `typ` and audience of a session cookie that is signed with the server's key pairs.
const SESSION_TYPE: &str = "better-auth.session-cache+jwt";
const SESSION_AUDIENCE: &str = "better-auth:session-cache";
/// The leeway with which the server reads its own cookies.
pub(super) const SESSION_LEEWAY: Duration = Duration::from_secs(15);

/// The claims of tokens that Better Auth itself signs with the secret: e-mail links and session cookies.
/// None of these tokens has `sub`, `iss` or `aud`.
const SIGNED_WITH_THE_SECRET: [&str; 10] = [
    "email",
    "exp",
    "iat",
    "requestType",
    "session",
    "updateTo",
    "updatedAt",
    "user",
    "userId",
    "version",
];

/// The kind of token that a preset accepts.
///
/// A preset accepts one kind only: several kinds are signed with the same key, and not all of them are logins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Profile {
    Token,
    OAuthAccessToken,
    BridgeToken,
    SessionByServer,
    SessionBySecret,
}

impl Profile {
    pub(super) const fn is_session(self) -> bool {
        matches!(self, Self::SessionByServer | Self::SessionBySecret)
    }

    /// The policy for tokens of this kind.
    pub(super) fn policy(self, url: Option<&BaseUrl>, audiences: Vec<String>) -> Policy {
        let policy = match self {
            Self::BridgeToken | Self::SessionBySecret => Policy::new()
                .algorithms([Algorithm::HS256])
                .check_token("plain `typ`", has_plain_type),
            Self::Token => {
                server_policy().check_token("plain `typ`", has_plain_type).require_claim("sub")
            }
            Self::OAuthAccessToken => server_policy().typ("at+jwt").require_claim("sub"),
            Self::SessionByServer => {
                server_policy().typ(SESSION_TYPE).require_claim("sub").require_claim("sid")
            }
        };
        let policy = match self {
            Self::SessionByServer | Self::SessionBySecret => {
                policy.leeway(SESSION_LEEWAY).hide_claims()
            }
            _ => policy,
        };
        if !audiences.is_empty() {
            return audiences.into_iter().fold(policy, Policy::audience);
        }
        match (self, url) {
            (Self::Token, Some(url)) => policy.audience(&*url.origin),
            (Self::SessionByServer, _) => policy.audience(SESSION_AUDIENCE),
            (Self::BridgeToken | Self::SessionBySecret, _) => policy.any_audience(),
            // Without an audience, building the policy reports a problem.
            (Self::Token | Self::OAuthAccessToken, _) => policy,
        }
    }

    /// The accepted issuers. Empty for tokens without `iss`.
    pub(super) fn issuers(self, url: Option<&BaseUrl>, given: Vec<String>) -> Vec<String> {
        if !given.is_empty() {
            return given;
        }
        let derived = url.and_then(|url| match self {
            Self::Token | Self::SessionByServer => Some(url.origin.clone()),
            Self::OAuthAccessToken => Some(url.base.clone()),
            Self::BridgeToken | Self::SessionBySecret => None,
        });
        derived.into_iter().collect()
    }

    /// Whether tokens that are not logins, signed with the same key, also have this claim.
    pub(super) fn shares_claim(self, claim: &str) -> bool {
        self == Self::BridgeToken && SIGNED_WITH_THE_SECRET.contains(&claim)
    }

    /// The path of the user's id, if it is not in `sub`.
    pub(super) fn subject_path(self, user_id_claim: &str) -> Option<ClaimPath> {
        if self.is_session() {
            return Some(["user", "id"].into());
        }
        (user_id_claim != "sub").then(|| user_id_claim.into())
    }
}

/// The rules for all tokens that are signed with a server's key pairs.
fn server_policy() -> Policy {
    Policy::new()
        .check_token("`kid`", |token| token.header().key_id.is_some())
        .check_token("an algorithm of the server", is_server_algorithm)
}

/// Whether a server can be configured to sign with this algorithm. A check and not `Policy::algorithms`, which would
/// require a key for each algorithm.
fn is_server_algorithm(token: &Token) -> bool {
    use Algorithm::{ES256, ES384, ES512, EdDSA, PS256, RS256};
    matches!(token.header().algorithm, EdDSA | ES256 | ES384 | ES512 | RS256 | PS256)
}

/// Whether `typ` is absent or `JWT`.
fn has_plain_type(token: &Token) -> bool {
    token.header().typ.is_none_or(|typ| typ.eq_ignore_ascii_case("JWT"))
}
