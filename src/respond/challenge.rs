//! `WWW-Authenticate` (RFC 9110 §11.6.1, RFC 6750 §3), built once. Escapes all values, which prevents injection.

use std::time::Duration;

use http::HeaderValue;

/// The challenges of one layer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Challenges {
    common: Common,
    prepared: Prepared,
    /// An additional challenge for every 401, from the proof of possession.
    further: Option<HeaderValue>,
}

/// The parameters that all challenges of a layer share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Common {
    pub(crate) realm: Option<Box<str>>,
    /// The scopes for clients without a token, space-separated (RFC 6749 §3.3).
    pub(crate) scope: Option<Box<str>>,
    /// The URL of the resource's metadata (RFC 9728 §5.1).
    pub(crate) resource_metadata: Option<Box<str>>,
    /// All scopes of the resource, space-separated, for clients without a token if `scope` is not set. `None` if they
    /// are unknown.
    pub(crate) resource_scope: Option<Box<str>>,
}

/// The challenges that do not depend on the request.
#[derive(Clone, Debug)]
struct Prepared {
    bare: HeaderValue,
    invalid_request: HeaderValue,
    invalid_token: HeaderValue,
    expired: HeaderValue,
}

/// The requirements that a rejected request did not meet, for the challenge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Demand {
    /// Space-separated.
    pub(crate) scope: Option<Box<str>>,
    /// Space-separated, in order of preference (RFC 9470 §3).
    pub(crate) acr_values: Option<Box<str>>,
    pub(crate) max_age: Option<Duration>,
}

impl Demand {
    /// Only a valid token is required.
    pub(crate) const NOTHING: Self = Self { scope: None, acr_values: None, max_age: None };
}

/// The kind of challenge in a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// No error code, because the request carries no credentials (RFC 6750 §3.1).
    Bare,
    InvalidRequest,
    InvalidToken,
    Expired,
    /// A token with more scopes would be accepted (RFC 6750 §3.1).
    InsufficientScope,
    /// More scopes would not change the result.
    Forbidden,
    /// A new login would be accepted (RFC 9470 §3).
    StepUp,
}

impl Challenge {
    /// The error code.
    pub(super) const fn error(self) -> Option<&'static str> {
        match self {
            Self::Bare => None,
            Self::InvalidRequest => Some("invalid_request"),
            Self::InvalidToken | Self::Expired => Some("invalid_token"),
            Self::InsufficientScope | Self::Forbidden => Some("insufficient_scope"),
            Self::StepUp => Some("insufficient_user_authentication"),
        }
    }

    pub(super) const fn description(self) -> &'static str {
        match self {
            Self::Bare => "The request needs an access token",
            Self::InvalidRequest => "The request is malformed",
            Self::InvalidToken => "The access token is invalid",
            Self::Expired => "The access token expired",
            Self::InsufficientScope => "The access token lacks a scope",
            Self::Forbidden => "The access token does not permit this",
            Self::StepUp => "A stronger or more recent login is needed",
        }
    }
}

impl Challenges {
    pub(crate) fn new(common: Common) -> Self {
        let write = |challenge| write(challenge, &common, &Demand::NOTHING);
        let prepared = Prepared {
            bare: write(Challenge::Bare),
            invalid_request: write(Challenge::InvalidRequest),
            invalid_token: write(Challenge::InvalidToken),
            expired: write(Challenge::Expired),
        };
        Self { common, prepared, further: None }
    }

    /// Adds a challenge that is sent with every 401.
    pub(crate) fn with_further(mut self, further: Option<HeaderValue>) -> Self {
        self.further = further;
        self
    }

    pub(super) const fn further(&self) -> Option<&HeaderValue> {
        self.further.as_ref()
    }

    /// A demanded scope that the layer's resource does not list. `None` if the scopes of the resource are unknown.
    pub(crate) fn unlisted_scope<'d>(&self, demand: &'d Demand) -> Option<&'d str> {
        let listed = self.common.resource_scope.as_deref()?;
        let mut demanded = demand.scope.as_deref()?.split(' ');
        demanded.find(|scope| listed.split(' ').all(|one| one != *scope))
    }

    /// The scopes that a challenge names.
    pub(super) fn scope<'a>(&'a self, challenge: Challenge, demand: &'a Demand) -> Option<&'a str> {
        scope(challenge, &self.common, demand)
    }

    pub(super) fn get(&self, challenge: Challenge, demand: &Demand) -> HeaderValue {
        let Prepared { bare, invalid_request, invalid_token, expired } = &self.prepared;
        let prepared = match challenge {
            Challenge::Bare if *demand == Demand::NOTHING => bare,
            Challenge::InvalidRequest => invalid_request,
            Challenge::InvalidToken => invalid_token,
            Challenge::Expired => expired,
            _ => return write(challenge, &self.common, demand),
        };
        prepared.clone()
    }
}

impl Default for Prepared {
    fn default() -> Self {
        Challenges::new(Common::default()).prepared
    }
}

