//! The claims that are noted whatever the claims type, and what they have to be.

use crate::error::{Error, ErrorKind};

/// The claims that are noted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    Iss,
    Sub,
    Aud,
    Exp,
    Nbf,
    Iat,
    Jti,
    Scope,
    Scp,
    Roles,
    Cnf,
    Other,
}

impl Claim {
    #[inline]
    pub(super) fn of(name: &str) -> Self {
        match name {
            "iss" => Self::Iss,
            "sub" => Self::Sub,
            "aud" => Self::Aud,
            "exp" => Self::Exp,
            "nbf" => Self::Nbf,
            "iat" => Self::Iat,
            "jti" => Self::Jti,
            "scope" => Self::Scope,
            "scp" => Self::Scp,
            "roles" => Self::Roles,
            "cnf" => Self::Cnf,
            _ => Self::Other,
        }
    }

    pub(super) const fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// What a claim of the wrong type is refused for.
pub(super) fn wrong_type(claim: Claim) -> Error {
    let (kind, detail) = match claim {
        Claim::Iss => (ErrorKind::InvalidIssuer, "`iss` is not a string"),
        Claim::Aud => (ErrorKind::InvalidAudience, "`aud` is not a string or a list of strings"),
        Claim::Sub => (ErrorKind::InvalidClaims, "`sub` is not a string"),
        Claim::Jti => (ErrorKind::InvalidClaims, "`jti` is not a string"),
        Claim::Exp => (ErrorKind::InvalidClaims, "`exp` is not a number"),
        Claim::Nbf => (ErrorKind::InvalidClaims, "`nbf` is not a number"),
        Claim::Iat => (ErrorKind::InvalidClaims, "`iat` is not a number"),
        _ => (ErrorKind::InvalidClaims, "a claim has the wrong type"),
    };
    Error::new(kind).with_detail(detail)
}
