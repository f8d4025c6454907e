//! Requests that pass without a token, and identities left by outer layers.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use serde::Deserialize;
use tower::{Layer, Service};
use tower_jwt_auth::ErrorKind::{
    self, InvalidSignature, MalformedHeader, MalformedToken, MissingToken, MultipleTokens,
    TokenExpired, UnsupportedScheme,
};
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{Anonymous, Identity, JwtAuthLayer, Verified, Verifier};

use crate::support::ask::{ask, ask_layer, bearer, request, who};

fn issuer() -> TestIssuer {
    TestIssuer::hs256()
}

fn verifier() -> Verifier {
    Verifier::shared_secret(issuer().secret()).any_audience().build().unwrap()
}

/// Another view of the claims.
#[derive(Deserialize)]
struct Mine {
    tenant: String,
}

fn verifier_of_mine() -> Verifier<Mine> {
    let verifier = Verifier::shared_secret(issuer().secret()).any_audience();
    verifier.claims::<Mine>().build().unwrap()
}

fn token() -> String {
    issuer().token().subject("ada").claim("tenant", "acme").mint()
}

type Verdict = (u16, Option<ErrorKind>);

#[test]
fn allow_missing_token_does_not_accept_invalid_tokens() {
    let strict = JwtAuthLayer::new(verifier());
    let lenient = strict.clone().allow_missing_token();
    let good = format!("Bearer {}", token());
    let expired = format!("Bearer {}", issuer().token().expired().mint());
    let tampered = format!("Bearer {}", issuer().token().mint_tampered());
    let rows: &[(&[&str], Verdict, Result<&str, Verdict>)] = &[
        (&[&good], (200, None), Ok("user ada")),
        (&[], (401, Some(MissingToken)), Ok("anonymous")),
        (&["Basic YWRhOnB3"], (401, Some(UnsupportedScheme)), Ok("anonymous")),
        (&["Negotiate x"], (401, Some(UnsupportedScheme)), Ok("anonymous")),
        (&["Bearer a.b.c"], (401, Some(MalformedToken)), Err((401, Some(MalformedToken)))),
        (&[&expired], (401, Some(TokenExpired)), Err((401, Some(TokenExpired)))),
        (&[&tampered], (401, Some(InvalidSignature)), Err((401, Some(InvalidSignature)))),
        (&["Bearer"], (400, Some(MalformedHeader)), Err((400, Some(MalformedHeader)))),
        (&["Bearer a b"], (400, Some(MalformedHeader)), Err((400, Some(MalformedHeader)))),
        (&["Basic x", &good], (400, Some(MultipleTokens)), Err((400, Some(MultipleTokens)))),
        (&["Basic x", "Basic x"], (400, Some(MultipleTokens)), Err((400, Some(MultipleTokens)))),
    ];
    for (fields, of_strict, of_lenient) in rows {
        assert_eq!(ask_layer(&strict, request(*fields)).verdict(), *of_strict, "{fields:?}");
        let reply = ask_layer(&lenient, request(*fields));
        match of_lenient {
            Ok(text) => assert_eq!((reply.status, reply.text()), (200, *text), "{fields:?}"),
            Err(verdict) => assert_eq!(reply.verdict(), *verdict, "{fields:?}"),
        }
    }
}

#[test]
fn a_bypassed_request_is_always_anonymous() {
    let layer = JwtAuthLayer::new(verifier()).bypass(|parts| parts.uri.path() == "/health");
    let to = |path: &str, fields: &[&str]| {
        let mut request = request(fields);
        *request.uri_mut() = path.parse().unwrap();
        ask_layer(&layer, request)
    };
    let good = format!("Bearer {}", token());
    let rows: [&[&str]; 5] = [&[], &[&good], &["Bearer a.b.c"], &["Bearer"], &["Basic x", &good]];
    for fields in rows {
        let reply = to("/health", fields);
        assert_eq!((reply.status, reply.text()), (200, "anonymous"), "{fields:?}");
    }
    for path in ["/", "/healthy", "/health/", "/Health", "//health", "/%68ealth", "/x?/health"] {
        assert_eq!(to(path, &[]).verdict(), (401, Some(MissingToken)), "{path}");
        assert_eq!(to(path, &[&good]).text(), "user ada", "{path}");
    }
}

