//! Responses with unusual body frames.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::{Body, Frame};
use tower_jwt_auth::jwks::{NoBody, RemoteJwks};
use tower_jwt_auth::key::FetchFailure;
use tower_jwt_auth::testing::TestIssuer;

/// A body with empty frames, followed by the document. All frames are ready at once.
#[derive(Clone)]
struct Pieces {
    empty: usize,
    frame: fn() -> Frame<Bytes>,
    document: Option<Bytes>,
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.empty > 0 {
            self.empty -= 1;
            return Poll::Ready(Some(Ok((self.frame)())));
        }
        Poll::Ready(self.document.take().map(|bytes| Ok(Frame::data(bytes))))
    }
}

const LIMIT: usize = 4096;

async fn fetched(pieces: Pieces) -> Option<FetchFailure> {
    let client = tower::service_fn(move |_: Request<NoBody>| {
        std::future::ready(Ok::<_, Infallible>(Response::new(pieces.clone())))
    });
    let keys = RemoteJwks::url("https://auth.example.com/keys").client(client).max_bytes(LIMIT);
    let keys = keys.build().unwrap();
    let _ = keys.warm().await;
    keys.health().last_error.and_then(|error| error.failure())
}

#[tokio::test]
async fn frames_without_data_count_toward_the_limit() {
    let document = Bytes::from(TestIssuer::es256().jwks());
    let most = LIMIT - document.len();
    let frames: [fn() -> Frame<Bytes>; 2] =
        [|| Frame::data(Bytes::new()), || Frame::trailers(HeaderMap::new())];
    for frame in frames {
        let pieces = |empty| Pieces { empty, frame, document: Some(document.clone()) };
        for empty in [0, 1, most] {
            assert_eq!(fetched(pieces(empty)).await, None, "{empty}");
        }
        for empty in [most + 1, LIMIT, LIMIT + 1, 10 * LIMIT] {
            let failure = fetched(pieces(empty)).await;
            assert_eq!(failure, Some(FetchFailure::TooLarge), "{empty}");
        }
    }
}

#[tokio::test]
async fn a_document_may_be_as_long_as_the_limit() {
    let document = TestIssuer::es256().jwks();
    for (length, failure) in [(LIMIT, None), (LIMIT + 1, Some(FetchFailure::TooLarge))] {
        let padded = document.clone() + &" ".repeat(length - document.len());
        let frame = || Frame::data(Bytes::new());
        let pieces = Pieces { empty: 0, frame, document: Some(padded.into()) };
        assert_eq!(fetched(pieces).await, failure, "{length}");
    }
}
