//! How the body of a response ends when the token is no longer valid.

use std::fmt;
use std::task::{Context, Poll};

use base64_simd::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use http_body::Frame;

use super::challenge::Challenge;
use super::grpc::{GrpcKind, grpc_kind, media_type};
use super::grpc_messages::{Messages, TextMessages};
use crate::error::{BoxError, Error, ErrorKind};

/// Ends a body. Implemented in a higher module.
pub(crate) trait Limit: fmt::Debug + Send + Sync {
    /// Why the body must end now, if it must.
    fn check(&mut self) -> Option<ErrorKind>;

    /// Ready when the body must end.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ErrorKind>;
}

/// When and how a body ends before the inner body does.
#[derive(Debug)]
pub(crate) struct Ending {
    form: Form,
    has_begun: bool,
    limit: Box<dyn Limit>,
}

/// How the client learns that the body has ended early.
#[derive(Debug)]
enum Form {
    /// With an error, so that an incomplete body does not look complete.
    Error,
    /// Without an error: an event stream has no end, and clients open it again.
    Clean,
    /// With the status in the trailers.
    Trailers,
    /// With the trailers as the last message of the body.
    Message(Messages),
    /// The same in base64.
    Text(TextMessages),
}

impl Ending {
    /// The ending of a response with these headers.
    pub(crate) fn new(limit: impl Limit + 'static, headers: &HeaderMap) -> Self {
        Self { form: Form::of(headers), has_begun: false, limit: Box::new(limit) }
    }

    /// Whether the body must end instead of continuing with this frame. A body of a single frame is never ended.
    pub(super) fn reaches(
        &mut self,
        frame: &Frame<Bytes>,
        is_last: impl FnOnce() -> bool,
    ) -> Option<ErrorKind> {
        if !self.has_begun {
            self.has_begun = true;
            if is_last() {
                return None;
            }
        }
        let ended = self.limit.check();
        if ended.is_none()
            && let Some(data) = frame.data_ref()
        {
            self.form.pass(data);
        }
        ended
    }

    /// Ready when the body must end.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ErrorKind> {
        self.has_begun = true;
        self.limit.poll(cx)
    }

    /// The last item of the body. If the client knows its length, any other end than an error would be malformed.
    #[cold]
    pub(super) fn last(
        &self,
        kind: ErrorKind,
        has_known_length: bool,
    ) -> Option<Result<Frame<Bytes>, BoxError>> {
        match &self.form {
            _ if has_known_length => Some(Err(error(kind))),
            Form::Clean => None,
            Form::Trailers => Some(Ok(Frame::trailers(trailers(kind)))),
            Form::Message(messages) if messages.are_complete() => {
                Some(Ok(Frame::data(message(kind).into())))
            }
            Form::Text(messages) if messages.are_complete() => {
                let text = STANDARD.encode_to_string(message(kind));
                Some(Ok(Frame::data(text.into())))
            }
            Form::Error | Form::Message(_) | Form::Text(_) => Some(Err(error(kind))),
        }
    }
}

impl Form {
    fn of(headers: &HeaderMap) -> Self {
        let Some(content_type) = headers.get(CONTENT_TYPE) else { return Self::Error };
        if headers.contains_key(CONTENT_LENGTH) {
            return Self::Error;
        }
        match grpc_kind(content_type) {
            Some(GrpcKind::Native) => Self::Trailers,
            // In an encoded body, the message must be encoded, too.
            Some(_) if headers.contains_key(CONTENT_ENCODING) => Self::Error,
            Some(GrpcKind::Web) => Self::Message(Messages::default()),
            Some(GrpcKind::WebText) => Self::Text(TextMessages::default()),
            None if media_type(content_type).eq_ignore_ascii_case(b"text/event-stream") => {
                Self::Clean
            }
            None => Self::Error,
        }
    }

    /// Follows the messages of the body.
    fn pass(&mut self, data: &[u8]) {
        match self {
            Self::Message(messages) => messages.pass(data),
            Self::Text(messages) => messages.pass(data),
            Self::Error | Self::Clean | Self::Trailers => {}
        }
    }
}

fn error(kind: ErrorKind) -> BoxError {
    Error::new(kind).with_detail("the response ended with it").into()
}

/// `UNAUTHENTICATED`, with the text that a new request would be rejected with.
const GRPC_STATUS: &str = "16";

fn description(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::TokenExpired => Challenge::Expired.description(),
        _ => Challenge::InvalidToken.description(),
    }
}

fn trailers(kind: ErrorKind) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static(GRPC_STATUS));
    trailers.insert("grpc-message", HeaderValue::from_static(description(kind)));
    trailers
}

/// The trailers as a message of gRPC-Web: a flag, the length, and a header block.
fn message(kind: ErrorKind) -> Vec<u8> {
    let block = format!("grpc-status:{GRPC_STATUS}\r\ngrpc-message:{}\r\n", description(kind));
    let length = u32::try_from(block.len()).unwrap_or_default();
    [&[0x80][..], &length.to_be_bytes(), block.as_bytes()].concat()
}
