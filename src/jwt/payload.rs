//! The payload of a token with a valid signature.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::lifetime::Lifetime;
use super::token::{ClaimMapping, Token};
use crate::claims::{Claims, check_types};
use crate::error::{Error, ErrorKind};
use crate::json::{Malformed, Object};
use crate::jws::{Compact, HeaderMembers, SignatureCheck, UnverifiedHeader, base64url};

/// The decoded payload of a token with a valid signature. No other type contains one.
pub(crate) struct SignedPayload {
    /// The decoded header, followed by the decoded payload. All ranges refer to this text.
    text: String,
    header: HeaderMembers,
    /// The only issuer whose tokens the key verifies, if it names one.
    key_issuer: Option<Arc<str>>,
}

impl SignedPayload {
    /// Verifies the signature, and decodes the payload if the signature is valid.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidSignature`] if the signature is wrong, [`ErrorKind::MalformedToken`] if a part is not
    /// strict base64url or not UTF-8.
    pub(crate) fn verify(
        compact: Compact<'_>,
        header: &UnverifiedHeader<'_>,
        check: &impl SignatureCheck,
    ) -> Result<Self, Error> {
        let payload = compact.signed_payload(check)?;
        Self::decode(header, payload, check.issuer().cloned())
    }

    /// Appends the decoded payload to the header.
    fn decode(
        header: &UnverifiedHeader<'_>,
        payload: &[u8],
        key_issuer: Option<Arc<str>>,
    ) -> Result<Self, Error> {
        let mut bytes = Vec::with_capacity(header.text.len() + base64url::decoded_len(payload));
        bytes.extend_from_slice(header.text.as_bytes());
        base64url::decode_append(payload, &mut bytes)
            .map_err(|_| malformed("the payload is not base64url"))?;
        let text = String::from_utf8(bytes).map_err(|_| malformed("the payload is not UTF-8"))?;
        Ok(Self { text, header: header.members.as_ref().clone(), key_issuer })
    }

    /// Reads the claims.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::MalformedToken`] for anything but one strict JSON object without duplicate names, and the errors
    /// of [`check_types`]. An error of the claims type is kept until the policy has been checked, so an expired token
    /// is always reported as expired.
    pub(crate) fn read<C: DeserializeOwned + 'static>(
        self,
        mapping: Option<&Arc<ClaimMapping>>,
        lifetime: &Arc<Lifetime>,
    ) -> Result<SignedClaims<C>, Error> {
        let object = Object::read_from(self.text, self.header.len()).map_err(|why| match why {
            Malformed::Duplicate => malformed("the payload has a duplicate member name"),
            Malformed::NotStrict => malformed("the payload is not one strict JSON object"),
        })?;
        let lenience = mapping.map(|mapping| mapping.lenience()).unwrap_or_default();
        let dates = check_types(&object, lenience)?;
        let token = Token::new(object, dates, self.header, mapping.cloned(), self.key_issuer);
        Ok(SignedClaims(match read_claims(token.object()) {
            Ok(claims) => Ok(Arc::new(TokenBody { token, claims, lifetime: Arc::clone(lifetime) })),
            Err(error) => Err(Box::new((token, error))),
        }))
    }
}

fn malformed(detail: &'static str) -> Error {
    Error::new(ErrorKind::MalformedToken).with_detail(detail)
}

/// Deserializes an object into the claims type. [`Claims`] takes the object itself.
fn read_claims<C: DeserializeOwned + 'static>(object: &Object) -> Result<C, Error> {
    let unfit =
        || Error::new(ErrorKind::InvalidClaims).with_detail("they do not fit the claims type");
    let name_member = |error: Error, expected| match expected {
        Some(expected) => error.with_expected(expected),
        None => error,
    };
    let mut claims = None::<C>;
    // Decided at compile time, for each `C`.
    if let Some(claims) = (&mut claims as &mut dyn Any).downcast_mut::<Option<Claims>>() {
        *claims = Claims::new(object.clone());
    } else {
        claims = Some(
            object
                .deserialize()
                .map_err(|why| name_member(unfit(), why.expected()).with_source(why))?,
        );
    }
    claims.ok_or_else(unfit)
}

/// A token and its claims. Both are large and are passed on behind one pointer.
pub(crate) struct TokenBody<C> {
    pub(crate) token: Token,
    pub(crate) claims: C,
    pub(crate) lifetime: Arc<Lifetime>,
}

/// The claims of a token with a valid signature, before the policy is checked.
///
/// An error of the claims type is kept until the policy has been checked.
pub(crate) struct SignedClaims<C>(Result<Arc<TokenBody<C>>, Box<(Token, Error)>>);

impl<C> SignedClaims<C> {
    pub(crate) fn token(&self) -> &Token {
        match &self.0 {
            Ok(body) => &body.token,
            Err(unfit) => &unfit.0,
        }
    }

    /// The claims.
    ///
    /// # Errors
    ///
    /// The error of the claims type.
    pub(crate) fn into_body(self) -> Result<Arc<TokenBody<C>>, Error> {
        self.0.map_err(|unfit| unfit.1)
    }
}

