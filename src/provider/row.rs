//! What the tokens of a provider look like, as data.

use crate::claims::{ClaimPath, GrantClaims};
use crate::json::Value;
use crate::jws::Algorithm;
use crate::jwt::Token;
use crate::policy::Policy;

/// The issuer, the keys and the claims of a provider. In texts, `{0}` and `{1}` are the arguments of its constructor.
pub(super) struct Row {
    /// The provider's name, for problems.
    pub(super) name: &'static str,
    /// The names of the issuer, all with the same keys.
    pub(super) issuers: &'static [&'static str],
    /// The URL of the keys. Without it, the metadata of the issuer contains the URL.
    pub(super) keys: Option<&'static str>,
    /// The algorithms of the provider. If there are none, the keys determine them.
    pub(super) algorithms: &'static [Algorithm],
    pub(super) audience: Audience,
    /// Whether ID, refresh and logout tokens are rejected.
    pub(super) is_for_apis: bool,
    /// The claims that every token has.
    pub(super) required: &'static [&'static str],
    pub(super) checks: &'static [Check],
    pub(super) grants: fn() -> GrantClaims,
    /// The claim with the user's id, if it is not `sub`.
    pub(super) subject: Option<&'static str>,
    /// The claim with the tenant, if every token has one.
    pub(super) tenant: Option<fn() -> ClaimPath>,
    /// The header field in which a gateway of the provider sends the token.
    pub(super) header: Option<&'static str>,
}

/// The name of a check, for logs, and the check.
pub(super) type Check = (&'static str, fn(&Token) -> bool);

/// How a provider says for whom a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// By `aud` or by the client, which the application configures.
    Configured,
    /// By `aud`, with this value.
    Fixed(&'static str),
    /// By the page of the user, which the application configures.
    Page,
    /// By the issuer, whose tokens are for one application only.
    Issuer,
}

/// The row that others are variations of.
pub(super) const ROW: Row = Row {
    name: "",
    issuers: &[],
    keys: None,
    algorithms: &[],
    audience: Audience::Configured,
    is_for_apis: true,
    required: &[],
    checks: &[],
    grants: GrantClaims::new,
    subject: None,
    tenant: None,
    header: None,
};

impl Row {
    /// The policy for the provider's tokens.
    pub(super) fn policy(&self, arguments: &[&str]) -> Policy {
        let mut policy = Policy::new();
        if !self.algorithms.is_empty() {
            policy = policy.algorithms(self.algorithms.iter().copied());
        }
        policy = match self.audience {
            Audience::Configured | Audience::Page => policy,
            Audience::Fixed(audience) => policy.audience(filled(audience, arguments)),
            Audience::Issuer => policy.any_audience(),
        };
        if self.is_for_apis {
            policy = policy.access_tokens_only();
        }
        for claim in self.required {
            policy = policy.require_claim(*claim);
        }
        for (name, check) in self.checks {
            policy = policy.check_token(name, check);
        }
        if let Some(claim) = self.subject {
            policy = policy.subject_claim(claim);
        }
        if let Some(claim) = self.tenant {
            policy = policy.tenant_claim(claim());
        }
        policy.grants((self.grants)())
    }
}

/// A text with the arguments in place of their numbers.
pub(super) fn filled(text: &str, arguments: &[&str]) -> String {
    let numbered = arguments.iter().zip(["{0}", "{1}"]);
    numbered.fold(text.to_owned(), |text, (argument, number)| text.replace(number, argument))
}

/// Whether a claim of a token has a value.
pub(super) fn has(token: &Token, claim: &str) -> bool {
    token.has_claim(claim)
}

/// Whether a claim of a token is this text.
pub(super) fn is(token: &Token, claim: &str, wanted: &str) -> bool {
    token.value(claim).and_then(Value::string) == Some(wanted)
}
