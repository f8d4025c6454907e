//! What is sent to the endpoint (RFC 7662 §2.1), and for which tokens.

use http::HeaderValue;
use tower_jwt_auth::introspection::Introspection;
use tower_jwt_auth::revocation::AllOf;
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{Issuer, JwtAuthLayer, Policy, VerificationKey, Verifier};

use super::Builder;
use super::fixture::{
    ACCEPTED, Act, CLIENT, Endpoint, Fixture, ISSUER, JSON, REVOKED, SECRET, SIGNED, UNKNOWN, URL,
    Virtual, settle,
};
use crate::support::ask::{ask_layer, bearer};

#[tokio::test(start_paused = true)]
async fn the_token_is_sent_in_a_form() {
    let fixture = Fixture::start(Act::active());
    let token = fixture.token("t1");
    assert_eq!(fixture.verdict(&token).await, ACCEPTED);
    let request = &fixture.endpoint.received()[0];
    assert_eq!((request.method.as_str(), request.uri.to_string()), ("POST", URL.to_owned()));
    assert_eq!(request.form, format!("token={token}&token_type_hint=access_token"));
    for (name, value) in [
        ("accept", JSON),
        ("accept-encoding", "identity"),
        ("content-type", "application/x-www-form-urlencoded"),
        // Base64 of `orders:hunter2-secret`.
        ("authorization", "Basic b3JkZXJzOmh1bnRlcjItc2VjcmV0"),
    ] {
        assert_eq!(request.headers[name], value, "{name}");
    }
    assert!(request.headers["user-agent"].to_str().unwrap().starts_with("tower-jwt-auth/"));
    assert_eq!(request.headers.len(), 5, "{:?}", request.headers);
}

