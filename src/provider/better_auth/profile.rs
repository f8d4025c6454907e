//! The kinds of token that a Better Auth server and its neighbours sign, and what tells them apart.

use std::time::Duration;

use super::base_url::BaseUrl;
use crate::claims::ClaimPath;
use crate::jws::Algorithm;
use crate::jwt::Token;
use crate::policy::Policy;

/// `typ` and audience of a session cookie that is signed with the server's key pairs.
const SESSION_TYPE: &str = "better-auth.session-cache+jwt";
const SESSION_AUDIENCE: &str = "better-auth:session-cache";
/// What the server itself grants to clocks when it reads its cookies.
pub(super) const SESSION_LEEWAY: Duration = Duration::from_secs(15);

/// The claims of everything that Better Auth itself signs with the secret: the links in its e-mails and the
/// cookie cache of sessions. None of these tokens has `sub`, `iss` or `aud`.
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

/// Which kind of token is taken. They never mix: some are signed with one key, and all of them with the
/// key of another would be somebody's log-in.
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

    /// What a token of this kind has to be like.
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
            // Nothing is said, and the policy's own problem says so.
            (Self::Token | Self::OAuthAccessToken, _) => policy,
        }
    }

    /// The issuers' names. None where the tokens have none.
    pub(super) fn issuers(self, url: Option<&BaseUrl>, given: Vec<String>) -> Vec<String> {
        if !given.is_empty() {
            return given;
        }
        let follows = url.and_then(|url| match self {
            Self::Token | Self::SessionByServer => Some(url.origin.clone()),
            Self::OAuthAccessToken => Some(url.base.clone()),
            Self::BridgeToken | Self::SessionBySecret => None,
        });
        follows.into_iter().collect()
    }

    /// Whether tokens that are no logins, signed with the same key, have this claim too.
    pub(super) fn shares_claim(self, claim: &str) -> bool {
        self == Self::BridgeToken && SIGNED_WITH_THE_SECRET.contains(&claim)
    }

    /// Where the user's id stands in a token, if not in `sub`.
    pub(super) fn subject_path(self, user_id_claim: &str) -> Option<ClaimPath> {
        if self.is_session() {
            return Some(["user", "id"].into());
        }
        (user_id_claim != "sub").then(|| user_id_claim.into())
    }
}

/// What holds for everything that is signed with a server's key pairs.
fn server_policy() -> Policy {
    Policy::new()
        .check_token("`kid`", |token| token.header().key_id.is_some())
        .check_token("an algorithm of the server", is_of_a_server)
}

/// What a server can be told to sign with; a list of algorithms would want a key for each.
fn is_of_a_server(token: &Token) -> bool {
    use Algorithm::{ES256, ES384, ES512, EdDSA, PS256, RS256};
    matches!(token.header().algorithm, EdDSA | ES256 | ES384 | ES512 | RS256 | PS256)
}

/// `typ` is absent or says no more than that this is a JWT.
fn has_plain_type(token: &Token) -> bool {
    token.header().typ.is_none_or(|typ| typ.eq_ignore_ascii_case("JWT"))
}
