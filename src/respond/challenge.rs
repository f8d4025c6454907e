//! `WWW-Authenticate` (RFC 9110 §11.6.1, RFC 6750 §3), prepared once and safe to put anything into.

use http::HeaderValue;

/// The challenges of one layer, ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Challenges {
    bare: HeaderValue,
    invalid_request: HeaderValue,
    invalid_token: HeaderValue,
    expired: HeaderValue,
    /// A further challenge for every 401, of a proof of possession.
    further: Option<HeaderValue>,
}

/// Which challenge an answer carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// No error code: the request carried no credentials (RFC 6750 §3.1).
    Bare,
    InvalidRequest,
    InvalidToken,
    Expired,
}

impl Challenge {
    /// The error code of RFC 6750 §3.1.
    pub(super) const fn error(self) -> Option<&'static str> {
        match self {
            Self::Bare => None,
            Self::InvalidRequest => Some("invalid_request"),
            Self::InvalidToken | Self::Expired => Some("invalid_token"),
        }
    }

    pub(super) const fn description(self) -> &'static str {
        match self {
            Self::Bare => "The request needs an access token",
            Self::InvalidRequest => "The request is malformed",
            Self::InvalidToken => "The access token is invalid",
            Self::Expired => "The access token expired",
        }
    }
}

impl Challenges {
    /// `scope` is space-separated (RFC 6749 §3.3).
    pub(crate) fn new(realm: Option<&str>, scope: Option<&str>) -> Self {
        let write = |challenge| write(challenge, realm, scope);
        Self {
            bare: write(Challenge::Bare),
            invalid_request: write(Challenge::InvalidRequest),
            invalid_token: write(Challenge::InvalidToken),
            expired: write(Challenge::Expired),
            further: None,
        }
    }

    /// Adds a challenge that goes with every 401.
    pub(crate) fn with_further(mut self, further: Option<HeaderValue>) -> Self {
        self.further = further;
        self
    }

    pub(super) const fn further(&self) -> Option<&HeaderValue> {
        self.further.as_ref()
    }

    pub(super) const fn get(&self, challenge: Challenge) -> &HeaderValue {
        match challenge {
            Challenge::Bare => &self.bare,
            Challenge::InvalidRequest => &self.invalid_request,
            Challenge::InvalidToken => &self.invalid_token,
            Challenge::Expired => &self.expired,
        }
    }
}

fn write(challenge: Challenge, realm: Option<&str>, scope: Option<&str>) -> HeaderValue {
    let mut parameters = Vec::new();
    if let Some(realm) = realm {
        parameters.push(format!("realm=\"{}\"", quote(realm)));
    }
    // Asking for scopes helps only somebody who has no token yet.
    if let (Some(scope), Challenge::Bare) = (scope, challenge) {
        let scope = scope_text(scope);
        if !scope.is_empty() {
            parameters.push(format!("scope=\"{scope}\""));
        }
    }
    if let Some(error) = challenge.error() {
        parameters.push(format!("error=\"{error}\""));
        parameters.push(format!("error_description=\"{}\"", challenge.description()));
    }
    let value = match parameters.as_slice() {
        [] => "Bearer".to_owned(),
        parameters => format!("Bearer {}", parameters.join(", ")),
    };
    // What is written above is visible ASCII; were it not, the scheme alone is still a challenge.
    HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static("Bearer"))
}

/// A `quoted-string` (RFC 9110 §5.6.4): quotes and backslashes escaped, all but visible ASCII and
/// space left out, so that no realm can end the string or the line.
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

/// The characters of a scope (RFC 6749 §3.3), and the spaces between scopes.
fn scope_text(text: &str) -> String {
    text.chars().filter(|char| matches!(char, ' ' | '!' | '#'..='[' | ']'..='~')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(challenges: &Challenges, challenge: Challenge) -> String {
        challenges.get(challenge).to_str().unwrap().to_owned()
    }

    #[test]
    fn no_credentials_are_challenged_without_an_error() {
        let plain = Challenges::new(None, None);
        assert_eq!(text(&plain, Challenge::Bare), "Bearer");
        let full = Challenges::new(Some("orders"), Some("orders:read orders:write"));
        assert_eq!(
            text(&full, Challenge::Bare),
            r#"Bearer realm="orders", scope="orders:read orders:write""#
        );
        assert_eq!(
            text(&full, Challenge::Expired),
            r#"Bearer realm="orders", error="invalid_token", error_description="The access token expired""#
        );
    }

    #[test]
    fn nothing_can_be_injected_through_a_realm_or_a_scope() {
        let scope = "a\"b\\c\r\nSet-Cookie: d";
        let challenges =
            Challenges::new(Some("x\", error=\"none\\\r\nSet-Cookie: y\u{e9}\u{0}"), Some(scope));
        assert_eq!(
            text(&challenges, Challenge::Bare),
            "Bearer realm=\"x\\\", error=\\\"none\\\\Set-Cookie: y\", scope=\"abcSet-Cookie: d\""
        );
    }
}
