//! Root certificates of a private authority.

use tower_jwt_auth::BuildError;
use tower_jwt_auth::error::{Problem, ProblemKind};
use tower_jwt_auth::jwks::{NoBody, RemoteJwks, RemoteJwksBuilder};
use tower_jwt_auth::testing::TestIssuer;

use super::tls::{AUTHORITY, greeting};
use crate::support::failure_label;
use crate::support::key_server::KeyServer;

#[tokio::test]
async fn a_private_authority_must_be_configured() {
    type Set = fn(RemoteJwksBuilder) -> RemoteJwksBuilder;
    let (added, only): (Set, Set) =
        (|it| it.root_certificates(AUTHORITY), |it| it.only_root_certificates(AUTHORITY));
    let untrusted: Set = |it| it.only_root_certificates(include_str!("../data/tls/untrusted.pem"));
    let server = KeyServer::start(&TestIssuer::es256().jwks());
    for (certificate, settings, cause) in [
        ("good", added, None),
        ("good", only, None),
        ("good", untrusted, Some("UnknownIssuer")),
        ("expired", added, Some("expired")),
        ("expired", only, Some("expired")),
        ("elsewhere", added, Some("elsewhere.example")),
        ("untrusted", added, Some("UnknownIssuer")),
        ("untrusted", only, Some("UnknownIssuer")),
    ] {
        server.greet(greeting(certificate));
        let keys = settings(RemoteJwks::url(server.https_url("/keys")).no_proxy()).build().unwrap();
        let error = keys.warm().await.err().map(|error| error.to_string());
        let label = cause.map(|_| "connection");
        assert_eq!(failure_label(&keys.health()), label, "{certificate}: {error:?}");
        if let (Some(cause), Some(error)) = (cause, error) {
            assert!(error.contains(cause), "{certificate}: {error}");
        }
    }
}

#[test]
fn settings_of_the_default_client_need_it() {
    type Set = fn(RemoteJwksBuilder) -> RemoteJwksBuilder;
    let rows: [(Set, Option<ProblemKind>); 5] = [
        (|it| it, None),
        (|it| it.root_certificates(AUTHORITY), Some(ProblemKind::NoEffect)),
        (|it| it.only_root_certificates(AUTHORITY), Some(ProblemKind::NoEffect)),
        (|it| it.proxy("http://proxy.example"), Some(ProblemKind::NoEffect)),
        (|it| it.no_proxy(), Some(ProblemKind::NoEffect)),
    ];
    for (at, (set, kind)) in rows.into_iter().enumerate() {
        let client = tower::service_fn(|_: http::Request<NoBody>| {
            std::future::pending::<Result<http::Response<NoBody>, std::convert::Infallible>>()
        });
        let keys = set(RemoteJwks::url("https://auth.example.com/keys")).client(client).build();
        let error = keys.err();
        let problems = error.as_ref().map(BuildError::problems).unwrap_or_default();
        let kinds: Vec<_> = problems.iter().map(Problem::kind).collect();
        assert_eq!(kinds, Vec::from_iter(kind), "{at}");
    }
}