fn write(challenge: Challenge, common: &Common, demand: &Demand) -> HeaderValue {
    let mut parameters = Vec::new();
    let mut add = |name, value: &str| parameters.push(format!("{name}=\"{value}\""));
    if let Some(realm) = &common.realm {
        add("realm", &quote(realm));
    }
    let named = scope(challenge, common, demand).map(scope_text);
    if let Some(scope) = named.filter(|scope| !scope.is_empty()) {
        add("scope", &scope);
    }
    if let Some(error) = challenge.error() {
        add("error", error);
        add("error_description", challenge.description());
    }
    if challenge == Challenge::StepUp {
        if let Some(values) = &demand.acr_values {
            add("acr_values", &quote(values));
        }
        if let Some(age) = demand.max_age {
            add("max_age", &age.as_secs().to_string());
        }
    }
    if let Some(place) = &common.resource_metadata {
        add("resource_metadata", &quote(place));
    }
    let value = match parameters.as_slice() {
        [] => "Bearer".to_owned(),
        parameters => format!("Bearer {}", parameters.join(", ")),
    };
    // The value is visible ASCII. If it were not, the scheme alone would still be a valid challenge.
    HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static("Bearer"))
}

fn scope<'a>(challenge: Challenge, common: &'a Common, demand: &'a Demand) -> Option<&'a str> {
    let scope = match challenge {
        Challenge::Bare => {
            let of_layer = common.scope.as_ref().or(common.resource_scope.as_ref());
            demand.scope.as_ref().or(of_layer)
        }
        Challenge::InsufficientScope => demand.scope.as_ref(),
        // More scopes would not help.
        _ => None,
    };
    scope.map(|scope| &**scope)
}

/// The content of a `quoted-string` (RFC 9110 §5.6.4). Escapes quotes and backslashes, and removes all characters
/// except visible ASCII and space, so that a value cannot end the string or the line.
fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for char in text.chars().filter(|char| matches!(char, ' '..='~')) {
        if matches!(char, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(char);
    }
    quoted
}

/// The scopes, separated by one space, without characters that are not allowed in scopes (RFC 6749 §3.3).
fn scope_text(text: &str) -> String {
    let kept = |char: &char| matches!(char, '!' | '#'..='[' | ']'..='~');
    let words = text.split(' ').map(|word| word.chars().filter(kept).collect::<String>());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn common(realm: Option<&str>, scope: Option<&str>) -> Challenges {
        let (realm, scope) = (realm.map(Into::into), scope.map(Into::into));
        Challenges::new(Common { realm, scope, ..Common::default() })
    }

    fn text(challenges: &Challenges, challenge: Challenge, demand: &Demand) -> String {
        challenges.get(challenge, demand).to_str().unwrap().to_owned()
    }

    #[test]
    fn a_challenge_for_missing_credentials_has_no_error() {
        let plain = common(None, None);
        assert_eq!(text(&plain, Challenge::Bare, &Demand::NOTHING), "Bearer");
        let full = common(Some("orders"), Some("orders:read orders:write"));
        assert_eq!(
            text(&full, Challenge::Bare, &Demand::NOTHING),
            r#"Bearer realm="orders", scope="orders:read orders:write""#
        );
        assert_eq!(
            text(&full, Challenge::Expired, &Demand::NOTHING),
            r#"Bearer realm="orders", error="invalid_token", error_description="The access token expired""#
        );
    }

    #[test]
    fn each_challenge_names_its_requirements() {
        let demand = Demand {
            scope: Some("a b".into()),
            acr_values: Some("gold silver".into()),
            max_age: Some(Duration::from_secs(300)),
        };
        let challenges = Challenges::new(Common {
            realm: Some("orders".into()),
            scope: Some("c".into()),
            resource_metadata: Some("https://orders.example/.well-known/x".into()),
            resource_scope: Some("d".into()),
        });
        for (challenge, parameters) in [
            (Challenge::Bare, r#"scope="a b""#),
            (
                Challenge::InvalidToken,
                r#"error="invalid_token", error_description="The access token is invalid""#,
            ),
            (
                Challenge::InsufficientScope,
                r#"scope="a b", error="insufficient_scope", error_description="The access token lacks a scope""#,
            ),
            (
                Challenge::Forbidden,
                r#"error="insufficient_scope", error_description="The access token does not permit this""#,
            ),
            (
                Challenge::StepUp,
                r#"error="insufficient_user_authentication", error_description="A stronger or more recent login is needed", acr_values="gold silver", max_age="300""#,
            ),
        ] {
            let expected = format!(
                "Bearer realm=\"orders\", {parameters}, \
                 resource_metadata=\"https://orders.example/.well-known/x\""
            );
            assert_eq!(text(&challenges, challenge, &demand), expected);
        }
    }

    #[test]
    fn scopes_are_separated_by_one_space() {
        for (named, challenge) in [
            ("a b", "Bearer scope=\"a b\""),
            ("  a   b ", "Bearer scope=\"a b\""),
            ("a \u{e9} b", "Bearer scope=\"a b\""),
            (" ", "Bearer"),
            ("\u{e9} \"", "Bearer"),
            ("", "Bearer"),
        ] {
            let challenges = common(None, Some(named));
            assert_eq!(
                text(&challenges, Challenge::Bare, &Demand::NOTHING),
                challenge,
                "{named:?}"
            );
        }
    }

    #[test]
    fn a_realm_or_scope_cannot_inject_parameters() {
        let scope = "a\"b\\c\r\nSet-Cookie: d";
        let challenges =
            common(Some("x\", error=\"none\\\r\nSet-Cookie: y\u{e9}\u{0}"), Some(scope));
        assert_eq!(
            text(&challenges, Challenge::Bare, &Demand::NOTHING),
            "Bearer realm=\"x\\\", error=\\\"none\\\\Set-Cookie: y\", scope=\"abcSet-Cookie: d\""
        );
    }
}
