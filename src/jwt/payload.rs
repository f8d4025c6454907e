//! The payload of a token whose signature is right.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::reading::Reading;
use super::token_info::TokenInfo;
use crate::claims::Text;
use crate::error::{Error, ErrorKind};
use crate::jws::{Algorithm, Compact, SignatureCheck, UnverifiedHeader, base64url};

/// The decoded payload of a token whose signature is right: the only type that has one.
pub(crate) struct SignedPayload {
    /// The decoded header and, right behind it, the decoded payload. Everything else points into it.
    text: String,
    header_len: usize,
    algorithm: Algorithm,
    kid: Option<Text>,
    typ: Option<Text>,
}

impl SignedPayload {
    /// Verifies the signature, and decodes the payload if it is right.
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
        Self::decode(header, compact.signed_payload(check)?)
    }

    /// Decodes the payload behind the header.
    fn decode(header: &UnverifiedHeader<'_>, payload: &[u8]) -> Result<Self, Error> {
        let malformed = |detail| Error::new(ErrorKind::MalformedToken).with_detail(detail);
        let mut bytes = Vec::with_capacity(header.text.len() + base64url::decoded_len(payload));
        bytes.extend_from_slice(header.text.as_bytes());
        base64url::decode_append(payload, &mut bytes)
            .map_err(|_| malformed("the payload is not base64url"))?;
        let text = String::from_utf8(bytes).map_err(|_| malformed("the payload is not UTF-8"))?;

        let place = |part: &Cow<'_, str>| Text::locate(header.text, part.clone());
        Ok(Self {
            text,
            header_len: header.text.len(),
            algorithm: header.algorithm,
            kid: header.kid.as_ref().map(place),
            typ: header.typ.as_ref().map(place),
        })
    }

    /// Reads the claims in one pass.
    ///
    /// # Errors
    ///
    /// As [`TokenInfo::read_claims`]; the claims type's own failure is kept for after the policy.
    pub(crate) fn read<C: DeserializeOwned>(
        self,
        reading: &Reading,
    ) -> Result<SignedClaims<C>, Error> {
        let Self { text, header_len, algorithm, kid, typ } = self;
        let mut info = TokenInfo::new(text, header_len, algorithm, kid, typ);
        let (claims, present) = info.read_claims(reading)?;
        let body = match claims {
            Ok(claims) => Ok(Arc::new(TokenBody { token: info, claims })),
            Err(error) => Err(Box::new((info, error))),
        };
        Ok(SignedClaims { body, present })
    }
}

/// A token's facts and its claims; behind one pointer from here on, because both are large.
pub(crate) struct TokenBody<C> {
    pub(crate) token: TokenInfo,
    pub(crate) claims: C,
}

/// The claims of a token whose signature is right, before any policy has looked at them.
pub(crate) struct SignedClaims<C> {
    /// The claims type's own failure waits here until the policy has spoken.
    body: Result<Arc<TokenBody<C>>, Box<(TokenInfo, Error)>>,
    present: u64,
}

impl<C> SignedClaims<C> {
    pub(crate) fn token(&self) -> &TokenInfo {
        match &self.body {
            Ok(body) => &body.token,
            Err(unfit) => &unfit.0,
        }
    }

    /// A bit for each required claim that is present.
    pub(crate) const fn present(&self) -> u64 {
        self.present
    }

    /// The claims.
    ///
    /// # Errors
    ///
    /// The claims type's own failure.
    pub(crate) fn into_body(self) -> Result<Arc<TokenBody<C>>, Error> {
        self.body.map_err(|unfit| unfit.1)
    }
}

impl fmt::Debug for SignedPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedPayload").finish_non_exhaustive()
    }
}
