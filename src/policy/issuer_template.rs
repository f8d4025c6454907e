//! The names of issuers with one name for each tenant.

use std::collections::BTreeSet;
use std::iter;

use super::issuer_name;
use super::one_of::one_of;
use crate::error::{Error, ErrorKind, Problem, ProblemKind, quoted};
use crate::json::Value;
use crate::jwt::Token;
use crate::url::Url;

/// The length of the longest tenant.
const MAX_TENANT: usize = 128;

/// A name with a placeholder for the tenant, such as `https://login.microsoftonline.com/{tid}/v2.0`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IssuerTemplate {
    text: String,
    /// `None` if the text is not a template. `build` rejects it, and it matches no name.
    parts: Option<Parts>,
    tenants: Tenants,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Parts {
    prefix: String,
    /// The claim that the placeholder names.
    claim: String,
    suffix: String,
}

/// The tenants that are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Tenants {
    /// Not configured yet; `build` rejects it.
    Undecided,
    OneOf(BTreeSet<String>),
    /// Explicitly every tenant.
    Any,
    /// Both `tenants` and `any_tenant` were called; `build` rejects it.
    Contradictory,
}

/// Whether a text can be a tenant. Everything that has a meaning in a URL is excluded.
pub(super) fn is_tenant(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    // Without branches, the compiler vectorizes the check.
    (1..=MAX_TENANT).contains(&text.len())
        && text.bytes().fold(true, |all, byte| all & is_allowed(byte))
}

impl Parts {
    /// `None` unless exactly one placeholder fills one whole segment of the path of a URL.
    fn of(text: &str) -> Option<Self> {
        let (prefix, rest) = text.split_once('{')?;
        let (claim, suffix) = rest.split_once('}')?;
        let is_whole = prefix.ends_with('/') && (suffix.is_empty() || suffix.starts_with('/'));
        let is_only = is_tenant(claim) && !suffix.contains(['{', '}']) && !prefix.contains('}');
        // The prefix has a host, so the placeholder is not a part of it.
        let has_host = Url::read(prefix).is_ok();
        let has_path_only =
            Url::read(&format!("{prefix}0{suffix}")).is_ok_and(|it| it.query().is_none());
        (is_whole && is_only && has_host && has_path_only).then(|| Self {
            prefix: prefix.to_owned(),
            claim: claim.to_owned(),
            suffix: suffix.to_owned(),
        })
    }

    fn filled(&self, tenant: &str) -> String {
        format!("{}{tenant}{}", self.prefix, self.suffix)
    }
}

impl IssuerTemplate {
    pub(crate) fn new(text: String) -> Self {
        let parts = Parts::of(&text);
        Self { text, parts, tenants: Tenants::Undecided }
    }

    pub(crate) fn add_tenants(&mut self, added: impl IntoIterator<Item = String>) {
        match &mut self.tenants {
            Tenants::Undecided => self.tenants = Tenants::OneOf(added.into_iter().collect()),
            Tenants::OneOf(all) => all.extend(added),
            Tenants::Any | Tenants::Contradictory => self.tenants = Tenants::Contradictory,
        }
    }

    pub(crate) fn set_any_tenant(&mut self) {
        self.tenants = match self.tenants {
            Tenants::Undecided | Tenants::Any => Tenants::Any,
            Tenants::OneOf(_) | Tenants::Contradictory => Tenants::Contradictory,
        };
    }

    /// The template as configured.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The name of a tenant; `None` if the text is not a template.
    #[cfg(feature = "jwks")]
    pub(crate) fn filled(&self, tenant: &str) -> Option<String> {
        self.parts.as_ref().map(|parts| parts.filled(tenant))
    }

