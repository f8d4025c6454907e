//! Recognizes tokens that are not access tokens.

use super::header::short;
use super::policy::Policy;
use crate::error::{Error, ErrorKind};
use crate::jwt::Token;

/// A kind of token that an API must not accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Id,
    Refresh,
    Logout,
}

/// The names of the kinds, in lower case.
const NAMES: [(&str, Kind); 11] = [
    ("id", Kind::Id),
    ("id_token", Kind::Id),
    ("id+jwt", Kind::Id),
    ("refresh", Kind::Refresh),
    ("refresh_token", Kind::Refresh),
    ("refresh+jwt", Kind::Refresh),
    ("rt+jwt", Kind::Refresh),
    // Keycloak's refresh token of an offline session.
    ("offline", Kind::Refresh),
    ("logout", Kind::Logout),
    // OpenID Connect Back-Channel Logout 1.0 §2.4.
    ("logout+jwt", Kind::Logout),
    // RFC 8417 §2.3, of which logout tokens are one profile.
    ("secevent+jwt", Kind::Logout),
];

/// The claims that name the kind: of Keycloak, Amazon Cognito, Django Simple JWT and Flask-JWT-Extended.
const NAMING_CLAIMS: [&str; 4] = ["typ", "token_use", "token_type", "type"];

/// The claims that only one kind has (OpenID Connect Core 1.0 §3.3.2.11, FAPI 1.0 Part 2 §5.1.1, RFC 8417 §2.2).
const CLAIMS: [(&str, Kind); 4] =
    [("at_hash", Kind::Id), ("c_hash", Kind::Id), ("s_hash", Kind::Id), ("events", Kind::Logout)];

impl Policy {
    /// Checks that the token is not recognizably of another kind, if only access tokens are accepted.
    #[inline]
    pub(crate) fn check_access_token(&self, token: &Token) -> Result<(), Error> {
        if self.access_tokens_only { check_kind(token) } else { Ok(()) }
    }

    /// Whether `typ` requires tokens that [`check_access_token`](Self::check_access_token) rejects.
    pub(super) fn requires_rejected_type(&self) -> bool {
        self.access_tokens_only && self.typ.as_deref().and_then(named).is_some()
    }
}

fn check_kind(token: &Token) -> Result<(), Error> {
    match kind_of(token) {
        Some(kind) => Err(Error::new(ErrorKind::InvalidType).with_detail(kind.detail())),
        None => Ok(()),
    }
}

fn kind_of(token: &Token) -> Option<Kind> {
    let claims = || NAMING_CLAIMS.iter().filter_map(|claim| token.value(claim)?.string());
    let by_name = token.header().typ.into_iter().chain(claims()).find_map(named);
    by_name.or_else(|| CLAIMS.iter().find(|(claim, _)| token.has_claim(claim)).map(|(_, it)| *it))
}

fn named(name: &str) -> Option<Kind> {
    let name = short(name);
    NAMES.iter().find(|(known, _)| name.eq_ignore_ascii_case(known)).map(|(_, kind)| *kind)
}

impl Kind {
    const fn detail(self) -> &'static str {
        match self {
            Self::Id => "it looks like an ID token, which is for the client and not for an API",
            Self::Refresh => "it looks like a refresh token, which is for the issuer only",
            Self::Logout => "it looks like a logout token, which is not a login",
        }
    }
}
