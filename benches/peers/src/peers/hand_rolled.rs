//! Hand-written middleware around `jsonwebtoken::decode`, in its two common forms. The key and the validation are kept.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use http::header::AUTHORIZATION;
use http_body_util::Empty;
use jsonwebtoken::{DecodingKey, Validation};

use crate::backend::Backend;
use crate::contestant::{Bare, Contestant, for_each, router, serving};
use crate::support::fixtures::Typed;
use crate::support::service::{hand_rolled, kept};

pub(crate) fn tower_http() -> Contestant {
    Contestant {
        name: "by hand: tower-http, jsonwebtoken 12",
        form: "layer",
        crypto: "AWS-LC",
        claims: "typed",
        bare: Bare::Plain,
        backend: Backend::AwsLc,
        services: for_each(|fixture| Ok(serving(hand_rolled(fixture)))),
    }
}

pub(crate) fn from_fn() -> Contestant {
    Contestant {
        name: "by hand: axum `from_fn`, jsonwebtoken 12",
        form: "axum middleware",
        crypto: "AWS-LC",
        claims: "typed",
        bare: Bare::AxumRouter,
        backend: Backend::AwsLc,
        services: for_each(|fixture| {
            let layer = from_fn_with_state(Arc::new(kept(fixture)), authenticate);
            Ok(serving::<Empty<Bytes>, _, _>(router().layer(layer)))
        }),
    }
}

async fn authenticate(
    State(kept): State<Arc<(DecodingKey, Validation)>>,
    mut request: Request,
    next: Next,
) -> Result<Response, StatusCode> {
    let (key, validation) = &*kept;
    let token = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
        .ok_or(StatusCode::UNAUTHORIZED)?;
    let token = jsonwebtoken::decode::<Typed>(token, key, validation)
        .map_err(|_| StatusCode::UNAUTHORIZED)?;
    request.extensions_mut().insert(token.claims);
    Ok(next.run(request).await)
}
