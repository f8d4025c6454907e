//! The selection of the crypto library, which does not affect the crypto provider of `jsonwebtoken`.

use jsonwebtoken::crypto::{CryptoProvider, KeyUtils};
use tower_jwt_auth::error::ProblemKind;
use tower_jwt_auth::key::CryptoBackend;
use tower_jwt_auth::testing::{FixedClock, is_signature};
use tower_jwt_auth::{Algorithm, ErrorKind, Issuer, Policy, VerificationKey, Verifier};

use super::signatures::unhex;
use crate::support::tokens::{
    Verdict, algorithms, issuer, pair, parts, signature, trusting, verdict,
};

const WRONG: Verdict = Err(ErrorKind::InvalidSignature);
const NOT_ALLOWED: Verdict = Err(ErrorKind::AlgorithmNotAllowed);

fn built_in() -> impl Iterator<Item = CryptoBackend> {
    [CryptoBackend::AwsLcRs, CryptoBackend::RustCrypto].into_iter().filter(|one| one.is_built_in())
}

#[test]
fn the_selected_backend_verifies() {
    for backend in built_in() {
        for algorithm in algorithms().filter(|algorithm| backend.supports(*algorithm)) {
            let issuer = issuer(algorithm);
            let verifier = trusting(&issuer).crypto_backend(backend).build().unwrap();
            let forged = issuer.clone().with_other_key().token().mint();
            assert_eq!(verdict(&verifier, &issuer.token().mint()), Ok(()), "{algorithm}");
            assert_eq!(verdict(&verifier, &forged), WRONG, "{algorithm}");
        }
    }
    assert_eq!(
        built_in().count(),
        usize::from(cfg!(feature = "aws-lc-rs")) + usize::from(cfg!(feature = "rust-crypto"))
    );
}

#[test]
fn selecting_a_missing_backend_is_a_problem() {
    for backend in [CryptoBackend::AwsLcRs, CryptoBackend::RustCrypto] {
        let made = trusting(&issuer(Algorithm::HS256)).crypto_backend(backend).build();
        match made {
            Ok(_) => assert!(backend.is_built_in()),
            Err(error) => {
                assert!(!backend.is_built_in());
                assert!(error.to_string().contains(backend.name()), "{error}");
                let [problem] = error.problems() else { panic!("{error}") };
                assert_eq!(problem.kind(), ProblemKind::MissingFeature);
            }
        }
    }
}

#[test]
fn es512_verifies_with_every_backend() {
    let issuer = issuer(Algorithm::ES512);
    let [good, forged] = [issuer.token().mint(), issuer.token().mint_tampered()];
    let other = issuer.clone().with_other_key().token().mint();
    let wrong_hash = issuer.token().header("alg", "ES256").mint();
    let keys = [
        VerificationKey::jwk(issuer.jwk()),
        VerificationKey::pem(Algorithm::ES512, issuer.public_pem()),
    ];
    for key in keys.map(Result::unwrap) {
        let [header, payload, _] = parts(&good);
        let message = format!("{header}.{payload}").into_bytes();
        for backend in built_in() {
            assert!(is_signature(&key, backend, Algorithm::ES512, &message, &signature(&good)));
            assert!(!is_signature(&key, backend, Algorithm::ES512, &message, &signature(&other)));
        }
    }
    for backend in built_in() {
        let policy = Policy::new().any_audience().algorithms([Algorithm::ES512]);
        let key = VerificationKey::jwk(issuer.jwk()).unwrap();
        let verifier = Verifier::builder().trust(Issuer::unnamed(key, policy));
        let verifier = verifier.clock(FixedClock::new()).crypto_backend(backend).build().unwrap();
        assert_eq!(verdict(&verifier, &good), Ok(()), "{backend:?}");
        assert_eq!(verdict(&verifier, &forged), WRONG, "{backend:?}");
        assert_eq!(verdict(&verifier, &other), WRONG, "{backend:?}");
        assert_eq!(verdict(&verifier, &wrong_hash), NOT_ALLOWED, "{backend:?}");
    }
}

/// Signatures made with the private key. `R` is the point of order 1, then that of order 2, then the first one encoded
/// as `p + 1`. RFC 8032 §5.1.7 rejects non-canonical encodings, and does not check the order of `R`.
#[test]
fn ed25519_compares_the_canonical_bytes_of_r() {
    let issuer = issuer(Algorithm::EdDSA);
    let key = VerificationKey::jwk(issuer.jwk()).unwrap();
    let first = |byte: u8, rest: u8, last: u8| [&[byte][..], &[rest; 30], &[last]].concat();
    for (r, s, accepted) in [
        (first(1, 0, 0), "bee5d74d05182e8b1cdb86b08c5ee1a6d807ebe02bb19e9926c7d2e38b456902", true),
        (
            first(0xec, 0xff, 0x7f),
            "837ca23fe141849c10c951b57a166b0da7064dd3a8a5bad5501f18b84999d907",
            false,
        ),
        (
            first(0xee, 0xff, 0x7f),
            "f93d651667d768d0bee8542d8e7e735d08494fe4b9982187dd65e1493dfd090e",
            false,
        ),
    ] {
        for backend in built_in() {
            let signature = [&r[..], &unhex(s)].concat();
            let verdict = is_signature(&key, backend, Algorithm::EdDSA, b"a message", &signature);
            assert_eq!(verdict, accepted, "{backend:?} {r:?}");
        }
    }
}

#[test]
fn key_check_needs_an_available_backend_for_one_algorithm() {
    let issuer = issuer(Algorithm::HS256);
    let key = VerificationKey::shared_secret(issuer.secret()).unwrap();
    let token = issuer.token().mint();
    let [header, payload, _] = parts(&token);
    let (message, mac) = (format!("{header}.{payload}").into_bytes(), signature(&token));
    for backend in [CryptoBackend::AwsLcRs, CryptoBackend::RustCrypto] {
        let is_signature =
            |algorithm, mac: &[u8]| is_signature(&key, backend, algorithm, &message, mac);
        assert_eq!(is_signature(Algorithm::HS256, &mac), backend.is_built_in());
        assert!(!is_signature(Algorithm::HS256, &mac[1..]));
        assert!(!is_signature(Algorithm::HS384, &mac));
        assert!(!is_signature(Algorithm::RS256, &mac));
    }
}

/// A process-wide provider that panics on every use.
static PANICKING: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| panic!("the process-wide provider was used for a signature"),
    verifier_factory: |_, _| panic!("the process-wide provider was used for a verification"),
    key_utils: KeyUtils::new_unimplemented(),
};

#[test]
fn the_jsonwebtoken_crypto_provider_is_never_set_or_used() {
    for algorithm in algorithms() {
        let (issuer, verifier) = pair(algorithm);
        assert_eq!(verdict(&verifier, &issuer.token().mint()), Ok(()));
    }
    // Any earlier use would have installed the default provider. The other tests of this binary continue under the
    // panicking provider.
    PANICKING.install_default().expect("no provider is installed yet");
    for algorithm in algorithms() {
        let (issuer, verifier) = pair(algorithm);
        assert_eq!(verdict(&verifier, &issuer.token().mint()), Ok(()));
        assert_eq!(verdict(&verifier, &issuer.token().mint_tampered()), WRONG);
    }
}
