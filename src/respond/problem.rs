//! `application/problem+json` (RFC 9457).

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderValue, Response};
use serde::Serialize;
use serde_json::value::RawValue;

use super::challenge::{Challenge, Challenges, Demand};
use super::rejection::Rejection;
use super::responder::Respond;
use crate::error::{Error, ErrorKind};

/// Answers with a problem document (RFC 9457); the default.
///
/// The member `detail` is a fixed sentence for the client, and `error` the error code of RFC 6750 §3.1, if there is
/// one. [`verbose`](Self::verbose) adds the exact reason, for development.
///
/// ```
/// use tower_jwt_auth::{JwtAuthLayer, Verifier, respond::ProblemJson, testing::TestIssuer};
///
/// let verifier = Verifier::shared_secret(TestIssuer::hs256().secret()).any_audience().build()?;
/// let mut layer = JwtAuthLayer::new(verifier);
/// if cfg!(debug_assertions) {
///     layer = layer.responder(ProblemJson::new().verbose()); // "code": "token_expired"
/// }
/// # let _ = layer;
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProblemJson {
    verbose: bool,
}

impl ProblemJson {
    /// Creates a responder that does not show the exact reason.
    pub const fn new() -> Self {
        Self { verbose: false }
    }

    /// Adds the exact reason as `code` and `reason`, and the explanation of the token's rejection.
    ///
    /// The reason includes what the configuration requires ([`Error::expected`]). The
    /// [explanation](crate::explain::Explanation) has every step of the verification. Do not use it in production: an
    /// attacker would learn which checks a forged token passed, and the settings.
    #[must_use]
    pub const fn verbose(mut self) -> Self {
        self.verbose = true;
        self
    }
}

/// The members of RFC 9457 §3.1 and additional ones.
#[derive(Serialize)]
struct Problem<'a> {
    r#type: &'static str,
    title: &'a str,
    status: u16,
    detail: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<&'a RawValue>,
}

impl Respond for ProblemJson {
    fn respond(&self, rejection: &Rejection<'_>, _: &Parts) -> Response<Bytes> {
        let body = match prepared(rejection) {
            Some(body) if !self.verbose => Bytes::from_static(body.as_bytes()),
            _ => self.write(rejection),
        };
        let mut response = rejection.response(body);
        let content_type = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(CONTENT_TYPE, content_type);
        response
    }

    fn wants_explanation(&self) -> bool {
        self.verbose
    }
}

impl ProblemJson {
    fn write(self, rejection: &Rejection<'_>) -> Bytes {
        let status = rejection.status();
        let problem = Problem {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: rejection.description(),
            error: rejection.error_code(),
            code: self.verbose.then(|| rejection.error().kind().as_str()),
            reason: self.verbose.then(|| rejection.error().to_string()),
            explanation: rejection.explanation().filter(|_| self.verbose),
        };
        // Cannot fail: the members are strings and a number.
        serde_json::to_vec(&problem).unwrap_or_default().into()
    }
}

impl ProblemJson {
    /// The document for a reason, and whether the response has a challenge. For API documentation.
    pub(crate) fn example(kind: ErrorKind) -> (serde_json::Value, bool) {
        let (error, challenges) = (Error::new(kind), Challenges::default());
        let rejection = Rejection::new(&error, &challenges, &Demand::NOTHING);
        let document = serde_json::from_slice(&Self::new().write(&rejection));
        (document.unwrap_or_default(), rejection.kind_of_challenge().is_some())
    }
}

/// The prebuilt document for a rejection that any client can cause, so that a flood of them is cheap to answer.
fn prepared(rejection: &Rejection<'_>) -> Option<&'static str> {
    const MISSING: &str = r#"{"type":"about:blank","title":"Unauthorized","status":401,"detail":"The request needs an access token"}"#;
    const MALFORMED: &str = r#"{"type":"about:blank","title":"Bad Request","status":400,"detail":"The request is malformed","error":"invalid_request"}"#;
    const INVALID: &str = r#"{"type":"about:blank","title":"Unauthorized","status":401,"detail":"The access token is invalid","error":"invalid_token"}"#;
    const EXPIRED: &str = r#"{"type":"about:blank","title":"Unauthorized","status":401,"detail":"The access token expired","error":"invalid_token"}"#;
    Some(match rejection.kind_of_challenge()? {
        Challenge::Bare => MISSING,
        Challenge::InvalidRequest => MALFORMED,
        Challenge::InvalidToken => INVALID,
        Challenge::Expired => EXPIRED,
        Challenge::InsufficientScope | Challenge::Forbidden | Challenge::StepUp => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prebuilt_documents_equal_the_generated_ones() {
        let challenges = Challenges::default();
        let mut prebuilt = 0;
        for kind in ErrorKind::ALL {
            let error = Error::new(*kind);
            let rejection = Rejection::new(&error, &challenges, &Demand::NOTHING);
            if let Some(prepared) = prepared(&rejection) {
                assert_eq!(ProblemJson::new().write(&rejection), prepared, "{kind}");
                prebuilt += 1;
            }
        }
        assert!(prebuilt > 0);
    }

    #[test]
    fn only_verbose_documents_show_the_exact_reason() {
        let challenges = Challenges::default();
        let error = Error::new(ErrorKind::InvalidAudience).with_detail("`aud` is missing");
        let rejection = Rejection::new(&error, &challenges, &Demand::NOTHING);
        let (parts, ()) = http::Request::new(()).into_parts();
        let quiet = ProblemJson::new().respond(&rejection, &parts).into_body();
        assert!(!String::from_utf8_lossy(&quiet).contains("aud"));
        let verbose = ProblemJson::new().verbose().respond(&rejection, &parts).into_body();
        let verbose: serde_json::Value = serde_json::from_slice(&verbose).unwrap();
        assert_eq!(verbose["code"], "invalid_audience");
        assert_eq!(verbose["error"], "invalid_token");
        assert!(verbose["reason"].as_str().unwrap().contains("`aud` is missing"));
    }
}