#[tokio::test(start_paused = true)]
async fn each_way_to_authenticate_is_sent() {
    type Authenticate = fn(Builder) -> Builder;
    let ways: [(Authenticate, &str, &str); 3] = [
        (|it| it.bearer("abc.def"), "Bearer abc.def", ""),
        (
            |it| {
                it.authenticate_with(|request| {
                    request.field("client_id", CLIENT).field("client_secret", "a&b");
                    Ok::<_, std::convert::Infallible>(())
                })
            },
            "",
            "&client_id=orders&client_secret=a%26b",
        ),
        (
            |it| {
                it.authenticate_with(|request| {
                    let value = HeaderValue::from_static("DPoP abc");
                    request.headers_mut().insert("authorization", value);
                    Ok::<_, std::convert::Infallible>(())
                })
            },
            "DPoP abc",
            "",
        ),
    ];
    for (authenticate, header, fields) in ways {
        let (endpoint, clock) = (Endpoint::new(Act::active()), Virtual::start());
        let introspection = Introspection::endpoint(URL, ISSUER).allow_unsigned_answers();
        let introspection = authenticate(introspection).client(endpoint.clone()).clock(clock);
        let issuer = TestIssuer::es256().issuer(ISSUER).clock(clock);
        let verifier = Verifier::jwks(issuer.jwks()).issuer(ISSUER).any_audience().clock(clock);
        let verifier = verifier.revocation(introspection.build().unwrap()).build().unwrap();
        assert!(verifier.verify(&issuer.token().mint()).await.is_ok());
        let request = &endpoint.received()[0];
        let given = request.headers.get("authorization").map(|it| it.to_str().unwrap());
        assert_eq!(given.unwrap_or_default(), header);
        assert!(request.form.ends_with(&format!("token_type_hint=access_token{fields}")));
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_if_the_credential_cannot_be_read() {
    let (endpoint, clock) = (Endpoint::new(Act::active()), Virtual::start());
    let introspection = Introspection::endpoint(URL, ISSUER)
        .authenticate_with(|_| Err("the file is missing"))
        .allow_unsigned_answers()
        .client(endpoint.clone())
        .clock(clock);
    let issuer = TestIssuer::es256().issuer(ISSUER).clock(clock);
    let verifier = Verifier::jwks(issuer.jwks()).issuer(ISSUER).any_audience().clock(clock);
    let verifier = verifier.revocation(introspection.build().unwrap()).build().unwrap();
    let error = verifier.verify(&issuer.token().mint()).await.unwrap_err();
    let detail = "the credential for the introspection endpoint could not be read";
    assert_eq!((error.detail(), endpoint.calls()), (Some(detail), 0));
}

#[tokio::test(start_paused = true)]
async fn signed_answers_are_asked_for_by_their_type() {
    let keys = VerificationKey::jwk(TestIssuer::es256().jwk()).unwrap();
    let fixture = Fixture::with(Act::active(), |it| it.signed(keys));
    assert_eq!(fixture.verdict(&fixture.token("t1")).await, UNKNOWN);
    assert_eq!(fixture.endpoint.received()[0].headers["accept"], SIGNED);
}

#[tokio::test(start_paused = true)]
async fn invalid_tokens_are_never_sent() {
    let fixture = Fixture::start(Act::active());
    let foreign = fixture.issuer.clone().with_other_key();
    for token in [
        fixture.issuer.token().expired().mint(),
        fixture.issuer.token().mint_tampered(),
        fixture.issuer.token().claim("aud", "billing").mint(),
        foreign.token().mint(),
        "opaque".to_owned(),
        "a.b.c".to_owned(),
    ] {
        assert_eq!(fixture.verdict(&token).await.0, 401, "{token}");
    }
    assert_eq!(fixture.endpoint.calls(), 0);
    assert_eq!(fixture.verdict(&fixture.token("t1")).await, ACCEPTED);
}

#[tokio::test(start_paused = true)]
async fn tokens_of_other_issuers_are_never_sent() {
    let (endpoint, clock) = (Endpoint::new(Act::revoked()), Virtual::start());
    let own = TestIssuer::es256().issuer(ISSUER).clock(clock);
    let partner =
        TestIssuer::es256().with_other_key().issuer("https://partner.example").clock(clock);
    let layer = |settings: fn(Builder) -> Builder| {
        let introspection = Introspection::endpoint(URL, ISSUER)
            .client_secret_basic(CLIENT, SECRET)
            .allow_unsigned_answers()
            .client(endpoint.clone())
            .clock(clock);
        let trusted = |issuer: &TestIssuer, name: &str| {
            let keys = VerificationKey::jwk(issuer.jwk()).unwrap();
            Issuer::new(name, keys, Policy::new().any_audience())
        };
        let verifier = Verifier::builder()
            .trust(trusted(&own, ISSUER))
            .trust(trusted(&partner, "https://partner.example"))
            .clock(clock)
            .revocation(settings(introspection).build().unwrap());
        JwtAuthLayer::new(verifier.build().unwrap())
    };
    // Neither verdict waits, because there is no call.
    let foreign = bearer(&partner.token().mint());
    let reply = ask_layer(&layer(|it| it), foreign.clone());
    assert_eq!(reply.verdict(), UNKNOWN);
    let detail =
        "the token is not from the issuer whose endpoint is configured, so it was not introspected";
    assert_eq!(reply.error.unwrap().detail(), Some(detail));
    let lenient = layer(Builder::allow_other_issuers);
    assert_eq!(ask_layer(&lenient, foreign).verdict(), ACCEPTED);
    assert_eq!(endpoint.calls(), 0);
    // A token of the issuer itself is still introspected.
    let verifier = Verifier::jwks(own.jwks()).any_issuer().any_audience().clock(clock);
    let introspection = Introspection::endpoint(URL, ISSUER).bearer("abc").client(endpoint.clone());
    let introspection = introspection.allow_unsigned_answers().allow_other_issuers().build();
    let verifier = verifier.revocation(introspection.unwrap()).build().unwrap();
    let error = verifier.verify(&own.token().mint()).await.unwrap_err();
    assert_eq!(Some(error.kind()), REVOKED.1);
    // Without `iss`, it is not known whose token it is.
    let unnamed = TestIssuer::es256().clock(clock);
    assert!(verifier.verify(&unnamed.token().mint()).await.is_ok());
    settle().await;
    assert_eq!(endpoint.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn each_of_two_issuers_receives_its_own_tokens() {
    let clock = Virtual::start();
    let names = [ISSUER, "https://partner.example"];
    let endpoints = [Act::active(), Act::revoked()].map(Endpoint::new);
    let issuers = [
        TestIssuer::es256().issuer(names[0]).clock(clock),
        TestIssuer::es256().with_other_key().issuer(names[1]).clock(clock),
    ];
    let introspection = |index: usize| {
        Introspection::endpoint(format!("{}/introspect", names[index]), names[index])
            .bearer("abc")
            .allow_unsigned_answers()
            .allow_other_issuers()
            .client(endpoints[index].clone())
            .clock(clock)
            .build()
            .unwrap()
    };
    let mut verifier = Verifier::builder();
    for (issuer, name) in issuers.iter().zip(names) {
        let key = VerificationKey::jwk(issuer.jwk()).unwrap();
        verifier = verifier.trust(Issuer::new(name, key, Policy::new().any_audience()));
    }
    let checks = AllOf::new(introspection(0)).and(introspection(1));
    let verifier = verifier.clock(clock).revocation(checks).build().unwrap();
    let [own, partner] = issuers.map(|issuer| issuer.token().mint());
    assert!(verifier.verify(&own).await.is_ok());
    let error = verifier.verify(&partner).await.unwrap_err();
    assert_eq!(Some(error.kind()), REVOKED.1);
    for (endpoint, token) in endpoints.iter().zip([&own, &partner]) {
        let received = endpoint.received();
        assert!(received.len() == 1 && received[0].form.contains(token));
    }
}
