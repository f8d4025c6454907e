//! Selects the crypto library of `jsonwebtoken`.
//!
//! `jsonwebtoken` has one provider per process, and a program must select it if the crates of one build enable both,
//! as these peers do. Here each peer gets the provider that it would have on its own: the installed provider reads a
//! flag, which is set before every call of every crate. Version 12 has only the provider AWS-LC here.

use std::sync::atomic::{AtomicBool, Ordering};

static RUST_CRYPTO: AtomicBool = AtomicBool::new(false);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backend {
    AwsLc,
    RustCrypto,
}

impl Backend {
    /// Selects this library for all later calls of `jsonwebtoken`.
    #[inline]
    pub(crate) fn choose(self) {
        RUST_CRYPTO.store(self == Self::RustCrypto, Ordering::Relaxed);
    }
}

/// Installs the providers. Call this once, before any peer is created.
pub(crate) fn install() {
    version_11::install();
    version_10::install();
}

macro_rules! provider {
    ($module:ident, $jsonwebtoken:ident) => {
        mod $module {
            use std::sync::atomic::Ordering;

            use $jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, aws_lc, rust_crypto};
            use $jsonwebtoken::errors::Result;
            use $jsonwebtoken::{Algorithm, DecodingKey};

            pub(super) fn install() {
                let provider =
                    CryptoProvider { verifier_factory: chosen, ..aws_lc::DEFAULT_PROVIDER.clone() };
                let installed = Box::leak(Box::new(provider)).install_default();
                assert!(installed.is_ok(), "another provider is already installed");
            }

            fn chosen(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
                let provider = if super::RUST_CRYPTO.load(Ordering::Relaxed) {
                    &rust_crypto::DEFAULT_PROVIDER
                } else {
                    &aws_lc::DEFAULT_PROVIDER
                };
                (provider.verifier_factory)(algorithm, key)
            }
        }
    };
}

provider!(version_11, jsonwebtoken11);
provider!(version_10, jsonwebtoken10);
