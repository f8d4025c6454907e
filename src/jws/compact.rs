//! The compact serialization: three parts and two dots (RFC 7515 §7.1).

use std::mem::MaybeUninit;

use super::base64url;
use super::check::SignatureCheck;
use super::header::UnverifiedHeader;
use crate::error::{Error, ErrorKind};

/// The length of the longest signature, that of RSA with 8192 bits.
const MAX_SIGNATURE: usize = 1024;

/// The length up to which a header is decoded on the stack. Longer headers use the heap.
const STACK_HEADER: usize = 512;

/// The three parts of a token, borrowed and not yet decoded. The parts are without padding; `signing_input` is as sent.
#[derive(Clone, Copy)]
pub(crate) struct Compact<'t> {
    header: &'t [u8],
    payload: &'t [u8],
    signature: &'t [u8],
    signing_input: &'t [u8],
    is_padded: bool,
}

/// Whether a credential is meant as a JWT: the text before its first dot decodes to the beginning of a JSON object.
pub(crate) fn is_jwt_shaped(credential: &str) -> bool {
    let Some((header, _)) = credential.split_once('.') else { return false };
    // Whole groups of four characters, so that padding or a fault further on does not matter.
    let groups = header.as_bytes().chunks(4);
    let bytes = groups.map_while(|group| base64url::decode(group).ok()).flatten();
    let mut text = bytes.skip_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    text.next() == Some(b'{')
}

impl<'t> Compact<'t> {
    /// Splits a token. The caller has checked its length.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::MalformedToken`] unless there are three non-empty parts.
    pub(crate) fn parse(token: &'t str) -> Result<Self, Error> {
        Self::split(token.as_bytes()).ok_or_else(|| {
            let detail = match memchr::memchr_iter(b'.', token.as_bytes()).take(5).count() {
                0 | 1 => "it is not a JWT; it may be an opaque token or a session cookie",
                2 => "one of its three parts is empty; a token without a signature is rejected",
                4 => "it has five parts, so it is an encrypted token",
                _ => "it does not have three parts",
            };
            Error::new(ErrorKind::MalformedToken).with_detail(detail)
        })
    }

    /// Splits a token whose parts may be padded with `=`, which RFC 7515 §2 forbids.
    ///
    /// Either every part is padded to a multiple of four characters, or there is no padding. The signature is over the
    /// padded text.
    ///
    /// # Errors
    ///
    /// As for [`parse`](Self::parse), and [`ErrorKind::MalformedToken`] for any other padding.
    pub(crate) fn parse_padded(token: &'t str) -> Result<Self, Error> {
        let compact = Self::parse(token)?;
        if memchr::memchr(b'=', token.as_bytes()).is_none() {
            return Ok(compact);
        }
        compact.without_padding().ok_or_else(|| {
            let detail = "some of its parts are padded with `=`, but not all to a multiple of four";
            Error::new(ErrorKind::MalformedToken).with_detail(detail)
        })
    }

    fn without_padding(self) -> Option<Self> {
        Some(Self {
            header: base64url::without_padding(self.header)?,
            payload: base64url::without_padding(self.payload)?,
            signature: base64url::without_padding(self.signature)?,
            is_padded: true,
            ..self
        })
    }

    /// Whether the parts were padded.
    pub(crate) const fn is_padded(&self) -> bool {
        self.is_padded
    }

    fn split(token: &'t [u8]) -> Option<Self> {
        let mut dots = memchr::memchr_iter(b'.', token);
        let (first, second) = (dots.next()?, dots.next()?);
        let (signing_input, signature) = token.split_at_checked(second)?;
        let (header, payload) = signing_input.split_at_checked(first)?;
        let (payload, signature) = (payload.get(1..)?, signature.get(1..)?);
        let whole = dots.next().is_none()
            && !(header.is_empty() || payload.is_empty() || signature.is_empty());
        let is_padded = false;
        whole.then_some(Self { header, payload, signature, signing_input, is_padded })
    }

