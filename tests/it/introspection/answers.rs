//! What an unsigned answer means (RFC 7662 §2.2).

use std::error::Error as _;
use std::sync::{Arc, Mutex};

use super::fixture::{ACCEPTED, Act, Fixture, ISSUER, JSON, REVOKED, SIGNED, UNKNOWN};

/// The label of the event, and the verdict.
async fn outcome(act: Act) -> (&'static str, super::fixture::Verdict) {
    let fixture = Fixture::start(act);
    let verdict = fixture.verdict(&fixture.token("t1")).await;
    let labels = fixture.labels();
    assert_eq!((labels.len(), fixture.endpoint.calls()), (1, 1));
    (labels[0], verdict)
}

#[tokio::test(start_paused = true)]
async fn only_a_boolean_active_in_strict_json_decides() {
    let answer = |body: &str| Act::json(body.replace("ISSUER", ISSUER));
    for (body, label, verdict) in [
        (r#"{"active":true}"#, "active", ACCEPTED),
        (" {\"active\" : true }\n", "active", ACCEPTED),
        (r#"{"active":true,"scope":"a b","client_id":"x","username":"y"}"#, "active", ACCEPTED),
        (r#"{"active":false}"#, "revoked", REVOKED),
        // An answer about an inactive token is not compared.
        (r#"{"active":false,"jti":"other","exp":"soon"}"#, "revoked", REVOKED),
        (r"{}", "malformed", UNKNOWN),
        (r#"{"active":null}"#, "malformed", UNKNOWN),
        (r#"{"active":"true"}"#, "malformed", UNKNOWN),
        (r#"{"active":"false"}"#, "malformed", UNKNOWN),
        (r#"{"active":1}"#, "malformed", UNKNOWN),
        (r#"{"active":0}"#, "malformed", UNKNOWN),
        (r#"{"active":[true]}"#, "malformed", UNKNOWN),
        (r#"{"active":{}}"#, "malformed", UNKNOWN),
        (r#"{"Active":true}"#, "malformed", UNKNOWN),
        (r#"{"active":false,"active":true}"#, "malformed", UNKNOWN),
        (r#"{"active":false,"\u0061ctive":true}"#, "malformed", UNKNOWN),
        (r#"{"active":true"#, "malformed", UNKNOWN),
        (r#"{"active":true}}"#, "malformed", UNKNOWN),
        (r#"{"active":True}"#, "malformed", UNKNOWN),
        (r#"[{"active":true}]"#, "malformed", UNKNOWN),
        (r"true", "malformed", UNKNOWN),
        ("", "malformed", UNKNOWN),
        ("<html>active</html>", "malformed", UNKNOWN),
        ("\u{feff}{\"active\":true}", "malformed", UNKNOWN),
    ] {
        assert_eq!(outcome(answer(body)).await, (label, verdict), "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_about_another_token_is_unknown() {
    for (members, label, verdict) in [
        (r#""iss":"https://auth.example.com""#, "active", ACCEPTED),
        (r#""sub":"ada","jti":"t1","aud":"orders""#, "active", ACCEPTED),
        (r#""aud":["orders","billing"]"#, "active", ACCEPTED),
        (r#""exp":1767229200"#, "active", ACCEPTED),
        (r#""exp":1767229200.5"#, "active", ACCEPTED),
        (r#""iss":"https://auth.example.com/""#, "other_token", UNKNOWN),
        (r#""iss":null"#, "other_token", UNKNOWN),
        (r#""sub":"eve""#, "other_token", UNKNOWN),
        (r#""sub":"Ada""#, "other_token", UNKNOWN),
        (r#""sub":["ada"]"#, "other_token", UNKNOWN),
        (r#""jti":"t2""#, "other_token", UNKNOWN),
        (r#""jti":1"#, "other_token", UNKNOWN),
        (r#""aud":"billing""#, "other_token", UNKNOWN),
        (r#""aud":[]"#, "other_token", UNKNOWN),
        (r#""aud":null"#, "other_token", UNKNOWN),
        (r#""exp":"1767229200""#, "malformed", UNKNOWN),
        (r#""exp":null"#, "malformed", UNKNOWN),
    ] {
        let act = Act::json(format!("{{\"active\":true,{members}}}"));
        assert_eq!(outcome(act).await, (label, verdict), "{members}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_only_the_answer_has_is_a_difference() {
    let fixture = Fixture::start(Act::json(r#"{"active":true,"jti":"t1"}"#));
    let without = fixture.issuer.token().subject("ada").mint();
    assert_eq!(fixture.verdict(&without).await, UNKNOWN);
    assert_eq!(fixture.verdict(&fixture.token("t1")).await, ACCEPTED);
    assert_eq!(fixture.labels(), ["other_token", "active"]);
}

#[tokio::test(start_paused = true)]
async fn every_other_status_is_unknown() {
    for (status, label) in [
        (201, "status"),
        (204, "status"),
        (206, "status"),
        (301, "redirect"),
        (302, "redirect"),
        (304, "redirect"),
        (307, "redirect"),
        (400, "bad_request"),
        (401, "unauthorized"),
        (403, "unauthorized"),
        (404, "status"),
        (405, "status"),
        (429, "status"),
        (500, "status"),
        (502, "status"),
        (503, "status"),
    ] {
        for body in ["", r#"{"active":true}"#, r#"{"active":false}"#] {
            let act = Act::Answer(status, JSON, body.to_owned());
            assert_eq!(outcome(act).await, (label, UNKNOWN), "{status} {body}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn redirects_are_not_followed() {
    let redirect = Act::With("location", "https://evil.example/", Box::new(Act::status(307)));
    let fixture = Fixture::start(redirect);
    assert_eq!(fixture.verdict(&fixture.token("t1")).await, UNKNOWN);
    assert_eq!(fixture.endpoint.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn other_content_types_and_encodings_are_unknown() {
    let body = r#"{"active":true}"#.to_owned();
    for (content_type, label, verdict) in [
        (JSON, "active", ACCEPTED),
        ("application/json; charset=utf-8", "active", ACCEPTED),
        ("Application/JSON;charset=utf-8", "active", ACCEPTED),
        ("text/html", "content_type", UNKNOWN),
        ("text/plain", "content_type", UNKNOWN),
        ("application/jsonp", "content_type", UNKNOWN),
        (SIGNED, "content_type", UNKNOWN),
        ("", "content_type", UNKNOWN),
    ] {
        let act = Act::Answer(200, content_type, body.clone());
        assert_eq!(outcome(act).await, (label, verdict), "{content_type}");
    }
    for (encoding, label) in
        [("identity", "active"), ("gzip", "content_type"), ("br", "content_type")]
    {
        let act = Act::With("content-encoding", encoding, Box::new(Act::active()));
        assert_eq!(outcome(act).await.0, label, "{encoding}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_is_counted_while_it_streams() {
    // A strict object of exactly 64 KiB, and one that is a byte longer.
    let padded = |length: usize| {
        let start = r#"{"active":true,"x":""#;
        format!("{start}{}\"}}", "a".repeat(length - start.len() - 2))
    };
    assert_eq!(outcome(Act::json(padded(64 * 1024))).await, ("active", ACCEPTED));
    assert_eq!(outcome(Act::json(padded(64 * 1024 + 1))).await, ("too_large", UNKNOWN));
    // An endless body is not read to its end.
    for (length, frames) in [(1024, 65), (1, 65_537), (0, 65_537)] {
        let read = Arc::new(Mutex::new(0));
        let stream = Act::Stream(length, Arc::clone(&read));
        assert_eq!(outcome(stream).await, ("too_large", UNKNOWN), "frames of {length} bytes");
        assert_eq!(*read.lock().unwrap(), frames, "frames of {length} bytes");
    }
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_without_support_for_jwts_is_named() {
    let body = r#"{"error":"unsupported_token_type","error_description":"structured JWT"}"#;
    let fixture = Fixture::start(Act::Answer(400, JSON, body.to_owned()));
    let error = fixture.verifier.verify(&fixture.token("t1")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "revocation cannot be checked now: the introspection endpoint does not answer for JWTs \
         (`unsupported_token_type`); remove the introspection, or configure the issuer to support it"
    );
    assert_eq!(
        error.source().unwrap().to_string(),
        "`https://auth.example.com/introspect` answered 400 Bad Request: `unsupported_token_type`"
    );
    assert_eq!(fixture.labels(), ["unsupported_token_type"]);
}

#[tokio::test(start_paused = true)]
async fn operators_learn_what_the_endpoint_answered() {
    for (act, detail) in [
        (
            Act::Answer(401, JSON, r#"{"error":"invalid_client"}"#.to_owned()),
            "answered 401 Unauthorized: `invalid_client`",
        ),
        // Only known codes: another text could repeat the token.
        (
            Act::Answer(400, JSON, r#"{"error":"eyJhbGciOi"}"#.to_owned()),
            "answered 400 Bad Request",
        ),
        (Act::status(502), "answered 502 Bad Gateway"),
        (Act::status(302), "answered 302 Found"),
        (Act::json("{}"), "answered with a malformed answer: `active` is missing"),
        (
            Act::json(r#"{"active":true,"sub":"eve"}"#),
            "answered about another token: `sub` differs",
        ),
        (Act::Break, "could not be reached"),
        (Act::Never, "did not answer within 2s"),
        (
            Act::Answer(200, "text/html", String::new()),
            "answered with another content type than `application/json`",
        ),
    ] {
        let fixture = Fixture::start(act);
        let reply = fixture.ask(&fixture.token("t1")).await;
        assert_eq!(reply.verdict(), UNKNOWN);
        let expected = format!("`https://auth.example.com/introspect` {detail}");
        assert_eq!(fixture.details(), [&*expected]);
        assert_eq!(reply.error.unwrap().source().unwrap().to_string(), expected);
        // Clients receive none of it.
        let body = String::from_utf8_lossy(&reply.body);
        assert!(!body.contains("introspect") && !body.contains("answered"), "{body}");
    }
}