    /// The tenant in a name, compared byte for byte; `None` if the template does not match.
    pub(crate) fn tenant_in<'n>(&self, name: &'n str) -> Option<&'n str> {
        let Parts { prefix, suffix, .. } = self.parts.as_ref()?;
        let rest = name.strip_prefix(&**prefix)?;
        // On some processors, comparing with the dangling pointer of an empty string takes 75 ns.
        let tenant = if suffix.is_empty() { rest } else { rest.strip_suffix(&**suffix)? };
        is_tenant(tenant).then_some(tenant)
    }

    fn trusts(&self, tenant: &str) -> bool {
        match &self.tenants {
            Tenants::OneOf(listed) => listed.contains(tenant),
            Tenants::Any => true,
            // `build` rejects these configurations.
            Tenants::Undecided | Tenants::Contradictory => false,
        }
    }

    /// Checks the issuer and the tenant of a verified token, and returns the tenant.
    pub(super) fn check<'t>(&self, issuer: &'t str, token: &Token) -> Result<&'t str, Error> {
        let rejected = |detail| Err(Error::new(ErrorKind::InvalidIssuer).with_detail(detail));
        let (Some(tenant), Some(parts)) = (self.tenant_in(issuer), &self.parts) else {
            return rejected("`iss` does not match the template");
        };
        match token.value(&parts.claim).and_then(Value::string) {
            None => rejected("the claim of the placeholder is missing or not a string"),
            Some(claimed) if claimed != tenant => {
                rejected("the claim of the placeholder differs from the tenant in `iss`")
            }
            Some(_) if !self.trusts(tenant) => rejected("the tenant is not one of `tenants`"),
            Some(_) => Ok(tenant),
        }
    }

    /// The tenant in a name, if it is not trusted.
    pub(crate) fn other_tenant_in<'n>(&self, name: &'n str) -> Option<&'n str> {
        self.tenant_in(name).filter(|tenant| !self.trusts(tenant))
    }

    /// The name of the tenant that a token claims, to compare its spelling with `iss`.
    pub(crate) fn name_of(&self, claim: impl FnOnce(&str) -> Option<String>) -> Option<String> {
        let parts = self.parts.as_ref()?;
        let tenant = claim(&parts.claim).filter(|tenant| is_tenant(tenant))?;
        Some(parts.filled(&tenant))
    }

    /// The template and its tenants, for operators.
    pub(crate) fn described(&self) -> String {
        let tenants = match &self.tenants {
            Tenants::OneOf(listed) => one_of("tenant", listed.iter().map(String::as_str)),
            _ => None,
        };
        let tenants = tenants.unwrap_or_else(|| "any tenant".to_owned());
        format!("the issuer {} with {tenants}", quoted(&self.text))
    }

    /// Whether a name can match both templates. Their placeholders may be different segments.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let is_placeholder = |segment: &str| segment.starts_with('{');
        let fits = |(one, other): (&str, &str)| match (is_placeholder(one), is_placeholder(other)) {
            (true, true) => true,
            (true, false) => is_tenant(other),
            (false, true) => is_tenant(one),
            (false, false) => one == other,
        };
        let (ours, theirs) = (|| self.text.split('/'), || other.text.split('/'));
        let are_templates = self.parts.is_some() && other.parts.is_some();
        are_templates && ours().count() == theirs().count() && ours().zip(theirs()).all(fits)
    }

    /// The settings that are unsafe or cannot work. `of` describes the issuer.
    pub(crate) fn problems(&self, of: &str) -> Vec<Problem> {
        let Some(parts) = &self.parts else { return vec![not_a_template(&self.text)] };
        let listed = match &self.tenants {
            Tenants::Undecided => return vec![no_tenants(of)],
            Tenants::Contradictory => return vec![contradictory_tenants(of)],
            Tenants::OneOf(listed) if listed.is_empty() => return vec![empty_list(of)],
            Tenants::OneOf(listed) => Some(listed),
            Tenants::Any => None,
        };
        let tenants = || listed.into_iter().flatten().map(String::as_str);
        let impossible = tenants().filter(|tenant| !is_tenant(tenant));
        // The name of any tenant, and of those that are listed.
        let mut names = iter::once("0").chain(tenants()).map(|tenant| parts.filled(tenant));
        let of_name = names.find_map(|name| issuer_name::problem(&name));
        let impossible: Vec<_> = impossible.map(|it| impossible_tenant(it, of)).collect();
        if impossible.is_empty() { of_name.into_iter().collect() } else { impossible }
    }
}

fn not_a_template(text: &str) -> Problem {
    // What is before an `@` may be a password.
    let what = match text.rsplit_once('@') {
        None => format!("{} as the template of an issuer", quoted(text)),
        Some((_, rest)) => format!("{} after an `@` as the template of an issuer", quoted(rest)),
    };
    Problem::new(
        ProblemKind::InvalidIssuer,
        what,
        "exactly one segment of the path of a URL must be a placeholder with the name of a claim; a tenant in another \
         place cannot be compared reliably",
        "Pass a template such as `https://login.microsoftonline.com/{tid}/v2.0`; for an issuer with one name, call \
         `Issuer::new`",
    )
}

fn no_tenants(of: &str) -> Problem {
    Problem::new(
        ProblemKind::MissingIssuer,
        format!("no tenants for {of}"),
        "users of every customer of the provider could sign in",
        "Call `tenants([\"the id\"])` with the tenants that you trust, or `any_tenant()` if this service is for all of them",
    )
}

fn contradictory_tenants(of: &str) -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        format!("both `tenants` and `any_tenant` for {of}"),
        "only one of them can have an effect",
        "Call one of them",
    )
}

fn empty_list(of: &str) -> Problem {
    Problem::new(
        ProblemKind::EmptyValue,
        format!("an empty list of tenants for {of}"),
        "no token would be accepted; an empty list is usually a missing setting",
        "Pass the tenants that you trust",
    )
}

fn impossible_tenant(tenant: &str, of: &str) -> Problem {
    Problem::new(
        ProblemKind::InvalidValue,
        format!("the tenant {} for {of}", quoted(tenant)),
        "a tenant has 1 to 128 ASCII letters, digits, `-` and `_`, so no token would be accepted",
        "Pass the id of the tenant as it is in `iss`",
    )
}