    /// The encoded header.
    pub(crate) const fn encoded_header(&self) -> &'t [u8] {
        self.header
    }

    /// Decodes and reads the header.
    pub(crate) fn header<'b>(
        &self,
        buffer: &'b mut HeaderBuffer,
    ) -> Result<UnverifiedHeader<'b>, Error> {
        let malformed =
            || Error::new(ErrorKind::MalformedToken).with_detail("the header is not base64url");
        let HeaderBuffer { stack, heap } = buffer;
        let bytes = if base64url::decoded_len(self.header) <= stack.len() {
            base64url::decode_into(self.header, stack).map_err(|_| malformed())?
        } else {
            *heap = base64url::decode(self.header).map_err(|_| malformed())?;
            Some(heap.as_slice())
        };
        let text = bytes.and_then(|bytes| std::str::from_utf8(bytes).ok()).ok_or_else(malformed)?;
        UnverifiedHeader::read(text)
    }

    /// Decodes the payload of an unverified token, to choose among the configured issuers.
    pub(crate) fn unverified_payload(&self) -> Result<String, Error> {
        let bytes = base64url::decode(self.payload).ok();
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        text.ok_or_else(|| {
            Error::new(ErrorKind::MalformedToken).with_detail("the payload is not base64url")
        })
    }

    /// The encoded payload, if the signature is valid. The check receives the signed bytes as they were sent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidSignature`] if the signature is wrong, [`ErrorKind::MalformedToken`] if it is not strict
    /// base64url.
    pub(crate) fn signed_payload(self, check: &impl SignatureCheck) -> Result<&'t [u8], Error> {
        let mut buffer = [MaybeUninit::uninit(); MAX_SIGNATURE];
        let signature = base64url::decode_into(self.signature, &mut buffer).map_err(|_| {
            Error::new(ErrorKind::MalformedToken).with_detail("the signature is not base64url")
        })?;
        // No supported key has a signature that is longer than the buffer.
        match signature {
            Some(signature) if check.is_signature(self.signing_input, signature) => {
                Ok(self.payload)
            }
            _ => Err(ErrorKind::InvalidSignature.into()),
        }
    }
}

/// The buffer for a decoded header. It is on the stack, so rejecting a token does not allocate.
pub(crate) struct HeaderBuffer {
    stack: [MaybeUninit<u8>; STACK_HEADER],
    heap: Vec<u8>,
}

impl HeaderBuffer {
    pub(crate) const fn new() -> Self {
        Self { stack: [MaybeUninit::uninit(); STACK_HEADER], heap: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    struct Check(fn(&[u8], &[u8]) -> bool);

    impl SignatureCheck for Check {
        fn is_signature(&self, message: &[u8], signature: &[u8]) -> bool {
            self.0(message, signature)
        }

        fn issuer(&self) -> Option<&Arc<str>> {
            None
        }
    }

    fn kind(token: &str) -> Option<ErrorKind> {
        Compact::parse(token).err().map(|error| error.kind())
    }

    #[test]
    fn a_token_has_three_non_empty_parts() {
        assert_eq!(kind("a.b.c"), None);
        for token in
            ["", ".", "..", "a", "a.b", "a.b.", ".b.c", "a..c", "a.b.c.d", "a.b.c.d.e", "..."]
        {
            assert_eq!(kind(token), Some(ErrorKind::MalformedToken), "{token}");
        }
    }

    #[test]
    fn all_parts_or_none_are_padded() {
        let kind = |token| Compact::parse_padded(token).err().map(|error| error.kind());
        for token in ["AAA=.BB==.CCCC", "AAAA.BBBB.CC==", "AAA.BB.CCCC", "AAAA.BBBB.CCCC"] {
            assert_eq!(kind(token), None, "{token}");
        }
        for token in ["AAA=.BB.CCCC", "AAA.BB==.CCCC", "AAA=.BB==.CC", "AAA=.BB=.CCCC", "=.=.="] {
            assert_eq!(kind(token), Some(ErrorKind::MalformedToken), "{token}");
        }
        let padded = Compact::parse_padded("AAA=.BB==.CCCC").unwrap();
        assert_eq!((padded.header, padded.payload), (&b"AAA"[..], &b"BB"[..]));
        assert_eq!(padded.signing_input, b"AAA=.BB==");
        assert!(padded.is_padded() && !Compact::parse_padded("AAA.BB.CCCC").unwrap().is_padded());
    }

    #[test]
    fn the_check_receives_the_bytes_as_they_were_sent() {
        let token = "eyJhbGciOiJIUzI1NiJ9.e30.AQID";
        let compact = Compact::parse(token).unwrap();
        let payload = compact.signed_payload(&Check(|message, signature| {
            assert_eq!(message, b"eyJhbGciOiJIUzI1NiJ9.e30");
            assert_eq!(signature, [1, 2, 3]);
            true
        }));
        assert_eq!(payload.unwrap(), b"e30");
        let rejected = compact.signed_payload(&Check(|_, _| false)).unwrap_err();
        assert_eq!(rejected.kind(), ErrorKind::InvalidSignature);
    }

    #[test]
    fn headers_longer_than_the_stack_buffer_are_read() {
        for len in [0, 400, 512, 513, 5000] {
            let json = format!("{{\"alg\":\"HS256\",\"x\":\"{}\"}}", "y".repeat(len));
            let token =
                format!("{}.e30.AQID", base64_simd::URL_SAFE_NO_PAD.encode_to_string(&json));
            let compact = Compact::parse(&token).unwrap();
            assert_eq!(compact.header(&mut HeaderBuffer::new()).unwrap().text, json);
        }
    }

    #[test]
    fn too_long_signatures_are_rejected_without_a_check() {
        let token = format!("eyJhbGciOiJIUzI1NiJ9.e30.{}", "A".repeat(1367));
        let compact = Compact::parse(&token).unwrap();
        let rejected = compact.signed_payload(&Check(|_, _| unreachable!())).unwrap_err();
        assert_eq!(rejected.kind(), ErrorKind::InvalidSignature);
    }
}
