//! Published secrets, with every constructor and setting for a secret.

use published::{demo, file, files, root, secrets};
use tower_jwt_auth::provider::better_auth::BetterAuth;
use tower_jwt_auth::{BuildError, VerificationKey, Verifier};

/// The error text, if the secret is rejected, for each way to configure one of at least 32 bytes.
fn long(secret: &str) -> [Option<String>; 8] {
    let encoded = base64_simd::URL_SAFE_NO_PAD.encode_to_string(secret);
    let jwk = format!(r#"{{"kty":"oct","k":"{encoded}"}}"#);
    let fresh = fresh_secret();
    [
        rejection(VerificationKey::shared_secret(secret)),
        rejection(VerificationKey::shared_secret_base64(&encoded)),
        rejection(VerificationKey::jwk(&jwk)),
        rejection(Verifier::shared_secret(secret).any_audience().build()),
        rejection(Verifier::shared_secret(&fresh).previous_secret(secret).any_audience().build()),
        rejection(BetterAuth::bridge_token(secret).build()),
        rejection(BetterAuth::session_cookie(secret).build()),
        rejection(BetterAuth::bridge_token(&fresh).previous_secret(secret).build()),
    ]
}

/// Like [`long`], for secrets of at least 16 bytes.
fn short(secret: &str) -> [Option<String>; 4] {
    let fresh = fresh_secret();
    let previous = Verifier::shared_secret(&fresh).previous_guessable_legacy_secret(secret);
    let better_auth = BetterAuth::bridge_token(&fresh).previous_guessable_legacy_secret(secret);
    [
        rejection(VerificationKey::guessable_legacy_secret(secret)),
        rejection(Verifier::guessable_legacy_secret(secret).any_audience().build()),
        rejection(previous.any_audience().build()),
        rejection(better_auth.build()),
    ]
}

fn rejection<T>(outcome: Result<T, BuildError>) -> Option<String> {
    outcome.err().map(|error| error.to_string())
}

fn fresh_secret() -> String {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).unwrap();
    base64_simd::STANDARD.encode_to_string(bytes)
}

#[track_caller]
fn expect_published(text: &Option<String>, secret: &str) {
    let text = text.as_deref().unwrap_or_else(|| panic!("`{secret}` is accepted"));
    // The Better Auth preset has a separate explanation for its default secret.
    assert!(text.contains("published") || text.contains("default secret"), "{text}");
    assert!(!text.contains(secret), "{text}");
}

#[test]
fn a_published_secret_is_rejected_by_every_constructor() {
    let demos = [demo("hmac-a.secret"), demo("hmac-b.secret")];
    let (mut longs, mut shorts) = (0, 0);
    for secret in secrets().iter().chain(&demos) {
        if secret.len() >= 32 {
            long(secret).iter().for_each(|text| expect_published(text, secret));
            longs += 1;
        }
        if secret.len() >= 16 {
            short(secret).iter().for_each(|text| expect_published(text, secret));
            shorts += 1;
        }
    }
    assert_eq!((longs, shorts), (14, 20));
}

#[test]
fn a_fresh_secret_is_accepted_by_every_constructor() {
    let fresh = fresh_secret();
    assert_eq!(long(&fresh), [const { None }; 8]);
    assert_eq!(short(&fresh), [const { None }; 4]);
    assert_eq!(short(&fresh[..16]), [const { None }; 4]);
}

#[test]
fn white_space_and_zeros_do_not_hide_a_published_secret() {
    let secret = demo("hmac-a.secret");
    for padded in [format!("{secret}\n"), format!("{secret}\0\0"), format!(" {secret}\t")] {
        expect_published(&rejection(VerificationKey::shared_secret(&padded)), &secret);
    }
    assert_eq!(rejection(VerificationKey::shared_secret(format!("{secret}x"))), None);
}

#[test]
fn an_rfc_secret_is_rejected_as_octets_and_text() {
    for k in [
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
        "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg",
    ] {
        expect_published(&rejection(VerificationKey::shared_secret(k)), k);
        expect_published(&rejection(VerificationKey::shared_secret_base64(k)), k);
        let jwk = format!(r#"{{"kty":"oct","k":"{k}"}}"#);
        expect_published(&rejection(VerificationKey::jwk(&jwk)), k);
    }
}

/// The calls that accept a secret, and the variable name in examples.
const TAKES_A_SECRET: [&str; 7] = [
    "shared_secret(",
    "legacy_secret(",
    "with_secret(",
    "previous_secret(",
    "bridge_token(",
    "session_cookie(",
    "secret = ",
];

#[test]
fn every_secret_in_the_documentation_is_rejected() {
    let mut found = Vec::new();
    let documents = ["md", "rs"].into_iter().flat_map(|ending| {
        let folders = ["docs", "src", "examples"].into_iter();
        folders.flat_map(move |folder| files(folder, ending))
    });
    for path in documents.chain([root().join("README.md")]) {
        let path = path.strip_prefix(root()).unwrap();
        if path.starts_with("examples") && path.components().any(|it| it.as_os_str() == "tests") {
            continue;
        }
        let is_code = path.starts_with("src");
        for line in file(path).lines() {
            if is_code && !line.trim_start().starts_with("//") {
                continue;
            }
            for call in TAKES_A_SECRET {
                let literals = line.split(call).skip(1).filter_map(|rest| rest.strip_prefix('"'));
                found.extend(literals.filter_map(|rest| rest.split('"').next()).map(str::to_owned));
            }
        }
    }
    assert!(!found.is_empty());
    for secret in found {
        let outcome = rejection(VerificationKey::guessable_legacy_secret(&secret));
        assert!(outcome.is_some(), "add `{secret}` to the published secrets");
    }
}
