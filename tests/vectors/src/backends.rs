//! The crypto backends under test.

use tower_jwt_auth::key::CryptoBackend;

/// Every crypto backend that is built in. Each suite runs with all of them in one binary.
pub fn backends() -> Vec<CryptoBackend> {
    let all = [CryptoBackend::AwsLcRs, CryptoBackend::RustCrypto];
    all.into_iter().filter(|backend| backend.is_built_in()).collect()
}

/// Fails unless the backends are those that the features of this package select. A run with another backend, or
/// without one, would prove nothing.
pub fn assert_backends() {
    let expected: &[&str] = match (cfg!(feature = "aws-lc-rs"), cfg!(feature = "rust-crypto")) {
        (true, false) => &["aws-lc-rs"],
        (false, true) => &["rust-crypto"],
        (true, true) => &["aws-lc-rs", "rust-crypto"],
        (false, false) => &["none: enable `aws-lc-rs` or `rust-crypto`"],
    };
    let names: Vec<_> = backends().into_iter().map(CryptoBackend::name).collect();
    println!("crypto backends: {names:?}");
    assert_eq!(names, expected);
}
