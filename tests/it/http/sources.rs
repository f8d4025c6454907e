//! Raw bytes of the `Authorization` header, and the resulting status and error kind.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderValue, Method, Request};
use http_body::{Body, Frame};
use tower_jwt_auth::ErrorKind::{
    self, MalformedHeader, MalformedToken, MissingToken, MultipleTokens, UnsupportedScheme,
};
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{JwtAuthLayer, Verifier};

use crate::support::ask::{Reply, ask_layer, bearer, request};

type Row = (&'static [&'static [u8]], u16, Option<ErrorKind>);

fn issuer() -> TestIssuer {
    TestIssuer::hs256()
}

fn layer() -> JwtAuthLayer {
    let verifier = Verifier::shared_secret(issuer().secret()).any_audience();
    JwtAuthLayer::new(verifier.build().unwrap())
}

fn token() -> String {
    issuer().token().subject("ada").mint()
}

/// Replaces `TOKEN` in the template with the token.
fn fill(template: &[u8], token: &str) -> Vec<u8> {
    let mut filled = Vec::new();
    let mut rest = template;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = if let Some(after) = rest.strip_prefix(b"TOKEN") {
            filled.extend_from_slice(token.as_bytes());
            after
        } else {
            filled.push(byte);
            tail
        };
    }
    filled
}

fn ask_with(fields: &[&[u8]]) -> Reply {
    let (layer, token) = (layer(), token());
    ask_layer(&layer, request(fields.iter().map(|field| fill(field, &token))))
}

fn check_rows(rows: &[Row]) {
    for (fields, status, kind) in rows {
        let shown: Vec<_> = fields.iter().map(|f| f.escape_ascii()).collect();
        assert_eq!(ask_with(fields).verdict(), (*status, *kind), "{shown:?}");
    }
}

#[test]
fn the_scheme_accepts_any_case_and_number_of_spaces() {
    for field in ["Bearer TOKEN", "bearer TOKEN", "BEARER TOKEN", "bEARER TOKEN", "Bearer    TOKEN"]
    {
        let reply = ask_with(&[field.as_bytes()]);
        assert_eq!((reply.status, reply.text()), (200, "user ada"), "{field}");
    }
}

#[test]
fn only_one_field_with_one_credential_is_accepted() {
    const ROWS: &[Row] = &[
        (&[b"Bearer TOKEN"], 200, None),
        // No bearer credentials.
        (&[], 401, Some(MissingToken)),
        (&[b""], 401, Some(UnsupportedScheme)),
        (&[b"TOKEN"], 401, Some(UnsupportedScheme)),
        (&[b" Bearer TOKEN"], 400, Some(MalformedHeader)),
        (&[b"\tBearer TOKEN"], 400, Some(MalformedHeader)),
        (&[b"Basic YWRhOnB3"], 401, Some(UnsupportedScheme)),
        (&[b"Basic YWRhOnB3, Bearer TOKEN"], 401, Some(UnsupportedScheme)),
        (&[b"Digest Bearer TOKEN"], 401, Some(UnsupportedScheme)),
        (&[b"DPoP TOKEN"], 401, Some(UnsupportedScheme)),
        (&[b"Token TOKEN"], 401, Some(UnsupportedScheme)),
        (&[b"Bearers TOKEN"], 401, Some(UnsupportedScheme)),
        (&[b"Beare TOKEN"], 401, Some(UnsupportedScheme)),
        (&[b"Bearer: TOKEN"], 401, Some(UnsupportedScheme)),
        (&[b"Bearer:TOKEN"], 401, Some(UnsupportedScheme)),
        (&[b"Bearer=TOKEN"], 401, Some(UnsupportedScheme)),
        (&[b"Bearer,TOKEN"], 401, Some(UnsupportedScheme)),
        (&[b"Bearer/TOKEN"], 401, Some(UnsupportedScheme)),
        (&[b"\"Bearer\" TOKEN"], 401, Some(UnsupportedScheme)),
        // Malformed bearer credentials.
        (&[b"Bearer"], 400, Some(MalformedHeader)),
        (&[b"Bearer "], 400, Some(MalformedHeader)),
        (&[b"Bearer    "], 400, Some(MalformedHeader)),
        (&[b"Bearer\tTOKEN"], 400, Some(MalformedHeader)),
        (&[b"Bearer \tTOKEN"], 400, Some(MalformedHeader)),
        (&[b"Bearer TOKEN "], 400, Some(MalformedHeader)),
        (&[b"Bearer TOKEN\t"], 400, Some(MalformedHeader)),
        (&[b"Bearer TOKEN x"], 400, Some(MalformedHeader)),
        (&[b"Bearer TOKEN TOKEN"], 400, Some(MalformedHeader)),
        (&[b"Bearer TOKEN,"], 400, Some(MalformedHeader)),
        (&[b"Bearer ,TOKEN"], 400, Some(MalformedHeader)),
        (&[b"Bearer TOKEN,Bearer TOKEN"], 400, Some(MalformedHeader)),
        (&[b"Bearer TOKEN, Bearer TOKEN"], 400, Some(MalformedHeader)),
        (&[b"Bearer TOKEN, Basic YWRhOnB3"], 400, Some(MalformedHeader)),
        (&[b"Bearer TOKEN;"], 400, Some(MalformedHeader)),
        (&[b"Bearer \"TOKEN\""], 400, Some(MalformedHeader)),
        (&[b"Bearer 'TOKEN'"], 400, Some(MalformedHeader)),
        (&[b"Bearer <TOKEN>"], 400, Some(MalformedHeader)),
        (&[b"Bearer token=\"TOKEN\""], 400, Some(MalformedHeader)),
        (&[b"Bearer realm=\"x\", TOKEN"], 400, Some(MalformedHeader)),
        (&[b"Bearer Bearer TOKEN"], 400, Some(MalformedHeader)),
        (&[b"Bearer TOKEN%20"], 400, Some(MalformedHeader)),
        (&[b"Bearer ="], 400, Some(MalformedHeader)),
        (&[b"Bearer =TOKEN"], 400, Some(MalformedHeader)),
        // Well-formed credentials that are not a JWT.
        (&[b"Bearer TOKEN="], 401, Some(MalformedToken)),
        (&[b"Bearer TOKEN=="], 401, Some(MalformedToken)),
        (&[b"Bearer TOKEN."], 401, Some(MalformedToken)),
        (&[b"Bearer .TOKEN"], 401, Some(MalformedToken)),
        (&[b"Bearer a.b"], 401, Some(MalformedToken)),
        (&[b"Bearer ..."], 401, Some(MalformedToken)),
        (&[b"Bearer null"], 401, Some(MalformedToken)),
    ];
    check_rows(ROWS);
}

