//! The layer answers any `Authorization` field with a valid HTTP response.

use http::{HeaderValue, Request};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use proptest::{prop_assert, prop_assert_eq};
use tower_jwt_auth::{Algorithm, JwtAuthLayer, Rule};

use super::cases::{Judged, Seen, for_all};
use super::json::text;
use super::near_misses::mutated;
use crate::support::ask::{Reply, ask_layer};
use crate::support::tokens::{issuer, trusting};

/// The bytes that a field value may contain (RFC 9110 §5.5).
fn field_bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![8 => 0x20..=0x7e_u8, 2 => 0x80..=0xff_u8, 1 => Just(b'\t')];
    vec(byte, 0..60)
}

/// Valid, nearly valid and invalid credentials.
fn field(good: String) -> impl Strategy<Value = Vec<u8>> {
    const SCHEMES: [&str; 14] = [
        "Bearer",
        "bearer",
        "BEARER",
        "bEaReR",
        "Bearer",
        "Bearer:",
        "Bearer=",
        "Bearer\u{a0}",
        " Bearer",
        "Basic",
        "DPoP",
        "Bearer,",
        "\"Bearer\"",
        "",
    ];
    const GAPS: [&str; 8] = [" ", " ", " ", "  ", "     ", "", "\t", " \t"];
    const ENDS: [&str; 10] = ["", "", "", "", " ", "=", ", Bearer a.b.c", " x", ",", "\""];
    let token = prop_oneof![
        4 => Just(good.clone()),
        2 => mutated(Just(good)),
        1 => "[A-Za-z0-9._~+/=-]{0,20}",
        1 => Just(String::new()),
    ];
    let built = (select(&SCHEMES[..]), select(&GAPS[..]), token, select(&ENDS[..]))
        .prop_map(|(scheme, gap, token, end)| format!("{scheme}{gap}{token}{end}").into_bytes())
        // Control characters are removed, because no client can send them.
        .prop_map(|bytes| {
            bytes
                .into_iter()
                .filter(|byte| *byte == b'\t' || *byte >= b' ' && *byte != 0x7f)
                .collect()
        });
    prop_oneof![6 => built, 1 => field_bytes()]
}

/// RFC 6750 §2.1: the scheme in any case, one or more spaces, the token and nothing else.
fn holds(field: &[u8], token: &str) -> bool {
    let Some((scheme, rest)) = field.split_at_checked(6) else { return false };
    let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
    scheme.eq_ignore_ascii_case(b"bearer") && spaces > 0 && &rest[spaces..] == token.as_bytes()
}

/// Checks `Bearer` with parameters (RFC 9110 §11.6.1): each a token, `=` and a quoted string.
fn is_challenge(value: &str) -> bool {
    let Some(mut rest) = value.strip_prefix("Bearer") else { return false };
    let mut separator = " ";
    while !rest.is_empty() {
        let Some((name, quoted)) = rest.strip_prefix(separator).and_then(|it| it.split_once("=\""))
        else {
            return false;
        };
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
            return false;
        }
        let (mut escaped, mut end) = (false, None);
        for (at, byte) in quoted.bytes().enumerate() {
            match byte {
                _ if !(b' '..=b'~').contains(&byte) => return false,
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => {
                    end = Some(at);
                    break;
                }
                _ => {}
            }
        }
        let Some(end) = end else { return false };
        (rest, separator) = (&quoted[end + 1..], ", ");
    }
    true
}

/// A rejection has a challenge in one line that every client can parse.
fn judge_answer(reply: &Reply) -> Judged {
    prop_assert!([200, 400, 401].contains(&reply.status), "{reply:?}");
    let challenges: Vec<_> = reply.headers.get_all("www-authenticate").iter().collect();
    prop_assert_eq!(challenges.len(), usize::from(reply.status != 200), "{:?}", reply);
    for challenge in challenges {
        let text = challenge.to_str();
        prop_assert!(text.is_ok_and(is_challenge), "{challenge:?}");
    }
    Ok(())
}

#[test]
fn every_authorization_header_is_answered_with_200_400_or_401() {
    let seen = Seen::default();
    let issuer = issuer(Algorithm::HS256);
    let layer = JwtAuthLayer::new(trusting(&issuer).build().unwrap());
    let good = issuer.token().subject("user-1").mint();
    let fields = prop_oneof![
        1 => Just(vec![]),
        12 => vec(field(good.clone()), 1),
        2 => vec(field(good.clone()), 2..4),
    ];
    for_all(2_000, &fields, |fields| {
        let mut request = Request::new(String::new());
        for field in &fields {
            let value = HeaderValue::from_bytes(field).unwrap();
            request.headers_mut().append("authorization", value);
        }
        let reply = ask_layer(&layer, request);
        judge_answer(&reply)?;
        let is_good = matches!(&fields[..], [only] if holds(only, &good));
        prop_assert_eq!(reply.status == 200, is_good, "{:?}", fields);
        seen.note(reply.status);
        seen.note(reply.kind().map_or("let through", |kind| kind.as_str()));
        Ok(())
    })
    .and_saw(
        &seen,
        [
            "200",
            "400",
            "401",
            "missing_token",
            "unsupported_scheme",
            "malformed_header",
            "multiple_tokens",
            "malformed_token",
            "invalid_signature",
        ],
    );
}

#[test]
fn the_challenge_is_one_valid_line() {
    let seen = Seen::default();
    let issuer = issuer(Algorithm::HS256);
    let verifier = trusting(&issuer).build().unwrap();
    let realm = prop_oneof![
        text(),
        "[\r\n\t\"\\\\,= a-z]{0,20}",
        vec(any::<char>(), 0..20).prop_map(String::from_iter)
    ];
    let scopes = vec(prop_oneof![text(), "[\r\n\"\\\\, a-z]{0,10}"], 0..3);
    let field = prop_oneof![Just(None), field("a.b.c".into()).prop_map(Some)];
    for_all(1_000, &(realm, scopes, field), |(realm, scopes, field)| {
        let layer = JwtAuthLayer::new(verifier.clone()).realm(realm);
        let layer = scopes
            .into_iter()
            .fold(layer, |layer, scope| layer.challenge_scope(&Rule::scope(scope)));
        let mut request = Request::new(String::new());
        if let Some(field) = field {
            request.headers_mut().append("authorization", HeaderValue::from_bytes(&field).unwrap());
        }
        let reply = ask_layer(&layer, request);
        judge_answer(&reply)?;
        seen.note(reply.status);
        Ok(())
    })
    .and_saw(&seen, ["400", "401"]);
}