impl fmt::Debug for SignedPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedPayload").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::NumericDate;
    use crate::clock::SystemClock;
    use crate::jws::Algorithm;
    use crate::jwt::Recheck;
    use serde::Deserialize;
    use serde::de::IgnoredAny;
    use serde_json::Value;
    use std::time::Duration;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Small {
        sub: String,
        admin: Option<bool>,
    }

    fn read<C: DeserializeOwned + 'static>(payload: &str) -> Result<SignedClaims<C>, Error> {
        let header = UnverifiedHeader::read(r#"{"alg":"HS256","kid":"k\u0031"}"#)?;
        let text = format!("{}{payload}", header.text);
        let recheck = Arc::new(Recheck { clock: Arc::new(SystemClock::new()), revokes: None });
        let lifetime = Arc::new(Lifetime { recheck, leeway: Duration::ZERO });
        let header = header.members.into_owned();
        SignedPayload { text, header, key_issuer: None }.read(None, &lifetime)
    }

    fn kind_of<C: DeserializeOwned + 'static>(payload: &str) -> Result<(), ErrorKind> {
        let body = read::<C>(payload).and_then(SignedClaims::into_body);
        body.map(|_| ()).map_err(|error| error.kind())
    }

    #[test]
    fn the_claims_type_and_the_registered_claims_are_read() {
        let payload = r#"{"iss":"i","sub":"s","aud":["a","b"],"exp":9,"nbf":1,"iat":2,"jti":"j",
            "scope":"x y","scp":["z"],"roles":["r"],"cnf":{},"admin":true,"x":[1]}"#;
        let body = read::<Small>(payload).unwrap().into_body().unwrap();
        assert_eq!(body.claims, Small { sub: "s".into(), admin: Some(true) });
        let token = &body.token;
        assert_eq!(
            (token.issuer(), token.subject(), token.token_id()),
            (Some("i"), Some("s"), Some("j"))
        );
        assert_eq!(token.audience().collect::<Vec<_>>(), ["a", "b"]);
        let seconds = |date: Option<NumericDate>| date.map(NumericDate::seconds);
        assert_eq!(seconds(token.expires_at()), Some(9));
        assert_eq!((seconds(token.not_before()), seconds(token.issued_at())), (Some(1), Some(2)));
        assert_eq!(token.scopes().collect::<Vec<_>>(), ["x", "y", "z"]);
        assert_eq!(token.roles().collect::<Vec<_>>(), ["r"]);
        assert!(token.is_sender_constrained());
        assert_eq!(
            (token.header().algorithm, token.header().key_id),
            (Algorithm::HS256, Some("k1"))
        );
    }

    #[test]
    fn malformed_payloads_are_rejected_for_every_claims_type() {
        for payload in [
            "[]",
            "{",
            "{}{}",
            "{}\u{a0}",
            "\u{feff}{}",
            r#"{"a":1,"a":2}"#,
            r#"{"sub":"a","s\u0075b":"a"}"#,
            r#"{"sub":"a","x":"\ud800"}"#,
            r#"{"sub":"a",}"#,
            r#"{"sub":"a","x":NaN}"#,
            "{\"sub\":\"a\",\"x\":\"\u{1}\"}",
        ] {
            let malformed = Err(ErrorKind::MalformedToken);
            assert_eq!(kind_of::<Small>(payload), malformed, "{payload}");
            assert_eq!(kind_of::<Value>(payload), malformed, "{payload}");
            assert_eq!(kind_of::<Claims>(payload), malformed, "{payload}");
            assert_eq!(kind_of::<IgnoredAny>(payload), malformed, "{payload}");
            assert_eq!(kind_of::<String>(payload), malformed, "{payload}");
        }
    }

    #[test]
    fn white_space_around_a_payload_is_ignored() {
        let payload = "\r\n\t {\"sub\":\"s\",\"aud\":[\"a\"],\"admin\":true} \t\r\n";
        let body = read::<Small>(payload).unwrap().into_body().unwrap();
        assert_eq!(body.claims, Small { sub: "s".into(), admin: Some(true) });
        assert_eq!(body.token.subject(), Some("s"));
        assert_eq!(body.token.audience().collect::<Vec<_>>(), ["a"]);
        assert_eq!(kind_of::<Value>(payload), Ok(()));
        assert_eq!(kind_of::<IgnoredAny>(payload), Ok(()));
        assert_eq!(kind_of::<String>(payload), Err(ErrorKind::InvalidClaims));
    }

    #[test]
    fn registered_claims_are_type_checked_for_every_claims_type() {
        for (name, value, kind) in [
            ("iss", "[\"a\"]", ErrorKind::InvalidIssuer),
            ("iss", "null", ErrorKind::InvalidIssuer),
            ("aud", "[1]", ErrorKind::InvalidAudience),
            ("aud", "{}", ErrorKind::InvalidAudience),
            ("sub", "7", ErrorKind::InvalidClaims),
            ("jti", "null", ErrorKind::InvalidClaims),
            ("exp", "\"9\"", ErrorKind::InvalidClaims),
            ("exp", "null", ErrorKind::InvalidClaims),
            ("nbf", "true", ErrorKind::InvalidClaims),
            ("iat", "[9]", ErrorKind::InvalidClaims),
        ] {
            let payload = format!("{{\"{name}\":{value}}}");
            assert_eq!(kind_of::<IgnoredAny>(&payload), Err(kind), "{payload}");
            assert_eq!(kind_of::<Value>(&payload), Err(kind), "{payload}");
            assert_eq!(kind_of::<Claims>(&payload), Err(kind), "{payload}");
        }
    }

    #[test]
    fn errors_of_the_claims_type_are_reported_last() {
        // The registered claims can still be read.
        let signed = read::<Small>(r#"{"admin":"yes","sub":"s","exp":9}"#).unwrap();
        assert_eq!(signed.token().expires_at(), Some(NumericDate::from_seconds(9)));
        let error = signed.into_body().err().unwrap();
        assert_eq!(error.kind(), ErrorKind::InvalidClaims);
        let source = std::error::Error::source(&error).map(ToString::to_string);
        assert_eq!(source.as_deref(), Some("`admin`: expected a boolean"));
        assert_eq!(kind_of::<String>("{}"), Err(ErrorKind::InvalidClaims));
        assert_eq!(kind_of::<Vec<u8>>("{}"), Err(ErrorKind::InvalidClaims));
    }

    #[test]
    fn registered_claims_can_be_read_into_custom_types() {
        #[derive(Debug, Deserialize, PartialEq, Eq, Hash)]
        struct Id(String);
        #[derive(Debug, Deserialize, PartialEq)]
        struct Moment(Option<i64>);
        #[derive(Debug, Deserialize, PartialEq)]
        #[serde(rename_all = "lowercase")]
        enum Party {
            Orders,
        }
        #[derive(Debug, Deserialize)]
        struct Mine {
            iss: Option<Id>,
            sub: Id,
            aud: Party,
            jti: Box<str>,
            scope: Option<String>,
            exp: Moment,
            nbf: Option<f64>,
            iat: u32,
            #[serde(flatten)]
            rest: std::collections::HashMap<Id, Value>,
        }

        let payload = r#"{"iss":"i","sub":"s\u0075b","aud":"orders","jti":"j","scope":"a b","exp":9,
            "nbf":-1,"iat":7,"x":1}"#;
        let body = read::<Mine>(payload).unwrap().into_body().unwrap();
        let mine = &body.claims;
        assert_eq!((&mine.iss, &mine.sub), (&Some(Id("i".into())), &Id("sub".into())));
        assert_eq!((&mine.aud, &*mine.jti), (&Party::Orders, "j"));
        assert_eq!(mine.scope.as_deref(), Some("a b"));
        assert_eq!((&mine.exp, mine.nbf, mine.iat), (&Moment(Some(9)), Some(-1.0), 7));
        assert_eq!(mine.rest[&Id("x".into())], 1);
        assert_eq!(body.token.subject(), Some("sub"));
        let other = read::<Value>(r#"{"aud":["a"],"exp":1.5,"scope":{"a":1}}"#).unwrap();
        assert_eq!(other.into_body().unwrap().claims["exp"], 1.5);
    }

    #[test]
    fn claims_contain_the_whole_object() {
        let payload = r#"{"sub":"s","exp":1.5,"x":{"y":[null,"\u0061"]},"scope":{"a":1}}"#;
        let body = read::<Claims>(payload).unwrap().into_body().unwrap();
        let value: Value = serde_json::from_str(payload).unwrap();
        assert_eq!(serde_json::to_value(&body.claims).unwrap(), value);
        assert_eq!(body.claims, serde_json::from_str::<Claims>(payload).unwrap());
        assert!(read::<Vec<Claims>>("{}").unwrap().into_body().is_err());
    }

    #[test]
    fn null_claims_and_empty_audiences_count_as_missing() {
        let has = |payload: &str, claims: &[&str]| {
            let signed = read::<IgnoredAny>(payload).unwrap();
            claims.iter().map(|claim| signed.token().has_claim(claim)).collect::<Vec<_>>()
        };
        let names = ["tenant", "sub", "email"];
        assert_eq!(has(r#"{"tenant":1,"sub":"s","email":false}"#, &names), [true; 3]);
        assert_eq!(has(r#"{"tenant":null,"sub":"s"}"#, &names), [false, true, false]);
        assert_eq!(has(r#"{"x":{"tenant":1,"email":2},"Sub":"s"}"#, &names), [false; 3]);
        for (payload, is_present) in [
            (r#"{"aud":["a"]}"#, true),
            (r#"{"aud":"a"}"#, true),
            (r#"{"aud":[""]}"#, true),
            (r#"{"aud":[]}"#, false),
            (r#"{"aud":[ ]}"#, false),
        ] {
            assert_eq!(has(payload, &["aud"]), [is_present], "{payload}");
        }
    }
}