#[test]
fn several_authorization_fields_are_rejected() {
    const ROWS: &[Row] = &[
        (&[b"Bearer TOKEN"], 200, None),
        (&[b"Bearer TOKEN", b"Bearer TOKEN"], 400, Some(MultipleTokens)),
        (&[b"Bearer TOKEN", b"bearer TOKEN"], 400, Some(MultipleTokens)),
        (&[b"Bearer TOKEN", b"Bearer a.b.c"], 400, Some(MultipleTokens)),
        (&[b"Bearer a.b.c", b"Bearer TOKEN"], 400, Some(MultipleTokens)),
        (&[b"Basic YWRhOnB3", b"Bearer TOKEN"], 400, Some(MultipleTokens)),
        (&[b"Bearer TOKEN", b"Basic YWRhOnB3"], 400, Some(MultipleTokens)),
        (&[b"Basic YWRhOnB3", b"Basic YWRhOnB3"], 400, Some(MultipleTokens)),
        (&[b"Bearer TOKEN", b""], 400, Some(MultipleTokens)),
        (&[b"", b"Bearer TOKEN"], 400, Some(MultipleTokens)),
        (&[b"", b"Bearer TOKEN", b""], 400, Some(MultipleTokens)),
    ];
    check_rows(ROWS);
}

#[test]
fn look_alikes_outside_ascii_are_rejected() {
    const ROWS: &[Row] = &[
        (&[b"Bearer TOKEN"], 200, None),
        // No-break, em, ideographic and zero-width spaces instead of the space.
        (&[b"Bearer\xa0TOKEN"], 401, Some(UnsupportedScheme)),
        (&["Bearer\u{a0}TOKEN".as_bytes()], 401, Some(UnsupportedScheme)),
        (&["Bearer\u{2003}TOKEN".as_bytes()], 401, Some(UnsupportedScheme)),
        (&["Bearer\u{3000}TOKEN".as_bytes()], 401, Some(UnsupportedScheme)),
        (&["Bearer\u{200b} TOKEN".as_bytes()], 401, Some(UnsupportedScheme)),
        // A Cyrillic `В`, a full-width `B`, a byte order mark.
        (&["\u{412}earer TOKEN".as_bytes()], 401, Some(UnsupportedScheme)),
        (&["\u{ff22}earer TOKEN".as_bytes()], 401, Some(UnsupportedScheme)),
        (&["\u{feff}Bearer TOKEN".as_bytes()], 401, Some(UnsupportedScheme)),
        // The same inside and after the token.
        (&["Bearer \u{a0}TOKEN".as_bytes()], 400, Some(MalformedHeader)),
        (&["Bearer TOKEN\u{a0}".as_bytes()], 400, Some(MalformedHeader)),
        (&["Bearer a\u{2024}b\u{2024}c".as_bytes()], 400, Some(MalformedHeader)),
    ];
    check_rows(ROWS);
}

