//! Which crypto library `jsonwebtoken` verifies with.
//!
//! It has one provider for a whole process, and needs to be told which where crates of one build turn
//! on both, as these peers do. Here each peer gets the one that it has where it is alone: the provider
//! that is installed asks a flag, which is set before every call, the peers' and ours alike. Version 12 has
//! one provider here, AWS-LC, and needs no choice.

use std::sync::atomic::{AtomicBool, Ordering};

static RUST_CRYPTO: AtomicBool = AtomicBool::new(false);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backend {
    AwsLc,
    RustCrypto,
}

impl Backend {
    /// From here on, for everything that asks `jsonwebtoken`.
    #[inline]
    pub(crate) fn choose(self) {
        RUST_CRYPTO.store(self == Self::RustCrypto, Ordering::Relaxed);
    }
}

/// To be called once, before any peer is made.
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
                assert!(installed.is_ok(), "nobody else installs a provider");
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