/// Responds with the types in the extensions: `M`ine, `C`laims, `I`dentity, `A`nonymous.
async fn list_extensions(request: Request<String>) -> Result<Response<Full<Bytes>>, Infallible> {
    let extensions = request.extensions();
    let there = [
        ('M', Verified::<Mine>::of(&request).is_some_and(|mine| mine.tenant == "acme")),
        ('C', Verified::<tower_jwt_auth::Claims>::of(&request).is_some()),
        ('I', extensions.get::<Identity>().is_some()),
        ('A', extensions.get::<Anonymous>().is_some()),
    ];
    let text: String = there.iter().filter(|it| it.1).map(|it| it.0).collect();
    Ok(Response::new(Full::from(text)))
}

fn extensions_of<S, R>(service: S, request: Request<String>) -> String
where
    S: Service<Request<String>, Response = Response<R>, Error = Infallible>,
    R: Body<Data = Bytes, Error: std::fmt::Debug>,
{
    let reply = ask(service, request);
    assert_eq!(reply.status, 200);
    reply.text().to_owned()
}

#[test]
fn only_the_result_of_the_innermost_layer_remains() {
    let claims = JwtAuthLayer::new(verifier());
    let mine = JwtAuthLayer::new(verifier_of_mine());
    let inner = || tower::service_fn(list_extensions);

    let with = bearer(&token());
    assert_eq!(extensions_of(mine.layer(inner()), with.clone()), "MI");
    assert_eq!(extensions_of(claims.layer(mine.layer(inner())), with.clone()), "MI");
    assert_eq!(extensions_of(mine.layer(claims.layer(inner())), with.clone()), "CI");
    assert_eq!(extensions_of(claims.layer(claims.layer(inner())), with.clone()), "CI");

    // The outer layer verifies; the inner one bypasses every request.
    let open = mine.clone().bypass(|_| true);
    assert_eq!(extensions_of(claims.layer(open.layer(inner())), with.clone()), "A");
    let open = claims.clone().bypass(|_| true);
    assert_eq!(extensions_of(mine.layer(open.layer(inner())), with.clone()), "A");
    assert_eq!(extensions_of(claims.layer(open.layer(inner())), with.clone()), "A");

    // The reverse order.
    assert_eq!(extensions_of(open.layer(mine.layer(inner())), with.clone()), "MI");
    assert_eq!(extensions_of(open.layer(claims.layer(inner())), with), "CI");

    // Neither layer finds a token.
    let (claims, mine) = (claims.allow_missing_token(), mine.allow_missing_token());
    assert_eq!(extensions_of(claims.layer(mine.layer(inner())), Request::default()), "A");
}

#[test]
fn an_inner_layer_with_another_source_removes_the_outer_identity() {
    use tower_jwt_auth::source::{RawToken, from_fn};
    let outer = JwtAuthLayer::new(verifier_of_mine());
    let inner = JwtAuthLayer::new(verifier()).allow_missing_token();
    let inner = inner.token_source(from_fn(|parts| {
        let value = parts.headers.get("x-user-token");
        Ok(value.and_then(|value| value.to_str().ok()).map(RawToken::new))
    }));
    let service = || outer.layer(inner.layer(tower::service_fn(list_extensions)));
    assert_eq!(extensions_of(service(), bearer(&token())), "A");
    let mut both = bearer(&token());
    both.headers_mut().insert("x-user-token", token().parse().unwrap());
    assert_eq!(extensions_of(service(), both), "CI");
}

