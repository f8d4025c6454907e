//! Reads the body of a message up to a limit.

use std::future::poll_fn;
use std::pin::pin;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http_body::Body;

/// Why a body was not read.
pub(crate) enum Unread<E> {
    TooLarge,
    Failed(E),
}

/// Reads a body of at most this many bytes.
pub(crate) async fn read<B: Body>(body: B, most_bytes: usize) -> Result<Bytes, Unread<B::Error>> {
    let mut body = pin!(body);
    let (mut read, mut pieces) = (BytesMut::new(), 0);
    if body.size_hint().lower() > u64::try_from(most_bytes).unwrap_or(u64::MAX) {
        return Err(Unread::TooLarge);
    }
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        let data = frame.map_err(Unread::Failed)?.into_data().ok();
        let length = data.as_ref().map_or(0, Buf::remaining);
        // A frame without data counts as one byte, so that an endless sequence of them also reaches the limit.
        pieces += usize::from(length == 0);
        if read.len().saturating_add(pieces).saturating_add(length) > most_bytes {
            return Err(Unread::TooLarge);
        }
        if let Some(data) = data {
            read.put(data);
        }
    }
    Ok(read.freeze())
}
