//! Signed answers (RFC 9701), and other JWTs of the same issuer in their place.

use serde_json::{Value, json};
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{ErrorKind, VerificationKey};

use super::fixture::{
    ACCEPTED, Act, CLIENT, Fixture, ISSUER, JSON, REVOKED, SECOND, SIGNED, UNKNOWN, Verdict,
};

/// The time at which the fixtures start.
const NOW: i64 = 1_767_225_600;
const TYP: &str = "token-introspection+jwt";

fn fixture() -> Fixture {
    let key = VerificationKey::jwk(TestIssuer::es256().issuer(ISSUER).jwk()).unwrap();
    Fixture::with(Act::Never, |it| it.signed(key))
}

/// The claims of a valid answer about an active token.
fn claims() -> Value {
    json!({ "iss": ISSUER, "aud": CLIENT, "iat": NOW, "token_introspection": { "active": true, "jti": "t1" } })
}

fn header(typ: &str) -> Value {
    json!({ "alg": "ES256", "kid": "demo-ES256", "typ": typ })
}

/// The label of the event and the verdict, if the endpoint answers with this JWT.
async fn judge(answer: String) -> (&'static str, Verdict) {
    judge_as(answer, SIGNED).await
}

async fn judge_as(answer: String, content_type: &'static str) -> (&'static str, Verdict) {
    let fixture = fixture();
    fixture.endpoint.act(Act::Answer(200, content_type, answer));
    let verdict = fixture.verdict(&fixture.token("t1")).await;
    (fixture.labels()[0], verdict)
}

fn sign(header: &Value, claims: &Value) -> String {
    TestIssuer::es256().sign(header.to_string(), claims.to_string())
}

const BAD: (&str, Verdict) = ("invalid_signed_answer", UNKNOWN);

#[tokio::test(start_paused = true)]
async fn signed_answers_decide() {
    let with = |answer: Value| {
        let mut claims = claims();
        claims["token_introspection"] = answer;
        sign(&header(TYP), &claims)
    };
    for (answer, expected) in [
        (json!({ "active": true }), ("active", ACCEPTED)),
        (json!({ "active": true, "iss": ISSUER, "sub": "ada", "jti": "t1" }), ("active", ACCEPTED)),
        (json!({ "active": false }), ("revoked", REVOKED)),
        (json!({}), ("malformed", UNKNOWN)),
        (json!({ "active": "true" }), ("malformed", UNKNOWN)),
        (json!(true), ("malformed", UNKNOWN)),
        (json!([{ "active": true }]), ("malformed", UNKNOWN)),
        (json!({ "active": true, "jti": "t2" }), ("other_token", UNKNOWN)),
        (json!(null), BAD),
    ] {
        assert_eq!(judge(with(answer.clone())).await, expected, "{answer}");
    }
    // The answer is as strict as an unsigned one.
    let twice = r#"{"active":false,"active":true}"#;
    let claims = claims().to_string().replace(r#"{"active":true,"jti":"t1"}"#, twice);
    assert!(claims.contains(twice));
    let twice = TestIssuer::es256().sign(header(TYP).to_string(), claims);
    assert_eq!(judge(twice).await.1, UNKNOWN);
}

#[tokio::test(start_paused = true)]
async fn other_headers_are_not_answers() {
    assert_eq!(judge(sign(&header(TYP), &claims())).await, ("active", ACCEPTED));
    let full = "application/token-introspection+jwt";
    assert_eq!(judge(sign(&header(full), &claims())).await, ("active", ACCEPTED));
    for typ in ["JWT", "at+jwt", "logout+jwt", "token-introspection", ""] {
        assert_eq!(judge(sign(&header(typ), &claims())).await, BAD, "{typ}");
    }
    let untyped = json!({ "alg": "ES256", "kid": "demo-ES256" });
    assert_eq!(judge(sign(&untyped, &claims())).await, BAD);
    // Without a signature.
    let encode = |text: String| base64_simd::URL_SAFE_NO_PAD.encode_to_string(text);
    for algorithm in ["none", "None", "ES256"] {
        let header = json!({ "alg": algorithm, "kid": "demo-ES256", "typ": TYP });
        let answer = format!("{}.{}.", encode(header.to_string()), encode(claims().to_string()));
        assert_eq!(judge(answer).await, BAD, "{algorithm}");
    }
    // With a secret that is the public key (RFC 8725 §2.1).
    let public = TestIssuer::es256().public_pem();
    let confused = TestIssuer::hs256().with_secret(public);
    let header = json!({ "alg": "HS256", "kid": "demo-ES256", "typ": TYP });
    assert_eq!(judge(confused.sign(header.to_string(), claims().to_string())).await, BAD);
}

#[tokio::test(start_paused = true)]
async fn other_claims_are_not_answers() {
    for (claim, value, expected) in [
        ("iss", json!(ISSUER), ("active", ACCEPTED)),
        ("iss", json!("https://auth.example.com/"), BAD),
        ("iss", json!("https://evil.example"), BAD),
        ("iss", Value::Null, BAD),
        ("aud", json!([CLIENT, "billing"]), ("active", ACCEPTED)),
        ("aud", json!("billing"), BAD),
        ("aud", json!([]), BAD),
        ("aud", Value::Null, BAD),
        ("token_introspection", Value::Null, BAD),
        // An answer may have an expiry, which then counts.
        ("exp", json!(NOW + 300), ("active", ACCEPTED)),
        ("exp", json!(NOW - 300), BAD),
        ("iat", json!(NOW - 59), ("active", ACCEPTED)),
        ("iat", json!(NOW - 60), BAD),
        ("iat", json!(NOW - 3600), BAD),
        ("iat", json!(NOW + 60), ("active", ACCEPTED)),
        ("iat", json!(NOW + 61), BAD),
        ("iat", json!("now"), BAD),
        ("iat", Value::Null, BAD),
    ] {
        let mut claims = claims();
        match value.clone() {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(claim)),
            value => claims[claim] = value,
        }
        assert_eq!(judge(sign(&header(TYP), &claims)).await, expected, "{claim} {value}");
    }
}

