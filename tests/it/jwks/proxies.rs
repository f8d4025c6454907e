//! Requests through a proxy.

use std::process::Command;
use std::time::Duration;

use tower_jwt_auth::jwks::{RemoteJwks, RemoteJwksBuilder};
use tower_jwt_auth::testing::TestIssuer;

use super::tls::{AUTHORITY, greeting};
use crate::support::answers::{document, status};
use crate::support::failure_label;
use crate::support::forward_proxy::{ForwardProxy, Proxying};
use crate::support::key_server::KeyServer;

/// `Basic` with `user:hunter2`.
const CREDENTIAL: &str = "Basic dXNlcjpodW50ZXIy";

fn tls_server() -> KeyServer {
    let server = KeyServer::start(&TestIssuer::es256().jwks());
    server.greet(greeting("good"));
    server
}

fn keys_at(url: String) -> RemoteJwksBuilder {
    RemoteJwks::url(url).only_root_certificates(AUTHORITY)
}

#[tokio::test]
async fn https_requests_use_a_tunnel() {
    let (server, proxy) = (tls_server(), ForwardProxy::start(Proxying::Tunnel).await);
    let keys = keys_at(server.https_url("/keys")).proxy(proxy.url("user:hunter2@"));
    keys.build().unwrap().warm().await.unwrap();
    let [head] = &proxy.heads()[..] else { panic!("{:?}", proxy.heads()) };
    let host = server.https_url("").replace("https://", "");
    assert!(head.starts_with(&format!("CONNECT {host} HTTP/1.1\r\n")), "{head}");
    assert!(head.contains(&format!("Proxy-Authorization: {CREDENTIAL}\r\n")), "{head}");
    // The credential of the proxy is for the proxy only.
    let [request] = &server.requests()[..] else { panic!("{:?}", server.requests()) };
    assert_eq!((request.path(), request.header("proxy-authorization")), ("/keys", None));
}

#[tokio::test]
async fn plain_http_requests_name_the_whole_url() {
    let answer = Proxying::Answer(document(&TestIssuer::es256().jwks()));
    let proxy = ForwardProxy::start(answer).await;
    let keys = RemoteJwks::url("http://keys.invalid/keys").allow_insecure_http();
    let keys = keys.proxy(proxy.url("user:hunter2@")).build().unwrap();
    keys.warm().await.unwrap();
    let [head] = &proxy.heads()[..] else { panic!("{:?}", proxy.heads()) };
    assert!(head.starts_with("GET http://keys.invalid/keys HTTP/1.1\r\n"), "{head}");
    assert!(head.contains(CREDENTIAL), "{head}");
}

#[tokio::test]
async fn plain_http_to_this_machine_uses_no_proxy() {
    let server = KeyServer::start(&TestIssuer::es256().jwks());
    let proxy = ForwardProxy::start(Proxying::Answer(status("500 Internal Server Error"))).await;
    let keys = RemoteJwks::url(server.url("/keys")).allow_http_on_loopback().proxy(proxy.url(""));
    keys.build().unwrap().warm().await.unwrap();
    assert_eq!((proxy.heads().len(), server.asked()), (0, 1));
}

#[tokio::test]
async fn errors_name_the_proxy_without_its_password() {
    let denied = Proxying::Answer(status("407 Proxy Authentication Required"));
    for (proxying, expected) in [
        (denied, "proxy authorization required"),
        (Proxying::Answer(status("503 Service Unavailable")), "unsuccessful"),
        (Proxying::Silence, "did not connect within `connect_timeout`"),
    ] {
        let (server, proxy) = (tls_server(), ForwardProxy::start(proxying).await);
        let keys = keys_at(server.https_url("/keys?key=hunter2")).proxy(proxy.url("user:hunter2@"));
        let keys = keys.connect_timeout(Duration::from_millis(100));
        // The timeout of the fetch must not fire first: it has another label.
        let keys = keys.timeout(Duration::from_secs(30)).build().unwrap();
        let error = keys.warm().await.unwrap_err().to_string();
        assert_eq!(failure_label(&keys.health()), Some("connection"), "{error}");
        let expected = expected.replace('`', r"\u{60}");
        assert!(error.contains(&proxy.url("")) && error.contains(&expected), "{error}");
        assert!(!format!("{error} {keys:?} {:?}", keys.health()).contains("hunter2"), "{error}");
        assert_eq!(server.asked(), 0);
    }
}

#[test]
fn proxies_that_cannot_be_used_do_not_build() {
    for (proxy, is_good) in [
        ("http://proxy.example:3128", true),
        ("https://user:password@proxy.example", true),
        ("proxy.example:3128", true),
        ("socks5://proxy.example", false),
        ("ftp://proxy.example", false),
        ("http://", false),
        ("", false),
        ("not a URL", false),
    ] {
        let keys = keys_at("https://auth.example.com/keys".to_owned()).proxy(proxy);
        assert_eq!(keys.build().is_ok(), is_good, "{proxy}");
    }
}

/// Fetches keys in a process with the environment variables that the test below sets.
#[tokio::test]
async fn keys_are_fetched_as_the_environment_says() {
    let Ok(url) = std::env::var("KEYS_OF_THE_PROXY_TEST") else { return };
    keys_at(url).build().unwrap().warm().await.unwrap();
}

#[tokio::test]
async fn the_environment_selects_and_bypasses_the_proxy() {
    for (variables, is_used) in [
        (&["HTTPS_PROXY"][..], true),
        (&["https_proxy"], true),
        (&["ALL_PROXY"], true),
        (&["HTTP_PROXY"], false),
        (&["HTTPS_PROXY", "NO_PROXY"], false),
        (&["https_proxy", "no_proxy"], false),
        (&[], false),
    ] {
        let (server, proxy) = (tls_server(), ForwardProxy::start(Proxying::Tunnel).await);
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["jwks::proxies::keys_are_fetched_as_the_environment_says", "--exact"]);
        for name in ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "REQUEST_METHOD"] {
            child.env_remove(name).env_remove(name.to_ascii_lowercase());
        }
        for name in variables {
            let value = if name.eq_ignore_ascii_case("NO_PROXY") {
                "other.example, localhost".to_owned()
            } else {
                proxy.url("")
            };
            child.env(name, value);
        }
        child.env("KEYS_OF_THE_PROXY_TEST", server.https_url("/keys"));
        let output = tokio::task::spawn_blocking(move || child.output()).await.unwrap().unwrap();
        assert!(output.status.success(), "{variables:?}: {output:?}");
        assert_eq!(proxy.heads().len(), usize::from(is_used), "{variables:?}");
        assert_eq!(server.asked(), 1, "{variables:?}");
    }
}
