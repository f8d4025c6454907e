//! Checks of the client that a token was issued to.

use super::policy::Policy;
use crate::error::{Error, ErrorKind};
use crate::json::Value;
use crate::jwt::Token;

macro_rules! texts {
    ($claim:literal) => {
        [
            $claim,
            concat!("`", $claim, "` is not a string"),
            concat!("`", $claim, "` has another value"),
        ]
    };
}

/// The claims that name the client, with the texts for one that is not a string and for another value. The first that
/// is present decides: of RFC 9068 §2.2, of OpenID Connect Core 1.0 §2, of Okta, and of Microsoft Entra ID (v1.0).
const CLAIMS: [[&str; 3]; 4] = [texts!("client_id"), AZP, texts!("cid"), texts!("appid")];

const AZP: [&str; 3] = texts!("azp");

impl Policy {
    /// Checks the client that requested the token, if `client_id` was called.
    #[inline]
    pub(crate) fn check_client(&self, token: &Token) -> Result<(), Error> {
        if self.clients.is_empty() { Ok(()) } else { self.check_named_client(token) }
    }

    fn check_named_client(&self, token: &Token) -> Result<(), Error> {
        let present = CLAIMS.iter().find(|[claim, ..]| token.value(claim).is_some());
        match present {
            Some(claim) => check_claim(claim, &self.clients, token),
            None => Err(rejected("`client_id`, `azp`, `cid` and `appid` are missing")),
        }
    }

    /// Checks `azp`, if `authorized_party` was called.
    #[inline]
    pub(crate) fn check_authorized_party(&self, token: &Token) -> Result<(), Error> {
        if self.authorized_parties.is_empty() { Ok(()) } else { self.check_azp(token) }
    }

    fn check_azp(&self, token: &Token) -> Result<(), Error> {
        if token.value("azp").is_none() {
            return Err(rejected("`azp` is missing"));
        }
        check_claim(&AZP, &self.authorized_parties, token)
    }
}

/// Compares byte for byte.
fn check_claim(
    [claim, not_a_string, other]: &[&'static str; 3],
    wanted: &[Box<str>],
    token: &Token,
) -> Result<(), Error> {
    match token.value(claim).and_then(Value::string) {
        Some(name) if wanted.iter().any(|one| **one == *name) => Ok(()),
        Some(_) => Err(rejected(other)),
        None => Err(rejected(not_a_string)),
    }
}

fn rejected(detail: &'static str) -> Error {
    Error::new(ErrorKind::InvalidAudience).with_detail(detail)
}
