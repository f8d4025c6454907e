//! Neither secrets nor tokens appear in debug output, errors or events.

use std::error::Error;
use std::sync::{Arc, Mutex};

use tower_jwt_auth::Verifier;
use tower_jwt_auth::introspection::Introspection;
use tower_jwt_auth::observe::Event;
use tower_jwt_auth::testing::TestIssuer;

use super::fixture::{Act, CLIENT, Endpoint, Fixture, ISSUER, JSON, SECRET, UNKNOWN, URL, Virtual};

/// `orders:hunter2-secret` in Base64.
const BASIC: &str = "b3JkZXJzOmh1bnRlcjItc2VjcmV0";

#[tokio::test(start_paused = true)]
async fn debug_output_contains_neither_secret_nor_token() {
    let url = "https://auth.example.com/introspect?key=hunter2";
    let builder = || {
        Introspection::endpoint(url, ISSUER)
            .allow_unsigned_answers()
            .client(Endpoint::new(Act::active()))
    };
    for builder in [
        builder().client_secret_basic(CLIENT, SECRET),
        builder().bearer(SECRET),
        builder().authenticate_with(|request| {
            request.field("client_secret", SECRET);
            assert!(!format!("{request:?}").contains("hunter2"));
            Ok::<_, std::convert::Infallible>(())
        }),
    ] {
        let shown = format!("{builder:?}");
        let introspection = builder.build().unwrap();
        for shown in [shown, format!("{introspection:?}"), format!("{introspection:#?}")] {
            assert!(!shown.contains("hunter2") && !shown.contains(BASIC), "{shown}");
            assert!(shown.contains(ISSUER), "{shown}");
        }
    }
    let bad = Introspection::endpoint("https://u:hunter2@auth.example.com/", ISSUER);
    let bad = bad.client_secret_basic(CLIENT, "hunter2\n").bearer("hunter2 \n");
    let (shown, error) = (format!("{bad:?}"), bad.build().unwrap_err().to_string());
    assert!(!shown.contains("hunter2") && !error.contains("hunter2"), "{shown} {error}");
}

#[tokio::test(start_paused = true)]
async fn requests_show_neither_secret_nor_token() {
    let fixture = Fixture::start(Act::active());
    let token = fixture.token("t1");
    fixture.verdict(&token).await;
    let request = &fixture.endpoint.received()[0];
    let signature = token.rsplit('.').next().unwrap();
    for secret in [SECRET, BASIC, signature] {
        assert!(!request.debug.contains(secret), "{}", request.debug);
    }
    assert!(request.form.contains(signature), "the endpoint receives it");
}

#[tokio::test(start_paused = true)]
async fn headers_of_the_application_are_sensitive() {
    let (endpoint, clock) = (Endpoint::new(Act::active()), Virtual::start());
    let introspection = Introspection::endpoint(URL, ISSUER)
        .authenticate_with(|request| {
            request.headers_mut().insert("x-api-key", SECRET.parse()?);
            Ok::<_, http::header::InvalidHeaderValue>(())
        })
        .allow_unsigned_answers()
        .client(endpoint.clone())
        .clock(clock);
    let issuer = TestIssuer::es256().issuer(ISSUER).clock(clock);
    let verifier = Verifier::jwks(issuer.jwks()).issuer(ISSUER).any_audience().clock(clock);
    let verifier = verifier.revocation(introspection.build().unwrap()).build().unwrap();
    assert!(verifier.verify(&issuer.token().mint()).await.is_ok());
    let request = &endpoint.received()[0];
    assert_eq!(request.headers["x-api-key"], SECRET);
    assert!(!request.debug.contains(SECRET), "{}", request.debug);
}

#[tokio::test(start_paused = true)]
async fn errors_and_events_repeat_nothing_of_an_answer() {
    let events = Arc::new(Mutex::new(Vec::new()));
    for act in [
        Act::Answer(400, JSON, r#"{"error":"TOKEN","error_description":"TOKEN"}"#.to_owned()),
        Act::Answer(401, JSON, r#"{"error":"invalid_client","x":"TOKEN"}"#.to_owned()),
        Act::json(r#"{"active":"TOKEN"}"#),
        Act::json(r#"{"active":true,"sub":"TOKEN"}"#),
        Act::json("TOKEN"),
        Act::Answer(200, "text/TOKEN", "TOKEN".to_owned()),
        Act::With("location", "https://evil.example/TOKEN", Box::new(Act::status(302))),
        Act::With("content-encoding", "TOKEN", Box::new(Act::active())),
    ] {
        let seen = Arc::clone(&events);
        let fixture = Fixture::with(act.clone(), |it| {
            it.allow_unsigned_answers().observer(move |event: &Event<'_>| {
                seen.lock().unwrap().push(format!("{event:?}"));
            })
        });
        let reply = fixture.ask(&fixture.token("t1")).await;
        assert_eq!(reply.verdict(), UNKNOWN, "{act:?}");
        let error = reply.error.unwrap();
        let mut texts = vec![format!("{error} {error:?}"), format!("{:?}", reply.headers)];
        texts.push(String::from_utf8_lossy(&reply.body).into_owned());
        let mut source = error.source();
        while let Some(cause) = source {
            texts.push(format!("{cause} {cause:?}"));
            source = cause.source();
        }
        texts.append(&mut events.lock().unwrap());
        assert!(texts.len() >= 5, "{texts:?}");
        for text in texts {
            for secret in ["TOKEN", SECRET, BASIC, "eyJ"] {
                assert!(!text.contains(secret), "{act:?}: {text}");
            }
        }
    }
}
