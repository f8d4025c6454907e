//! Remote keys and the names of the issuers that they may serve.

use std::sync::Arc;

use http_body_util::Empty;
use tower_jwt_auth::error::{Problem, ProblemKind};
use tower_jwt_auth::jwks::{NoBody, RemoteJwks};
use tower_jwt_auth::key::KeySource;
use tower_jwt_auth::{BuildError, Issuer, Policy, Verifier};

const A: &str = "https://a.example";
const B: &str = "https://b.example";

fn client() -> impl tower_jwt_auth::jwks::Fetch {
    tower::service_fn(|_: http::Request<NoBody>| {
        let body = Empty::<bytes::Bytes>::new();
        std::future::ready(Ok::<_, std::convert::Infallible>(http::Response::new(body)))
    })
}

fn keys_of(issuer: &str) -> RemoteJwks {
    RemoteJwks::issuer(issuer).client(client()).build().unwrap()
}

fn keys_at_url() -> RemoteJwks {
    RemoteJwks::url("https://a.example/keys").client(client()).build().unwrap()
}

fn problems(built: Result<Verifier, BuildError>) -> Vec<ProblemKind> {
    let error = built.err();
    let problems = error.as_ref().map(BuildError::problems).unwrap_or_default();
    problems.iter().map(Problem::kind).collect()
}

#[test]
fn keys_of_one_issuer_do_not_serve_another() {
    let other =
        ["https://b.example", "https://a.example/", "https://A.example", "http://a.example"];
    for name in [A].into_iter().chain(other) {
        let expected = match name {
            A => Vec::new(),
            _ => vec![ProblemKind::ForeignKeys],
        };
        let single = Verifier::key_source(keys_of(A)).issuer(name).audience("orders").build();
        assert_eq!(problems(single), expected);
        let shared: Arc<dyn KeySource> = Arc::new(keys_of(A));
        let single = Verifier::key_source(shared).issuer(name).audience("orders").build();
        assert_eq!(problems(single), expected);
        let trusted = Issuer::new(name, keys_of(A), Policy::new().audience("orders"));
        let built = Verifier::builder().trust(trusted).build();
        if let Err(error) = &built {
            let what = error.problems()[0].what();
            assert!(what.contains(A) && what.contains(name), "{error}");
        }
        assert_eq!(problems(built), expected);
    }
}

#[test]
fn several_issuers_have_their_own_keys() {
    let policy = || Policy::new().audience("orders");
    let trusting = |first: RemoteJwks, second: RemoteJwks| {
        let builder = Verifier::builder().trust(Issuer::new(A, first, policy()));
        problems(builder.trust(Issuer::new(B, second, policy())).build())
    };
    assert_eq!(trusting(keys_of(A), keys_of(B)), []);
    assert_eq!(trusting(keys_of(B), keys_of(A)), [ProblemKind::ForeignKeys; 2]);
    assert_eq!(trusting(keys_of(A), keys_of(A)), [ProblemKind::ForeignKeys]);
    // A key set at a URL belongs to no issuer, and several may share it.
    let shared = keys_at_url();
    assert_eq!(trusting(shared.clone(), shared), []);
}

#[test]
fn any_issuer_accepts_keys_of_a_named_issuer() {
    assert_eq!(keys_of(A).issuer(), Some(A));
    assert_eq!(keys_at_url().issuer(), None);
    let any = Verifier::key_source(keys_of(A)).any_issuer().audience("orders").build();
    assert_eq!(problems(any), []);
    let unnamed = Issuer::unnamed(keys_of(A), Policy::new().audience("orders"));
    assert_eq!(problems(Verifier::builder().trust(unnamed).build()), []);
}