#[test]
fn non_ascii_bytes_are_rejected_without_a_panic() {
    for byte in 0x80..=0xff_u8 {
        for (before, after, expected) in [
            ("", "Bearer TOKEN", (401, Some(UnsupportedScheme))),
            ("Bea", "rer TOKEN", (401, Some(UnsupportedScheme))),
            ("Bearer", "TOKEN", (401, Some(UnsupportedScheme))),
            ("Bearer ", "TOKEN", (400, Some(MalformedHeader))),
            ("Bearer a.b", ".c", (400, Some(MalformedHeader))),
            ("Bearer TOKEN", "", (400, Some(MalformedHeader))),
        ] {
            let field = [before.as_bytes(), &[byte], after.as_bytes()].concat();
            assert_eq!(ask_with(&[&field]).verdict(), expected, "{byte:#x} after {before:?}");
        }
    }
}

#[test]
fn a_trailing_visible_byte_is_rejected() {
    for byte in 0x20..0x7f_u8 {
        // Extra signature or padding characters: well-formed, but not a valid token.
        let readable = byte.is_ascii_alphanumeric() || b"-_.~+/=".contains(&byte);
        let expected = if readable { 401 } else { 400 };
        let field = [b"Bearer TOKEN".as_slice(), &[byte]].concat();
        assert_eq!(ask_with(&[&field]).status, expected, "{}", byte.escape_ascii());
    }
}

#[test]
fn tokens_in_other_locations_are_ignored() {
    let (layer, token) = (layer(), token());
    for name in [
        "proxy-authorization",
        "x-authorization",
        "authorization2",
        "authorisation",
        "authentication",
        "x-forwarded-authorization",
        "www-authenticate",
        "cookie",
        "x-access-token",
    ] {
        let add = |mut request: Request<String>, text: &str| {
            let value = HeaderValue::from_str(text).unwrap();
            request.headers_mut().insert(name, value);
            request
        };
        for text in [format!("Bearer {token}"), format!("access_token={token}")] {
            let alone = ask_layer(&layer, add(Request::default(), &text));
            assert_eq!(alone.verdict(), (401, Some(MissingToken)), "{name}");
            let beside = ask_layer(&layer, add(bearer(&token), &text));
            assert_eq!(beside.text(), "user ada", "{name}");
        }
    }

    let query =
        format!("https://orders.example/?access_token={token}&authorization=Bearer%20{token}");
    let asked = ask_layer(&layer, Request::get(query).body(String::new()).unwrap());
    assert_eq!(asked.verdict(), (401, Some(MissingToken)));
    let form = Request::post("/").header("content-type", "application/x-www-form-urlencoded");
    let asked = ask_layer(&layer, form.body(format!("access_token={token}")).unwrap());
    assert_eq!(asked.verdict(), (401, Some(MissingToken)));
}

/// A body that panics when it is read.
#[derive(Debug, Default)]
struct Untouched;

impl Body for Untouched {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        panic!("the request's body was read");
    }
}

#[test]
fn all_methods_are_treated_alike_without_reading_the_body() {
    let (layer, token) = (layer(), token());
    let names = "GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH PURGE";
    for method in names.split(' ').map(|name| Method::from_bytes(name.as_bytes()).unwrap()) {
        let with = |fields: &[String]| {
            let mut asked = request(fields).map(|_| Untouched);
            *asked.method_mut() = method.clone();
            ask_layer(&layer, asked)
        };
        let good = format!("Bearer {token}");
        assert_eq!(with(std::slice::from_ref(&good)).text(), "user ada", "{method}");
        for (fields, expected, challenge) in [
            (vec![], (401, Some(MissingToken)), "Bearer"),
            (
                vec!["Bearer a.b.c".to_owned()],
                (401, Some(MalformedToken)),
                "Bearer error=\"invalid_token\", error_description=\"The access token is invalid\"",
            ),
            (
                vec![good.clone(), good.clone()],
                (400, Some(MultipleTokens)),
                "Bearer error=\"invalid_request\", error_description=\"The request is malformed\"",
            ),
        ] {
            let reply = with(&fields);
            assert_eq!(reply.verdict(), expected, "{method}");
            assert_eq!(reply.header("www-authenticate"), Some(challenge), "{method}");
            assert_eq!(reply.body.is_empty(), method == Method::HEAD, "{method}");
        }
    }
}
