//! What a response means for a token (RFC 7662 §2.2, RFC 9701 §5).

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, Response, StatusCode};

use super::failed::Failed;
use crate::claims::NumericDate;
use crate::error::{Error, ErrorKind};
use crate::json::{Object, Strings, Value};
use crate::jwt::Token;
use crate::observe::IntrospectionFailure;
use crate::revocation::Standing;
use crate::verify::Verifier;

const JSON: &str = "application/json";
const SIGNED: &str = "application/token-introspection+jwt";
/// The claim of a signed answer that contains the answer.
pub(super) const MEMBER: &str = "token_introspection";

/// The codes of errors that are named to operators (RFC 6749 §5.2, RFC 6750 §3.1, RFC 7009 §2.2.1). Any other text
/// could contain the token.
const ERROR_CODES: [&str; 8] = [
    "access_denied",
    "insufficient_scope",
    "invalid_client",
    "invalid_request",
    "invalid_token",
    "server_error",
    "unauthorized_client",
    UNSUPPORTED,
];
const UNSUPPORTED: &str = "unsupported_token_type";

/// The form of answers that is accepted.
pub(super) enum Form {
    /// JSON, which only the TLS connection protects.
    Unsigned,
    /// A JWT (RFC 9701), which this verifier accepts.
    Signed(Verifier),
}

/// The claims of a token that an answer must repeat, if it has them.
pub(super) struct Asked {
    exact: [(&'static str, Option<Box<str>>); 3],
    audience: Vec<Box<str>>,
    pub(super) expires_at: Option<NumericDate>,
}

/// What an answer says.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) standing: Standing,
    /// The `exp` of the answer.
    pub(super) expires_at: Option<NumericDate>,
}

impl Asked {
    pub(super) fn about(token: &Token) -> Self {
        let exact = ["iss", "sub", "jti"].map(|claim| {
            let value = token.value(claim).and_then(Value::string_or_integer);
            (claim, value.map(Box::from))
        });
        let audience = token.audience().map(Box::from).collect();
        Self { exact, audience, expires_at: token.expires_at() }
    }

    /// The claim in which the answer differs from the token, if any.
    fn difference(&self, answer: &Object<&str>) -> Option<&'static str> {
        let differs = |(claim, own): &&(&'static str, Option<Box<str>>)| {
            let answered = answer.get(claim);
            answered.is_some_and(|value| value.string_or_integer() != own.as_deref())
        };
        let exact = self.exact.iter().find(differs).map(|(claim, _)| *claim);
        // An answer may name only one of several audiences, such as the one that asks.
        let is_ours = |one: &str| self.audience.iter().any(|own| **own == *one);
        let audience = answer.get("aud").map(|value| value.strings().map(Strings::iter));
        let foreign = audience.is_some_and(|named| !named.into_iter().flatten().any(is_ours));
        exact.or(foreign.then_some("aud"))
    }
}

impl Form {
    /// The media type to ask for.
    pub(super) const fn accept(&self) -> &'static str {
        match self {
            Self::Unsigned => JSON,
            Self::Signed(_) => SIGNED,
        }
    }

    /// Reads a response. Only status 200 with an answer about this token is not a failure.
    pub(super) async fn read(
        &self,
        response: Response<Bytes>,
        asked: &Asked,
    ) -> Result<Answered, Failed> {
        let (parts, body) = response.into_parts();
        if parts.status != StatusCode::OK {
            return Err(failure(parts.status, &body));
        }
        self.check_type(&parts.headers)?;
        let Ok(text) = std::str::from_utf8(&body) else { return Err(malformed("not UTF-8")) };
        match self {
            Self::Unsigned => judge(text, asked),
            Self::Signed(verifier) => {
                let signed = verifier.verify(text.trim()).await.map_err(not_verified)?;
                match signed.token().value(MEMBER) {
                    Some(answer) => judge(answer.json(), asked),
                    None => Err(malformed("a JWT without `token_introspection`")),
                }
            }
        }
    }

    fn check_type(&self, headers: &HeaderMap) -> Result<(), Failed> {
        let encodings = headers.get_all(CONTENT_ENCODING);
        if encodings.iter().any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity")) {
            let predicate = "answered with a content encoding, which was not requested";
            return Err(Failed::because(IntrospectionFailure::ContentType, predicate));
        }
        let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = given.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case(self.accept()) {
            return Ok(());
        }
        if essence.eq_ignore_ascii_case(JSON) {
            let predicate =
                "answered with unsigned JSON, and `allow_unsigned_answers` was not called";
            return Err(Failed::because(IntrospectionFailure::Unsigned, predicate));
        }
        let predicate = format!("answered with another content type than `{}`", self.accept());
        Err(Failed::because(IntrospectionFailure::ContentType, &predicate))
    }
}

/// Reads an answer: a strict JSON object.
fn judge(text: &str, asked: &Asked) -> Result<Answered, Failed> {
    let Ok(answer) = Object::read(text) else { return Err(malformed("not a strict JSON object")) };
    let standing = match answer.get("active").map(Value::json) {
        Some("true") => Standing::Active,
        // Nothing else counts: an answer about an inactive token has no other members (RFC 7662 §2.2).
        Some("false") => return Ok(Answered { standing: Standing::Revoked, expires_at: None }),
        Some(_) => return Err(malformed("`active` is not a boolean")),
        None => return Err(malformed("`active` is missing")),
    };
    if let Some(claim) = asked.difference(&answer) {
        let predicate = format!("answered about another token: `{claim}` differs");
        return Err(Failed::because(IntrospectionFailure::OtherToken, &predicate));
    }
    let expires_at = match answer.get("exp") {
        Some(value) => {
            let Some(date) = NumericDate::from_value(value) else {
                return Err(malformed("`exp` is not a number"));
            };
            Some(date)
        }
        None => None,
    };
    Ok(Answered { standing, expires_at })
}

fn malformed(what: &str) -> Failed {
    let predicate = format!("answered with a malformed answer: {what}");
    Failed::because(IntrospectionFailure::Malformed, &predicate)
}

/// The failure that a response with another status than 200 is.
fn failure(status: StatusCode, body: &Bytes) -> Failed {
    let code = error_code(body);
    let failure = match status {
        StatusCode::BAD_REQUEST if code == Some(UNSUPPORTED) => {
            IntrospectionFailure::UnsupportedTokenType
        }
        StatusCode::BAD_REQUEST => IntrospectionFailure::BadRequest,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => IntrospectionFailure::Unauthorized,
        _ if status.is_redirection() => IntrospectionFailure::Redirect,
        _ => IntrospectionFailure::Status,
    };
    let code = code.map(|code| format!(": `{code}`")).unwrap_or_default();
    Failed::because(failure, &format!("answered {status}{code}"))
}

/// The `error` of an error response, if it is a known code.
fn error_code(body: &Bytes) -> Option<&'static str> {
    let object = Object::read(std::str::from_utf8(body).ok()?).ok()?;
    let code = object.get("error")?.string()?;
    ERROR_CODES.into_iter().find(|known| *known == code)
}

/// A signed answer that the verifier rejects.
fn not_verified(error: Error) -> Failed {
    let failure = match error.kind() {
        ErrorKind::KeysUnavailable => IntrospectionFailure::KeysUnavailable,
        _ => IntrospectionFailure::InvalidSignedAnswer,
    };
    let predicate = format!("answered with a JWT that does not verify: {error}");
    Failed::caused(failure, error).with_detail(&predicate)
}
