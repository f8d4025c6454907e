//! Checks of the issuer and the subject.

use std::borrow::Cow;

use super::issuer_template::{IssuerTemplate, is_tenant};
use crate::error::{Error, ErrorKind, quoted};
use crate::json::Value;
use crate::jwt::Token;

/// The issuer that a token must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExpectedIssuer<'p> {
    /// Exactly this name.
    Named(&'p str),
    /// This template, with a trusted tenant in place of the placeholder.
    Template(&'p IssuerTemplate),
    /// No `iss`: other issuers are trusted by name, and the keys of this one must not verify their tokens.
    Absent,
    /// Any `iss` or none; only the keys decide.
    Any,
}

/// Checks that `iss` is the configured issuer, and the issuer of the key that verified the signature.
///
/// Both are compared byte for byte, without normalizing case or slashes (RFC 7519 §4.1.1).
#[inline]
pub(super) fn check_issuer(expected: ExpectedIssuer<'_>, token: &Token) -> Result<(), Error> {
    let tenant = check_name(expected, token)?;
    match token.key_issuer() {
        None => Ok(()),
        Some(key_issuer) => check_key_issuer(key_issuer, tenant, token),
    }
}

/// Returns the tenant, if the issuer is a template.
#[inline]
fn check_name<'t>(
    expected: ExpectedIssuer<'_>,
    token: &'t Token,
) -> Result<Option<&'t str>, Error> {
    match (expected, token.issuer()) {
        (ExpectedIssuer::Any, _) | (ExpectedIssuer::Absent, None) => Ok(None),
        (ExpectedIssuer::Named(name), Some(issuer)) if name == issuer => Ok(None),
        (ExpectedIssuer::Template(template), Some(issuer)) => {
            template.check(issuer, token).map(Some)
        }
        (ExpectedIssuer::Named(_) | ExpectedIssuer::Template(_), None) => {
            Err(Error::new(ErrorKind::InvalidIssuer).with_detail("`iss` is missing"))
        }
        _ => Err(ErrorKind::InvalidIssuer.into()),
    }
}

/// Checks that `iss` is the issuer of the key. A placeholder in it is filled with the tenant of the template, otherwise
/// with the claim `tid`, as the key sets of Microsoft Entra ID require.
fn check_key_issuer(key_issuer: &str, tenant: Option<&str>, token: &Token) -> Result<(), Error> {
    let claimed = || token.value("tid").and_then(Value::string).filter(|it| is_tenant(it));
    let name = filled(key_issuer, tenant.or_else(claimed));
    if name.is_some() && name.as_deref() == token.issuer() {
        return Ok(());
    }
    let detail = "the key that signed it is for another issuer";
    let error = Error::new(ErrorKind::InvalidIssuer).with_detail(detail);
    Err(error.with_expected(format!("the issuer of the key, {}", quoted(key_issuer))))
}

/// The issuer of a key, with the tenant in place of its placeholder. `None` if there is no tenant for the placeholder, or
/// if the braces are not those of one placeholder.
fn filled<'k>(key_issuer: &'k str, tenant: Option<&str>) -> Option<Cow<'k, str>> {
    let Some((_, rest)) = key_issuer.split_once('{') else { return Some(key_issuer.into()) };
    let (name, _) = rest.split_once('}')?;
    let filled = key_issuer.replace(&format!("{{{name}}}"), tenant?);
    (!name.contains('{') && !filled.contains(['{', '}'])).then(|| filled.into())
}

pub(super) fn check_subject(wanted: Option<&str>, token: &Token) -> Result<(), Error> {
    let Some(wanted) = wanted else { return Ok(()) };
    match token.subject() {
        Some(subject) if wanted == subject => Ok(()),
        Some(_) => Err(ErrorKind::InvalidSubject.into()),
        None => Err(Error::new(ErrorKind::MissingClaim).with_detail("`sub` is missing")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_placeholder_of_a_key_issuer_is_filled() {
        for (key_issuer, tenant, name) in [
            ("https://a.example", None, Some("https://a.example")),
            ("https://a.example", Some("t"), Some("https://a.example")),
            ("", Some("t"), Some("")),
            ("https://a.example/{tenantid}/v2.0", Some("t"), Some("https://a.example/t/v2.0")),
            ("https://{tenantid}.a.example", Some("t"), Some("https://t.a.example")),
            ("https://{id}.a.example/{id}", Some("t"), Some("https://t.a.example/t")),
            ("https://a.example/{tenantid}/v2.0", None, None),
            ("https://a.example/{a}/{b}", Some("t"), None),
            ("https://a.example/{a}}", Some("t"), None),
            ("https://a.example/{{a}", Some("t"), None),
            ("https://a.example/{{a}}", Some("t"), None),
            ("https://a.example/{a", Some("t"), None),
            ("https://a.example/}{a}", Some("t"), None),
        ] {
            assert_eq!(filled(key_issuer, tenant).as_deref(), name, "{key_issuer}");
        }
    }
}