#[tokio::test(start_paused = true)]
async fn another_audience_of_answers_can_be_required() {
    let key = || VerificationKey::jwk(TestIssuer::es256().jwk()).unwrap();
    for (audience, expected) in [("https://api.example.com", ACCEPTED), (CLIENT, UNKNOWN)] {
        let mut claims = claims();
        claims["aud"] = json!(audience);
        let answer = Act::Answer(200, SIGNED, sign(&header(TYP), &claims));
        let settings = |it: super::Builder| it.audience("https://api.example.com").signed(key());
        let fixture = Fixture::with(answer, settings);
        assert_eq!(fixture.verdict(&fixture.token("t1")).await, expected, "{audience}");
    }
}

#[tokio::test(start_paused = true)]
async fn other_tokens_of_the_issuer_are_not_answers() {
    let fixture = fixture();
    let issuer = &fixture.issuer;
    let answer = json!({ "active": true });
    let access = issuer.token().subject("ada").claim("aud", CLIENT).header("typ", "at+jwt");
    let id = issuer.token().subject("ada").claim("aud", CLIENT).claim("nonce", "n");
    for token in [
        fixture.token("t1"),
        access.mint(),
        issuer.token().header("typ", "at+jwt").claim("token_introspection", answer.clone()).mint(),
        id.mint(),
        // A client that can choose claims of its tokens still cannot choose their type.
        issuer.token().claim("aud", CLIENT).claim("token_introspection", answer).mint(),
    ] {
        assert_eq!(judge(token).await, BAD);
    }
}

#[tokio::test(start_paused = true)]
async fn answers_of_other_keys_are_rejected() {
    let other = TestIssuer::es256().with_other_key();
    let answer = other.sign(header(TYP).to_string(), claims().to_string());
    assert_eq!(judge(answer).await, BAD);
    let unknown = json!({ "alg": "ES256", "kid": "other", "typ": TYP });
    let answer = other.sign(unknown.to_string(), claims().to_string());
    assert_eq!(judge(answer).await, BAD);
    let mut tampered = sign(&header(TYP), &claims());
    let revoked = sign(
        &header(TYP),
        &json!({ "iss": ISSUER, "aud": CLIENT, "iat": NOW,
        "token_introspection": { "active": false } }),
    );
    // The payload of one answer with the signature of another.
    let (content, _) = tampered.rsplit_once('.').unwrap();
    let (_, signature) = revoked.rsplit_once('.').unwrap();
    tampered = format!("{content}.{signature}");
    assert_eq!(judge(tampered).await, BAD);
    assert_eq!(judge(revoked).await, ("revoked", REVOKED));
}

#[tokio::test(start_paused = true)]
async fn unsigned_answers_are_rejected_if_signed_ones_are_required() {
    let json = r#"{"active":true}"#.to_owned();
    assert_eq!(judge_as(json.clone(), JSON).await, ("unsigned", UNKNOWN));
    assert_eq!(judge_as(json.clone(), SIGNED).await, BAD);
    assert_eq!(judge_as(r#"{"active":false}"#.to_owned(), JSON).await, ("unsigned", UNKNOWN));
    let answer = sign(&header(TYP), &claims());
    for other in [JSON, "application/jwt", "text/plain", ""] {
        assert_eq!(judge_as(answer.clone(), other).await.1, UNKNOWN, "{other}");
    }
    let parameters = "application/token-introspection+jwt; charset=utf-8";
    assert_eq!(judge_as(answer, parameters).await, ("active", ACCEPTED));
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_not_accepted_as_a_token() {
    let fixture = fixture();
    let mut claims = claims();
    claims["aud"] = json!("orders");
    let answer = sign(&header(TYP), &claims);
    // It has the right issuer, audience and signature, and no expiry.
    let verdict = fixture.verdict(&answer).await;
    assert_eq!(verdict, (401, Some(ErrorKind::MissingClaim)));
    assert_eq!(fixture.endpoint.calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn keys_that_cannot_be_fetched_make_the_answer_unknown() {
    use tower_jwt_auth::jwks::{NoBody, RemoteJwks};
    let client = tower::service_fn(|_: http::Request<NoBody>| async {
        Err::<http::Response<http_body_util::Full<bytes::Bytes>>, _>("away")
    });
    let keys = RemoteJwks::url("https://auth.example.com/keys").client(client);
    let fixture = Fixture::with(Act::Never, |it| it.signed(keys));
    let answer = sign(&header(TYP), &claims());
    fixture.endpoint.act(Act::Answer(200, SIGNED, answer));
    assert_eq!(fixture.verdict(&fixture.token("t1")).await, UNKNOWN);
    assert_eq!(fixture.labels(), ["keys_unavailable"]);
    tokio::time::advance(SECOND).await;
}