#[test]
fn the_results_of_two_outer_layers_are_removed() {
    let claims = JwtAuthLayer::new(verifier());
    let mine = JwtAuthLayer::new(verifier_of_mine());
    let open = JwtAuthLayer::new(verifier()).bypass(|_| true);
    let inner = || tower::service_fn(list_extensions);
    let asked = || bearer(&token());
    assert_eq!(extensions_of(claims.layer(mine.layer(open.layer(inner()))), asked()), "A");
    assert_eq!(extensions_of(claims.layer(open.layer(mine.layer(inner()))), asked()), "MI");
    assert_eq!(extensions_of(mine.layer(open.layer(claims.layer(inner()))), asked()), "CI");
    assert_eq!(extensions_of(mine.layer(mine.layer(claims.layer(inner()))), asked()), "CI");
}

/// A change that an application may make to the extensions between two layers.
type Change = (&'static str, fn(&mut http::Extensions));

const CHANGES: [Change; 5] = [
    ("nothing", |_| {}),
    ("replaces the identity by one of another type", |extensions| {
        let token = issuer().token().subject("eve").mint();
        extensions.insert(verifier().verify_now(&token).unwrap().identity());
    }),
    ("replaces the identity by a planted one of the same type", |extensions| {
        let token = issuer().token().subject("eve").claim("tenant", "acme").mint();
        extensions.insert(verifier_of_mine().verify_now(&token).unwrap().identity());
    }),
    ("removes the identity", |extensions| _ = extensions.remove::<Identity>()),
    ("keeps the claims alone", |extensions| {
        let kept = [extensions.remove::<Verified<Mine>>()];
        extensions.clear();
        kept.into_iter().flatten().for_each(|mine| _ = extensions.insert(mine));
    }),
];

#[test]
fn stale_claims_are_removed_even_without_their_identity() {
    let outer = JwtAuthLayer::new(verifier_of_mine());
    let claims = JwtAuthLayer::new(verifier());
    let open = claims.clone().bypass(|_| true);
    let inner = || tower::service_fn(list_extensions);
    let asked = || bearer(&token());
    for (what, change) in CHANGES {
        let between = tower::util::MapRequestLayer::new(move |mut request: Request<String>| {
            change(request.extensions_mut());
            request
        });
        let same = outer.layer(between.layer(outer.layer(inner())));
        assert_eq!(extensions_of(same, asked()), "MI", "{what}");
        let other = outer.layer(between.layer(claims.layer(inner())));
        assert_eq!(extensions_of(other, asked()), "CI", "{what}");
        let bypassed = outer.layer(between.layer(open.layer(inner())));
        assert_eq!(extensions_of(bypassed, asked()), "A", "{what}");
    }
}

#[test]
fn planted_claims_of_the_layers_type_are_removed() {
    /// A claims type that no layer has inserted.
    #[derive(Deserialize)]
    struct Unseen {}
    let verifier = Verifier::shared_secret(issuer().secret()).any_audience();
    let verifier = verifier.claims::<Unseen>().build().unwrap();
    let planted = verifier.verify_now(&token()).unwrap();
    let service = tower::service_fn(async |request: Request<String>| {
        assert!(Verified::<Unseen>::of(&request).is_none());
        list_extensions(request).await
    });
    let layer = JwtAuthLayer::new(verifier).allow_missing_token();
    let mut asked = Request::new(String::new());
    asked.extensions_mut().insert(planted);
    assert_eq!(extensions_of(layer.layer(service), asked), "A");
}

#[test]
fn planted_identities_are_removed() {
    let other = TestIssuer::hs256().token().subject("mallory").mint();
    let planted: Verified = verifier().verify_now(&other).unwrap();
    let layer = JwtAuthLayer::new(verifier()).allow_missing_token();
    let mut asked = request::<&str>([]);
    asked.extensions_mut().insert(planted.identity());
    asked.extensions_mut().insert(planted.clone());
    assert_eq!(ask_layer(&layer, asked.clone()).text(), "anonymous");
    // The valid neighbour: other extensions remain.
    asked.extensions_mut().insert(7_u8);
    let keep = tower::service_fn(async |request: Request<String>| {
        assert_eq!(request.extensions().get::<u8>(), Some(&7));
        who(request).await
    });
    assert_eq!(ask(layer.layer(keep), asked).text(), "anonymous");
}
