//! Verifiers from configuration files; `src/provider/settings.rs` tests the environment.

use std::fs;

use serde_json::json;
use tower_jwt_auth::VerifierBuilder;
use tower_jwt_auth::error::ProblemKind;
use tower_jwt_auth::provider::Settings;
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{BuildError, ErrorKind, Verifier};

fn issuer() -> TestIssuer {
    TestIssuer::hs256().issuer("https://auth.example.com").audience("orders")
}

fn verifier(file: serde_json::Value) -> Result<Verifier, BuildError> {
    VerifierBuilder::from(serde_json::from_value::<Settings>(file).unwrap()).build()
}

#[test]
fn a_settings_file_configures_the_verifier() {
    let issuer = issuer();
    let file = json!({
        "issuer": "https://auth.example.com",
        "audience": "billing, orders",
        "secret": issuer.secret(),
        "leeway": "0",
    });
    let verifier = verifier(file).unwrap();
    let kind = |token: String| verifier.verify_now(&token).err().map(|error| error.kind());
    assert_eq!(kind(issuer.token().mint()), None);
    assert_eq!(kind(issuer.token().claim("aud", "billing").mint()), None);
    assert_eq!(kind(issuer.token().claim("aud", "other").mint()), Some(ErrorKind::InvalidAudience));
    assert_eq!(kind(issuer.token().claim("iss", "other").mint()), Some(ErrorKind::InvalidIssuer));
    assert_eq!(kind(issuer.token().mint_tampered()), Some(ErrorKind::InvalidSignature));
}

#[test]
fn one_trailing_line_break_of_a_secret_file_is_removed() {
    let issuer = issuer();
    let path = format!("{}/settings-secret", env!("CARGO_TARGET_TMPDIR"));
    let read = || verifier(json!({"audience": "orders", "secret_file": path}));
    for end in ["", "\n", "\r\n"] {
        fs::write(&path, format!("{}{end}", issuer.secret())).unwrap();
        assert!(read().unwrap().verify_now(&issuer.token().mint()).is_ok(), "{end:?}");
    }
    for end in ["\n\n", " ", "\t\n"] {
        fs::write(&path, format!("{}{end}", issuer.secret())).unwrap();
        let error = read().unwrap_err();
        assert!(
            error.to_string().starts_with("`secret_file` holds a shared secret with white space")
        );
        let variable = json!({"audience": "orders", "secret": format!("{}{end}", issuer.secret())});
        assert!(verifier(variable).is_err(), "{end:?}");
    }
    fs::write(&path, [0xff; 40]).unwrap();
    let error = verifier(json!({"audience": "orders", "secret_file": path})).unwrap_err();
    assert_eq!(error.problems()[0].kind(), ProblemKind::InvalidValue);
    assert!(error.to_string().contains("`secret_file`"), "{error}");
    fs::remove_file(&path).unwrap();
}

#[test]
fn an_unknown_setting_is_an_error() {
    for (file, is_read) in [
        (json!({"audience": "orders"}), true),
        (json!({}), true),
        (json!({"audiences": "orders"}), false),
        (json!({"prefix": "JWT_"}), false),
        (json!({"audience": ["orders"]}), false),
    ] {
        assert_eq!(serde_json::from_value::<Settings>(file.clone()).is_ok(), is_read, "{file}");
    }
    let error = verifier(json!({"audience": "orders"})).unwrap_err();
    assert_eq!(error.problems()[0].kind(), ProblemKind::MissingKeys);
    let what = error.problems()[0].what();
    assert!(what.contains("`issuer`") && what.contains("`secret`"), "{error}");
}
