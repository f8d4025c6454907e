//! Tests of sign-outs: logout tokens of the auth server, and the route that signs out everywhere.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::server::{self, AuthServer, Server};

const CLIENT: &str = "todo-page";
const RESOURCE: &str = "https://todo.example.com";
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// The API as the resource of an OAuth client.
fn start(auth: &AuthServer) -> Server {
    let settings =
        [("BETTER_AUTH_URL", &*auth.url), ("TODO_CLIENT_ID", CLIENT), ("TODO_RESOURCE", RESOURCE)];
    Server::start(&settings)
}

/// An access token of this session.
fn access_token(auth: &AuthServer, subject: &str, session: &Value) -> String {
    let token = auth.issuer.token().header("typ", "at+jwt").subject(subject);
    let token = token.claim("iss", format!("{}/api/auth", auth.url));
    let token = token.claim("aud", json!([RESOURCE])).claim("client_id", CLIENT);
    token.claim("jti", "token-1").claim("sid", session.clone()).mint()
}

/// A logout token with these changes to its claims.
fn logout_token(auth: &AuthServer, typ: &str, changes: Value) -> String {
    let token = auth.issuer.token().header("typ", typ).subject("ada");
    let token = token.claim("iss", format!("{}/api/auth", auth.url)).claim("aud", CLIENT);
    let token = token.claim("sid", "phone").claim("events", json!({EVENT: {}}));
    let token = token.expires_in(Duration::from_secs(120)).claim("iat", now());
    token.claim("jti", format!("logout-{changes}")).claims(changes).mint()
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn status(server: &Server, user: &str, token: &str) -> u16 {
    server.user(token).get(&format!("/api/{user}/tasks")).status()
}

#[test]
fn after_a_logout_token_only_its_session_is_rejected() {
    let auth = AuthServer::start();
    let server = start(&auth);
    let [phone, laptop] = ["phone", "laptop"].map(|id| access_token(&auth, "ada", &json!(id)));
    let bob = access_token(&auth, "bob", &json!("phone of bob"));
    for (user, token) in [("ada", &phone), ("ada", &laptop), ("bob", &bob)] {
        assert_eq!(status(&server, user, token), 200);
    }

    let answer = server.post_form(
        "/backchannel-logout",
        "logout_token",
        &logout_token(&auth, "logout+jwt", json!({})),
    );
    assert!(matches!(answer.status(), 200 | 204), "{}", answer.status());
    assert_eq!(status(&server, "ada", &phone), 401);
    for (user, token) in [("ada", &laptop), ("bob", &bob)] {
        assert_eq!(status(&server, user, token), 200);
    }
}

#[test]
fn tokens_that_are_not_for_a_logout_revoke_nothing() {
    let auth = AuthServer::start();
    let server = start(&auth);
    let phone = access_token(&auth, "ada", &json!("phone"));
    let other = auth.issuer.clone().with_other_key();
    let forged = AuthServer { url: auth.url.clone(), issuer: other };
    for (name, token) in [
        ("an access token", phone.clone()),
        ("of another type", logout_token(&auth, "JWT", json!({}))),
        ("for another client", logout_token(&auth, "logout+jwt", json!({"aud": "other"}))),
        ("without the event", logout_token(&auth, "logout+jwt", json!({"events": {}}))),
        ("with a nonce", logout_token(&auth, "logout+jwt", json!({"nonce": "n"}))),
        ("with another key", logout_token(&forged, "logout+jwt", json!({}))),
    ] {
        let answer = server.post_form("/backchannel-logout", "logout_token", &token);
        assert_eq!(answer.status(), 400, "{name}");
        assert_eq!(status(&server, "ada", &phone), 200, "{name}");
    }
}

#[test]
fn access_tokens_without_a_session_are_rejected() {
    let auth = AuthServer::start();
    let server = start(&auth);
    for (session, expected) in [(json!("phone"), 200), (Value::Null, 401)] {
        assert_eq!(status(&server, "ada", &access_token(&auth, "ada", &session)), expected);
    }
    // Nor is a token of the JWT plugin for this API.
    assert_eq!(status(&server, "ada", &auth.token("ada")), 401);
}

#[test]
fn signing_out_everywhere_rejects_earlier_tokens_of_the_user() {
    let auth = AuthServer::start();
    let server = Server::start(&[("BETTER_AUTH_URL", &auth.url)]);
    let issued =
        |subject: &str, at: u64| auth.issuer.token().subject(subject).claim("iat", at).mint();
    let [first, second] = [now() - 60, now()].map(|at| issued("ada", at));
    // As if issued after the request; the clocks of servers differ by some seconds.
    let later = issued("ada", now() + 30);
    let bob = issued("bob", now());
    assert_eq!(status(&server, "ada", &second), 200);

    let answer = server.user(&first).send("POST", "/sign-out-everywhere", None);
    assert_eq!((answer.status(), &*answer.body), (204, ""));
    for (user, token, expected) in
        [("ada", &first, 401), ("ada", &second, 401), ("ada", &later, 200), ("bob", &bob, 200)]
    {
        assert_eq!(status(&server, user, token), expected, "{user}");
    }
    assert_eq!(server.user(&first).send("POST", "/sign-out-everywhere", None).status(), 401);
    assert_eq!(server.get("/sign-out-everywhere", &[]).status(), 401);
}

#[test]
fn without_a_client_there_is_no_logout_endpoint() {
    let auth = AuthServer::start();
    let server = Server::start(&[("BETTER_AUTH_URL", &auth.url)]);
    assert_eq!(server.post_form("/backchannel-logout", "logout_token", "a.b.c").status(), 404);
    assert_eq!(
        start(&auth).post_form("/backchannel-logout", "logout_token", "a.b.c").status(),
        400
    );
}

#[test]
fn incomplete_settings_of_the_client_end_the_server() {
    for settings in [
        [("BETTER_AUTH_URL", "http://127.0.0.1:9"), ("TODO_CLIENT_ID", CLIENT)],
        [("BETTER_AUTH_URL", "http://127.0.0.1:9"), ("TODO_RESOURCE", RESOURCE)],
        [("TODO_CLIENT_ID", CLIENT), ("TODO_RESOURCE", RESOURCE)],
    ] {
        let (line, status) = server::first_line_and_status(&settings);
        assert_eq!((&*line, status), ("", Some(1)), "{settings:?}");
    }
}

#[test]
fn a_shared_list_that_was_never_read_answers_503() {
    let auth = AuthServer::start();
    // Nothing listens there.
    let settings = [("BETTER_AUTH_URL", &*auth.url), ("REDIS_URL", "redis://127.0.0.1:9")];
    let server = Server::start(&settings);
    let token = auth.token("ada");
    assert_eq!(status(&server, "ada", &token), 503);
    let alone = Server::start(&settings[..1]);
    assert_eq!(status(&alone, "ada", &token), 200);
}
